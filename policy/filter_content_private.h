/*
 * Between the files that make a content: where a piece of it comes from.
 */
#ifndef POLICY_FILTER_CONTENT_PRIVATE_H
#define POLICY_FILTER_CONTENT_PRIVATE_H

#include "policy/filter_content.h"

/* Decoded bytes that may be text. */
struct filter_source {
	struct text bytes;
	const struct mime_part *part;	/* for its charsets; or NULL */
	size_t number;
	uint32_t level;		/* of files within files */
	bool is_attachment;
	bool is_html;		/* is said to be HTML */
	bool is_coded;		/* may hold files as lines of text */
};

/* ERROR_LIMIT, with words. */
int filter_content_too_large(struct reason *why);
int filter_content_too_deep(struct reason *why);
/* Another buffer's bytes count, too.  ERROR_LIMIT with words in why. */
int filter_content_spend(struct filter_content *content, size_t bytes,
	struct reason *why) MUST_CHECK;

/* The source's texts, by every charset that is plausible, and its files. */
int filter_text_add(struct filter_content *content,
	const struct filter_source *source, struct reason *why) MUST_CHECK;
/* Whether bytes that are not said to be text look like it. */
bool filter_text_is_text(struct text bytes);

/* A part as an attachment; number is its content's. */
int filter_attachment_add(struct filter_content *content,
	const struct mime_part *part, size_t number, uint32_t level,
	struct reason *why) MUST_CHECK;
/* The texts and files of one that was found within another. */
int filter_attachment_open(struct filter_content *content, size_t index,
	struct reason *why) MUST_CHECK;
/* The files that stand in a text as uuencode. */
int filter_attachment_add_coded(struct filter_content *content,
	struct text text, uint32_t level, struct reason *why) MUST_CHECK;
/* Those in TNEF, with the texts of the message in it. */
int filter_attachment_add_tnef(struct filter_content *content,
	const struct filter_source *source, struct reason *why) MUST_CHECK;

#endif
