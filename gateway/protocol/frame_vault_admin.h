/*
 * admin and vault: looking at envelopes and acting on them.  No key and no
 * clear text ever comes this way.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_VAULT_ADMIN_H
#define GATEWAY_PROTOCOL_FRAME_VAULT_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/protocol/frame_vault.h"

#define FRAME_VAULT_ROWS_MAX 1000

enum frame_vault_action {
	FRAME_VAULT_LIST,		/* newest first */
	FRAME_VAULT_SHOW,
	FRAME_VAULT_LOCK,
	FRAME_VAULT_UNLOCK,
	FRAME_VAULT_EXPIRE,		/* at expires_us; 0: never */
};

/* VAULT_ACT_ASK: admin to vault */
struct frame_vault_act_ask {
	uint64_t id;
	uint8_t action;			/* enum frame_vault_action */
	struct text key;		/* envelope id in hex, or reference */
	int64_t expires_us;
	uint32_t limit;
	struct text actor;
};

struct frame_vault_reader {
	struct text address;
	int64_t first_opened_us;	/* 0: not yet */
	uint32_t opened;		/* how often */
};

struct frame_vault_row {
	struct text envelope_id;	/* hex */
	struct text reference;
	uint64_t mid;			/* at the gateway that made it */
	struct text gateway;
	struct text sender;
	int64_t sent_us;
	int64_t expires_us;
	uint8_t is_locked;
	struct frame_vault_reader *readers;
	size_t reader_count;
};

/* VAULT_ACT: sent when the change is durable */
struct frame_vault_act {
	uint64_t id;
	struct frame_vault_row *rows;
	size_t row_count;
	struct text reason;		/* why nothing was done */
};

extern const struct record_shape frame_vault_act_ask_shape;
extern const struct record_shape frame_vault_act_shape;

#endif
