/*
 * The notification: complete in itself, in text and in HTML, without a word
 * of the message.
 */
#ifndef CRYPTO_SECURE_ENVELOPE_NOTICE_H
#define CRYPTO_SECURE_ENVELOPE_NOTICE_H

#include <stdbool.h>

#include "crypto/secure_envelope_facts.h"

/* Append plain text in UTF-8, with CRLF.  ERROR_LIMIT */
int secure_envelope_notice_text(const struct secure_envelope_facts *facts,
	bool has_link, struct buffer *out) MUST_CHECK;
/* Append a page in ASCII, with CRLF.  ERROR_LIMIT */
int secure_envelope_notice_html(const struct secure_envelope_facts *facts,
	bool has_link, struct buffer *out) MUST_CHECK;

#endif
