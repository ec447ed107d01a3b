/*
 * Messages that filters make, and the way that a disposition sends a message.
 */
#include "t/unit/queue_fixture_dispose.h"

static struct frame_rid first[] = { { 1 } };
static struct frame_rid second[] = { { 2 } };
static struct frame_rid third[] = { { 3 } };
static struct frame_rid both[] = { { 2 }, { 3 } };

static struct text copy_to[] = { TEXT_INIT("copy@four.example") };
static struct text two_more[] = { TEXT_INIT("eve@five.example"),
	TEXT_INIT("fred@five.example") };

static struct frame_made all_kinds[] = {
	{ .kind = FRAME_MADE_COPY, .key = TEXT_INIT("f/1"),
	  .sender = TEXT_INIT("alice@example.org"), .recipients = copy_to,
	  .recipient_count = 1, .next_hop = TEXT_INIT("archive.example:2525"),
	  .protection = { .form = PROTECTION_ENVELOPE,
	  .profile = TEXT_INIT("default") } },
	{ .kind = FRAME_MADE_RESCAN, .key = TEXT_INIT("f/2"),
	  .sender = TEXT_INIT("alice@example.org"), .recipients = two_more,
	  .recipient_count = 2, .protection = { .form = PROTECTION_ENVELOPE,
	  .profile = TEXT_INIT("default") } },
	{ .kind = FRAME_MADE_NOTICE, .key = TEXT_INIT("f/3"),
	  .recipients = copy_to, .recipient_count = 1, .body = 1 },
	{ .kind = FRAME_MADE_DUPLICATE, .key = TEXT_INIT("f/4"),
	  .sender = TEXT_INIT("alice@example.org"), .recipients = two_more,
	  .recipient_count = 2, .quarantine = TEXT_INIT("outbreak") },
};

static struct queue_message *
made_by(struct rig *rig, uint64_t mid, const char *disposition)
{
	for (size_t i = 0; rig_child(rig, mid, i) != NULL; i++) {
		struct queue_message *message = rig_child(rig, mid, i);

		if (disposition == NULL ? message->disposition == NULL :
		    message->disposition != NULL &&
		    strcmp(message->disposition, disposition) == 0)
			return message;
	}
	return NULL;
}

static void
check_made(struct rig *rig, uint64_t mid)
{
	struct queue_message *copy = made_by(rig, mid, "copy by f/1");
	struct queue_message *again = made_by(rig, mid, NULL);
	struct queue_message *notice = made_by(rig, mid, "notice by f/3");
	struct queue_message *held = made_by(rig, mid, "duplicate by f/4");

	assert_int_equal(rig_count_children(rig, mid), 4);
	assert_int_equal(copy->state, MESSAGE_PROTECTING);
	assert_true(text_equal(copy->ruling->next_hop,
	    TEXT("archive.example:2525")));
	assert_int_equal(again->state, MESSAGE_JUDGING);
	assert_int_equal(again->passes, 1);
	assert_int_equal(again->protection->form, PROTECTION_ENVELOPE);
	assert_int_equal(notice->class, ENVELOPE_CLASS_SERVICE);
	assert_true(queue_message_is_sendable(notice));
	assert_int_equal(held->state, MESSAGE_HELD);
	assert_string_equal(held->quarantine, "outbreak");
	assert_int_equal(held->live, 2);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.generated, 6);
}

static void
test_made(void **state)
{
	static const size_t sizes[] = { 321 };
	struct rig *rig = *state;
	struct frame_splinter plain = { .words = TEXT("fine") };
	uint64_t mid = rig_accept_three(rig), again;

	rig_dispose_many(rig_last_ask(rig), &plain, 1, all_kinds, 4, sizes, 1);
	rig_run_asks(rig, 3);
	check_made(rig, mid);
	rig_restart_checked(rig, true);
	check_made(rig, mid);
	rig->seal = rig_seal;
	rig->judge = rig_judge_deliver;
	rig->answer = rig_deliver;
	rig->job_count = 0;
	again = made_by(rig, mid, NULL)->mid;
	rig_restart_checked(rig, false);
	rig_run_state(rig, again, MESSAGE_DONE);
	rig_act_in(rig, FRAME_QUEUE_RELEASE, 0, "outbreak");
	rig_run(rig, rig_is_empty);
	/* The copies passed no filter again, but for the one that was to. */
	for (size_t i = 0; i < rig->ask_count; i++)
		assert_true(rig->asks[i].passes == 0 ||
		    rig->asks[i].mid == again);
	/* What must be an envelope stays so, whatever is judged later. */
	for (size_t i = 0; i < rig->job_count; i++)
		if (rig->jobs[i].mid == again ||
		    strstr(rig->jobs[i].key, "archive") != NULL)
			assert_int_equal(rig->jobs[i].body[0], 'e');
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.delivered, 9);
	assert_int_equal(rig->ledger.live, 0);
}

