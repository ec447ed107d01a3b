/*
 * Jobs move from waiting, by a request, to ready, and are built one in a
 * turn of the loop.  Everything happens in two chores, never inside an
 * answer of libcurl.
 */
#include "crypto/protect/protect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/protect/protect_build.h"
#include "crypto/protect/protect_job.h"
#include "crypto/protect/protect_register.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define STATUS_SIZE 24

struct protect {
	struct loop *loop;
	const struct protect_peers *peers;
	void *context;
	struct protect_site *site;
	struct list waiting;
	struct list batches;	/* requests */
	struct list ready;	/* registered, or with a verdict */
	struct loop_chore gather;
	struct loop_chore work;
	struct protect_counts counts;
	bool is_stopping;
};

static void gather(void *context);
static void work(void *context);

struct protect *
protect_new(struct loop *loop, const struct protect_peers *peers,
	void *context)
{
	struct protect *protect = memory_new(sizeof(*protect));

	protect->loop = loop;
	protect->peers = peers;
	protect->context = context;
	list_init(&protect->waiting);
	list_init(&protect->batches);
	list_init(&protect->ready);
	loop_chore_init(&protect->gather, gather, protect);
	loop_chore_init(&protect->work, work, protect);
	return protect;
}

static void
free_jobs(struct list *jobs)
{
	struct list *link;
	struct list *after;

	LIST_EACH(jobs, link, after)
		protect_job_free(LIST_OWNER(link, struct protect_job, link));
}

void
protect_forget(struct protect *protect)
{
	struct list *link;
	struct list *after;

	free_jobs(&protect->waiting);
	free_jobs(&protect->ready);
	LIST_EACH(&protect->batches, link, after)
		protect_register_free(LIST_OWNER(link,
			struct protect_register, link));
	protect->counts.waiting = protect->counts.requests = 0;
	loop_chore_add(protect->loop, &protect->work);
}

void
protect_free(struct protect *protect)
{
	if (protect == NULL)
		return;
	protect_forget(protect);
	loop_chore_remove(&protect->gather);
	loop_chore_remove(&protect->work);
	protect_site_release(&protect->site);
	free(protect);
}

void
protect_configure(struct protect *protect, struct protect_site *site)
{
	struct protect_site *before = protect->site;

	protect->site = protect_site_ref(site);
	protect_site_release(&before);
}

int
protect_take(struct protect *protect, const struct frame_protect *frame,
	struct message_body *body)
{
	struct protect_job *job;

	if (protect->site == NULL)
		return ERROR_STATE;
	protect->peers->in_hand(protect->context, frame->mid);
	job = protect_job_new(frame, body, protect->site);
	protect->peers->in_hand(protect->context, 0);
	if (job->verdict.outcome != FRAME_PROTECT_DONE) {
		list_append(&protect->ready, &job->link);
		loop_chore_add(protect->loop, &protect->work);
		return 0;
	}
	list_append(&protect->waiting, &job->link);
	protect->counts.waiting++;
	loop_chore_add(protect->loop, &protect->gather);
	return 0;
}

/* ---- registering ---- */

static void
on_over(void *context)
{
	struct protect *protect = context;

	loop_chore_add(protect->loop, &protect->work);
}

static size_t
count_requests(const struct protect *protect, struct text url)
{
	const struct protect_register *batch;
	struct list *link;
	struct list *after;
	size_t count = 0;

	LIST_EACH(&protect->batches, link, after) {
		batch = LIST_OWNER(link, struct protect_register, link);
		if (text_equal(batch->url, url))
			count++;
	}
	return count;
}

/* The first that waits for a key service with a request to spare. */
static struct protect_job *
find_next(struct protect *protect)
{
	struct protect_job *job;
	struct list *link;
	struct list *after;

	LIST_EACH(&protect->waiting, link, after) {
		job = LIST_OWNER(link, struct protect_job, link);
		if (count_requests(protect, job->url) <
		    PROTECT_REQUESTS_ONE_MAX)
			return job;
	}
	return NULL;
}

/* The jobs of one request, in their order. */
static void
take_batch(struct protect *protect, const struct protect_job *first,
	struct list *out)
{
	struct protect_site *site = first->site;
	struct text url = first->url;
	struct protect_job *job;
	struct list *link;
	struct list *after;
	size_t count = 0;

	LIST_EACH(&protect->waiting, link, after) {
		job = LIST_OWNER(link, struct protect_job, link);
		if (job->site != site || !text_equal(job->url, url))
			continue;
		list_remove(link);
		list_append(out, link);
		if (++count == KEY_SERVICE_BATCH_MAX)
			break;
	}
}

/* What one request could not hold waits on, in its old place. */
static void
put_back(struct protect *protect, struct list *jobs)
{
	struct list *link;

	while (!list_is_empty(jobs)) {
		link = jobs->prev;
		list_remove(link);
		list_prepend(&protect->waiting, link);
	}
}

