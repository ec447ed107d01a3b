/*
 * SHA-256.  The constants are the first 32 bits of the fractional parts of
 * the square and cube roots of the first primes (FIPS 180-4 4.2.2, 5.3.3).
 */
#include "queue/body_digest.h"

#include <endian.h>
#include <string.h>

#define BLOCK 64

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
	0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
	0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
	0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
	0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
	0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t start[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
	0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t
rotate(uint32_t word, unsigned int by)
{
	return word >> by | word << (32 - by);
}

static void
expand(const char *block, uint32_t words[64])
{
	for (size_t i = 0; i < 16; i++) {
		memcpy(&words[i], block + i * 4, 4);
		words[i] = be32toh(words[i]);
	}
	for (size_t i = 16; i < 64; i++) {
		uint32_t a = words[i - 15];
		uint32_t b = words[i - 2];

		words[i] = words[i - 16] + words[i - 7] +
		    (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		    (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

static void
take_block(uint32_t state[8], const char *block)
{
	uint32_t words[64];
	uint32_t s[8];

	expand(block, words);
	memcpy(s, state, sizeof(s));
	for (size_t i = 0; i < 64; i++) {
		uint32_t one = s[7] +
		    (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
		    ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_constants[i] +
		    words[i];
		uint32_t two =
		    (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(&s[1], &s[0], 7 * sizeof(s[0]));
		s[4] += one;
		s[0] = one + two;
	}
	for (size_t i = 0; i < 8; i++)
		state[i] += s[i];
}

/* RFC 6234 4.1: a one bit, zeros, the length in bits. */
static void
take_rest(uint32_t state[8], struct text rest, uint64_t size)
{
	char last[2 * BLOCK] = { 0 };
	size_t blocks = rest.len + 9 > BLOCK ? 2 : 1;
	uint64_t bits = htobe64(size * 8);

	if (rest.len > 0)
		memcpy(last, rest.data, rest.len);
	last[rest.len] = (char)0x80;
	memcpy(last + blocks * BLOCK - sizeof(bits), &bits, sizeof(bits));
	for (size_t i = 0; i < blocks; i++)
		take_block(state, last + i * BLOCK);
}

void
body_digest(struct text body, uint8_t out[32])
{
	uint32_t state[8];
	struct text rest = body;

	memcpy(state, start, sizeof(state));
	while (rest.len >= BLOCK) {
		take_block(state, rest.data);
		rest = text_skip(rest, BLOCK);
	}
	take_rest(state, rest, body.len);
	for (size_t i = 0; i < 8; i++) {
		uint32_t word = htobe32(state[i]);

		memcpy(out + i * 4, &word, sizeof(word));
	}
}
