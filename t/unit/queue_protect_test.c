/*
 * The encryption queue: nothing leaves before its envelope is made, whoever
 * dies and however long it takes.
 */
#include "t/unit/queue_fixture_clock.h"
#include "t/unit/queue_fixture_worker.h"

static const struct rig_mail plain = {
	.sender = "alice@example.org",
	.to = { "bob@example.com", "carol@example.net" },
};

/* A message that waits for its envelope, and was asked for it. */
static uint64_t
submit_secret(struct rig *rig)
{
	size_t at = rig->ask_count;
	uint64_t mid;

	rig->judge = rig_judge_envelope;
	mid = rig_accept(rig, &plain);
	rig_run_asks(rig, at + 2);
	assert_int_equal(rig->asks[at + 1].mid, mid);
	assert_int_equal(rig->asks[at + 1].peer->kind, PROCESS_PROTECT);
	return mid;
}

static struct rig_ask *
last_ask(struct rig *rig)
{
	return &rig->asks[rig->ask_count - 1];
}

static const struct queue_protection *
protection_of(struct rig *rig, uint64_t mid)
{
	return queue_table_find(rig->queue, mid)->protection;
}

static void
rebuild_index(struct rig *rig)
{
	char path[128];

	rig_kill(rig);
	rig->epoch++;
	snprintf(path, sizeof(path), "%s/queue.db", rig->directory);
	assert_int_equal(database_remove(path), 0);
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
}

/* ---- the way through ---------------------------------------------------- */

static void
test_envelope(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);
	struct rig_ask *ask = last_ask(rig);

	rig->answer = rig_deliver;
	assert_true(ask->is_intact);
	assert_int_equal(ask->count, 2);
	assert_string_equal(ask->profile, "default");
	assert_string_equal(ask->subject, "A secured message");
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 0);
	rig_look(rig, mid);
	assert_int_equal(rig->message.state, MESSAGE_PROTECTING);
	assert_int_equal(rig->message.protection.form, PROTECTION_ENVELOPE);
	assert_int_equal(rig->message.is_protected, 0);
	rig_seal(rig, ask);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(rig->jobs[i].is_intact);
		assert_int_equal(rig->jobs[i].body[0], 'e');
		assert_int_equal(rig->jobs[i].protection,
		    PROTECTION_ENVELOPE);
		assert_memory_equal(rig->jobs[i].met_sha256,
		    rig->jobs[0].met_sha256, 32);
		assert_int_not_equal(rig->jobs[i].met_sha256[0] |
		    rig->jobs[i].met_sha256[1], 0);
	}
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
}

/* At every step a kill, with the index and without it. */
static void
check_restarts(struct rig *rig, size_t size,
    void (*restart)(struct rig *rig))
{
	uint8_t id[FRAME_ENVELOPE_ID_LEN];
	size_t asks, jobs = rig->job_count;
	uint64_t mid = submit_secret(rig);
	const struct queue_protection *protection;

	memcpy(id, last_ask(rig)->envelope_id, sizeof(id));
	restart(rig);
	asks = rig->ask_count;
	rig_run_asks(rig, asks + 1);
	assert_int_equal(last_ask(rig)->mid, mid);
	assert_memory_equal(last_ask(rig)->envelope_id, id, sizeof(id));
	rig_seal_as(last_ask(rig), FRAME_PROTECT_DONE, NULL, size);
	rig_run_jobs(rig, jobs + 2);
	restart(rig);
	protection = protection_of(rig, mid);
	assert_true(text_equal(protection->reference, TEXT("K7QD-24MF")));
	assert_memory_equal(protection->envelope_id, id, sizeof(id));
	rig->answer = rig_deliver;
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, jobs + 4);
	for (size_t i = jobs; i < rig->job_count; i++) {
		assert_true(rig->jobs[i].is_intact);
		assert_int_equal(rig->jobs[i].body[0], 'e');
		assert_int_equal(rig->jobs[i].size, size);
	}
	rig->answer = NULL;
	rig_check_ledger(rig);
}

static void
restart_all(struct rig *rig)
{
	rig->epoch++;
	rig_restart_workers(rig);
}

static void
test_restarts(void **state)
{
	struct rig *rig = *state;

	check_restarts(rig, 500, restart_all);
	check_restarts(rig, 500, rebuild_index);
	check_restarts(rig, 3000000, restart_all);
	check_restarts(rig, 3000000, rebuild_index);
}

