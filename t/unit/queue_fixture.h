/*
 * A whole queue in one loop with its peers: starting, running, submitting,
 * asking, killing.
 */
#ifndef T_UNIT_QUEUE_FIXTURE_H
#define T_UNIT_QUEUE_FIXTURE_H

#include "t/unit/queue_fixture_peer.h"

/* ---- running ------------------------------------------------------------ */

static inline void
rig_on_limit(void *context)
{
	struct rig *rig = context;

	rig->timed_out = true;
	loop_stop(rig->loop);
}

static inline void
rig_on_pause(void *context)
{
	struct rig *rig = context;

	rig->paused = true;
	loop_stop(rig->loop);
}

static inline void
rig_on_turn(void *context)
{
	struct rig *rig = context;

	if (rig->queue != NULL)
		queue_turn(rig->queue);
	if (rig->until != NULL && rig->until(rig))
		loop_stop(rig->loop);
}

/* Run until the condition holds; the test fails after RIG_WAIT_MS. */
static inline void
rig_run(struct rig *rig, bool (*until)(struct rig *rig))
{
	if (until(rig))
		return;
	rig->until = until;
	rig->timed_out = false;
	loop_timer_set(rig->limit, RIG_WAIT_MS);
	loop_again(rig->loop);
	loop_run(rig->loop);
	loop_timer_unset(rig->limit);
	rig->until = NULL;
	assert_false(rig->timed_out);
}

/* For what must not happen. */
static inline void
rig_rest(struct rig *rig, int64_t ms)
{
	loop_timer_set(rig->pause, ms);
	loop_again(rig->loop);
	loop_run(rig->loop);
}

static inline bool
rig_has_lease(struct rig *rig)
{
	return rig->mid < rig->lease_end;
}

static inline bool
rig_all_answered(struct rig *rig)
{
	return rig->results == rig->submitted;
}

static inline bool
rig_is_empty(struct rig *rig)
{
	return rig_all_answered(rig) && queue_table_count(rig->queue) == 0;
}

static inline void
rig_ask_ids(struct rig *rig)
{
	struct frame_id_lease_ask ask = { FRAME_ID_MID, 1000 };

	frame_send(rig->smtp.ipc, FRAME_ID_LEASE_ASK, &ask, -1);
	rig_run(rig, rig_has_lease);
}

/* ---- submitting --------------------------------------------------------- */

struct rig_mail {
	const char *sender;
	const char *to[8];
	size_t count;		/* > 8: made up as userN@to[0] */
	uint8_t notify;
	uint8_t ret;
	const char *envid;
	const char *body;	/* NULL: made up */
	size_t size;
	int64_t received_us;
};

static inline char *
rig_body(const struct rig_mail *mail, size_t *size)
{
	static const char header[] =
	    "Subject: test\r\nMessage-ID: <1@example.org>\r\n\r\n";
	char *body;

	*size = mail->body != NULL ? strlen(mail->body) :
	    mail->size > sizeof(header) ? mail->size : sizeof(header) + 10;
	body = memory_new(*size + 1);
	if (mail->body != NULL) {
		memcpy(body, mail->body, *size);
		return body;
	}
	for (size_t i = 0; i < *size; i++)
		body[i] = i % 72 == 70 ? '\r' : i % 72 == 71 ? '\n' :
		    (char)('a' + (i * 7 + *size) % 26);
	memcpy(body, header, sizeof(header) - 1);
	return body;
}

static inline void
rig_recipients(struct rig *rig, const struct rig_mail *mail,
    struct envelope *envelope, struct arena *arena)
{
	size_t count = mail->count;

	(void)rig;
	for (size_t i = 0; count == 0 || i < count; i++) {
		if (mail->count == 0 && (i == 8 || mail->to[i] == NULL)) {
			count = i;
			break;
		}
	}
	envelope->recipients = arena_array(arena, count,
	    sizeof(*envelope->recipients));
	envelope->recipient_count = count;
	for (size_t i = 0; i < count; i++) {
		envelope->recipients[i].rid = (uint32_t)i + 1;
		envelope->recipients[i].notify = mail->notify;
		envelope->recipients[i].address = mail->count == 0 ?
		    text_from(mail->to[i]) :
		    arena_printf(arena, "user%zu@%s", i, mail->to[0]);
	}
}

