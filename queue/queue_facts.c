/*
 * Questions, their lines, and answers.
 */
#include "queue/queue_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame_fact.h"
#include "queue/queue.h"

/* Tables and texts of FACTS_MAX questions and their answers. */
#define FACTS_ARENA_MAX ((size_t)4 * 1024 * 1024)
/* What a fact takes in a record besides its texts, and each value. */
#define FACT_BYTES 64
#define VALUE_BYTES 16

struct queue_question {
	struct list link;	/* of its gatherer's line or channel */
	struct queue_facts *facts;
	struct frame_fact *fact;
	struct queue_channel *channel;	/* NULL unless it is out */
	uint64_t id;
	int64_t wanted_us;	/* monotonic, as all of these */
	int64_t asked_us;	/* 0: never */
	int64_t until_us;
	uint32_t losses;
};

/* The message's place in the line of a gatherer. */
struct queue_fact_line {
	struct list link;
	struct list questions;
	struct queue_facts *facts;
};

struct queue_facts {
	struct queue *queue;
	struct queue_errand *errand;
	struct arena *arena;
	struct frame_fact *facts;
	struct queue_question *questions;	/* one for each */
	size_t count;
	size_t open;
	size_t bytes;		/* in the record, at most */
	struct queue_fact_line lines[PROCESS_KINDS];
};

/* Questions that may be out at one gatherer. */
static const uint32_t windows[PROCESS_KINDS] = {
	[PROCESS_LOOKUP] = 200,
	[PROCESS_INSPECT] = 1,
};

static const struct record_field list_fields[] = {
	RECORD_LIST_FIELD(1, struct queue_fact_list, facts, count, FACTS_MAX,
	    &frame_fact_shape),
};
const struct record_shape queue_fact_list_shape =
    RECORD_SHAPE(queue_fact_list, list_fields);

static enum process_kind
gatherer_of(const struct frame_fact *fact)
{
	return fact_definition(fact->kind)->gatherer;
}

void
queue_facts_init(struct queue_fact_lines *lines)
{
	for (size_t i = 0; i < PROCESS_KINDS; i++)
		list_init(&lines->lines[i]);
}

size_t
queue_facts_room(const struct queue *queue)
{
	size_t share = segment_log_record_max(queue->log.log) / 16;

	return share < QUEUE_FACTS_MAX ? share : QUEUE_FACTS_MAX;
}

/* ---- lines -------------------------------------------------------------- */

/* The message joins its gatherer's line when it had nothing there. */
static void
line_up(struct queue_question *question, bool first)
{
	struct queue_facts *facts = question->facts;
	enum process_kind kind = gatherer_of(question->fact);
	struct list *line = &facts->queue->facts.lines[kind];

	if (list_is_empty(&facts->lines[kind].questions))
		list_append(line, &facts->lines[kind].link);
	if (first)
		list_prepend(&facts->lines[kind].questions, &question->link);
	else
		list_append(&facts->lines[kind].questions, &question->link);
	loop_again(facts->queue->loop);
}

/* Out of its line or from its channel. */
static void
take_back(struct queue_question *question)
{
	struct queue_facts *facts = question->facts;
	enum process_kind kind = gatherer_of(question->fact);

	list_remove(&question->link);
	if (question->channel != NULL)
		question->channel->fact_count--;
	question->channel = NULL;
	if (list_is_empty(&facts->lines[kind].questions))
		list_remove(&facts->lines[kind].link);
	loop_again(facts->queue->loop);
}

/* Whoever was asked still works on it, and is asked nothing else so far. */
static void
give_up(struct queue_question *question)
{
	if (question->channel != NULL)
		question->channel->fact_late++;
	take_back(question);
}

/* Look at the message again when its next question is late. */
static void
set_time(struct queue_facts *facts)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < facts->count; i++)
		if (facts->facts[i].outcome == FACT_ASKED &&
		    facts->questions[i].until_us < next)
			next = facts->questions[i].until_us;
	if (next != INT64_MAX)
		queue_errand_set(facts->queue, facts->errand,
		    next - clock_monotonic_us());
}

/* ---- answers ------------------------------------------------------------ */