/* ---- trouble ------------------------------------------------------------ */

static bool
is_deferred(struct rig *rig)
{
	struct queue_errand *errand =
	    queue_table_find(rig->queue, last_ask(rig)->mid)->errand;

	return errand->state == QUEUE_ERRAND_RESTING &&
	    queue_log_is_synced(rig->queue);
}

static void
test_later(void **state)
{
	struct rig *rig = *state;
	struct frame_queue_list_ask ask = { .id = 1, .encryption_only = 1 };
	int64_t waits_us[3];
	uint64_t mid = submit_secret(rig);

	for (size_t i = 0; i < 3; i++) {
		rig_seal_later(rig, last_ask(rig));
		rig_run(rig, is_deferred);
		waits_us[i] = protection_of(rig, mid)->next_try_us -
		    clock_now_us();
		rig_list(rig, &ask);
		assert_int_equal(rig->list.row_count, 1);
		assert_int_equal(rig->list.rows[0].attempts, i + 1);
		assert_true(rig->list.rows[0].next_try_us > clock_now_us());
		assert_true(text_equal(rig->list.rows[0].reason,
		    TEXT("the key service is away")));
		assert_true(text_equal(rig->list.rows[0].profile,
		    TEXT("default")));
		clock_move(0, 60);
		rig_run_asks(rig, 3 + i);
	}
	assert_in_range(waits_us[0], 4000000, 5600000);
	assert_in_range(waits_us[1], 8000000, 11100000);
	assert_in_range(waits_us[2], 17000000, 22100000);
	rig->answer = rig_deliver;
	rig_seal(rig, last_ask(rig));
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
}

/* What is known of the trouble survives; so does the wait. */
static void
test_later_and_restart(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);
	const struct queue_protection *protection;

	rig_seal_later(rig, last_ask(rig));
	rig_run(rig, is_deferred);
	rebuild_index(rig);
	protection = protection_of(rig, mid);
	assert_int_equal(protection->attempts, 1);
	assert_true(text_equal(protection->reason,
	    TEXT("the key service is away")));
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 2);
	rig_act(rig, FRAME_QUEUE_RETRY, mid, 0, NULL);
	assert_int_equal(rig->act.recipients, 2);
	rig_run_asks(rig, 3);
	/* It is with protect now: nothing to hasten. */
	rig_act(rig, FRAME_QUEUE_RETRY, mid, 0, NULL);
	assert_int_equal(rig->act.affected, 0);
}

static void
test_timeout(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);

	rig->answer = rig_deliver;
	rig_seal_later(rig, last_ask(rig));
	rig_run(rig, is_deferred);
	clock_move(0, 4 * 3600 + 1);
	rig_run(rig, rig_is_empty);
	/* One notification, without a byte of the message. */
	assert_int_equal(rig->job_count, 1);
	assert_int_equal(rig->jobs[0].class, ENVELOPE_CLASS_SERVICE);
	assert_string_equal(rig->jobs[0].first, "alice@example.org");
	assert_non_null(strstr(rig->jobs[0].body, "Could not be encrypted"));
	assert_null(queue_table_find(rig->queue, mid));
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 2);
	assert_int_equal(rig->ledger.generated, 1);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* Nobody there, or nobody who answers: the time ends all the same. */
static void
test_timeout_of_silence(void **state)
{
	struct rig *rig = *state;

	rig->answer = rig_deliver;
	submit_secret(rig);
	clock_move(0, 4 * 3600 + 1);
	rig_run(rig, rig_is_empty);
	for (size_t i = 0; i < RIG_WORKERS; i++)
		rig_disconnect(&rig->protect[i]);
	rig_accept(rig, &plain);
	rig_rest(rig, 30);
	clock_move(0, 4 * 3600 + 1);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 4);
	/* Its answer comes too late to matter. */
	assert_int_equal(rig->job_count, 2);
}

