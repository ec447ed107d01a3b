/*
 * The header of the mail around an envelope: of the message's own only who,
 * to whom and when.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_OUTSIDE_H
#define CRYPTO_SECURE_ENVELOPE_OUTSIDE_H

#include "crypto/secure_envelope_mail.h"
#include "gateway/mail/mime_message.h"

/*
 * Append From, To, Cc, Date, Subject and Message-ID.  root: the message's
 * first part.  subject: UTF-8.  ERROR_LIMIT
 */
int secure_envelope_outside_write(const struct secure_envelope_mail *mail,
	const struct secure_envelope_header *header,
	const struct mime_part *root, struct text subject,
	struct buffer *out) MUST_CHECK;

#endif
