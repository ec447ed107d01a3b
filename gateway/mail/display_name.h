/*
 * The names that readers show for the mailboxes of a field such as From
 * (RFC 5322 3.4), read leniently.  What stands in a name is never an
 * address, whatever it looks like.
 */
#ifndef GATEWAY_MAIL_DISPLAY_NAME_H
#define GATEWAY_MAIL_DISPLAY_NAME_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Bytes of one name. */
#define DISPLAY_NAME_MAX 1024

struct display_name {
	/*
	 * What stands in front of "<", without quotes; all of a mailbox that
	 * has no "<".  Encoded words are not decoded (mime_header_decode()).
	 */
	struct buffer phrase;
	struct buffer comment;	/* what stands in parentheses */
};

void display_name_init(struct display_name *name);
void display_name_clear(struct display_name *name);

/*
 * Take the next mailbox, or the name of a group, off the value of a field.
 * What is longer than DISPLAY_NAME_MAX is cut.  False at the end.
 */
bool display_name_next(struct text *rest, struct display_name *name);

#endif
