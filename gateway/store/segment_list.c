/*
 * The segments of an open log, oldest first.
 */
#include "gateway/store/segment_list.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/memory.h"

static void
close_entry(struct segment_list *list, struct segment_entry *entry)
{
	if (entry->descriptor < 0)
		return;
	close(entry->descriptor);
	entry->descriptor = -1;
	list->opened--;
}

void
segment_list_clear(struct segment_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		close_entry(list, &list->entries[i]);
	free(list->entries);
	memset(list, 0, sizeof(*list));
}

struct segment_entry *
segment_list_add(struct segment_list *list, uint32_t number)
{
	struct segment_entry *entry;

	require(list->count == 0 ||
	    list->entries[list->count - 1].number < number);
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 16 :
		    list->capacity * 2;
		list->entries = memory_resize(list->entries, list->capacity,
		    sizeof(*list->entries));
	}
	entry = &list->entries[list->count++];
	memset(entry, 0, sizeof(*entry));
	entry->number = number;
	entry->descriptor = -1;
	return entry;
}

static int
compare_entry(const void *key, const void *element)
{
	const uint32_t *number = key;
	const struct segment_entry *entry = element;

	if (*number == entry->number)
		return 0;
	return *number < entry->number ? -1 : 1;
}

struct segment_entry *
segment_list_find(const struct segment_list *list, uint32_t number)
{
	if (list->count == 0)
		return NULL;
	return bsearch(&number, list->entries, list->count,
	    sizeof(*list->entries), compare_entry);
}

struct segment_entry *
segment_list_last(const struct segment_list *list)
{
	return list->count == 0 ? NULL : &list->entries[list->count - 1];
}

void
segment_list_remove(struct segment_list *list, struct segment_entry *entry)
{
	size_t at = (size_t)(entry - list->entries);

	close_entry(list, entry);
	list->count--;
	memmove(entry, entry + 1,
	    (list->count - at) * sizeof(*list->entries));
}

void
segment_list_set_descriptor(struct segment_list *list,
    struct segment_entry *entry, int descriptor)
{
	close_entry(list, entry);
	entry->descriptor = descriptor;
	entry->used = ++list->uses;
	list->opened++;
}

/* All but the last, which is the one being written. */
static void
close_longest_unused(struct segment_list *list)
{
	struct segment_entry *victim = NULL;
	size_t i;

	for (i = 0; i + 1 < list->count; i++) {
		struct segment_entry *entry = &list->entries[i];

		if (entry->descriptor >= 0 &&
		    (victim == NULL || entry->used < victim->used))
			victim = entry;
	}
	if (victim != NULL)
		close_entry(list, victim);
}

int
segment_list_descriptor(struct segment_list *list,
    const struct segment_directory *directory, struct segment_entry *entry)
{
	int descriptor;

	entry->used = ++list->uses;
	if (entry->descriptor >= 0)
		return entry->descriptor;
	if (list->opened >= SEGMENT_OPEN_MAX)
		close_longest_unused(list);
	descriptor = segment_directory_open_file(directory,
	    (struct segment_name){ SEGMENT_LOG, entry->number }, O_RDWR);
	if (descriptor >= 0)
		segment_list_set_descriptor(list, entry, descriptor);
	return descriptor;
}
