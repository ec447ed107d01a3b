/*
 * Our trace header (RFC 5321 4.4, RFC 3848 and RFC 6531 3.7.3 for the
 * protocol names).  Everything from outside is checked or made harmless, so
 * that no line end, control byte or parenthesis gets in.
 */
#ifndef GATEWAY_MAIL_RECEIVED_H
#define GATEWAY_MAIL_RECEIVED_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* More than received_print() ever writes. */
#define RECEIVED_SIZE_MAX 4096

struct received {
	struct text helo;	/* what the client called itself */
	struct text client;	/* its IP address, printed, no brackets */
	struct text hostname;	/* ours */
	struct text tls;	/* "TLSv1.3 TLS_AES_256_GCM_SHA384" or empty */
	struct text recipient;	/* set only when there is exactly one: more
				   would tell who else got the mail */
	uint64_t mid;
	int64_t time_us;
	bool is_esmtp;		/* EHLO, not HELO */
	bool is_utf8;		/* SMTPUTF8 was asked for */
	bool is_authenticated;
};

/*
 * Append the whole field, folded, with CRLF at its end.  A HELO name that is
 * no domain stands in a comment, and "unknown" in its place.
 * ERROR_LIMIT with out unchanged.
 */
int received_print(const struct received *received, struct buffer *out)
	MUST_CHECK;

#endif
