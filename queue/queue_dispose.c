/*
 * Dividing a message by its disposition.  All of it is one record, so that
 * no moment knows of a part.
 */
#include "queue/queue_dispose.h"

#include <string.h>

#include "gateway/mail/utf8.h"
#include "queue/queue.h"

/* The widest disposition with all that is said of its messages. */
#define DISPOSE_ARENA_MAX (128u * 1024 * 1024)

/* A message that is made, and why. */
struct disposed {
	struct queue_message *message;
	const struct frame_splinter *splinter;	/* or ... */
	const struct frame_made *made;
	const struct queue_change *change;	/* what it begins with */
	uint64_t mid;
	uint32_t body;
};

struct dispose {
	struct queue *queue;
	struct queue_message *message;
	const struct frame_disposition *disposition;
	const struct queue_rewrite_body *bodies;	/* from number 1 on */
	struct arena *arena;
	struct envelope envelope;	/* positions are the message's */
	struct frame_splinter *splinters;	/* none without rids */
	struct queue_change *fates;	/* of each */
	const struct frame_splinter *stays;	/* under this MID, or NULL */
	struct queue_change change;	/* of this message */
	struct queue_bounce_item *items;
	size_t item_count;
	bool is_open;			/* nothing bounced asks for more */
	struct disposed *disposed;
	size_t count;
};

static void *
take_array(struct dispose *d, size_t count, size_t size)
{
	void *array = arena_array(d->arena, count, size);

	/* Everything is bounded by the frame and the envelope. */
	require(array != NULL);
	return array;
}

/* Recipients that "all" means. */
static void
name_all(struct dispose *d, struct frame_splinter *splinter)
{
	const struct queue_message *message = d->message;

	splinter->rids = take_array(d, message->live,
	    sizeof(*splinter->rids));
	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].state == RECIPIENT_LIVE)
			splinter->rids[splinter->rid_count++].rid =
			    message->recipients[i].rid;
}

/* Before anything changes: what the message has now is part of each. */
static void
find_fates(struct dispose *d)
{
	size_t count = d->disposition->splinter_count;

	d->fates = take_array(d, count, sizeof(*d->fates));
	for (size_t i = 0; i < count; i++) {
		const struct frame_splinter *splinter = &d->splinters[i];

		queue_fate_of_splinter(d->message, splinter,
		    d->disposition->config_version, d->arena, &d->fates[i]);
		if (d->stays == NULL && queue_fate_goes_on(splinter) &&
		    text_is_empty(splinter->recipient))
			d->stays = splinter;
	}
}

static void
dispose_open(struct dispose *d)
{
	const struct frame_disposition *disposition = d->disposition;
	size_t count = disposition->splinter_count;
	size_t live = d->message->live;
	struct text encoded = TEXT_EMPTY;

	d->arena = arena_new(DISPOSE_ARENA_MAX);
	/* A copy: with another body the message has another envelope. */
	require(arena_copy(d->arena, d->message->envelope, &encoded) == 0);
	require(record_decode(&envelope_shape, encoded, d->arena,
	    &d->envelope) == 0);
	d->splinters = take_array(d, count, sizeof(*d->splinters));
	memcpy(d->splinters, disposition->splinters,
	    count * sizeof(*d->splinters));
	if (d->splinters[0].rid_count == 0)
		name_all(d, &d->splinters[0]);
	d->change.recipients = take_array(d, live,
	    sizeof(*d->change.recipients));
	d->items = take_array(d, live, sizeof(*d->items));
	d->is_open = true;
	d->disposed = take_array(d, count + disposition->made_count,
	    sizeof(*d->disposed));
	find_fates(d);
}

static const struct queue_change *
fate_of(const struct dispose *d, const struct frame_splinter *splinter)
{
	return &d->fates[splinter - d->splinters];
}

static size_t
position_of(const struct dispose *d, uint32_t rid)
{
	return (size_t)(queue_message_recipient(d->message, rid) -
	    d->message->recipients);
}

static const struct queue_rewrite_body *
body_of(const struct dispose *d, uint32_t number)
{
	return number == 0 ? NULL : &d->bodies[number - 1];
}

/* ---- who leaves this message -------------------------------------------- */

static struct queue_recipient_change *
add_change(struct dispose *d, uint32_t rid, uint8_t state)
{
	struct queue_recipient_change *change =
	    &d->change.recipients[d->change.recipient_count++];
	const struct queue_recipient *recipient =
	    queue_message_recipient(d->message, rid);

	*change = (struct queue_recipient_change){
		.rid = rid,
		.state = state,
		.attempts = recipient->attempts,
	};
	return change;
}

