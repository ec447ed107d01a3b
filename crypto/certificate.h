/*
 * Certificates in PEM (RFC 7468), as configured.
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include <stddef.h>

#include <openssl/x509.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define CERTIFICATE_PEM_MAX (16u * 1024u * 1024u)

/*
 * Called for each certificate, which is borrowed; number counts from 0.
 * Anything but 0 ends the walk and is its result.
 */
typedef int (*certificate_visit)(void *context, X509 *certificate,
	size_t number, struct reason *why);

/*
 * Walk through all certificates of a PEM text; other blocks and text
 * between them are passed over.  *count: how many there were.
 * ERROR_MALFORMED: one does not decode; ERROR_LIMIT: over
 * CERTIFICATE_PEM_MAX bytes.
 */
int certificate_walk(struct text pem, certificate_visit visit, void *context,
	size_t *count, struct reason *why) MUST_CHECK;

/* The first one, to be freed.  ERROR_MALFORMED where there is none. */
int certificate_first(struct text pem, X509 **out, struct reason *why)
	MUST_CHECK;

#endif
