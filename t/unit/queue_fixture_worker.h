/*
 * Scan and protect processes of a queue under test: what they were asked,
 * and answers as told.
 */
#ifndef T_UNIT_QUEUE_FIXTURE_WORKER_H
#define T_UNIT_QUEUE_FIXTURE_WORKER_H

#include "t/unit/queue_fixture.h"

#define RIG_ASKS_MAX 4096

struct rig_ask {
	struct rig_peer *peer;
	uint64_t mid;
	uint32_t attempt;
	uint8_t passes;
	size_t count;		/* recipients */
	uint32_t first_rid;
	uint64_t size;
	bool is_intact;		/* its hash fits */
	char body[512];
	char profile[64];
	char subject[128];
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
	bool answered;
};

static inline struct rig_ask *
rig_note_ask(struct rig_peer *peer, const struct envelope *envelope,
    uint32_t attempt, struct text inline_body, int descriptor)
{
	struct rig *rig = peer->rig;
	struct rig_ask *ask = &rig->asks[rig->ask_count++];
	struct message_body *body = NULL;
	size_t size = (size_t)envelope->size;
	char *whole = memory_new(size + 1);
	uint8_t digest[32];
	struct text got;

	assert_true(rig->ask_count < RIG_ASKS_MAX);
	*ask = (struct rig_ask){
		.peer = peer,
		.mid = envelope->mid,
		.attempt = attempt,
		.count = envelope->recipient_count,
		.first_rid = envelope->recipients[0].rid,
		.size = envelope->size,
	};
	assert_int_equal(message_body_receive(inline_body, descriptor,
	    envelope->size, &body), 0);
	for (size_t at = 0; at < size; at += got.len) {
		assert_int_equal(message_body_read(body, at, size - at,
		    whole + at, &got), 0);
		assert_true(got.len > 0);
		if (got.data != whole + at)
			memcpy(whole + at, got.data, got.len);
	}
	body_digest(text_of(whole, size), digest);
	ask->is_intact = memcmp(digest, envelope->sha256, 32) == 0;
	rig_text(text_of(whole, size), ask->body, sizeof(ask->body));
	free(whole);
	message_body_release(&body);
	return ask;
}

static inline bool
rig_on_worker_frame(struct rig_peer *peer, uint16_t type,
    const union rig_frame *frame, int descriptor)
{
	struct rig *rig = peer->rig;
	struct rig_ask *ask;

	if (type == FRAME_JUDGE) {
		assert_int_equal(frame->judge.mid, frame->judge.envelope.mid);
		ask = rig_note_ask(peer, &frame->judge.envelope,
		    frame->judge.attempt, frame->judge.body, descriptor);
		ask->passes = frame->judge.passes;
		if (rig->judge != NULL)
			rig->judge(rig, ask);
		return true;
	}
	if (type != FRAME_PROTECT)
		return false;
	ask = rig_note_ask(peer, &frame->protect.envelope,
	    frame->protect.attempt, frame->protect.body, descriptor);
	rig_text(frame->protect.profile, ask->profile, sizeof(ask->profile));
	rig_text(frame->protect.subject, ask->subject, sizeof(ask->subject));
	memcpy(ask->envelope_id, frame->protect.envelope_id,
	    sizeof(ask->envelope_id));
	if (rig->seal != NULL)
		rig->seal(rig, ask);
	return true;
}

/* ---- answers ------------------------------------------------------------ */

static inline struct message_body *
rig_new_body(size_t size, char fill, uint8_t digest[32])
{
	struct message_body *body = message_body_new();
	char *bytes = memory_new(size + 1);

	memset(bytes, fill, size);
	body_digest(text_of(bytes, size), digest);
	assert_int_equal(message_body_append(body, text_of(bytes, size)), 0);
	assert_int_equal(message_body_finish(body), 0);
	free(bytes);
	return body;
}

/*
 * Fills in mid and attempt; size 0: the body stays, else the first splinter
 * gets another.
 */
static inline void
rig_dispose(struct rig_ask *ask, struct frame_disposition *answer,
    size_t size)
{
	struct message_body *body = NULL;
	struct frame_body described = { .size = size };
	int descriptor = -1;

	ask->answered = true;
	answer->mid = ask->mid;
	answer->attempt = ask->attempt;
	answer->config_version = 42;
	if (size > 0) {
		body = rig_new_body(size, 'n', described.sha256);
		answer->bodies = &described;
		answer->body_count = 1;
		answer->splinters[0].body = 1;
		answer->body = message_body_frame(body, &descriptor);
	}
	frame_send(ask->peer->ipc, FRAME_DISPOSITION, answer, descriptor);
	message_body_release(&body);
}

/* All recipients share this fate. */
static inline void
rig_dispose_one(struct rig_ask *ask, struct frame_splinter *fate,
    size_t size)
{
	struct frame_disposition answer = {
		.splinters = fate,
		.splinter_count = 1,
	};

	rig_dispose(ask, &answer, size);
}

static inline void
rig_set_aside(struct rig_ask *ask)
{
	struct frame_disposition answer = {
		.judgement = FRAME_SET_ASIDE,
		.reason = TEXT("because"),
	};

	rig_dispose(ask, &answer, 0);
}

static inline void
rig_dispose_as(struct rig_ask *ask, uint8_t verdict, uint8_t form)
{
	struct frame_splinter fate = {
		.verdict = verdict,
		.reason = TEXT("because"),
		.words = TEXT("the filters"),
		.quarantine = verdict == FRAME_VERDICT_QUARANTINE ?
		    TEXT("outbreak") : TEXT_EMPTY,
		.protection = {
			.form = form,
			.profile = TEXT("default"),
			.subject = TEXT("A secured message"),
		},
	};

	rig_dispose_one(ask, &fate, 0);
}

