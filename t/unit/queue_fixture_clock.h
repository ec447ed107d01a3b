/*
 * Moving the clock of a queue under test: both clocks, or the wall clock
 * alone.
 */
#ifndef T_UNIT_QUEUE_FIXTURE_CLOCK_H
#define T_UNIT_QUEUE_FIXTURE_CLOCK_H

#include "t/unit/queue_fixture.h"

#include <sys/mman.h>

static int64_t *clock_offsets;	/* both clocks; the wall clock alone */

static inline void
clock_make(void)
{
#ifdef POSTERN_TEST
	char path[] = "/tmp/postern-clock-XXXXXX";
	int descriptor = mkstemp(path);

	if (descriptor == -1 || ftruncate(descriptor, 16) != 0)
		abort();
	clock_offsets = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED,
	    descriptor, 0);
	close(descriptor);
	setenv("POSTERN_CLOCK", path, 1);
	clock_open();
	unlink(path);
#endif
}

static inline void
clock_move(size_t which, int64_t seconds)
{
	if (clock_offsets == NULL)
		skip();
	clock_offsets[which] += seconds * 1000000;
}

#endif
