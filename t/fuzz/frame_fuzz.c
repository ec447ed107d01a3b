/*
 * Every frame decoder: what decodes is encoded and decoded again to the same
 * bytes.  The first byte chooses the type.
 */
#include <stdlib.h>

#include "gateway/protocol/frame.h"

#define VALUE_MAX 4096
#define ARENA_MAX (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
decode(const struct record_shape *shape, struct text bytes,
    struct arena *arena, struct buffer *out)
{
	static _Alignas(max_align_t) char value[VALUE_MAX];
	int r;

	require(shape->size <= sizeof(value));
	if ((r = record_decode(shape, bytes, arena, value)) != 0)
		return r;
	require(record_encode(shape, value, out) == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct frame_definition *definition;
	struct buffer first, second;
	struct arena *arena;

	if (size < 1 || (definition = frame_definition(data[0])) == NULL)
		return 0;
	arena = arena_new(ARENA_MAX);
	buffer_init(&first, IPC_PAYLOAD_MAX);
	buffer_init(&second, IPC_PAYLOAD_MAX);
	if (decode(definition->shape, text_of(data + 1, size - 1), arena,
	    &first) == 0) {
		require(decode(definition->shape, buffer_text(&first), arena,
		    &second) == 0);
		require(text_equal(buffer_text(&first),
		    buffer_text(&second)));
	}
	buffer_clear(&first);
	buffer_clear(&second);
	arena_free(arena);
	return 0;
}
