/*
 * Every plausible reading of a message: where mail programs part, each way
 * is gone, so that nothing is hidden from those who search it.
 */
#ifndef GATEWAY_MAIL_MIME_READING_H
#define GATEWAY_MAIL_MIME_READING_H

#include "gateway/mail/mime_message.h"

#define MIME_READINGS_MAX 8

/*
 * Fill in out (MIME_READINGS_MAX of them): the first is that of
 * mime_message_parse(), each other differs from it in choices that make a
 * difference in one of them.  Where there are more, those that fit are
 * there and out[0].flags has MIME_TOO_AMBIGUOUS.  bytes are borrowed for the
 * life of the arena.  ERROR_LIMIT: the arena is full.
 */
int mime_readings(struct text bytes, const struct mime_limits *limits,
	struct arena *arena, struct mime_message *out, size_t *count)
	MUST_CHECK;

#endif