static void
tell(const struct queue_question *question)
{
	const struct frame_fact *fact = question->fact;
	int64_t now_us = clock_monotonic_us();
	int64_t asked_us = question->asked_us > 0 ? question->asked_us :
	    now_us;

	log_event(LOG_INFO_LEVEL, question->facts->errand->message->mid,
	    "fact", LOG_STRING("kind", fact_definition(fact->kind)->name),
	    LOG_TEXT("source", fact->source),
	    LOG_TEXT("subject", fact->subject),
	    LOG_STRING("outcome", fact->outcome == FACT_KNOWN ? "known" :
	    "unknown"), LOG_NUMBER("values", fact->value_count),
	    LOG_TEXT("reason", fact->reason),
	    LOG_SIGNED("waited_ms", (asked_us - question->wanted_us) / 1000),
	    LOG_SIGNED("took_ms", (now_us - asked_us) / 1000));
}

/* All are answered: the message is judged again, before others. */
static void
note_answered(struct queue_question *question)
{
	struct queue_facts *facts = question->facts;

	if (question->fact->outcome == FACT_UNKNOWN)
		facts->queue->facts.unknown++;
	tell(question);
	facts->open--;
	if (facts->open > 0)
		return;
	facts->queue->facts.messages--;
	queue_errand_line_up(facts->queue, facts->errand, true);
}

static void
set_unknown(struct queue_question *question, struct text reason)
{
	struct frame_fact *fact = question->fact;

	fact->outcome = FACT_UNKNOWN;
	fact->values = NULL;
	fact->value_count = 0;
	if (arena_copy(question->facts->arena, text_slice(reason, 0,
	    FACT_TEXT_MAX), &fact->reason) != 0)
		fact->reason = TEXT("no room for the reason");
	note_answered(question);
}

static size_t
values_bytes(const struct frame_fact *answer)
{
	size_t bytes = 0;

	for (size_t i = 0; i < answer->value_count; i++)
		bytes += answer->values[i].len + VALUE_BYTES;
	return bytes;
}

static int
copy_values(struct queue_facts *facts, const struct frame_fact *answer,
    struct frame_fact *out)
{
	struct text *values;

	if (answer->value_count == 0)
		return 0;
	values = arena_array(facts->arena, answer->value_count,
	    sizeof(*values));
	if (values == NULL)
		return ERROR_LIMIT;
	for (size_t i = 0; i < answer->value_count; i++)
		if (arena_copy(facts->arena, answer->values[i], &values[i])
		    != 0)
			return ERROR_LIMIT;
	out->values = values;
	out->value_count = answer->value_count;
	return 0;
}

static void
set_known(struct queue_question *question, const struct frame_fact *answer)
{
	struct queue_facts *facts = question->facts;
	size_t bytes = values_bytes(answer);

	if (facts->bytes + bytes > queue_facts_room(facts->queue) ||
	    copy_values(facts, answer, question->fact) != 0) {
		set_unknown(question,
		    TEXT("the facts of this message are too large"));
		return;
	}
	facts->bytes += bytes;
	question->fact->outcome = FACT_KNOWN;
	note_answered(question);
}

static struct queue_question *
find_question(const struct queue_channel *channel, uint64_t id)
{
	struct list *link, *after;

	LIST_EACH(&channel->questions, link, after) {
		struct queue_question *question =
		    LIST_OWNER(link, struct queue_question, link);

		if (question->id == id)
			return question;
	}
	return NULL;
}

static bool
is_sane(const struct frame_fact *answer, const struct frame_fact *asked)
{
	return answer->kind == asked->kind &&
	    text_equal(answer->source, asked->source) &&
	    text_equal(answer->subject, asked->subject) &&
	    (answer->outcome == FACT_KNOWN ||
	    answer->outcome == FACT_UNKNOWN);
}

void
queue_facts_on_fact(struct queue_channel *channel, const void *frame,
    int descriptor)
{
	const struct frame_fact_ask *answer = frame;
	struct queue_question *question = find_question(channel, answer->id);

	(void)descriptor;
	if (question == NULL) {
		log_event(LOG_INFO_LEVEL, 0, "late_fact",
		    LOG_STRING("from", process_kind_name(channel->kind)),
		    LOG_NUMBER("number", channel->number));
		if (channel->fact_late > 0)
			channel->fact_late--;
		loop_again(channel->queue->loop);
		return;
	}
	take_back(question);
	if (!is_sane(&answer->fact, question->fact))
		set_unknown(question,
		    TEXT("the answer belongs to another question"));
	else if (answer->fact.outcome == FACT_KNOWN)
		set_known(question, &answer->fact);
	else
		set_unknown(question, answer->fact.reason);
}

void
queue_facts_due(struct queue *queue, struct queue_errand *errand)
{
	struct queue_facts *facts = errand->facts;
	int64_t now_us = clock_monotonic_us();

	(void)queue;
	for (size_t i = 0; i < facts->count; i++) {
		struct queue_question *question = &facts->questions[i];

		if (facts->facts[i].outcome != FACT_ASKED ||
		    question->until_us > now_us)
			continue;
		give_up(question);
		set_unknown(question, question->asked_us > 0 ?
		    TEXT("no answer within the time for it") :
		    TEXT("nobody could be asked within the time for it"));
	}
	set_time(facts);
}

