/*
 * The attachments of a message, those in TNEF and in uuencoded text among
 * them: their content, and what it is.
 */
#ifndef POLICY_FILTER_ATTACHMENT_H
#define POLICY_FILTER_ATTACHMENT_H

#include "gateway/mail/mime_decode.h"
#include "policy/filter_content.h"

/* The contents that readers may see in one attachment, one at a time. */
struct filter_attachment_views {
	const struct filter_attachment *attachment;
	struct mime_views views;
	struct buffer decoded;
	bool is_over;
};
/* Clear afterwards.  The content must outlive it. */
void filter_attachment_views_begin(struct filter_attachment_views *views,
	const struct filter_attachment *attachment);
/*
 * *content is borrowed until the next call.  ERROR_NOT_FOUND: there is no
 * other; ERROR_LIMIT with words in why.
 */
int filter_attachment_views_next(struct filter_attachment_views *views,
	struct text *content, struct reason *why) MUST_CHECK;
void filter_attachment_views_clear(struct filter_attachment_views *views);

/*
 * Tell the types of the attachment by its content, once.  ERROR_LIMIT with
 * words in why: more than FILTER_FILE_TYPES_MAX in one message.
 */
int filter_attachment_types(struct filter_content *content,
	struct filter_attachment *attachment, struct reason *why) MUST_CHECK;

#endif
