/*
 * What a message must have become before it leaves: an envelope, or an
 * envelope unless TLS can be had; and how far that is.  Most messages have
 * none of it.
 */
#ifndef QUEUE_QUEUE_PROTECTION_H
#define QUEUE_QUEUE_PROTECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/text.h"
#include "gateway/protocol/frame_judge.h"
#include "gateway/protocol/frame_protect.h"

#define QUEUE_NAME_MAX 256
#define QUEUE_REFERENCE_MAX 32

/* Part of STATE, OUTCOME and RELOC records. */
struct queue_protection {
	uint8_t form;		/* enum protection_form */
	struct text profile;
	struct text subject;	/* of the mail around the envelope */
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
	int64_t since_us;	/* first waited for its envelope; 0: never */
	uint32_t attempts;	/* that came to nothing */
	int64_t next_try_us;	/* wall clock; 0: now */
	struct text reason;	/* of the last one */
	int64_t met_us;		/* when the envelope was made; 0: not yet */
	uint8_t met_sha256[32];	/* of the body that is the envelope */
	struct text reference;	/* for people */
	/* Not in records: monotonic, when since_us came into memory. */
	int64_t seen_ms;
};

/*
 * What a disposition asks for, with an envelope id of its own.
 */
struct queue_protection queue_protection_make(
	const struct frame_protection *asked);
/*
 * Never less than what was asked before (NULL: nothing): the stricter of the
 * two, with an envelope id of its own.
 */
void queue_protection_raise(struct queue_protection *protection,
	const struct queue_protection *before);
/* A new random envelope id. */
void queue_protection_renew_id(struct queue_protection *protection);

/*
 * A copy on the heap, texts included, freed with free(); NULL for the form
 * none.
 */
struct queue_protection *queue_protection_keep(
	const struct queue_protection *from);

/* NULL counts as none in all of these. */

/* What was asked for; its texts are borrowed. */
struct frame_protection queue_protection_asked(
	const struct queue_protection *protection);
/* Whether the body with this hash is the envelope that was asked for. */
bool queue_protection_is_met(const struct queue_protection *protection,
	const uint8_t sha256[32]);
/* It has to wait for an envelope. */
bool queue_protection_needs_envelope(
	const struct queue_protection *protection);
/* TLS would do, and there is no envelope. */
bool queue_protection_needs_tls(const struct queue_protection *protection);
/*
 * The one question before any byte leaves: may a body with this hash be sent
 * under this TLS rule (enum config_destination_tls)?
 */
bool queue_protection_may_send(const struct queue_protection *protection,
	const uint8_t sha256[32], uint8_t tls);

#endif