/* Gives the MID; the answer comes later. */
static inline uint64_t
rig_submit(struct rig *rig, const struct rig_mail *mail)
{
	struct arena *arena = arena_new(8u * 1024 * 1024);
	struct message_body *body = message_body_new();
	struct frame_submit submit = { .id = ++rig->submitted };
	struct envelope *envelope = &submit.envelope;
	size_t size;
	char *bytes = rig_body(mail, &size);
	int descriptor;

	if (!rig_has_lease(rig))
		rig_ask_ids(rig);
	envelope->mid = rig->mid++;
	envelope->sender = text_from(mail->sender);
	envelope->ret = mail->ret;
	envelope->envid = text_from(mail->envid);
	envelope->received_us = mail->received_us != 0 ? mail->received_us :
	    clock_now_us();
	envelope->size = size;
	envelope->client = TEXT("192.0.2.77");
	envelope->helo = TEXT("client.example.org");
	envelope->listener = TEXT("public");
	envelope->sender_group = TEXT("everybody");
	envelope->flow_policy = TEXT("relay");
	envelope->tls = TEXT("TLSv1.3 TLS_AES_256_GCM_SHA384");
	envelope->config_version = rig->version;
	body_digest(text_of(bytes, size), envelope->sha256);
	rig_recipients(rig, mail, envelope, arena);
	assert_int_equal(message_body_append(body, text_of(bytes, size)), 0);
	assert_int_equal(message_body_finish(body), 0);
	submit.body = message_body_frame(body, &descriptor);
	frame_send(rig->smtp.ipc, FRAME_SUBMIT, &submit, descriptor);
	message_body_release(&body);
	free(bytes);
	arena_free(arena);
	return envelope->mid;
}

static inline uint64_t
rig_accept(struct rig *rig, const struct rig_mail *mail)
{
	uint64_t mid = rig_submit(rig, mail);

	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_COMMITTED);
	return mid;
}

/* ---- life --------------------------------------------------------------- */

static inline struct config_snapshot *
rig_snapshot(struct rig *rig)
{
	struct config_snapshot *snapshot = NULL;
	struct reason why = { 0 };
	int descriptor = -1;

	if (config_snapshot_seal(&rig->config, ++rig->version, &descriptor,
	    &why) != 0 ||
	    config_snapshot_open(descriptor, &snapshot, &why) != 0)
		fail_msg("%s", why.text);
	close(descriptor);
	return snapshot;
}

/* What the schema says, then what these tests need. */
static inline void
rig_load(struct rig *rig)
{
	static const struct text yaml = TEXT_INIT(
	    "hostname: gateway.example.org\n"
	    "listeners:\n"
	    "  public: { address: 192.0.2.1, port: 25 }\n"
	    "mail_flow_policies:\n"
	    "  incoming: { action: accept }\n"
	    "sender_groups:\n"
	    "  - { name: world, addresses: [ all ],"
	    " mail_flow_policy: incoming }\n");
	static struct config_errors errors;

	errors.count = 0;
	if (config_load_text(yaml, TEXT("test"), rig->arena, &rig->config,
	    &errors) != 0)
		fail_msg("%.*s", TEXT_ARG(errors.items[0].message));
}

static inline void
rig_config(struct rig *rig)
{
	struct config *config = &rig->config;

	rig_load(rig);
	rig->all[0] = TEXT("all");
	rig->profile = (struct config_bounce_profile){
		.name = TEXT("default"),
		.retry_initial_ms = 60000,
		.retry_max_ms = 3600000,
		.lifetime_ms = UINT64_C(72) * 3600000,
		.send_bounces = 1,
	};
	rig->destinations[0] = (struct config_destination){
		.domains = rig->all,
		.domain_count = 1,
		.tls = CONFIG_DESTINATION_TLS_PREFERRED,
		.concurrency = 20,
		.messages_per_connection = 100,
		.bounce_profile = TEXT("default"),
	};
	config->destinations = rig->destinations;
	config->destination_count = 1;
	config->bounce_profiles = &rig->profile;
	config->bounce_profile_count = 1;
	config->processes.queue_directory = text_from(rig->directory);
	config->limits.message_size = 50u * 1024 * 1024;
	config->limits.in_flight = 64u * 1024 * 1024;
	config->limits.hot_bodies = 16u * 1024 * 1024;
	config->limits.segment_size = 1024 * 1024;
	config->limits.segment_pool = 4;
}

static inline void
rig_connect_all(struct rig *rig)
{
	rig_connect(rig, &rig->smtp, PROCESS_SMTP, 0);
	for (uint32_t i = 0; i < RIG_DELIVERS; i++)
		rig_connect(rig, &rig->deliver[i], PROCESS_DELIVER, i);
	rig_connect(rig, &rig->admin, PROCESS_ADMIN, 0);
}

static inline void
rig_start(struct rig *rig)
{
	struct ipc_identity identity = rig_identity(rig, PROCESS_QUEUE, 0);
	struct config_snapshot *snapshot = rig_snapshot(rig);

	rig->queue = queue_new(rig->loop, &identity, snapshot);
	config_snapshot_release(&snapshot);
	/* Turns are the rig's, for the loop outlives a queue. */
	loop_timer_set(rig->queue->tick, 0);
}

static inline void
rig_disconnect(struct rig_peer *peer)
{
	ipc_free(peer->ipc);
	peer->ipc = NULL;
}

/* As a kill would leave it: nothing more is written. */
static inline void
rig_kill(struct rig *rig)
{
	rig_disconnect(&rig->smtp);
	for (size_t i = 0; i < RIG_DELIVERS; i++)
		rig_disconnect(&rig->deliver[i]);
	rig_disconnect(&rig->admin);
	for (size_t i = 0; i < RIG_WORKERS; i++) {
		rig_disconnect(&rig->scan[i]);
		rig_disconnect(&rig->protect[i]);
	}
	rig_disconnect(&rig->vault);
	if (rig->queue == NULL)
		return;
	queue_free(rig->queue);
	rig->queue = NULL;
	rig->mid = rig->lease_end = 0;
	rig->results = rig->submitted;
}

