/* SHA-256: FIPS 180-4's examples, in one piece and in many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"

static const struct {
	const char *input;
	const char *hash;
} examples[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1" },
};

static void
check(struct digest *digest, const char *expected)
{
	uint8_t hash[DIGEST_SIZE];
	char hex[2 * DIGEST_SIZE + 1];
	size_t i;

	digest_finish(digest, hash);
	for (i = 0; i < DIGEST_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(hex, expected);
}

static void
knows_the_examples(void **state)
{
	struct digest *digest = digest_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		digest_add(digest, text_from(examples[i].input));
		check(digest, examples[i].hash);
	}
	digest_free(digest);
	digest_free(NULL);
}

static void
takes_any_pieces(void **state)
{
	struct digest *digest = digest_new();
	struct text left;
	size_t size;

	(void)state;
	for (size = 1; size < 60; size++) {
		left = text_from(examples[2].input);
		while (left.len > 0) {
			digest_add(digest, text_slice(left, 0, size));
			digest_add(digest, TEXT_EMPTY);
			left = text_skip(left, size);
		}
		check(digest, examples[2].hash);
	}
	digest_free(digest);
}

/* A million times "a", in pieces that are no divisors. */
static void
takes_a_million(void **state)
{
	struct digest *digest = digest_new();
	char bytes[977];
	size_t left = 1000000;
	size_t size;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	while (left > 0) {
		size = left < sizeof(bytes) ? left : sizeof(bytes);
		digest_add(digest, text_of(bytes, size));
		left -= size;
	}
	check(digest, "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
	digest_free(digest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_examples),
		cmocka_unit_test(takes_any_pieces),
		cmocka_unit_test(takes_a_million),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