void
queue_facts_channel_ended(struct queue *queue, struct queue_channel *channel)
{
	(void)queue;
	while (!list_is_empty(&channel->questions)) {
		struct queue_question *question = LIST_OWNER(
		    channel->questions.prev, struct queue_question, link);

		take_back(question);
		if (++question->losses >= QUEUE_FACTS_LOSSES) {
			set_unknown(question,
			    TEXT("those who were asked have died"));
			continue;
		}
		/* The time in line goes on as it began. */
		question->until_us = question->wanted_us +
		    QUEUE_FACTS_LINE_US;
		line_up(question, true);
		set_time(question->facts);
	}
}

/* ---- wanting ------------------------------------------------------------ */

static struct queue_facts *
facts_new(struct queue *queue, struct queue_errand *errand)
{
	struct queue_facts *facts = memory_new(sizeof(*facts));

	facts->queue = queue;
	facts->errand = errand;
	facts->arena = arena_new(FACTS_ARENA_MAX);
	for (size_t i = 0; i < PROCESS_KINDS; i++) {
		list_init(&facts->lines[i].link);
		list_init(&facts->lines[i].questions);
		facts->lines[i].facts = facts;
	}
	return facts;
}

/* Nothing is out or in line now that points into the tables. */
static void
make_room(struct queue_facts *facts, size_t count)
{
	require(facts->open == 0);
	count = count > FACTS_MAX - facts->count ? FACTS_MAX :
	    facts->count + count;
	facts->facts = memory_resize(facts->facts, count + 1,
	    sizeof(*facts->facts));
	facts->questions = memory_resize(facts->questions, count + 1,
	    sizeof(*facts->questions));
}

static bool
is_known(const struct queue_facts *facts, const struct frame_fact *wanted)
{
	for (size_t i = 0; i < facts->count; i++)
		if (facts->facts[i].kind == wanted->kind &&
		    text_equal(facts->facts[i].source, wanted->source) &&
		    text_equal(facts->facts[i].subject, wanted->subject))
			return true;
	return false;
}

static int
add_question(struct queue_facts *facts, const struct frame_fact *wanted)
{
	struct frame_fact *fact = &facts->facts[facts->count];
	struct queue_question *question = &facts->questions[facts->count];
	size_t bytes = FACT_BYTES + wanted->source.len +
	    wanted->subject.len + FACT_TEXT_MAX / 8;

	if (wanted->kind >= FACT_KINDS || is_known(facts, wanted))
		return ERROR_MALFORMED;
	if (facts->count == FACTS_MAX ||
	    facts->bytes + bytes > queue_facts_room(facts->queue))
		return ERROR_LIMIT;
	*fact = (struct frame_fact){ .kind = wanted->kind };
	if (arena_copy(facts->arena, wanted->source, &fact->source) != 0 ||
	    arena_copy(facts->arena, wanted->subject, &fact->subject) != 0)
		return ERROR_LIMIT;
	*question = (struct queue_question){
		.facts = facts,
		.fact = fact,
		.wanted_us = clock_monotonic_us(),
	};
	question->until_us = question->wanted_us + QUEUE_FACTS_LINE_US;
	list_init(&question->link);
	facts->bytes += bytes;
	facts->count++;
	facts->open++;
	return 0;
}

/* What we know ourselves. */
static void
answer_count(struct queue_question *question)
{
	char number[24];
	struct text value;
	struct frame_fact answer = { .values = &value, .value_count = 1 };
	int len = snprintf(number, sizeof(number), "%" PRIu64,
	    question->facts->queue->errands.counts[QUEUE_DESK_JUDGE]);

	value = text_of(number, (size_t)len);
	set_known(question, &answer);
}

int
queue_facts_want(struct queue *queue, struct queue_errand *errand,
    const struct frame_fact *wanted, size_t count)
{
	struct queue_facts *facts = errand->facts;
	size_t first;
	int r = 0;

	if (facts == NULL)
		facts = errand->facts = facts_new(queue, errand);
	first = facts->count;
	make_room(facts, count);
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_question(facts, &wanted[i]);
	if (r != 0 || count == 0)
		return r != 0 ? r : ERROR_MALFORMED;
	queue_errand_take_back(errand);
	queue_errand_rest(queue, errand);
	queue->facts.messages++;
	for (size_t i = first; i < facts->count; i++)
		if (gatherer_of(&facts->facts[i]) == PROCESS_QUEUE)
			answer_count(&facts->questions[i]);
		else
			line_up(&facts->questions[i], false);
	set_time(facts);
	return 0;
}

