/*
 * Facts: who is asked, that a message is judged only when all is answered or
 * given up, and that nothing waits for ever whoever dies.
 */
#include "t/unit/queue_fixture_clock.h"
#include "t/unit/queue_fixture_worker.h"

#include "policy/fact_text.h"

#define QUESTIONS_MAX 4096
#define INSPECTS 2

static const struct rig_mail plain = {
	.sender = "alice@example.org",
	.to = { "bob@example.com" },
};

/* A question as a gatherer got it. */
struct question {
	struct rig_peer *peer;
	uint64_t id;
	uint8_t kind;
	char source[64];
	char subject[64];
};

static struct {
	struct rig_peer lookup;
	struct rig_peer inspect[INSPECTS];
	struct question questions[QUESTIONS_MAX];
	size_t question_count;
	size_t wanted_count;
	/* What the last JUDGE brought, a line each. */
	char judged[4096];
	size_t judged_count;
} world;

static void
note_facts(const struct frame_judge *judge)
{
	struct buffer lines;

	buffer_init(&lines, sizeof(world.judged) - 1);
	for (size_t i = 0; i < judge->fact_count && i < 8; i++) {
		assert_int_equal(fact_print(&judge->facts[i], &lines), 0);
		assert_int_equal(buffer_add_byte(&lines, '\n'), 0);
	}
	rig_text(buffer_text(&lines), world.judged, sizeof(world.judged));
	world.judged_count = judge->fact_count;
	buffer_clear(&lines);
}

static bool
on_frame(struct rig_peer *peer, uint16_t type, const union rig_frame *frame,
    int descriptor)
{
	struct question *question;

	if (type == FRAME_JUDGE)
		note_facts(&frame->judge);
	if (type != FRAME_FACT_ASK)
		return rig_on_worker_frame(peer, type, frame, descriptor);
	assert_true(world.question_count < QUESTIONS_MAX);
	question = &world.questions[world.question_count++];
	question->peer = peer;
	question->id = frame->fact_ask.id;
	question->kind = frame->fact_ask.fact.kind;
	rig_text(frame->fact_ask.fact.source, question->source,
	    sizeof(question->source));
	rig_text(frame->fact_ask.fact.subject, question->subject,
	    sizeof(question->subject));
	assert_int_equal(frame->fact_ask.fact.outcome, FACT_ASKED);
	return true;
}

static void
answer_as(const struct question *question, uint8_t outcome,
    struct text *values, size_t count)
{
	struct frame_fact_ask frame = {
		.id = question->id,
		.fact = {
			.kind = question->kind,
			.source = text_from(question->source),
			.subject = text_from(question->subject),
			.outcome = outcome,
			.values = values,
			.value_count = count,
			.reason = outcome == FACT_KNOWN ? TEXT_EMPTY :
			    TEXT("because"),
		},
	};

	frame_send(question->peer->ipc, FRAME_FACT, &frame, -1);
}

static void
answer_yes(const struct question *question)
{
	struct text value = TEXT("yes");

	answer_as(question, FACT_KNOWN, &value, 1);
}

/* Scan wants these, each a line up to "=". */
static void
want(struct rig *rig, struct rig_ask *ask, const char *const *lines,
    size_t count)
{
	struct frame_fact facts[8];
	struct frame_disposition answer = {
		.judgement = FRAME_WANTS_FACTS,
		.wanted = facts,
		.wanted_count = count,
	};
	struct reason why = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (fact_parse(text_from(lines[i]), rig->arena, &facts[i],
		    &why) != 0)
			fail_msg("%s", why.text);
		facts[i].outcome = FACT_ASKED;
	}
	rig_dispose(ask, &answer, 0);
}
#define WANT(rig, ask, ...) do { \
	const char *const lines_[] = { __VA_ARGS__ }; \
	want(rig, ask, lines_, sizeof(lines_) / sizeof(lines_[0])); \
} while (0)

static bool
has_questions(struct rig *rig)
{
	(void)rig;
	return world.question_count >= world.wanted_count;
}

static void
run_questions(struct rig *rig, size_t count)
{
	world.wanted_count = count;
	rig_run(rig, has_questions);
}

static void
connect_inspect(struct rig *rig, uint32_t number)
{
	rig_connect(rig, &world.inspect[number], PROCESS_INSPECT, number);
}

/* ---- life --------------------------------------------------------------- */

static void
configure(struct rig *rig)
{
	static struct text server = TEXT_INIT("ldap://127.0.0.1:389");
	static struct config_directory_query query = {
		.name = TEXT_INIT("q"),
		.filter = TEXT_INIT("(mail={a})"),
		.group = TEXT_INIT("(&(mail={a})(ou={g}))"),
	};
	static struct config_directory directory = {
		.name = TEXT_INIT("corp"),
		.servers = &server,
		.server_count = 1,
		.timeout_ms = 5000,
		.queries = &query,
		.query_count = 1,
	};

	rig->config.directories = &directory;
	rig->config.directory_count = 1;
}