/* A copy of a copy of a copy: set aside before it goes round for ever. */
static void
test_made_again(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter plain = { .verdict = FRAME_VERDICT_DROP };
	size_t at;

	rig_accept_three(rig);
	for (at = 0; at <= QUEUE_PASSES_MAX; at++) {
		rig_run_asks(rig, at + 1);
		assert_int_equal(rig->asks[at].passes, at);
		rig_dispose_many(&rig->asks[at], &plain, 1, &all_kinds[1], 1, NULL, 0);
	}
	rig_run_state(rig, rig->asks[at - 1].mid, MESSAGE_HELD);
	assert_int_equal(queue_table_count(rig->queue), 1);
	assert_int_equal(rig->ask_count, at);
	rig_check_ledger(rig);
}

/* The filters are gone when a copy's turn comes: what it had to be it is. */
static void
test_made_without_filters(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter plain = { .verdict = FRAME_VERDICT_DROP };

	rig_accept_three(rig);
	for (size_t i = 0; i < RIG_WORKERS; i++)
		if (rig->asks[0].peer != &rig->scan[i])
			rig_disconnect(&rig->scan[i]);
	rig_dispose_many(&rig->asks[0], &plain, 1, &all_kinds[1], 1, NULL, 0);
	rig_run_asks(rig, 2);
	rig->config.content_filters.incoming_count = 0;
	rig_reconfigure(rig);
	rig_disconnect(rig->asks[1].peer);
	rig_run_asks(rig, 3);
	assert_string_equal(rig->asks[2].profile, "default");
	assert_int_equal(rig->job_count, 0);
}

/* ---- the way ------------------------------------------------------------ */

static void
test_next_hop(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1,
		  .next_hop = TEXT("[192.0.2.9]:2525") },
		{ .rids = second, .rid_count = 1,
		  .next_hop = TEXT("[192.0.2.9]:2525"),
		  .bounce_profile = TEXT("quick") },
		{ .rids = third, .rid_count = 1 },
	};
	struct rig_mail same = rig_three;
	uint64_t mid;

	/* One domain, one message each way: three destinations. */
	same.to[1] = "carol@one.example";
	same.to[2] = "dave@one.example";
	mid = rig_accept(rig, &same);
	rig_run_asks(rig, 1);
	rig_dispose_many(rig_last_ask(rig), splinters, 3, NULL, 0, NULL, 0);
	rig_run_jobs(rig, 3);
	assert_non_null(strstr(rig_job_to(rig, "bob@one.example")->key,
	    "route:[192.0.2.9]:2525;"));
	assert_string_equal(rig_job_to(rig, "bob@one.example")->host,
	    "[192.0.2.9]:2525");
	assert_non_null(strstr(rig_job_to(rig, "carol@one.example")->key,
	    "b=quick"));
	assert_non_null(strstr(rig_job_to(rig, "dave@one.example")->key,
	    "mx:one.example;"));
	rig_look(rig, mid);
	assert_true(text_equal(rig->message.next_hop,
	    TEXT("[192.0.2.9]:2525")));
	for (size_t i = 0; i < 3; i++)
		rig_defer(rig, &rig->jobs[i]);
	rig_rest(rig, 50);
	rig_restart_checked(rig, true);
	rig->job_count = 0;
	rig->answer = rig_deliver;
	rig_act(rig, FRAME_QUEUE_RETRY, 0, 0, NULL);
	rig_run(rig, rig_is_empty);
	assert_string_equal(rig_job_to(rig, "bob@one.example")->host,
	    "[192.0.2.9]:2525");
	rig_check_ledger(rig);
}

static void
answer_bob_later(struct rig *rig, struct rig_job *job)
{
	if (strcmp(job->first, "bob@one.example") == 0)
		rig_defer(rig, job);
	else
		rig_deliver(rig, job);
}

static void
test_bounce_profile(void **state)
{
	struct rig *rig = *state;
	struct frame_splinter splinters[] = {
		{ .rids = first, .rid_count = 1,
		  .bounce_profile = TEXT("expired") },
		{ .rids = both, .rid_count = 2,
		  .bounce_profile = TEXT("silent") },
	};

	rig_accept_three(rig);
	rig_dispose_many(rig_last_ask(rig), splinters, 2, NULL, 0, NULL, 0);
	rig_run_jobs(rig, 3);
	rig->answer = answer_bob_later;
	rig_defer(rig, rig_job_to(rig, "bob@one.example"));
	rig_fail(rig, rig_job_to(rig, "carol@two.example"));
	rig_fail(rig, rig_job_to(rig, "dave@three.example"));
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.expired, 1);
	assert_int_equal(rig->ledger.failed, 2);
	/* Of the first alone somebody is told. */
	assert_int_equal(rig->ledger.generated, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, \
	rig_setup_dispose, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_made),
		TEST(test_made_again),
		TEST(test_made_without_filters),
		TEST(test_next_hop),
		TEST(test_bounce_profile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
