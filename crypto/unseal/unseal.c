/*
 * Tickets: a key from vault and an envelope from portal, in either order.
 * unseal process.
 */
#include "crypto/unseal/unseal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/unseal/unseal_child.h"
#include "gateway/base/clock.h"
#include "gateway/base/list.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

enum unseal_state {
	UNSEAL_ALONE,		/* key or envelope is missing */
	UNSEAL_READY,		/* waits for its turn */
	UNSEAL_OPENING,
};

struct unseal_ticket {
	struct list link;	/* oldest first */
	struct unseal *unseal;
	uint8_t name[FRAME_TICKET_LEN];
	enum unseal_state state;
	int64_t ends_ms;
	bool has_key;
	uint8_t key_share[FRAME_KEY_SHARE_LEN];
	bool has_ask;
	uint64_t serial;	/* of the channel; 0: nobody waits */
	uint64_t id;
	struct text header;
	struct text share;
	struct text parts_path;
	uint64_t payload_size;
	uint32_t part;
	int payload;		/* -1: none */
	struct unseal_child *child;
};

struct unseal {
	struct loop *loop;
	unseal_answer_callback answer;
	void *context;
	struct list tickets;
	size_t ticket_count;
	size_t ask_count;
	size_t child_count;
	struct loop_timer *timer;
	struct unseal_ticket *current;	/* the one that is being forked for */
	struct unseal_counts counts;
};

static void start_ready(struct unseal *unseal);

static struct unseal_ticket *
ticket_of(struct list *link)
{
	return LIST_OWNER(link, struct unseal_ticket, link);
}

static void
ticket_free(struct unseal_ticket *ticket)
{
	struct unseal *unseal = ticket->unseal;

	list_remove(&ticket->link);
	unseal->ticket_count--;
	if (ticket->has_ask)
		unseal->ask_count--;
	if (ticket->child != NULL)
		unseal->child_count--;
	unseal_child_free(ticket->child);
	if (ticket->payload != -1)
		close(ticket->payload);
	free((void *)(uintptr_t)ticket->header.data);
	free((void *)(uintptr_t)ticket->share.data);
	free((void *)(uintptr_t)ticket->parts_path.data);
	memory_wipe(ticket, sizeof(*ticket));
	free(ticket);
}

/* ---- answers ------------------------------------------------------------- */

static void
answer(struct unseal *unseal, uint64_t serial, struct frame_unseal *frame,
    int descriptor)
{
	uint64_t *const counts[] = {
		[FRAME_UNSEAL_OK] = &unseal->counts.opened,
		[FRAME_UNSEAL_DAMAGED] = &unseal->counts.damaged,
		[FRAME_UNSEAL_TRY_LATER] = &unseal->counts.later,
	};

	(*counts[frame->outcome])++;
	if (serial != 0)
		unseal->answer(unseal->context, serial, frame, descriptor);
	else if (descriptor != -1)
		close(descriptor);
}

static void
refuse(struct unseal *unseal, uint64_t serial, uint64_t id)
{
	struct frame_unseal frame = { .id = id,
		.outcome = FRAME_UNSEAL_TRY_LATER };

	answer(unseal, serial, &frame, -1);
}

static void
on_ended(void *context, const struct frame_unseal *result, int descriptor)
{
	struct unseal_ticket *ticket = context;
	struct unseal *unseal = ticket->unseal;
	struct frame_unseal frame = *result;

	frame.id = ticket->id;
	if (frame.outcome == FRAME_UNSEAL_TRY_LATER)
		unseal->counts.killed++;
	answer(unseal, ticket->serial, &frame, descriptor);
	ticket_free(ticket);
	start_ready(unseal);
}

/* ---- opening ------------------------------------------------------------- */

/* In the child: nobody else's key may be in the memory of a parser. */
static void
forget_others(void *context)
{
	struct unseal *unseal = context;
	struct list *link, *after;

	LIST_EACH(&unseal->tickets, link, after)
		if (ticket_of(link) != unseal->current)
			memory_wipe(ticket_of(link)->key_share,
			    FRAME_KEY_SHARE_LEN);
}

static void
start(struct unseal_ticket *ticket)
{
	static const struct unseal_child_events events = {
		.ended = on_ended };
	struct unseal *unseal = ticket->unseal;
	struct unseal_child_order order = {
		.header = ticket->header,
		.share = ticket->share,
		.payload_size = ticket->payload_size,
		.payload = ticket->payload,
		.part = ticket->part,
		.parts_path = ticket->parts_path,
		.forget = forget_others,
		.context = unseal,
	};
	int r;

	memcpy(order.key_share, ticket->key_share, sizeof(order.key_share));
	unseal->current = ticket;
	r = unseal_child_new(unseal->loop, &order, &events, ticket,
	    &ticket->child);
	memory_wipe(&order, sizeof(order));
	/* The child has its own; this one is of no more use. */
	memory_wipe(ticket->key_share, sizeof(ticket->key_share));
	if (r == 0) {
		ticket->state = UNSEAL_OPENING;
		unseal->child_count++;
		return;
	}
	log_event(LOG_ERROR_LEVEL, 0, "unseal_cannot_start",
	    LOG_STRING("reason", error_name(r)));
	refuse(unseal, ticket->serial, ticket->id);
	ticket_free(ticket);
}

