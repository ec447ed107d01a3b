/*
 * Crashes of workers and of the queue itself, in one process: what a kill
 * leaves is what was synced.
 */
#include "t/unit/queue_fixture.h"

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

/* ---- crashes and restarts ----------------------------------------------- */

/* Q03: two crashes set it aside, its neighbours go on. */
static void
test_poison(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);
	uint64_t other = rig_accept(rig, &plain);

	queue_hold_charge(rig->queue, mid, PROCESS_DELIVER, 11);
	rig_rest(rig, 20);
	rig_restart(rig);
	assert_int_equal(queue_table_find(rig->queue, mid)->crashes, 1);
	queue_hold_charge(rig->queue, mid, PROCESS_DELIVER, 11);
	rig_rest(rig, 20);
	rig_restart(rig);
	assert_int_equal(queue_table_find(rig->queue, mid)->state,
	    MESSAGE_HELD);
	assert_int_not_equal(queue_table_find(rig->queue, other)->state,
	    MESSAGE_HELD);
	queue_hold_charge(rig->queue, 999999, PROCESS_DELIVER, 11);
	rig_check_ledger(rig);
}

static void
test_deliver_dies(void **state)
{
	struct rig *rig = *state;
	uint32_t deliver;

	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	deliver = rig->jobs[0].deliver;
	rig->answer = rig_deliver;
	rig_disconnect(&rig->deliver[deliver]);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	assert_int_not_equal(rig->jobs[1].deliver, deliver);
	assert_int_equal(rig->jobs[1].attempt, 1);
	rig_check_ledger(rig);
}

/* Queue is killed; deliver goes on and tells the new one. */
static void
test_queue_dies_result_comes(void **state)
{
	struct rig *rig = *state;

	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	rig_restart(rig);
	assert_int_equal(queue_lease_count(rig->queue), 1);
	rig_deliver(rig, &rig->jobs[0]);
	rig_run(rig, rig_is_empty);
	rig_rest(rig, QUEUE_LEASE_RESEND_MS + 100);
	assert_int_equal(rig->job_count, 1);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
}

/* It is sent again to the very process that had it, under its number. */
static void
test_queue_dies_job_comes_again(void **state)
{
	struct rig *rig = *state;

	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	rig_restart(rig);
	rig->answer = rig_deliver;
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	assert_int_equal(rig->jobs[1].job, rig->jobs[0].job);
	assert_int_equal(rig->jobs[1].deliver, rig->jobs[0].deliver);
	/* Its first answer comes too: it changes nothing. */
	rig_send_result(rig, &rig->jobs[0], FRAME_RESULT_FAILED, 550,
	    "5.1.1", "no", FRAME_DESTINATION_REACHED);
	rig_rest(rig, 30);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 1);
	assert_int_equal(rig->ledger.generated, 0);
}

/* All was restarted: leases are void, and jobs come at once. */
static void
test_all_die(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < 20; i++)
		rig_submit(rig, &plain);
	rig_run(rig, rig_all_answered);
	run_jobs(rig, 20);
	rig->epoch++;
	rig->answer = rig_deliver;
	rig_restart(rig);
	assert_int_equal(queue_lease_count(rig->queue), 0);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 40);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 20);
}

static void
deliver_some(struct rig *rig, struct rig_job *job)
{
	if (job->class == ENVELOPE_CLASS_SERVICE || job->mid % 3 == 0)
		rig_deliver(rig, job);
	else if (job->mid % 3 == 1)
		rig_fail(rig, job);
	else
		rig_defer(rig, job);
}

/* Many segments come and go; what is old moves on; restarts in between. */
static void
test_recycling(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;
	uint64_t released = 0, relocated = 0;

	rig->answer = deliver_some;
	for (size_t round = 0; round < 6; round++) {
		for (size_t i = 0; i < 100; i++) {
			mail.size = 20000 + i * 10;
			rig_submit(rig, &mail);
		}
		rig_run(rig, rig_all_answered);
		settle(rig);
		rig_check_ledger(rig);
		rig->job_count = 0;
		released += rig->queue->recycle.released;
		relocated += rig->queue->recycle.relocated;
		if (round % 2 == 1)
			rig_restart(rig);
	}
	assert_true(released > 0);
	assert_true(relocated > 0);
	/* Without the index the log alone tells the same. */
	rig_kill(rig);
	rig->epoch++;
	char path[128];

	snprintf(path, sizeof(path), "%s/queue.db", rig->directory);
	assert_int_equal(database_remove(path), 0);
	rig_start(rig);
	rig->answer = rig_deliver;
	rig_connect_all(rig);
	rig_act(rig, FRAME_QUEUE_RETRY, 0, 0, NULL);
	rig_run(rig, rig_is_empty);
	for (size_t i = 0; i < rig->job_count; i++)
		assert_true(rig->jobs[i].is_intact);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.accepted, 600);
	assert_int_equal(rig->ledger.live, 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_poison),
		TEST(test_deliver_dies),
		TEST(test_queue_dies_result_comes),
		TEST(test_queue_dies_job_comes_again),
		TEST(test_all_die),
		TEST(test_recycling),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
