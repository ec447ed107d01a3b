/*
 * Recovery: the log that the queue really writes is cut behind each of its
 * records, and what comes back is compared with a model that knows only what
 * the records say.
 */
#include "t/unit/queue_fixture.h"

#include <fcntl.h>

#include "gateway/store/segment_header.h"
#include "gateway/store/segment_scan.h"

#define MODEL_MAX 256
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

/* ---- what a queue knows -------------------------------------------------- */

static int
compare_mid(const void *a, const void *b)
{
	const struct queue_message *const *one = a;
	const struct queue_message *const *two = b;

	return (*one)->mid < (*two)->mid ? -1 : (*one)->mid > (*two)->mid;
}

static void
dump_message(struct queue *queue, struct queue_message *message,
    struct buffer *out)
{
	struct message_body *body = NULL;
	uint8_t state = message->state == MESSAGE_SENDING ? MESSAGE_READY :
	    message->state;
	int r = queue_body_get(queue, message, &body);

	assert_int_equal(buffer_printf(out, "%llu %s class=%u crashes=%u "
	    "body=%d size=%llu hold=%s disposition=%s\n",
	    (unsigned long long)message->mid, message_state_name(state),
	    message->class, message->crashes, r,
	    (unsigned long long)message->size,
	    message->hold_reason ? message->hold_reason : "-",
	    message->disposition ? message->disposition : "-"), 0);
	message_body_release(&body);
	for (size_t i = 0; i < message->recipient_count; i++) {
		struct queue_recipient_change r1;

		queue_recipient_save(&message->recipients[i], &r1);
		assert_int_equal(buffer_printf(out,
		    "  %u %s attempts=%u next=%lld %.*s\n", r1.rid,
		    recipient_state_name(r1.state), r1.attempts,
		    (long long)r1.next_try_us, TEXT_ARG(r1.reason)), 0);
	}
}

/* Everything that must survive, as text. */
static char *
dump(struct queue *queue)
{
	size_t count = queue_table_count(queue), i = 0;
	struct queue_message **all = memory_array(count + 1, sizeof(*all));
	const struct queue_totals *totals = &queue->ledger.totals;
	struct list *link, *after;
	struct buffer out;
	char *string;

	buffer_init(&out, 1u << 24);
	LIST_EACH(&queue->table.all, link, after)
		all[i++] = LIST_OWNER(link, struct queue_message, all);
	qsort(all, count, sizeof(*all), compare_mid);
	for (i = 0; i < count; i++)
		dump_message(queue, all[i], &out);
	assert_int_equal(buffer_printf(&out,
	    "%llu %llu %llu %llu %llu %llu %llu",
	    (unsigned long long)totals->accepted,
	    (unsigned long long)totals->generated,
	    (unsigned long long)totals->delivered,
	    (unsigned long long)totals->failed,
	    (unsigned long long)totals->dropped,
	    (unsigned long long)totals->deleted,
	    (unsigned long long)totals->expired), 0);
	string = memory_string(buffer_text(&out));
	buffer_clear(&out);
	free(all);
	return string;
}

/* ---- the model ---------------------------------------------------------- */

struct model_message {
	uint64_t mid;
	size_t count;
	bool gone[300];		/* by rid */
	size_t live;
};

struct model {
	struct model_message messages[MODEL_MAX];
	size_t count;
	uint64_t in, out;	/* recipients that came and went */
};

static struct model_message *
model_find(struct model *model, uint64_t mid)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->messages[i].mid == mid)
			return &model->messages[i];
	return NULL;
}

static void
model_add(struct model *model, struct text encoded, struct arena *arena)
{
	struct envelope envelope;
	struct model_message *message;

	assert_int_equal(record_decode(&envelope_shape, encoded, arena,
	    &envelope), 0);
	if (model_find(model, envelope.mid) != NULL)
		return;
	message = &model->messages[model->count++];
	*message = (struct model_message){
		.mid = envelope.mid,
		.count = envelope.recipient_count,
		.live = envelope.recipient_count,
	};
	model->in += message->count;
}

static void
model_change(struct model *model, uint64_t mid,
    const struct queue_change *change, struct arena *arena)
{
	struct model_message *message = model_find(model, mid);

	assert_non_null(message);
	for (size_t i = 0; i < change->recipient_count; i++) {
		uint32_t rid = change->recipients[i].rid;

		if (change->recipients[i].state == RECIPIENT_LIVE)
			continue;
		assert_false(message->gone[rid]);
		message->gone[rid] = true;
		message->live--;
		model->out++;
	}
	if (change->child.len > 0)
		model_add(model, change->child, arena);
}

static void
model_apply(struct model *model, const struct segment_record *record)
{
	struct arena *arena = arena_new(1u << 22);
	union queue_record value;

	assert_int_equal(queue_record_decode(record->type, record->envelope,
	    arena, &value), 0);
	if (record->type == QUEUE_RECORD_ACCEPT ||
	    record->type == QUEUE_RECORD_RELOC)
		model_add(model, value.saved.envelope, arena);
	if (record->type == QUEUE_RECORD_STATE ||
	    record->type == QUEUE_RECORD_OUTCOME)
		model_change(model, record->mid, &value.change, arena);
	arena_free(arena);
}

static void
model_check(struct model *model, struct queue *queue)
{
	size_t live = 0;

	for (size_t i = 0; i < model->count; i++) {
		struct model_message *expected = &model->messages[i];
		struct queue_message *found =
		    queue_table_find(queue, expected->mid);

		if (expected->live == 0) {
			assert_null(found);
			continue;
		}
		live++;
		assert_non_null(found);
		assert_int_equal(found->live, expected->live);
		for (size_t j = 0; j < found->recipient_count; j++)
			assert_int_equal(found->recipients[j].state !=
			    RECIPIENT_LIVE,
			    expected->gone[found->recipients[j].rid]);
	}
	assert_int_equal(queue_table_count(queue), live);
	assert_int_equal(queue->ledger.totals.accepted +
	    queue->ledger.totals.generated, model->in);
	assert_int_equal(queue_ledger_live(&queue->ledger.totals),
	    model->in - model->out);
	assert_int_equal(queue->table.live, model->in - model->out);
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
test_every_boundary(void **state)
{
	struct rig *rig = *state;
	struct model *model = memory_new(sizeof(*model));
	struct segment_header header;
	struct segment_record record;
	struct segment_place place;
	struct segment_scan scan;
	char *expected, *found = NULL, *bytes;
	size_t size, records = 0;

	live_a_little(rig);
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
	assert_true(records >= 40);
	assert_string_equal(found, expected);
	free(found);
	free(expected);
	free(bytes);
	free(model);
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
