/*
 * The message as it is now, taken apart for an action that changes its
 * parts.
 */
#ifndef POLICY_FILTER_BODY_H
#define POLICY_FILTER_BODY_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/mail/mime_message.h"
#include "gateway/mail/mime_reading.h"
#include "gateway/mail/mime_write.h"
#include "policy/filter_judge.h"

struct filter_body {
	struct filter_judge *judge;
	struct arena *arena;
	struct buffer bytes;
	struct mime_message readings[MIME_READINGS_MAX];
	size_t reading_count;	/* more than one: readers part here */
	struct mime_message message;	/* as it is read now */
	struct mime_write write;
	size_t max;		/* bytes that a changed message may have */
};

/* ERROR_LIMIT with words in judge->why; filter_body_close() it even then. */
int filter_body_open(struct filter_body *body, struct filter_judge *judge)
	MUST_CHECK;
/*
 * Go over to its reading of that number, from 0, which is that at first.
 * ERROR_NOT_FOUND: there is none; ERROR_LIMIT with words in judge->why.
 */
int filter_body_read(struct filter_body *body, size_t number) MUST_CHECK;
/*
 * Where error is 0 and something was changed, go on with the changed
 * message; else it stays as it was, byte for byte.  Gives error back, or
 * ERROR_LIMIT with words in judge->why.
 */
int filter_body_close(struct filter_body *body, int error) MUST_CHECK;

#endif
