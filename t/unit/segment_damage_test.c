/*
 * The queue's log after damage and tears: what is lost, what must not be, and
 * what must never come back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/store/segment_log.h"
#include "gateway/store/segment_log_private.h"
#include "t/unit/segment_log_fixture.h"

#include "t/unit/segment_log_fixture.c"

/* ---- damage -------------------------------------------------------------- */

static void
test_damaged_body(void **state)
{
	struct fixture *f = *state;
	struct segment_place place;
	bool same;

	append(f, 1, 5000);
	place = append(f, 2, 5000);
	append(f, 3, 5000);
	segment_log_sync(f->log);
	append(f, 4, 5000);
	segment_log_sync(f->log);
	flip(f, place.segment, place.offset + 64 + 11 + 2500);
	assert_int_equal(read_back(f, place, 2, &same), ERROR_MISMATCH);
	restart(f);
	assert_int_equal(mails(f), 4);
	assert_true(find_mail(f, 2)->damaged);
	assert_true(find_mail(f, 1)->whole && !find_mail(f, 1)->damaged);
	assert_true(find_mail(f, 3)->whole && !find_mail(f, 3)->damaged);
	/* Still so when the segment has a successor. */
	restart(f);
	assert_int_equal(mails(f), 4);
	assert_true(find_mail(f, 2)->damaged);
}

/* In the last batch that was written it cannot be told from a tear. */
static void
test_damaged_body_in_last_batch(void **state)
{
	struct fixture *f = *state;
	struct segment_place place;

	append(f, 1, 5000);
	segment_log_sync(f->log);
	append(f, 2, 5000);
	place = append(f, 3, 5000);
	append(f, 4, 5000);
	segment_log_sync(f->log);
	flip(f, place.segment, place.offset + 64 + 11 + 2500);
	restart(f);
	assert_mails(f, 2);
	restart(f);
	assert_mails(f, 2);
}

static void
test_damaged_record_in_the_middle(void **state)
{
	struct fixture *f = *state;
	struct segment_place bad, neighbour;
	uint64_t mid;
	bool same;

	for (mid = 1; mid <= 40; mid++) {
		struct segment_place place = append(f, mid, 20000);

		if (mid == 4)
			bad = place;
		if (mid == 5)
			neighbour = place;
	}
	segment_log_sync(f->log);
	assert_int_equal(bad.segment, 1);
	assert_int_equal(neighbour.segment, 1);
	flip(f, bad.segment, bad.offset + 64 + 3);
	restart(f);
	/* The rest of that segment is skipped, the successor is read. */
	assert_non_null(find_mail(f, 3));
	assert_null(find_mail(f, 4));
	assert_null(find_mail(f, 5));
	assert_non_null(find_mail(f, 40));
	/* What the index still knows stays readable. */
	assert_int_equal(read_back(f, bad, 4, &same), ERROR_MISMATCH);
	assert_reads(f, neighbour, 5);
	/* Kept for good when it leaves. */
	segment_log_release_oldest(f->log);
	assert_int_equal(count_files(f, "damaged-1"), 1);
	assert_int_equal(read_back(f, neighbour, 5, &same), ERROR_NOT_FOUND);
	restart(f);
	assert_non_null(find_mail(f, 40));
	assert_int_equal(count_files(f, "damaged-1"), 1);
}

static void
test_damaged_segment_header(void **state)
{
	struct fixture *f = *state;
	struct segment_position last;
	uint64_t mid;

	for (mid = 1; mid <= 30; mid++)
		append(f, mid, 20000);
	segment_log_sync(f->log);
	last = segment_log_position(f->log);
	flip(f, 2, 20);
	restart(f);
	assert_int_equal(find_mail(f, 1)->place.segment, 1);
	assert_non_null(find_mail(f, 30));
	assert_true(mails(f) < 30);
	for (mid = 0; mid < mails(f); mid++)
		assert_int_not_equal(f->seen[mid].place.segment, 2);

	/* The last one: its mail cannot be told from noise, so it is kept. */
	stop(f);
	flip(f, last.segment + 1, 20);
	start_from(f, NULL);
	assert_int_equal(count_files(f, "damaged-"), 1);
	assert_true(segment_log_position(f->log).segment > last.segment + 1);
	assert_non_null(find_mail(f, 30));
}

