/*
 * "TLS or an envelope": who goes over TLS, who waits for an envelope, and
 * that a message in two parts is whole over every restart.
 */
#include "t/unit/queue_fixture_worker.h"

static struct rig_mail mail = {
	.sender = "alice@example.org",
	.to = { "bob@tls.example", "carol@bare.example", "dave@none.example" },
};

static struct text none_domains[] = { TEXT_INIT("none.example") };
static struct text required_domains[] = { TEXT_INIT("required.example") };

/* none.example never gets TLS, required.example always, the rest may. */
static void
set_destinations(struct rig *rig, size_t count)
{
	static struct config_destination rules[3];

	rules[0] = rules[1] = rules[2] = rig->destinations[0];
	rules[0].domains = none_domains;
	rules[0].tls = CONFIG_DESTINATION_TLS_NONE;
	rules[1].domains = required_domains;
	rules[1].tls = CONFIG_DESTINATION_TLS_REQUIRED;
	rig->config.destinations = rules + 3 - count;
	rig->config.destination_count = count;
}

static int
setup(void **state)
{
	struct rig *rig = rig_new_with_filters();

	*state = rig;
	set_destinations(rig, 3);
	rig->judge = rig_judge_tls;
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	return 0;
}

static uint64_t
submit(struct rig *rig, const char *one, const char *two, size_t size)
{
	struct rig_mail some = mail;

	some.to[0] = one;
	some.to[1] = two;
	some.to[2] = NULL;
	some.size = size;
	return rig_accept(rig, &some);
}

static void
needs_envelope(struct rig *rig, struct rig_job *job)
{
	rig_send_result(rig, job, FRAME_RESULT_NEEDS_ENVELOPE, 0, "4.7.5",
	    "STARTTLS is not offered", FRAME_DESTINATION_REACHED);
}

/* bare.example has no TLS; an envelope is good enough for it. */
static void
answer_by_domain(struct rig *rig, struct rig_job *job)
{
	if (strcmp(job->domain, "bare.example") == 0 && job->or_envelope)
		needs_envelope(rig, job);
	else
		rig_deliver(rig, job);
}

static void
check_jobs(const struct rig *rig)
{
	for (size_t i = 0; i < rig->job_count; i++) {
		const struct rig_job *job = &rig->jobs[i];

		assert_true(job->is_intact);
		if (job->class == ENVELOPE_CLASS_SERVICE)
			continue;
		if (job->body[0] == 'e')
			assert_int_equal(job->protection,
			    PROTECTION_ENVELOPE);
		else
			assert_true(job->protection ==
			    PROTECTION_TLS_OR_ENVELOPE && job->tls >=
			    CONFIG_DESTINATION_TLS_REQUIRED);
	}
}

static struct queue_message *
child_of(struct rig *rig, uint64_t mid)
{
	struct list *link, *after;

	LIST_EACH(&rig->queue->table.all, link, after) {
		struct queue_message *message =
		    LIST_OWNER(link, struct queue_message, all);

		if (message->parent_mid == mid)
			return message;
	}
	return NULL;
}

/* ---- the rule ----------------------------------------------------------- */

static void
test_tls(void **state)
{
	struct rig *rig = *state;

	rig->answer = rig_deliver;
	submit(rig, "bob@tls.example", "eve@required.example", 0);
	rig_run_jobs(rig, 2);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->ask_count, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rig->jobs[i].tls,
		    CONFIG_DESTINATION_TLS_REQUIRED);
		assert_int_equal(rig->jobs[i].or_envelope,
		    strcmp(rig->jobs[i].domain, "tls.example") == 0);
	}
	check_jobs(rig);
	/* The profile may want the name to fit. */
	rig->config.encryption.profiles[0].tls_verified = 1;
	rig_reconfigure(rig);
	submit(rig, "bob@tls.example", NULL, 0);
	rig_run_jobs(rig, 3);
	assert_int_equal(rig->jobs[2].tls, CONFIG_DESTINATION_TLS_VERIFIED);
	rig_check_ledger(rig);
}

