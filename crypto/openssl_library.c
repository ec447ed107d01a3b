/* Start-up and errors of OpenSSL. */
#include "crypto/openssl_library.h"

#include <stdbool.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

void
openssl_library_prepare(void)
{
	static bool prepared;
	unsigned char seed[16];

	if (prepared)
		return;
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		openssl_library_fatal("cannot start OpenSSL");
	/* The generators open their source now, not in the jail. */
	if (RAND_bytes(seed, sizeof(seed)) != 1 ||
	    RAND_priv_bytes(seed, sizeof(seed)) != 1)
		openssl_library_fatal("no random numbers");
	OPENSSL_cleanse(seed, sizeof(seed));
	prepared = true;
}

static const char *
newest_error(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return words == NULL ? "unknown error" : words;
}

void
openssl_library_reason(struct reason *why, const char *what)
{
	reason_set(why, "%s: %s", what, newest_error());
}

void
openssl_library_fatal(const char *what)
{
	fatal("%s: %s", what, newest_error());
}
