/*
 * The channel to queue.  Questions have ids of this channel; an answer whose
 * question nobody waits for any more is counted, and granted memory given
 * back.  smtp process.
 */
#include "listeners/smtp_queue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "listeners/smtp_id_pool.h"

#define SMTP_QUEUE_ARENA_MAX 65536
#define SMTP_QUEUE_POOLS (FRAME_ID_ICID + 1)

struct smtp_queue {
	struct loop *loop;
	const struct ipc_identity *self;
	struct smtp_counters *counters;
	struct ipc *ipc;	/* NULL while queue is away */
	struct arena *arena;
	uint64_t generation;	/* rises with each channel */
	uint64_t last_id;
	struct map *asked;	/* budgets and submissions by id */
	struct map *id_waits;	/* by an id of their own */
	struct smtp_id_pool pools[SMTP_QUEUE_POOLS];
	bool is_refusing;
	char refusal[REASON_TEXT_MAX / 2];
};

static void on_frame(void *context, uint16_t type, struct text payload,
    int descriptor);
static void on_ended(void *context, int error);

static const struct ipc_events events = {
	.frame = on_frame,
	.ended = on_ended,
};

static int
explain_away(struct reason *why)
{
	reason_set_reply(why, 451, 4, 3, 0,
	    "Mail queue not available, try again later");
	return ERROR_TEMPORARY;
}

struct smtp_queue *
smtp_queue_new(struct loop *loop, const struct ipc_identity *self,
    struct smtp_counters *counters)
{
	struct smtp_queue *queue = memory_new(sizeof(*queue));

	queue->loop = loop;
	queue->self = self;
	queue->counters = counters;
	queue->arena = arena_new(SMTP_QUEUE_ARENA_MAX);
	queue->asked = map_new();
	queue->id_waits = map_new();
	return queue;
}

void
smtp_queue_free(struct smtp_queue *queue)
{
	if (queue == NULL)
		return;
	ipc_free(queue->ipc);
	arena_free(queue->arena);
	map_free(queue->asked);
	map_free(queue->id_waits);
	free(queue);
}

/* ---- numbers ---- */

static void
ask_for_ids(struct smtp_queue *queue, size_t kind)
{
	struct frame_id_lease_ask ask = {
		.kind = (uint8_t)kind,
		.count = SMTP_ID_POOL_BLOCK,
	};

	if (queue->ipc == NULL ||
	    !smtp_id_pool_needs_block(&queue->pools[kind]))
		return;
	queue->pools[kind].is_asked = true;
	frame_send(queue->ipc, FRAME_ID_LEASE_ASK, &ask, -1);
}

int
smtp_queue_take_id(struct smtp_queue *queue, enum frame_id_kind kind,
    uint64_t *out, struct smtp_wait *wait)
{
	int error;

	require((size_t)kind < SMTP_QUEUE_POOLS);
	error = smtp_id_pool_take(&queue->pools[kind], out);
	ask_for_ids(queue, kind);
	if (error == ERROR_AGAIN)
		smtp_wait_begin(wait, queue->id_waits, ++queue->last_id);
	return error;
}

static int
on_id_lease(struct smtp_queue *queue, const void *value)
{
	const struct frame_id_lease *lease = value;

	if (lease->kind >= SMTP_QUEUE_POOLS ||
	    smtp_id_pool_add(&queue->pools[lease->kind], lease->first,
	    lease->count) < 0)
		return ERROR_MALFORMED;
	smtp_wait_end_all(&queue->id_waits, 0, NULL);
	return 0;
}

/* ---- memory ---- */

int
smtp_queue_ask_budget(struct smtp_queue *queue, uint64_t bytes,
    uint64_t *generation, struct smtp_wait *wait)
{
	struct frame_budget ask = { .id = ++queue->last_id, .bytes = bytes };

	if (queue->ipc == NULL ||
	    (*generation != 0 && *generation != queue->generation))
		return ERROR_TEMPORARY;
	*generation = queue->generation;
	smtp_wait_begin(wait, queue->asked, ask.id);
	frame_send(queue->ipc, FRAME_BUDGET_ASK, &ask, -1);
	return 0;
}

void
smtp_queue_return_budget(struct smtp_queue *queue, uint64_t generation,
    uint64_t bytes)
{
	struct frame_budget give = { .bytes = bytes };

	if (bytes > 0 && queue->ipc != NULL &&
	    generation == queue->generation)
		frame_send(queue->ipc, FRAME_BUDGET_RETURN, &give, -1);
}

static int
on_budget(struct smtp_queue *queue, const void *value)
{
	const struct frame_budget *answer = value;
	struct smtp_wait *wait = map_get(queue->asked, answer->id);
	struct reason why = { 0 };

	if (wait == NULL) {
		if (answer->granted)
			smtp_queue_return_budget(queue, queue->generation,
			    answer->bytes);
		return 0;
	}
	reason_set_reply(&why, 452, 4, 3, 1,
	    "Not enough memory for this message now, try again later");
	smtp_wait_end(wait, answer->granted ? 0 : ERROR_TEMPORARY, &why);
	return 0;
}

/* ---- submissions ---- */

int
smtp_queue_submit(struct smtp_queue *queue, const struct envelope *envelope,
    const struct message_body *body, uint64_t generation,
    struct smtp_wait *wait)
{
	struct frame_submit submit = { .envelope = *envelope };
	int descriptor = -1;

