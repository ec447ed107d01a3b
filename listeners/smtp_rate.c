/*
 * Leased rates.  For connections an entry knows how many slots lookup has
 * granted and how many are used; for rates per hour, how many tokens are
 * left.  smtp process.
 */
#include "listeners/smtp_rate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"

#define SMTP_RATE_ARENA_MAX 4096
#define SMTP_RATE_PORTION_MAX 64
#define SMTP_RATE_PORTIONS 16		/* of a limit, at least */
#define SMTP_RATE_SWEEP_MS 10000
#define SMTP_RATE_IDLE_MS 60000		/* unused tokens go back then */
#define SMTP_RATE_REFUSED_MAX_MS 60000
#define SMTP_RATE_WINDOW_MS 3600000

struct smtp_rate_entry {
	enum frame_rate_kind kind;
	char *key;		/* the map borrows it */
	uint64_t limit;
	uint64_t leased;	/* slots granted, or tokens left */
	uint64_t used;		/* connections open */
	uint64_t asked_id;	/* 0: nothing is under way */
	struct map *waits;	/* sessions; made when first needed */
	int64_t touched_ms;
	int64_t refused_until_ms;
	/* While lookup is away. */
	int64_t window_start_ms;
	uint64_t window_used;
};

struct smtp_rate {
	struct loop *loop;
	const struct ipc_identity *self;
	struct ipc *ipc;	/* NULL while lookup is away */
	struct arena *arena;
	struct loop_timer *sweep;
	struct map *entries[FRAME_RATE_INVALID + 1];	/* by key */
	struct map *asked;	/* entries by id of the question */
	uint64_t last_id;
	uint32_t processes;
};

static void on_frame(void *context, uint16_t type, struct text payload,
    int descriptor);
static void on_ended(void *context, int error);
static void on_sweep(void *context);

static const struct ipc_events events = {
	.frame = on_frame,
	.ended = on_ended,
};

struct smtp_rate *
smtp_rate_new(struct loop *loop, const struct ipc_identity *self)
{
	struct smtp_rate *rate = memory_new(sizeof(*rate));
	size_t i;

	rate->loop = loop;
	rate->self = self;
	rate->processes = 1;
	rate->arena = arena_new(SMTP_RATE_ARENA_MAX);
	rate->asked = map_new();
	rate->sweep = loop_timer_new(loop, on_sweep, rate);
	for (i = 0; i <= FRAME_RATE_INVALID; i++)
		rate->entries[i] = map_new();
	return rate;
}

void
smtp_rate_set_processes(struct smtp_rate *rate, uint32_t processes)
{
	rate->processes = processes > 0 ? processes : 1;
}

static bool
entry_is_held(const struct smtp_rate_entry *entry)
{
	return entry->kind == FRAME_RATE_CONNECTIONS;
}

static void
entry_free(struct smtp_rate *rate, struct smtp_rate_entry *entry)
{
	if (entry->asked_id != 0)
		(void)map_remove(rate->asked, entry->asked_id);
	map_free(entry->waits);
	free(entry->key);
	free(entry);
}

void
smtp_rate_free(struct smtp_rate *rate)
{
	struct smtp_rate_entry *entry;
	size_t i, cursor;

	if (rate == NULL)
		return;
	ipc_free(rate->ipc);
	for (i = 0; i <= FRAME_RATE_INVALID; i++) {
		cursor = 0;
		while ((entry = map_next(rate->entries[i], &cursor)) != NULL)
			entry_free(rate, entry);
		map_free(rate->entries[i]);
	}
	map_free(rate->asked);
	loop_timer_free(rate->sweep);
	arena_free(rate->arena);
	free(rate);
}

/* ---- talking to lookup ---- */

/* What is asked for at once: a small part of the limit. */
static uint64_t
entry_portion(const struct smtp_rate_entry *entry)
{
	uint64_t portion = entry->limit / SMTP_RATE_PORTIONS;

	if (portion > SMTP_RATE_PORTION_MAX)
		return SMTP_RATE_PORTION_MAX;
	return portion > 0 ? portion : 1;
}

static void
send_rate(struct smtp_rate *rate, enum frame_type type,
    const struct smtp_rate_entry *entry, uint64_t count)
{
	struct frame_rate_ask ask = {
		.id = type == FRAME_RATE_ASK ? entry->asked_id : 0,
		.kind = (uint8_t)entry->kind,
		.key = text_from(entry->key),
		.limit = entry->limit,
		.count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count,
	};

	if (rate->ipc != NULL && count > 0)
		frame_send(rate->ipc, type, &ask, -1);
}

