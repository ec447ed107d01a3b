/*
 * Judging: who is asked, what is done with the answer, and that nothing
 * leaves unjudged whoever dies.
 */
#include "t/unit/queue_fixture_worker.h"

static const struct rig_mail plain = {
	.sender = "alice@example.org",
	.to = { "bob@example.com" },
};

static bool
has_no_asks(struct rig *rig)
{
	return rig->queue->errands.counts[QUEUE_DESK_JUDGE] == 0;
}

/* ---- asking ------------------------------------------------------------- */

static void
test_delivered(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	rig->answer = rig_deliver;
	mid = rig_accept(rig, &plain);
	rig_run_asks(rig, 1);
	assert_int_equal(rig->asks[0].mid, mid);
	assert_int_equal(rig->asks[0].attempt, 1);
	assert_true(rig->asks[0].is_intact);
	/* Nothing leaves unjudged. */
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 0);
	assert_int_equal(queue_table_find(rig->queue, mid)->state,
	    MESSAGE_JUDGING);
	rig_judge_deliver(rig, &rig->asks[0]);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 1);
	assert_true(rig->jobs[0].is_intact);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* Inactive filters, and those of the other direction, judge nothing. */
static void
test_short_path(void **state)
{
	struct rig *rig = *state;
	struct config_content_filters *filters =
	    &rig->config.content_filters;

	filters->outgoing = filters->incoming;
	filters->outgoing_count = filters->incoming_count;
	filters->incoming = NULL;
	filters->incoming_count = 0;
	rig_reconfigure(rig);
	rig->answer = rig_deliver;
	rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->ask_count, 0);
}

/* Everything is shared among them, a bounded number at a time. */
static void
test_window(void **state)
{
	struct rig *rig = *state;
	size_t counts[RIG_WORKERS] = { 0 };

	for (size_t i = 0; i < 40; i++)
		rig_submit(rig, &plain);
	rig_run(rig, rig_all_answered);
	rig_run_asks(rig, RIG_WORKERS * QUEUE_JUDGE_MESSAGES);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, RIG_WORKERS * QUEUE_JUDGE_MESSAGES);
	for (size_t i = 0; i < rig->ask_count; i++)
		counts[rig->asks[i].peer->number]++;
	assert_int_equal(counts[0], QUEUE_JUDGE_MESSAGES);
	assert_int_equal(counts[1], QUEUE_JUDGE_MESSAGES);
	rig->answer = rig_deliver;
	rig->judge = rig_judge_deliver;
	for (size_t i = 0; i < RIG_WORKERS * QUEUE_JUDGE_MESSAGES; i++)
		rig_judge_deliver(rig, &rig->asks[i]);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->ask_count, 40);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 40);
}

/* Large ones count by their bytes, but one always goes. */
static void
test_window_bytes(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;

	mail.size = QUEUE_JUDGE_BYTES / 2 + 100000;
	for (size_t i = 0; i < 3; i++)
		rig_submit(rig, &mail);
	rig_run(rig, rig_all_answered);
	rig_run_asks(rig, 2);
	rig_rest(rig, 50);
	assert_int_equal(rig->ask_count, 2);
	assert_true(rig->asks[0].is_intact);
	rig_judge_deliver(rig, &rig->asks[0]);
	rig_run_asks(rig, 3);
}

/* ---- losses ------------------------------------------------------------- */

static void
test_lost_channel(void **state)
{
	struct rig *rig = *state;
	struct rig_ask *lost;
	uint64_t mid = rig_accept(rig, &plain);
	struct frame_splinter drop = { .verdict = FRAME_VERDICT_DROP };
	struct frame_disposition stale = {
		.splinters = &drop,
		.splinter_count = 1,
	};

	rig_run_asks(rig, 1);
	lost = &rig->asks[0];
	rig_disconnect(lost->peer);
	rig_run_asks(rig, 2);
	assert_int_equal(rig->asks[1].mid, mid);
	assert_int_equal(rig->asks[1].attempt, 2);
	assert_ptr_not_equal(rig->asks[1].peer, lost->peer);
	/* Of the old attempt nothing is heard, wherever it comes from. */
	stale.mid = mid;
	stale.attempt = 1;
	frame_send(rig->asks[1].peer->ipc, FRAME_DISPOSITION, &stale, -1);
	rig_connect(rig, lost->peer, PROCESS_SCAN, lost->peer->number);
	stale.attempt = 2;
	frame_send(lost->peer->ipc, FRAME_DISPOSITION, &stale, -1);
	rig_rest(rig, 30);
	assert_int_equal(queue_table_find(rig->queue, mid)->state,
	    MESSAGE_JUDGING);
	rig->answer = rig_deliver;
	rig_judge_deliver(rig, &rig->asks[1]);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* Nobody there: it waits, and over a restart it is judged again. */
static void
test_nobody_there(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	for (size_t i = 0; i < RIG_WORKERS; i++)
		rig_disconnect(&rig->scan[i]);
	rig->answer = rig_deliver;
	mid = rig_accept(rig, &plain);
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 0);
	rig_restart(rig);
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 0);
	assert_int_equal(queue_table_find(rig->queue, mid)->state,
	    MESSAGE_JUDGING);
	rig->judge = rig_judge_deliver;
	rig_connect_workers(rig);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 1);
}