/* To a message of their own, or, but for the first, replaced. */
static void
add_moved(struct dispose *d, const struct frame_splinter *splinter)
{
	bool is_replaced = !text_is_empty(splinter->recipient);

	for (size_t i = 0; i < splinter->rid_count; i++)
		if (!is_replaced || i == 0)
			(void)add_change(d, splinter->rids[i].rid,
			    RECIPIENT_MOVED);
		else
			add_change(d, splinter->rids[i].rid,
			    RECIPIENT_DROPPED)->reason =
			    TEXT("replaced by a filter");
}

static void
add_dropped(struct dispose *d, const struct frame_splinter *splinter)
{
	for (size_t i = 0; i < splinter->rid_count; i++)
		(void)add_change(d, splinter->rids[i].rid,
		    RECIPIENT_DROPPED);
}

static void
add_bounced(struct dispose *d, const struct frame_splinter *splinter)
{
	struct queue_failure failure = queue_disposition_failure(d->queue,
	    splinter);

	d->is_open = d->is_open && failure.notice.is_open;
	for (size_t i = 0; i < splinter->rid_count; i++) {
		struct queue_recipient_change *change = add_change(d,
		    splinter->rids[i].rid, RECIPIENT_FAILED);

		change->status = failure.status;
		change->reason = queue_outcome_cut(d->message,
		    failure.reason);
		d->items[d->item_count++] = (struct queue_bounce_item){
			.recipient = &d->envelope.recipients[
			    position_of(d, change->rid)],
			.action = DELIVERY_STATUS_FAILED,
			.is_muted = failure.is_muted,
			.status = failure.status,
			.diagnostic = failure.reason,
		};
	}
}

static void (*const leaves[FRAME_VERDICTS])(struct dispose *d,
    const struct frame_splinter *splinter) = {
	[FRAME_VERDICT_DELIVER] = add_moved,
	[FRAME_VERDICT_DROP] = add_dropped,
	[FRAME_VERDICT_BOUNCE] = add_bounced,
	[FRAME_VERDICT_QUARANTINE] = add_moved,
};

/* ---- what it becomes ---------------------------------------------------- */

static void
begin_with(struct dispose *d, const struct queue_rewrite_body *body,
    struct disposed *disposed)
{
	struct queue_message *child = disposed->message;

	disposed->mid = child->mid;
	if (body != NULL)
		queue_child_set_body(child, d->message->mid, body->pieces,
		    body->piece_count);
	queue_message_restore(child, disposed->change);
}

/* Its recipients, or the one that takes their place. */
static size_t
list_recipients(const struct dispose *d,
    const struct frame_splinter *splinter, struct envelope_recipient *list)
{
	for (size_t i = 0; i < splinter->rid_count; i++)
		list[i] = d->envelope.recipients[position_of(d,
		    splinter->rids[i].rid)];
	if (text_is_empty(splinter->recipient))
		return splinter->rid_count;
	list[0].address = splinter->recipient;
	return 1;
}

static void
split_off(struct dispose *d, const struct frame_splinter *splinter)
{
	const struct queue_rewrite_body *body = body_of(d, splinter->body);
	struct disposed *disposed = &d->disposed[d->count++];
	struct envelope envelope = d->envelope;
	struct envelope_recipient *list = take_array(d, splinter->rid_count,
	    sizeof(*list));
	size_t count = list_recipients(d, splinter, list);

	/* RFC 6531 3.2: an address beyond ASCII needs it. */
	if (!utf8_is_ascii(splinter->recipient))
		envelope.smtputf8 = 1;
	if (body != NULL) {
		envelope.size = message_body_size(body->body);
		memcpy(envelope.sha256, body->sha256,
		    sizeof(envelope.sha256));
	}
	disposed->splinter = splinter;
	disposed->body = splinter->body;
	disposed->message = queue_child_split(d->queue, d->message,
	    &envelope, list, count);
	disposed->change = fate_of(d, splinter);
	begin_with(d, body, disposed);
}

static void
stay(struct dispose *d)
{
	struct queue_recipient_change *recipients = d->change.recipients;
	size_t count = d->change.recipient_count;

	d->change = *fate_of(d, d->stays);
	d->change.recipients = recipients;
	d->change.recipient_count = count;
	if (d->stays->body > 0)
		queue_rewrite_set(&d->change, body_of(d, d->stays->body));
}

