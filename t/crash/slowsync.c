/*
 * A slow disk: each sync takes 1 ms more.  For LD_PRELOAD.  The wait comes
 * first, so that a cut of the power finds many batches written and not yet
 * synced.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXTRA_NS 1000000

static int
slow_sync(long call, int descriptor)
{
	const struct timespec extra = { .tv_nsec = EXTRA_NS };

	nanosleep(&extra, NULL);
	return (int)syscall(call, descriptor);
}

int
fsync(int descriptor)
{
	return slow_sync(SYS_fsync, descriptor);
}

int
fdatasync(int descriptor)
{
	return slow_sync(SYS_fdatasync, descriptor);
}
