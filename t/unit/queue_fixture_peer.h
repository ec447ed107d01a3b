/*
 * The peers of a queue under test: an smtp process that submits, deliver
 * processes that answer as told, and admin.
 */
#ifndef T_UNIT_QUEUE_FIXTURE_PEER_H
#define T_UNIT_QUEUE_FIXTURE_PEER_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/config/config_load.h"
#include "queue/body_digest.h"
#include "queue/queue.h"

#define RIG_JOBS_MAX 4096
#define RIG_DELIVERS 2
#define RIG_WORKERS 2
#define RIG_WAIT_MS 20000

struct rig;
struct rig_ask;
struct rig_peer;

union rig_frame {
	struct frame_id_lease id_lease;
	struct frame_submit_result submit_result;
	struct frame_accepting accepting;
	struct frame_budget budget;
	struct frame_judge judge;
	struct frame_fact_ask fact_ask;
	struct frame_protect protect;
	struct frame_job job;
	struct frame_queue_list list;
	struct frame_queue_message message;
	struct frame_queue_act act;
	struct frame_queue_ledger ledger;
};

struct rig_peer {
	struct rig *rig;
	struct ipc *ipc;
	enum process_kind kind;
	uint32_t number;
	bool gone;
};

struct rig_job {
	uint64_t job;
	uint64_t mid;
	uint32_t attempt;
	uint32_t deliver;
	uint32_t concurrency;
	size_t count;
	uint32_t rids[QUEUE_PART_RECIPIENTS_MAX];
	char first[128];	/* address */
	char sender[128];
	char key[256];
	char domain[128];
	char host[128];		/* of the route, or empty */
	uint8_t tls;
	uint8_t or_envelope;
	uint8_t protection;
	uint8_t met_sha256[32];
	uint8_t class;
	uint64_t size;
	bool is_intact;		/* its hash fits */
	char body[512];		/* the beginning */
	bool answered;
};

struct rig {
	struct loop *loop;
	struct config config;
	struct config_destination destinations[2];
	struct config_bounce_profile profile;
	struct text all[1];
	char directory[64];
	uint64_t epoch;
	uint64_t version;
	struct queue *queue;
	struct arena *arena;
	struct rig_peer smtp;
	struct rig_peer deliver[RIG_DELIVERS];
	struct rig_peer admin;
	/* Connected by those tests that need them: queue_fixture_worker.h */
	struct rig_peer scan[RIG_WORKERS];
	struct rig_peer protect[RIG_WORKERS];
	struct rig_peer vault;
	struct rig_ask *asks;
	size_t ask_count;
	/* What scan and protect say; NULL: nothing. */
	void (*judge)(struct rig *rig, struct rig_ask *ask);
	void (*seal)(struct rig *rig, struct rig_ask *ask);
	bool (*on_other)(struct rig_peer *peer, uint16_t type,
		const union rig_frame *frame, int descriptor);
	uint64_t mid;		/* next of the lease */
	uint64_t lease_end;
	uint64_t submitted;
	uint64_t results;
	uint64_t committed;
	struct frame_submit_result last_result;
	struct frame_accepting accepting;
	struct frame_budget budget;
	struct rig_job *jobs;
	size_t job_count;
	/* What deliver says to a job; NULL: nothing. */
	void (*answer)(struct rig *rig, struct rig_job *job);
	size_t list_count, message_count, act_count, ledger_count;
	struct frame_queue_list list;
	struct frame_queue_message message;
	struct frame_queue_act act;
	struct frame_queue_ledger ledger;
	bool (*until)(struct rig *rig);
	struct loop_timer *limit;
	struct loop_timer *pause;
	bool timed_out;
	bool paused;
};

/* ---- peers -------------------------------------------------------------- */

static inline struct ipc_identity
rig_identity(const struct rig *rig, enum process_kind kind, uint32_t number)
{
	struct ipc_identity identity = {
		.build = "unit test",
		.protocol = IPC_PROTOCOL,
		.kind = kind,
		.number = number,
		.epoch = rig->epoch,
	};

	return identity;
}