static inline void
rig_restart(struct rig *rig)
{
	rig_kill(rig);
	rig_start(rig);
	rig_connect_all(rig);
}

static inline int
rig_remove_one(const char *path, const struct stat *status, int type,
    struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static inline void
rig_remove_all(const char *directory)
{
	(void)nftw(directory, rig_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct rig *
rig_new(void)
{
	struct rig *rig = memory_new(sizeof(*rig));

	log_set_stderr(getenv("RIG_LOG") != NULL);
	snprintf(rig->directory, sizeof(rig->directory), "%s",
	    "/tmp/postern-queue-XXXXXX");
	assert_non_null(mkdtemp(rig->directory));
	rig->epoch = 1;
	rig->loop = loop_new();
	rig->arena = arena_new(256u * 1024 * 1024);
	rig->jobs = memory_array(RIG_JOBS_MAX, sizeof(*rig->jobs));
	rig->limit = loop_timer_new(rig->loop, rig_on_limit, rig);
	rig->pause = loop_timer_new(rig->loop, rig_on_pause, rig);
	loop_on_turn_end(rig->loop, rig_on_turn, rig);
	rig_config(rig);
	return rig;
}

static inline void
rig_free(struct rig *rig)
{
	if (rig->queue != NULL)
		rig_kill(rig);
	loop_timer_free(rig->limit);
	loop_timer_free(rig->pause);
	loop_free(rig->loop);
	arena_free(rig->arena);
	free(rig->jobs);
	free(rig->asks);
	rig_remove_all(rig->directory);
	free(rig);
}

/* ---- questions ---------------------------------------------------------- */

static inline bool
rig_got_ledger(struct rig *rig)
{
	return rig->ledger_count > 0;
}

/* Ask for the ledger; it must balance. */
static inline void
rig_check_ledger(struct rig *rig)
{
	struct frame_ask ask = { .id = 3 };

	rig->ledger_count = 0;
	frame_send(rig->admin.ipc, FRAME_QUEUE_LEDGER_ASK, &ask, -1);
	rig_run(rig, rig_got_ledger);
	if (!rig->ledger.balanced)
		fail_msg("%.*s", TEXT_ARG(rig->ledger.problem));
	assert_int_equal(rig->ledger.accepted + rig->ledger.generated,
	    rig->ledger.delivered + rig->ledger.failed +
	    rig->ledger.dropped + rig->ledger.deleted + rig->ledger.expired +
	    rig->ledger.live);
	assert_int_equal(rig->ledger.live, rig->ledger.counted_queued +
	    rig->ledger.counted_held);
}

static inline bool
rig_got_act(struct rig *rig)
{
	return rig->act_count > 0;
}

static inline void
rig_send_act(struct rig *rig, const struct frame_queue_act_ask *ask)
{
	rig->act_count = 0;
	frame_send(rig->admin.ipc, FRAME_QUEUE_ACT_ASK, ask, -1);
	rig_run(rig, rig_got_act);
}

static inline void
rig_act(struct rig *rig, uint8_t action, uint64_t mid, uint32_t rid,
    const char *recipient)
{
	struct frame_queue_act_ask ask = {
		.id = 4,
		.action = action,
		.mid = mid,
		.rid = rid,
		.recipient = text_from(recipient),
		.actor = TEXT("cli:root"),
	};

	rig_send_act(rig, &ask);
}

static inline void
rig_act_in(struct rig *rig, uint8_t action, uint64_t mid,
    const char *quarantine)
{
	struct frame_queue_act_ask ask = {
		.id = 4,
		.action = action,
		.mid = mid,
		.actor = TEXT("cli:root"),
		.quarantine = text_from(quarantine),
	};

	rig_send_act(rig, &ask);
}

static inline bool
rig_got_list(struct rig *rig)
{
	return rig->list_count > 0;
}

static inline void
rig_list(struct rig *rig, const struct frame_queue_list_ask *ask)
{
	rig->list_count = 0;
	frame_send(rig->admin.ipc, FRAME_QUEUE_LIST_ASK, ask, -1);
	rig_run(rig, rig_got_list);
}

static inline bool
rig_got_message(struct rig *rig)
{
	return rig->message_count > 0;
}

static inline void
rig_look(struct rig *rig, uint64_t mid)
{
	struct frame_queue_mid ask = { 5, mid };

	rig->message_count = 0;
	frame_send(rig->admin.ipc, FRAME_QUEUE_MESSAGE_ASK, &ask, -1);
	rig_run(rig, rig_got_message);
}

static inline int
rig_setup(void **state)
{
	struct rig *rig = rig_new();

	*state = rig;
	rig_start(rig);
	rig_connect_all(rig);
	return 0;
}

static inline int
rig_teardown(void **state)
{
	rig_free(*state);
	return 0;
}

#endif