static void
start_ready(struct unseal *unseal)
{
	struct list *link, *after;

	LIST_EACH(&unseal->tickets, link, after) {
		if (unseal->child_count >= UNSEAL_CHILDREN_MAX)
			return;
		if (ticket_of(link)->state == UNSEAL_READY)
			start(ticket_of(link));
	}
}

/* ---- time ---------------------------------------------------------------- */

static void
on_timer(void *context)
{
	struct unseal *unseal = context;
	int64_t now_ms = clock_monotonic_ms(), next_ms = 0;
	struct list *link, *after;

	LIST_EACH(&unseal->tickets, link, after) {
		struct unseal_ticket *ticket = ticket_of(link);

		if (ticket->state == UNSEAL_OPENING)
			continue;
		if (ticket->ends_ms > now_ms) {
			next_ms = ticket->ends_ms;
			break;
		}
		if (ticket->has_ask)
			refuse(unseal, ticket->serial, ticket->id);
		ticket_free(ticket);
	}
	if (next_ms != 0)
		loop_timer_set(unseal->timer, next_ms - now_ms);
}

/* ---- tickets ------------------------------------------------------------- */

static struct unseal_ticket *
find(struct unseal *unseal, const uint8_t *name)
{
	struct list *link, *after;

	LIST_EACH(&unseal->tickets, link, after)
		if (memcmp(ticket_of(link)->name, name, FRAME_TICKET_LEN) ==
		    0)
			return ticket_of(link);
	return NULL;
}

static struct unseal_ticket *
add(struct unseal *unseal, const uint8_t *name)
{
	struct unseal_ticket *ticket = memory_new(sizeof(*ticket));

	ticket->unseal = unseal;
	memcpy(ticket->name, name, FRAME_TICKET_LEN);
	ticket->payload = -1;
	ticket->ends_ms = clock_monotonic_ms() + UNSEAL_TICKET_MS;
	list_append(&unseal->tickets, &ticket->link);
	unseal->ticket_count++;
	if (!loop_timer_is_set(unseal->timer))
		loop_timer_set(unseal->timer, UNSEAL_TICKET_MS);
	return ticket;
}

/* Both halves there: in line, or at once. */
static void
match(struct unseal_ticket *ticket)
{
	if (!ticket->has_key || !ticket->has_ask)
		return;
	ticket->state = UNSEAL_READY;
	start_ready(ticket->unseal);
}

void
unseal_key(struct unseal *unseal, const struct frame_unseal_key *key)
{
	struct unseal_ticket *ticket = find(unseal, key->ticket);

	/* A ticket is good for one key; without room the asker waits out. */
	if ((ticket != NULL && ticket->has_key) ||
	    (ticket == NULL && unseal->ticket_count >= UNSEAL_TICKETS_MAX)) {
		log_event(LOG_WARNING_LEVEL, 0, "unseal_key_refused");
		return;
	}
	if (ticket == NULL)
		ticket = add(unseal, key->ticket);
	ticket->has_key = true;
	memcpy(ticket->key_share, key->share, sizeof(ticket->key_share));
	match(ticket);
}

void
unseal_ask(struct unseal *unseal, uint64_t serial,
    const struct frame_unseal_ask *ask, int descriptor)
{
	struct unseal_ticket *ticket = find(unseal, ask->ticket);

	if (descriptor == -1 || unseal->ask_count >= UNSEAL_ASKS_MAX ||
	    (ticket != NULL && ticket->has_ask) ||
	    (ticket == NULL && unseal->ticket_count >= UNSEAL_TICKETS_MAX)) {
		if (descriptor != -1)
			close(descriptor);
		refuse(unseal, serial, ask->id);
		return;
	}
	if (ticket == NULL)
		ticket = add(unseal, ask->ticket);
	ticket->has_ask = true;
	unseal->ask_count++;
	ticket->serial = serial;
	ticket->id = ask->id;
	ticket->header = memory_text(ask->header);
	ticket->share = memory_text(ask->share);
	ticket->parts_path = memory_text(ask->parts_path);
	ticket->payload_size = ask->payload_size;
	ticket->part = ask->part;
	ticket->payload = descriptor;
	match(ticket);
}

void
unseal_forget_channel(struct unseal *unseal, uint64_t serial)
{
	struct list *link, *after;

	LIST_EACH(&unseal->tickets, link, after)
		if (ticket_of(link)->has_ask &&
		    ticket_of(link)->serial == serial)
			ticket_free(ticket_of(link));
	start_ready(unseal);
}

/* ---- life ---------------------------------------------------------------- */

struct unseal *
unseal_new(struct loop *loop, unseal_answer_callback callback, void *context)
{
	struct unseal *unseal = memory_new(sizeof(*unseal));

	unseal->loop = loop;
	unseal->answer = callback;
	unseal->context = context;
	unseal->timer = loop_timer_new(loop, on_timer, unseal);
	list_init(&unseal->tickets);
	return unseal;
}

void
unseal_free(struct unseal *unseal)
{
	struct list *link, *after;

	if (unseal == NULL)
		return;
	LIST_EACH(&unseal->tickets, link, after)
		ticket_free(ticket_of(link));
	loop_timer_free(unseal->timer);
	free(unseal);
}

size_t
unseal_waiting(const struct unseal *unseal)
{
	return unseal->ticket_count;
}

const struct unseal_counts *
unseal_counts(const struct unseal *unseal)
{
	return &unseal->counts;
}
