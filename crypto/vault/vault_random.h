/*
 * Random bytes and one-time codes, from the kernel's generator.
 */
#ifndef CRYPTO_VAULT_VAULT_RANDOM_H
#define CRYPTO_VAULT_VAULT_RANDOM_H

#include <stddef.h>

#define VAULT_CODE_DIGITS 8

/* fatal() without. */
void vault_random_bytes(void *out, size_t len);
/* Eight digits, each code as likely as any other; NUL ended. */
void vault_random_code(char out[VAULT_CODE_DIGITS + 1]);

#endif
