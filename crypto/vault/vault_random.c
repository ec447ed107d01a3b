/*
 * Random bytes and codes.  vault process.
 */
#include "crypto/vault/vault_random.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

#include "gateway/base/error.h"

#define CODES 100000000u

void
vault_random_bytes(void *out, size_t len)
{
	char *at = out;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fatal_errno("no random numbers");
		at += n;
		len -= (size_t)n;
	}
}

void
vault_random_code(char out[VAULT_CODE_DIGITS + 1])
{
	/* Above the last whole multiple some codes would be likelier. */
	const uint32_t limit = UINT32_MAX / CODES * CODES;
	uint32_t number;

	do
		vault_random_bytes(&number, sizeof(number));
	while (number >= limit);
	(void)snprintf(out, VAULT_CODE_DIGITS + 1, "%08u", number % CODES);
}