/* Without filters nobody will come: it goes on. */
static void
test_filters_vanish(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < RIG_WORKERS; i++)
		rig_disconnect(&rig->scan[i]);
	rig_accept(rig, &plain);
	rig_rest(rig, 30);
	rig->config.content_filters.incoming_count = 0;
	rig->answer = rig_deliver;
	rig_reconfigure(rig);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
}

/* Two crashes: set aside; released, it is judged again. */
static void
test_crashes(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);

	rig_run_asks(rig, 1);
	rig_disconnect(rig->asks[0].peer);
	queue_hold_charge(rig->queue, mid, PROCESS_SCAN, 11);
	rig_run_asks(rig, 2);
	queue_hold_charge(rig->queue, mid, PROCESS_SCAN, 11);
	rig_disconnect(rig->asks[1].peer);
	rig_run_state(rig, mid, MESSAGE_HELD);
	assert_int_equal(rig->queue->table.held, 1);
	assert_true(has_no_asks(rig));
	rig_restart_workers(rig);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 2);
	rig_act(rig, FRAME_QUEUE_RELEASE, mid, 0, NULL);
	assert_int_equal(rig->act.affected, 1);
	rig_run_asks(rig, 3);
	rig->answer = rig_deliver;
	rig_judge_deliver(rig, &rig->asks[2]);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* Held, deleted or aborted while scan has it: the answer comes too late. */
static void
test_acts_while_asked(void **state)
{
	static const uint8_t actions[] = { FRAME_QUEUE_HOLD,
		FRAME_QUEUE_DELETE, FRAME_QUEUE_ABORT };
	static const uint8_t states[] = { MESSAGE_HELD, MESSAGE_DONE,
		MESSAGE_DONE };
	struct rig *rig = *state;

	for (size_t i = 0; i < 3; i++) {
		uint64_t mid = rig_accept(rig, &plain);

		rig_run_asks(rig, i + 1);
		rig_act(rig, actions[i], mid, 0, NULL);
		assert_int_equal(rig->act.affected, 1);
		rig_run_state(rig, mid, states[i]);
		rig_judge_deliver(rig, &rig->asks[i]);
		rig_rest(rig, 20);
		rig_run_state(rig, mid, states[i]);
	}
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.deleted, 1);
	assert_int_equal(rig->ledger.failed, 1);
	assert_int_equal(rig->ledger.generated, 1);
}

/* ---- verdicts ----------------------------------------------------------- */

static uint64_t
dispose(struct rig *rig, uint8_t verdict)
{
	size_t at = rig->ask_count;
	uint64_t mid = rig_accept(rig, &plain);

	rig_run_asks(rig, at + 1);
	rig_dispose_as(&rig->asks[at], verdict, PROTECTION_NONE);
	return mid;
}

static void
test_drop(void **state)
{
	struct rig *rig = *state;

	rig_run_state(rig, dispose(rig, FRAME_VERDICT_DROP), MESSAGE_DONE);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.dropped, 1);
	rig_restart(rig);
	assert_int_equal(queue_table_count(rig->queue), 0);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.dropped, 1);
	assert_int_equal(rig->job_count, 0);
}

static void
test_bounce(void **state)
{
	struct rig *rig = *state;

	rig->answer = rig_deliver;
	dispose(rig, FRAME_VERDICT_BOUNCE);
	rig_run_jobs(rig, 1);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 1);
	assert_string_equal(rig->jobs[0].first, "alice@example.org");
	assert_int_equal(rig->jobs[0].class, ENVELOPE_CLASS_SERVICE);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 1);
	assert_int_equal(rig->ledger.generated, 1);
	assert_int_equal(rig->ledger.delivered, 1);
}

