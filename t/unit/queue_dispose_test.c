/*
 * Dispositions that make messages: splinters with fates of their own, copies
 * and notices, all of it at one moment, whatever dies.
 */
#include "t/unit/queue_fixture_dispose.h"

static struct frame_rid first[] = { { 1 } };
static struct frame_rid second[] = { { 2 } };
static struct frame_rid third[] = { { 3 } };
static struct frame_rid both[] = { { 2 }, { 3 } };
static struct frame_rid everybody[] = { { 1 }, { 2 }, { 3 } };

static struct text copy_to[] = { TEXT_INIT("copy@four.example") };

/* ---- splinters ---------------------------------------------------------- */

/* The first that lives stays; every verdict beside it. */
static void
test_verdicts(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter splinters[] = {
		{ .rids = second, .rid_count = 1,
		  .verdict = FRAME_VERDICT_DROP, .words = TEXT("dropped") },
		{ .rids = first, .rid_count = 1, .policy = TEXT("staff"),
		  .words = TEXT("fine") },
		{ .rids = third, .rid_count = 1, .policy = TEXT("guests"),
		  .verdict = FRAME_VERDICT_QUARANTINE,
		  .quarantine = TEXT("outbreak") },
	};
	uint64_t mid = rig_accept_three(rig);
	struct queue_message *child;

	rig_dispose_many(rig_last_ask(rig), splinters, 3, NULL, 0, NULL, 0);
	rig_run(rig, rig_is_judged);
	rig_run_jobs(rig, 1);
	assert_int_equal(rig->jobs[0].mid, mid);
	assert_int_equal(rig->jobs[0].count, 1);
	assert_int_equal(rig->jobs[0].rids[0], 1);
	for (size_t i = 0; i < 3; i++) {
		child = rig_child(rig, mid, 0);
		assert_int_equal(rig_count_children(rig, mid), 1);
		assert_int_equal(child->state, MESSAGE_HELD);
		assert_string_equal(child->quarantine, "outbreak");
		assert_int_equal(child->recipients[0].rid, 3);
		assert_int_equal(child->live, 1);
		rig_look(rig, child->mid);
		assert_true(text_equal(rig->message.policy, TEXT("guests")));
		assert_int_equal(rig->message.parent_mid, mid);
		rig_look(rig, mid);
		assert_true(text_equal(rig->message.policy, TEXT("staff")));
		assert_int_equal(rig->message.child_count, 1);
		assert_int_equal(rig->message.children[0].mid, child->mid);
		assert_int_equal(rig->queue->table.held, 1);
		rig_restart_checked(rig, i == 0);
	}
	assert_int_equal(rig->ledger.dropped, 1);
	assert_int_equal(rig->ledger.generated, 0);
	rig->answer = rig_deliver;
	rig_restart_checked(rig, false);
	rig_act_in(rig, FRAME_QUEUE_RELEASE, 0, "outbreak");
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->ask_count, 1);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
}

/* Two refused for two reasons: one record, one notification of both. */
static void
test_bounces(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1,
		  .verdict = FRAME_VERDICT_BOUNCE,
		  .reason = TEXT("first reason") },
		{ .rids = second, .rid_count = 1,
		  .verdict = FRAME_VERDICT_BOUNCE,
		  .reason = TEXT("second reason") },
		{ .rids = third, .rid_count = 1,
		  .protection = { .form = PROTECTION_ENVELOPE,
		  .profile = TEXT("default") } },
	};
	uint64_t mid = rig_accept_three(rig);

	rig_dispose_many(rig_last_ask(rig), splinters, 3, NULL, 0, NULL, 0);
	rig_run_asks(rig, 2);
	/* What stays waits for its envelope. */
	assert_int_equal(rig->asks[1].mid, mid);
	assert_int_equal(rig->asks[1].count, 1);
	assert_int_equal(rig->asks[1].first_rid, 3);
	rig_restart_checked(rig, true);
	rig->answer = rig_deliver;
	rig_restart_checked(rig, false);
	rig->seal = rig_seal;
	rig_restart_checked(rig, false);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 2);
	assert_int_equal(rig->ledger.generated, 1);
	assert_int_equal(rig->ledger.delivered, 2);
	assert_int_equal(rig_job_to(rig, "alice@example.org")->class,
	    ENVELOPE_CLASS_SERVICE);
	assert_int_equal(rig_job_to(rig, "dave@three.example")->body[0], 'e');
}

