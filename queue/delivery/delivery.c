/*
 * The delivery machine: jobs in, results out, destinations between.
 */
#include "queue/delivery/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "queue/delivery/delivery_command.h"
#include "queue/delivery/delivery_destination.h"
#include "queue/delivery/delivery_private.h"
#include "queue/delivery/delivery_protection.h"
#include "queue/delivery/delivery_tls.h"

/* How often destinations without work are looked for. */
#define DELIVERY_SWEEP_MS 15000

static void
delivery_chore(void *context);
static void
delivery_sweep(void *context);

/* ---- life ---- */

struct delivery *
delivery_new(struct loop *loop, size_t sessions_max,
	const struct delivery_peers *peers, void *context)
{
	struct delivery *delivery = memory_new(sizeof(*delivery));

	delivery->loop = loop;
	delivery->peers = peers;
	delivery->context = context;
	delivery->sessions_max = sessions_max;
	delivery->health = delivery_health_new();
	delivery->destinations = map_new();
	delivery->asks = map_new();
	list_init(&delivery->at_hand);
	list_init(&delivery->at_hand_old);
	list_init(&delivery->sessions_over);
	list_init(&delivery->sessions_leaving);
	list_init(&delivery->ready);
	list_init(&delivery->starved);
	loop_chore_init(&delivery->chore, delivery_chore, delivery);
	delivery->sweep = loop_timer_new(loop, delivery_sweep, delivery);
	loop_timer_set(delivery->sweep, DELIVERY_SWEEP_MS);
	buffer_init(&delivery->scratch, DELIVERY_COMMAND_MAX);
	return delivery;
}

static void
delivery_free_sessions(struct list *sessions)
{
	while (!list_is_empty(sessions))
		delivery_session_abandon(delivery_session_of(sessions->next));
}

void
delivery_free(struct delivery *delivery)
{
	struct delivery_destination *destination;
	size_t cursor = 0;

	if (delivery == NULL)
		return;
	delivery_free_sessions(&delivery->sessions_over);
	delivery_free_sessions(&delivery->sessions_leaving);
	while ((destination = map_next(delivery->destinations, &cursor)) !=
	    NULL) {
		delivery_free_sessions(&destination->sessions);
		delivery_destination_free(destination);
	}
	map_free(delivery->destinations);
	map_free(delivery->asks);
	delivery_health_free(delivery->health);
	tls_context_release(&delivery->tls);
	loop_chore_remove(&delivery->chore);
	loop_timer_free(delivery->sweep);
	buffer_clear(&delivery->scratch);
	free(delivery);
}

int
delivery_configure(struct delivery *delivery, const struct config *config,
	struct reason *why)
{
	struct tls_context *tls = NULL;
	int error = delivery_tls_context(config, &tls, why);

	if (error < 0)
		return error;
	tls_context_release(&delivery->tls);
	delivery->tls = tls;
	delivery->config = config;
	return 0;
}

/* ---- turns ---- */

void
delivery_chore_soon(struct delivery *delivery)
{
	loop_chore_add(delivery->loop, &delivery->chore);
}

void
delivery_wake(struct delivery *delivery,
	struct delivery_destination *destination)
{
	list_remove(&destination->ready_link);
	list_append(&delivery->ready, &destination->ready_link);
	delivery_chore_soon(delivery);
}

static void
delivery_free_over(struct delivery *delivery)
{
	while (!list_is_empty(&delivery->sessions_over))
		delivery_session_free(delivery_session_of(
		    delivery->sessions_over.next));
}

static void
delivery_chore(void *context)
{
	struct delivery *delivery = context;
	struct delivery_destination *destination;
	size_t rounds = map_count(delivery->destinations) + 1;

	delivery_free_over(delivery);
	while (!list_is_empty(&delivery->ready) && rounds-- > 0) {
		destination = LIST_OWNER(delivery->ready.next,
		    struct delivery_destination, ready_link);
		list_remove(&destination->ready_link);
		delivery_destination_dispatch(destination);
	}
	delivery->peers->in_hand(delivery->context, 0);
	if (!list_is_empty(&delivery->ready) ||
	    !list_is_empty(&delivery->sessions_over))
		delivery_chore_soon(delivery);
	if (delivery->is_stopping && !delivery->is_stopped &&
	    delivery->counts.sessions == 0) {
		delivery->is_stopped = true;
		delivery->peers->stopped(delivery->context);
	}
}