/* A name that was given and nothing written: no alarm, no damage. */
static void
test_segment_never_written(void **state)
{
	struct fixture *f = *state;
	char from[96], to[96];
	uint32_t number;

	append(f, 1, 100);
	segment_log_sync(f->log);
	number = segment_log_position(f->log).segment;
	stop(f);
	/* With nothing in it, and with what another use left. */
	snprintf(from, sizeof(from), "%s/seg-%08" PRIu32, f->path, number);
	snprintf(to, sizeof(to), "%s/seg-%08" PRIu32, f->path, number + 1);
	assert_int_equal(link(from, to), 0);
	snprintf(to, sizeof(to), "%s/seg-%08" PRIu32, f->path, number + 2);
	close(open(to, O_RDWR | O_CREAT, 0600));
	assert_int_equal(truncate(to, SIZE), 0);
	start_from(f, NULL);
	assert_mails(f, 1);
	assert_int_equal(count_files(f, "damaged-"), 0);
	assert_int_equal(segment_log_position(f->log).segment, number + 3);
	assert_int_equal(segment_log_count(f->log), 2);
}

/* ---- tears --------------------------------------------------------------- */

#define TORN_MAX 32768

/* Stop, and remove what was begun behind this segment. */
static void
stop_at(struct fixture *f, uint32_t segment)
{
	char path[96];

	for (segment++; segment < 200; segment++) {
		snprintf(path, sizeof(path), "%s/seg-%08" PRIu32, f->path,
		    segment);
		unlink(path);
	}
	stop(f);
}

/* A batch of n mails behind mails 1 to 3; what it overwrote is in old. */
static size_t
write_batch(struct fixture *f, uint64_t n, struct segment_position *at,
    char *old, char *new)
{
	struct segment_position end;
	uint64_t mid;

	for (mid = 1; mid <= 3; mid++)
		append(f, mid, 700);
	segment_log_sync(f->log);
	*at = segment_log_position(f->log);
	peek(f, at->segment, at->offset, old, TORN_MAX);
	for (mid = 4; mid < 4 + n; mid++)
		append(f, mid, 100 + (size_t)mid * 37);
	segment_log_sync(f->log);
	end = segment_log_position(f->log);
	assert_true(end.offset - at->offset < TORN_MAX);
	peek(f, at->segment, at->offset, new, TORN_MAX);
	return end.offset - at->offset;
}

static void
test_torn_tail(void **state)
{
	struct fixture *f = *state;
	static char old[TORN_MAX], new[TORN_MAX];
	struct segment_position at;
	size_t len, cut, kept;

	len = write_batch(f, 20, &at, old, new);
	for (cut = 0; cut < len; cut += 512) {
		/* Sectors lie at multiples of 512 of the file. */
		size_t edge = cut == 0 ? 0 : cut - at.offset % 512;

		stop_at(f, at.segment);
		poke(f, at.segment, at.offset, new, edge);
		poke(f, at.segment, at.offset + (uint32_t)edge, old + edge,
		    TORN_MAX - edge);
		start_from(f, NULL);
		kept = mails(f);
		assert_true(kept >= 3 && kept < 23);
		assert_mails(f, kept);
	}
}

static void
test_torn_at_random(void **state)
{
	struct fixture *f = *state;
	static char old[TORN_MAX], new[TORN_MAX], torn[TORN_MAX];
	struct segment_position at;
	size_t len, round, i, kept;

	len = write_batch(f, 20, &at, old, new);
	for (round = 0; round < 60; round++) {
		stop_at(f, at.segment);
		for (i = 0; i < TORN_MAX; i++) {
			size_t sector = (i + at.offset % 512) / 512;
			size_t coin = (round * 7919 + sector * 104729) *
			    UINT64_C(0x9e3779b97f4a7c15) >> 40;

			torn[i] = coin & 1 && i < len ? new[i] : old[i];
		}
		poke(f, at.segment, at.offset, torn, TORN_MAX);
		start_from(f, NULL);
		kept = mails(f);
		assert_true(kept >= 3 && kept <= 23);
		assert_mails(f, kept);
	}
}

