/*
 * Notices: short mails that the gateway writes about a message, perhaps with
 * that message attached (RFC 3834: nothing may answer them).
 *
 * Whatever a value holds, it can start no header field and no MIME part of
 * its own.  The same notice is the same bytes every time.
 */
#ifndef GATEWAY_MAIL_MAIL_NOTICE_H
#define GATEWAY_MAIL_MAIL_NOTICE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct mail_notice {
	uint64_t mid;		/* of the message that it is about */
	size_t number;		/* among the notices about it, from 1 */
	int64_t date_us;
	struct text hostname;	/* this gateway */
	struct text from;	/* an address; empty: MAILER-DAEMON */
	const struct text *to;	/* addresses, checked before */
	size_t to_count;	/* at least 1 */
	struct text subject;	/* UTF-8 */
	struct text text;	/* UTF-8, lines end in CRLF or LF */
	struct text original;	/* attached whole; empty: none */
};

/*
 * Append the mail.  The original goes along as message/rfc822, or as a file
 * in base64 where it has lines that no mail may have.  Addresses over 127
 * are written as UTF-8 (RFC 6532).  ERROR_LIMIT with out unchanged.
 */
int mail_notice_write(const struct mail_notice *notice, struct buffer *out)
	MUST_CHECK;

#endif
