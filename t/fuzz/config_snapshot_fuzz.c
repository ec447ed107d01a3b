/*
 * Any bytes as a snapshot.  As they are, and, so that the fuzzer gets
 * behind the checksum, as the record of a sound head.  What is taken
 * encodes to a snapshot that is taken again and encodes to the same bytes.
 */
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gateway/base/crc32c.h"
#include "gateway/config/config_snapshot_private.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define FIRST_COVERED 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_round_trip(const struct config *config, uint64_t version)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct buffer once, twice;
	struct config again;
	uint64_t number = 0;
	struct reason why;

	buffer_init(&once, CONFIG_SNAPSHOT_MAX + (size_t)1);
	buffer_init(&twice, CONFIG_SNAPSHOT_MAX + (size_t)1);
	require(config_snapshot_encode(config, version, &once, &why) == 0);
	require(config_snapshot_decode(buffer_text(&once), arena, &again,
	    &number, &why) == 0);
	require(number == version);
	require(config_snapshot_encode(&again, version, &twice, &why) == 0);
	require(text_equal(buffer_text(&once), buffer_text(&twice)));
	buffer_clear(&once);
	buffer_clear(&twice);
	arena_free(arena);
}

static void
bytes_try(struct text bytes)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct reason why = { .reply = 0 };
	struct config config;
	uint64_t version = 0;

	if (config_snapshot_decode(bytes, arena, &config, &version, &why) == 0)
		require_round_trip(&config, version);
	else
		require(why.text[0] != '\0');
	arena_free(arena);
}

/* The bytes as the record behind a head that holds. */
static void
record_try(struct text record)
{
	char head[CONFIG_SNAPSHOT_HEAD] = CONFIG_SNAPSHOT_MAGIC;
	uint32_t format = htole32(CONFIG_SNAPSHOT_FORMAT), checksum;
	uint64_t numbers[2] = { htole64(1), htole64(record.len) };
	struct buffer bytes;

	checksum = crc32c(crc32c(0, numbers, sizeof(numbers)), record.data,
	    record.len);
	checksum = htole32(checksum);
	memcpy(head + 8, &format, sizeof(format));
	memcpy(head + 12, &checksum, sizeof(checksum));
	memcpy(head + FIRST_COVERED, numbers, sizeof(numbers));
	buffer_init(&bytes, CONFIG_SNAPSHOT_MAX);
	require(buffer_add(&bytes, head, sizeof(head)) == 0);
	require(buffer_add_text(&bytes, record) == 0);
	bytes_try(buffer_text(&bytes));
	buffer_clear(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes_try(text_of(data, size));
	record_try(text_of(data, size));
	return 0;
}
