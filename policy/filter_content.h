/*
 * The content of a message while filters judge it: its bytes, what MIME sees
 * in them, the text of its parts in UTF-8, and its attachments.  It does not
 * change: an action that changes the body makes a new one.  Shared by the
 * splinters of a message and counted by them.
 *
 * Where readers of mail part, every plausible reading is there: texts and
 * attachments are the union.
 */
#ifndef POLICY_FILTER_CONTENT_H
#define POLICY_FILTER_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/mail/mime_message.h"
#include "policy/file_type.h"

/* What is decoded of one message; what has more cannot be judged. */
#define FILTER_TEXT_MAX (64u * 1024 * 1024)
/* Readings of it and of the messages within it that are encoded. */
#define FILTER_TREES_MAX 256
/* Files within files within ... */
#define FILTER_LEVELS_MAX 8
#define FILTER_ATTACHMENTS_MAX 20000u
/* Attachments whose types are told by their content. */
#define FILTER_FILE_TYPES_MAX 200

/* What a filter may want to know about the whole; a set. */
enum filter_content_flag {
	FILTER_CONTENT_AMBIGUOUS = 1u << 0,	/* readers may see different
						   things */
	FILTER_CONTENT_UNSCANNABLE = 1u << 1,	/* some of it is not here, or
						   in a form nobody opens */
};

/* One reading of the message, or of an encoded message within it. */
struct filter_tree {
	struct mime_message mime;
	struct buffer owned;	/* the bytes of an encoded one */
	uint32_t level;		/* 0: the message itself */
	bool is_attachment;	/* stands in an attachment */
};

struct filter_found;

/* A text in UTF-8. */
struct filter_text {
	struct buffer utf8;
	bool is_attachment;
	size_t number;		/* of the content, from 1: texts of one number
				   are views of one thing, of which the one
				   with the most matches counts */
	const struct filter_found *found;	/* filter_search.h; or NULL */
};

/* What a person sees as attached. */
struct filter_attachment {
	size_t number;		/* as in the texts */
	const struct mime_part *part;	/* or NULL: found within another */
	struct buffer bytes;		/* then */
	struct text *names;	/* every one that a reader may show, UTF-8 */
	size_t name_count;
	struct text type;	/* declared, "type/subtype"; may be empty */
	size_t size;		/* bytes, as it is encoded */
	uint32_t level;		/* of files within files */
	struct file_types types;	/* see filter_attachment_types() */
	bool has_types;
};

struct filter_content {
	size_t references;
	struct text bytes;
	struct buffer owned;		/* bytes of a content that was made */
	struct arena *arena;
	struct mime_message mime;	/* as most read it */
	uint32_t flags;		/* set of enum filter_content_flag */
	struct filter_tree *trees;
	size_t tree_count;
	struct filter_text *texts;
	size_t text_count;
	size_t text_room;
	struct filter_attachment *attachments;
	size_t attachment_count;
	size_t attachment_room;
	size_t number;		/* the last one given */
	size_t bytes_left;	/* of FILTER_TEXT_MAX */
	size_t types_told;	/* by content */
	size_t searched;	/* bytes of the texts' found */
	bool has_texts;
};

/*
 * Parse.  bytes and arena must live as long.  ERROR_LIMIT with words in why:
 * a message whose structure passes a limit.
 */
int filter_content_open(struct text bytes, struct arena *arena,
	struct filter_content **out, struct reason *why) MUST_CHECK;
/* The same; the buffer is taken over, also on error, and left empty. */
int filter_content_take(struct buffer *bytes, struct arena *arena,
	struct filter_content **out, struct reason *why) MUST_CHECK;
struct filter_content *filter_content_ref(struct filter_content *content);
void filter_content_release(struct filter_content **content);

/*
 * Find the readings and decode all of them into trees, texts, attachments
 * and flags, once.  ERROR_LIMIT with words in why: more than
 * FILTER_TEXT_MAX, or another limit.
 */
int filter_content_decode(struct filter_content *content,
	struct reason *why) MUST_CHECK;

#endif
