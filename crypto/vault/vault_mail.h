/*
 * The mails of the key service: a code, a link.  Written from fixed
 * templates; what comes from outside stays words within its line.
 */
#ifndef CRYPTO_VAULT_VAULT_MAIL_H
#define CRYPTO_VAULT_VAULT_MAIL_H

#include <stdint.h>

#include "crypto/vault/vault_random.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define VAULT_MAIL_MAX 16384

/* What both mails say; texts in UTF-8. */
struct vault_mail {
	struct text from;	/* key_service.sender */
	struct text to;
	struct text hostname;	/* for the Message-ID */
	struct text sender;	/* of the protected message */
	struct text organisation;	/* may be empty */
	struct text reference;
	struct text portal_url;
	int64_t now_us;
};

/* Append the whole mail; code has eight digits.  ERROR_LIMIT. */
int vault_mail_write_code(const struct vault_mail *mail, struct text code,
	uint64_t lifetime_ms, struct buffer *out) MUST_CHECK;
/* The same with a link to the message.  ERROR_LIMIT. */
int vault_mail_write_link(const struct vault_mail *mail, struct text link,
	struct buffer *out) MUST_CHECK;

#endif
