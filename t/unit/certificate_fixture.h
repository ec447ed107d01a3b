/*
 * Keys and certificates for tests, made on the spot.
 */
#ifndef T_UNIT_CERTIFICATE_FIXTURE_H
#define T_UNIT_CERTIFICATE_FIXTURE_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "gateway/base/error.h"
#include "gateway/base/memory.h"
#include "gateway/base/text.h"

#define FIXTURE __attribute__((unused)) static

struct fixture {
	EVP_PKEY *key;
	X509 *certificate;
	struct text pem;	/* of the certificate */
};

struct fixture_order {
	const char *kind;	/* "RSA", "EC", "ED25519" */
	const char *curve;	/* of EC; NULL: P-256 */
	unsigned int bits;	/* of RSA; 0: 2048 */
	const char *common_name;
	const char *san;	/* as in openssl.cnf, NULL: none */
	bool authority;
	bool expired;
	const struct fixture *issuer;	/* NULL: itself */
};

FIXTURE EVP_PKEY *
fixture_key(const struct fixture_order *order)
{
	EVP_PKEY *key;

	if (strcmp(order->kind, "RSA") == 0)
		key = EVP_RSA_gen(order->bits == 0 ? 2048 : order->bits);
	else if (strcmp(order->kind, "EC") == 0)
		key = EVP_EC_gen(order->curve == NULL ? "P-256" :
			order->curve);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, order->kind);
	require(key != NULL);
	return key;
}

FIXTURE void
fixture_extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid,
		value);

	require(extension != NULL);
	require(X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

FIXTURE struct text
fixture_pem(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct text copy;
	char *bytes = NULL;
	long len;

	require(bio != NULL && PEM_write_bio_X509(bio, certificate) == 1);
	len = BIO_get_mem_data(bio, &bytes);
	copy = memory_text(text_of(bytes, (size_t)len));
	BIO_free(bio);
	return copy;
}

FIXTURE void
fixture_sign(X509 *certificate, EVP_PKEY *key)
{
	const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL :
	    EVP_sha256();

	require(X509_sign(certificate, key, digest) > 0);
}

FIXTURE struct fixture
fixture_new(const struct fixture_order *order)
{
	static long serial = 1;
	const struct fixture *issuer = order->issuer;
	struct fixture made = { .key = fixture_key(order),
		.certificate = X509_new() };
	X509_NAME *name = X509_get_subject_name(made.certificate);

	require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		(const unsigned char *)order->common_name, -1, -1, 0) == 1);
	X509_set_version(made.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
	X509_gmtime_adj(X509_getm_notBefore(made.certificate), -86400);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate),
		order->expired ? -3600 : 86400);
	X509_set_issuer_name(made.certificate, issuer == NULL ? name :
		X509_get_subject_name(issuer->certificate));
	X509_set_pubkey(made.certificate, made.key);
	fixture_extend(made.certificate, NID_basic_constraints,
		order->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (order->san != NULL)
		fixture_extend(made.certificate, NID_subject_alt_name,
			order->san);
	fixture_sign(made.certificate, issuer == NULL ? made.key :
		issuer->key);
	made.pem = fixture_pem(made.certificate);
	return made;
}

FIXTURE void
fixture_clear(struct fixture *fixture)
{
	EVP_PKEY_free(fixture->key);
	X509_free(fixture->certificate);
	free((void *)(uintptr_t)fixture->pem.data);
	memset(fixture, 0, sizeof(*fixture));
}

/* The private key as a file; passphrase may be NULL. */
FIXTURE void
fixture_write_key(const char *path, EVP_PKEY *key, unsigned int mode,
	const char *passphrase)
{
	BIO *bio = BIO_new_file(path, "w");

	require(bio != NULL);
	require(PEM_write_bio_PKCS8PrivateKey(bio, key,
		passphrase == NULL ? NULL : EVP_aes_256_cbc(), NULL, 0, NULL,
		(void *)(uintptr_t)passphrase) == 1);
	BIO_free(bio);
	require(chmod(path, mode) == 0);
}

#endif
