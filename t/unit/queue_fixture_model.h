/*
 * What a queue knows, as text; and a model of it that knows only what the
 * records of a log say.
 */
#ifndef T_UNIT_QUEUE_FIXTURE_MODEL_H
#define T_UNIT_QUEUE_FIXTURE_MODEL_H

#include "t/unit/queue_fixture.h"

#define MODEL_MAX 256

/* ---- what a queue knows ------------------------------------------------- */

static inline int
compare_mid(const void *a, const void *b)
{
	const struct queue_message *const *one = a;
	const struct queue_message *const *two = b;

	return (*one)->mid < (*two)->mid ? -1 : (*one)->mid > (*two)->mid;
}

static inline void
dump_protection(const struct queue_message *message, struct buffer *out)
{
	const struct queue_protection *protection = message->protection;
	const struct queue_ruling ruling =
	    queue_ruling_value(message->ruling);

	assert_int_equal(buffer_printf(out, "  policy=%.*s hop=%.*s by=%.*s "
	    "passes=%u\n", TEXT_ARG(ruling.policy),
	    TEXT_ARG(ruling.next_hop), TEXT_ARG(ruling.bounce_profile),
	    message->passes), 0);
	assert_int_equal(buffer_printf(out, "  parent=%llu tags=%s in=%s\n",
	    (unsigned long long)message->parent_mid,
	    message->tags ? message->tags : "-",
	    message->quarantine ? message->quarantine : "-"), 0);
	if (protection == NULL)
		return;
	assert_int_equal(buffer_printf(out, "  form=%u %.*s %.*s since=%lld "
	    "attempts=%u next=%lld %.*s met=%lld %.*s\n", protection->form,
	    TEXT_ARG(protection->profile), TEXT_ARG(protection->subject),
	    (long long)protection->since_us, protection->attempts,
	    (long long)protection->next_try_us, TEXT_ARG(protection->reason),
	    (long long)protection->met_us, TEXT_ARG(protection->reference)),
	    0);
	for (size_t i = 0; i < FRAME_ENVELOPE_ID_LEN; i++)
		assert_int_equal(buffer_printf(out, "%02x",
		    protection->envelope_id[i]), 0);
}

static inline void
dump_message(struct queue *queue, struct queue_message *message,
    struct buffer *out)
{
	struct message_body *body = NULL;
	uint8_t state = message->state == MESSAGE_SENDING ? MESSAGE_READY :
	    message->state;
	int r = queue_body_get(queue, message, &body);

	assert_int_equal(buffer_printf(out, "%llu %s class=%u crashes=%u "
	    "body=%d size=%llu hold=%s disposition=%s\n",
	    (unsigned long long)message->mid, message_state_name(state),
	    message->class, message->crashes, r,
	    (unsigned long long)message->size,
	    message->hold_reason ? message->hold_reason : "-",
	    message->disposition ? message->disposition : "-"), 0);
	message_body_release(&body);
	dump_protection(message, out);
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct queue_recipient_change r1;

		queue_recipient_save(&message->recipients[i], &r1);
		assert_int_equal(buffer_printf(out,
		    "  %u %s attempts=%u next=%lld %.*s\n", r1.rid,
		    recipient_state_name(r1.state), r1.attempts,
		    (long long)r1.next_try_us, TEXT_ARG(r1.reason)), 0);
	}
}

/* Everything that must survive, as text. */
static inline char *
dump(struct queue *queue)
{
	size_t count = queue_table_count(queue), i = 0;
	struct queue_message **all = memory_array(count + 1, sizeof(*all));
	const struct queue_totals *totals = &queue->ledger.totals;
	struct list *link, *after;
	struct buffer out;
	char *string;

	buffer_init(&out, 1u << 24);
	LIST_EACH(&queue->table.all, link, after)
		all[i++] = LIST_OWNER(link, struct queue_message, all);
	qsort(all, count, sizeof(*all), compare_mid);
	for (i = 0; i < count; i++)
		dump_message(queue, all[i], &out);
	assert_int_equal(buffer_printf(&out,
	    "%llu %llu %llu %llu %llu %llu %llu",
	    (unsigned long long)totals->accepted,
	    (unsigned long long)totals->generated,
	    (unsigned long long)totals->delivered,
	    (unsigned long long)totals->failed,
	    (unsigned long long)totals->dropped,
	    (unsigned long long)totals->deleted,
	    (unsigned long long)totals->expired), 0);
	string = memory_string(buffer_text(&out));
	buffer_clear(&out);
	free(all);
	return string;
}

/* ---- the model ---------------------------------------------------------- */

struct model_message {
	uint64_t mid;
	size_t count;
	bool gone[300];		/* by rid */
	size_t live;
};

