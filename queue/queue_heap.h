/*
 * A heap of due times on the monotonic clock.  Entries live in their owners
 * and know their place, so that each can be moved or taken out.
 */
#ifndef QUEUE_QUEUE_HEAP_H
#define QUEUE_QUEUE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_due {
	int64_t due_us;		/* monotonic */
	uint32_t at;		/* place + 1; 0: not in the heap */
	uint8_t kind;		/* the owner's business */
};

struct queue_heap {
	struct queue_due **items;
	size_t count;
	size_t size;
};

void queue_heap_clear(struct queue_heap *heap);
/* Put in, or move if it is in. */
void queue_heap_set(struct queue_heap *heap, struct queue_due *due,
	int64_t due_us);
/* Take out, if it is in. */
void queue_heap_unset(struct queue_heap *heap, struct queue_due *due);
bool queue_heap_has(const struct queue_due *due);
/* The earliest; NULL when empty. */
struct queue_due *queue_heap_first(const struct queue_heap *heap);

#endif
