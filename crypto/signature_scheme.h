/*
 * Signature schemes by their code points (RFC 8446 4.2.3): what a key, a
 * hash and a padding make together.  One table for those who ask for a
 * signature and those who make it.
 */
#ifndef CRYPTO_SIGNATURE_SCHEME_H
#define CRYPTO_SIGNATURE_SCHEME_H

#include <stdbool.h>
#include <stdint.h>

enum signature_key {
	SIGNATURE_KEY_RSA,
	SIGNATURE_KEY_EC,
	SIGNATURE_KEY_ED25519,
	SIGNATURE_KEYS
};

struct signature_scheme {
	uint16_t code;
	const char *name;	/* as IANA writes it */
	enum signature_key key;
	const char *digest;	/* OpenSSL's name; NULL: none of its own */
	bool pss;		/* RSASSA-PSS, salt as long as the hash */
};

/* OpenSSL's name of the algorithm, such as "RSA". */
const char *signature_key_name(enum signature_key key);

/* NULL where there is none. */
const struct signature_scheme *signature_scheme_find(uint16_t code);
/*
 * The scheme of a key with the hash known to OpenSSL by that name or one of
 * its aliases (NULL or empty for none).
 */
const struct signature_scheme *signature_scheme_match(enum signature_key key,
	const char *digest, bool pss);

/*
 * The list for SSL_CTX_set1_sigalgs_list(): no SHA-1, and nothing that the
 * table lacks for a key of ours.
 */
extern const char signature_scheme_list[];

#endif