static inline void
rig_judge_deliver(struct rig *rig, struct rig_ask *ask)
{
	(void)rig;
	rig_dispose_as(ask, FRAME_VERDICT_DELIVER, PROTECTION_NONE);
}

static inline void
rig_judge_envelope(struct rig *rig, struct rig_ask *ask)
{
	(void)rig;
	rig_dispose_as(ask, FRAME_VERDICT_DELIVER, PROTECTION_ENVELOPE);
}

static inline void
rig_judge_tls(struct rig *rig, struct rig_ask *ask)
{
	(void)rig;
	rig_dispose_as(ask, FRAME_VERDICT_DELIVER,
	    PROTECTION_TLS_OR_ENVELOPE);
}

static inline void
rig_seal_as(struct rig_ask *ask, uint8_t outcome, const char *reason,
    size_t size)
{
	struct frame_protected answer = {
		.mid = ask->mid,
		.attempt = ask->attempt,
		.outcome = outcome,
		.reason = text_from(reason),
		.reference = TEXT("K7QD-24MF"),
		.size = size,
	};
	struct message_body *body = NULL;
	int descriptor = -1;

	ask->answered = true;
	if (size > 0) {
		body = rig_new_body(size, 'e', answer.sha256);
		answer.body = message_body_frame(body, &descriptor);
	}
	frame_send(ask->peer->ipc, FRAME_PROTECTED, &answer, descriptor);
	message_body_release(&body);
}

static inline void
rig_seal(struct rig *rig, struct rig_ask *ask)
{
	(void)rig;
	rig_seal_as(ask, FRAME_PROTECT_DONE, NULL, (size_t)ask->size * 2);
}

static inline void
rig_seal_later(struct rig *rig, struct rig_ask *ask)
{
	(void)rig;
	rig_seal_as(ask, FRAME_PROTECT_LATER, "the key service is away", 0);
}

/* ---- life --------------------------------------------------------------- */

static inline void
rig_reconfigure(struct rig *rig)
{
	struct config_snapshot *snapshot = rig_snapshot(rig);

	queue_configure(rig->queue, snapshot);
	config_snapshot_release(&snapshot);
}

static inline void
rig_connect_workers(struct rig *rig)
{
	for (uint32_t i = 0; i < RIG_WORKERS; i++) {
		rig_connect(rig, &rig->scan[i], PROCESS_SCAN, i);
		rig_connect(rig, &rig->protect[i], PROCESS_PROTECT, i);
	}
}

static inline void
rig_restart_workers(struct rig *rig)
{
	rig_restart(rig);
	rig_connect_workers(rig);
}

/* Filters for incoming mail, one profile; nobody is connected yet. */
static inline struct rig *
rig_new_with_filters(void)
{
	static struct text action = TEXT_INIT("drop()");
	static struct config_content_filter filter = {
		.name = TEXT_INIT("secure"),
		.active = 1,
		.actions = &action,
		.action_count = 1,
	};
	static struct config_certificate certificate = {
		.name = TEXT_INIT("gateway"),
		.certificate_file = TEXT_INIT("/etc/postern/gateway.pem"),
		.key_file = TEXT_INIT("/etc/postern/gateway.key"),
	};
	static struct config_encryption_profile profile;
	struct rig *rig = rig_new();
	struct config *config = &rig->config;

	profile = (struct config_encryption_profile){
		.name = TEXT("default"),
		.timeout_ms = UINT64_C(4) * 3600000,
		.key_service_url = TEXT("https://keys.example.org:8443"),
		.portal_url = TEXT("https://msg.example.org"),
		.failure_subject = TEXT("Could not be encrypted"),
	};
	rig->asks = memory_array(RIG_ASKS_MAX, sizeof(*rig->asks));
	rig->on_other = rig_on_worker_frame;
	config->content_filters.incoming = &filter;
	config->content_filters.incoming_count = 1;
	config->tls.certificates = &certificate;
	config->tls.certificate_count = 1;
	config->encryption.client_certificate = certificate.name;
	config->encryption.trust_file = TEXT("/etc/postern/authority.pem");
	config->encryption.profiles = &profile;
	config->encryption.profile_count = 1;
	return rig;
}

static inline int
rig_setup_workers(void **state)
{
	struct rig *rig = rig_new_with_filters();

	*state = rig;
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	return 0;
}

/* ---- conditions --------------------------------------------------------- */

static size_t rig_wanted_asks, rig_wanted_jobs;

static inline bool
rig_has_asks(struct rig *rig)
{
	return rig->ask_count >= rig_wanted_asks;
}

static inline void
rig_run_asks(struct rig *rig, size_t count)
{
	rig_wanted_asks = count;
	rig_run(rig, rig_has_asks);
}

static inline bool
rig_has_jobs(struct rig *rig)
{
	return rig->job_count >= rig_wanted_jobs;
}

static inline void
rig_run_jobs(struct rig *rig, size_t count)
{
	rig_wanted_jobs = count;
	rig_run(rig, rig_has_jobs);
}

static uint64_t rig_state_mid;
static uint8_t rig_state;

static inline bool
rig_is_in_state(struct rig *rig)
{
	const struct queue_message *message =
	    queue_table_find(rig->queue, rig_state_mid);

	return queue_log_is_synced(rig->queue) &&
	    rig_state == (message == NULL ? MESSAGE_DONE : message->state);
}

/* DONE: it is gone. */
static inline void
rig_run_state(struct rig *rig, uint64_t mid, uint8_t state)
{
	rig_state_mid = mid;
	rig_state = state;
	rig_run(rig, rig_is_in_state);
}

#endif