static void
start_batch(struct protect *protect, const struct protect_job *first)
{
	struct protect_register *batch;
	struct list jobs;

	list_init(&jobs);
	take_batch(protect, first, &jobs);
	batch = protect_register_new(&jobs, on_over, protect);
	put_back(protect, &jobs);
	list_append(&protect->batches, &batch->link);
	protect->counts.waiting -= batch->count;
	protect->counts.requests++;
	protect->counts.requests_made++;
	if (batch->is_over)
		loop_chore_add(protect->loop, &protect->work);
}

static void
gather(void *context)
{
	struct protect *protect = context;
	const struct protect_job *job;

	while (!protect->is_stopping &&
	    protect->counts.requests < PROTECT_REQUESTS_MAX &&
	    (job = find_next(protect)) != NULL)
		start_batch(protect, job);
}

/* ---- answering ---- */

static void
answer_without(struct protect *protect, const struct protect_job *job)
{
	const struct protect_verdict *verdict = &job->verdict;
	bool failed = verdict->outcome == FRAME_PROTECT_FAILED;
	char status[STATUS_SIZE];
	struct frame_protected frame = {
		.mid = job->frame.mid,
		.attempt = job->frame.attempt,
		.outcome = verdict->outcome,
		.reason = text_from(verdict->why.text),
	};

	(void)snprintf(status, sizeof(status), "%u.%u.%u",
		verdict->why.status[0], verdict->why.status[1],
		verdict->why.status[2]);
	frame.status = text_from(status);
	if (failed)
		protect->counts.failed++;
	else
		protect->counts.deferred++;
	log_event(LOG_WARNING_LEVEL, job->frame.mid,
		failed ? "protect_failed" : "protect_later",
		LOG_STRING("status", status),
		LOG_STRING("reason", verdict->why.text));
	protect->peers->result(protect->context, &frame, -1);
}

static void
answer_with(struct protect *protect, const struct protect_job *job,
	const struct protect_mail *mail)
{
	struct frame_protected frame = {
		.mid = job->frame.mid,
		.attempt = job->frame.attempt,
		.outcome = FRAME_PROTECT_DONE,
		.reference = text_from(mail->reference),
		.size = mail->size,
	};
	int descriptor = -1;

	memcpy(frame.sha256, mail->sha256, sizeof(frame.sha256));
	frame.body = message_body_frame(mail->body, &descriptor);
	protect->counts.protected_count++;
	log_event(LOG_INFO_LEVEL, job->frame.mid, "envelope_made",
		LOG_TEXT("profile", job->header.profile),
		LOG_STRING("reference", mail->reference),
		LOG_NUMBER("recipients",
			job->frame.envelope.recipient_count),
		LOG_NUMBER("size", mail->size));
	protect->peers->result(protect->context, &frame, descriptor);
}

static void
finish_job(struct protect *protect, struct protect_job *job)
{
	struct protect_mail mail = { 0 };

	list_remove(&job->link);
	protect->peers->in_hand(protect->context, job->frame.mid);
	if (job->verdict.outcome == FRAME_PROTECT_DONE)
		protect_build(job, &mail);
	if (mail.body != NULL)
		answer_with(protect, job, &mail);
	else
		answer_without(protect, job);
	protect->peers->in_hand(protect->context, 0);
	message_body_release(&mail.body);
	protect_job_free(job);
}

static void
end_batch(struct protect *protect, struct protect_register *batch)
{
	struct list *link;
	bool stale = batch->is_name_stale;

	while (!list_is_empty(&batch->jobs)) {
		link = batch->jobs.next;
		list_remove(link);
		list_append(&protect->ready, link);
	}
	protect->counts.requests--;
	protect_register_free(batch);
	if (stale)
		protect->peers->name_stale(protect->context);
}

static bool
is_idle(const struct protect *protect)
{
	return list_is_empty(&protect->ready) &&
	    list_is_empty(&protect->batches) &&
	    (protect->is_stopping || list_is_empty(&protect->waiting));
}

static void
work(void *context)
{
	struct protect *protect = context;
	struct protect_register *batch;
	struct list *link;
	struct list *after;

	LIST_EACH(&protect->batches, link, after) {
		batch = LIST_OWNER(link, struct protect_register, link);
		if (batch->is_over)
			end_batch(protect, batch);
	}
	if (!list_is_empty(&protect->ready))
		finish_job(protect, LIST_OWNER(protect->ready.next,
			struct protect_job, link));
	if (!list_is_empty(&protect->ready))
		loop_chore_add(protect->loop, &protect->work);
	if (!list_is_empty(&protect->waiting))
		loop_chore_add(protect->loop, &protect->gather);
	if (is_idle(protect))
		protect->peers->idle(protect->context);
}

void
protect_stop(struct protect *protect)
{
	protect->is_stopping = true;
	loop_chore_add(protect->loop, &protect->work);
}

struct protect_counts
protect_count(const struct protect *protect)
{
	return protect->counts;
}
