/*
 * Arenas: blocks in a chain, the newest at the head; allocations are cut
 * off the head's front.  Blocks double in size, so that a small session
 * costs little and a large one few calls.
 */
#include "gateway/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"

#define BLOCK_FIRST 512
#define BLOCK_MOST 65536
#define ALIGNMENT _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size;
	size_t taken;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *head;
	size_t next_size;
	size_t max;
	size_t used;
};

struct arena *
arena_new(size_t max_bytes)
{
	struct arena *arena = memory_new(sizeof(*arena));

	arena->max = max_bytes;
	arena->next_size = BLOCK_FIRST;
	return arena;
}

void
arena_free(struct arena *arena)
{
	struct block *block;

	if (arena == NULL)
		return;
	while ((block = arena->head) != NULL) {
		arena->head = block->next;
		free(block);
	}
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	struct block *block;
	struct block *next;
	struct block *kept = NULL;

	for (block = arena->head; block != NULL; block = next) {
		next = block->next;
		if (kept == NULL && block->size <= BLOCK_MOST)
			kept = block;
		else
			free(block);
	}
	if (kept != NULL) {
		kept->next = NULL;
		kept->taken = 0;
	}
	arena->head = kept;
	arena->used = 0;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

static struct block *
block_new(size_t size)
{
	struct block *block = memory_resize(NULL, sizeof(*block) + size, 1);

	block->next = NULL;
	block->size = size;
	block->taken = 0;
	return block;
}

/* A block with room for size bytes, made the head unless it is a giant. */
static struct block *
block_add(struct arena *arena, size_t size)
{
	struct block *block;

	if (size > arena->next_size && arena->head != NULL) {
		/* The head may still serve many small ones. */
		block = block_new(size);
		block->next = arena->head->next;
		arena->head->next = block;
		return block;
	}
	block = block_new(size > arena->next_size ? size : arena->next_size);
	block->next = arena->head;
	arena->head = block;
	if (arena->next_size < BLOCK_MOST)
		arena->next_size *= 2;
	return block;
}

/* Memory not zeroed; align is a power of two, at most ALIGNMENT. */
static char *
take(struct arena *arena, size_t size, size_t align)
{
	struct block *block = arena->head;
	size_t pad = 0;
	char *got;

	if (size == 0)
		size = 1;
	if (block != NULL)
		pad = (align - block->taken % align) % align;
	if (block == NULL || block->size - block->taken < pad ||
	    block->size - block->taken - pad < size) {
		pad = 0;
		block = NULL;
	}
	if (size > arena->max - arena->used ||
	    pad > arena->max - arena->used - size)
		return NULL;
	if (block == NULL)
		block = block_add(arena, size);
	arena->used += pad + size;
	got = block->bytes + block->taken + pad;
	block->taken += pad + size;
	return got;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	char *got = take(arena, size, ALIGNMENT);

	if (got != NULL)
		memset(got, 0, size > 0 ? size : 1);
	return got;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

int
arena_copy(struct arena *arena, struct text t, struct text *out)
{
	char *copy;

	if (t.len == SIZE_MAX)
		return ERROR_LIMIT;
	copy = take(arena, t.len + 1, 1);
	if (copy == NULL)
		return ERROR_LIMIT;
	if (t.len > 0)
		memcpy(copy, t.data, t.len);
	copy[t.len] = '\0';
	*out = text_of(copy, t.len);
	return 0;
}

struct text
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	size_t room = arena->max - arena->used;
	size_t size;
	char *got;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	require(len >= 0);
	size = (size_t)len + 1 < room ? (size_t)len + 1 : room;
	if (size == 0 || (got = take(arena, size, 1)) == NULL)
		return TEXT_EMPTY;
	va_start(args, format);
	(void)vsnprintf(got, size, format, args);
	va_end(args);
	return text_of(got, size - 1);
}