/* What stays gets another body at the same moment. */
static void
test_bounce_beside_body(void **state)
{
	static const size_t sizes[] = { 90000 };
	struct rig *rig = *state;
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1, .body = 1 },
		{ .rids = both, .rid_count = 2,
		  .verdict = FRAME_VERDICT_BOUNCE },
	};

	rig->answer = rig_deliver;
	rig_accept_three(rig);
	rig_dispose_many(rig_last_ask(rig), splinters, 2, NULL, 0, sizes, 1);
	rig_run_jobs(rig, 2);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig_job_to(rig, "bob@one.example")->size, 90000);
	assert_int_equal(rig_job_to(rig, "alice@example.org")->class,
	    ENVELOPE_CLASS_SERVICE);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 2);
	assert_int_equal(rig->ledger.generated, 1);
}

/* Nobody stays: the message is over with its record. */
static void
test_nobody_stays(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1,
		  .verdict = FRAME_VERDICT_DROP },
		{ .rids = both, .rid_count = 2,
		  .verdict = FRAME_VERDICT_BOUNCE,
		  .bounce_profile = TEXT("silent") },
	};
	uint64_t mid = rig_accept_three(rig);

	rig_dispose_many(rig_last_ask(rig), splinters, 2, NULL, 0, NULL, 0);
	rig_run_state(rig, mid, MESSAGE_DONE);
	assert_int_equal(queue_table_count(rig->queue), 0);
	rig_restart_checked(rig, true);
	assert_int_equal(queue_table_count(rig->queue), 0);
	assert_int_equal(rig->ledger.dropped, 1);
	assert_int_equal(rig->ledger.failed, 2);
	/* The profile sends none. */
	assert_int_equal(rig->ledger.generated, 0);
}

/* One address in place of all, or of some. */
static void
test_replaced(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter all = {
		.recipient = TEXT("archive@elsewhere.example"),
	};
	struct frame_splinter some[] = {
		{ .rids = first, .rid_count = 1 },
		{ .rids = both, .rid_count = 2,
		  .recipient = TEXT("archive@elsewhere.example") },
	};
	uint64_t mid = rig_accept_three(rig);
	struct queue_message *child;

	rig_dispose_many(rig_last_ask(rig), &all, 1, NULL, 0, NULL, 0);
	rig_run(rig, rig_is_judged);
	assert_null(queue_table_find(rig->queue, mid));
	child = rig_child(rig, mid, 0);
	assert_string_equal(rig_first_address(child),
	    "archive@elsewhere.example");
	assert_int_equal(child->recipients[0].rid, 1);
	assert_int_equal(child->recipient_count, 1);
	rig_restart_checked(rig, true);
	assert_int_equal(rig->ledger.dropped, 2);
	assert_int_equal(rig->ledger.live, 1);
	mid = rig_accept_three(rig);
	rig_dispose_many(rig_last_ask(rig), some, 2, NULL, 0, NULL, 0);
	rig_run(rig, rig_is_judged);
	assert_int_equal(queue_table_find(rig->queue, mid)->live, 1);
	child = rig_child(rig, mid, 0);
	assert_int_equal(child->recipients[0].rid, 2);
	rig->answer = rig_deliver;
	rig_restart_checked(rig, false);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.accepted, 6);
	assert_int_equal(rig->ledger.dropped, 3);
	assert_int_equal(rig->ledger.delivered, 3);
	assert_int_equal(rig->ledger.generated, 0);
}

