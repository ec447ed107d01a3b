/*
 * Boundaries by a hash of theirs.  Of a line the hash of every beginning is
 * looked up: one multiplication a byte.
 */
#include "gateway/mail/mime_boundary_private.h"

#include <stdbool.h>

#define HASHED_MAX 255		/* bytes */
#define FACTOR 0x9e3779b97f4a7c15u

/* Seeded, so that nobody can choose boundaries that fall together. */
static uint64_t
seed(void)
{
	static uint64_t value;

	if (value == 0)
		value = text_hash(TEXT("boundary")) | 1;
	return value;
}

static uint64_t
step(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * FACTOR;
}

static size_t
bucket(uint64_t hash)
{
	return (size_t)(hash >> 56);
}

_Static_assert(MIME_BOUNDARY_BUCKETS == 256, "the upper byte of a hash");

static void
turn(struct mime_boundaries *all, struct text boundary, size_t level,
	bool on)
{
	uint64_t hash = seed();
	uint64_t *set = &all->longs;

	for (size_t i = 0; i < boundary.len && i < HASHED_MAX; i++)
		hash = step(hash, boundary.data[i]);
	if (boundary.len <= HASHED_MAX)
		set = &all->buckets[bucket(hash)];
	if (on)
		*set |= UINT64_C(1) << level;
	else
		*set &= ~(UINT64_C(1) << level);
}

/* Transport may take white space at the end away. */
static struct text
without_blank_end(struct text t)
{
	while (t.len > 0 && (t.data[t.len - 1] == ' ' ||
	    t.data[t.len - 1] == '\t'))
		t.len--;
	return t;
}

void
mime_boundaries_add(struct mime_boundaries *all, struct text boundary,
	size_t level)
{
	turn(all, boundary, level, true);
	turn(all, without_blank_end(boundary), level, true);
}

void
mime_boundaries_remove(struct mime_boundaries *all, struct text boundary,
	size_t level)
{
	turn(all, boundary, level, false);
	turn(all, without_blank_end(boundary), level, false);
}

uint64_t
mime_boundaries_find(const struct mime_boundaries *all, struct text t)
{
	uint64_t hash = seed();
	uint64_t found = t.len > 0 ? all->longs : 0;

	for (size_t i = 0; i < t.len && i < HASHED_MAX; i++) {
		hash = step(hash, t.data[i]);
		found |= all->buckets[bucket(hash)];
	}
	return found;
}
