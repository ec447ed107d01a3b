/* Growing buffers of bytes with a maximum. */
#include "gateway/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"

#define SIZE_LEAST 64

void
buffer_init(struct buffer *buffer, size_t max)
{
	require(max > 0);
	memset(buffer, 0, sizeof(*buffer));
	buffer->max = max;
}

void
buffer_clear(struct buffer *buffer)
{
	free(buffer->bytes);
	buffer->bytes = NULL;
	buffer->start = buffer->end = buffer->size = 0;
}

void
buffer_reset(struct buffer *buffer)
{
	buffer->start = buffer->end = 0;
}

void
buffer_wipe(struct buffer *buffer)
{
	memory_wipe(buffer->bytes, buffer->size);
	buffer_clear(buffer);
}

size_t
buffer_len(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

struct text
buffer_text(const struct buffer *buffer)
{
	if (buffer->bytes == NULL)
		return TEXT_EMPTY;
	return text_of(buffer->bytes + buffer->start, buffer_len(buffer));
}

static void
move_to_front(struct buffer *buffer)
{
	size_t len = buffer_len(buffer);

	if (buffer->start == 0)
		return;
	if (len > 0)
		memmove(buffer->bytes, buffer->bytes + buffer->start, len);
	buffer->start = 0;
	buffer->end = len;
}

/*
 * Room for need bytes in all.  A fresh block and a copy instead of
 * realloc(): bytes already taken at the front are not copied, and the old
 * block of a secret is overwritten.
 */
static void
grow(struct buffer *buffer, size_t need)
{
	size_t len = buffer_len(buffer);
	size_t size = buffer->size > 0 ? buffer->size : SIZE_LEAST;
	char *bytes;

	while (size < need)
		size = size > buffer->max / 2 ? buffer->max : size * 2;
	bytes = memory_resize(NULL, size, 1);
	if (len > 0)
		memcpy(bytes, buffer->bytes + buffer->start, len);
	memory_wipe(buffer->bytes, buffer->end);
	free(buffer->bytes);
	buffer->bytes = bytes;
	buffer->size = size;
	buffer->start = 0;
	buffer->end = len;
}

int
buffer_reserve(struct buffer *buffer, size_t len, char **out)
{
	size_t held = buffer_len(buffer);

	if (len > buffer->max - held)
		return ERROR_LIMIT;
	if (len > buffer->size - buffer->end) {
		/* Moving is worth it while it is cheaper than what it wins. */
		if (held + len <= buffer->size && held <= buffer->start)
			move_to_front(buffer);
		else
			grow(buffer, held + len);
	}
	*out = buffer->bytes == NULL ? NULL : buffer->bytes + buffer->end;
	return 0;
}

void
buffer_commit(struct buffer *buffer, size_t len)
{
	require(len <= buffer->size - buffer->end);
	buffer->end += len;
}

int
buffer_add(struct buffer *buffer, const void *data, size_t len)
{
	char *room = NULL;
	int error = buffer_reserve(buffer, len, &room);

	if (error != 0 || len == 0)
		return error;
	memcpy(room, data, len);
	buffer_commit(buffer, len);
	return 0;
}

int
buffer_add_text(struct buffer *buffer, struct text t)
{
	return buffer_add(buffer, t.data, t.len);
}

int
buffer_add_byte(struct buffer *buffer, char byte)
{
	return buffer_add(buffer, &byte, 1);
}

int
buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	int error;

	va_start(args, format);
	error = buffer_vprintf(buffer, format, args);
	va_end(args);
	return error;
}

#define PRINT_FIRST 256

int
buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
{
	char first[PRINT_FIRST];
	char *whole;
	va_list again;
	int len;
	int error;

	va_copy(again, args);
	len = vsnprintf(first, sizeof(first), format, args);
	require(len >= 0);
	if ((size_t)len < sizeof(first)) {
		error = buffer_add(buffer, first, (size_t)len);
	} else if ((size_t)len > buffer->max - buffer_len(buffer)) {
		error = ERROR_LIMIT;
	} else {
		whole = memory_resize(NULL, (size_t)len + 1, 1);
		(void)vsnprintf(whole, (size_t)len + 1, format, again);
		error = buffer_add(buffer, whole, (size_t)len);
		free(whole);
	}
	va_end(again);
	return error;
}

void
buffer_consume(struct buffer *buffer, size_t len)
{
	require(len <= buffer_len(buffer));
	buffer->start += len;
	if (buffer->start == buffer->end)
		buffer_reset(buffer);
}

void
buffer_truncate(struct buffer *buffer, size_t len)
{
	require(len <= buffer_len(buffer));
	buffer->end = buffer->start + len;
}

void
buffer_shrink(struct buffer *buffer)
{
	size_t len = buffer_len(buffer);

	if (len == 0) {
		buffer_clear(buffer);
		return;
	}
	move_to_front(buffer);
	if (len < buffer->size) {
		buffer->bytes = memory_resize(buffer->bytes, len, 1);
		buffer->size = len;
	}
}
