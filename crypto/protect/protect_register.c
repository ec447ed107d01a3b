/* Requests to the key service, and what their answers mean for each job. */
#include "crypto/protect/protect_register.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define ANSWER_ARENA_MAX (1024u * 1024)
#define STATUS_OK 200

/* ---- verdicts ---- */

struct trouble {
	int error;
	unsigned int subject;	/* of the status: 4.subject.detail */
	unsigned int detail;
	const char *words;
};

/* RFC 3463 3.5, 3.8; the last is for everything else. */
static const struct trouble troubles[] = {
	{ ERROR_TEMPORARY, 4, 1, "does not answer in time" },
	{ ERROR_REFUSED, 7, 5, "cannot be spoken to securely" },
	{ ERROR_NOT_FOUND, 4, 3, "cannot be found" },
	{ ERROR_LIMIT, 3, 0, "does not answer as a key service does" },
	{ ERROR_MALFORMED, 3, 0, "does not answer as a key service does" },
	{ ERROR_MISMATCH, 3, 0, "does not answer as a key service does" },
	{ ERROR_CLOSED, 4, 1, "cannot be reached" },
};
#define TROUBLE_COUNT (sizeof(troubles) / sizeof(troubles[0]))

static const struct trouble *
find_trouble(int error)
{
	size_t i;

	for (i = 0; i < TROUBLE_COUNT - 1; i++) {
		if (troubles[i].error == error)
			break;
	}
	return &troubles[i];
}

static struct text
host_of(const struct protect_register *batch)
{
	struct https_url parsed;

	return https_url_parse(batch->url, &parsed) == 0 ? parsed.host :
	    batch->url;
}

/* The same for every job of the request. */
static void
all_later(struct protect_register *batch, int error, const char *detail)
{
	const struct trouble *trouble = find_trouble(error);
	struct text host = host_of(batch);
	struct list *link;
	struct list *after;

	LIST_EACH(&batch->jobs, link, after)
		protect_job_later(LIST_OWNER(link, struct protect_job, link),
			trouble->subject, trouble->detail,
			"the key service %.*s %s: %s", TEXT_ARG(host),
			trouble->words, detail);
	log_event(LOG_WARNING_LEVEL, 0, "key_service_failed",
		LOG_TEXT("url", batch->url),
		LOG_STRING("error", error_name(error)),
		LOG_STRING("reason", detail),
		LOG_NUMBER("messages", batch->count));
}

static const struct key_service_result *
find_result(const struct key_service_result *results, size_t count,
	const struct protect_job *job)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (memcmp(results[i].id, job->header.id,
		    sizeof(results[i].id)) == 0 &&
		    memcmp(results[i].key_id, job->header.key_id,
		    sizeof(results[i].key_id)) == 0)
			return &results[i];
	}
	return NULL;
}

static void
judge_job(struct protect_job *job, struct text host,
	const struct key_service_result *result)
{
	if (result == NULL)
		protect_job_later(job, 3, 0, "the key service %.*s said "
			"nothing about this message", TEXT_ARG(host));
	else if (result->outcome != KEY_SERVICE_REGISTERED)
		protect_job_later(job, 7, 1, "the key service %.*s %s",
			TEXT_ARG(host),
			result->outcome == KEY_SERVICE_CONFLICT ?
			"has another key of that number" :
			"does not take this message's key");
}

static void
judge(struct protect_register *batch, struct text body)
{
	struct arena *arena = arena_new(ANSWER_ARENA_MAX);
	struct key_service_result *results = NULL;
	struct reason why = { 0 };
	struct protect_job *job;
	struct list *link;
	struct list *after;
	size_t count = 0;
	int error;

	error = key_service_answer_read(body, arena, &results, &count, &why);
	if (error != 0) {
		all_later(batch, ERROR_MALFORMED, why.text);
		arena_free(arena);
		return;
	}
	LIST_EACH(&batch->jobs, link, after) {
		job = LIST_OWNER(link, struct protect_job, link);
		judge_job(job, host_of(batch),
			find_result(results, count, job));
	}
	arena_free(arena);
}

