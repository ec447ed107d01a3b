/*
 * What a disposition says of one message, as the change that a record holds:
 * of a splinter that goes on, and of a message that filters made.
 */
#ifndef QUEUE_QUEUE_FATE_H
#define QUEUE_QUEUE_FATE_H

#include "gateway/base/arena.h"
#include "gateway/protocol/frame_judge.h"
#include "queue/queue_message.h"

/*
 * Add to *out what a splinter of message says: words, tags, ruling,
 * protection, and for DELIVER and QUARANTINE the state with all that belongs
 * to it.  What the message had to become before it was judged it still must,
 * and where it had to go first it still does, unless the splinter asks for
 * more.  Texts are borrowed from the splinter or live in the arena (8 KB
 * do).
 */
void queue_fate_of_splinter(const struct queue_message *message,
	const struct frame_splinter *splinter, uint64_t config_version,
	struct arena *arena, struct queue_change *out);

/*
 * The same of a message that is made; one that filters judge is not judged
 * yet, and keeps its state RECEIVED.
 */
void queue_fate_of_made(const struct frame_made *made,
	uint64_t config_version, struct arena *arena,
	struct queue_change *out);

/* The event of it, of the message with that mid. */
void queue_fate_tell(uint64_t mid, const struct frame_splinter *splinter,
	const struct queue_change *change);

/*
 * Whether a splinter's recipients live on in some message: DELIVER and
 * QUARANTINE.
 */
bool queue_fate_goes_on(const struct frame_splinter *splinter);

#endif