struct model {
	struct model_message messages[MODEL_MAX];
	size_t count;
	uint64_t in, out;	/* recipients that came and went */
};

static inline struct model_message *
model_find(struct model *model, uint64_t mid)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->messages[i].mid == mid)
			return &model->messages[i];
	return NULL;
}

static inline void
model_add(struct model *model, struct text encoded, struct arena *arena)
{
	struct envelope envelope;
	struct model_message *message;

	assert_int_equal(record_decode(&envelope_shape, encoded, arena,
	    &envelope), 0);
	if (model_find(model, envelope.mid) != NULL)
		return;
	message = &model->messages[model->count++];
	*message = (struct model_message){
		.mid = envelope.mid,
		.count = envelope.recipient_count,
		.live = envelope.recipient_count,
	};
	model->in += message->count;
}

static inline void
model_change(struct model *model, uint64_t mid,
    const struct queue_change *change, struct arena *arena)
{
	struct model_message *message = model_find(model, mid);

	assert_non_null(message);
	for (size_t i = 0; i < change->recipient_count; i++) {
		uint32_t rid = change->recipients[i].rid;

		if (change->recipients[i].state == RECIPIENT_LIVE)
			continue;
		assert_false(message->gone[rid]);
		message->gone[rid] = true;
		message->live--;
		model->out++;
	}
	if (change->child.len > 0)
		model_add(model, change->child, arena);
}

/* They are in another message now: neither in nor out. */
static inline void
model_split(struct model *model, uint64_t mid,
    const struct queue_split_record *split, struct arena *arena)
{
	struct model_message *message = model_find(model, mid);
	uint64_t in = model->in;

	assert_non_null(message);
	for (size_t i = 0; i < split->parent.recipient_count; i++) {
		uint32_t rid = split->parent.recipients[i].rid;

		assert_int_equal(split->parent.recipients[i].state,
		    RECIPIENT_MOVED);
		assert_false(message->gone[rid]);
		message->gone[rid] = true;
		message->live--;
	}
	model_add(model, split->child.envelope, arena);
	model->in = in;
}

/* Who has moved is in another message; what is generated comes in. */
static inline void
model_dispose(struct model *model, uint64_t mid,
    const struct queue_dispose_record *dispose, struct arena *arena)
{
	const struct queue_change *parent = &dispose->parent;
	uint64_t in, out = model->out;

	model_change(model, mid, parent, arena);
	for (size_t i = 0; i < parent->recipient_count; i++)
		out += parent->recipients[i].state != RECIPIENT_MOVED &&
		    parent->recipients[i].state != RECIPIENT_LIVE;
	model->out = out;
	for (size_t i = 0; i < dispose->message_count; i++) {
		assert_true(dispose->messages[i].body < dispose->body_count);
		in = model->in;
		model_add(model, dispose->messages[i].saved.envelope, arena);
		if (!dispose->messages[i].generated)
			model->in = in;
	}
}

static inline void
model_apply(struct model *model, const struct segment_record *record)
{
	struct arena *arena = arena_new(1u << 22);
	union queue_record value;

	assert_int_equal(queue_record_decode(record->type, record->envelope,
	    arena, &value), 0);
	if (record->type == QUEUE_RECORD_ACCEPT ||
	    record->type == QUEUE_RECORD_RELOC)
		model_add(model, value.saved.envelope, arena);
	if (record->type == QUEUE_RECORD_STATE ||
	    record->type == QUEUE_RECORD_OUTCOME)
		model_change(model, record->mid, &value.change, arena);
	if (record->type == QUEUE_RECORD_SPLIT)
		model_split(model, record->mid, &value.split, arena);
	if (record->type == QUEUE_RECORD_DISPOSE)
		model_dispose(model, record->mid, &value.dispose, arena);
	arena_free(arena);
}

static inline void
model_check(struct model *model, struct queue *queue)
{
	size_t live = 0;

	for (size_t i = 0; i < model->count; i++) {
		struct model_message *expected = &model->messages[i];
		struct queue_message *found =
		    queue_table_find(queue, expected->mid);

		if (expected->live == 0) {
			assert_null(found);
			continue;
		}
		live++;
		assert_non_null(found);
		assert_int_equal(found->live, expected->live);
		for (size_t j = 0; j < found->recipient_count; j++)
			assert_int_equal(found->recipients[j].state !=
			    RECIPIENT_LIVE,
			    expected->gone[found->recipients[j].rid]);
	}
	assert_int_equal(queue_table_count(queue), live);
	assert_int_equal(queue->ledger.totals.accepted +
	    queue->ledger.totals.generated, model->in);
	assert_int_equal(queue_ledger_live(&queue->ledger.totals),
	    model->in - model->out);
	assert_int_equal(queue->table.live, model->in - model->out);
}

#endif
