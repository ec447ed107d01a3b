/*
 * One request to the portal, until it is answered: questions to vault and
 * unseal, and the page that comes of them.
 *
 * Whoever answers ends the visit: it is not touched behind a
 * portal_answer_...() call.
 */
#ifndef WEBUI_SERVER_PORTAL_VISIT_H
#define WEBUI_SERVER_PORTAL_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/secure_envelope.h"
#include "gateway/base/hex.h"
#include "webui/server/portal.h"
#include "webui/server/portal_client.h"
#include "webui/server/portal_intent.h"
#include "webui/server/portal_page.h"

#define PORTAL_VISIT_LEN 16	/* of the cookie that names a browser */

struct portal_receive;

struct portal_visit {
	struct portal *portal;
	struct http_exchange *exchange;
	struct portal_route route;
	struct portal_intent intent;
	struct portal_client client;
	/* The question that waits for an answer. */
	struct portal_link *link;	/* NULL: none */
	uint64_t asked;
	struct portal_receive *receive;	/* POST /open */
	/* What pages show. */
	char browser[HEX_SIZE(PORTAL_VISIT_LEN)];
	char token[PORTAL_SECRET_PROOF_SIZE];
	char id[HEX_SIZE(PORTAL_ID_LEN)];
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	char again[320];
	const char *error;
	bool is_wide_open;	/* the window must keep its opener */
	/* Verifying a code. */
	char challenge[HEX_SIZE(FRAME_TICKET_LEN)];
	/* Opening. */
	uint32_t unseal;
	uint8_t ticket[FRAME_TICKET_LEN];
};

extern const struct http_events portal_visit_events;

/* Forget it without an answer: the exchange is over. */
void portal_visit_free(struct portal_visit *visit);

/* ---- for the handlers ---- */

/* Ask vault or unseal; answer() may be told NULL. */
void portal_visit_ask(struct portal_visit *visit, struct portal_link *link,
	enum frame_type type, void *frame, int descriptor,
	enum frame_type expected, portal_link_answer answer);
/* In answer(): the question is over. */
void portal_visit_answered(struct portal_visit *visit);
/* Whether the posted form carries this browser's token. */
bool portal_visit_has_token(const struct portal_visit *visit);
/* Fill in id, reference and the page's address. */
void portal_visit_name(struct portal_visit *visit,
	const uint8_t id[PORTAL_ID_LEN]);
void portal_visit_view(const struct portal_visit *visit,
	struct portal_page_view *view);
/* The cookie of vault's session; false: none that could be one. */
bool portal_visit_session(const struct portal_visit *visit,
	uint8_t token[FRAME_TOKEN_LEN]);
/* An address as somebody typed it, trimmed; ERROR_MALFORMED. */
int portal_visit_address(struct text typed, struct text *out) MUST_CHECK;

typedef void (*portal_visit_handler)(struct portal_visit *visit);
extern const portal_visit_handler portal_visit_handlers[PORTAL_ROUTES];
/* portal_visit_site.c */
void portal_visit_home(struct portal_visit *visit);
void portal_visit_find(struct portal_visit *visit);
void portal_visit_about(struct portal_visit *visit);
void portal_visit_style(struct portal_visit *visit);
void portal_visit_signout(struct portal_visit *visit);
/* portal_visit_message.c */
void portal_visit_message(struct portal_visit *visit);
void portal_visit_code(struct portal_visit *visit);
void portal_visit_verify(struct portal_visit *visit);
/* portal_visit_open.c */
void portal_visit_open(struct portal_visit *visit);
void portal_visit_opened(struct portal_visit *visit);
/* portal_receive.c */
void portal_visit_upload(struct portal_visit *visit);

#endif