static void
entry_ask(struct smtp_rate *rate, struct smtp_rate_entry *entry)
{
	uint64_t wanted = entry_portion(entry);

	if (entry->asked_id != 0)
		return;
	/* A restarted lookup knows nothing of what is held already. */
	if (entry_is_held(entry) && entry->used > entry->leased)
		wanted += entry->used - entry->leased;
	entry->asked_id = ++rate->last_id;
	require(map_put(rate->asked, entry->asked_id, entry) == NULL);
	send_rate(rate, FRAME_RATE_ASK, entry, wanted);
}

static void
entry_wait(struct smtp_rate *rate, struct smtp_rate_entry *entry,
    struct smtp_wait *wait)
{
	if (entry->waits == NULL)
		entry->waits = map_new();
	smtp_wait_begin(wait, entry->waits, ++rate->last_id);
	entry_ask(rate, entry);
}

static void
entry_end_waits(struct smtp_rate_entry *entry, int error)
{
	if (entry->waits != NULL)
		smtp_wait_end_all(&entry->waits, error, NULL);
}

static void
entry_answer(struct smtp_rate *rate, const struct frame_rate *answer)
{
	struct smtp_rate_entry *entry = map_remove(rate->asked, answer->id);
	uint64_t pause = answer->retry_after_ms;

	if (entry == NULL)
		return;
	entry->asked_id = 0;
	entry->leased += answer->granted;
	if (answer->granted > 0) {
		entry_end_waits(entry, 0);
		return;
	}
	/* Slots come back at any moment, tokens do not. */
	if (pause > SMTP_RATE_REFUSED_MAX_MS)
		pause = SMTP_RATE_REFUSED_MAX_MS;
	if (!entry_is_held(entry))
		entry->refused_until_ms = clock_monotonic_ms() +
		    (int64_t)pause;
	entry_end_waits(entry, ERROR_REFUSED);
}

/* ---- counting ---- */

static struct smtp_rate_entry *
entry_find(struct smtp_rate *rate, enum frame_rate_kind kind,
    struct text key, uint64_t limit)
{
	struct smtp_rate_entry *entry =
	    map_get_text(rate->entries[kind], key);

	if (entry == NULL &&
	    map_count(rate->entries[kind]) < SMTP_RATE_ENTRIES_MAX) {
		entry = memory_new(sizeof(*entry));
		entry->kind = kind;
		entry->key = memory_string(key);
		map_put_text(rate->entries[kind], text_from(entry->key),
		    entry);
		if (!loop_timer_is_set(rate->sweep))
			loop_timer_set(rate->sweep, SMTP_RATE_SWEEP_MS);
	}
	if (entry != NULL) {
		entry->limit = limit;
		entry->touched_ms = clock_monotonic_ms();
	}
	return entry;
}

/* From what was leased before. */
static bool
entry_take(struct smtp_rate_entry *entry)
{
	if (entry_is_held(entry)) {
		if (entry->used >= entry->leased)
			return false;
		entry->used++;
		return true;
	}
	if (entry->leased == 0)
		return false;
	entry->leased--;
	return true;
}

/* Without lookup: our part of the limit. */
static int
entry_take_alone(const struct smtp_rate *rate, struct smtp_rate_entry *entry)
{
	uint64_t part = entry->limit / rate->processes;
	int64_t now = entry->touched_ms;

	if (part == 0)
		part = 1;
	if (entry_is_held(entry)) {
		if (entry->used >= part)
			return ERROR_REFUSED;
		entry->used++;
		return 0;
	}
	if (entry->window_start_ms == 0 ||
	    now - entry->window_start_ms >= SMTP_RATE_WINDOW_MS) {
		entry->window_start_ms = now;
		entry->window_used = 0;
	}
	if (entry->window_used >= part)
		return ERROR_REFUSED;
	entry->window_used++;
	return 0;
}

int
smtp_rate_take(struct smtp_rate *rate, enum frame_rate_kind kind,
    struct text key, uint64_t limit, struct smtp_wait *wait)
{
	struct smtp_rate_entry *entry;

	if (limit == 0)
		return 0;
	entry = entry_find(rate, kind, key, limit);
	if (entry == NULL || entry_take(entry))
		return 0;
	if (entry->touched_ms < entry->refused_until_ms)
		return ERROR_REFUSED;
	if (rate->ipc == NULL || wait == NULL)
		return entry_take_alone(rate, entry);
	entry_wait(rate, entry, wait);
	return ERROR_AGAIN;
}

