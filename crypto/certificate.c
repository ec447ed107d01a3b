/* Reading certificates from PEM. */
#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/openssl_library.h"

/* The end of the text is no error. */
static int
end_of_walk(size_t count, struct reason *why)
{
	unsigned long error = ERR_peek_last_error();

	if (ERR_GET_LIB(error) == ERR_LIB_PEM &&
	    ERR_GET_REASON(error) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	openssl_library_reason(why, "not a certificate in PEM");
	if (count > 0)
		reason_set(why, "certificate %zu does not decode", count + 1);
	return ERROR_MALFORMED;
}

int
certificate_walk(struct text pem, certificate_visit visit, void *context,
	size_t *count, struct reason *why)
{
	X509 *certificate;
	BIO *bio;
	int error = 0;

	openssl_library_prepare();
	*count = 0;
	if (pem.len > CERTIFICATE_PEM_MAX) {
		reason_set(why, "over %u bytes of certificates",
			CERTIFICATE_PEM_MAX);
		return ERROR_LIMIT;
	}
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (bio == NULL)
		openssl_library_fatal("out of memory");
	while (error == 0) {
		certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (certificate == NULL) {
			error = end_of_walk(*count, why);
			break;
		}
		error = visit(context, certificate, (*count)++, why);
		X509_free(certificate);
	}
	BIO_free(bio);
	return error;
}

/* A positive result ends the walk early, and well. */
static int
keep_first(void *context, X509 *certificate, size_t number,
	struct reason *why)
{
	X509 **out = context;

	(void)number;
	(void)why;
	if (X509_up_ref(certificate) != 1)
		openssl_library_fatal("cannot hold a certificate");
	*out = certificate;
	return 1;
}

int
certificate_first(struct text pem, X509 **out, struct reason *why)
{
	size_t count = 0;
	int error;

	*out = NULL;
	error = certificate_walk(pem, keep_first, out, &count, why);
	if (error < 0)
		return error;
	if (*out == NULL) {
		reason_set(why, "there is no certificate in PEM");
		return ERROR_MALFORMED;
	}
	return 0;
}