/* ---- bodies ------------------------------------------------------------- */

static void
check_bodies(struct rig *rig, const size_t *sizes, bool kill)
{
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1, .body = 1 },
		{ .rids = second, .rid_count = 1, .body = 0 },
		{ .rids = third, .rid_count = 1, .body = 2 },
	};
	struct text to = TEXT("copy@four.example");
	struct frame_made made = { .kind = FRAME_MADE_COPY, .body = 2,
		.key = TEXT("f/1"), .recipients = &to, .recipient_count = 1 };
	uint64_t mid = rig_accept_three(rig);

	rig->job_count = 0;
	rig->answer = NULL;
	rig_dispose_many(rig_last_ask(rig), splinters, 3, &made, 1, sizes, 2);
	rig_run_jobs(rig, 4);
	assert_int_equal(rig_job_to(rig, "bob@one.example")->mid, mid);
	for (size_t i = 0; i < (kill ? 2 : 1); i++) {
		if (i > 0) {
			rig->job_count = 0;
			rig_restart_checked(rig, i > 0);
			rig_run_jobs(rig, 4);
		}
		for (size_t j = 0; j < 4; j++)
			assert_true(rig->jobs[j].is_intact);
		assert_int_equal(rig_job_to(rig, "bob@one.example")->body[0],
		    '1');
		assert_int_equal(rig_job_to(rig, "bob@one.example")->size,
		    sizes[0]);
		assert_int_equal(rig_job_to(rig, "carol@two.example")->body[0],
		    'S');
		assert_int_equal(rig_job_to(rig, "dave@three.example")->size,
		    sizes[1]);
		assert_int_equal(rig_job_to(rig, "copy@four.example")->body[0],
		    '2');
	}
	rig->answer = rig_deliver;
	for (size_t j = 0; j < rig->job_count; j++)
		rig_deliver(rig, &rig->jobs[j]);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
}

static void
test_bodies(void **state)
{
	static const size_t sizes[][2] = { { 100, 200 }, { 65536, 1 },
		{ 40000, 40000 }, { 1300000, 2500000 }, { 5, 3000000 } };
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_bodies(rig, sizes[i], false);
		check_bodies(rig, sizes[i], true);
	}
}

/* What all share stays in the log until the last has gone from there. */
static void
test_shared_bodies_move(void **state)
{
	struct rig *rig = *state;
	struct rig_mail filler = { .sender = "a@example.org",
		.to = { "x@one.example" }, .size = 300000 };
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1, .body = 1 },
		{ .rids = second, .rid_count = 1, .body = 1 },
		{ .rids = third, .rid_count = 1 },
	};
	static const size_t sizes[] = { 2500000 };
	uint64_t mid = rig_accept_three(rig), relocated;

	rig_dispose_many(rig_last_ask(rig), splinters, 3, NULL, 0, sizes, 1);
	rig_run_jobs(rig, 3);
	relocated = rig->queue->recycle.relocated;
	for (size_t i = 0; i < 3; i++)
		rig_defer(rig, &rig->jobs[i]);
	rig->judge = rig_judge_deliver;
	rig->answer = rig_deliver;
	for (size_t i = 0; i < 60; i++)
		rig_run_state(rig, rig_accept(rig, &filler), MESSAGE_DONE);
	assert_true(rig->queue->recycle.relocated >= relocated + 3);
	rig_restart_checked(rig, true);
	rig->job_count = 0;
	rig_act(rig, FRAME_QUEUE_RETRY, 0, 0, NULL);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(rig->jobs[i].is_intact);
	assert_int_equal(rig_job_to(rig, "bob@one.example")->mid, mid);
	rig_check_ledger(rig);
}

