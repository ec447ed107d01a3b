/*
 * A binary heap.
 */
#include "queue/queue_heap.h"

#include <stdlib.h>

#include "gateway/base/error.h"
#include "gateway/base/memory.h"

void
queue_heap_clear(struct queue_heap *heap)
{
	for (size_t i = 0; i < heap->count; i++)
		heap->items[i]->at = 0;
	free(heap->items);
	*heap = (struct queue_heap){ 0 };
}

static void
put(struct queue_heap *heap, size_t at, struct queue_due *due)
{
	heap->items[at] = due;
	due->at = (uint32_t)at + 1;
}

static size_t
move_up(struct queue_heap *heap, size_t at)
{
	struct queue_due *due = heap->items[at];

	while (at > 0) {
		size_t parent = (at - 1) / 2;

		if (heap->items[parent]->due_us <= due->due_us)
			break;
		put(heap, at, heap->items[parent]);
		at = parent;
	}
	put(heap, at, due);
	return at;
}

static void
move_down(struct queue_heap *heap, size_t at)
{
	struct queue_due *due = heap->items[at];

	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap->items[child + 1]->due_us <
		    heap->items[child]->due_us)
			child++;
		if (due->due_us <= heap->items[child]->due_us)
			break;
		put(heap, at, heap->items[child]);
		at = child;
	}
	put(heap, at, due);
}

void
queue_heap_set(struct queue_heap *heap, struct queue_due *due,
    int64_t due_us)
{
	due->due_us = due_us;
	if (due->at == 0) {
		if (heap->count == heap->size) {
			require(heap->count < UINT32_MAX / 2);
			heap->size = heap->size == 0 ? 64 : heap->size * 2;
			heap->items = memory_resize(heap->items, heap->size,
			    sizeof(*heap->items));
		}
		put(heap, heap->count++, due);
	}
	move_down(heap, move_up(heap, due->at - 1));
}

void
queue_heap_unset(struct queue_heap *heap, struct queue_due *due)
{
	size_t at = due->at;
	struct queue_due *last;

	if (at == 0)
		return;
	due->at = 0;
	last = heap->items[--heap->count];
	if (last == due)
		return;
	put(heap, at - 1, last);
	move_down(heap, move_up(heap, at - 1));
}

bool
queue_heap_has(const struct queue_due *due)
{
	return due->at != 0;
}

struct queue_due *
queue_heap_first(const struct queue_heap *heap)
{
	return heap->count == 0 ? NULL : heap->items[0];
}
