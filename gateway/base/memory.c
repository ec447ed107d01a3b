/* Heap memory that cannot fail. */
#include "gateway/base/memory.h"

#include <stdlib.h>
#include <string.h>

void *
memory_new(size_t size)
{
	return memory_array(1, size);
}

/* At least a byte, so that NULL means failure. */
static size_t
total_of(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		fatal("out of memory: %zu times %zu bytes", count, size);
	return total > 0 ? total : 1;
}

void *
memory_array(size_t count, size_t size)
{
	size_t total = total_of(count, size);
	void *got = calloc(1, total);

	if (got == NULL)
		fatal("out of memory: %zu bytes", total);
	return got;
}

void *
memory_resize(void *old, size_t count, size_t size)
{
	size_t total = total_of(count, size);
	void *got = realloc(old, total);

	if (got == NULL)
		fatal("out of memory: %zu bytes", total);
	return got;
}

static char *
copy_bytes(struct text t)
{
	char *copy;

	require(t.len < SIZE_MAX);
	copy = memory_resize(NULL, t.len + 1, 1);
	if (t.len > 0)
		memcpy(copy, t.data, t.len);
	copy[t.len] = '\0';
	return copy;
}

char *
memory_string(struct text t)
{
	return copy_bytes(t);
}

struct text
memory_text(struct text t)
{
	return text_of(copy_bytes(t), t.len);
}

void
memory_wipe(void *data, size_t len)
{
	if (len > 0)
		explicit_bzero(data, len);
}
