/*
 * A disk that refuses one call, for LD_PRELOAD: what postern-queue writes
 * with "disk-error: write" in it finds no space, what it writes with
 * "disk-error: sync" fails at the next fdatasync.  Each once: a file in the
 * folder DISK_ERROR_MARKS remembers it.  A sync behind the refusal, in the
 * same process, leaves the file "synced-again" there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool sync_refused, refused;

/* True for the first that comes: the file is new. */
static bool
leave_mark(const char *name)
{
	const char *folder = getenv("DISK_ERROR_MARKS");
	char path[PATH_MAX];
	int descriptor;

	snprintf(path, sizeof path, "%s/%s", folder ? folder : "", name);
	descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (descriptor < 0)
		return false;
	close(descriptor);
	return true;
}

static bool
is_hit(const void *bytes, size_t size, const char *words)
{
	return strcmp(program_invocation_short_name, "postern-queue") == 0 &&
	    memmem(bytes, size, words, strlen(words)) != NULL;
}

ssize_t
pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
	if (is_hit(bytes, size, "disk-error: write") &&
	    leave_mark("write-refused")) {
		refused = true;
		errno = ENOSPC;
		return -1;
	}
	if (is_hit(bytes, size, "disk-error: sync") &&
	    leave_mark("sync-refused"))
		sync_refused = true;
	return syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

ssize_t
pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
	return pwrite64(descriptor, bytes, size, offset);
}

int
fdatasync(int descriptor)
{
	if (sync_refused && !refused) {
		refused = true;
		errno = EIO;
		return -1;
	}
	if (refused)
		(void)leave_mark("synced-again");
	return (int)syscall(SYS_fdatasync, descriptor);
}
