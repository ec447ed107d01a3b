/*
 * The queue as a whole, driven by its peers over socketpairs: accept,
 * deliver, bounce, defer, expire.
 */
#include "t/unit/queue_fixture_clock.h"

#include <endian.h>
#include <fcntl.h>

/* ---- conditions --------------------------------------------------------- */

static size_t wanted;

static bool
has_jobs(struct rig *rig)
{
	return rig->job_count >= wanted;
}

static bool
has_no_leases(struct rig *rig)
{
	return queue_lease_count(rig->queue) == 0 &&
	    queue_log_is_synced(rig->queue);
}

static void
run_jobs(struct rig *rig, size_t count)
{
	wanted = count;
	rig_run(rig, has_jobs);
}

static void
settle(struct rig *rig)
{
	rig_run(rig, has_no_leases);
}

static const struct rig_mail plain = {
	.sender = "alice@example.org",
	.to = { "bob@example.com" },
};

/* ---- accept and deliver ------------------------------------------------- */

static void
test_delivered(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	rig->answer = rig_deliver;
	mid = rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 1);
	assert_int_equal(rig->jobs[0].mid, mid);
	assert_int_equal(rig->jobs[0].attempt, 1);
	assert_true(rig->jobs[0].is_intact);
	assert_string_equal(rig->jobs[0].first, "bob@example.com");
	assert_string_equal(rig->jobs[0].domain, "example.com");
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.accepted, 1);
	assert_int_equal(rig->ledger.delivered, 1);
	assert_int_equal(rig->ledger.live, 0);
}

/* Whatever was answered with 250 is durable at that moment. */
static void
test_answer_is_behind_sync(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	mid = rig_accept(rig, &plain);
	rig_restart(rig);
	assert_non_null(queue_table_find(rig->queue, mid));
	rig->answer = rig_deliver;
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

static void
test_sizes(void **state)
{
	struct rig *rig = *state;
	static const size_t sizes[] = { 60, 1000, 65536, 65537, 200000,
		460000, 1000000, 3500000 };

	rig->answer = rig_deliver;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct rig_mail mail = plain;

		mail.size = sizes[i];
		rig_submit(rig, &mail);
	}
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->committed, 8);
	for (size_t i = 0; i < rig->job_count; i++)
		assert_true(rig->jobs[i].is_intact);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 8);
}

/* Bodies that are not hot come from the log, large ones too. */
static void
test_sizes_from_log(void **state)
{
	struct rig *rig = *state;
	static const size_t sizes[] = { 60, 65537, 1000000, 3500000 };

	for (size_t i = 0; i < 4; i++) {
		struct rig_mail mail = plain;

		mail.size = sizes[i];
		rig_submit(rig, &mail);
	}
	rig_run(rig, rig_all_answered);
	rig_kill(rig);
	rig->epoch++;
	rig_start(rig);
	rig->job_count = 0;
	rig->answer = rig_deliver;
	rig_connect_all(rig);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(rig->jobs[i].is_intact);
	assert_int_equal(rig->queue->bodies.read, 4);
	rig_check_ledger(rig);
}

static void
test_many_recipients(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;

	mail.to[0] = "many.example";
	mail.count = 250;
	rig->answer = rig_deliver;
	rig_accept(rig, &mail);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 3);
	assert_int_equal(rig->jobs[0].count + rig->jobs[1].count +
	    rig->jobs[2].count, 250);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 250);
}

static void
test_two_destinations(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;

	mail.to[1] = "carol@example.net";
	mail.to[2] = "dave@EXAMPLE.com";
	rig->answer = rig_deliver;
	rig_accept(rig, &mail);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	assert_int_equal(rig->jobs[0].count + rig->jobs[1].count, 3);
}

static void
test_duplicate_submit(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);
	struct rig_mail other = plain;

	rig->mid = mid;
	assert_int_equal(rig_accept(rig, &plain), mid);
	rig->mid = mid;
	other.size = 5000;
	rig_submit(rig, &other);
	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_REFUSED);
	assert_int_equal(queue_table_count(rig->queue), 1);
	/* A number that was never given to anybody. */
	rig->mid = 1u << 30;
	rig->lease_end = rig->mid + 5;
	rig_submit(rig, &plain);
	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_TRY_LATER);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.accepted, 1);
}

