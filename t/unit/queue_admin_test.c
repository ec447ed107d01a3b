/*
 * What admin does to the queue over its channel (lists, hold, release,
 * retry, delete), what smtp is granted, and what a new configuration does.
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

static void
reconfigure(struct rig *rig)
{
	struct config_snapshot *snapshot = rig_snapshot(rig);

	queue_configure(rig->queue, snapshot);
	config_snapshot_release(&snapshot);
}

/* ---- administrators ----------------------------------------------------- */

static void
test_hold_release_delete(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);
	struct frame_queue_list_ask ask = { .id = 1, .held_only = 1 };

	run_jobs(rig, 1);
	rig_act(rig, FRAME_QUEUE_HOLD, mid, 0, NULL);
	assert_int_equal(rig->act.affected, 1);
	rig_act(rig, FRAME_QUEUE_HOLD, mid, 0, NULL);
	assert_int_equal(rig->act.affected, 0);
	rig_defer(rig, &rig->jobs[0]);
	settle(rig);
	rig_list(rig, &ask);
	assert_int_equal(rig->list.row_count, 1);
	assert_int_equal(rig->list.rows[0].mid, mid);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.counted_held, 1);
	rig_restart(rig);
	rig_look(rig, mid);
	assert_int_equal(rig->message.found, 1);
	assert_int_equal(rig->message.state, MESSAGE_HELD);
	assert_int_equal(rig->message.recipient_count, 1);
	assert_int_equal(rig->message.recipients[0].attempts, 1);
	rig_act(rig, FRAME_QUEUE_RELEASE, mid, 0, NULL);
	assert_int_equal(rig->act.affected, 1);
	rig_act(rig, FRAME_QUEUE_DELETE, mid, 0, NULL);
	assert_int_equal(rig->act.recipients, 1);
	rig_act(rig, FRAME_QUEUE_DELETE, mid, 0, NULL);
	assert_int_equal(rig->act.affected, 0);
	rig_look(rig, mid);
	assert_int_equal(rig->message.found, 0);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.deleted, 1);
	assert_int_equal(rig->ledger.messages, 0);
}

static void
test_delete_one_recipient(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = plain;
	uint64_t mid;

	mail.to[1] = "carol@example.com";
	mid = rig_accept(rig, &mail);
	run_jobs(rig, 1);
	/* It is on its way; what it brings later no longer counts. */
	rig_act(rig, FRAME_QUEUE_DELETE, mid, 2, NULL);
	assert_int_equal(rig->act.recipients, 1);
	rig_deliver(rig, &rig->jobs[0]);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.deleted, 1);
	assert_int_equal(rig->ledger.delivered, 1);
}

static void
test_delete_in_hand(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);

	run_jobs(rig, 1);
	rig_act(rig, FRAME_QUEUE_DELETE, mid, 0, NULL);
	assert_int_equal(queue_table_count(rig->queue), 0);
	assert_int_equal(queue_lease_count(rig->queue), 1);
	rig_deliver(rig, &rig->jobs[0]);
	settle(rig);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.deleted, 1);
	assert_int_equal(rig->ledger.delivered, 0);
}

static void
test_list_pages(void **state)
{
	struct rig *rig = *state;
	struct frame_queue_list_ask ask = { .id = 1, .limit = 7 };
	struct rig_mail other = plain;
	size_t seen = 0;

	other.to[0] = "zoe@other.example";
	for (size_t i = 0; i < 50; i++)
		rig_submit(rig, i % 10 == 3 ? &other : &plain);
	rig_run(rig, rig_all_answered);
	do {
		rig_list(rig, &ask);
		for (size_t i = 0; i < rig->list.row_count; i++) {
			assert_true(rig->list.rows[i].mid > ask.after_mid);
			ask.after_mid = rig->list.rows[i].mid;
			seen++;
		}
	} while (rig->list.more);
	assert_int_equal(seen, 50);
	ask = (struct frame_queue_list_ask){
		.id = 2,
		.recipient = TEXT("ZOE@"),
		.destination = TEXT("other.ex"),
		.sender = TEXT("alice"),
	};
	rig_list(rig, &ask);
	assert_int_equal(rig->list.row_count, 5);
	rig_act(rig, FRAME_QUEUE_DELETE, 0, 0, "zoe@");
	assert_int_equal(rig->act.affected, 5);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.live, 45);
	assert_int_equal(rig->ledger.deleted, 5);
}

/* ---- budgets ------------------------------------------------------------ */