static inline void
rig_text(struct text t, char *out, size_t size)
{
	size_t len = t.len < size - 1 ? t.len : size - 1;

	if (len > 0)
		memcpy(out, t.data, len);
	out[len] = '\0';
}

static inline void
rig_send_result(struct rig *rig, struct rig_job *job, uint8_t result,
    uint16_t reply, const char *status, const char *reason,
    uint8_t destination)
{
	struct frame_recipient_result items[QUEUE_PART_RECIPIENTS_MAX];
	struct frame_job_result frame = {
		.job = job->job,
		.mid = job->mid,
		.attempt = job->attempt,
		.dcid = 7,
		.destination = destination,
		.host = TEXT("mx.example.org [192.0.2.1]:25"),
		.recipients = items,
		.recipient_count = job->count,
	};

	for (size_t i = 0; i < job->count; i++)
		items[i] = (struct frame_recipient_result){
			.rid = job->rids[i],
			.result = result,
			.reply = reply,
			.status = text_from(status),
			.reason = text_from(reason),
		};
	job->answered = true;
	frame_send(rig->deliver[job->deliver].ipc, FRAME_JOB_RESULT, &frame,
	    -1);
}

static inline void
rig_deliver(struct rig *rig, struct rig_job *job)
{
	rig_send_result(rig, job, FRAME_RESULT_DELIVERED, 250, "2.0.0",
	    "accepted", FRAME_DESTINATION_REACHED);
}

static inline void
rig_fail(struct rig *rig, struct rig_job *job)
{
	rig_send_result(rig, job, FRAME_RESULT_FAILED, 550, "5.1.1",
	    "no such user", FRAME_DESTINATION_REACHED);
}

static inline void
rig_defer(struct rig *rig, struct rig_job *job)
{
	rig_send_result(rig, job, FRAME_RESULT_DEFERRED, 450, "4.2.1",
	    "come again", FRAME_DESTINATION_REACHED);
}

static inline void
rig_unreachable(struct rig *rig, struct rig_job *job)
{
	rig_send_result(rig, job, FRAME_RESULT_DEFERRED, 0, "4.4.1",
	    "connection refused", FRAME_DESTINATION_UNREACHABLE);
}

static inline void
rig_on_job(struct rig_peer *peer, const struct frame_job *frame,
    int descriptor)
{
	struct rig *rig = peer->rig;
	struct rig_job *job = &rig->jobs[rig->job_count++];
	struct message_body *body = NULL;
	uint8_t digest[32];
	struct text got;
	char *whole = memory_new((size_t)frame->envelope.size + 1);

	assert_true(rig->job_count <= RIG_JOBS_MAX);
	*job = (struct rig_job){
		.job = frame->job,
		.mid = frame->envelope.mid,
		.attempt = frame->attempt,
		.deliver = peer->number,
		.concurrency = frame->destination.concurrency,
		.class = frame->envelope.class,
		.size = frame->envelope.size,
		.tls = frame->destination.tls,
		.or_envelope = frame->destination.or_envelope,
		.protection = frame->protection,
	};
	memcpy(job->met_sha256, frame->met_sha256, 32);
	for (size_t i = 0; i < frame->envelope.recipient_count; i++)
		job->rids[job->count++] = frame->envelope.recipients[i].rid;
	rig_text(frame->envelope.recipients[0].address, job->first,
	    sizeof(job->first));
	rig_text(frame->envelope.sender, job->sender, sizeof(job->sender));
	rig_text(frame->destination.key, job->key, sizeof(job->key));
	rig_text(frame->destination.domain, job->domain,
	    sizeof(job->domain));
	if (frame->destination.host_count > 0)
		rig_text(frame->destination.hosts[0], job->host,
		    sizeof(job->host));
	assert_int_equal(message_body_receive(frame->body, descriptor,
	    frame->envelope.size, &body), 0);
	for (size_t at = 0; at < frame->envelope.size; at += got.len) {
		assert_int_equal(message_body_read(body, at,
		    (size_t)frame->envelope.size - at, whole + at, &got), 0);
		assert_true(got.len > 0);
		if (got.data != whole + at)
			memcpy(whole + at, got.data, got.len);
	}
	body_digest(text_of(whole, (size_t)frame->envelope.size), digest);
	job->is_intact = memcmp(digest, frame->envelope.sha256, 32) == 0;
	rig_text(text_of(whole, (size_t)frame->envelope.size), job->body,
	    sizeof(job->body));
	free(whole);
	message_body_release(&body);
	if (rig->answer != NULL)
		rig->answer(rig, job);
}