bool
queue_facts_may_begin(const struct queue *queue,
    const struct queue_errand *errand)
{
	return errand->facts != NULL ||
	    queue->facts.messages < QUEUE_FACTS_MESSAGES;
}

bool
queue_facts_are_open(const struct queue_errand *errand)
{
	return errand->facts != NULL && errand->facts->open > 0;
}

void
queue_facts_drop(struct queue_errand *errand)
{
	struct queue_facts *facts = errand->facts;

	if (facts == NULL)
		return;
	errand->facts = NULL;
	if (facts->open > 0)
		facts->queue->facts.messages--;
	for (size_t i = 0; i < facts->count; i++)
		if (facts->facts[i].outcome == FACT_ASKED)
			give_up(&facts->questions[i]);
	free(facts->facts);
	free(facts->questions);
	arena_free(facts->arena);
	free(facts);
}

void
queue_facts_fill(const struct queue_errand *errand,
    struct frame_judge *frame)
{
	if (errand->facts == NULL)
		return;
	frame->facts = errand->facts->facts;
	frame->fact_count = errand->facts->count;
}

void
queue_facts_encode(const struct queue_errand *errand, struct buffer *out)
{
	struct queue_fact_list list = { 0 };

	if (errand == NULL || errand->facts == NULL)
		return;
	list.facts = errand->facts->facts;
	list.count = errand->facts->count;
	require(record_encode(&queue_fact_list_shape, &list, out) == 0);
}

/* ---- asking ------------------------------------------------------------- */

static int64_t
timeout_us(const struct queue *queue, const struct frame_fact *fact)
{
	const struct config *config = queue->config;
	struct config_directory_source source;
	uint64_t ms = config->dns.list_timeout_ms;

	if (gatherer_of(fact) == PROCESS_INSPECT)
		ms = config_directory_source_find(config, fact->source,
		    &source, NULL) == 0 ? source.directory->timeout_ms : 0;
	return (int64_t)ms * 1000;
}

/* The one with the least to do that has room. */
static struct queue_channel *
choose_channel(const struct queue *queue, enum process_kind kind)
{
	struct queue_channel *best = NULL;
	struct list *link, *after;

	LIST_EACH(&queue->channels.all, link, after) {
		struct queue_channel *channel =
		    LIST_OWNER(link, struct queue_channel, link);
		uint32_t load = channel->fact_count + channel->fact_late;

		if (channel->kind == kind && load < windows[kind] &&
		    (best == NULL ||
		    load < best->fact_count + best->fact_late))
			best = channel;
	}
	return best;
}

static void
ask(struct queue *queue, struct queue_question *question,
    struct queue_channel *channel)
{
	struct frame_fact_ask frame = { .fact = *question->fact };
	int64_t now_us = clock_monotonic_us();

	list_remove(&question->link);
	list_append(&channel->questions, &question->link);
	question->channel = channel;
	channel->fact_count++;
	frame.id = question->id = ++queue->facts.last_id;
	question->asked_us = now_us;
	question->until_us = now_us + timeout_us(queue, question->fact) +
	    QUEUE_FACTS_GRACE_US;
	queue->facts.asked++;
	queue_channel_send(channel, FRAME_FACT_ASK, &frame, -1);
	set_time(question->facts);
}

/* One question of the message that is first in line, which then is last. */
static bool
step(struct queue *queue, enum process_kind kind)
{
	struct list *line = &queue->facts.lines[kind];
	struct queue_fact_line *first;
	struct queue_channel *channel;

	if (list_is_empty(line))
		return false;
	channel = choose_channel(queue, kind);
	if (channel == NULL)
		return false;
	first = LIST_OWNER(line->next, struct queue_fact_line, link);
	ask(queue, LIST_OWNER(first->questions.next, struct queue_question,
	    link), channel);
	list_remove(&first->link);
	if (!list_is_empty(&first->questions))
		list_append(line, &first->link);
	return true;
}

void
queue_facts_turn(struct queue *queue)
{
	for (size_t kind = 0; kind < PROCESS_KINDS; kind++) {
		unsigned int work = 0;

		while (!queue->is_stopping &&
		    step(queue, (enum process_kind)kind))
			if (++work >= QUEUE_FACTS_TURN) {
				loop_again(queue->loop);
				break;
			}
	}
}
