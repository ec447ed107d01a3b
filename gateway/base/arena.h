/*
 * An arena: many small allocations, one free.  One per session, decoded
 * frame or scanned message, with a stated maximum, so that no input can
 * make a process grow without end.
 */
#ifndef GATEWAY_BASE_ARENA_H
#define GATEWAY_BASE_ARENA_H

#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

struct arena;

/* max_bytes: sum of all allocations between two resets.  Never NULL. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *arena);
/* Forget all allocations; keeps one block for the next use. */
void arena_reset(struct arena *arena);
size_t arena_used(const struct arena *arena);

/*
 * Zeroed memory, aligned for any type, NULL when max_bytes would be
 * passed.  Lives until reset or free.
 */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
/* count * size checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size) MUST_CHECK;

/* Copy t; the copy has a NUL behind it.  ERROR_LIMIT when full. */
int arena_copy(struct arena *arena, struct text t, struct text *out)
	MUST_CHECK;
/* Formatted text, NUL ended.  Cut to what the arena still holds. */
struct text arena_printf(struct arena *arena, const char *format, ...)
	PRINTF_LIKE(2, 3);

#endif
