/*
 * The queue's log in its orderly life: append, sync, replay, recycling, the
 * pool, and what a kill leaves.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/crc32c.h"
#include "gateway/base/log.h"
#include "gateway/store/segment_log.h"
#include "gateway/store/segment_log_private.h"
#include "t/unit/segment_log_fixture.h"

#include "t/unit/segment_log_fixture.c"

/* ---- orderly life -------------------------------------------------------- */

static void
test_append_sync_replay(void **state)
{
	struct fixture *f = *state;
	struct segment_position before;
	struct segment_place places[3];
	uint64_t mid;

	for (mid = 1; mid <= 3; mid++) {
		places[mid - 1] = append(f, mid, (size_t)mid * 1000);
		assert_reads(f, places[mid - 1], mid);
	}
	assert_true(segment_log_pending(f->log) > 6000);
	segment_log_sync(f->log);
	assert_int_equal(segment_log_pending(f->log), 0);
	before = segment_log_position(f->log);
	for (mid = 1; mid <= 3; mid++)
		assert_reads(f, places[mid - 1], mid);

	restart(f);
	assert_mails(f, 3);
	assert_int_equal(f->seen[0].type, SEGMENT_COUNTERS);
	assert_int_equal(find_mail(f, 2)->place.offset, places[1].offset);
	assert_int_equal(f->seen[f->count - 1].lsn, before.lsn);
	assert_true(segment_log_position(f->log).lsn >= before.lsn + 4096);
	assert_true(segment_log_position(f->log).segment > before.segment);
	for (mid = 1; mid <= 3; mid++)
		assert_reads(f, places[mid - 1], mid);
}

static void
test_unsynced_is_not_there(void **state)
{
	struct fixture *f = *state;

	append(f, 1, 100);
	segment_log_sync(f->log);
	append(f, 2, 100);
	restart(f);
	assert_mails(f, 1);
}

static void
test_many_segments(void **state)
{
	struct fixture *f = *state;
	struct segment_place places[100];
	uint64_t mid, lsn = 0;
	size_t i;

	for (mid = 1; mid <= 100; mid++) {
		f->counter = mid;
		places[mid - 1] = append(f, mid, 20000);
		if (mid % 30 == 0)
			segment_log_sync(f->log);
	}
	segment_log_sync(f->log);
	assert_true(segment_log_count(f->log) > 8);
	assert_int_equal(f->counters_asked, segment_log_count(f->log));
	restart(f);
	assert_mails(f, 100);
	for (i = 0; i < f->count; i++) {
		assert_true(i == 0 || f->seen[i].lsn == lsn + 1);
		lsn = f->seen[i].lsn;
	}
	for (mid = 1; mid <= 100; mid++)
		assert_reads(f, places[mid - 1], mid);
}

static void
test_largest_record(void **state)
{
	struct fixture *f = *state;
	uint32_t body = segment_log_body_max(f->log);
	struct segment_place place;

	append(f, 1, 10);
	append(f, 2, body);
	append(f, 3, body);
	place = append(f, 4, segment_log_record_max(f->log) - 11);
	assert_reads(f, place, 4);
	segment_log_sync(f->log);
	assert_reads(f, place, 4);
	restart(f);
	assert_mails(f, 4);
}

static void
test_replay_from_position(void **state)
{
	struct fixture *f = *state;
	struct segment_position middle, end;
	struct segment_position wrong;
	struct reason why;
	uint64_t mid;

	for (mid = 1; mid <= 60; mid++) {
		append(f, mid, 20000);
		if (mid == 25) {
			segment_log_sync(f->log);
			middle = segment_log_position(f->log);
		}
	}
	segment_log_sync(f->log);
	end = segment_log_position(f->log);
	stop(f);

	start_from(f, &middle);
	assert_int_equal(mails(f), 35);
	assert_non_null(find_mail(f, 26));
	assert_null(find_mail(f, 25));
	stop(f);

	start_from(f, &end);
	assert_int_equal(mails(f), 0);
	stop(f);

	assert_int_equal(open_again(f, &why), 0);
	wrong = (struct segment_position){ 1000000, 77, SEGMENT_START };
	f->count = 0;
	assert_int_equal(segment_log_replay(f->log, &wrong, visit, f, &why),
	    ERROR_NOT_FOUND);
	wrong = middle;
	wrong.lsn += 100000;
	assert_int_equal(segment_log_replay(f->log, &wrong, visit, f, &why),
	    ERROR_NOT_FOUND);
	assert_int_equal(f->count, 0);
	start_from(f, NULL);
	assert_mails(f, 60);
}