/* The original is not told to anybody, whatever RET says. */
static void
test_notice_has_no_original(void **state)
{
	struct rig *rig = *state;
	struct queue_message *message;
	struct message_body *body = NULL;
	struct rig_mail mail = plain;
	char bytes[16384];
	struct text got;

	mail.body = "Subject: merger\r\n\r\nthe secret itself\r\n";
	mail.ret = ENVELOPE_RETURN_FULL;
	rig->judge = rig_judge_envelope;
	rig_accept(rig, &mail);
	rig_run_asks(rig, 2);
	rig_seal_as(last_ask(rig), FRAME_PROTECT_FAILED, "too large", 0);
	rig_run_jobs(rig, 1);
	message = queue_table_find(rig->queue, rig->jobs[0].mid);
	assert_int_equal(queue_body_get(rig->queue, message, &body), 0);
	assert_int_equal(message_body_read(body, 0, sizeof(bytes), bytes,
	    &got), 0);
	assert_int_equal(got.len, message->size);
	assert_true(text_find(got, TEXT("secret")) == got.len);
	assert_true(text_find(got, TEXT("merger")) == got.len);
	assert_true(text_find(got, TEXT("too large")) < got.len);
	assert_true(text_find(got, TEXT("5.7.5")) < got.len);
	message_body_release(&body);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 2);
}

static void
test_abort(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);

	rig->answer = rig_deliver;
	rig_act(rig, FRAME_QUEUE_ABORT, mid, 0, NULL);
	assert_int_equal(rig->act.recipients, 2);
	rig_seal(rig, last_ask(rig));
	rig_run(rig, rig_is_empty);
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 1);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 2);
	assert_int_equal(rig->ledger.generated, 1);
}

static void
test_profile_gone(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	for (size_t i = 0; i < RIG_WORKERS; i++)
		rig_disconnect(&rig->protect[i]);
	rig->judge = rig_judge_envelope;
	mid = rig_accept(rig, &plain);
	rig_run_state(rig, mid, MESSAGE_PROTECTING);
	rig->config.encryption.profile_count = 0;
	rig_reconfigure(rig);
	for (size_t i = 0; i < RIG_WORKERS; i++)
		rig_connect(rig, &rig->protect[i], PROCESS_PROTECT,
		    (uint32_t)i);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 1);
	assert_int_equal(protection_of(rig, mid)->attempts, 1);
	assert_true(text_find(protection_of(rig, mid)->reason,
	    TEXT("\"default\"")) < protection_of(rig, mid)->reason.len);
	rig->config.encryption.profile_count = 1;
	rig_reconfigure(rig);
	rig_act(rig, FRAME_QUEUE_RETRY, mid, 0, NULL);
	rig_run_asks(rig, 2);
}

/* ---- losses ------------------------------------------------------------- */

static void
test_lost_channel(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);
	struct rig_ask *lost = last_ask(rig), stale = *lost;

	rig_disconnect(lost->peer);
	rig_run_asks(rig, 3);
	assert_int_equal(last_ask(rig)->mid, mid);
	assert_true(last_ask(rig)->attempt > stale.attempt);
	assert_memory_equal(last_ask(rig)->envelope_id, stale.envelope_id,
	    FRAME_ENVELOPE_ID_LEN);
	/* The old envelope has keys that nobody may count on. */
	stale.peer = last_ask(rig)->peer;
	rig_seal(rig, &stale);
	rig_rest(rig, 30);
	assert_int_equal(queue_table_find(rig->queue, mid)->state,
	    MESSAGE_PROTECTING);
	rig->answer = rig_deliver;
	rig_seal(rig, last_ask(rig));
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
}

static void
test_crashes(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);

	queue_hold_charge(rig->queue, mid, PROCESS_PROTECT, 11);
	rig_disconnect(last_ask(rig)->peer);
	rig_run_asks(rig, 3);
	queue_hold_charge(rig->queue, mid, PROCESS_PROTECT, 11);
	rig_disconnect(last_ask(rig)->peer);
	rig_run_state(rig, mid, MESSAGE_HELD);
	restart_all(rig);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 3);
	/* Released, it still has to become an envelope. */
	rig_act(rig, FRAME_QUEUE_RELEASE, mid, 0, NULL);
	rig_run_asks(rig, 4);
	assert_int_equal(rig->job_count, 0);
	rig->answer = rig_deliver;
	rig_seal(rig, last_ask(rig));
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->jobs[0].body[0], 'e');
}

/* Out of a quarantine the way leads to protect; time begins there. */
static void
judge_quarantine(struct rig *rig, struct rig_ask *ask)
{
	(void)rig;
	rig_dispose_as(ask, FRAME_VERDICT_QUARANTINE, PROTECTION_ENVELOPE);
}

