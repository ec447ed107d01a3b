/*
 * The envelope of a message: what SMTP said about it, and what we found out
 * while it came in (RFC 5321 2.3.1, RFC 3461 for the DSN parameters).
 *
 * Plain data with a record shape, so that it travels between processes and
 * lies in the queue's log in one form.  Tags are never reused.
 */
#ifndef GATEWAY_MAIL_ENVELOPE_H
#define GATEWAY_MAIL_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"

#define ENVELOPE_RECIPIENTS_MAX 10000
#define ENVELOPE_ADDRESS_MAX 1024	/* bytes; RFC 5321 allows 256, UTF-8
					   and long local parts are taken */
#define ENVELOPE_TEXT_MAX 1024

/* RFC 3461 4.1: NOTIFY as a set; 0 where it was not given. */
enum envelope_notify {
	ENVELOPE_NOTIFY_NEVER = 1,
	ENVELOPE_NOTIFY_SUCCESS = 2,
	ENVELOPE_NOTIFY_FAILURE = 4,
	ENVELOPE_NOTIFY_DELAY = 8,
};

/* RFC 3461 4.3 */
enum envelope_return {
	ENVELOPE_RETURN_UNSET,
	ENVELOPE_RETURN_FULL,
	ENVELOPE_RETURN_HEADERS,
};

/* RFC 6152; UNSET counts as 7BIT. */
enum envelope_body {
	ENVELOPE_BODY_UNSET,
	ENVELOPE_BODY_7BIT,
	ENVELOPE_BODY_8BITMIME,
};

enum envelope_direction {
	ENVELOPE_INCOMING,	/* for domains that we accept mail for */
	ENVELOPE_OUTGOING,	/* relayed for our own or authenticated */
};

/* What kind of mail this is; service mail passes no filter. */
enum envelope_class {
	ENVELOPE_CLASS_MAIL,
	ENVELOPE_CLASS_SERVICE,	/* DSN, codes, receipts, alerts: ours */
};

struct envelope_recipient {
	uint32_t rid;		/* 1, 2, ... within the message */
	struct text address;	/* local@domain as given, case kept */
	uint8_t notify;		/* set of enum envelope_notify */
	struct text orcpt;	/* verbatim "type;xtext", empty if not given */
};

struct envelope {
	uint64_t mid;
	struct text sender;	/* empty: the null sender */
	struct envelope_recipient *recipients;
	size_t recipient_count;
	uint8_t body;		/* enum envelope_body */
	uint8_t smtputf8;	/* 1: asked for (RFC 6531 3.4) */
	uint8_t ret;		/* enum envelope_return */
	struct text envid;	/* verbatim xtext, empty if not given */
	int64_t received_us;
	uint64_t size;		/* bytes of the body as queued */
	uint8_t sha256[32];	/* of the body as queued */
	uint8_t direction;	/* enum envelope_direction */
	uint8_t class;		/* enum envelope_class */
	uint64_t icid;		/* the inbound connection */
	struct text client;	/* its address, printed */
	struct text helo;	/* what it called itself */
	struct text listener;
	struct text sender_group;
	struct text flow_policy;
	struct text tls;	/* "TLSv1.3 TLS_AES_256_GCM_SHA384" or empty */
	uint64_t config_version;
};

extern const struct record_shape envelope_recipient_shape;
extern const struct record_shape envelope_shape;

#endif