static void
delivery_sweep_now(struct delivery *delivery, int64_t now_ms)
{
	struct delivery_destination *destination;
	size_t cursor = 0;

	while ((destination = map_next(delivery->destinations, &cursor)) !=
	    NULL)
		if (delivery_destination_is_idle(destination, now_ms))
			delivery_destination_free(destination);
}

static void
delivery_sweep(void *context)
{
	struct delivery *delivery = context;

	delivery_sweep_now(delivery, clock_monotonic_ms());
	loop_timer_set(delivery->sweep, DELIVERY_SWEEP_MS);
}

/* ---- connections are scarce ---- */

bool
delivery_session_may_begin(struct delivery *delivery,
	struct delivery_destination *destination)
{
	if (delivery->counts.sessions < delivery->sessions_max)
		return true;
	list_remove(&destination->ready_link);
	list_append(&delivery->starved, &destination->ready_link);
	return false;
}

void
delivery_session_ended(struct delivery *delivery)
{
	if (!list_is_empty(&delivery->starved))
		delivery_wake(delivery, LIST_OWNER(delivery->starved.next,
		    struct delivery_destination, ready_link));
	delivery_chore_soon(delivery);
}

/* ---- jobs ---- */

static void
delivery_count_results(struct delivery *delivery,
	const struct frame_job_result *result)
{
	uint64_t *const counters[] = {
		[FRAME_RESULT_DELIVERED] = &delivery->counts.delivered,
		[FRAME_RESULT_RELAYED] = &delivery->counts.delivered,
		[FRAME_RESULT_DEFERRED] = &delivery->counts.deferred,
		[FRAME_RESULT_FAILED] = &delivery->counts.failed,
		[FRAME_RESULT_NEEDS_ENVELOPE] =
		    &delivery->counts.needs_envelope,
	};
	size_t i;

	for (i = 0; i < result->recipient_count; i++)
		(*counters[result->recipients[i].result])++;
}

/* A new job shares the outcome of the one at hand, where it has one. */
static void
delivery_job_share(struct delivery_job *from, struct delivery_job *to)
{
	const struct envelope *left = &from->frame.envelope;
	const struct envelope *right = &to->frame.envelope;
	struct delivery_outcome outcome;
	size_t i, j;

	for (i = 0; i < right->recipient_count; i++)
		for (j = 0; j < left->recipient_count; j++) {
			if (left->recipients[j].rid !=
			    right->recipients[i].rid ||
			    to->recipients[i].is_decided)
				continue;
			outcome = from->recipients[j].outcome;
			outcome.words = delivery_job_words(to, outcome.words);
			delivery_job_decide(to, i, &outcome);
		}
	if (from->is_reached)
		delivery_job_set_host(to, from->dcid, from->host, from->tls);
}

/* What cannot be served at all now. */
static void
delivery_put_off(struct delivery *delivery, struct delivery_job *job)
{
	struct delivery_outcome outcome = { .result = FRAME_RESULT_DEFERRED,
		.status = { 4, 3, 2 } };

	outcome.words = delivery_job_words(job,
	    TEXT("too much is under way already"));
	delivery_job_decide_open(job, &outcome);
	delivery_job_done(delivery, job);
}

static void
delivery_enqueue(struct delivery *delivery, struct delivery_job *job)
{
	struct delivery_destination *destination = NULL;

	if (map_count(delivery->destinations) >= DELIVERY_DESTINATIONS_MAX)
		delivery_sweep_now(delivery, INT64_MAX);
	if (map_count(delivery->destinations) < DELIVERY_DESTINATIONS_MAX &&
	    delivery->counts.jobs <= DELIVERY_JOBS_MAX)
		destination = delivery_destination_find(delivery,
		    &job->frame.destination);
	if (destination == NULL)
		delivery_put_off(delivery, job);
	else
		delivery_destination_add(destination, job);
}

/* It may not leave as it is: queue has made a mistake, or somebody else. */
static bool
delivery_refuse_unprotected(struct delivery *delivery,
	struct delivery_job *job)
{
	const char *words = delivery_protection_refusal(&job->frame,
	    delivery_protection_rule_insists(&job->frame.destination));

