/*
 * The content of a message while filters judge it: its bytes, what MIME sees
 * in them, and the text of its parts in UTF-8.  It does not change: an action
 * that changes the body makes a new one.  Shared by the splinters of a
 * message and counted by them.
 */
#ifndef POLICY_FILTER_CONTENT_H
#define POLICY_FILTER_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/mail/mime_message.h"

/* Decoded text of one message; what has more cannot be judged. */
#define FILTER_TEXT_MAX (64u * 1024 * 1024)

/* The text of a part. */
struct filter_text {
	struct buffer utf8;
	bool is_attachment;
};

struct filter_content {
	size_t references;
	struct text bytes;
	struct buffer owned;		/* bytes of a content that was made */
	struct arena *arena;
	struct mime_message mime;
	struct filter_text *texts;
	size_t text_count;
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
 * Decode the text parts into content->texts, once.  ERROR_LIMIT with words
 * in why: more than FILTER_TEXT_MAX, or a part that cannot be decoded.
 */
int filter_content_decode(struct filter_content *content,
	struct reason *why) MUST_CHECK;

#endif
