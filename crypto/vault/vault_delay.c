/*
 * Answers that wait for their tick.  vault process.
 */
#include "crypto/vault/vault_delay.h"

#include <stdlib.h>

#include "crypto/vault/vault.h"
#include "crypto/vault/vault_channel.h"
#include "gateway/base/clock.h"
#include "gateway/base/list.h"
#include "gateway/base/memory.h"

/* The work must fit between question and tick, whenever it began. */
#define LEAST_MS 50
#define WAITING_MAX 10000

struct vault_delayed {
	struct list link;	/* by time, for all wait alike */
	uint64_t serial;
	int64_t due_ms;
	struct frame_vault_code answer;
};

struct vault_delay {
	struct vault *vault;
	struct list waiting;
	size_t count;
	struct loop_timer *timer;
};

static struct vault_delayed *
first(struct vault_delay *delay)
{
	return LIST_OWNER(delay->waiting.next, struct vault_delayed, link);
}

static void
send_first(struct vault_delay *delay)
{
	struct vault_delayed *one = first(delay);

	vault_channel_send(delay->vault, one->serial, FRAME_VAULT_CODE,
	    &one->answer);
	list_remove(&one->link);
	delay->count--;
	free(one);
}

static void
on_tick(void *context)
{
	struct vault_delay *delay = context;
	int64_t now_ms = clock_monotonic_ms();

	while (delay->count > 0 && first(delay)->due_ms <= now_ms)
		send_first(delay);
	if (delay->count > 0)
		loop_timer_set(delay->timer, first(delay)->due_ms - now_ms);
}

struct vault_delay *
vault_delay_new(struct vault *vault)
{
	struct vault_delay *delay = memory_new(sizeof(*delay));

	delay->vault = vault;
	delay->timer = loop_timer_new(vault->loop, on_tick, delay);
	list_init(&delay->waiting);
	return delay;
}

void
vault_delay_free(struct vault_delay *delay)
{
	struct list *link, *after;

	if (delay == NULL)
		return;
	LIST_EACH(&delay->waiting, link, after)
		free(LIST_OWNER(link, struct vault_delayed, link));
	loop_timer_free(delay->timer);
	free(delay);
}

void
vault_delay_add(struct vault_delay *delay, uint64_t serial,
    int64_t arrived_ms, const struct frame_vault_code *answer)
{
	struct vault_delayed *one = memory_new(sizeof(*one));
	int64_t tick = (arrived_ms + LEAST_MS) / VAULT_DELAY_TICK_MS + 1;
	int64_t wait_ms;

	/* Under such a flood time tells nothing any more. */
	if (delay->count >= WAITING_MAX)
		send_first(delay);
	one->serial = serial;
	one->due_ms = tick * VAULT_DELAY_TICK_MS;
	one->answer = *answer;
	list_append(&delay->waiting, &one->link);
	delay->count++;
	if (loop_timer_is_set(delay->timer))
		return;
	wait_ms = first(delay)->due_ms - clock_monotonic_ms();
	loop_timer_set(delay->timer, wait_ms > 0 ? wait_ms : 0);
}

size_t
vault_delay_count(const struct vault_delay *delay)
{
	return delay->count;
}
