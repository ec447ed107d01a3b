/*
 * Shared rates: part of the lookup process, no I/O.
 *
 * Tokens are counted in units of 1/PERIOD, so that a refill of limit per
 * hour is limit units per millisecond and nothing is lost by rounding.
 */
#include "gateway/lookup/lookup_rate.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

#define LOOKUP_RATE_LIMIT_MAX (UINT64_MAX / (uint64_t)LOOKUP_RATE_PERIOD_MS)
/* When a held connection may be free again, in milliseconds. */
#define LOOKUP_RATE_HELD_RETRY_MS 1000
/* Old entries that one request looks at when room is needed. */
#define LOOKUP_RATE_SWEEP 64

/* What one holder has of one entry. */
struct lookup_rate_share {
	struct list link;	/* in the entry */
	uint32_t holder;
	uint64_t count;
};

struct lookup_rate_entry {
	struct list link;	/* in the table, least recently used first */
	struct text key;	/* kind byte, then the asker's key; owned */
	uint8_t kind;
	uint64_t limit;		/* of the last request */
	uint64_t units;		/* tokens * period; buckets */
	int64_t at_ms;		/* when units were counted */
	uint64_t held;		/* connections */
	struct list shares;	/* struct lookup_rate_share */
};

struct lookup_rate {
	struct map *entries;
	struct list order;
	size_t entries_max;
};

struct lookup_rate *
lookup_rate_new(size_t entries_max)
{
	struct lookup_rate *rate = memory_new(sizeof(*rate));

	rate->entries = map_new();
	rate->entries_max = entries_max;
	list_init(&rate->order);
	return rate;
}

static void
lookup_rate_entry_free(struct lookup_rate *rate,
	struct lookup_rate_entry *entry)
{
	struct list *link, *after;

	(void)map_remove_text(rate->entries, entry->key);
	list_remove(&entry->link);
	LIST_EACH(&entry->shares, link, after)
		free(LIST_OWNER(link, struct lookup_rate_share, link));
	free((void *)(uintptr_t)entry->key.data);
	free(entry);
}

void
lookup_rate_free(struct lookup_rate *rate)
{
	if (rate == NULL)
		return;
	while (!list_is_empty(&rate->order))
		lookup_rate_entry_free(rate, LIST_OWNER(rate->order.next,
		    struct lookup_rate_entry, link));
	map_free(rate->entries);
	free(rate);
}

size_t
lookup_rate_count(const struct lookup_rate *rate)
{
	return map_count(rate->entries);
}

static uint64_t
lookup_rate_full(uint64_t limit)
{
	return limit * (uint64_t)LOOKUP_RATE_PERIOD_MS;
}

static void
lookup_rate_refill(struct lookup_rate_entry *entry, int64_t now_ms)
{
	uint64_t full = lookup_rate_full(entry->limit);
	uint64_t elapsed = now_ms > entry->at_ms ?
	    (uint64_t)(now_ms - entry->at_ms) : 0;

	entry->at_ms = now_ms;
	if (entry->units >= full || elapsed >=
	    (full - entry->units) / entry->limit + 1)
		entry->units = full;
	else
		entry->units += elapsed * entry->limit;
	if (entry->units > full)
		entry->units = full;
}

/* Whether forgetting it changes no answer. */
static bool
lookup_rate_entry_is_void(struct lookup_rate_entry *entry, int64_t now_ms)
{
	if (entry->kind == FRAME_RATE_CONNECTIONS)
		return entry->held == 0;
	lookup_rate_refill(entry, now_ms);
	return entry->units == lookup_rate_full(entry->limit);
}

/* Buckets refill in the order of their last use, near enough. */
static bool
lookup_rate_make_room(struct lookup_rate *rate, int64_t now_ms)
{
	struct list *link, *after;
	struct lookup_rate_entry *entry;
	unsigned int looked = 0;

	if (map_count(rate->entries) < rate->entries_max)
		return true;
	LIST_EACH(&rate->order, link, after) {
		entry = LIST_OWNER(link, struct lookup_rate_entry, link);
		if (lookup_rate_entry_is_void(entry, now_ms)) {
			lookup_rate_entry_free(rate, entry);
			return true;
		}
		if (++looked == LOOKUP_RATE_SWEEP)
			break;
	}
	return false;
}

static void
lookup_rate_key(const struct frame_rate_ask *ask, struct buffer *out)
{
	require(buffer_add_byte(out, (char)ask->kind) == 0);
	require(buffer_add_text(out, ask->key) == 0);
}

static struct lookup_rate_entry *
lookup_rate_find(struct lookup_rate *rate, const struct frame_rate_ask *ask)
{
	struct lookup_rate_entry *entry;
	struct buffer key;

	buffer_init(&key, ask->key.len + 1);
	lookup_rate_key(ask, &key);
	entry = map_get_text(rate->entries, buffer_text(&key));
	buffer_clear(&key);
	if (entry != NULL) {
		list_remove(&entry->link);
		list_append(&rate->order, &entry->link);
	}
	return entry;
}

