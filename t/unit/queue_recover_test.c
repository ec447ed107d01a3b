/*
 * Recovery: the log that the queue really writes is cut behind each of its
 * records, and what comes back is compared with a model that knows only what
 * the records say.
 */
#include "t/unit/queue_fixture_model.h"
#include "t/unit/queue_fixture_dispose.h"

#include <fcntl.h>

#include "gateway/store/segment_header.h"
#include "gateway/store/segment_scan.h"

#define SEGMENT_SIZE (4u * 1024 * 1024)

/* ---- files -------------------------------------------------------------- */

static char *
read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *bytes;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = memory_new(*size + 1);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

static void
write_file(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static const char *
path_in(const struct rig *rig, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", rig->directory, name);
	return path;
}

/* ---- a life ------------------------------------------------------------- */

static size_t wanted;

static bool
has_jobs(struct rig *rig)
{
	return rig->job_count >= wanted;
}

static bool
is_settled(struct rig *rig)
{
	return rig_all_answered(rig) && queue_log_is_synced(rig->queue);
}

static void
answer_by_mid(struct rig *rig, struct rig_job *job)
{
	static void (*const answers[])(struct rig *rig,
	    struct rig_job *job) = { rig_deliver, rig_fail, rig_defer,
		rig_unreachable };

	if (job->class == ENVELOPE_CLASS_SERVICE && job->mid % 2 == 0)
		return;
	if (job->mid % 5 < 4)
		answers[job->mid % 5](rig, job);
}

static uint64_t
mail(struct rig *rig, const char *to, size_t count, size_t size)
{
	struct rig_mail mail = {
		.sender = "alice@example.org",
		.to = { to },
		.count = count,
		.size = size,
	};

	return rig_accept(rig, &mail);
}

static void
live_a_little(struct rig *rig)
{
	static const char *const domains[] = { "a.example", "b.example",
		"c.example" };
	uint64_t held, deleted;

	rig->answer = answer_by_mid;
	for (size_t i = 0; i < 10; i++)
		mail(rig, domains[i % 3], 1 + i % 3, 200 + i * 100);
	held = mail(rig, "d.example", 2, 500);
	deleted = mail(rig, "d.example", 120, 500);
	mail(rig, "e.example", 1, 1200000);
	wanted = 14;
	rig_run(rig, has_jobs);
	rig_act(rig, FRAME_QUEUE_HOLD, held, 0, NULL);
	rig_act(rig, FRAME_QUEUE_DELETE, deleted, 7, NULL);
	queue_hold_charge(rig->queue, deleted, PROCESS_DELIVER, 11);
	rig_rest(rig, 30);
	rig_run(rig, is_settled);
}

static int
setup(void **state)
{
	struct rig *rig = rig_new();

	*state = rig;
	rig->config.limits.segment_size = SEGMENT_SIZE;
	rig_start(rig);
	rig_connect_all(rig);
	return 0;
}

/* ---- cuts --------------------------------------------------------------- */

static void
recover_cut(const char *bytes, size_t size, size_t cut,
    struct model *model, char **dumped)
{
	struct rig *rig = rig_new();
	char *copy = memory_new(size);

	rig->config.limits.segment_size = SEGMENT_SIZE;
	rig->config.limits.segment_pool = 1;
	memcpy(copy, bytes, cut);
	assert_int_equal(mkdir(path_in(rig, "log"), 0700), 0);
	write_file(path_in(rig, "log/seg-00000001"), copy, size);
	free(copy);
	rig_start(rig);
	model_check(model, rig->queue);
	if (dumped != NULL)
		*dumped = dump(rig->queue);
	/* Its own record of it comes back too: twice is once. */
	rig_kill(rig);
	rig_start(rig);
	model_check(model, rig->queue);
	rig_free(rig);
}

static void
cut_everywhere(struct rig *rig, size_t least)
{
	struct model *model = memory_new(sizeof(*model));
	struct segment_header header;
	struct segment_record record;
	struct segment_place place;
	struct segment_scan scan;
	char *expected, *found = NULL, *bytes;
	size_t size, records = 0;

	expected = dump(rig->queue);
	rig_kill(rig);
	bytes = read_file(path_in(rig, "log/seg-00000001"), &size);
	assert_int_equal(segment_header_decode((unsigned char *)bytes,
	    &header), 0);
	segment_scan_init(&scan, &header, text_of(bytes, size));
	while (segment_scan_next(&scan, &record, &place) == 0) {
		model_apply(model, &record);
		free(found);
		found = NULL;
		recover_cut(bytes, size, scan.offset, model, &found);
		/* In the middle of the next one: it is nobody's. */
		if (records++ % 8 == 0)
			recover_cut(bytes, size, scan.offset + 40, model,
			    NULL);
	}
	assert_true(records >= least);
	assert_string_equal(found, expected);
	free(found);
	free(expected);
	free(bytes);
	free(model);
}

static void
test_every_boundary(void **state)
{
	live_a_little(*state);
	cut_everywhere(*state, 40);
}

/* ---- judged and protected ----------------------------------------------- */

static void
judge_by_mid(struct rig *rig, struct rig_ask *ask)
{
	struct frame_splinter changed = { .words = TEXT("changed") };

	(void)rig;
	if (ask->mid % 6 == 0)
		rig_dispose_one(ask, &changed, 900);
	else if (ask->mid % 6 <= 2)
		rig_dispose_as(ask, FRAME_VERDICT_DELIVER,
		    (uint8_t)(ask->mid % 6));
	else if (ask->mid % 6 == 3)
		rig_dispose_as(ask, FRAME_VERDICT_QUARANTINE,
		    PROTECTION_ENVELOPE);
	else
		rig_dispose_as(ask, ask->mid % 6 == 4 ? FRAME_VERDICT_DROP :
		    FRAME_VERDICT_BOUNCE, PROTECTION_NONE);
}

static void
seal_by_mid(struct rig *rig, struct rig_ask *ask)
{
	if (ask->mid % 4 < 2)
		rig_seal(rig, ask);
	else
		rig_seal_later(rig, ask);
}

static void
answer_by_need(struct rig *rig, struct rig_job *job)
{
	if (job->or_envelope && strcmp(job->domain, "bare.example") == 0)
		rig_send_result(rig, job, FRAME_RESULT_NEEDS_ENVELOPE, 0,
		    "4.7.5", "no STARTTLS", FRAME_DESTINATION_REACHED);
	else if (job->mid % 3 == 0)
		rig_deliver(rig, job);
}

static bool
is_quiet(struct rig *rig)
{
	return is_settled(rig) && list_is_empty(&rig->queue->streams.all) &&
	    rig->queue->errands.counts[QUEUE_DESK_JUDGE] == 0;
}

/* Every verdict, envelopes made and not made, splits: cut everywhere. */
static void
test_every_boundary_protected(void **state)
{
	struct rig *rig = *state;
	struct rig_mail both = {
		.sender = "alice@example.org",
		.to = { "bob@tls.example", "carol@bare.example" },
	};

	rig->judge = judge_by_mid;
	rig->seal = seal_by_mid;
	rig->answer = answer_by_need;
	for (size_t i = 0; i < 18; i++) {
		both.size = 200 + i * 50;
		rig_accept(rig, &both);
		rig_rest(rig, 5);
	}
	rig_run(rig, is_quiet);
	rig_rest(rig, 100);
	rig_run(rig, is_quiet);
	rig_check_ledger(rig);
	cut_everywhere(rig, 60);
}

/* ---- divided ------------------------------------------------------------ */

static struct frame_rid rids[3][2] = { { { 1 } }, { { 2 } },
	{ { 3 }, { 4 } } };
static struct text made_to[] = { TEXT_INIT("x@a.example"),
	TEXT_INIT("y@b.example") };

/* Four recipients in three splinters, and a message of each kind. */
static void
divide_by_mid(struct rig *rig, struct rig_ask *ask)
{
	struct frame_splinter splinters[3];
	struct frame_made made[FRAME_MADE_KINDS];
	const size_t sizes[] = { 300 + ask->mid, 70000 };
	bool is_made = ask->mid % 3 == 0 && ask->passes == 0;

	for (size_t i = 0; i < 3; i++)
		splinters[i] = (struct frame_splinter){
			.rids = rids[i],
			.rid_count = i == 2 ? 2 : 1,
			.verdict = (uint8_t)((ask->mid + i * i) %
			    FRAME_VERDICTS),
			.quarantine = TEXT("outbreak"),
			.policy = i > 0 ? TEXT("staff") : TEXT_EMPTY,
			.body = (uint32_t)((ask->mid + i) % 3),
			.next_hop = i == 1 ? TEXT("relay.example") :
			    TEXT_EMPTY,
			.protection = {
				.form = (uint8_t)(ask->mid / 4 % 3),
				.profile = TEXT("default"),
			},
			.recipient = i == 2 && ask->mid % 2 == 0 ?
			    TEXT("z@c.example") : TEXT_EMPTY,
		};
	for (size_t i = 0; i < FRAME_MADE_KINDS; i++)
		made[i] = (struct frame_made){
			.key = TEXT("f/1"),
			.kind = (uint8_t)i,
			.sender = TEXT("alice@example.org"),
			.recipients = made_to,
			.recipient_count = 1 + i % 2,
			.body = (uint32_t)(i % 3),
			.quarantine = TEXT("outbreak"),
		};
	if (ask->count == 4)
		rig_dispose_many(ask, splinters, 3, made,
		    is_made ? FRAME_MADE_KINDS : 0, sizes, 2);
	else
		judge_by_mid(rig, ask);
}

static void
test_every_boundary_divided(void **state)
{
	struct rig *rig = *state;
	struct rig_mail four = {
		.sender = "alice@example.org",
		.to = { "a@one.example", "b@two.example", "c@bare.example",
			"d@bare.example" },
	};

	rig->judge = divide_by_mid;
	rig->seal = seal_by_mid;
	rig->answer = answer_by_need;
	for (size_t i = 0; i < 14; i++) {
		four.size = 200 + i * 50;
		rig_accept(rig, &four);
		rig_rest(rig, 5);
	}
	rig_run(rig, is_quiet);
	rig_rest(rig, 100);
	rig_run(rig, is_quiet);
	rig_check_ledger(rig);
	cut_everywhere(rig, 60);
}

static int
setup_workers(void **state)
{
	struct rig *rig = rig_new_with_filters();

	*state = rig;
	rig->config.limits.segment_size = SEGMENT_SIZE;
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	return 0;
}

/* An index of any earlier moment leads to the same. */
static void
test_old_index(void **state)
{
	struct rig *rig = *state;
	char *expected, *found, *index;
	size_t size;

	live_a_little(rig);
	queue_log_sync(rig->queue);
	queue_index_make_durable(rig->queue);
	index = read_file(path_in(rig, "queue.db"), &size);
	live_a_little(rig);
	queue_log_sync(rig->queue);
	expected = dump(rig->queue);
	rig_kill(rig);
	assert_int_equal(database_remove(path_in(rig, "queue.db")), 0);
	write_file(path_in(rig, "queue.db"), index, size);
	rig->epoch++;
	rig_start(rig);
	found = dump(rig->queue);
	assert_string_equal(found, expected);
	free(found);
	/* And without any. */
	rig_kill(rig);
	assert_int_equal(database_remove(path_in(rig, "queue.db")), 0);
	rig_start(rig);
	found = dump(rig->queue);
	assert_string_equal(found, expected);
	free(found);
	free(expected);
	free(index);
}

/* Q09: a damaged index is found out and made again. */
static void
test_damaged_index(void **state)
{
	struct rig *rig = *state;
	char *expected, *found, *index;
	size_t size;

	live_a_little(rig);
	queue_log_sync(rig->queue);
	queue_index_make_durable(rig->queue);
	expected = dump(rig->queue);
	rig_kill(rig);
	index = read_file(path_in(rig, "queue.db"), &size);
	memset(index + size / 2, 0xa5, size / 2);
	write_file(path_in(rig, "queue.db"), index, size);
	rig_start(rig);
	found = dump(rig->queue);
	assert_string_equal(found, expected);
	rig_connect_all(rig);
	rig_check_ledger(rig);
	free(found);
	free(expected);
	free(index);
}

/* An index of version 1 is brought forward, its rows come from the log. */
static void
test_index_version_1(void **state)
{
	static const struct database_migration first[] = {
		{ "CREATE TABLE message (mid INTEGER PRIMARY KEY,"
		  " state INTEGER NOT NULL, live INTEGER NOT NULL,"
		  " body_mid INTEGER NOT NULL, segment INTEGER NOT NULL,"
		  " offset INTEGER NOT NULL, envelope_len INTEGER NOT NULL,"
		  " body_len INTEGER NOT NULL, saved BLOB NOT NULL) STRICT;"
		  "CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK"
		  " (id = 1), lsn INTEGER NOT NULL, segment INTEGER NOT NULL,"
		  " offset INTEGER NOT NULL, counters BLOB NOT NULL) STRICT;"
		  "INSERT INTO progress VALUES (1, 5, 1, 4096, x'00');"
		  "INSERT INTO message VALUES"
		  " (999, 3, 1, 999, 1, 4096, 1, 1, x'00');" },
	};
	struct rig *rig = *state;
	struct database *database = NULL;
	struct reason why = { 0 };
	char *expected, *found;

	live_a_little(rig);
	expected = dump(rig->queue);
	rig_kill(rig);
	assert_int_equal(database_remove(path_in(rig, "queue.db")), 0);
	assert_int_equal(database_open(path_in(rig, "queue.db"),
	    DATABASE_SYNC_NORMAL, first, 1, &database, &why), 0);
	database_close(database);
	rig_start(rig);
	found = dump(rig->queue);
	assert_string_equal(found, expected);
	rig_connect_all(rig);
	rig_check_ledger(rig);
	free(found);
	free(expected);
}

/* A bit that turned over in a row: found by its checksum. */
static void
test_flipped_bit_in_index(void **state)
{
	static const char address[] = "alice@example.org";
	struct rig *rig = *state;
	char *expected, *found, *index;
	size_t size, at, flips = 0;

	live_a_little(rig);
	queue_log_sync(rig->queue);
	queue_index_make_durable(rig->queue);
	expected = dump(rig->queue);
	rig_kill(rig);
	index = read_file(path_in(rig, "queue.db"), &size);
	for (at = 0; at + sizeof(address) < size; at++)
		if (memcmp(index + at, address, sizeof(address) - 1) == 0) {
			index[at] ^= 4;
			flips++;
		}
	assert_true(flips > 0);
	write_file(path_in(rig, "queue.db"), index, size);
	rig_start(rig);
	found = dump(rig->queue);
	assert_string_equal(found, expected);
	for (uint64_t mid = 1; mid < 100; mid++) {
		struct queue_message *message =
		    queue_table_find(rig->queue, mid);

		if (message != NULL)
			assert_true(text_find(message->envelope,
			    TEXT("elice@")) == message->envelope.len);
	}
	free(found);
	free(expected);
	free(index);
}

/* Q02: a damaged body is set aside, its neighbours are delivered. */
static void
test_damaged_body(void **state)
{
	struct rig *rig = *state;
	uint64_t mids[3];
	struct segment_place place;
	size_t size;
	char *bytes;

	for (size_t i = 0; i < 3; i++)
		mids[i] = mail(rig, "a.example", 1, 3000);
	place = queue_table_find(rig->queue, mids[1])->place;
	rig_kill(rig);
	bytes = read_file(path_in(rig, "log/seg-00000001"), &size);
	bytes[place.offset + 64 + place.envelope_len + 1000] ^= 1;
	write_file(path_in(rig, "log/seg-00000001"), bytes, size);
	free(bytes);
	rig->epoch++;
	rig->job_count = 0;
	rig->answer = rig_deliver;
	rig_start(rig);
	assert_int_equal(queue_table_find(rig->queue, mids[1])->state,
	    MESSAGE_HELD);
	rig_connect_all(rig);
	wanted = 2;
	rig_run(rig, has_jobs);
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 2);
	assert_true(rig->jobs[0].mid != mids[1]);
	assert_true(rig->jobs[1].mid != mids[1]);
	rig_check_ledger(rig);
	assert_int_equal(rig->ledger.counted_held, 1);
	/* Released, it is read again, found out again and never sent. */
	rig_act(rig, FRAME_QUEUE_RELEASE, mids[1], 0, NULL);
	rig_rest(rig, 30);
	assert_int_equal(rig->job_count, 2);
	assert_int_equal(queue_table_find(rig->queue, mids[1])->state,
	    MESSAGE_HELD);
}

/* What was accepted and done within one group costs no row. */
static void
test_annihilation(void **state)
{
	struct rig *rig = *state;

	rig->answer = rig_deliver;
	for (size_t i = 0; i < 30; i++)
		mail(rig, "a.example", 1, 300);
	rig_run(rig, rig_is_empty);
	rig_check_ledger(rig);
	assert_true(rig->queue->index.rows < 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_boundary),
		cmocka_unit_test_setup_teardown(
		    test_every_boundary_protected, setup_workers,
		    rig_teardown),
		cmocka_unit_test_setup_teardown(
		    test_every_boundary_divided, setup_workers,
		    rig_teardown),
		TEST(test_old_index),
		TEST(test_damaged_index),
		TEST(test_index_version_1),
		TEST(test_flipped_bit_in_index),
		TEST(test_damaged_body),
		TEST(test_annihilation),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