static uint64_t budget_id;

static bool
has_budget(struct rig *rig)
{
	return rig->budget.id == budget_id;
}

static void
ask_budget(struct rig *rig, uint64_t bytes)
{
	struct frame_budget ask = { .id = ++budget_id, .bytes = bytes };

	frame_send(rig->smtp.ipc, FRAME_BUDGET_ASK, &ask, -1);
	rig_run(rig, has_budget);
}

static void
test_budget(void **state)
{
	struct rig *rig = *state;
	struct frame_budget back = { .bytes = 1000 };
	struct rig_mail mail = plain;

	ask_budget(rig, 60u * 1024 * 1024);
	assert_true(rig->budget.granted);
	ask_budget(rig, 8u * 1024 * 1024);
	assert_false(rig->budget.granted);
	ask_budget(rig, 1000);
	assert_true(rig->budget.granted);
	frame_send(rig->smtp.ipc, FRAME_BUDGET_RETURN, &back, -1);
	mail.size = 100000;
	rig_accept(rig, &mail);
	assert_int_equal(rig->queue->budget.granted,
	    60u * 1024 * 1024 - 100000);
	rig_disconnect(&rig->smtp);
	rig_rest(rig, 20);
	assert_int_equal(rig->queue->budget.granted, 0);
}

static void
test_disk_full(void **state)
{
	struct rig *rig = *state;

	assert_true(rig->accepting.accepting || rig->smtp.ipc != NULL);
	rig_ask_ids(rig);
	rig->config.limits.free_space_reserve = UINT64_C(1) << 40;
	reconfigure(rig);
	queue_budget_check(rig->queue);
	rig_submit(rig, &plain);
	rig_run(rig, rig_all_answered);
	assert_int_equal(rig->last_result.outcome, FRAME_SUBMIT_TRY_LATER);
	assert_int_equal(rig->last_result.reply, 452);
	assert_false(rig->accepting.accepting);
	assert_true(rig->accepting.reason.len > 0);
	rig->config.limits.free_space_reserve = 0;
	reconfigure(rig);
	queue_budget_check(rig->queue);
	rig_accept(rig, &plain);
	assert_true(rig->accepting.accepting);
}

/* A new configuration: what waits goes where it says. */
static void
test_reroute(void **state)
{
	struct rig *rig = *state;
	static struct text hosts[] = { TEXT_INIT("192.0.2.9:2525") };
	struct config_route route = {
		.domains = rig->all,
		.domain_count = 1,
		.hosts = hosts,
		.host_count = 1,
	};

	rig->answer = rig_unreachable;
	rig_accept(rig, &plain);
	run_jobs(rig, 1);
	settle(rig);
	rig->answer = rig_deliver;
	rig->config.routes = &route;
	rig->config.route_count = 1;
	reconfigure(rig);
	rig_act(rig, FRAME_QUEUE_RETRY, rig->jobs[0].mid, 0, NULL);
	rig_run(rig, rig_is_empty);
	assert_int_equal(strncmp(rig->jobs[1].key, "route:192.0.2.9:2525;",
	    21), 0);
	rig->config.routes = NULL;
	rig->config.route_count = 0;
}

/* Q04: memory of a message that waits. */
static void
test_memory(void **state)
{
	struct rig *rig = *state;
	struct queue_message *message;
	uint64_t mid = rig_accept(rig, &plain);

	message = queue_table_find(rig->queue, mid);
	assert_true(queue_message_memory(message) +
	    sizeof(struct queue_part) + sizeof(void *) * 4 <= 1024);
}

static bool
smtp_is_gone(struct rig *rig)
{
	return rig->smtp.gone;
}

/* A frame that breaks its rules ends the channel, and nothing else. */
static void
test_broken_frame(void **state)
{
	struct rig *rig = *state;

	ipc_send(rig->smtp.ipc, FRAME_SUBMIT, TEXT("nonsense"), -1);
	rig_run(rig, smtp_is_gone);
	rig_disconnect(&rig->smtp);
	rig_connect(rig, &rig->smtp, PROCESS_SMTP, 0);
	rig->answer = rig_deliver;
	rig_accept(rig, &plain);
	rig_run(rig, rig_is_empty);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hold_release_delete),
		TEST(test_delete_one_recipient),
		TEST(test_delete_in_hand),
		TEST(test_list_pages),
		TEST(test_budget),
		TEST(test_disk_full),
		TEST(test_reroute),
		TEST(test_memory),
		TEST(test_broken_frame),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
