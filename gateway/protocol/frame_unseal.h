/*
 * vault, portal and unseal: one envelope is opened by a process that ends
 * with it.  The key comes from vault, the payload from portal, under one
 * ticket; the answer is a page or an attachment.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_UNSEAL_H
#define GATEWAY_PROTOCOL_FRAME_UNSEAL_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/protocol/frame_vault.h"

#define FRAME_KEY_SHARE_LEN 32

/* UNSEAL_KEY: vault to unseal */
struct frame_unseal_key {
	uint8_t ticket[FRAME_TICKET_LEN];
	uint8_t share[FRAME_KEY_SHARE_LEN];
	struct text address;		/* whom it was released to */
};

enum frame_unseal_part {
	FRAME_UNSEAL_PAGE = 0,		/* HTML; attachments are 1, 2, ... */
	FRAME_UNSEAL_MESSAGE = 0xffffffff,	/* the whole, as it was sent */
};

/* UNSEAL_ASK: portal to unseal, with the payload's memfd (base64) */
struct frame_unseal_ask {
	uint64_t id;
	uint8_t ticket[FRAME_TICKET_LEN];
	struct text header;		/* as the form carries it, base64 */
	struct text share;		/* the envelope's, base64 */
	uint64_t payload_size;
	uint32_t part;
	struct text parts_path;		/* "/opened/TOKEN/": links of a page */
};

enum frame_unseal_outcome {
	FRAME_UNSEAL_OK,
	FRAME_UNSEAL_DAMAGED,		/* one answer for all that is wrong */
	FRAME_UNSEAL_TRY_LATER,
};

/* UNSEAL, with the answer's memfd (read only, sealed) */
struct frame_unseal {
	uint64_t id;
	uint8_t outcome;		/* enum frame_unseal_outcome */
	uint64_t size;
	struct text type;		/* Content-Type to be sent */
	struct text filename;		/* of an attachment, cleaned UTF-8 */
};

extern const struct record_shape frame_unseal_key_shape;
extern const struct record_shape frame_unseal_ask_shape;
extern const struct record_shape frame_unseal_shape;

#endif