/* All that is left of it: the message itself becomes an envelope. */
static void
test_whole_message(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	rig->answer = needs_envelope;
	mid = submit(rig, "bob@bare.example", "carol@bare.example", 0);
	rig_run_asks(rig, 2);
	assert_int_equal(rig->job_count, 1);
	assert_int_equal(rig->asks[1].mid, mid);
	assert_int_equal(rig->asks[1].count, 2);
	rig_look(rig, mid);
	assert_int_equal(rig->message.state, MESSAGE_PROTECTING);
	assert_int_equal(rig->message.recipients[0].attempts, 1);
	assert_int_equal(rig->message.protection.form, PROTECTION_ENVELOPE);
	/* So it stays after a restart. */
	rig->epoch++;
	rig_restart_workers(rig);
	rig_run_asks(rig, 3);
	assert_int_equal(rig->job_count, 1);
	assert_memory_equal(rig->asks[2].envelope_id,
	    rig->asks[1].envelope_id, FRAME_ENVELOPE_ID_LEN);
	rig->answer = rig_deliver;
	rig_seal(rig, &rig->asks[2]);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 2);
	assert_int_equal(rig->jobs[1].mid, mid);
	assert_int_equal(rig->jobs[1].attempt, 2);
	assert_int_equal(rig->jobs[1].or_envelope, 0);
	assert_int_equal(rig->jobs[1].tls, CONFIG_DESTINATION_TLS_PREFERRED);
	check_jobs(rig);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
	assert_int_equal(rig->ledger.generated, 0);
}

/* Never TLS: nothing is tried, for all or for some. */
static void
test_never_tls(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit(rig, "dave@none.example", NULL, 0);

	rig_run_asks(rig, 2);
	assert_int_equal(rig->job_count, 0);
	assert_int_equal(rig->asks[1].mid, mid);
	rig->answer = rig_deliver;
	rig_seal(rig, &rig->asks[1]);
	rig_run(rig, rig_is_empty);
	mid = submit(rig, "bob@tls.example", "dave@none.example", 0);
	rig_run_asks(rig, 4);
	assert_true(rig->asks[3].mid != mid);
	assert_int_equal(rig->asks[3].count, 1);
	assert_int_equal(rig->asks[3].first_rid, 2);
	rig_seal(rig, &rig->asks[3]);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->job_count, 3);
	check_jobs(rig);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 3);
	assert_int_equal(rig->ledger.generated, 0);
}

/* The rule changes while the message waits: what is in no part follows. */
static void
test_rule_changes(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	set_destinations(rig, 1);
	rig_reconfigure(rig);
	rig->answer = rig_defer;
	mid = submit(rig, "dave@none.example", NULL, 0);
	rig_run_jobs(rig, 1);
	assert_int_equal(rig->jobs[0].tls, CONFIG_DESTINATION_TLS_REQUIRED);
	rig_run_state(rig, mid, MESSAGE_READY);
	set_destinations(rig, 3);
	rig_reconfigure(rig);
	rig_run_asks(rig, 2);
	assert_int_equal(rig->asks[1].mid, mid);
	assert_int_equal(rig->job_count, 1);
}

/* Who was not asked does not decide; that is tried again. */
static void
test_not_asked(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	rig->answer = needs_envelope;
	mid = submit(rig, "eve@required.example", NULL, 0);
	rig_run_jobs(rig, 1);
	rig_run_state(rig, mid, MESSAGE_READY);
	assert_int_equal(rig->ask_count, 1);
	rig_look(rig, mid);
	assert_int_equal(rig->message.recipients[0].attempts, 1);
	assert_true(rig->message.recipients[0].next_try_us > 0);
	rig->judge = rig_judge_deliver;
	mid = submit(rig, "bob@bare.example", NULL, 0);
	rig_run_jobs(rig, 2);
	rig_run_state(rig, mid, MESSAGE_READY);
	assert_int_equal(rig->ask_count, 2);
}

