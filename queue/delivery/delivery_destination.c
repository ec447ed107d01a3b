/*
 * Destinations of the deliver process: who waits, who works, and when to
 * open one more connection.
 */
#include "queue/delivery/delivery_destination.h"

#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"

#define DELIVERY_DESTINATION_ARENA_MAX (256u * 1024u)
/* The whole key of a destination: settings of at most one frame. */
#define DELIVERY_KEY_MAX (200u * 1024u)
/* How long a destination without work is remembered, with its hosts. */
#define DELIVERY_KEEP_MS 60000
/* How long fewer connections are opened where a host refused one. */
#define DELIVERY_LIMIT_MS 10000

/* ---- keys ---- */

static int
delivery_key_text(struct text t, struct buffer *out)
{
	int error = buffer_printf(out, "%zu:", t.len);

	return error < 0 ? error : buffer_add_text(out, t);
}

static int
delivery_key_texts(const struct text *list, size_t count, struct buffer *out)
{
	int error = buffer_printf(out, "%zu;", count);
	size_t i;

	for (i = 0; i < count && error == 0; i++)
		error = delivery_key_text(list[i], out);
	return error;
}

/*
 * Everything that a kept connection depends on: after a change of the rule
 * none is used that was made under another.
 */
static int
delivery_key_print(const struct frame_destination *settings,
	struct buffer *out)
{
	int error = buffer_printf(out, "%u;%u;", (unsigned int)settings->tls,
	    (unsigned int)(settings->or_envelope != 0));

	if (error == 0)
		error = delivery_key_text(settings->key, out);
	if (error == 0)
		error = delivery_key_text(settings->domain, out);
	if (error == 0)
		error = delivery_key_texts(settings->hosts,
		    settings->host_count, out);
	if (error == 0)
		error = delivery_key_texts(settings->tls_names,
		    settings->tls_name_count, out);
	return error;
}

/* ---- life ---- */

static void
delivery_destination_unlimit(void *context)
{
	struct delivery_destination *destination = context;

	destination->session_limit = 0;
	delivery_wake(destination->delivery, destination);
}

static int
delivery_destination_copy(struct delivery_destination *destination,
	const struct frame_destination *settings, struct text key)
{
	struct delivery_destination *d = destination;
	size_t i;

	d->settings = *settings;
	d->settings.hosts = arena_array(d->arena, settings->host_count + 1,
	    sizeof(struct text));
	d->settings.tls_names = arena_array(d->arena,
	    settings->tls_name_count + 1, sizeof(struct text));
	if (d->settings.hosts == NULL || d->settings.tls_names == NULL ||
	    arena_copy(d->arena, key, &d->key) < 0 ||
	    arena_copy(d->arena, settings->key, &d->settings.key) < 0 ||
	    arena_copy(d->arena, settings->domain, &d->settings.domain) < 0)
		return ERROR_LIMIT;
	for (i = 0; i < settings->host_count; i++)
		if (arena_copy(d->arena, settings->hosts[i],
		    &d->settings.hosts[i]) < 0)
			return ERROR_LIMIT;
	for (i = 0; i < settings->tls_name_count; i++)
		if (arena_copy(d->arena, settings->tls_names[i],
		    &d->settings.tls_names[i]) < 0)
			return ERROR_LIMIT;
	return 0;
}

static struct delivery_destination *
delivery_destination_new(struct delivery *delivery,
	const struct frame_destination *settings, struct text key)
{
	struct delivery_destination *destination =
	    memory_new(sizeof(*destination));

	destination->delivery = delivery;
	destination->arena = arena_new(DELIVERY_DESTINATION_ARENA_MAX);
	list_init(&destination->ready_link);
	list_init(&destination->waiting);
	list_init(&destination->sessions);
	delivery_resolve_init(&destination->resolve, destination);
	destination->timer = loop_timer_new(delivery->loop,
	    delivery_destination_unlimit, destination);
	if (delivery_destination_copy(destination, settings, key) < 0) {
		delivery_destination_free(destination);
		return NULL;
	}
	(void)map_put_text(delivery->destinations, destination->key,
	    destination);
	return destination;
}

struct delivery_destination *
delivery_destination_find(struct delivery *delivery,
	const struct frame_destination *settings)
{
	struct delivery_destination *destination = NULL;
	struct buffer key;

	buffer_init(&key, DELIVERY_KEY_MAX);
	if (delivery_key_print(settings, &key) < 0)
		goto out;
	destination = map_get_text(delivery->destinations,
	    buffer_text(&key));
	if (destination == NULL)
		destination = delivery_destination_new(delivery, settings,
		    buffer_text(&key));
	if (destination == NULL)
		goto out;
	/* These two may change without harm to what is open. */
	destination->settings.concurrency = settings->concurrency;
	destination->settings.messages_per_connection =
	    settings->messages_per_connection;
out:
	buffer_clear(&key);
	return destination;
}

