/*
 * Opening one envelope: decrypt, and make what was asked for of it.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_OPEN_H
#define CRYPTO_UNSEAL_UNSEAL_OPEN_H

#include <stdint.h>

#include "crypto/secure_envelope.h"
#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/protocol/frame_unseal.h"

#define UNSEAL_ARENA_MAX (128u * 1024 * 1024)
/* Of an answer: the largest message, or the page at its largest. */
#define UNSEAL_OUTPUT_MAX (SECURE_ENVELOPE_MESSAGE_MAX + 1024u * 1024)
/* Of a payload in base64, with line ends at every 76 characters. */
#define UNSEAL_PAYLOAD_MAX (UINT64_C(100) * 1024 * 1024)

struct unseal_order {
	uint8_t key_share[FRAME_KEY_SHARE_LEN];	/* the service's */
	struct text header;		/* base64 */
	struct text share;		/* base64, the envelope's */
	struct text payload;		/* base64 */
	uint32_t part;			/* enum frame_unseal_part, or 1, ... */
	struct text parts_path;
};

struct unseal_answer {
	struct text body;	/* what was asked for; in the arena, or in
				   the buffers of the opening */
	struct text filename;	/* of a file */
};

/* Holds what an opening needs until its answer was used. */
struct unseal_opening {
	struct arena *arena;
	struct buffer package;
	struct buffer out;
};

void unseal_opening_init(struct unseal_opening *opening);
void unseal_opening_clear(struct unseal_opening *opening);
/* ERROR_MISMATCH, for everything that is wrong. */
int unseal_open(struct unseal_opening *opening,
	const struct unseal_order *order, struct unseal_answer *out)
	MUST_CHECK;

#endif
