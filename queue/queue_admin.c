/*
 * Looking at the queue.
 */
#include "queue/queue_admin.h"

#include "gateway/base/clock.h"
#include "queue/queue.h"

#define ROWS_MAX 1000
/* An answer ends before its frame would be too large. */
#define ANSWER_BYTES_MAX (IPC_PAYLOAD_MAX - 64u * 1024)
#define ROW_BYTES 128

/* ---- one recipient ------------------------------------------------------ */

/* On the wall clock; 0 while it is being tried or held. */
static int64_t
next_try_us(const struct queue_recipient *recipient)
{
	const struct queue_part *part = recipient->part;
	const struct queue_due *backoff;
	int64_t now_us = clock_now_us();

	if (part == NULL || part->state == QUEUE_PART_LEASED)
		return 0;
	if (part->state == QUEUE_PART_WAITING)
		return recipient->next_try_us;
	backoff = &part->destination->backoff;
	if (!queue_heap_has(backoff))
		return now_us;
	return now_us + backoff->due_us - clock_monotonic_us();
}

static struct text
reason_of(const struct queue_message *message,
    const struct queue_recipient *recipient)
{
	struct queue_recipient_change last;

	if (message->state == MESSAGE_HELD && message->hold_reason != NULL)
		return text_from(message->hold_reason);
	queue_recipient_save(recipient, &last);
	if (!text_is_empty(last.reason) || recipient->part == NULL)
		return last.reason;
	return text_from(recipient->part->destination->reason);
}

static struct text
shorten(struct text t)
{
	return text_slice(t, 0, QUEUE_WORDS_MAX);
}

/* ---- lists -------------------------------------------------------------- */

/* What the encryption queue knows stands for every recipient. */
static void
show_waiting(const struct queue_message *message, struct frame_queue_row *row)
{
	const struct queue_protection *protection = message->protection;

	row->quarantine = text_from(message->quarantine);
	if (protection == NULL)
		return;
	row->profile = protection->profile;
	if (message->state != MESSAGE_PROTECTING)
		return;
	row->attempts = protection->attempts;
	row->reason = protection->reason;
	row->next_try_us = message->errand == NULL ||
	    message->errand->state != QUEUE_ERRAND_RESTING ? 0 :
	    protection->next_try_us;
}

static const struct queue_recipient *
first_live(const struct queue_message *message, size_t *at)
{
	for (*at = 0; *at < message->recipient_count; ++*at)
		if (message->recipients[*at].state == RECIPIENT_LIVE)
			return &message->recipients[*at];
	return NULL;
}

static bool
list_visit(struct queue_scan *scan, struct queue_message *message,
    const struct envelope *envelope)
{
	size_t at = 0;
	const struct queue_recipient *recipient = first_live(message, &at);
	struct frame_queue_row row;

	if (recipient == NULL)
		return true;
	row = (struct frame_queue_row){
		.mid = message->mid,
		.state = message->state,
		.received_us = message->received_us,
		.size = message->size,
		.sender = envelope->sender,
		.recipient = envelope->recipients[at].address,
		.recipient_count = message->live,
		.attempts = recipient->attempts,
		.next_try_us = next_try_us(recipient),
		.reason = shorten(reason_of(message, recipient)),
	};
	show_waiting(message, &row);
	scan->bytes += row.sender.len + row.recipient.len + row.reason.len +
	    row.quarantine.len + row.profile.len + ROW_BYTES;
	if (scan->list.row_count == scan->limit ||
	    scan->bytes > ANSWER_BYTES_MAX)
		return false;
	require(arena_copy(scan->arena, row.sender, &row.sender) == 0 &&
	    arena_copy(scan->arena, row.recipient, &row.recipient) == 0 &&
	    arena_copy(scan->arena, row.reason, &row.reason) == 0 &&
	    arena_copy(scan->arena, row.quarantine, &row.quarantine) == 0 &&
	    arena_copy(scan->arena, row.profile, &row.profile) == 0);
	scan->list.rows[scan->list.row_count++] = row;
	return true;
}

static void
list_end(struct queue_scan *scan, bool more)
{
	scan->list.more = more;
	queue_channel_send(scan->channel, FRAME_QUEUE_LIST, &scan->list, -1);
}

static const struct queue_scan_work list_work = {
	.visit = list_visit,
	.end = list_end,
};

