/*
 * The schedule: the heap, delays, fairness, windows, ages.
 */
#include "t/unit/queue_fixture.h"

#define ITEMS 2000

static void
check_heap(const struct queue_heap *heap)
{
	for (size_t i = 0; i < heap->count; i++) {
		assert_int_equal(heap->items[i]->at, i + 1);
		if (i > 0)
			assert_true(heap->items[(i - 1) / 2]->due_us <=
			    heap->items[i]->due_us);
	}
}

static void
test_heap(void **state)
{
	static struct queue_due items[ITEMS];
	struct queue_heap heap = { 0 };
	int64_t last = INT64_MIN;
	uint32_t random = 12345;

	(void)state;
	for (size_t round = 0; round < 20000; round++) {
		random = random * 1664525u + 1013904223u;
		if (random >> 30 == 0)
			queue_heap_unset(&heap, &items[random % ITEMS]);
		else
			queue_heap_set(&heap, &items[random % ITEMS],
			    (int64_t)(random >> 8));
		if (round % 1000 == 0)
			check_heap(&heap);
	}
	while (queue_heap_first(&heap) != NULL) {
		struct queue_due *first = queue_heap_first(&heap);

		assert_true(first->due_us >= last);
		last = first->due_us;
		queue_heap_unset(&heap, first);
		assert_false(queue_heap_has(first));
	}
	queue_heap_clear(&heap);
}

/* 60 s doubling to 1 h, each within ten percent. */
static void
test_delays(void **state)
{
	struct rig *rig = *state;
	const struct queue_retry retry = {
		.initial_us = 60 * CLOCK_SECOND_US,
		.most_us = 3600 * CLOCK_SECOND_US,
	};
	bool differs = false;

	for (uint32_t attempts = 1; attempts < 100; attempts++) {
		int64_t expected = 60 * CLOCK_SECOND_US;

		for (uint32_t i = 1; i < attempts && i < 10; i++)
			expected *= 2;
		if (expected > retry.most_us)
			expected = retry.most_us;
		for (size_t i = 0; i < 50; i++) {
			int64_t delay = queue_retry_delay_us(rig->queue,
			    &retry, attempts);

			assert_true(delay >= expected - expected / 10);
			assert_true(delay <= expected + expected / 10);
			if (delay != expected)
				differs = true;
		}
	}
	assert_true(differs);
}

static size_t wanted;

static bool
has_jobs(struct rig *rig)
{
	return rig->job_count >= wanted;
}

static void
submit_to(struct rig *rig, const char *domain, size_t count)
{
	struct rig_mail mail = {
		.sender = "a@example.org",
		.to = { domain },
	};

	for (size_t i = 0; i < count; i++)
		rig_submit(rig, &mail);
}

static void
set_concurrency(struct rig *rig, uint32_t concurrency)
{
	struct config_snapshot *snapshot;

	rig->destinations[0].concurrency = concurrency;
	snapshot = rig_snapshot(rig);
	queue_configure(rig->queue, snapshot);
	config_snapshot_release(&snapshot);
}

/* A long line for one destination leaves room for the others. */
static void
test_fair(void **state)
{
	struct rig *rig = *state;
	size_t counts[2] = { 0 };

	set_concurrency(rig, 1);
	submit_to(rig, "b@big.example", 50);
	submit_to(rig, "b@small.example", 3);
	rig_run(rig, rig_all_answered);
	wanted = 4;
	rig_run(rig, has_jobs);
	rig_rest(rig, 20);
	assert_int_equal(rig->job_count, 4);
	for (size_t i = 0; i < 4; i++)
		counts[strcmp(rig->jobs[i].domain, "big.example") == 0]++;
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 2);
	rig->answer = rig_deliver;
	for (size_t i = 0; i < 4; i++)
		rig_deliver(rig, &rig->jobs[i]);
	rig_run(rig, rig_is_empty);
	/* In the order in which they came. */
	for (size_t i = 5; i < rig->job_count; i++)
		if (strcmp(rig->jobs[i].domain, rig->jobs[i - 1].domain) == 0)
			assert_true(rig->jobs[i].mid > rig->jobs[i - 1].mid);
}

