/*
 * Everything at once, by a fixed sequence of chance: workers that die,
 * restarts with and without the index, administrators, answers of every
 * kind.  Whatever happens, nothing leaves that should not, and the ledger
 * balances.
 */
#include "t/unit/queue_fixture_dispose.h"

/* More, and others, by CHAOS_ROUNDS and CHAOS_SEED. */
#define ROUNDS 400

static uint64_t seed, rounds;

static uint32_t
chance(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* ---- what leaves -------------------------------------------------------- */

/* The sender says what the filters will ask for. */
static const char *const senders[] = { "plain@example.org",
	"envelope@example.org", "tls@example.org" };

static void
check_job(const struct rig_job *job)
{
	bool is_envelope = job->body[0] == 'e';

	assert_true(job->is_intact);
	if (job->class == ENVELOPE_CLASS_SERVICE)
		return;
	if (strcmp(job->sender, senders[PROTECTION_ENVELOPE]) == 0)
		assert_true(is_envelope);
	if (strcmp(job->sender, senders[PROTECTION_TLS_OR_ENVELOPE]) == 0)
		assert_true(is_envelope || (job->or_envelope &&
		    job->tls == CONFIG_DESTINATION_TLS_REQUIRED));
}

static void
answer_job(struct rig *rig, struct rig_job *job)
{
	static void (*const answers[])(struct rig *rig,
	    struct rig_job *job) = { rig_deliver, rig_fail, rig_defer,
		rig_unreachable };
	uint32_t which = chance(8);

	check_job(job);
	if (which < 4)
		answers[which](rig, job);
	else if (which < 6)
		rig_send_result(rig, job, FRAME_RESULT_NEEDS_ENVELOPE, 0,
		    "4.7.5", "no STARTTLS", FRAME_DESTINATION_REACHED);
}

/* ---- workers ------------------------------------------------------------ */

static uint8_t
form_of(const struct rig *rig, uint64_t mid)
{
	struct queue_message *message = queue_table_find(rig->queue, mid);
	struct arena *arena = arena_new(1u << 20);
	struct envelope envelope;
	uint8_t form = PROTECTION_NONE;

	if (message != NULL) {
		assert_int_equal(queue_message_envelope(message, arena,
		    &envelope), 0);
		while (!text_equal(envelope.sender, text_from(senders[form])))
			form++;
	}
	arena_free(arena);
	return form;
}

/* Every live recipient for itself or with others, and what filters make. */
static void
answer_divided(struct rig *rig, struct rig_ask *ask, uint8_t form)
{
	static struct text to = TEXT_INIT("e@four.example");
	static const size_t sizes[] = { 500, 90000 };
	struct queue_message *message = queue_table_find(rig->queue,
	    ask->mid);
	const char *sender = senders[form];
	struct frame_splinter splinters[2] = { 0 };
	struct frame_rid rids[2];
	struct frame_made made = {
		.kind = (uint8_t)chance(FRAME_MADE_KINDS),
		.key = TEXT("f/1"),
		.sender = text_from(sender),
		.recipients = &to,
		.recipient_count = 1,
		.body = chance(3),
		.quarantine = TEXT("outbreak"),
		.protection = { .form = form, .profile = TEXT("default") },
	};
	size_t count = 0;

	for (size_t i = 0; message != NULL && i < message->recipient_count &&
	    count < 2; i++)
		if (message->recipients[i].state == RECIPIENT_LIVE)
			rids[count++].rid = message->recipients[i].rid;
	for (size_t i = 0; i < count; i++)
		splinters[i] = (struct frame_splinter){
			.rids = &rids[i],
			.rid_count = 1,
			.verdict = (uint8_t)chance(FRAME_VERDICTS),
			.quarantine = TEXT("outbreak"),
			.protection = made.protection,
			.body = chance(3),
			.next_hop = chance(3) == 0 ? TEXT("relay.example") :
			    TEXT_EMPTY,
			.recipient = chance(4) == 0 ? to : TEXT_EMPTY,
		};
	if (count > 0)
		rig_dispose_many(ask, splinters, count, &made, ask->passes <
		    2 ? chance(2) : 0, sizes, 2);
}

static void
answer_judge(struct rig *rig, struct rig_ask *ask)
{
	static const uint8_t verdicts[] = { FRAME_VERDICT_DELIVER,
		FRAME_VERDICT_DELIVER, FRAME_VERDICT_DELIVER,
		FRAME_VERDICT_DELIVER, FRAME_VERDICT_DROP,
		FRAME_VERDICT_BOUNCE, FRAME_VERDICT_QUARANTINE };
	struct frame_splinter answer = {
		.verdict = verdicts[chance(7)],
		.quarantine = TEXT("outbreak"),
		.protection = {
			.form = form_of(rig, ask->mid),
			.profile = TEXT("default"),
		},
	};

	assert_true(ask->is_intact);
	if (chance(8) == 0)
		rig_set_aside(ask);
	else if (chance(3) == 0)
		answer_divided(rig, ask, answer.protection.form);
	else if (chance(8) > 0)
		rig_dispose_one(ask, &answer, chance(3) > 0 ? 0 :
		    1 + chance(3) * 90000);
}

static void
answer_seal(struct rig *rig, struct rig_ask *ask)
{
	uint32_t which = chance(10);

	assert_true(ask->is_intact);
	if (which < 6)
		rig_seal(rig, ask);
	else if (which < 8)
		rig_seal_later(rig, ask);
	else if (which < 9)
		rig_seal_as(ask, FRAME_PROTECT_FAILED, "never", 0);
}

/* ---- what happens ------------------------------------------------------- */

static void
do_submit(struct rig *rig)
{
	static const char *const addresses[] = { "a@one.example",
		"b@two.example", "c@three.example", "d@one.example" };
	struct rig_mail mail = {
		.sender = senders[chance(3)],
		.to = { addresses[chance(4)], addresses[chance(4)] },
		.size = chance(10) == 0 ? 1500000 : 100 + chance(3000),
	};

	rig_accept(rig, &mail);
}

static void
do_lose_worker(struct rig *rig)
{
	uint32_t at = chance(RIG_WORKERS);
	struct rig_peer *peer = chance(2) == 0 ? &rig->scan[at] :
	    &rig->protect[at];

	rig_disconnect(peer);
	rig_rest(rig, 1);
	rig_connect(rig, peer, peer->kind, peer->number);
}

static void
do_lose_deliver(struct rig *rig)
{
	struct rig_peer *peer = &rig->deliver[chance(RIG_DELIVERS)];

	rig_disconnect(peer);
	rig_rest(rig, 1);
	rig_connect(rig, peer, peer->kind, peer->number);
}

static void
do_restart(struct rig *rig)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/queue.db", rig->directory);
	rig_kill(rig);
	rig->epoch += chance(2);
	if (chance(4) == 0)
		assert_int_equal(database_remove(path), 0);
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
}

