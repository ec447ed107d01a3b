/*
 * The addresses of a header field such as To (RFC 5322 3.4), read leniently:
 * display names, comments, groups, routes and folding are passed over.
 */
#ifndef GATEWAY_MAIL_ADDRESS_LIST_H
#define GATEWAY_MAIL_ADDRESS_LIST_H

#include <stdbool.h>

#include "gateway/base/text.h"
#include "gateway/mail/envelope.h"

struct address_list {
	struct text rest;	/* what was not read yet */
	char address[ENVELOPE_ADDRESS_MAX];
};

/* value is borrowed. */
void address_list_init(struct address_list *list, struct text value);

/*
 * The next "local@domain", with quotes as written and without white space
 * or comments around its parts; borrowed until the next call.  What is no
 * address, or longer than ENVELOPE_ADDRESS_MAX, is passed over.  False at
 * the end.
 */
bool address_list_next(struct address_list *list, struct text *address);

#endif