void
delivery_destination_free(struct delivery_destination *destination)
{
	struct list *link, *after;

	require(list_is_empty(&destination->sessions));
	LIST_EACH(&destination->waiting, link, after)
		delivery_job_free(LIST_OWNER(link, struct delivery_job,
		    link));
	if (destination->key.data != NULL &&
	    map_get_text(destination->delivery->destinations,
	    destination->key) == destination)
		(void)map_remove_text(destination->delivery->destinations,
		    destination->key);
	list_remove(&destination->ready_link);
	delivery_resolve_clear(&destination->resolve);
	loop_timer_free(destination->timer);
	arena_free(destination->arena);
	free(destination);
}

bool
delivery_destination_is_idle(const struct delivery_destination *destination,
	int64_t now_ms)
{
	return list_is_empty(&destination->waiting) &&
	    list_is_empty(&destination->sessions) &&
	    list_is_empty(&destination->ready_link) &&
	    destination->resolve.state != DELIVERY_RESOLVE_ASKED &&
	    now_ms - destination->used_ms >= DELIVERY_KEEP_MS;
}

/* ---- waiting jobs ---- */

void
delivery_destination_add(struct delivery_destination *destination,
	struct delivery_job *job)
{
	job->queued_ms = clock_monotonic_ms();
	list_append(&destination->waiting, &job->link);
	destination->waiting_count++;
	delivery_wake(destination->delivery, destination);
}

void
delivery_destination_return(struct delivery_destination *destination,
	struct delivery_job *job)
{
	/* Its queue has gone, and the new one will bring it again. */
	if (job->channel < destination->delivery->channel) {
		delivery_job_forget(destination->delivery, job);
		return;
	}
	job->queued_ms = clock_monotonic_ms();
	list_prepend(&destination->waiting, &job->link);
	destination->waiting_count++;
	delivery_wake(destination->delivery, destination);
}

static void
delivery_destination_take_out(struct delivery_destination *destination,
	struct delivery_job *job)
{
	list_remove(&job->link);
	destination->waiting_count--;
}

void
delivery_destination_forget(struct delivery_destination *destination,
	uint32_t channel)
{
	struct list *link, *after;
	struct delivery_job *job;

	LIST_EACH(&destination->waiting, link, after) {
		job = LIST_OWNER(link, struct delivery_job, link);
		if (job->channel >= channel)
			continue;
		delivery_destination_take_out(destination, job);
		delivery_job_forget(destination->delivery, job);
	}
}

struct delivery_job *
delivery_destination_next(struct delivery_destination *destination,
	size_t position)
{
	struct list *link, *after;
	struct delivery_job *job;

	destination->used_ms = clock_monotonic_ms();
	LIST_EACH(&destination->waiting, link, after) {
		job = LIST_OWNER(link, struct delivery_job, link);
		if (job->floor > position)
			continue;
		delivery_destination_take_out(destination, job);
		return job;
	}
	return NULL;
}

/* Everybody who waits gets the outcome of the look-up. */
static void
delivery_destination_settle_all(struct delivery_destination *destination,
	const struct delivery_trouble *trouble)
{
	struct delivery_outcome outcome;
	struct delivery_job *job;

	while (!list_is_empty(&destination->waiting)) {
		job = LIST_OWNER(destination->waiting.next,
		    struct delivery_job, link);
		delivery_destination_take_out(destination, job);
		delivery_trouble_outcome(trouble, job, &outcome);
		delivery_job_decide_open(job, &outcome);
		delivery_job_done(destination->delivery, job);
	}
}

/* ---- sessions ---- */

struct delivery_census {
	size_t opening;
	size_t idle;
};

static struct delivery_census
delivery_destination_count(const struct delivery_destination *destination)
{
	struct delivery_census census = { .opening = 0 };
	struct delivery_session *session;
	struct list *link, *after;

	LIST_EACH(&destination->sessions, link, after) {
		session = delivery_session_of(link);
		if (delivery_session_is_opening(session))
			census.opening++;
		else if (delivery_session_is_idle(session))
			census.idle++;
	}
	return census;
}

static size_t
delivery_destination_cap(const struct delivery_destination *destination)
{
	size_t cap = destination->settings.concurrency;

	if (cap == 0)
		cap = 1;
	if (destination->session_limit > 0 &&
	    destination->session_limit < cap)
		cap = destination->session_limit;
	return cap;
}

