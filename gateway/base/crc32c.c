/*
 * CRC-32C by SSE 4.2's instruction, or by eight tables that take eight
 * bytes a step.
 */
#include "gateway/base/crc32c.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/* The polynomial 0x1edc6f41 with its bits in reverse. */
#define POLYNOMIAL UINT32_C(0x82f63b78)
#define TABLES 8

typedef uint32_t (*crc32c_way)(uint32_t crc, const unsigned char *at,
	size_t len);

static uint32_t tables[TABLES][256];

static void
tables_fill(void)
{
	uint32_t crc;
	unsigned int byte;
	unsigned int i;

	for (byte = 0; byte < 256; byte++) {
		crc = byte;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables[0][byte] = crc;
	}
	for (byte = 0; byte < 256; byte++)
		for (i = 1; i < TABLES; i++) {
			crc = tables[i - 1][byte];
			tables[i][byte] = crc >> 8 ^ tables[0][crc & 0xff];
		}
}

static uint32_t
crc32c_tables(uint32_t crc, const unsigned char *at, size_t len)
{
	uint64_t word;
	unsigned int i;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		word = le64toh(word) ^ crc;
		crc = 0;
		for (i = 0; i < TABLES; i++)
			crc ^= tables[TABLES - 1 - i][word >> (8 * i) & 0xff];
	}
	for (; len > 0; at++, len--)
		crc = crc >> 8 ^ tables[0][(crc ^ *at) & 0xff];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc32c_sse42(uint32_t crc, const unsigned char *at, size_t len)
{
	uint64_t wide = crc;
	uint64_t word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		wide = _mm_crc32_u64(wide, word);
	}
	crc = (uint32_t)wide;
	for (; len > 0; at++, len--)
		crc = _mm_crc32_u8(crc, *at);
	return crc;
}
#endif

static crc32c_way
choose(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42;
#endif
	tables_fill();
	return crc32c_tables;
}

uint32_t
crc32c(uint32_t crc, const void *data, size_t len)
{
	static crc32c_way way;

	if (way == NULL)
		way = choose();
	return ~way(~crc, data, len);
}