/* Deleted or held while its bodies are on their way: nothing comes of it. */
static void
test_acts_while_written(void **state)
{
	static const uint8_t actions[] = { FRAME_QUEUE_HOLD,
		FRAME_QUEUE_DELETE };
	static const uint8_t states[] = { MESSAGE_HELD, MESSAGE_DONE };
	static const size_t sizes[] = { 15000000, 15000000 };
	struct rig *rig = *state;

	for (size_t i = 0; i < 2; i++) {
		struct frame_splinter splinters[] = {
			{ .rids = first, .rid_count = 1, .body = 1 },
			{ .rids = both, .rid_count = 2, .body = 2 },
		};
		uint64_t mid = rig_accept_three(rig);
		struct queue_errand *errand =
		    queue_table_find(rig->queue, mid)->errand;

		rig_dispose_many(rig_last_ask(rig), splinters, 2, NULL, 0, sizes, 2);
		while (errand->state != QUEUE_ERRAND_ANSWERED)
			rig_rest(rig, 1);
		rig_act(rig, actions[i], mid, 0, NULL);
		rig_rest(rig, 300);
		rig_run_state(rig, mid, states[i]);
		assert_int_equal(rig_count_children(rig, mid), 0);
		assert_true(list_is_empty(&rig->queue->streams.all));
	}
	rig_check_ledger(rig);
}

/* ---- limits ------------------------------------------------------------- */

/* 1,000 recipients in 50 splinters, every fate. */
static void
test_many(void **state)
{
	static struct frame_rid rids[50][20];
	static struct frame_splinter splinters[50];
	struct rig *rig = *state;
	struct rig_mail mail = { .sender = "alice@example.org",
		.to = { "many.example" }, .count = 1000, .size = 70000 };
	uint64_t mid = rig_accept(rig, &mail);

	for (uint32_t i = 0; i < 1000; i++)
		rids[i % 50][i / 50].rid = i + 1;
	for (size_t i = 0; i < 50; i++)
		splinters[i] = (struct frame_splinter){
			.rids = rids[i], .rid_count = 20,
			.verdict = (uint8_t)(i % FRAME_VERDICTS),
			.quarantine = TEXT("outbreak"),
		};
	rig_run_asks(rig, 1);
	rig_dispose_many(&rig->asks[0], splinters, 50, NULL, 0, NULL, 0);
	rig_run(rig, rig_is_judged);
	rig_restart_checked(rig, true);
	/* 13, 13, 12 and 12 of them; the first one stays. */
	assert_int_equal(queue_table_find(rig->queue, mid)->live, 20);
	assert_int_equal(rig_count_children(rig, mid), 24);
	assert_int_equal(rig->ledger.dropped, 13 * 20);
	assert_int_equal(rig->ledger.failed, 12 * 20);
	assert_int_equal(rig->queue->table.held, 12);
	rig->answer = rig_deliver;
	rig_restart_checked(rig, false);
	rig_act_in(rig, FRAME_QUEUE_RELEASE, 0, "outbreak");
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 25 * 20 + 1);
}

/* More than a record can hold: set aside whole. */
static void
test_too_large(void **state)
{
	static char words[FRAME_WORDS_MAX];
	static struct frame_rid rids[1200];
	static struct frame_splinter splinters[1200];
	struct rig *rig = *state;
	struct rig_mail mail = { .sender = "alice@example.org",
		.to = { "many.example" }, .count = 1200, .size = 400 };
	uint64_t mid = rig_accept(rig, &mail);

	memset(words, 'w', sizeof(words));
	for (uint32_t i = 0; i < 1200; i++) {
		rids[i].rid = i + 1;
		splinters[i] = (struct frame_splinter){
			.rids = &rids[i], .rid_count = 1,
			.words = text_of(words, sizeof(words)),
		};
	}
	rig_run_asks(rig, 1);
	rig_dispose_many(&rig->asks[0], splinters, 1200, NULL, 0, NULL, 0);
	rig_run_state(rig, mid, MESSAGE_HELD);
	assert_int_equal(queue_table_count(rig->queue), 1);
	assert_int_equal(queue_table_find(rig->queue, mid)->live, 1200);
	rig_restart_checked(rig, true);
	assert_int_equal(queue_table_count(rig->queue), 1);
	assert_int_equal(rig->ledger.generated, 0);
}