void
smtp_rate_give_back(struct smtp_rate *rate, struct text key, uint64_t limit)
{
	struct smtp_rate_entry *entry =
	    map_get_text(rate->entries[FRAME_RATE_CONNECTIONS], key);
	uint64_t keep, spare;

	if (limit == 0 || entry == NULL || entry->used == 0)
		return;
	entry->used--;
	entry->touched_ms = clock_monotonic_ms();
	/* A few slots stay for the next connections. */
	keep = entry->limit / SMTP_RATE_PORTIONS;
	if (keep > SMTP_RATE_PORTION_MAX)
		keep = SMTP_RATE_PORTION_MAX;
	if (entry->leased <= entry->used + keep)
		return;
	spare = entry->leased - entry->used - keep;
	entry->leased -= spare;
	send_rate(rate, FRAME_RATE_RETURN, entry, spare);
}

/* ---- idle entries ---- */

static bool
entry_is_idle(const struct smtp_rate_entry *entry, int64_t now)
{
	int64_t idle = entry_is_held(entry) ? SMTP_RATE_SWEEP_MS :
	    SMTP_RATE_IDLE_MS;

	return entry->used == 0 && entry->asked_id == 0 &&
	    (entry->waits == NULL || map_count(entry->waits) == 0) &&
	    now - entry->touched_ms >= idle &&
	    now >= entry->refused_until_ms &&
	    (entry->window_used == 0 ||
	    now - entry->window_start_ms >= SMTP_RATE_WINDOW_MS);
}

static void
on_sweep(void *context)
{
	struct smtp_rate *rate = context;
	struct smtp_rate_entry *entry;
	int64_t now = clock_monotonic_ms();
	size_t i, cursor, left = 0;

	for (i = 0; i <= FRAME_RATE_INVALID; i++) {
		cursor = 0;
		while ((entry = map_next(rate->entries[i], &cursor)) != NULL) {
			if (!entry_is_idle(entry, now))
				continue;
			send_rate(rate, FRAME_RATE_RETURN, entry,
			    entry->leased);
			(void)map_remove_text(rate->entries[i],
			    text_from(entry->key));
			entry_free(rate, entry);
		}
		left += map_count(rate->entries[i]);
	}
	if (left > 0)
		loop_timer_set(rate->sweep, SMTP_RATE_SWEEP_MS);
}

/* ---- the channel ---- */

/* What lookup had granted is void; those who wait are counted here. */
static void
drop_channel(struct smtp_rate *rate)
{
	struct smtp_rate_entry *entry;
	size_t i, cursor;

	ipc_free(rate->ipc);
	rate->ipc = NULL;
	for (i = 0; i <= FRAME_RATE_INVALID; i++) {
		cursor = 0;
		while ((entry = map_next(rate->entries[i], &cursor)) != NULL) {
			entry->leased = 0;
			entry->refused_until_ms = 0;
		}
	}
	cursor = 0;
	while (map_count(rate->asked) > 0) {
		entry = map_next(rate->asked, &cursor);
		if (entry == NULL) {
			cursor = 0;
			continue;
		}
		(void)map_remove(rate->asked, entry->asked_id);
		entry->asked_id = 0;
		entry_end_waits(entry, 0);
	}
}

static void
on_ended(void *context, int error)
{
	struct smtp_rate *rate = context;

	log_event(LOG_WARNING_LEVEL, 0, "lookup_channel_lost",
	    LOG_STRING("reason", error_name(error)));
	drop_channel(rate);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct smtp_rate *rate = context;
	struct frame_rate answer;
	int error = ERROR_MALFORMED;

	if (descriptor != -1) {
		(void)close(descriptor);
	} else if (type == FRAME_RATE) {
		arena_reset(rate->arena);
		error = frame_decode(PROCESS_LOOKUP, PROCESS_SMTP, type,
		    payload, rate->arena, &answer);
	}
	if (error == 0) {
		entry_answer(rate, &answer);
		return;
	}
	log_event(LOG_ERROR_LEVEL, 0, "lookup_frame_refused",
	    LOG_NUMBER("type", type), LOG_STRING("reason", error_name(error)));
	drop_channel(rate);
}

void
smtp_rate_connect(struct smtp_rate *rate, int descriptor)
{
	if (rate->ipc != NULL)
		drop_channel(rate);
	rate->ipc = ipc_new(rate->loop, descriptor, rate->self, &events, rate);
}