static void
on_answer(void *context, const struct https_fetch_answer *answer)
{
	struct protect_register *batch = context;
	struct https_url parsed;
	char words[64];

	batch->fetch = NULL;
	batch->is_over = true;
	if (answer->error != 0) {
		all_later(batch, answer->error, answer->words);
		batch->is_name_stale = answer->unconnected &&
		    https_url_parse(batch->url, &parsed) == 0 &&
		    !parsed.is_literal;
	} else if (answer->status != STATUS_OK) {
		(void)snprintf(words, sizeof(words), "HTTP status %u",
			answer->status);
		all_later(batch, ERROR_MALFORMED, words);
	} else {
		judge(batch, answer->body);
	}
	batch->over(batch->context);
}

/* ---- requests ---- */

static int
write_request(const struct list *jobs, size_t count, struct buffer *out)
{
	struct key_service_envelope *envelopes = memory_array(count,
		sizeof(*envelopes));
	const struct list *link = jobs->next;
	size_t i;
	int error;

	for (i = 0; i < count; i++, link = link->next)
		protect_job_describe(LIST_OWNER((struct list *)(uintptr_t)
			link, struct protect_job, link), &envelopes[i]);
	error = key_service_request_write(envelopes, count, out);
	memory_wipe(envelopes, count * sizeof(*envelopes));
	free(envelopes);
	return error;
}

static size_t
count_jobs(const struct list *jobs)
{
	const struct list *link;
	size_t count = 0;

	for (link = jobs->next; link != jobs; link = link->next)
		count++;
	return count;
}

static void
take_jobs(struct protect_register *batch, struct list *jobs, size_t count)
{
	struct list *link;

	for (; batch->count < count; batch->count++) {
		link = jobs->next;
		list_remove(link);
		list_append(&batch->jobs, link);
	}
}

/* As many of the first as fit into one request; at least one is taken. */
static int
fill(struct protect_register *batch, struct list *jobs, struct buffer *body)
{
	size_t count = count_jobs(jobs);
	int error;

	while ((error = write_request(jobs, count, body)) == ERROR_LIMIT &&
	    count > 1) {
		buffer_wipe(body);
		count /= 2;
	}
	take_jobs(batch, jobs, count);
	return error;
}

static void
too_large(struct protect_register *batch)
{
	protect_job_fail(LIST_OWNER(batch->jobs.next, struct protect_job,
		link), 5, 3, "the message's recipients are too many for the "
		"key service");
}

static void
start(struct protect_register *batch, struct text body)
{
	struct reason why = { 0 };
	int error;

	error = https_fetch_post(batch->site->pool, batch->url,
		TEXT(KEY_SERVICE_TYPE), body, on_answer, batch, &batch->fetch,
		&why);
	if (error == 0)
		return;
	batch->is_over = true;
	batch->is_name_stale = error == ERROR_NOT_FOUND;
	all_later(batch, error, why.text);
}

struct protect_register *
protect_register_new(struct list *jobs, void (*over)(void *context),
	void *context)
{
	struct protect_register *batch = memory_new(sizeof(*batch));
	struct protect_job *first = LIST_OWNER(jobs->next,
		struct protect_job, link);
	struct buffer body;

	list_init(&batch->link);
	list_init(&batch->jobs);
	batch->site = protect_site_ref(first->site);
	batch->url = memory_text(first->url);
	batch->over = over;
	batch->context = context;
	buffer_init(&body, KEY_SERVICE_BODY_MAX);
	if (fill(batch, jobs, &body) == 0) {
		start(batch, buffer_text(&body));
	} else {
		too_large(batch);
		batch->is_over = true;
	}
	buffer_wipe(&body);
	return batch;
}

void
protect_register_free(struct protect_register *batch)
{
	struct list *link;
	struct list *after;

	if (batch == NULL)
		return;
	list_remove(&batch->link);
	if (batch->fetch != NULL)
		https_fetch_cancel(batch->fetch);
	LIST_EACH(&batch->jobs, link, after)
		protect_job_free(LIST_OWNER(link, struct protect_job, link));
	protect_site_release(&batch->site);
	free((void *)(uintptr_t)batch->url.data);
	free(batch);
}
