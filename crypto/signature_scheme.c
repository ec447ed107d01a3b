/* The table of signature schemes. */
#include "crypto/signature_scheme.h"

#include <stddef.h>
#include <strings.h>

static const char *const key_names[SIGNATURE_KEYS] = {
	[SIGNATURE_KEY_RSA] = "RSA",
	[SIGNATURE_KEY_EC] = "EC",
	[SIGNATURE_KEY_ED25519] = "ED25519",
};

/* In TLS 1.2 an ECDSA scheme names the hash only, the curve is free. */
static const struct signature_scheme schemes[] = {
	{ .code = 0x0401, .name = "rsa_pkcs1_sha256",
	    .key = SIGNATURE_KEY_RSA, .digest = "SHA2-256" },
	{ .code = 0x0501, .name = "rsa_pkcs1_sha384",
	    .key = SIGNATURE_KEY_RSA, .digest = "SHA2-384" },
	{ .code = 0x0601, .name = "rsa_pkcs1_sha512",
	    .key = SIGNATURE_KEY_RSA, .digest = "SHA2-512" },
	{ .code = 0x0403, .name = "ecdsa_secp256r1_sha256",
	    .key = SIGNATURE_KEY_EC, .digest = "SHA2-256" },
	{ .code = 0x0503, .name = "ecdsa_secp384r1_sha384",
	    .key = SIGNATURE_KEY_EC, .digest = "SHA2-384" },
	{ .code = 0x0603, .name = "ecdsa_secp521r1_sha512",
	    .key = SIGNATURE_KEY_EC, .digest = "SHA2-512" },
	{ .code = 0x0804, .name = "rsa_pss_rsae_sha256",
	    .key = SIGNATURE_KEY_RSA, .digest = "SHA2-256", .pss = true },
	{ .code = 0x0805, .name = "rsa_pss_rsae_sha384",
	    .key = SIGNATURE_KEY_RSA, .digest = "SHA2-384", .pss = true },
	{ .code = 0x0806, .name = "rsa_pss_rsae_sha512",
	    .key = SIGNATURE_KEY_RSA, .digest = "SHA2-512", .pss = true },
	{ .code = 0x0807, .name = "ed25519",
	    .key = SIGNATURE_KEY_ED25519 },
};
#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

const char signature_scheme_list[] =
	"ed25519:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:"
	"ecdsa_secp521r1_sha512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
	"rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:"
	"rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

/* Callers name a hash by any of its names. */
static const struct {
	const char *alias;
	const char *name;
} digests[] = {
	{ "SHA2-256", "SHA2-256" },
	{ "SHA256", "SHA2-256" },
	{ "SHA-256", "SHA2-256" },
	{ "SHA2-384", "SHA2-384" },
	{ "SHA384", "SHA2-384" },
	{ "SHA-384", "SHA2-384" },
	{ "SHA2-512", "SHA2-512" },
	{ "SHA512", "SHA2-512" },
	{ "SHA-512", "SHA2-512" },
};
#define DIGEST_COUNT (sizeof(digests) / sizeof(digests[0]))

const char *
signature_key_name(enum signature_key key)
{
	return (unsigned int)key < SIGNATURE_KEYS ? key_names[key] : "";
}

const struct signature_scheme *
signature_scheme_find(uint16_t code)
{
	size_t i;

	for (i = 0; i < SCHEME_COUNT; i++) {
		if (schemes[i].code == code)
			return &schemes[i];
	}
	return NULL;
}

static const char *
digest_name(const char *alias)
{
	size_t i;

	for (i = 0; i < DIGEST_COUNT; i++) {
		if (strcasecmp(digests[i].alias, alias) == 0)
			return digests[i].name;
	}
	return alias;
}

static bool
digest_fits(const struct signature_scheme *scheme, const char *digest)
{
	bool none = digest == NULL || digest[0] == '\0';

	if (scheme->digest == NULL || none)
		return scheme->digest == NULL && none;
	return strcasecmp(scheme->digest, digest_name(digest)) == 0;
}

const struct signature_scheme *
signature_scheme_match(enum signature_key key, const char *digest, bool pss)
{
	size_t i;

	for (i = 0; i < SCHEME_COUNT; i++) {
		if (schemes[i].key == key && schemes[i].pss == pss &&
		    digest_fits(&schemes[i], digest))
			return &schemes[i];
	}
	return NULL;
}