static void
test_lock(void **state)
{
	struct fixture *f = *state;
	struct segment_log *mine = f->log;
	struct reason why;
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(open_again(f, &why) == ERROR_STATE ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	f->log = mine;
}

static void
test_newer_format(void **state)
{
	struct fixture *f = *state;
	unsigned char header[SEGMENT_HEADER_SIZE];
	struct reason why;
	uint32_t crc;

	stop(f);
	peek(f, 1, 0, header, sizeof(header));
	header[4] = 2;
	crc = crc32c(0, header, 60);
	memcpy(header + 60, &crc, sizeof(crc));
	poke(f, 1, 0, header, sizeof(header));
	assert_int_equal(open_again(f, &why), ERROR_MISMATCH);
	assert_null(f->log);
}

/* ---- recycling ----------------------------------------------------------- */

static void
test_recycled_files(void **state)
{
	struct fixture *f = *state;
	struct segment_place first;
	uint32_t number = 0, round;
	uint64_t mid = 1;
	bool same;

	first = append(f, mid++, 1000);
	for (round = 0; round < 20; round++) {
		uint32_t i;

		/* Records of one size, so that old ones stand in step. */
		for (i = 0; i < 60; i++)
			append(f, mid++, 4000);
		segment_log_sync(f->log);
		while (segment_log_count(f->log) > 2)
			segment_log_release_oldest(f->log);
		assert_true(segment_log_position(f->log).segment > number);
		number = segment_log_position(f->log).segment;
	}
	assert_true(count_files(f, "pool-") > 0);
	assert_true(count_files(f, "pool-") <= 3);
	assert_int_equal(read_back(f, first, 1, &same), ERROR_NOT_FOUND);
	restart(f);
	assert_true(mails(f) > 0);
	assert_int_equal(f->seen[f->count - 1].mid, mid - 1);
	assert_true(f->seen[0].type == SEGMENT_COUNTERS);
	for (size_t i = 0; i < f->count; i++)
		assert_true(f->seen[i].type == SEGMENT_COUNTERS ||
		    f->seen[i].whole);
	/* A reused file with a short new life shows only that one. */
	append(f, mid, 4000);
	segment_log_sync(f->log);
	while (segment_log_count(f->log) > 1)
		segment_log_release_oldest(f->log);
	restart(f);
	assert_int_equal(mails(f), 1);
	assert_int_equal(f->seen[1].mid, mid);
	assert_true(segment_log_position(f->log).segment > number);
}

static void
test_number_survives_pool(void **state)
{
	struct fixture *f = *state;
	uint32_t number;
	char path[96];

	append(f, 1, 100);
	segment_log_sync(f->log);
	restart(f);
	segment_log_release_oldest(f->log);
	number = segment_log_position(f->log).segment;
	stop(f);
	/* Somebody removes the log; the pool still tells what was used. */
	snprintf(path, sizeof(path), "%s/seg-%08" PRIu32, f->path, number);
	assert_int_equal(unlink(path), 0);
	start_from(f, NULL);
	assert_true(segment_log_position(f->log).segment > 1);
}

static void
test_wrong_mid(void **state)
{
	struct fixture *f = *state;
	struct segment_place place = append(f, 1, 100);
	struct segment_place other;
	bool same;

	segment_log_sync(f->log);
	assert_int_equal(read_back(f, place, 2, &same), ERROR_MISMATCH);
	other = place;
	other.offset += 8;
	assert_int_equal(read_back(f, other, 1, &same), ERROR_MISMATCH);
	other = place;
	other.body_len += 1;
	assert_int_equal(read_back(f, other, 1, &same), ERROR_MISMATCH);
	other = place;
	other.offset = UINT32_MAX - 7;
	assert_int_equal(read_back(f, other, 1, &same), ERROR_MISMATCH);
	other = place;
	other.envelope_len = UINT32_MAX;
	assert_int_equal(read_back(f, other, 1, &same), ERROR_MISMATCH);
	other = place;
	other.segment = 99;
	assert_int_equal(read_back(f, other, 1, &same), ERROR_NOT_FOUND);
}

static void
test_pool_helper(void **state)
{
	struct fixture *f = *state;
	unsigned int tries = 0;

	while (segment_pool_ready(&f->log->pool) < 3 && tries++ < 3000) {
		segment_log_fill_pool(f->log);
		usleep(5000);
	}
	assert_int_equal(count_files(f, "pool-"), 3);
	assert_int_equal(count_files(f, "fill-"), 0);
	assert_true(segment_log_can_append(f->log, 1000));
	assert_true(segment_log_free_bytes(f->log) > 0);
	assert_false(segment_log_can_append(f->log, SIZE_MAX / 2));
}

static void
test_removing_helper(void **state)
{
	struct fixture *f = *state;
	unsigned int tries = 0;
	uint64_t mid;

	for (mid = 1; mid <= 80; mid++)
		append(f, mid, 20000);
	segment_log_sync(f->log);
	while (segment_log_count(f->log) > 1)
		segment_log_release_oldest(f->log);
	assert_true(count_files(f, "drop-") > 0);
	while (count_files(f, "drop-") > 0 && tries++ < 3000) {
		segment_log_fill_pool(f->log);
		usleep(5000);
	}
	assert_int_equal(count_files(f, "drop-"), 0);
	assert_int_equal(count_files(f, "pool-"), 3);
}

/* ---- ends ---------------------------------------------------------------- */

static void
test_write_error_is_fatal(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit = { 8192, 8192 };
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		append(f, 1, 20000);
		segment_log_sync(f->log);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FATAL_EXIT);
}