	if (queue->ipc == NULL ||
	    (generation != 0 && generation != queue->generation))
		return ERROR_TEMPORARY;
	submit.id = ++queue->last_id;
	submit.body = message_body_frame(body, &descriptor);
	smtp_wait_begin(wait, queue->asked, submit.id);
	frame_send(queue->ipc, FRAME_SUBMIT, &submit, descriptor);
	return 0;
}

/* "4.3.1" that fits its reply code, else class.3.0. */
static void
read_status(struct text t, unsigned int reply, uint16_t status[3])
{
	struct text part;
	uint64_t number[3] = { 0 };
	size_t i;
	bool good = true;

	for (i = 0; i < 3 && good; i++) {
		good = text_split(&t, '.', &part) &&
		    text_parse_u64(part, 999, &number[i]) == 0;
	}
	good = good && t.data == NULL && number[0] == reply / 100;
	status[0] = (uint16_t)(reply / 100);
	status[1] = good ? (uint16_t)number[1] : 3;
	status[2] = good ? (uint16_t)number[2] : 0;
}

static int
on_submit_result(struct smtp_queue *queue, const void *value)
{
	const struct frame_submit_result *result = value;
	struct smtp_wait *wait = map_get(queue->asked, result->id);
	bool refused = result->outcome == FRAME_SUBMIT_REFUSED;
	unsigned int least = refused ? 500 : 400;
	struct reason why = { 0 };
	uint16_t status[3];
	unsigned int reply = result->reply;

	if (result->outcome == FRAME_SUBMIT_COMMITTED) {
		queue->counters->messages_accepted++;
		if (wait != NULL)
			smtp_wait_end(wait, 0, NULL);
		return 0;
	}
	if (wait == NULL)
		return 0;
	if (reply < least || reply > least + 99)
		reply = refused ? 554 : 451;
	read_status(result->status, reply, status);
	reason_set_reply(&why, reply, status[0], status[1], status[2], "%.*s",
	    TEXT_ARG(result->reason));
	smtp_wait_end(wait, refused ? ERROR_REFUSED : ERROR_TEMPORARY, &why);
	return 0;
}

/* ---- whether mail is taken ---- */

static int
on_accepting(struct smtp_queue *queue, const void *value)
{
	const struct frame_accepting *frame = value;
	struct text reason = text_slice(frame->reason, 0,
	    sizeof(queue->refusal) - 1);

	queue->is_refusing = !frame->accepting;
	if (text_to_string(reason, queue->refusal,
	    sizeof(queue->refusal)) < 0)
		queue->refusal[0] = '\0';
	log_event(frame->accepting ? LOG_INFO_LEVEL : LOG_WARNING_LEVEL, 0,
	    "queue_accepting", LOG_NUMBER("accepting", frame->accepting),
	    LOG_TEXT("reason", reason));
	return 0;
}

int
smtp_queue_check(const struct smtp_queue *queue, struct reason *why)
{
	if (queue->ipc == NULL)
		return explain_away(why);
	if (!queue->is_refusing)
		return 0;
	reason_set_reply(why, 452, 4, 3, 1, "%s", queue->refusal[0] == '\0' ?
	    "No mail is taken now, try again later" : queue->refusal);
	return ERROR_TEMPORARY;
}

/* ---- the channel ---- */

union queue_frame {
	struct frame_id_lease id_lease;
	struct frame_budget budget;
	struct frame_submit_result submit_result;
	struct frame_accepting accepting;
};

static int (*const handlers[FRAME_TYPES])(struct smtp_queue *queue,
    const void *value) = {
	[FRAME_ID_LEASE] = on_id_lease,
	[FRAME_BUDGET] = on_budget,
	[FRAME_SUBMIT_RESULT] = on_submit_result,
	[FRAME_ACCEPTING] = on_accepting,
};

/* Everybody who waits for an answer of this channel gets none. */
static void
drop_channel(struct smtp_queue *queue)
{
	struct reason why = { 0 };
	size_t i;

	ipc_free(queue->ipc);
	queue->ipc = NULL;
	queue->is_refusing = false;
	for (i = 0; i < SMTP_QUEUE_POOLS; i++)
		queue->pools[i].is_asked = false;
	(void)explain_away(&why);
	smtp_wait_end_all(&queue->asked, ERROR_CLOSED, &why);
}

static void
on_ended(void *context, int error)
{
	struct smtp_queue *queue = context;

	log_event(LOG_WARNING_LEVEL, 0, "queue_channel_lost",
	    LOG_STRING("reason", error_name(error)));
	drop_channel(queue);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct smtp_queue *queue = context;
	union queue_frame value;
	int error = ERROR_MALFORMED;

	if (descriptor != -1)
		(void)close(descriptor);
	else if (type < FRAME_TYPES && handlers[type] != NULL) {
		arena_reset(queue->arena);
		error = frame_decode(PROCESS_QUEUE, PROCESS_SMTP, type,
		    payload, queue->arena, &value);
	}
	if (error == 0)
		error = handlers[type](queue, &value);
	if (error == 0)
		return;
	log_event(LOG_ERROR_LEVEL, 0, "queue_frame_refused",
	    LOG_NUMBER("type", type), LOG_STRING("reason", error_name(error)));
	drop_channel(queue);
}

void
smtp_queue_connect(struct smtp_queue *queue, int descriptor)
{
	size_t i;

	if (queue->ipc != NULL)
		drop_channel(queue);
	queue->generation++;
	queue->ipc = ipc_new(queue->loop, descriptor, queue->self, &events,
	    queue);
	for (i = 0; i < SMTP_QUEUE_POOLS; i++)
		ask_for_ids(queue, i);
}
