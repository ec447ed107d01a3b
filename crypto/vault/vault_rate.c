/*
 * Pauses and counts.  vault process.
 */
#include "crypto/vault/vault_rate.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

struct vault_rate_entry {
	struct list link;		/* the one just asked for last */
	char key[DIGEST_SIZE];
	uint32_t count;
	int64_t asked_ms;		/* the last that was let through */
	int64_t began_ms;		/* of the window */
	int64_t next_ms;		/* not before */
};

struct vault_rate {
	struct map *entries;
	struct list order;
	struct digest *digest;
	size_t max;
};

struct vault_rate *
vault_rate_new(size_t entries_max)
{
	struct vault_rate *rate = memory_new(sizeof(*rate));

	rate->entries = map_new();
	rate->digest = digest_new();
	rate->max = entries_max;
	list_init(&rate->order);
	return rate;
}

static void
entry_free(struct vault_rate *rate, struct vault_rate_entry *entry)
{
	list_remove(&entry->link);
	(void)map_remove_text(rate->entries,
	    text_of(entry->key, sizeof(entry->key)));
	free(entry);
}

void
vault_rate_free(struct vault_rate *rate)
{
	struct list *link, *after;

	if (rate == NULL)
		return;
	LIST_EACH(&rate->order, link, after)
		entry_free(rate, LIST_OWNER(link, struct vault_rate_entry,
		    link));
	map_free(rate->entries);
	digest_free(rate->digest);
	free(rate);
}

/* Keys are hashed: all entries are of one size, whatever is asked for. */
static struct vault_rate_entry *
entry_of(struct vault_rate *rate, struct text key)
{
	struct vault_rate_entry *entry;
	uint8_t hash[DIGEST_SIZE];

	digest_add(rate->digest, key);
	digest_finish(rate->digest, hash);
	entry = map_get_text(rate->entries, text_of(hash, sizeof(hash)));
	if (entry != NULL) {
		list_remove(&entry->link);
		list_append(&rate->order, &entry->link);
		return entry;
	}
	if (map_count(rate->entries) >= rate->max)
		entry_free(rate, LIST_OWNER(rate->order.next,
		    struct vault_rate_entry, link));
	entry = memory_new(sizeof(*entry));
	memcpy(entry->key, hash, sizeof(hash));
	(void)map_put_text(rate->entries,
	    text_of(entry->key, sizeof(entry->key)), entry);
	list_append(&rate->order, &entry->link);
	return entry;
}

int64_t
vault_rate_pause(struct vault_rate *rate, struct text key, int64_t now_ms,
    bool *is_first)
{
	struct vault_rate_entry *entry = entry_of(rate, key);
	int64_t pause = VAULT_PAUSE_FIRST_MS;

	if (entry->count > 0 &&
	    now_ms - entry->asked_ms >= VAULT_RATE_WINDOW_MS)
		entry->count = 0;
	*is_first = entry->count == 0;
	if (entry->count > 0 && now_ms < entry->next_ms)
		return entry->next_ms - now_ms;
	for (uint32_t i = 0; i < entry->count && pause < VAULT_PAUSE_MOST_MS;
	    i++)
		pause *= 2;
	if (pause > VAULT_PAUSE_MOST_MS)
		pause = VAULT_PAUSE_MOST_MS;
	entry->count++;
	entry->asked_ms = now_ms;
	entry->next_ms = now_ms + pause;
	return 0;
}

int64_t
vault_rate_count(struct vault_rate *rate, struct text key, uint32_t limit,
    int64_t now_ms)
{
	struct vault_rate_entry *entry = entry_of(rate, key);

	if (entry->count == 0 ||
	    now_ms - entry->began_ms >= VAULT_RATE_WINDOW_MS) {
		entry->count = 0;
		entry->began_ms = now_ms;
	}
	if (entry->count >= limit)
		return entry->began_ms + VAULT_RATE_WINDOW_MS - now_ms;
	entry->count++;
	entry->asked_ms = now_ms;
	return 0;
}

size_t
vault_rate_entries(const struct vault_rate *rate)
{
	return map_count(rate->entries);
}
