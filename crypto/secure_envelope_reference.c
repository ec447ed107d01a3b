/*
 * References for people (PROTOCOL.envelope 9).
 */
#include <string.h>

#include "crypto/digest.h"
#include "crypto/secure_envelope.h"

#define SYMBOLS 8
#define GROUP 4		/* then a dash */

/* Crockford's base 32: no I, L, O, U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* In GF(32), x^5 + x^2 + 1: finds wrong symbols and swapped neighbours. */
static unsigned int
check_value(const uint8_t values[SYMBOLS - 1])
{
	unsigned int check = 0;

	for (size_t i = 0; i < SYMBOLS - 1; i++) {
		check = (check ^ values[i]) << 1;
		if ((check & 32) != 0)
			check ^= 37;
	}
	return check;
}

static void
print(const uint8_t values[SYMBOLS],
	char out[SECURE_ENVELOPE_REFERENCE_SIZE])
{
	_Static_assert(SECURE_ENVELOPE_REFERENCE_SIZE == SYMBOLS + 2,
		"with a dash and NUL");
	for (size_t i = 0; i < SYMBOLS; i++) {
		if (i == GROUP)
			*out++ = '-';
		*out++ = alphabet[values[i]];
	}
	*out = '\0';
}

void
secure_envelope_reference(const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	char out[SECURE_ENVELOPE_REFERENCE_SIZE])
{
	struct digest *digest = digest_new();
	uint8_t hash[DIGEST_SIZE];
	uint8_t values[SYMBOLS];
	uint64_t bits = 0;

	digest_add(digest, TEXT("postern reference v1"));
	digest_add(digest, text_of(id, SECURE_ENVELOPE_ID_LEN));
	digest_finish(digest, hash);
	digest_free(digest);
	for (size_t i = 0; i < 5; i++)
		bits = bits << 8 | hash[i];
	/* The first 35 of 40 bits. */
	for (size_t i = 0; i < SYMBOLS - 1; i++)
		values[i] = bits >> (35 - 5 * i) & 31;
	values[SYMBOLS - 1] = (uint8_t)check_value(values);
	print(values, out);
}

/* 32 for what is no symbol. */
static uint8_t
symbol_value(char symbol)
{
	char small = text_lower_byte(symbol);

	if (small == 'o')
		return 0;
	if (small == 'i' || small == 'l')
		return 1;
	for (uint8_t i = 0; i < 32; i++)
		if (text_lower_byte(alphabet[i]) == small)
			return i;
	return 32;
}

int
secure_envelope_reference_parse(struct text typed,
	char out[SECURE_ENVELOPE_REFERENCE_SIZE])
{
	uint8_t values[SYMBOLS];
	size_t count = 0;

	for (size_t i = 0; i < typed.len; i++) {
		char c = typed.data[i];
		if (c == ' ' || c == '-' || c == '\t')
			continue;
		if (count == SYMBOLS)
			return ERROR_MALFORMED;
		values[count] = symbol_value(c);
		if (values[count++] == 32)
			return ERROR_MALFORMED;
	}
	if (count != SYMBOLS || values[SYMBOLS - 1] != check_value(values))
		return ERROR_MALFORMED;
	print(values, out);
	return 0;
}
