/*
 * Starting OpenSSL without its configuration file: nothing outside our own
 * configuration changes what TLS does here, and nothing is opened later,
 * inside the jail.
 */
#ifndef CRYPTO_OPENSSL_LIBRARY_H
#define CRYPTO_OPENSSL_LIBRARY_H

#include "gateway/base/error.h"

/*
 * Before the first other call of OpenSSL, best before the jail; more calls
 * do nothing.
 */
void openssl_library_prepare(void);

/*
 * Fill in why with what and the newest entry of OpenSSL's error queue, and
 * empty the queue.
 */
void openssl_library_reason(struct reason *why, const char *what);

/* The environment's or our own failure: log it with what, then end. */
void openssl_library_fatal(const char *what) __attribute__((noreturn));

#endif
