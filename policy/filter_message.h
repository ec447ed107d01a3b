/*
 * A message as filters see and change it: its content, and the fields of its
 * own header, which may be edited.  What no filter touched stays as it is,
 * byte for byte.
 */
#ifndef POLICY_FILTER_MESSAGE_H
#define POLICY_FILTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "policy/filter_content.h"

/* A field of the message's own header. */
struct filter_field {
	struct text name;
	struct text original;	/* in the content; empty: inserted */
	struct text whole;	/* as it is now, with its line end */
	struct text value;	/* of whole: behind the colon */
	struct text decoded;	/* where is_decoded */
	bool is_decoded;
	bool is_removed;
};

/* Attachments that actions took out of it; lists have commas. */
struct filter_dropped {
	struct text name;	/* the last one */
	struct text names;
	struct text types;
};

struct filter_message {
	struct arena *arena;
	struct filter_content *content;
	struct filter_field *fields;
	size_t field_count;
	size_t field_room;
	struct filter_dropped dropped;
	bool is_changed;	/* since it came */
};

/*
 * A message of that content, which is taken over, also on error.
 * ERROR_LIMIT where the arena is full.
 */
int filter_message_open(struct filter_message *message,
	struct filter_content *content, struct arena *arena) MUST_CHECK;
/* Another that goes its own way from here on.  ERROR_LIMIT. */
int filter_message_copy(const struct filter_message *message,
	struct filter_message *out) MUST_CHECK;
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

/* Append the message as it is now.  ERROR_LIMIT. */
int filter_message_write(const struct filter_message *message,
	struct buffer *out) MUST_CHECK;
/*
 * Go on with those bytes (the header's edits in them), which are taken over
 * also on error.  ERROR_LIMIT with words in why.
 */
int filter_message_replace(struct filter_message *message,
	struct buffer *bytes, struct reason *why) MUST_CHECK;

#endif