/* Two jobs a connection; the second process only when the first is full. */
static void
test_windows(void **state)
{
	struct rig *rig = *state;
	size_t counts[RIG_DELIVERS] = { 0 };

	set_concurrency(rig, 6);
	submit_to(rig, "b@one.example", 4);
	rig_run(rig, rig_all_answered);
	wanted = 4;
	rig_run(rig, has_jobs);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rig->jobs[i].deliver, rig->jobs[0].deliver);
	submit_to(rig, "b@one.example", 30);
	rig_run(rig, rig_all_answered);
	wanted = 12;
	rig_run(rig, has_jobs);
	rig_rest(rig, 20);
	assert_int_equal(rig->job_count, 12);
	for (size_t i = 0; i < 12; i++) {
		counts[rig->jobs[i].deliver]++;
		assert_int_equal(rig->jobs[i].concurrency, 3);
	}
	assert_int_equal(counts[0], 6);
	assert_int_equal(counts[1], 6);
}

/* Bodies out for delivery are bounded, but one may always go. */
static void
test_bytes_bounded(void **state)
{
	struct rig *rig = *state;
	struct rig_mail mail = {
		.sender = "a@example.org",
		.to = { "b@example.com" },
		.size = 400000,
	};
	struct config_snapshot *snapshot;

	rig->config.limits.message_size = 1024 * 1024;
	rig->config.limits.in_flight = 1024 * 1024;
	snapshot = rig_snapshot(rig);
	queue_configure(rig->queue, snapshot);
	config_snapshot_release(&snapshot);
	for (size_t i = 0; i < 6; i++)
		rig_submit(rig, &mail);
	rig_run(rig, rig_all_answered);
	wanted = 2;
	rig_run(rig, has_jobs);
	rig_rest(rig, 20);
	assert_int_equal(rig->job_count, 2);
	assert_true(rig->queue->leases.bytes <= 1024 * 1024);
	rig->answer = rig_deliver;
	rig_deliver(rig, &rig->jobs[0]);
	rig_deliver(rig, &rig->jobs[1]);
	rig_run(rig, rig_is_empty);
}

/* Destinations are forgotten when the configuration is another. */
static void
test_destinations_go(void **state)
{
	struct rig *rig = *state;
	char domain[64];

	rig->answer = rig_deliver;
	for (size_t i = 0; i < 200; i++) {
		snprintf(domain, sizeof(domain), "b@d%zu.example", i);
		submit_to(rig, domain, 1);
	}
	rig_run(rig, rig_is_empty);
	assert_int_equal(map_count(rig->queue->destinations.by_key), 200);
	set_concurrency(rig, 3);
	submit_to(rig, "b@last.example", 1);
	rig_run(rig, rig_is_empty);
	assert_int_equal(map_count(rig->queue->destinations.by_key), 1);
}

static void
test_ages(void **state)
{
	struct queue_time time = { 0 };
	int64_t now_us = clock_now_us(), seen_ms = clock_monotonic_ms();
	const int64_t hour = 3600 * CLOCK_SECOND_US;

	(void)state;
	assert_true(queue_time_age_us(&time, now_us - hour, seen_ms) >= hour);
	/* From the future: as old as it has been here. */
	assert_true(queue_time_age_us(&time, now_us + hour, seen_ms) < hour);
	assert_true(queue_time_age_us(&time, now_us + hour, seen_ms -
	    7200000) >= 2 * hour);
	/* A year in one step counts for nobody who was there before. */
	queue_time_start(&time, now_us - 365 * 24 * hour,
	    clock_monotonic_us());
	assert_int_equal(time.jump_count, 1);
	assert_true(queue_time_age_us(&time, now_us - 365 * 24 * hour - hour,
	    seen_ms) < 2 * hour);
	assert_true(queue_time_age_us(&time, now_us - 100 * hour, seen_ms) >=
	    100 * hour);
	/* Time that the monotonic clock saw pass is no jump. */
	time = (struct queue_time){ 0 };
	queue_time_start(&time, now_us - 100 * hour,
	    clock_monotonic_us() - 100 * hour);
	assert_int_equal(time.jump_count, 0);
	/* Nor is a restart within a day. */
	queue_time_start(&time, now_us - 10 * hour, clock_monotonic_us());
	assert_int_equal(time.jump_count, 0);
	/* More than there is room for: in favour of the mail. */
	for (size_t i = 0; i < 20; i++)
		queue_time_start(&time, now_us - (100 + (int64_t)i) * hour,
		    clock_monotonic_us());
	assert_int_equal(time.jump_count, QUEUE_JUMPS_MAX);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_ages),
		TEST(test_delays),
		TEST(test_fair),
		TEST(test_windows),
		TEST(test_bytes_bounded),
		TEST(test_destinations_go),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
