/*
 * A message body on its way: immutable, small ones inside the frame, larger
 * ones as a sealed memfd.  This file hides which.
 */
#ifndef GATEWAY_PROTOCOL_MESSAGE_BODY_H
#define GATEWAY_PROTOCOL_MESSAGE_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct message_body;	/* reference counted within one process */

/*
 * Building one: bytes are kept in memory up to FRAME_BODY_INLINE_MAX, then
 * in a memfd.  NULL is never given back.
 */
struct message_body *message_body_new(void);
/* ERROR_SYSTEM where the memfd fails. */
int message_body_append(struct message_body *body, struct text piece)
	MUST_CHECK;
/* No more appending; seals the memfd. */
int message_body_finish(struct message_body *body) MUST_CHECK;

struct message_body *message_body_ref(struct message_body *body);
void message_body_release(struct message_body **body);

/*
 * From a received frame: inline bytes are copied; a descriptor is taken
 * over and must be a memfd sealed against writing, growing and shrinking,
 * of exactly size bytes.  ERROR_MALFORMED where it is not (the descriptor
 * is closed).
 */
int message_body_receive(struct text bytes, int descriptor, uint64_t size,
	struct message_body **out) MUST_CHECK;

/*
 * The same; what cannot be had is an empty body, whose hash is not that of
 * the message.  Never NULL.
 */
struct message_body *message_body_receive_or_empty(struct text bytes,
	int descriptor, uint64_t size);

/*
 * A part of a finished body as one of its own, without a copy: it borrows
 * the whole, which lives as long as it does.  To be read, not to be put into
 * a frame.  ERROR_MALFORMED where the whole has no such part.
 */
int message_body_slice(struct message_body *whole, uint64_t offset,
	uint64_t size, struct message_body **out) MUST_CHECK;
bool message_body_is_slice(const struct message_body *body);

uint64_t message_body_size(const struct message_body *body);
/*
 * For a frame, not of a slice: the inline bytes, or empty with *descriptor a duplicate for
 * ipc to send and close (-1 for inline).
 */
struct text message_body_frame(const struct message_body *body,
	int *descriptor);
/*
 * Up to len bytes from offset, into out, or borrowed from memory where the
 * body is inline.  ERROR_SYSTEM; beyond the end an empty text.
 */
int message_body_read(const struct message_body *body, uint64_t offset,
	size_t len, char *scratch, struct text *out) MUST_CHECK;

#endif