static void
test_quarantine(void **state)
{
	struct rig *rig = *state;
	struct frame_queue_list_ask ask = { .id = 1, .quarantined_only = 1 };
	uint64_t mid = dispose(rig, FRAME_VERDICT_QUARANTINE);

	rig_run_state(rig, mid, MESSAGE_HELD);
	rig_restart_workers(rig);
	rig_list(rig, &ask);
	assert_int_equal(rig->list.row_count, 1);
	assert_true(text_equal(rig->list.rows[0].quarantine,
	    TEXT("outbreak")));
	ask.quarantine = TEXT("other");
	rig_list(rig, &ask);
	assert_int_equal(rig->list.row_count, 0);
	rig_look(rig, mid);
	assert_true(text_equal(rig->message.quarantine, TEXT("outbreak")));
	assert_true(text_equal(rig->message.disposition,
	    TEXT("the filters")));
	assert_int_equal(rig->message.disposition_version, 42);
	/* Who names no quarantine opens none. */
	rig_act(rig, FRAME_QUEUE_RELEASE, 0, 0, NULL);
	assert_int_equal(rig->act.affected, 0);
	rig->answer = rig_deliver;
	rig_act_in(rig, FRAME_QUEUE_RELEASE, mid, "other");
	assert_int_equal(rig->act.affected, 0);
	rig_act_in(rig, FRAME_QUEUE_RELEASE, 0, "outbreak");
	assert_int_equal(rig->act.affected, 1);
	rig_run(rig, rig_is_empty);
	/* It is judged once. */
	assert_int_equal(rig->ask_count, 1);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

static void
test_set_aside(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);

	rig_run_asks(rig, 1);
	rig_set_aside(&rig->asks[0]);
	rig_run_state(rig, mid, MESSAGE_HELD);
	rig_look(rig, mid);
	assert_true(text_equal(rig->message.reason, TEXT("because")));
	rig_act(rig, FRAME_QUEUE_RELEASE, mid, 0, NULL);
	rig_run_asks(rig, 2);
	assert_int_equal(rig->asks[1].mid, mid);
}

/* What nobody understands is set aside, not sent. */
static void
test_nonsense(void **state)
{
	struct rig *rig = *state;
	struct frame_body body = { .size = 10 };
	struct frame_splinter fates[] = {
		{ .verdict = FRAME_VERDICTS },
		{ .protection = { .form = PROTECTION_FORMS } },
		{ .protection = { .form = PROTECTION_ENVELOPE } },
		{ .verdict = FRAME_VERDICT_QUARANTINE },
		{ .body = 2 },
		{ .body = 1 },
	};
	struct frame_disposition answers[] = {
		{ .splinters = &fates[0], .splinter_count = 1 },
		{ .splinters = &fates[1], .splinter_count = 1 },
		{ .splinters = &fates[2], .splinter_count = 1 },
		{ .splinters = &fates[3], .splinter_count = 1 },
		{ .splinters = &fates[4], .splinter_count = 1 },
		{ .splinters = &fates[5], .splinter_count = 1,
		    .bodies = &body, .body_count = 1,
		    .body = TEXT("short") },
		{ .judgement = FRAME_JUDGED },
		{ .judgement = FRAME_JUDGEMENTS },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		uint64_t mid = rig_accept(rig, &plain);

		rig_run_asks(rig, i + 1);
		rig_dispose(&rig->asks[i], &answers[i], 0);
		rig_run_state(rig, mid, MESSAGE_HELD);
	}
	assert_int_equal(rig->job_count, 0);
	rig_check_ledger(rig);
}

/* ---- another body ------------------------------------------------------- */

static void
change_body(struct rig *rig, size_t size, bool kill)
{
	struct frame_splinter fate = { .words = TEXT("header added") };
	struct frame_disposition answer = { .splinters = &fate,
		.splinter_count = 1 };
	struct text entry = TEXT("seen"), tags[2] = { TEXT("a"), TEXT("b") };
	size_t asks = rig->ask_count, jobs = rig->job_count;
	uint64_t mid = rig_accept(rig, &plain);

	answer.log_entries = &entry;
	answer.log_entry_count = 1;
	fate.tags = tags;
	fate.tag_count = 2;
	rig->answer = kill ? NULL : rig_deliver;
	rig_run_asks(rig, asks + 1);
	rig_dispose(&rig->asks[asks], &answer, size);
	rig_run_jobs(rig, jobs + 1);
	assert_true(rig->jobs[jobs].is_intact);
	assert_int_equal(rig->jobs[jobs].size, size);
	assert_int_equal(rig->jobs[jobs].body[0], 'n');
	if (!kill) {
		rig_run(rig, rig_is_empty);
		return;
	}
	assert_string_equal(queue_table_find(rig->queue, mid)->tags, "a, b");
	rig->epoch++;
	rig->answer = rig_deliver;
	rig_restart_workers(rig);
	assert_string_equal(queue_table_find(rig->queue, mid)->tags, "a, b");
	rig_run(rig, rig_is_empty);
	assert_true(rig->jobs[jobs + 1].is_intact);
	assert_int_equal(rig->jobs[jobs + 1].size, size);
	/* It was judged once. */
	assert_int_equal(rig->ask_count, asks + 1);
}