static int
setup(void **state)
{
	struct rig *rig = rig_new_with_filters();

	memset(&world, 0, sizeof(world));
	*state = rig;
	rig->on_other = on_frame;
	configure(rig);
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	rig_connect(rig, &world.lookup, PROCESS_LOOKUP, 0);
	connect_inspect(rig, 0);
	return 0;
}

static void
disconnect(void)
{
	rig_disconnect(&world.lookup);
	for (size_t i = 0; i < INSPECTS; i++)
		rig_disconnect(&world.inspect[i]);
}

static int
teardown(void **state)
{
	disconnect();
	return rig_teardown(state);
}

#define SALES "group corp.q:sales alice@example.org ="
#define BOARD "group corp.q:board alice@example.org ="
#define LIST "dns-list list.test 192.0.2.7 ="
#define COUNT "queue-count \"\" \"\" ="

/* ---- tests -------------------------------------------------------------- */

static void
test_answered(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);
	struct text facts;

	rig_run_asks(rig, 1);
	assert_int_equal(world.judged_count, 0);
	WANT(rig, &rig->asks[0], LIST, SALES, COUNT);
	run_questions(rig, 2);
	assert_int_equal(world.questions[0].peer->kind, PROCESS_LOOKUP);
	assert_int_equal(world.questions[1].peer->kind, PROCESS_INSPECT);
	answer_yes(&world.questions[0]);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 1);
	answer_as(&world.questions[1], FACT_UNKNOWN, NULL, 0);
	rig_run_asks(rig, 2);
	assert_int_equal(rig->asks[1].attempt, 2);
	assert_string_equal(world.judged, LIST " yes\n" SALES
	    " unknown because\n" COUNT " 1\n");
	/* Recorded with the disposition, and there behind a restart. */
	rig_dispose_as(&rig->asks[1], FRAME_VERDICT_DELIVER,
	    PROTECTION_NONE);
	rig_run_jobs(rig, 1);
	facts = queue_table_find(rig->queue, mid)->facts;
	assert_true(facts.len > 0);
	facts = memory_text(facts);
	disconnect();
	rig_restart_workers(rig);
	assert_true(text_equal(queue_table_find(rig->queue, mid)->facts,
	    facts));
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 2);
	assert_int_equal(world.question_count, 2);
	free((void *)(uintptr_t)facts.data);
}

/* One question at a time for each inspect, messages in turns. */
static void
test_turns(void **state)
{
	struct rig *rig = *state;

	rig_accept(rig, &plain);
	rig_accept(rig, &plain);
	rig_run_asks(rig, 2);
	WANT(rig, &rig->asks[0], SALES, BOARD);
	run_questions(rig, 1);
	WANT(rig, &rig->asks[1], "group corp.q:other a@b =");
	rig_rest(rig, 30);
	assert_int_equal(world.question_count, 1);
	answer_yes(&world.questions[0]);
	run_questions(rig, 2);
	answer_yes(&world.questions[1]);
	run_questions(rig, 3);
	answer_yes(&world.questions[2]);
	rig_run_asks(rig, 4);
	/* Another one shares the work. */
	connect_inspect(rig, 1);
	WANT(rig, &rig->asks[2], "group corp.q:x a@b =",
	    "group corp.q:y a@b =");
	run_questions(rig, 5);
	assert_true(world.questions[3].peer != world.questions[4].peer);
}

/* Who dies is replaced; a question that outlives three is unknown. */
static void
test_lost(void **state)
{
	struct rig *rig = *state;

	rig_accept(rig, &plain);
	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], SALES);
	run_questions(rig, 1);
	for (size_t i = 1; i < QUEUE_FACTS_LOSSES; i++) {
		rig_disconnect(&world.inspect[0]);
		connect_inspect(rig, 0);
		run_questions(rig, i + 1);
		assert_int_equal(rig->ask_count, 1);
	}
	rig_disconnect(&world.inspect[0]);
	rig_run_asks(rig, 2);
	assert_string_equal(world.judged, SALES
	    " unknown \"those who were asked have died\"\n");
}

static void
test_lost_and_answered(void **state)
{
	struct rig *rig = *state;

	rig_accept(rig, &plain);
	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], SALES, LIST);
	run_questions(rig, 2);
	rig_disconnect(&world.inspect[0]);
	connect_inspect(rig, 1);
	run_questions(rig, 3);
	answer_yes(&world.questions[2]);
	for (size_t i = 0; i < 2; i++)
		if (world.questions[i].kind == FACT_DNS_LIST)
			answer_yes(&world.questions[i]);
	rig_run_asks(rig, 2);
	assert_int_equal(world.judged_count, 2);
}