void
queue_admin_on_list(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_queue_list_ask *ask = frame;
	struct queue_filter filter = {
		.sender = ask->sender,
		.recipient = ask->recipient,
		.destination = ask->destination,
		.quarantine = ask->quarantine,
		.held_only = ask->held_only != 0,
		.encryption_only = ask->encryption_only != 0,
		.quarantined_only = ask->quarantined_only != 0,
	};
	struct queue_scan *scan = queue_scan_new(channel, &list_work,
	    &filter);

	(void)descriptor;
	scan->after = ask->after_mid;
	scan->limit = ask->limit == 0 || ask->limit > ROWS_MAX ? ROWS_MAX :
	    ask->limit;
	scan->list.id = ask->id;
	scan->list.rows = arena_array(scan->arena, scan->limit,
	    sizeof(*scan->list.rows));
	require(scan->list.rows != NULL);
}

/* ---- one message -------------------------------------------------------- */

static struct frame_queue_recipient
show_recipient(const struct queue_recipient *recipient, struct text address)
{
	struct queue_recipient_change last;

	queue_recipient_save(recipient, &last);
	return (struct frame_queue_recipient){
		.rid = recipient->rid,
		.state = recipient->state,
		.address = address,
		.destination = recipient->part == NULL ?
		    (struct text){ 0 } : recipient->part->destination->to.key,
		.attempts = recipient->attempts,
		.next_try_us = next_try_us(recipient),
		.status = last.status,
		.reason = last.reason,
		.host = last.host,
	};
}

/* As many as a frame can hold. */
static void
show_recipients(const struct queue_message *message,
    const struct envelope *envelope, struct arena *arena,
    struct frame_queue_message *out)
{
	size_t bytes = message->envelope.len;

	out->recipients = arena_array(arena, message->recipient_count,
	    sizeof(*out->recipients));
	if (out->recipients == NULL)
		return;
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct frame_queue_recipient one = show_recipient(
		    &message->recipients[i], envelope->recipients[i].address);

		bytes += one.address.len + one.destination.len +
		    one.reason.len + one.host.len + ROW_BYTES;
		if (bytes > ANSWER_BYTES_MAX)
			break;
		out->recipients[out->recipient_count++] = one;
	}
}

static void
show_protection(const struct queue_message *message,
    struct frame_queue_message *out)
{
	const struct queue_protection *protection = message->protection;

	out->quarantine = text_from(message->quarantine);
	out->parent_mid = message->parent_mid;
	if (protection == NULL)
		return;
	out->protection = queue_protection_asked(protection);
	out->is_protected = queue_protection_is_met(protection,
	    out->envelope.sha256);
	out->reference = protection->reference;
	if (message->state == MESSAGE_PROTECTING)
		out->reason = protection->reason;
}

/* Walks over all: this is asked by people, of one message at a time. */
static void
show_children(struct queue *queue, uint64_t mid,
    struct frame_queue_message *out)
{
	struct list *link, *after;

	out->children = arena_array(queue->arena, FRAME_QUEUE_CHILDREN_MAX,
	    sizeof(*out->children));
	if (out->children == NULL)
		return;
	LIST_EACH(&queue->table.all, link, after) {
		const struct queue_message *message =
		    LIST_OWNER(link, struct queue_message, all);

		if (message->parent_mid == mid &&
		    out->child_count < FRAME_QUEUE_CHILDREN_MAX)
			out->children[out->child_count++].mid = message->mid;
	}
}

static void
show_way(const struct queue_message *message,
    struct frame_queue_message *out)
{
	struct queue_ruling ruling = queue_ruling_value(message->ruling);

	out->policy = ruling.policy;
	out->next_hop = ruling.next_hop;
	out->bounce_profile = ruling.bounce_profile;
}

void
queue_admin_on_message(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	struct queue *queue = channel->queue;
	const struct frame_queue_mid *ask = frame;
	const struct queue_message *message =
	    queue_table_find(queue, ask->mid);
	struct frame_queue_message answer = { .id = ask->id };

	(void)descriptor;
	arena_reset(queue->arena);
	if (message != NULL && queue_message_envelope(message, queue->arena,
	    &answer.envelope) == 0) {
		answer.found = 1;
		answer.state = message->state;
		answer.crashes = message->crashes;
		answer.reason = text_from(message->hold_reason);
		answer.disposition = text_from(message->disposition);
		answer.disposition_version = message->config_version;
		show_protection(message, &answer);
		show_way(message, &answer);
		show_children(queue, message->mid, &answer);
		show_recipients(message, &answer.envelope, queue->arena,
		    &answer);
		answer.envelope.recipient_count = 0;
	}
	queue_channel_send(channel, FRAME_QUEUE_MESSAGE, &answer, -1);
}

/* ---- the ledger --------------------------------------------------------- */

void
queue_admin_on_ledger(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_ask *ask = frame;
	struct frame_queue_ledger answer = { .id = ask->id };

	(void)descriptor;
	queue_ledger_verify(channel->queue, &answer);
	queue_channel_send(channel, FRAME_QUEUE_LEDGER, &answer, -1);
}