static void
test_new_body(void **state)
{
	struct rig *rig = *state;
	static const size_t sizes[] = { 1, 500, 65536, 65537, 1200000,
		6000000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		change_body(rig, sizes[i], false);
		change_body(rig, sizes[i], true);
	}
	rig_check_ledger(rig);
}

/* Held or deleted while its new body is on its way into the log. */
static void
test_acts_while_written(void **state)
{
	static const uint8_t actions[] = { FRAME_QUEUE_HOLD,
		FRAME_QUEUE_DELETE };
	static const uint8_t states[] = { MESSAGE_HELD, MESSAGE_DONE };
	struct rig *rig = *state;
	struct queue_errand *errand;

	for (size_t i = 0; i < 2; i++) {
		struct frame_splinter answer = { 0 };
		uint64_t mid = rig_accept(rig, &plain);

		rig_run_asks(rig, i + 1);
		rig_dispose_one(&rig->asks[i], &answer, 30000000);
		errand = queue_table_find(rig->queue, mid)->errand;
		while (errand->state != QUEUE_ERRAND_ANSWERED)
			rig_rest(rig, 1);
		rig_act(rig, actions[i], mid, 0, NULL);
		rig_rest(rig, 200);
		rig_run_state(rig, mid, states[i]);
		assert_true(list_is_empty(&rig->queue->streams.all));
	}
	rig_check_ledger(rig);
}

/* A submission that comes twice is known although its body is another. */
static void
test_known_when_changed(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter answer = { 0 };
	uint64_t mid = rig_accept(rig, &plain);

	rig_run_asks(rig, 1);
	rig_dispose_one(&rig->asks[0], &answer, 777);
	rig_run_jobs(rig, 1);
	rig->mid = mid;
	assert_int_equal(rig_accept(rig, &plain), mid);
	assert_int_equal(queue_table_count(rig->queue), 1);
}

/* ---- service mail from vault -------------------------------------------- */

static void
test_vault_submits(void **state)
{
	struct rig *rig = *state;
	struct envelope_recipient recipient = { .rid = 1,
		.address = TEXT("bob@example.com") };
	struct frame_id_lease_ask ids = { FRAME_ID_MID, 10 };
	struct frame_submit submit = {
		.id = 9,
		.envelope = {
			.sender = TEXT("codes@example.org"),
			.recipients = &recipient,
			.recipient_count = 1,
			.size = 5,
			.class = ENVELOPE_CLASS_SERVICE,
		},
		.body = TEXT("hello"),
	};

	rig_connect(rig, &rig->vault, PROCESS_VAULT, 0);
	rig->mid = rig->lease_end = 0;
	frame_send(rig->vault.ipc, FRAME_ID_LEASE_ASK, &ids, -1);
	rig_run(rig, rig_has_lease);
	assert_int_equal(rig->accepting.accepting, 1);
	submit.envelope.mid = rig->mid++;
	body_digest(submit.body, submit.envelope.sha256);
	rig->answer = rig_deliver;
	rig->submitted++;
	frame_send(rig->vault.ipc, FRAME_SUBMIT, &submit, -1);
	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_COMMITTED);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->ask_count, 0);
	assert_int_equal(rig->jobs[0].class, ENVELOPE_CLASS_SERVICE);
	/* Ordinary mail is smtp's to give, service mail vault's. */
	submit.envelope.mid = rig->mid++;
	submit.envelope.class = ENVELOPE_CLASS_MAIL;
	rig->submitted++;
	frame_send(rig->vault.ipc, FRAME_SUBMIT, &submit, -1);
	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_TRY_LATER);
	submit.envelope.class = ENVELOPE_CLASS_SERVICE;
	rig->submitted++;
	frame_send(rig->smtp.ipc, FRAME_SUBMIT, &submit, -1);
	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_TRY_LATER);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.generated, 1);
	assert_int_equal(rig->ledger.delivered, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup_workers, \
	rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delivered),
		TEST(test_short_path),
		TEST(test_window),
		TEST(test_window_bytes),
		TEST(test_lost_channel),
		TEST(test_nobody_there),
		TEST(test_filters_vanish),
		TEST(test_crashes),
		TEST(test_acts_while_asked),
		TEST(test_drop),
		TEST(test_bounce),
		TEST(test_quarantine),
		TEST(test_set_aside),
		TEST(test_nonsense),
		TEST(test_new_body),
		TEST(test_acts_while_written),
		TEST(test_known_when_changed),
		TEST(test_vault_submits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
