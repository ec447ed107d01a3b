/*
 * Hash maps: linear probing over a power of two of slots.  What is removed
 * leaves a mark where a later slot may depend on it, so that nothing moves
 * under a walk.
 */
#include "gateway/base/map.h"

#include <stdlib.h>

#include "gateway/base/memory.h"

#define SLOTS_LEAST 16

struct slot {
	uint64_t key;	/* the number, or the hash of the text */
	void *value;	/* NULL: never used */
};

struct map {
	struct slot *slots;
	struct text *texts;	/* beside the slots; NULL for numbers */
	size_t size;
	size_t count;
	size_t marks;
	uint64_t seed;
};

static char removed_mark;
#define REMOVED ((void *)&removed_mark)

struct map *
map_new(void)
{
	struct map *map = memory_new(sizeof(*map));

	map->seed = text_hash(TEXT_EMPTY);
	return map;
}

static void
drop_slots(struct map *map)
{
	free(map->slots);
	free(map->texts);
	map->slots = NULL;
	map->texts = NULL;
	map->size = map->count = map->marks = 0;
}

void
map_free(struct map *map)
{
	if (map == NULL)
		return;
	drop_slots(map);
	free(map);
}

size_t
map_count(const struct map *map)
{
	return map->count;
}

static size_t
place_of(const struct map *map, uint64_t key)
{
	key ^= map->seed;
	key = (key ^ key >> 32) * UINT64_C(0xd6e8feb86659fd93);
	key = (key ^ key >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(key ^ key >> 32) & (map->size - 1);
}

static bool
slot_holds(const struct map *map, size_t at, uint64_t key,
	const struct text *name)
{
	if (map->slots[at].value == REMOVED || map->slots[at].key != key)
		return false;
	return name == NULL || text_equal(map->texts[at], *name);
}

/* The slot of the key, or map->size. */
static size_t
find(const struct map *map, uint64_t key, const struct text *name)
{
	size_t at;

	if (map->count == 0)
		return map->size;
	require((name != NULL) == (map->texts != NULL));
	for (at = place_of(map, key); map->slots[at].value != NULL;
	    at = (at + 1) & (map->size - 1))
		if (slot_holds(map, at, key, name))
			return at;
	return map->size;
}

static size_t
find_free(const struct map *map, uint64_t key)
{
	size_t at = place_of(map, key);

	while (map->slots[at].value != NULL &&
	    map->slots[at].value != REMOVED)
		at = (at + 1) & (map->size - 1);
	return at;
}

/* Room for one more, the marks gone; at most half full afterwards. */
static void
rebuild(struct map *map, bool texts)
{
	struct map old = *map;
	size_t size = SLOTS_LEAST;
	size_t i;
	size_t at;

	while (size < (old.count + 1) * 2)
		size *= 2;
	map->size = size;
	map->marks = 0;
	map->slots = memory_array(size, sizeof(*map->slots));
	map->texts = texts ? memory_array(size, sizeof(*map->texts)) : NULL;
	for (i = 0; i < old.size; i++) {
		if (old.slots[i].value == NULL ||
		    old.slots[i].value == REMOVED)
			continue;
		at = find_free(map, old.slots[i].key);
		map->slots[at] = old.slots[i];
		if (texts)
			map->texts[at] = old.texts[i];
	}
	free(old.slots);
	free(old.texts);
}

static void *
put(struct map *map, uint64_t key, const struct text *name, void *value)
{
	size_t at = find(map, key, name);
	void *old;

	require(value != NULL);
	if (at < map->size) {
		old = map->slots[at].value;
		map->slots[at].value = value;
		/* The old key may have lived in the old value. */
		if (name != NULL)
			map->texts[at] = *name;
		return old;
	}
	if ((map->count + map->marks + 1) * 4 > map->size * 3 ||
	    (map->count == 0 && (name != NULL) != (map->texts != NULL)))
		rebuild(map, name != NULL);
	at = find_free(map, key);
	if (map->slots[at].value == REMOVED)
		map->marks--;
	map->slots[at] = (struct slot){ key, value };
	if (name != NULL)
		map->texts[at] = *name;
	map->count++;
	return NULL;
}

/* No mark is needed where the run of slots ends. */
static void
clear_marks_before(struct map *map, size_t at)
{
	size_t mask = map->size - 1;

	if (map->slots[(at + 1) & mask].value != NULL)
		return;
	while (map->slots[at].value == REMOVED) {
		map->slots[at].value = NULL;
		map->marks--;
		at = (at - 1) & mask;
	}
}

static void *
take(struct map *map, uint64_t key, const struct text *name)
{
	size_t at = find(map, key, name);
	void *old;

	if (at == map->size)
		return NULL;
	old = map->slots[at].value;
	map->slots[at].value = REMOVED;
	map->marks++;
	map->count--;
	clear_marks_before(map, at);
	if (map->count == 0 && map->size > SLOTS_LEAST * 4)
		drop_slots(map);
	return old;
}

void *
map_get(const struct map *map, uint64_t key)
{
	size_t at = find(map, key, NULL);

	return at < map->size ? map->slots[at].value : NULL;
}

void *
map_put(struct map *map, uint64_t key, void *value)
{
	return put(map, key, NULL, value);
}

void *
map_remove(struct map *map, uint64_t key)
{
	return take(map, key, NULL);
}

void *
map_get_text(const struct map *map, struct text key)
{
	size_t at = find(map, text_hash(key), &key);

	return at < map->size ? map->slots[at].value : NULL;
}

void *
map_put_text(struct map *map, struct text key, void *value)
{
	return put(map, text_hash(key), &key, value);
}

void *
map_remove_text(struct map *map, struct text key)
{
	return take(map, text_hash(key), &key);
}

void *
map_next(const struct map *map, size_t *cursor)
{
	void *value;

	while (*cursor < map->size) {
		value = map->slots[(*cursor)++].value;
		if (value != NULL && value != REMOVED)
			return value;
	}
	return NULL;
}
