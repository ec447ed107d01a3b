/*
 * Delivery status notifications: a whole message of type multipart/report
 * (RFC 6522, RFC 3464, RFC 3461 6; RFC 6533 where addresses are UTF-8).
 *
 * Goes to the envelope sender with the null reverse-path (the caller's
 * envelope).  Lines end in CRLF and have at most 998 bytes; nothing from
 * outside can start a header field or a MIME part of its own.
 */
#ifndef GATEWAY_MAIL_DELIVERY_STATUS_H
#define GATEWAY_MAIL_DELIVERY_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* The original goes along whole up to this size, else its headers. */
#define DELIVERY_STATUS_FULL_MAX (50u * 1024u)
/* Of the original's header section at most this much goes along. */
#define DELIVERY_STATUS_HEADERS_MAX (50u * 1024u)

/* RFC 3464 2.3.3 */
enum delivery_status_action {
	DELIVERY_STATUS_FAILED,
	DELIVERY_STATUS_DELAYED,
	DELIVERY_STATUS_RELAYED,
	DELIVERY_STATUS_DELIVERED,
	DELIVERY_STATUS_EXPANDED,
	DELIVERY_STATUS_ACTION_COUNT,
};

struct delivery_status_recipient {
	struct text address;	/* final recipient, local@domain */
	struct text orcpt;	/* verbatim "type;xtext" or empty */
	enum delivery_status_action action;
	uint16_t status[3];	/* RFC 3463; {0} becomes the action's own */
	struct text diagnostic;	/* what the next hop said, "550 5.1.1 no", or
				   our own words; empty: left out */
	struct text remote_mta;	/* host that said it; empty: we did */
	int64_t last_attempt_us;	/* 0: none */
	int64_t retry_until_us;	/* delayed only; 0: left out */
};

struct delivery_status {
	uint64_t mid;		/* of this notification */
	int64_t now_us;
	struct text subject;	/* ASCII; empty: the gravest action has one */
	struct text hostname;	/* reporting MTA */
	struct text sender;	/* of the original: who gets this; not null */
	struct text envid;	/* verbatim xtext or empty */
	uint64_t original_mid;
	int64_t arrival_us;	/* of the original */
	bool is_smtputf8;	/* the original asked for SMTPUTF8 */
	bool want_full;		/* RET=FULL */
	struct text original;	/* as queued, or its beginning */
	bool is_original_whole;	/* original is not only its beginning */
	const struct delivery_status_recipient *recipients;
	size_t recipient_count;	/* at least 1 */
};

/* What the envelope of the notification must ask for. */
struct delivery_status_needs {
	bool eightbit;	/* BODY=8BITMIME */
	bool smtputf8;
};

/*
 * Append the message.  The original goes along whole where want_full is
 * set, it is whole, at most DELIVERY_STATUS_FULL_MAX long, and holds no NUL,
 * bare CR or LF and no line over 998; its header section otherwise.
 * ERROR_LIMIT with out unchanged.
 */
int delivery_status_write(const struct delivery_status *status,
	struct buffer *out, struct delivery_status_needs *needs) MUST_CHECK;

/* "failed", "delayed", ... */
const char *delivery_status_action_name(enum delivery_status_action action);

#endif
