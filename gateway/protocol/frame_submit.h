/*
 * smtp and queue: numbers, memory, and messages to be made durable.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_SUBMIT_H
#define GATEWAY_PROTOCOL_FRAME_SUBMIT_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"

enum frame_id_kind { FRAME_ID_MID, FRAME_ID_ICID, FRAME_ID_DCID };

/* ID_LEASE_ASK: a block of numbers, never given twice (also to deliver) */
struct frame_id_lease_ask {
	uint8_t kind;		/* enum frame_id_kind */
	uint32_t count;		/* at most 100,000 */
};

/* ID_LEASE */
struct frame_id_lease {
	uint8_t kind;
	uint64_t first;
	uint32_t count;
};

/*
 * BUDGET_ASK: room for a body before it passes FRAME_BODY_INLINE_MAX;
 * BUDGET answers; BUDGET_RETURN gives back what was not submitted.  What
 * belongs to a submitted message returns by itself.
 */
struct frame_budget {
	uint64_t id;		/* the asker's; 0 in BUDGET_RETURN */
	uint64_t bytes;
	uint8_t granted;	/* in BUDGET */
};

/* Larger bodies come as a sealed memfd. */
#define FRAME_BODY_INLINE_MAX 65536

/* SUBMIT, perhaps with the body's memfd */
struct frame_submit {
	uint64_t id;		/* the asker's, unique on its channel */
	struct envelope envelope;	/* mid, size and sha256 filled in */
	struct text body;	/* where no descriptor comes with it */
};

enum frame_submit_outcome {
	FRAME_SUBMIT_COMMITTED,	/* durable: say 250 */
	FRAME_SUBMIT_TRY_LATER,	/* say 452 or 451 with reason */
	FRAME_SUBMIT_REFUSED,
};

/* SUBMIT_RESULT */
struct frame_submit_result {
	uint64_t id;
	uint64_t mid;
	uint8_t outcome;	/* enum frame_submit_outcome */
	uint16_t reply;
	struct text status;	/* "4.3.1" */
	struct text reason;
};

/* ACCEPTING: whether MAIL may be taken at all; told on every change */
struct frame_accepting {
	uint8_t accepting;
	struct text reason;	/* "disk nearly full" */
};

extern const struct record_shape frame_id_lease_ask_shape;
extern const struct record_shape frame_id_lease_shape;
extern const struct record_shape frame_budget_shape;
extern const struct record_shape frame_submit_shape;
extern const struct record_shape frame_submit_result_shape;
extern const struct record_shape frame_accepting_shape;

#endif
