/*
 * crypto/key_service_message: what is read can be written, and reads back as
 * the same bytes.
 */
#include <string.h>

#include "crypto/key_service_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_MAX (64u * 1024 * 1024)

static void
round_trip_request(struct text input)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct key_service_envelope *first = NULL, *second = NULL;
	struct buffer once, twice;
	struct reason why;
	size_t count = 0, again = 0;

	buffer_init(&once, KEY_SERVICE_BODY_MAX);
	buffer_init(&twice, KEY_SERVICE_BODY_MAX);
	if (key_service_request_read(input, arena, &first, &count, &why) ==
	    0) {
		require(count >= 1 && count <= KEY_SERVICE_BATCH_MAX);
		require(key_service_request_write(first, count, &once) == 0);
		require(key_service_request_read(buffer_text(&once), arena,
		    &second, &again, &why) == 0);
		require(again == count);
		require(key_service_request_write(second, again, &twice) ==
		    0);
		require(text_equal(buffer_text(&once), buffer_text(&twice)));
	}
	buffer_clear(&once);
	buffer_clear(&twice);
	arena_free(arena);
}

static void
round_trip_answer(struct text input)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct key_service_result *first = NULL, *second = NULL;
	struct buffer once;
	struct reason why;
	size_t count = 0, again = 0;

	buffer_init(&once, KEY_SERVICE_BODY_MAX);
	if (key_service_answer_read(input, arena, &first, &count, &why) ==
	    0) {
		require(key_service_answer_write(first, count, &once) == 0);
		require(key_service_answer_read(buffer_text(&once), arena,
		    &second, &again, &why) == 0);
		require(again == count && memcmp(first, second,
		    count * sizeof(*first)) == 0);
	}
	buffer_clear(&once);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	round_trip_request(text_of(data, size));
	round_trip_answer(text_of(data, size));
	return 0;
}