/* Behind the deadline; whoever is late keeps its place until it answers. */
static void
test_late(void **state)
{
	struct rig *rig = *state;

	rig_accept(rig, &plain);
	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], SALES);
	run_questions(rig, 1);
	clock_move(0, 6);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 1);
	clock_move(0, 2);
	rig_run_asks(rig, 2);
	assert_string_equal(world.judged, SALES
	    " unknown \"no answer within the time for it\"\n");
	WANT(rig, &rig->asks[1], BOARD);
	rig_rest(rig, 30);
	assert_int_equal(world.question_count, 1);
	answer_yes(&world.questions[0]);
	run_questions(rig, 2);
	assert_string_equal(world.questions[1].source, "corp.q:board");
	answer_yes(&world.questions[1]);
	rig_run_asks(rig, 3);
	assert_int_equal(world.judged_count, 2);
}

static void
test_nobody(void **state)
{
	struct rig *rig = *state;

	rig_disconnect(&world.inspect[0]);
	rig_accept(rig, &plain);
	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], SALES);
	rig_rest(rig, 30);
	clock_move(0, 59);
	rig_rest(rig, 30);
	assert_int_equal(rig->ask_count, 1);
	clock_move(0, 2);
	rig_run_asks(rig, 2);
	assert_string_equal(world.judged, SALES
	    " unknown \"nobody could be asked within the time for it\"\n");
}

static void
expect_aside(struct rig *rig, uint64_t mid, const char *words)
{
	rig_run_state(rig, mid, MESSAGE_HELD);
	assert_string_equal(queue_table_find(rig->queue, mid)->hold_reason,
	    words);
}

/* Whatever scan says, there is no circle. */
static void
test_senseless(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);
	struct frame_fact odd = { .kind = FACT_KINDS };
	struct frame_disposition answer = {
		.judgement = FRAME_WANTS_FACTS,
		.wanted = &odd,
		.wanted_count = 1,
	};

	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], COUNT);
	rig_run_asks(rig, 2);
	WANT(rig, &rig->asks[1], COUNT);
	expect_aside(rig, mid, "scan wants facts that nobody can find out");
	mid = rig_accept(rig, &plain);
	rig_run_asks(rig, 3);
	rig_dispose(&rig->asks[2], &answer, 0);
	expect_aside(rig, mid, "scan wants facts that nobody can find out");
	mid = rig_accept(rig, &plain);
	rig_run_asks(rig, 4);
	answer.wanted_count = 0;
	rig_dispose(&rig->asks[3], &answer, 0);
	expect_aside(rig, mid, "scan wants facts that nobody can find out");
}

static void
test_odd_answers(void **state)
{
	static char bytes[60000];
	struct rig *rig = *state;
	struct question other;
	struct text large[2] = { text_of(bytes, sizeof(bytes)),
		text_of(bytes, sizeof(bytes)) };

	memset(bytes, 'x', sizeof(bytes));
	rig_accept(rig, &plain);
	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], LIST, SALES);
	run_questions(rig, 2);
	other = world.questions[0];
	other.subject[0] = '9';
	answer_yes(&other);
	answer_as(&world.questions[1], FACT_KNOWN, large, 2);
	rig_run_asks(rig, 2);
	assert_string_equal(world.judged, LIST
	    " unknown \"the answer belongs to another question\"\n" SALES
	    " unknown \"the facts of this message are too large\"\n");
}

/* Messages that end, are held or asked about anew while questions are out. */
static void
test_ends(void **state)
{
	struct rig *rig = *state;
	uint64_t mid = rig_accept(rig, &plain);

	rig_run_asks(rig, 1);
	WANT(rig, &rig->asks[0], SALES, BOARD, LIST);
	run_questions(rig, 2);
	queue_hold(rig->queue, queue_table_find(rig->queue, mid),
	    TEXT("test"), TEXT("test"));
	answer_yes(&world.questions[0]);
	answer_yes(&world.questions[1]);
	rig_rest(rig, 30);
	assert_int_equal(world.question_count, 2);
	queue_release(rig->queue, queue_table_find(rig->queue, mid),
	    TEXT("test"));
	rig_run_asks(rig, 2);
	/* What was asked before is asked anew. */
	assert_int_equal(world.judged_count, 0);
	WANT(rig, &rig->asks[1], SALES);
	run_questions(rig, 3);
	/* A restart forgets what was out, and begins again. */
	disconnect();
	rig_restart_workers(rig);
	connect_inspect(rig, 0);
	rig_run_asks(rig, 3);
	WANT(rig, &rig->asks[2], SALES);
	run_questions(rig, 4);
	answer_yes(&world.questions[3]);
	rig_run_asks(rig, 4);
	assert_string_equal(world.judged, SALES " yes\n");
	rig->answer = rig_deliver;
	rig_judge_deliver(rig, &rig->asks[3]);
	rig_run(rig, rig_is_empty);
	assert_int_equal(rig->queue->facts.messages, 0);
	rig_check_ledger(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answered),
		TEST(test_turns),
		TEST(test_lost),
		TEST(test_lost_and_answered),
		TEST(test_late),
		TEST(test_nobody),
		TEST(test_senseless),
		TEST(test_odd_answers),
		TEST(test_ends),
	};

	clock_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