/*
 * A tear in the first sector of a batch, and after the restart as many new
 * records of the same size: the old ones must never come behind them.
 */
static void
test_stale_tail(void **state)
{
	struct fixture *f = *state;
	static char zeros[512];
	struct segment_position at;
	uint64_t mid;

	append(f, 1, 100);
	segment_log_sync(f->log);
	at = segment_log_position(f->log);
	for (mid = 100; mid < 116; mid++)
		append(f, mid, 0);
	segment_log_sync(f->log);
	stop(f);
	poke(f, at.segment, at.offset, zeros, 512 - at.offset % 512);
	start_from(f, NULL);
	assert_int_equal(mails(f), 1);
	for (mid = 2; mid <= 9; mid++)
		append(f, mid, 0);
	segment_log_sync(f->log);
	restart(f);
	assert_int_equal(mails(f), 9);
	assert_null(find_mail(f, 108));
	assert_null(find_mail(f, 115));
}

/* A body that holds a true record, and then loses its own header. */
static void
test_forged_record(void **state)
{
	struct fixture *f = *state;
	static char zeros[64];
	char forged[256];
	struct segment_record record = { .type = TYPE_MAIL, .mid = 666 };
	struct segment_place place;
	struct buffer bytes;

	append(f, 1, 100);
	segment_log_sync(f->log);
	/* As if the sender knew salt, number and the next LSN. */
	buffer_init(&bytes, sizeof(forged));
	record.lsn = segment_log_position(f->log).lsn + 1;
	segment_record_encode(&record, &f->log->use, true, &bytes);
	record.lsn++;
	segment_record_encode(&record, &f->log->use, true, &bytes);
	memcpy(forged, bytes.bytes + bytes.start, buffer_len(&bytes));
	record = (struct segment_record){
		.type = 9,
		.mid = 2,
		.body = text_of(forged, buffer_len(&bytes)),
	};
	segment_log_append(f->log, &record, &place);
	buffer_clear(&bytes);
	segment_log_sync(f->log);
	restart(f);
	assert_int_equal(mails(f), 1);
	assert_int_equal(f->seen[f->count - 1].type, 9);

	stop(f);
	poke(f, place.segment, place.offset, zeros, sizeof(zeros));
	start_from(f, NULL);
	assert_null(find_mail(f, 666));
	assert_non_null(find_mail(f, 1));
}

/* ---- the doubtful tail --------------------------------------------------- */

static void
test_doubtful_tail_is_copied(void **state)
{
	struct fixture *f = *state;
	struct segment_position position;
	struct segment_place place;
	ino_t inode;

	place = append(f, 1, 3000);
	segment_log_sync(f->log);
	position = segment_log_position(f->log);
	inode = inode_of(f, position.segment);
	/* The index knows all: nothing is in doubt. */
	stop(f);
	start_from(f, &position);
	assert_true(inode_of(f, position.segment) == inode);

	place = append(f, 2, 3000);
	segment_log_sync(f->log);
	position = segment_log_position(f->log);
	inode = inode_of(f, position.segment);
	restart(f);
	assert_false(inode_of(f, position.segment) == inode);
	assert_mails(f, 2);
	assert_reads(f, place, 2);
}

#define LOG_TEST(name) \
	cmocka_unit_test_setup_teardown(test_ ## name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(damaged_body),
		LOG_TEST(damaged_body_in_last_batch),
		LOG_TEST(damaged_record_in_the_middle),
		LOG_TEST(damaged_segment_header),
		LOG_TEST(segment_never_written),
		LOG_TEST(torn_tail),
		LOG_TEST(torn_at_random),
		LOG_TEST(stale_tail),
		LOG_TEST(forged_record),
		LOG_TEST(doubtful_tail_is_copied),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
