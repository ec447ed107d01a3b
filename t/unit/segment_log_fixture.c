/*
 * A log in a folder of its own; included by the tests that use it.
 */
#include "t/unit/segment_log_fixture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/memory.h"

static size_t
make_body(uint64_t mid, size_t len, char *out)
{
	uint64_t state = mid * UINT64_C(0x9e3779b97f4a7c15) + len;
	size_t i;

	for (i = 0; i < len; i++) {
		state = state * UINT64_C(6364136223846793005) + 1;
		out[i] = (char)(state >> 56);
	}
	return len;
}

static bool
is_made(uint64_t mid, struct text body)
{
	char *expected = memory_new(body.len + 1);
	bool same;

	make_body(mid, body.len, expected);
	same = memcmp(expected, body.data, body.len) == 0;
	free(expected);
	return same;
}

static void
counters(void *context, struct buffer *out)
{
	struct fixture *f = context;

	f->counters_asked++;
	assert_int_equal(buffer_add(out, &f->counter, sizeof(f->counter)), 0);
}

static const struct segment_log_events events = { .counters = counters };

void
visit(void *context, const struct segment_record *record,
    const struct segment_place *place)
{
	struct fixture *f = context;

	assert_true(f->count < SEEN_MAX);
	f->seen[f->count++] = (struct seen){
		.lsn = record->lsn,
		.mid = record->mid,
		.type = record->type,
		.damaged = record->body_damaged,
		.whole = is_made(record->mid, record->body),
		.place = *place,
	};
}

int
open_again(struct fixture *f, struct reason *why)
{
	struct segment_log_settings settings = {
		.directory = f->path,
		.segment_size = SIZE,
		.pool = 3,
	};

	return segment_log_open(&settings, &events, f, &f->log, why);
}

void
start_from(struct fixture *f, const struct segment_position *from)
{
	struct reason why;

	if (f->log == NULL)
		assert_int_equal(open_again(f, &why), 0);
	f->count = 0;
	assert_int_equal(segment_log_replay(f->log, from, visit, f, &why), 0);
}

void
stop(struct fixture *f)
{
	segment_log_close(f->log);
	f->log = NULL;
}

void
restart(struct fixture *f)
{
	stop(f);
	start_from(f, NULL);
}

int
setup(void **state)
{
	struct fixture *f = memory_new(sizeof(*f));

	f->seen = memory_array(SEEN_MAX, sizeof(*f->seen));
	snprintf(f->path, sizeof(f->path), "/tmp/segment_log_test.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	start_from(f, NULL);
	*state = f;
	return 0;
}

static void
remove_folder(const char *path)
{
	DIR *stream = opendir(path);
	struct dirent *entry;

	assert_non_null(stream);
	while ((entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(stream),
			    entry->d_name, 0), 0);
	closedir(stream);
	assert_int_equal(rmdir(path), 0);
}

int
teardown(void **state)
{
	struct fixture *f = *state;

	stop(f);
	remove_folder(f->path);
	free(f->seen);
	free(f);
	return 0;
}

struct segment_place
append(struct fixture *f, uint64_t mid, size_t len)
{
	char *body = memory_new(len + 1);
	struct segment_record record = {
		.type = TYPE_MAIL,
		.flags = 3,
		.mid = mid,
		.time_us = 1234567,
		.envelope = TEXT("from and to"),
		.body = text_of(body, make_body(mid, len, body)),
	};
	struct segment_place place;

	segment_log_append(f->log, &record, &place);
	free(body);
	return place;
}

int
read_back(struct fixture *f, struct segment_place place, uint64_t mid,
    bool *same)
{
	struct buffer body, envelope;
	int rc;

	buffer_init(&body, SIZE);
	buffer_init(&envelope, SIZE);
	rc = segment_log_read_body(f->log, &place, mid, &body);
	*same = rc == 0 && buffer_len(&body) == place.body_len &&
	    is_made(mid, buffer_text(&body));
	if (rc == 0) {
		assert_int_equal(segment_log_read_envelope(f->log, &place, mid,
		    &envelope), 0);
		assert_true(text_equal(buffer_text(&envelope),
		    TEXT("from and to")));
	} else {
		assert_int_equal(buffer_len(&body), 0);
	}
	buffer_clear(&body);
	buffer_clear(&envelope);
	return rc;
}

void
assert_reads(struct fixture *f, struct segment_place place, uint64_t mid)
{
	bool same;

	assert_int_equal(read_back(f, place, mid, &same), 0);
	assert_true(same);
}

size_t
mails(const struct fixture *f)
{
	size_t i, count = 0;

	for (i = 0; i < f->count; i++)
		count += f->seen[i].type == TYPE_MAIL;
	return count;
}

const struct seen *
find_mail(const struct fixture *f, uint64_t mid)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->seen[i].type == TYPE_MAIL && f->seen[i].mid == mid)
			return &f->seen[i];
	return NULL;
}

void
assert_mails(const struct fixture *f, uint64_t last)
{
	uint64_t expected = 1;
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (f->seen[i].type != TYPE_MAIL)
			continue;
		assert_int_equal(f->seen[i].mid, expected++);
		assert_true(f->seen[i].whole);
		assert_false(f->seen[i].damaged);
	}
	assert_int_equal(expected, last + 1);
}

/* ---- the files, behind the log's back ------------------------------------ */

static int
open_file(const struct fixture *f, const char *name, uint32_t number)
{
	char path[128];
	int descriptor;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	if (number > 0)
		snprintf(path, sizeof(path), "%s/%s%08" PRIu32, f->path, name,
		    number);
	descriptor = open(path, O_RDWR);
	assert_true(descriptor >= 0);
	return descriptor;
}

void
poke(const struct fixture *f, uint32_t segment, uint32_t offset,
    const void *data, size_t len)
{
	int descriptor = open_file(f, "seg-", segment);

	assert_int_equal(pwrite(descriptor, data, len, (off_t)offset), len);
	close(descriptor);
}

void
peek(const struct fixture *f, uint32_t segment, uint32_t offset, void *data,
    size_t len)
{
	int descriptor = open_file(f, "seg-", segment);

	assert_int_equal(pread(descriptor, data, len, (off_t)offset), len);
	close(descriptor);
}

void
flip(const struct fixture *f, uint32_t segment, uint32_t offset)
{
	unsigned char byte;

	peek(f, segment, offset, &byte, 1);
	byte ^= 0x10;
	poke(f, segment, offset, &byte, 1);
}

size_t
count_files(const struct fixture *f, const char *prefix)
{
	DIR *stream = opendir(f->path);
	struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(stream)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(stream);
	return count;
}

ino_t
inode_of(const struct fixture *f, uint32_t segment)
{
	int descriptor = open_file(f, "seg-", segment);
	struct stat status;

	assert_int_equal(fstat(descriptor, &status), 0);
	close(descriptor);
	return status.st_ino;
}