static void
divide(struct dispose *d)
{
	for (size_t i = 0; i < d->disposition->splinter_count; i++) {
		const struct frame_splinter *splinter = &d->splinters[i];

		if (splinter == d->stays) {
			stay(d);
			continue;
		}
		leaves[splinter->verdict](d, splinter);
		if (queue_fate_goes_on(splinter))
			split_off(d, splinter);
	}
}

static int
make(struct dispose *d)
{
	for (size_t i = 0; i < d->disposition->made_count; i++) {
		const struct frame_made *made = &d->disposition->made[i];
		const struct queue_rewrite_body *body =
		    body_of(d, made->body);
		struct disposed *disposed = &d->disposed[d->count];
		struct queue_change *change = take_array(d, 1,
		    sizeof(*change));
		int r = queue_made_new(d->queue, d->message, &d->envelope,
		    made, body, &disposed->message);

		if (r != 0)
			return r;
		d->count++;
		disposed->made = made;
		disposed->body = made->body;
		disposed->change = change;
		queue_fate_of_made(made, d->disposition->config_version,
		    d->arena, change);
		begin_with(d, body, disposed);
	}
	return 0;
}

/* ---- the record --------------------------------------------------------- */

static void
list_bodies(struct dispose *d, struct queue_dispose_record *record)
{
	const struct queue_message *message = d->message;

	record->body_count = 1 +
	    (d->bodies == NULL ? 0 : d->disposition->body_count);
	record->bodies = take_array(d, record->body_count,
	    sizeof(*record->bodies));
	record->bodies[0] = (struct queue_shared_body){
		.pieces = message->pieces,
		.piece_count = message->piece_count,
		.pieces_mid = message->pieces_mid,
		.place = message->place,
		.body_mid = message->body_mid,
	};
	for (size_t i = 1; i < record->body_count; i++)
		record->bodies[i] = (struct queue_shared_body){
			.pieces = d->bodies[i - 1].pieces,
			.piece_count = d->bodies[i - 1].piece_count,
			.pieces_mid = message->mid,
			.body_mid = message->mid,
		};
}

/* Nothing has happened to it yet, so that its recipients say nothing. */
static void
list_messages(struct dispose *d, struct queue_dispose_record *record,
    struct queue_message **children)
{
	record->messages = take_array(d, d->count,
	    sizeof(*record->messages));
	record->message_count = d->count;
	for (size_t i = 0; i < d->count; i++) {
		struct queue_disposed *one = &record->messages[i];

		arena_reset(d->queue->save_arena);
		require(queue_message_save(d->disposed[i].message,
		    d->queue->save_arena, &one->saved) == 0);
		require(one->saved.state.recipient_count == 0);
		one->saved.pieces = NULL;
		one->saved.piece_count = 0;
		one->saved.pieces_mid = 0;
		one->body = d->disposed[i].body;
		one->generated = d->disposed[i].made != NULL;
		children[i] = d->disposed[i].message;
	}
}

static int
write_with_notice(struct dispose *d, struct queue_dispose_record *record,
    struct queue_message **children)
{
	struct queue_bounce_notice how = { .is_open = d->is_open };
	struct queue_message *notice;
	struct buffer body;
	uint64_t mid;
	int r;

	buffer_init(&body, QUEUE_LOG_PIECE_MAX);
	notice = queue_bounce_make(d->queue, d->message, &d->envelope,
	    d->items, d->item_count, &how, &body);
	mid = notice == NULL ? 0 : notice->mid;
	if (notice != NULL)
		record->parent.child = notice->envelope;
	r = queue_change_dispose(d->queue, d->message, record, children,
	    notice, buffer_text(&body));
	buffer_clear(&body);
	if (r != 0)
		queue_message_free(notice);
	else if (mid != 0)
		queue_disposition_begin(d->queue, mid);
	return r;
}

static int
write_record(struct dispose *d)
{
	struct queue_dispose_record record = { .parent = d->change };
	struct queue_message **children = take_array(d, d->count,
	    sizeof(struct queue_message *));

	queue_message_add_facts(d->message, &record.parent);
	list_bodies(d, &record);
	list_messages(d, &record, children);
	return write_with_notice(d, &record, children);
}

/* ---- what follows ------------------------------------------------------- */

