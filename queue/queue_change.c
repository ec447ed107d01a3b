/*
 * Record and memory in one step.
 */
#include "queue/queue_change.h"

#include "gateway/base/clock.h"
#include "queue/queue.h"

void
queue_change_apply(struct queue *queue, struct queue_message *message,
    const struct queue_change *change, void (*apply)(
    struct queue_message *message, const struct queue_change *change))
{
	bool has_body = (change->set & QUEUE_SET_BODY) != 0;
	uint32_t before = message->live;

	if (has_body) {
		queue_body_cool(queue, message);
		queue_recycle_remove(queue, message);
	}
	apply(message, change);
	if (has_body)
		queue_recycle_add(queue, message);
	queue->table.live -= before - message->live;
	queue_index_dirty(queue, message);
}

void
queue_change(struct queue *queue, struct queue_message *message,
    const struct queue_change *change)
{
	struct segment_place place;
	uint64_t lsn;

	queue_log_change(queue, QUEUE_RECORD_STATE, message, change,
	    TEXT_EMPTY, &place, &lsn);
	if (change->set & QUEUE_SET_STATE)
		message->lsn = lsn;
	queue_change_apply(queue, message, change, queue_message_apply);
}

#ifdef POSTERN_SABOTAGE_SPLIT_BOUNCE
/*
 * For the crash tests only: the outcome is durable before what it generates,
 * so that a cut between the two loses the bounce.
 */
static void
log_outcome(struct queue *queue, struct queue_message *message,
    const struct queue_change *change, struct queue_message *child,
    struct text child_body)
{
	struct queue_change alone = *change;
	struct segment_place place;
	uint64_t lsn;

	alone.child = (struct text){ 0 };
	queue_log_change(queue, QUEUE_RECORD_OUTCOME, message, &alone,
	    TEXT_EMPTY, &place, &lsn);
	queue_log_sync(queue);
	if (child != NULL)
		queue_log_accept(queue, child, child_body);
}
#else
static void
log_outcome(struct queue *queue, struct queue_message *message,
    const struct queue_change *change, struct queue_message *child,
    struct text child_body)
{
	struct segment_place place;
	uint64_t lsn;

	queue_log_change(queue, QUEUE_RECORD_OUTCOME, message, change,
	    child_body, &place, &lsn);
	if (child == NULL)
		return;
	child->place = place;
	child->body_mid = message->mid;
	child->lsn = lsn;
	queue_ledger_count_message(&queue->ledger, child->recipient_count,
	    true);
}
#endif

void
queue_change_outcome(struct queue *queue, struct queue_message *message,
    const struct queue_change *change, struct queue_message *child,
    struct text child_body)
{
	log_outcome(queue, message, change, child, child_body);
	queue_change_apply(queue, message, change, queue_message_apply);
	if (child != NULL)
		queue_table_add(queue, child);
}

void
queue_change_split(struct queue *queue, struct queue_message *message,
    const struct queue_change *change, struct queue_message *child)
{
	queue_log_split(queue, message, change, child);
	queue_change_apply(queue, message, change, queue_message_apply);
	queue_table_add(queue, child);
	if (message->body != NULL)
		queue_body_keep(queue, child,
		    message_body_ref(message->body));
}

/* Whose body is in no record before stands in this one. */
static void
join(struct queue *queue, struct queue_message *message, uint64_t lsn,
    const struct segment_place *place, bool is_generated)
{
	message->lsn = lsn;
	if (message->place.segment == 0)
		message->place = *place;
	if (is_generated)
		queue_ledger_count_message(&queue->ledger,
		    message->recipient_count, true);
	queue_table_add(queue, message);
}

int
queue_change_dispose(struct queue *queue, struct queue_message *message,
    const struct queue_dispose_record *dispose,
    struct queue_message *const *messages, struct queue_message *notice,
    struct text notice_body)
{
	struct message_body *hot = message->body == NULL ? NULL :
	    message_body_ref(message->body);
	struct segment_place place;
	uint64_t lsn;
	int r = queue_log_dispose(queue, message, dispose, notice_body,
	    &place, &lsn);

	if (r == 0) {
		message->lsn = lsn;
		queue_change_apply(queue, message, &dispose->parent,
		    queue_message_apply);
	}
	for (size_t i = 0; r == 0 && i < dispose->message_count; i++) {
		join(queue, messages[i], lsn, &place,
		    dispose->messages[i].generated);
		if (hot != NULL && dispose->messages[i].body == 0)
			queue_body_keep(queue, messages[i],
			    message_body_ref(hot));
	}
	if (r == 0 && notice != NULL) {
		notice->body_mid = message->mid;
		join(queue, notice, lsn, &place, true);
	}
	message_body_release(&hot);
	return r;
}

void
queue_change_done(struct queue *queue, struct queue_message *message)
{
	int64_t life_us = clock_now_us() - message->received_us;

	require(message->live == 0);
	queue_part_drop_all(queue, message, true);
	if (message->state == MESSAGE_HELD)
		queue->table.held--;
	queue_message_move(message, message->state, MESSAGE_DONE);
	mail_event_done(message->mid,
	    life_us > 0 ? (uint64_t)life_us / 1000 : 0);
	queue_table_remove(queue, message);
}