static void
test_quarantined(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	rig->judge = judge_quarantine;
	mid = rig_accept(rig, &plain);
	rig_run_state(rig, mid, MESSAGE_HELD);
	clock_move(0, 30 * 86400);
	rig_act_in(rig, FRAME_QUEUE_RELEASE, mid, "outbreak");
	rig_run_state(rig, mid, MESSAGE_PROTECTING);
	rig_run_asks(rig, 2);
	assert_null(queue_table_find(rig->queue, mid)->quarantine);
	rig->answer = rig_deliver;
	rig_seal(rig, last_ask(rig));
	rig_run_jobs(rig, 2);
	assert_int_equal(rig->jobs[0].body[0], 'e');
}

/* A recipient less: protect is asked again, for those that are left. */
static void
test_recipient_deleted(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);

	rig_act(rig, FRAME_QUEUE_DELETE, mid, 1, NULL);
	assert_int_equal(rig->act.recipients, 1);
	rig_run_asks(rig, 3);
	assert_int_equal(last_ask(rig)->count, 1);
	assert_int_equal(last_ask(rig)->first_rid, 2);
	rig_seal(rig, &rig->asks[1]);
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 0);
	rig->answer = rig_deliver;
	rig_seal(rig, last_ask(rig));
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.deleted, 1);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* ---- fail closed -------------------------------------------------------- */

/* Whatever goes wrong before: other bytes than the envelope stay here. */
static void
test_other_bytes(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);

	for (size_t i = 0; i < RIG_DELIVERS; i++)
		rig_disconnect(&rig->deliver[i]);
	rig_seal(rig, last_ask(rig));
	rig_run_state(rig, mid, MESSAGE_READY);
	queue_table_find(rig->queue, mid)->protection->met_sha256[0] ^= 1;
	for (uint32_t i = 0; i < RIG_DELIVERS; i++)
		rig_connect(rig, &rig->deliver[i], PROCESS_DELIVER, i);
	rig_run_state(rig, mid, MESSAGE_HELD);
	rig_rest(rig, 20);
	assert_int_equal(rig->job_count, 0);
	rig_check_ledger(rig);
}

/* Protect gives nonsense: set aside. */
static void
test_nonsense(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit_secret(rig);

	rig_seal_as(last_ask(rig), 77, NULL, 0);
	rig_run_state(rig, mid, MESSAGE_HELD);
	mid = submit_secret(rig);
	rig_seal_as(last_ask(rig), FRAME_PROTECT_DONE, NULL, 0);
	rig_run_state(rig, mid, MESSAGE_HELD);
	assert_int_equal(rig->job_count, 0);
}

/* Moved on in the log with all that is known. */
static void
test_relocated(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = { .sender = "a@example.org",
		.to = { "b@example.com" }, .size = 300000 };
	uint64_t waiting = submit_secret(rig), ready = submit_secret(rig);
	struct queue_message *message;
	uint32_t before;

	rig_seal_as(last_ask(rig), FRAME_PROTECT_DONE, NULL, 700000);
	rig_run_jobs(rig, 2);
	message = queue_table_find(rig->queue, ready);
	before = message->lowest_segment;
	rig->judge = rig_judge_deliver;
	for (size_t i = 0; i < 40; i++) {
		uint64_t mid = rig_accept(rig, &mail);

		rig_run_jobs(rig, 3 + i);
		rig_deliver(rig, &rig->jobs[2 + i]);
		rig_run_state(rig, mid, MESSAGE_DONE);
	}
	assert_true(rig->queue->recycle.relocated >= 2);
	assert_true(message->lowest_segment > before);
	rebuild_index(rig);
	assert_int_equal(queue_table_find(rig->queue, waiting)->state,
	    MESSAGE_PROTECTING);
	rig_run_jobs(rig, 44);
	assert_true(rig->jobs[42].is_intact && rig->jobs[43].is_intact);
	assert_int_equal(rig->jobs[42].size, 700000);
	assert_int_equal(rig->jobs[42].protection, PROTECTION_ENVELOPE);
	rig_check_ledger(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup_workers, \
	rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_envelope),
		TEST(test_restarts),
		TEST(test_later),
		TEST(test_later_and_restart),
		TEST(test_timeout),
		TEST(test_timeout_of_silence),
		TEST(test_notice_has_no_original),
		TEST(test_abort),
		TEST(test_profile_gone),
		TEST(test_lost_channel),
		TEST(test_crashes),
		TEST(test_quarantined),
		TEST(test_recipient_deleted),
		TEST(test_other_bytes),
		TEST(test_nonsense),
		TEST(test_relocated),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	clock_make();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
