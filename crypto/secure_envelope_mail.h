/*
 * The mail around an envelope: notification in text and HTML, and the one
 * file that opens it.  All of it 7-bit, lines of at most 76 bytes in the
 * file's own text and 998 nowhere near.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_MAIL_H
#define CRYPTO_SECURE_ENVELOPE_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/secure_envelope.h"
#include "gateway/base/buffer.h"

struct secure_envelope_mail {
	struct text subject;	/* outside, UTF-8; empty: "Message from ..." */
	bool has_link;		/* the form "attachment and link" */
	struct text hostname;	/* for the new Message-ID's right side */
	const struct text *recipients;	/* envelope recipients */
	size_t recipient_count;
};

/*
 * The package of a message: manifest (JSON: who, subject, date, text, parts
 * as byte ranges) and the message itself, byte for byte.  ERROR_LIMIT.
 */
int secure_envelope_package(struct text message, struct arena *arena,
	struct buffer *out) MUST_CHECK;
/* Its parts, borrowed.  ERROR_MALFORMED. */
int secure_envelope_unpack(struct text package, struct text *manifest,
	struct text *message) MUST_CHECK;

/*
 * Write the whole mail.  Of the message's own header only From, To, Cc, Date
 * and what threads need (a new Message-ID, References to none) are outside;
 * nothing else of it leaves in clear.  The header's recipients are those of
 * mail that To and Cc name, whatever the caller has put there: nothing tells
 * of blind copies.  ERROR_LIMIT; ERROR_MALFORMED: a header that cannot be.
 */
int secure_envelope_mail_write(const struct secure_envelope_mail *mail,
	const struct secure_envelope_header *header,
	const struct secure_envelope_shares *shares, struct text message,
	struct arena *arena, struct buffer *out) MUST_CHECK;

/* What the file (securedoc.html) carries, found again in its bytes. */
struct secure_envelope_file {
	struct text header;	/* bytes of the header, decoded */
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN];
	struct text payload;	/* decoded; in the arena */
};
/* ERROR_NOT_FOUND: no envelope; ERROR_MALFORMED; ERROR_LIMIT. */
int secure_envelope_file_read(struct text file, struct arena *arena,
	struct secure_envelope_file *out) MUST_CHECK;

#endif
