/*
 * A hash map from a 64-bit number or a text to a pointer.  Open addressing,
 * grows by doubling, keys of one map are all of one kind.
 */
#ifndef GATEWAY_BASE_MAP_H
#define GATEWAY_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"

struct map;

struct map *map_new(void);
void map_free(struct map *map);	/* values stay the caller's */
size_t map_count(const struct map *map);

void *map_get(const struct map *map, uint64_t key);
/* Replaces; value not NULL.  Gives the old value or NULL. */
void *map_put(struct map *map, uint64_t key, void *value);
/* Gives the value that was there, or NULL. */
void *map_remove(struct map *map, uint64_t key);

/* With texts as keys; the map borrows them, so they live in the value. */
void *map_get_text(const struct map *map, struct text key);
void *map_put_text(struct map *map, struct text key, void *value);
void *map_remove_text(struct map *map, struct text key);

/*
 * Walk: *cursor starts at 0; NULL at the end.  Removing the element just
 * given is allowed, adding is not.
 */
void *map_next(const struct map *map, size_t *cursor);

#endif
