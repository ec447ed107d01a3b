/*
 * The ledger: counting from records, and finding out what does not fit.
 */
#include "t/unit/queue_fixture.h"

static void
test_counting(void **state)
{
	struct queue_ledger ledger = { 0 };
	struct queue_recipient_change changes[RECIPIENT_STATES];
	struct queue_change change = {
		.recipients = changes,
		.recipient_count = RECIPIENT_STATES,
	};

	(void)state;
	for (uint8_t i = 0; i < RECIPIENT_STATES; i++)
		changes[i] = (struct queue_recipient_change){
			.rid = i + 1u, .state = i };
	queue_ledger_count_message(&ledger, RECIPIENT_STATES, false);
	queue_ledger_count_message(&ledger, 1, true);
	assert_int_equal(queue_ledger_live(&ledger.totals),
	    RECIPIENT_STATES + 1);
	queue_ledger_count_change(&ledger, &change);
	assert_int_equal(ledger.totals.accepted, RECIPIENT_STATES);
	assert_int_equal(ledger.totals.generated, 1);
	assert_int_equal(ledger.totals.delivered, 1);
	assert_int_equal(ledger.totals.failed, 1);
	assert_int_equal(ledger.totals.dropped, 1);
	assert_int_equal(ledger.totals.deleted, 1);
	assert_int_equal(ledger.totals.expired, 1);
	/* One is live, one was made by us, one has moved and is live there. */
	assert_int_equal(queue_ledger_live(&ledger.totals), 3);
}

static void
verify(struct rig *rig, struct frame_queue_ledger *out)
{
	*out = (struct frame_queue_ledger){ .id = 1 };
	queue_ledger_verify(rig->queue, out);
}

static void
test_finds_differences(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = {
		.sender = "a@example.org",
		.to = { "b@example.com", "c@example.com" },
	};
	struct frame_queue_ledger ledger;
	struct queue_message *message;
	uint64_t mid = rig_accept(rig, &mail);

	verify(rig, &ledger);
	assert_true(ledger.balanced);
	assert_int_equal(ledger.live, 2);
	assert_int_equal(ledger.counted_queued, 2);
	assert_int_equal(ledger.counted_index, 2);
	assert_int_equal(ledger.messages, 1);

	rig->queue->ledger.totals.delivered++;
	verify(rig, &ledger);
	assert_false(ledger.balanced);
	assert_true(ledger.problem.len > 0);
	rig->queue->ledger.totals.delivered--;

	/* Memory changed without a record. */
	message = queue_table_find(rig->queue, mid);
	message->recipients[0].state = RECIPIENT_DELIVERED;
	verify(rig, &ledger);
	assert_false(ledger.balanced);
	message->recipients[0].state = RECIPIENT_LIVE;
	verify(rig, &ledger);
	assert_true(ledger.balanced);
}

/* The totals outlive segments, index and restarts. */
static void
test_totals_survive(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = {
		.sender = "a@example.org",
		.to = { "b@example.com" },
		.size = 100000,
	};
	char path[128];

	rig->answer = rig_deliver;
	for (size_t i = 0; i < 120; i++)
		rig_submit(rig, &mail);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 120);
	assert_true(segment_log_oldest(rig->queue->log.log) > 1);
	rig_kill(rig);
	snprintf(path, sizeof(path), "%s/queue.db", rig->directory);
	assert_int_equal(database_remove(path), 0);
	rig_start(rig);
	rig_connect_all(rig);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.accepted, 120);
	assert_int_equal(rig->ledger.delivered, 120);
	assert_int_equal(rig->ledger.live, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counting),
		cmocka_unit_test_setup_teardown(test_finds_differences,
		    rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_totals_survive,
		    rig_setup, rig_teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