static struct lookup_rate_entry *
lookup_rate_add(struct lookup_rate *rate, const struct frame_rate_ask *ask,
	uint64_t limit, int64_t now_ms)
{
	struct lookup_rate_entry *entry;
	struct buffer key;

	if (!lookup_rate_make_room(rate, now_ms))
		return NULL;
	entry = memory_new(sizeof(*entry));
	buffer_init(&key, ask->key.len + 1);
	lookup_rate_key(ask, &key);
	entry->key = memory_text(buffer_text(&key));
	buffer_clear(&key);
	entry->kind = ask->kind;
	entry->limit = limit;
	entry->units = lookup_rate_full(limit);
	entry->at_ms = now_ms;
	list_init(&entry->shares);
	list_append(&rate->order, &entry->link);
	(void)map_put_text(rate->entries, entry->key, entry);
	return entry;
}

static struct lookup_rate_share *
lookup_rate_share_find(struct lookup_rate_entry *entry, uint32_t holder)
{
	struct list *link, *after;
	struct lookup_rate_share *share;

	LIST_EACH(&entry->shares, link, after) {
		share = LIST_OWNER(link, struct lookup_rate_share, link);
		if (share->holder == holder)
			return share;
	}
	return NULL;
}

static void
lookup_rate_share_lower(struct lookup_rate_entry *entry,
	struct lookup_rate_share *share, uint64_t count)
{
	if (count > share->count)
		count = share->count;
	share->count -= count;
	entry->held -= count;
	if (share->count == 0) {
		list_remove(&share->link);
		free(share);
	}
}

static uint32_t
lookup_rate_hold(struct lookup_rate_entry *entry, uint32_t wanted,
	uint32_t holder, uint64_t *retry_after_ms)
{
	struct lookup_rate_share *share;
	uint64_t left = entry->held < entry->limit ?
	    entry->limit - entry->held : 0;
	uint32_t granted = left < wanted ? (uint32_t)left : wanted;

	if (granted == 0) {
		*retry_after_ms = LOOKUP_RATE_HELD_RETRY_MS;
		return 0;
	}
	share = lookup_rate_share_find(entry, holder);
	if (share == NULL) {
		share = memory_new(sizeof(*share));
		share->holder = holder;
		list_append(&entry->shares, &share->link);
	}
	share->count += granted;
	entry->held += granted;
	return granted;
}

static uint32_t
lookup_rate_spend(struct lookup_rate_entry *entry, uint32_t wanted,
	int64_t now_ms, uint64_t *retry_after_ms)
{
	uint64_t period = (uint64_t)LOOKUP_RATE_PERIOD_MS, tokens;
	uint32_t granted;

	lookup_rate_refill(entry, now_ms);
	tokens = entry->units / period;
	granted = tokens < wanted ? (uint32_t)tokens : wanted;
	if (granted == 0)
		*retry_after_ms = (period - entry->units) / entry->limit + 1;
	entry->units -= granted * period;
	return granted;
}

uint32_t
lookup_rate_take(struct lookup_rate *rate, const struct frame_rate_ask *ask,
	uint32_t holder, int64_t now_ms, uint64_t *retry_after_ms)
{
	struct lookup_rate_entry *entry;
	uint64_t limit = ask->limit;

	*retry_after_ms = 0;
	if (limit == 0 || ask->count == 0)
		return ask->count;
	if (limit > LOOKUP_RATE_LIMIT_MAX)
		limit = LOOKUP_RATE_LIMIT_MAX;
	entry = lookup_rate_find(rate, ask);
	if (entry == NULL)
		entry = lookup_rate_add(rate, ask, limit, now_ms);
	if (entry == NULL) {
		*retry_after_ms = LOOKUP_RATE_HELD_RETRY_MS;
		return 0;
	}
	entry->limit = limit;
	return ask->kind == FRAME_RATE_CONNECTIONS ?
	    lookup_rate_hold(entry, ask->count, holder, retry_after_ms) :
	    lookup_rate_spend(entry, ask->count, now_ms, retry_after_ms);
}

void
lookup_rate_return(struct lookup_rate *rate,
	const struct frame_rate_ask *ask, uint32_t holder, int64_t now_ms)
{
	struct lookup_rate_entry *entry = lookup_rate_find(rate, ask);
	struct lookup_rate_share *share;
	uint64_t units, full;

	if (entry == NULL)
		return;
	if (ask->kind == FRAME_RATE_CONNECTIONS) {
		share = lookup_rate_share_find(entry, holder);
		if (share != NULL)
			lookup_rate_share_lower(entry, share, ask->count);
		if (entry->held == 0)
			lookup_rate_entry_free(rate, entry);
		return;
	}
	lookup_rate_refill(entry, now_ms);
	full = lookup_rate_full(entry->limit);
	units = (uint64_t)ask->count * (uint64_t)LOOKUP_RATE_PERIOD_MS;
	entry->units = units < full - entry->units ? entry->units + units :
	    full;
}

void
lookup_rate_forget(struct lookup_rate *rate, uint32_t holder)
{
	struct list *link, *after;
	struct lookup_rate_entry *entry;
	struct lookup_rate_share *share;

	LIST_EACH(&rate->order, link, after) {
		entry = LIST_OWNER(link, struct lookup_rate_entry, link);
		share = lookup_rate_share_find(entry, holder);
		if (share == NULL)
			continue;
		lookup_rate_share_lower(entry, share, share->count);
		if (entry->held == 0)
			lookup_rate_entry_free(rate, entry);
	}
}
