/*
 * queue and protect: a message to be put into an envelope, and the mail that
 * it became.
 *
 * A job belongs to one channel: what was asked on a lost one is asked again
 * under a new attempt, and nothing that is known of the old one counts.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_PROTECT_H
#define GATEWAY_PROTOCOL_FRAME_PROTECT_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"

#define FRAME_ENVELOPE_ID_LEN 16

/* PROTECT, perhaps with the body's memfd */
struct frame_protect {
	uint64_t mid;
	uint32_t attempt;
	struct envelope envelope;	/* recipients: the live ones */
	struct text body;
	struct text profile;
	struct text subject;
	/* Given once by queue: links and references hold for every attempt. */
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
};

enum frame_protect_outcome {
	FRAME_PROTECT_DONE,
	FRAME_PROTECT_LATER,	/* the key service is away, memory is short */
	FRAME_PROTECT_FAILED,	/* never: too large, no such profile */
};

/* PROTECTED, perhaps with the new body's memfd */
struct frame_protected {
	uint64_t mid;
	uint32_t attempt;
	uint8_t outcome;	/* enum frame_protect_outcome */
	struct text status;	/* "4.4.3", where not DONE */
	struct text reason;	/* in words, where not DONE */
	struct text reference;	/* for people: "K7QD-24MF" */
	uint64_t size;
	uint8_t sha256[32];
	struct text body;
};

extern const struct record_shape frame_protect_shape;
extern const struct record_shape frame_protected_shape;

#endif