static uint64_t
some_message(struct rig *rig)
{
	size_t count = queue_table_count(rig->queue);
	struct list *link = rig->queue->table.all.next;

	if (count == 0)
		return 1;
	for (uint32_t skip = chance((uint32_t)count); skip > 0; skip--)
		link = link->next;
	return LIST_OWNER(link, struct queue_message, all)->mid;
}

static void
do_act(struct rig *rig)
{
	static const uint8_t actions[] = { FRAME_QUEUE_RETRY,
		FRAME_QUEUE_HOLD, FRAME_QUEUE_RELEASE, FRAME_QUEUE_RELEASE,
		FRAME_QUEUE_DELETE, FRAME_QUEUE_ABORT };

	rig_act(rig, actions[chance(6)], some_message(rig), chance(3), NULL);
}

static void
do_charge(struct rig *rig)
{
	queue_hold_charge(rig->queue, some_message(rig), PROCESS_SCAN, 11);
}

static void
do_rest(struct rig *rig)
{
	rig_rest(rig, 1 + chance(5));
}

static void
do_check(struct rig *rig)
{
	rig_check_ledger(rig);
}

static void (*const events[])(struct rig *rig) = { do_submit, do_submit,
	do_submit, do_rest, do_rest, do_act, do_act, do_lose_worker,
	do_lose_deliver, do_charge, do_check };

/* ---- and ends ----------------------------------------------------------- */

static void
seal_always(struct rig *rig, struct rig_ask *ask)
{
	rig_seal(rig, ask);
}

static void
deliver_always(struct rig *rig, struct rig_job *job)
{
	check_job(job);
	rig_deliver(rig, job);
}

static void
judge_always(struct rig *rig, struct rig_ask *ask)
{
	rig_dispose_as(ask, FRAME_VERDICT_DELIVER, form_of(rig, ask->mid));
}

static void
finish(struct rig *rig)
{
	rig->answer = deliver_always;
	rig->judge = judge_always;
	rig->seal = seal_always;
	rig->epoch++;
	rig_restart_workers(rig);
	for (size_t i = 0; i < 400 && !rig_is_empty(rig); i++) {
		rig_act(rig, FRAME_QUEUE_RELEASE, 0, 0, NULL);
		rig_act_in(rig, FRAME_QUEUE_RELEASE, 0, "outbreak");
		rig_act(rig, FRAME_QUEUE_RETRY, 0, 0, NULL);
		rig_rest(rig, 10);
	}
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.live, 0);
	assert_int_equal(rig->queue->table.held, 0);
	assert_int_equal(rig->queue->errands.counts[QUEUE_DESK_JUDGE], 0);
	assert_int_equal(rig->queue->errands.counts[QUEUE_DESK_PROTECT], 0);
}

static void
test_chaos(void **state)
{
	struct rig *rig = *state;

	rig->answer = answer_job;
	rig->judge = answer_judge;
	rig->seal = answer_seal;
	for (size_t i = 0; i < rounds; i++) {
		if (rig->job_count > RIG_JOBS_MAX / 2)
			rig->job_count = 0;
		if (rig->ask_count > RIG_ASKS_MAX / 2)
			rig->ask_count = 0;
		if (i % 60 == 59)
			do_restart(rig);
		else
			events[chance(sizeof(events) / sizeof(events[0]))](
			    rig);
	}
	finish(rig);
}

static uint64_t
setting(const char *name, uint64_t fallback)
{
	const char *given = getenv(name);

	return given == NULL ? fallback : strtoull(given, NULL, 10);
}

static int
setup(void **state)
{
	struct rig *rig = rig_new_with_filters();

	seed = setting("CHAOS_SEED", 1);
	rounds = setting("CHAOS_ROUNDS", ROUNDS);
	*state = rig;
	rig->profile.retry_initial_ms = 100;
	rig->profile.retry_max_ms = 200;
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_chaos, setup,
		    rig_teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