static inline void
rig_keep(struct rig *rig, const struct record_shape *shape,
    const void *value, void *out)
{
	assert_int_equal(record_copy(shape, value, rig->arena, out), 0);
}

static inline void
rig_take(struct rig_peer *peer, uint16_t type, const union rig_frame *frame)
{
	struct rig *rig = peer->rig;

	if (type == FRAME_ID_LEASE && frame->id_lease.kind == FRAME_ID_MID) {
		rig->mid = frame->id_lease.first;
		rig->lease_end = rig->mid + frame->id_lease.count;
	} else if (type == FRAME_SUBMIT_RESULT) {
		rig->results++;
		rig->committed += frame->submit_result.outcome ==
		    FRAME_SUBMIT_COMMITTED;
		rig_keep(rig, &frame_submit_result_shape,
		    &frame->submit_result, &rig->last_result);
	} else if (type == FRAME_ACCEPTING) {
		rig_keep(rig, &frame_accepting_shape, &frame->accepting,
		    &rig->accepting);
	} else if (type == FRAME_BUDGET) {
		rig->budget = frame->budget;
	} else if (type == FRAME_QUEUE_LIST) {
		rig->list_count++;
		rig_keep(rig, &frame_queue_list_shape, &frame->list,
		    &rig->list);
	} else if (type == FRAME_QUEUE_MESSAGE) {
		rig->message_count++;
		rig_keep(rig, &frame_queue_message_shape, &frame->message,
		    &rig->message);
	} else if (type == FRAME_QUEUE_ACT) {
		rig->act_count++;
		rig_keep(rig, &frame_queue_act_shape, &frame->act,
		    &rig->act);
	} else if (type == FRAME_QUEUE_LEDGER) {
		rig->ledger_count++;
		rig_keep(rig, &frame_queue_ledger_shape, &frame->ledger,
		    &rig->ledger);
	}
}

static inline void
rig_on_frame(void *context, uint16_t type, struct text payload,
    int descriptor)
{
	struct rig_peer *peer = context;
	struct arena *arena = arena_new(32u * 1024 * 1024);
	union rig_frame frame;

	assert_int_equal(frame_decode(PROCESS_QUEUE, peer->kind, type,
	    payload, arena, &frame), 0);
	if (type == FRAME_JOB)
		rig_on_job(peer, &frame.job, descriptor);
	else if (peer->rig->on_other == NULL ||
	    !peer->rig->on_other(peer, type, &frame, descriptor))
		rig_take(peer, type, &frame);
	arena_free(arena);
}

static inline void
rig_on_ended(void *context, int error)
{
	struct rig_peer *peer = context;

	(void)error;
	peer->gone = true;
}

static const struct ipc_events rig_events = {
	.frame = rig_on_frame,
	.ended = rig_on_ended,
};

static inline void
rig_connect(struct rig *rig, struct rig_peer *peer, enum process_kind kind,
    uint32_t number)
{
	struct ipc_identity identity = rig_identity(rig, kind, number);
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	*peer = (struct rig_peer){
		.rig = rig,
		.kind = kind,
		.number = number,
	};
	peer->ipc = ipc_new(rig->loop, pair[0], &identity, &rig_events, peer);
	queue_channel_open(rig->queue, kind, number, pair[1]);
}

#endif