/* Numbers are never given twice, not even over a kill. */
static void
test_numbers(void **state)
{
	struct rig *rig = *state;
	uint64_t end;

	rig_ask_ids(rig);
	end = rig->lease_end;
	rig->mid = end;
	rig_ask_ids(rig);
	assert_true(rig->mid >= end);
	end = rig->lease_end;
	rig_restart(rig);
	rig_ask_ids(rig);
	assert_true(rig->mid >= end);
}

/* ---- bounces ------------------------------------------------------------ */

static void
fail_mail_deliver_service(struct rig *rig, struct rig_job *job)
{
	if (job->class == ENVELOPE_CLASS_SERVICE)
		rig_deliver(rig, job);
	else
		rig_fail(rig, job);
}

static void
test_bounce(void **state)
{
	struct rig *rig = *state;

	rig->answer = fail_mail_deliver_service;
	rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	assert_int_equal(rig->jobs[1].class, ENVELOPE_CLASS_SERVICE);
	assert_string_equal(rig->jobs[1].first, "alice@example.org");
	assert_string_equal(rig->jobs[1].sender, "");
	assert_true(rig->jobs[1].is_intact);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.generated, 1);
	assert_int_equal(rig->ledger.failed, 1);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* B02: never to the null sender, and a bounce that fails is dropped. */
static void
test_no_double_bounce(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;

	rig->answer = rig_fail;
	mail.sender = "";
	rig_accept(rig, &mail);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 1);
	rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 3);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.failed, 3);
	assert_int_equal(rig->ledger.generated, 1);
}

/* The parent is gone in the same record that brings the bounce. */
static void
test_bounce_survives_restart(void **state)
{
	struct rig *rig = *state;
	struct queue_message *message;

	rig->answer = rig_fail;
	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	rig->answer = NULL;
	run_jobs(rig, 2);
	rig_kill(rig);
	rig->epoch++;
	rig_start(rig);
	assert_int_equal(queue_table_count(rig->queue), 1);
	message = LIST_OWNER(rig->queue->table.all.next,
	    struct queue_message, all);
	assert_int_equal(message->class, ENVELOPE_CLASS_SERVICE);
	rig->answer = rig_deliver;
	rig_connect_all(rig);
	rig_run(rig, rig_is_empty);
	assert_true(rig->jobs[2].is_intact);
	rig_check_ledger(rig);
}

static void
test_relayed(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;

	mail.notify = ENVELOPE_NOTIFY_SUCCESS;
	rig_accept(rig, &mail);
	run_jobs(rig, 1);
	rig->answer = rig_deliver;
	rig_send_result(rig, &rig->jobs[0], FRAME_RESULT_RELAYED, 250,
	    "2.0.0", "ok", FRAME_DESTINATION_REACHED);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	assert_string_equal(rig->jobs[1].first, "alice@example.org");
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
}

/* ---- deferral ----------------------------------------------------------- */

static void
reconfigure(struct rig *rig)
{
	struct config_snapshot *snapshot = rig_snapshot(rig);

	queue_configure(rig->queue, snapshot);
	config_snapshot_release(&snapshot);
}

static void
fast_schedule(struct rig *rig, uint64_t lifetime_ms)
{
	rig->profile.retry_initial_ms = 100;
	rig->profile.retry_max_ms = 150;
	rig->profile.lifetime_ms = lifetime_ms;
	reconfigure(rig);
}

static void
defer_twice(struct rig *rig, struct rig_job *job)
{
	if (job->attempt < 3)
		rig_defer(rig, job);
	else
		rig_deliver(rig, job);
}

static void
test_deferred(void **state)
{
	struct rig *rig = *state;

	fast_schedule(rig, 60000);
	rig->answer = defer_twice;
	rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 3);
	assert_int_equal(rig->jobs[2].attempt, 3);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

static void
defer_mail(struct rig *rig, struct rig_job *job)
{
	if (job->class == ENVELOPE_CLASS_SERVICE)
		rig_deliver(rig, job);
	else
		rig_defer(rig, job);
}

/* B09: expired, with one bounce. */
static void
test_expired(void **state)
{
	struct rig *rig = *state;

	fast_schedule(rig, 400);
	rig->answer = defer_mail;
	rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
	assert_true(rig->job_count >= 3);
	assert_non_null(strstr(rig->jobs[rig->job_count - 1].body,
	    "gateway.example.org"));
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.expired, 1);
	assert_int_equal(rig->ledger.generated, 1);
}