	if (words == NULL)
		return false;
	delivery_job_refuse_unprotected(job, words);
	delivery_job_done(delivery, job);
	return true;
}

/* They go their own way from here; what is decided stays so. */
static void
delivery_release_followers(struct delivery *delivery,
	struct delivery_job *job)
{
	struct delivery_job *follower;

	while (!list_is_empty(&job->followers)) {
		follower = LIST_OWNER(job->followers.next,
		    struct delivery_job, link);
		list_remove(&follower->link);
		if (follower->open == 0)
			delivery_job_done(delivery, follower);
		else
			delivery_enqueue(delivery, follower);
	}
}

void
delivery_job_done(struct delivery *delivery, struct delivery_job *job)
{
	const struct frame_job_result *result = delivery_job_result(job);
	struct list *link, *after;

	delivery_count_results(delivery, result);
	delivery->peers->result(delivery->context, result);
	LIST_EACH(&job->followers, link, after)
		delivery_job_share(job, LIST_OWNER(link, struct delivery_job,
		    link));
	delivery_release_followers(delivery, job);
	delivery->counts.jobs--;
	delivery_job_free(job);
}

void
delivery_job_forget(struct delivery *delivery, struct delivery_job *job)
{
	delivery_release_followers(delivery, job);
	delivery->counts.jobs--;
	delivery_job_free(job);
}

/* An older channel's job at hand for the same recipients, or NULL. */
static struct delivery_job *
delivery_find_at_hand(struct delivery *delivery,
	const struct delivery_job *job)
{
	struct list *link, *after;
	struct delivery_job *other;

	LIST_EACH(&delivery->at_hand_old, link, after) {
		other = LIST_OWNER(link, struct delivery_job, link);
		if (delivery_job_overlaps(other, job))
			return other;
	}
	return NULL;
}

int
delivery_take(struct delivery *delivery, const struct frame_job *frame,
	struct message_body *body, uint32_t channel)
{
	struct delivery_job *job = NULL, *other;
	int error = delivery_job_new(frame, body, &job);

	if (error < 0)
		return error;
	job->channel = channel;
	delivery->counts.jobs++;
	if (delivery_refuse_unprotected(delivery, job))
		return 0;
	other = delivery_find_at_hand(delivery, job);
	if (other != NULL)
		list_append(&other->followers, &job->link);
	else
		delivery_enqueue(delivery, job);
	return 0;
}

void
delivery_forget_waiting(struct delivery *delivery, uint32_t channel)
{
	struct delivery_destination *destination;
	struct delivery_job *job;
	size_t cursor = 0;

	delivery->channel = channel;
	while (!list_is_empty(&delivery->at_hand)) {
		job = LIST_OWNER(delivery->at_hand.next, struct delivery_job,
		    link);
		list_remove(&job->link);
		list_append(&delivery->at_hand_old, &job->link);
	}
	while ((destination = map_next(delivery->destinations, &cursor)) !=
	    NULL)
		delivery_destination_forget(destination, channel);
}

/* ---- look-ups ---- */

void
delivery_hosts_came(struct delivery *delivery,
	const struct frame_hosts *hosts)
{
	struct delivery_question *question = map_get(delivery->asks,
	    hosts->id);

	if (question != NULL)
		delivery_question_answer(question, hosts);
}

void
delivery_ask_again(struct delivery *delivery)
{
	struct delivery_question *question;
	size_t cursor = 0;

	while ((question = map_next(delivery->asks, &cursor)) != NULL)
		delivery_question_ask(question);
}

/* ---- the end ---- */

void
delivery_stop(struct delivery *delivery)
{
	struct delivery_destination *destination;
	struct delivery_session *session;
	struct list *link, *after;
	size_t cursor = 0;

	delivery->is_stopping = true;
	while ((destination = map_next(delivery->destinations, &cursor)) !=
	    NULL)
		LIST_EACH(&destination->sessions, link, after) {
			session = delivery_session_of(link);
			if (!delivery_session_is_busy(session))
				delivery_session_dismiss(session);
		}
	delivery_chore_soon(delivery);
}

struct delivery_counts
delivery_count(const struct delivery *delivery)
{
	struct delivery_counts counts = delivery->counts;

	counts.destinations = map_count(delivery->destinations);
	return counts;
}