/* Held meanwhile, it stays held, and is asked about again. */
static void
test_held_meanwhile(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit(rig, "bob@bare.example", NULL, 0);

	rig_run_jobs(rig, 1);
	rig_act(rig, FRAME_QUEUE_HOLD, mid, 0, NULL);
	needs_envelope(rig, &rig->jobs[0]);
	rig_rest(rig, 30);
	assert_int_equal(queue_table_find(rig->queue, mid)->state,
	    MESSAGE_HELD);
	rig->answer = needs_envelope;
	rig_act(rig, FRAME_QUEUE_RELEASE, mid, 0, NULL);
	rig_run_jobs(rig, 2);
	assert_int_equal(rig->jobs[1].attempt, 2);
	rig_run_asks(rig, 2);
}

/* ---- in two ------------------------------------------------------------- */

static void
restart_all(struct rig *rig)
{
	rig->epoch++;
	rig_restart_workers(rig);
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

static void
check_child(struct rig *rig, uint64_t mid, uint64_t child_mid, size_t size)
{
	struct queue_message *child = child_of(rig, mid);
	struct message_body *body = NULL;

	assert_non_null(child);
	assert_int_equal(child->mid, child_mid);
	assert_int_equal(child->state, MESSAGE_PROTECTING);
	assert_int_equal(child->live, 1);
	assert_int_equal(child->recipients[0].rid, 2);
	assert_string_equal(child->disposition, "the filters");
	assert_int_equal(child->protection->form, PROTECTION_ENVELOPE);
	if (size > 0)
		assert_int_equal(child->size, size);
	assert_int_equal(queue_body_get(rig->queue, child, &body), 0);
	message_body_release(&body);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.generated, 0);
}

/* One over TLS, one in an envelope; the parent may be done long before. */
static void
check_split(struct rig *rig, size_t size, bool parent_waits,
    void (*restart)(struct rig *rig))
{
	size_t asks = rig->ask_count, jobs = rig->job_count;
	uint64_t mid, child_mid;
	uint8_t id[FRAME_ENVELOPE_ID_LEN];

	rig->answer = NULL;
	mid = submit(rig, "bob@tls.example", "carol@bare.example", size);
	rig_run_jobs(rig, jobs + 2);
	for (size_t i = jobs; i < jobs + 2; i++)
		if (!parent_waits || rig->jobs[i].rids[0] == 2)
			answer_by_domain(rig, &rig->jobs[i]);
	rig_run_asks(rig, asks + 2);
	assert_true(rig->asks[asks + 1].is_intact);
	assert_int_equal(rig->asks[asks + 1].count, 1);
	child_mid = rig->asks[asks + 1].mid;
	assert_int_not_equal(child_mid, mid);
	if (!parent_waits)
		rig_run_state(rig, mid, MESSAGE_DONE);
	check_child(rig, mid, child_mid, size);
	memcpy(id, rig->asks[asks + 1].envelope_id, sizeof(id));
	restart(rig);
	check_child(rig, mid, child_mid, size);
	restart(rig);
	check_child(rig, mid, child_mid, size);
	asks = rig->ask_count;
	rig->answer = answer_by_domain;
	rig->seal = rig_seal;
	restart(rig);
	rig_run(rig, rig_is_empty);
	rig->seal = NULL;
	for (size_t i = asks; i < rig->ask_count; i++) {
		assert_true(rig->asks[i].is_intact);
		assert_memory_equal(rig->asks[i].envelope_id, id, 16);
	}
	check_jobs(rig);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.live, 0);
	assert_int_equal(rig->ledger.generated, 0);
	assert_int_equal(rig->ledger.accepted, rig->ledger.delivered);
}

static void
test_split(void **state)
{
	static void (*const restarts[])(struct rig *rig) = { restart_all,
		rebuild_index };
	struct rig *rig = *state;

	for (size_t i = 0; i < 2; i++) {
		check_split(rig, 0, true, restarts[i]);
		check_split(rig, 0, false, restarts[i]);
		check_split(rig, 3000000, true, restarts[i]);
		check_split(rig, 3000000, false, restarts[i]);
	}
}