/* Idle sessions first; what they cannot take is behind their host. */
static void
delivery_destination_feed_idle(struct delivery_destination *destination)
{
	struct list *link, *after;
	struct delivery_session *session;

	LIST_EACH(&destination->sessions, link, after) {
		if (list_is_empty(&destination->waiting))
			return;
		session = delivery_session_of(link);
		if (delivery_session_is_idle(session))
			delivery_session_work(session);
	}
}

/* A full house of sessions that cannot serve: one makes room. */
static void
delivery_destination_make_room(struct delivery_destination *destination)
{
	struct list *link, *after;
	struct delivery_session *session;

	if (destination->session_count <
	    delivery_destination_cap(destination))
		return;
	LIST_EACH(&destination->sessions, link, after) {
		session = delivery_session_of(link);
		if (delivery_session_is_idle(session)) {
			delivery_session_dismiss(session);
			return;
		}
	}
}

static void
delivery_destination_open(struct delivery_destination *destination)
{
	struct delivery *delivery = destination->delivery;
	struct delivery_job *first;
	size_t opening;

	delivery_destination_make_room(destination);
	opening = delivery_destination_count(destination).opening;
	while (opening < destination->waiting_count &&
	    destination->session_count <
	    delivery_destination_cap(destination) &&
	    delivery_session_may_begin(delivery, destination)) {
		first = LIST_OWNER(destination->waiting.next,
		    struct delivery_job, link);
		delivery_session_begin(destination, first->floor <
		    destination->resolve.targets->count ? first->floor : 0);
		opening++;
	}
}

void
delivery_destination_dispatch(struct delivery_destination *destination)
{
	delivery_destination_feed_idle(destination);
	if (list_is_empty(&destination->waiting) ||
	    destination->delivery->is_stopping)
		return;
	destination->used_ms = clock_monotonic_ms();
	delivery_resolve_want(&destination->resolve);
	if (destination->resolve.state == DELIVERY_RESOLVE_FAILED)
		delivery_destination_settle_all(destination,
		    &destination->resolve.trouble);
	else if (destination->resolve.state == DELIVERY_RESOLVE_FOUND)
		delivery_destination_open(destination);
}

void
delivery_destination_leave(struct delivery_destination *destination,
	struct delivery_session *session)
{
	(void)session;
	destination->session_count--;
	destination->used_ms = clock_monotonic_ms();
	if (!list_is_empty(&destination->waiting))
		delivery_wake(destination->delivery, destination);
}

/*
 * Whether somebody else can still take the job: a session that talks to a
 * host not tried yet, or, for a job that has not waited long, one that is
 * on its way.
 */
static bool
delivery_destination_has_hope(struct delivery_destination *destination,
	const struct delivery_session *failed,
	const struct delivery_job *job)
{
	int64_t patience_ms =
	    (int64_t)destination->delivery->config->limits.connect_timeout_ms;
	bool fresh = clock_monotonic_ms() - job->queued_ms < patience_ms;
	struct delivery_session *session;
	struct list *link, *after;

	LIST_EACH(&destination->sessions, link, after) {
		session = delivery_session_of(link);
		if (session == failed)
			continue;
		if (delivery_session_is_opening(session)) {
			if (fresh && delivery_session_start(session) <=
			    job->floor)
				return true;
		} else if (delivery_session_position(session) >= job->floor) {
			return true;
		}
	}
	return false;
}

void
delivery_destination_unreachable(struct delivery_destination *destination,
	const struct delivery_session *session,
	const struct delivery_trouble *trouble)
{
	struct list *link, *after;
	struct delivery_job *job;
	struct delivery_outcome outcome;
	struct list given_up;
	bool lacks_tls = destination->settings.or_envelope != 0 &&
	    delivery_session_lacks_tls(session);

	list_init(&given_up);
	LIST_EACH(&destination->waiting, link, after) {
		job = LIST_OWNER(link, struct delivery_job, link);
		if (job->floor < delivery_session_start(session) ||
		    delivery_destination_has_hope(destination, session, job))
			continue;
		delivery_destination_take_out(destination, job);
		list_append(&given_up, &job->link);
	}
	while (!list_is_empty(&given_up)) {
		job = LIST_OWNER(given_up.next, struct delivery_job, link);
		list_remove(&job->link);
		if (trouble->is_reached)
			job->is_reached = true;
		delivery_trouble_outcome(trouble, job, &outcome);
		/* Behind its floor there was a host that satisfied the rule. */
		if (lacks_tls && job->floor == 0)
			outcome.result = FRAME_RESULT_NEEDS_ENVELOPE;
		delivery_job_decide_open(job, &outcome);
		delivery_job_done(destination->delivery, job);
	}
	/* The others go on; no new ones for a while. */
	destination->session_limit = destination->session_count > 1 ?
	    destination->session_count - 1 : 1;
	loop_timer_set(destination->timer, DELIVERY_LIMIT_MS);
}