/* What nobody understands is set aside, not sent. */
static void
test_nonsense(void **state)
{
	static struct frame_rid falling[] = { { 3 }, { 2 } };
	static struct frame_rid unknown[] = { { 2 }, { 3 }, { 4 } };
	struct rig *rig = *state;
	struct text empty = TEXT_EMPTY;
	struct frame_made made[] = {
		{ .kind = FRAME_MADE_KINDS, .recipients = copy_to,
		  .recipient_count = 1 },
		{ .kind = FRAME_MADE_COPY },
		{ .kind = FRAME_MADE_COPY, .recipients = &empty,
		  .recipient_count = 1 },
		{ .kind = FRAME_MADE_DUPLICATE, .recipients = copy_to,
		  .recipient_count = 1 },
		{ .kind = FRAME_MADE_COPY, .recipients = copy_to,
		  .recipient_count = 1, .body = 1 },
		{ .kind = FRAME_MADE_COPY, .recipients = copy_to,
		  .recipient_count = 1,
		  .protection = { .form = PROTECTION_ENVELOPE } },
	};
	struct frame_splinter pairs[][2] = {
		/* Somebody forgotten, twice, unknown, out of order. */
		{ { .rids = first, .rid_count = 1 },
		  { .rids = second, .rid_count = 1 } },
		{ { .rids = everybody, .rid_count = 3 },
		  { .rids = second, .rid_count = 1 } },
		{ { .rids = first, .rid_count = 1 },
		  { .rids = unknown, .rid_count = 3 } },
		{ { .rids = first, .rid_count = 1 },
		  { .rids = falling, .rid_count = 2 } },
		{ { .rids = everybody, .rid_count = 3 }, { 0 } },
	};
	struct frame_splinter fine = { 0 };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		uint64_t mid = rig_accept_three(rig);

		rig_dispose_many(rig_last_ask(rig), pairs[i], 2, NULL, 0, NULL, 0);
		rig_run_state(rig, mid, MESSAGE_HELD);
	}
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		uint64_t mid = rig_accept_three(rig);

		rig_dispose_many(rig_last_ask(rig), &fine, 1, &made[i], 1, NULL, 0);
		rig_run_state(rig, mid, MESSAGE_HELD);
	}
	assert_int_equal(rig->job_count, 0);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.generated, 0);
}

/* One of them deleted while scan has it: it is asked about anew. */
static void
test_deleted_meanwhile(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter old[] = {
		{ .rids = first, .rid_count = 1 },
		{ .rids = both, .rid_count = 2 },
	};
	struct frame_splinter new[] = {
		{ .rids = first, .rid_count = 1 },
		{ .rids = third, .rid_count = 1 },
	};
	uint64_t mid = rig_accept_three(rig);

	rig_act(rig, FRAME_QUEUE_DELETE, mid, 2, NULL);
	rig_dispose_many(&rig->asks[0], old, 2, NULL, 0, NULL, 0);
	rig_run_asks(rig, 2);
	assert_int_equal(rig->asks[1].count, 2);
	rig->answer = rig_deliver;
	rig_dispose_many(&rig->asks[1], new, 2, NULL, 0, NULL, 0);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
	assert_int_equal(rig->ledger.deleted, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, \
	rig_setup_dispose, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_verdicts),
		TEST(test_bounces),
		TEST(test_bounce_beside_body),
		TEST(test_nobody_stays),
		TEST(test_replaced),
		TEST(test_bodies),
		TEST(test_shared_bodies_move),
		TEST(test_acts_while_written),
		TEST(test_many),
		TEST(test_too_large),
		TEST(test_nonsense),
		TEST(test_deleted_meanwhile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
