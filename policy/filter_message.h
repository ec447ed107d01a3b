/*
 * A message as filters see it: header fields that may be edited, and the
 * text of its parts in UTF-8.  What no filter touched stays as it is, byte
 * for byte.
 */
#ifndef POLICY_FILTER_MESSAGE_H
#define POLICY_FILTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/mail/mime_message.h"

/* Decoded text of one message; what has more cannot be judged. */
#define FILTER_TEXT_MAX (64u * 1024 * 1024)

/* A field of the message's own header. */
struct filter_field {
	struct text name;
	struct text original;	/* in the message; empty: inserted */
	struct text whole;	/* as it is now, with its line end */
	struct text value;	/* of whole: behind the colon */
	struct text decoded;	/* where is_decoded */
	bool is_decoded;
	bool is_removed;
};

/* The text of a part. */
struct filter_text {
	struct buffer utf8;
	bool is_attachment;
};

struct filter_message {
	struct text bytes;
	struct arena *arena;
	struct mime_message mime;
	struct filter_field *fields;
	size_t field_count;
	size_t field_room;
	struct filter_text *texts;
	size_t text_count;
	bool has_texts;
	bool is_changed;
};

/*
 * Parse.  bytes and arena must live as long.  ERROR_LIMIT with words in why:
 * a message whose structure passes a limit.
 */
int filter_message_open(struct filter_message *message, struct text bytes,
	struct arena *arena, struct reason *why) MUST_CHECK;
void filter_message_close(struct filter_message *message);

/*
 * The next field of that name that is still there: *cursor starts at 0, and
 * is the field's index + 1 afterwards.  *value is decoded, without white
 * space at its ends.  ERROR_NOT_FOUND at the end, ERROR_LIMIT.
 */
int filter_message_next(struct filter_message *message, struct text name,
	size_t *cursor, struct text *value) MUST_CHECK;

/* Behind the last field; value as mime_header_write() takes it. */
int filter_message_insert(struct filter_message *message, struct text name,
	struct text value) MUST_CHECK;
/* Every field of that name. */
void filter_message_strip(struct filter_message *message, struct text name);
/* Give the field before that cursor a new value. */
int filter_message_edit(struct filter_message *message, size_t cursor,
	struct text value) MUST_CHECK;

/*
 * Decode the text parts into message->texts, once.  ERROR_LIMIT with words
 * in why: more than FILTER_TEXT_MAX, or a part that cannot be decoded.
 */
int filter_message_decode(struct filter_message *message,
	struct reason *why) MUST_CHECK;

/* Append the message as it is now.  ERROR_LIMIT. */
int filter_message_write(const struct filter_message *message,
	struct buffer *out) MUST_CHECK;

#endif
