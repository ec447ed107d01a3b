/*
 * Bytes in and out of one segment file.
 */
#include "gateway/store/segment_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096u
#define READ_STEP (1024u * 1024u)
#define FILL_STEP (256u * 1024u)
#define FILL_SYNC (1024u * 1024u)

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int
segment_file_read(int descriptor, uint32_t offset, void *out, size_t len)
{
	size_t done = 0;
	ssize_t got;

	while (done < len) {
		got = pread(descriptor, (char *)out + done, len - done,
		    (off_t)offset + (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERROR_SYSTEM;
		if (got == 0)
			return ERROR_MISMATCH;
		done += (size_t)got;
	}
	return 0;
}

/* One step of segment_file_read_all(), block by block. */
static void
read_blocks(int descriptor, char *out, uint32_t offset, uint32_t len,
    bool *unreadable)
{
	uint32_t at, step;
	int rc;

	for (at = 0; at < len; at += step) {
		step = least(len - at, BLOCK);
		memset(out + at, 0, step);
		rc = segment_file_read(descriptor, offset + at, out + at,
		    step);
		if (rc == ERROR_SYSTEM) {
			memset(out + at, 0, step);
			*unreadable = true;
		}
	}
}

void
segment_file_read_all(int descriptor, char *out, uint32_t size,
    bool *unreadable)
{
	uint32_t at, step;

	*unreadable = false;
	for (at = 0; at < size; at += step) {
		step = least(size - at, READ_STEP);
		if (segment_file_read(descriptor, at, out + at, step) != 0)
			read_blocks(descriptor, out + at, at, step,
			    unreadable);
	}
}

int
segment_file_write(int descriptor, uint32_t offset, struct text bytes)
{
	size_t done = 0;
	ssize_t put;

	while (done < bytes.len) {
		put = pwrite(descriptor, bytes.data + done, bytes.len - done,
		    (off_t)offset + (off_t)done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return ERROR_SYSTEM;
		done += (size_t)put;
	}
	return 0;
}

int
segment_file_fill(int descriptor, uint32_t size)
{
	static char zeros[FILL_STEP];
	uint32_t at, step;

	for (at = 0; at < size; at += step) {
		step = least(size - at, FILL_STEP);
		if (segment_file_write(descriptor, at, text_of(zeros, step))
		    != 0)
			return ERROR_SYSTEM;
		/* In small portions: batches are synced meanwhile. */
		if ((at + step) % FILL_SYNC == 0 &&
		    fdatasync(descriptor) != 0)
			return ERROR_SYSTEM;
	}
	return fsync(descriptor) == 0 ? 0 : ERROR_SYSTEM;
}

uint64_t
segment_file_size(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0 || status.st_size < 0)
		return 0;
	return (uint64_t)status.st_size;
}
