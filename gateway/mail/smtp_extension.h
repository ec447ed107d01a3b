/*
 * The SMTP extensions that this gateway knows (RFC 5321 2.2), as a set.
 * One table serves both sides: what a listener offers, and what a next hop
 * says in its EHLO reply.
 */
#ifndef GATEWAY_MAIL_SMTP_EXTENSION_H
#define GATEWAY_MAIL_SMTP_EXTENSION_H

#include <stdint.h>

#include "gateway/base/text.h"

enum smtp_extension {
	SMTP_EXTENSION_SIZE = 1u << 0,		/* RFC 1870 */
	SMTP_EXTENSION_PIPELINING = 1u << 1,	/* RFC 2920 */
	SMTP_EXTENSION_8BITMIME = 1u << 2,	/* RFC 6152 */
	SMTP_EXTENSION_SMTPUTF8 = 1u << 3,	/* RFC 6531 */
	SMTP_EXTENSION_STARTTLS = 1u << 4,	/* RFC 3207 */
	SMTP_EXTENSION_DSN = 1u << 5,		/* RFC 3461 */
	SMTP_EXTENSION_CHUNKING = 1u << 6,	/* RFC 3030 */
	SMTP_EXTENSION_STATUS = 1u << 7,	/* ENHANCEDSTATUSCODES,
						   RFC 2034 */
	SMTP_EXTENSION_AUTH = 1u << 8,		/* RFC 4954 */
};

/*
 * One EHLO line without its reply code, such as "SIZE 52428800": the
 * extension and what follows its keyword.  0 for an unknown one.
 */
unsigned int smtp_extension_parse(struct text line, struct text *argument);
/* The keyword of one extension; empty for anything else. */
struct text smtp_extension_name(unsigned int extension);
/*
 * Walk a set in a fixed order: *cursor starts at 0.  Gives one extension of
 * the set, 0 at the end.
 */
unsigned int smtp_extension_next(unsigned int set, unsigned int *cursor);

#endif