static void
tell_bounced(const struct dispose *d, const struct frame_splinter *splinter,
    struct text reason)
{
	for (size_t i = 0; i < splinter->rid_count; i++) {
		uint32_t rid = splinter->rids[i].rid;
		struct mail_event_outcome event = {
			.mid = d->envelope.mid,
			.rid = rid,
			.to = d->envelope.recipients[position_of(d,
			    rid)].address,
			.reply = reason,
		};

		d->queue->counts.failed++;
		mail_event_failed(&event);
	}
}

/* Under the number of the message that it was. */
static void
tell_gone(const struct dispose *d, const struct frame_splinter *splinter)
{
	queue_fate_tell(d->envelope.mid, splinter, fate_of(d, splinter));
	if (splinter->verdict == FRAME_VERDICT_DROP)
		mail_event_dropped(d->envelope.mid, splinter->rid_count);
	else
		tell_bounced(d, splinter, queue_disposition_failure(d->queue,
		    splinter).reason);
}

static void
tell_splinter(const struct dispose *d, const struct disposed *disposed)
{
	const struct frame_splinter *splinter = disposed->splinter;
	uint64_t parent_mid = d->envelope.mid;

	mail_event_split(disposed->mid, parent_mid,
	    disposed->message->recipient_count, splinter->policy);
	if (!text_is_empty(splinter->recipient)) {
		mail_event_redirected(disposed->mid, parent_mid,
		    splinter->recipient, splinter->rid_count);
		if (splinter->rid_count > 1)
			mail_event_dropped(parent_mid,
			    splinter->rid_count - 1);
	}
	queue_fate_tell(disposed->mid, splinter, disposed->change);
}

static void
tell_made(const struct dispose *d, const struct disposed *disposed)
{
	const struct frame_made *made = disposed->made;

	mail_event_made(disposed->mid, d->envelope.mid,
	    text_from(frame_made_kind_name(made->kind)), made->key,
	    made->sender, made->recipient_count, disposed->message->size);
	if (made->kind == FRAME_MADE_DUPLICATE)
		mail_event_quarantined(disposed->mid,
		    disposed->change->quarantine,
		    disposed->change->hold_reason);
}

static void
tell_all(const struct dispose *d)
{
	if (d->stays != NULL)
		queue_fate_tell(d->envelope.mid, d->stays,
		    fate_of(d, d->stays));
	for (size_t i = 0; i < d->disposition->splinter_count; i++)
		if (!queue_fate_goes_on(&d->splinters[i]))
			tell_gone(d, &d->splinters[i]);
	for (size_t i = 0; i < d->count; i++)
		if (d->disposed[i].splinter != NULL)
			tell_splinter(d, &d->disposed[i]);
		else
			tell_made(d, &d->disposed[i]);
}

static void
follow(struct dispose *d)
{
	struct queue *queue = d->queue;
	struct queue_message *message = d->message;

	if (d->stays != NULL) {
		queue_message_move(message, MESSAGE_JUDGING, d->change.state);
		queue->table.held += message->state == MESSAGE_HELD;
		if (d->stays->body > 0)
			queue_rewrite_keep(queue, message->mid,
			    body_of(d, d->stays->body));
		queue_schedule_message(queue, message);
	} else
		queue_change_done(queue, message);
	for (size_t i = 0; i < d->count; i++) {
		if (d->disposed[i].body > 0)
			queue_rewrite_keep(queue, d->disposed[i].mid,
			    body_of(d, d->disposed[i].body));
		queue_disposition_begin(queue, d->disposed[i].mid);
	}
}

/* It has become nothing. */
static void
give_up(struct dispose *d)
{
	for (size_t i = 0; i < d->count; i++)
		queue_message_free(d->disposed[i].message);
	queue_hold_aside(d->queue, d->message,
	    TEXT("what the filters make of it does not fit into a record"));
}

void
queue_dispose(struct queue *queue, struct queue_message *message,
    const struct frame_disposition *disposition,
    const struct queue_rewrite_body *bodies)
{
	struct dispose d = {
		.queue = queue,
		.message = message,
		.disposition = disposition,
		.bodies = bodies,
	};
	int r;

	require(message->state == MESSAGE_JUDGING);
	dispose_open(&d);
	divide(&d);
	r = make(&d);
	if (r == 0)
		r = write_record(&d);
	if (r == 0) {
		tell_all(&d);
		follow(&d);
	} else
		give_up(&d);
	arena_free(d.arena);
}