/* Append, sync, tell; recycle what is older than eight segments. */
static void
work_until_killed(struct fixture *f, volatile uint64_t *told)
{
	uint64_t mid = *told;
	unsigned int i;

	for (;;) {
		for (i = 0; i < 1 + mid % 17; i++) {
			mid++;
			append(f, mid, (size_t)(mid * 7919 % 9000));
		}
		segment_log_sync(f->log);
		*told = mid;
		segment_log_fill_pool(f->log);
		while (segment_log_count(f->log) > 8)
			segment_log_release_oldest(f->log);
	}
}

static void
test_kill(void **state)
{
	struct fixture *f = *state;
	volatile uint64_t *told = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int round;
	uint64_t last;
	pid_t child;
	size_t i;

	assert_true(told != MAP_FAILED);
	stop(f);
	for (round = 0; round < 25; round++) {
		fflush(NULL);
		child = fork();
		if (child == 0) {
			start_from(f, NULL);
			work_until_killed(f, told);
		}
		usleep(20000 + round * 3771 % 30000);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		start_from(f, NULL);
		last = 0;
		for (i = 0; i < f->count; i++) {
			if (f->seen[i].type != TYPE_MAIL)
				continue;
			assert_true(f->seen[i].whole);
			assert_true(last == 0 || f->seen[i].mid == last + 1);
			last = f->seen[i].mid;
		}
		assert_true(*told == 0 || last >= *told);
		if (last > 0)
			*told = last;
		stop(f);
	}
	assert_true(*told > 0);
	munmap((void *)(uintptr_t)told, 4096);
}

#define LOG_TEST(name) \
	cmocka_unit_test_setup_teardown(test_ ## name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(append_sync_replay),
		LOG_TEST(unsynced_is_not_there),
		LOG_TEST(many_segments),
		LOG_TEST(largest_record),
		LOG_TEST(replay_from_position),
		LOG_TEST(lock),
		LOG_TEST(newer_format),
		LOG_TEST(recycled_files),
		LOG_TEST(number_survives_pool),
		LOG_TEST(wrong_mid),
		LOG_TEST(pool_helper),
		LOG_TEST(removing_helper),
		LOG_TEST(write_error_is_fatal),
		LOG_TEST(kill),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