static void
dead_example(struct rig *rig, struct rig_job *job)
{
	if (strcmp(job->domain, "dead.example") == 0)
		rig_unreachable(rig, job);
	else
		rig_deliver(rig, job);
}

/* One dead destination: one probe at a time, and nobody else waits. */
static void
test_unreachable(void **state)
{
	struct rig *rig = *state;
	struct rig_mail dead = plain;
	size_t before;

	rig->answer = dead_example;
	dead.to[0] = "bob@dead.example";
	for (size_t i = 0; i < 300; i++)
		rig_submit(rig, &dead);
	rig_run(rig, rig_all_answered);
	settle(rig);
	before = rig->job_count;
	assert_true(before <= 40);
	for (size_t i = 0; i < 100; i++)
		rig_submit(rig, &plain);
	rig_run(rig, rig_all_answered);
	settle(rig);
	rig_rest(rig, 50);
	assert_int_equal(rig->job_count, before + 100);
	assert_int_equal(queue_table_count(rig->queue), 300);
	/* Somebody asks for one of them: that is the probe, all follow. */
	rig->answer = rig_deliver;
	rig_act(rig, FRAME_QUEUE_RETRY, rig->jobs[0].mid, 0, NULL);
	assert_int_equal(rig->act.affected, 1);
	rig_act(rig, FRAME_QUEUE_RETRY, 0, 0, "dead.example");
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 400);
}

/* What waits for a dead destination expires without attempts of its own. */
static void
test_dead_destination_expires(void **state)
{
	struct rig *rig = *state;
	struct rig_mail dead = plain;

	rig->profile.retry_initial_ms = 400;
	rig->profile.retry_max_ms = 400;
	rig->profile.lifetime_ms = 400;
	reconfigure(rig);
	rig->answer = dead_example;
	dead.to[0] = "bob@dead.example";
	for (size_t i = 0; i < 100; i++)
		rig_submit(rig, &dead);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.expired, 100);
	assert_int_equal(rig->ledger.generated, 100);
	assert_int_equal(rig->ledger.delivered, 100);
}

static void
test_delay_warning(void **state)
{
	struct rig *rig = *state;

	rig->profile.delay_warning_ms = 150;
	fast_schedule(rig, 60000);
	rig->answer = defer_mail;
	rig_accept(rig, &plain);
	rig_rest(rig, 800);
	assert_int_equal(queue_table_count(rig->queue), 1);
	rig->answer = rig_deliver;
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.generated, 1);
}

/* 72 hours by the clock. */
static void
test_expired_by_clock(void **state)
{
	struct rig *rig = *state;

	rig->answer = defer_mail;
	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	settle(rig);
	clock_move(0, 73 * 3600);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.expired, 1);
}

/* Q06: the wall clock goes forward ten years, and back again. */
static void
test_clock_jump(void **state)
{
	struct rig *rig = *state;
	const int64_t years = INT64_C(10) * 365 * 86400;

	rig->answer = defer_mail;
	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	settle(rig);
	clock_move(1, years);
	rig_act(rig, FRAME_QUEUE_RETRY, rig->jobs[0].mid, 0, NULL);
	run_jobs(rig, 2);
	settle(rig);
	assert_int_equal(queue_table_count(rig->queue), 1);
	rig_restart(rig);
	rig_act(rig, FRAME_QUEUE_RETRY, rig->jobs[0].mid, 0, NULL);
	run_jobs(rig, 3);
	settle(rig);
	assert_int_equal(queue_table_count(rig->queue), 1);
	clock_move(1, -years);
	rig_act(rig, FRAME_QUEUE_RETRY, rig->jobs[0].mid, 0, NULL);
	run_jobs(rig, 4);
	settle(rig);
	assert_int_equal(queue_table_count(rig->queue), 1);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.live, 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delivered),
		TEST(test_answer_is_behind_sync),
		TEST(test_sizes),
		TEST(test_sizes_from_log),
		TEST(test_many_recipients),
		TEST(test_two_destinations),
		TEST(test_duplicate_submit),
		TEST(test_numbers),
		TEST(test_bounce),
		TEST(test_no_double_bounce),
		TEST(test_bounce_survives_restart),
		TEST(test_relayed),
		TEST(test_deferred),
		TEST(test_expired),
		TEST(test_unreachable),
		TEST(test_dead_destination_expires),
		TEST(test_delay_warning),
		TEST(test_expired_by_clock),
		TEST(test_clock_jump),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	clock_make();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
