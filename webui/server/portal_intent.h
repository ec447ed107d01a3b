/*
 * What somebody came for, carried from page to page while the mailbox is
 * proved: a key for the file that opened the window (hand-back), or an
 * upload that waits.
 */
#ifndef WEBUI_SERVER_PORTAL_INTENT_H
#define WEBUI_SERVER_PORTAL_INTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/protocol/frame_vault.h"
#include "webui/server/portal_route.h"

struct portal_intent {
	bool has_handback;
	uint8_t key_id[PORTAL_ID_LEN];
	uint8_t public_key[FRAME_PUBLIC_KEY_LEN];
	bool has_upload;
	uint8_t upload[PORTAL_ID_LEN];
	bool wants_other;	/* another address than the proved one */
};

/*
 * From a query or a posted form: key, handback, upload, other.
 * ERROR_MALFORMED: a field that does not hold what it should.
 */
int portal_intent_parse(struct text form, struct portal_intent *out)
	MUST_CHECK;
/* As "?key=...&handback=...", or nothing; without wants_other. */
int portal_intent_print_query(const struct portal_intent *intent,
	struct buffer *out) MUST_CHECK;
/* As hidden fields of a form. */
int portal_intent_print_fields(const struct portal_intent *intent,
	struct buffer *out) MUST_CHECK;

#endif
