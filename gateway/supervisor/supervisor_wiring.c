/*
 * Channels between children, by the table of edges, and whom a crash is
 * charged to.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "gateway/supervisor/supervisor_private.h"

static uint32_t
count_of(struct supervisor *supervisor, enum process_kind kind)
{
	struct list *link, *after;
	uint32_t count = 0;

	LIST_EACH(&supervisor->children, link, after)
		count += LIST_OWNER(link, struct child, link)->kind == kind;
	return count;
}

static void
connect_pair(const struct process_edge *edge, struct child *a,
    struct child *b)
{
	struct frame_channel to_a = { .kind = b->kind, .number = b->number };
	struct frame_channel to_b = { .kind = a->kind, .number = a->number };
	int type = edge->packets ? SOCK_SEQPACKET : SOCK_STREAM;
	int pair[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0)
		fatal_errno("cannot make a channel");
	frame_send(a->ipc, FRAME_CHANNEL, &to_a, pair[0]);
	frame_send(b->ipc, FRAME_CHANNEL, &to_b, pair[1]);
}

/* Whether this edge joins these two (a of kind edge->a). */
static bool
edge_joins(struct supervisor *supervisor, const struct process_edge *edge,
    const struct child *a, const struct child *b)
{
	uint32_t count;

	if (a->kind != edge->a || b->kind != edge->b)
		return false;
	if (!edge->same_number)
		return true;
	count = count_of(supervisor, edge->b);
	return count > 0 && a->number % count == b->number;
}

void
wiring_connect(struct supervisor *supervisor, struct child *child)
{
	struct list *link, *after;

	for (size_t i = 0; i < process_edge_count; i++) {
		const struct process_edge *edge = &process_edges[i];

		LIST_EACH(&supervisor->children, link, after) {
			struct child *other = LIST_OWNER(link, struct child,
			    link);

			if (other == child || other->ipc == NULL)
				continue;
			if (edge_joins(supervisor, edge, child, other))
				connect_pair(edge, child, other);
			else if (edge_joins(supervisor, edge, other, child))
				connect_pair(edge, other, child);
		}
	}
}

void
wiring_charge(struct supervisor *supervisor, struct child *child, int signal)
{
	struct charge *charge;
	uint64_t mid = *child->in_hand;

	if (mid == 0)
		return;
	log_event(LOG_ERROR_LEVEL, mid, "crash_charged",
	    LOG_STRING("process", process_kind_name(child->kind)),
	    LOG_NUMBER("signal", signal));
	charge = memory_new(sizeof(*charge));
	charge->frame.mid = mid;
	charge->frame.kind = child->kind;
	charge->frame.signal = (uint32_t)signal;
	list_append(&supervisor->charges, &charge->link);
	wiring_send_charges(supervisor);
}

void
wiring_send_charges(struct supervisor *supervisor)
{
	struct child *queue = child_find(supervisor, PROCESS_QUEUE, 0);
	struct list *link, *after;

	if (queue == NULL || queue->state != FRAME_PROCESS_RUNNING)
		return;
	LIST_EACH(&supervisor->charges, link, after) {
		struct charge *charge = LIST_OWNER(link, struct charge, link);

		frame_send(queue->ipc, FRAME_CHARGE, &charge->frame, -1);
		list_remove(link);
		free(charge);
	}
}
