/*
 * Jobs of the deliver process: plain data, no I/O.
 */
#include "queue/delivery/delivery_job.h"

#include <stdlib.h>

#include "gateway/base/ipc.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

/*
 * What a result takes besides its words: six bytes before each field, and
 * numbers and status.
 */
#define DELIVERY_RESULT_OVERHEAD 72
#define DELIVERY_WORDS_MAX 512
/* Host, TLS and the rest of the frame. */
#define DELIVERY_FRAME_OVERHEAD 4096

int
delivery_job_new(const struct frame_job *frame, struct message_body *body,
	struct delivery_job **out)
{
	struct frame_job bare = *frame;
	struct delivery_job *job = NULL;
	int error;

	if (frame->envelope.recipient_count == 0)
		return ERROR_MALFORMED;
	bare.body = TEXT_EMPTY;
	job = memory_new(sizeof(*job));
	list_init(&job->link);
	list_init(&job->followers);
	job->arena = arena_new(DELIVERY_JOB_ARENA_MAX);
	error = record_copy(&frame_job_shape, &bare, job->arena, &job->frame);
	if (error < 0)
		goto out;
	job->open = job->frame.envelope.recipient_count;
	job->recipients = arena_array(job->arena, job->open,
	    sizeof(*job->recipients));
	if (job->recipients == NULL) {
		error = ERROR_LIMIT;
		goto out;
	}
	job->body = message_body_ref(body);
	*out = job;
	return 0;
out:
	delivery_job_free(job);
	return error;
}

void
delivery_job_free(struct delivery_job *job)
{
	if (job == NULL)
		return;
	require(list_is_empty(&job->followers));
	list_remove(&job->link);
	message_body_release(&job->body);
	arena_free(job->arena);
	free(job);
}

void
delivery_job_discard(struct delivery_job *job)
{
	struct list *link, *after;

	if (job == NULL)
		return;
	LIST_EACH(&job->followers, link, after)
		delivery_job_free(LIST_OWNER(link, struct delivery_job,
		    link));
	delivery_job_free(job);
}

uint64_t
delivery_job_mid(const struct delivery_job *job)
{
	return job->frame.envelope.mid;
}

/* All results of a job travel in one frame. */
static size_t
delivery_job_words_max(const struct delivery_job *job)
{
	size_t each = (IPC_PAYLOAD_MAX - DELIVERY_FRAME_OVERHEAD) /
	    job->frame.envelope.recipient_count;

	if (each <= DELIVERY_RESULT_OVERHEAD)
		return 0;
	each -= DELIVERY_RESULT_OVERHEAD;
	return each < DELIVERY_WORDS_MAX ? each : DELIVERY_WORDS_MAX;
}

struct text
delivery_job_words(struct delivery_job *job, struct text words)
{
	struct text copy;

	words = text_slice(words, 0, delivery_job_words_max(job));
	if (arena_copy(job->arena, words, &copy) < 0)
		return TEXT_EMPTY;
	return copy;
}

void
delivery_job_decide(struct delivery_job *job, size_t index,
	const struct delivery_outcome *outcome)
{
	struct delivery_recipient *recipient = &job->recipients[index];

	require(index < job->frame.envelope.recipient_count);
	require(!recipient->is_decided);
	recipient->is_decided = true;
	recipient->outcome = *outcome;
	job->open--;
}

void
delivery_job_trouble(struct delivery_job *job, size_t index,
	const struct delivery_outcome *outcome)
{
	struct delivery_recipient *recipient = &job->recipients[index];

	require(!recipient->is_decided);
	require(outcome->result == FRAME_RESULT_DEFERRED);
	recipient->has_trouble = true;
	recipient->outcome = *outcome;
}

void
delivery_job_decide_open(struct delivery_job *job,
	const struct delivery_outcome *outcome)
{
	struct delivery_recipient *recipient;
	size_t i;

	for (i = 0; i < job->frame.envelope.recipient_count; i++) {
		recipient = &job->recipients[i];
		if (recipient->is_decided)
			continue;
		if (recipient->has_trouble &&
		    outcome->result == FRAME_RESULT_DEFERRED)
			delivery_job_decide(job, i, &recipient->outcome);
		else
			delivery_job_decide(job, i, outcome);
	}
}

void
delivery_job_refuse_unprotected(struct delivery_job *job, const char *words)
{
	struct delivery_outcome outcome = { .result = FRAME_RESULT_DEFERRED,
		.status = { 4, 7, 0 } };

	log_event(LOG_ERROR_LEVEL, delivery_job_mid(job), "protection_unmet",
	    LOG_NUMBER("job", job->frame.job), LOG_STRING("reason", words));
	outcome.words = delivery_job_words(job, text_from(words));
	delivery_job_decide_open(job, &outcome);
}

void
delivery_job_set_host(struct delivery_job *job, uint64_t dcid,
	struct text host, struct text tls)
{
	job->is_reached = true;
	job->dcid = dcid;
	if (arena_copy(job->arena, host, &job->host) < 0)
		job->host = TEXT_EMPTY;
	if (arena_copy(job->arena, tls, &job->tls) < 0)
		job->tls = TEXT_EMPTY;
}

bool
delivery_job_overlaps(const struct delivery_job *a,
	const struct delivery_job *b)
{
	const struct envelope *left = &a->frame.envelope;
	const struct envelope *right = &b->frame.envelope;
	size_t i, j;

	if (left->mid != right->mid)
		return false;
	for (i = 0; i < left->recipient_count; i++)
		for (j = 0; j < right->recipient_count; j++)
			if (left->recipients[i].rid ==
			    right->recipients[j].rid)
				return true;
	return false;
}

static struct text
delivery_status_print(struct arena *arena, const uint16_t status[3])
{
	return arena_printf(arena, "%u.%u.%u", status[0], status[1],
	    status[2]);
}

const struct frame_job_result *
delivery_job_result(struct delivery_job *job)
{
	struct frame_job_result *result = arena_alloc(job->arena,
	    sizeof(*result));
	size_t count = job->frame.envelope.recipient_count, i;
	struct frame_recipient_result *each;

	require(job->open == 0);
	if (result != NULL)
		result->recipients = arena_array(job->arena, count,
		    sizeof(*result->recipients));
	if (result == NULL || result->recipients == NULL)
		fatal("no room for the result of a job");
	result->job = job->frame.job;
	result->mid = delivery_job_mid(job);
	result->attempt = job->frame.attempt;
	result->dcid = job->dcid;
	result->destination = job->is_reached ? FRAME_DESTINATION_REACHED :
	    FRAME_DESTINATION_UNREACHABLE;
	result->host = job->host;
	result->tls = job->tls;
	result->recipient_count = count;
	for (i = 0; i < count; i++) {
		const struct delivery_outcome *outcome =
		    &job->recipients[i].outcome;

		each = &result->recipients[i];
		each->rid = job->frame.envelope.recipients[i].rid;
		each->result = outcome->result;
		each->reply = outcome->reply;
		each->status = delivery_status_print(job->arena,
		    outcome->status);
		each->reason = outcome->words;
	}
	return result;
}