/* Two at one server, of whom one was taken before TLS went away. */
static void
test_split_of_one_job(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = submit(rig, "a@bare.example", "b@bare.example", 0);
	struct frame_recipient_result results[2] = {
		{ .rid = 1, .result = FRAME_RESULT_DELIVERED, .reply = 250,
		  .status = TEXT("2.0.0") },
		{ .rid = 2, .result = FRAME_RESULT_NEEDS_ENVELOPE },
	};
	struct frame_job_result frame = { .mid = mid,
		.recipients = results, .recipient_count = 2 };

	rig_run_jobs(rig, 1);
	frame.job = rig->jobs[0].job;
	frame.attempt = rig->jobs[0].attempt;
	frame_send(rig->deliver[rig->jobs[0].deliver].ipc, FRAME_JOB_RESULT,
	    &frame, -1);
	rig_run_asks(rig, 2);
	/* One is done, the other all that is left. */
	assert_int_equal(rig->asks[1].mid, mid);
	assert_int_equal(rig->asks[1].count, 1);
	rig->answer = rig_deliver;
	rig_seal(rig, &rig->asks[1]);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 2);
}

/* The child fails on its own; the parent knows nothing of it. */
static void
test_child_fails(void **state)
{
	struct rig *rig = *state;
	uint64_t mid;

	rig->answer = answer_by_domain;
	mid = submit(rig, "bob@tls.example", "carol@bare.example", 0);
	rig_run_asks(rig, 2);
	rig_run_state(rig, mid, MESSAGE_DONE);
	rig_seal_as(&rig->asks[1], FRAME_PROTECT_FAILED, "too large", 0);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.accepted, 2);
	assert_int_equal(rig->ledger.generated, 1);
	assert_int_equal(rig->ledger.failed, 1);
	assert_int_equal(rig->ledger.delivered, 2);
}

/* What both share stays in the log until both have gone from there. */
static void
shared_body_moves(struct rig *rig, size_t size)
{
	struct rig_mail filler = { .sender = "a@example.org",
		.to = { "x@tls.example" }, .size = 300000 };
	size_t asks = rig->ask_count, jobs = rig->job_count;
	uint64_t relocated = rig->queue->recycle.relocated;
	struct queue_message *child;
	uint64_t mid, child_mid;
	uint32_t before;

	rig->answer = NULL;
	rig->judge = rig_judge_tls;
	mid = submit(rig, "bob@tls.example", "carol@bare.example", size);
	rig_run_jobs(rig, jobs + 2);
	for (size_t i = jobs; i < jobs + 2; i++)
		if (rig->jobs[i].rids[0] == 2)
			needs_envelope(rig, &rig->jobs[i]);
		else
			rig_defer(rig, &rig->jobs[i]);
	rig_run_asks(rig, asks + 2);
	child = child_of(rig, mid);
	child_mid = child->mid;
	before = child->lowest_segment;
	rig->answer = rig_deliver;
	rig->judge = rig_judge_deliver;
	for (size_t i = 0; i < 60; i++)
		rig_run_state(rig, rig_accept(rig, &filler), MESSAGE_DONE);
	assert_true(rig->queue->recycle.relocated >= relocated + 2);
	assert_true(child->lowest_segment > before);
	check_child(rig, mid, child_mid, 0);
	rebuild_index(rig);
	check_child(rig, mid, child_mid, 0);
	rig->seal = rig_seal;
	rig->answer = answer_by_domain;
	restart_all(rig);
	rig_act(rig, FRAME_QUEUE_RETRY, 0, 0, NULL);
	rig_run(rig, rig_is_empty);
	rig->seal = NULL;
	for (size_t i = 0; i < rig->job_count; i++)
		assert_true(rig->jobs[i].is_intact);
	rig_check_ledger(rig);
}

static void
test_shared_body(void **state)
{
	struct rig *rig = *state;

	shared_body_moves(rig, 20000);
	shared_body_moves(rig, 2500000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tls),
		TEST(test_whole_message),
		TEST(test_never_tls),
		TEST(test_rule_changes),
		TEST(test_not_asked),
		TEST(test_held_meanwhile),
		TEST(test_split),
		TEST(test_split_of_one_job),
		TEST(test_child_fails),
		TEST(test_shared_body),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
