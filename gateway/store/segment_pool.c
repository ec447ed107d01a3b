/*
 * Files kept ready to become segments, and the helper that fills them.
 */
#include "gateway/store/segment_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/store/segment_file.h"

#define REST_MS 10000

static struct segment_name
name_of(enum segment_kind kind, uint32_t number)
{
	return (struct segment_name){ kind, number };
}

/* Whether a file of the right size has this name. */
static bool
is_whole(const struct segment_pool *pool, struct segment_name name)
{
	int descriptor = segment_directory_open_file(pool->directory, name,
	    O_RDONLY);
	bool whole;

	if (descriptor < 0)
		return false;
	whole = segment_file_size(descriptor) == pool->size;
	close(descriptor);
	return whole;
}

/* Failing costs only the space, until the next start tries again. */
static void
drop(struct segment_pool *pool, struct segment_name name)
{
	if (name.kind == SEGMENT_DROP || segment_directory_rename(
	    pool->directory, name, name_of(SEGMENT_DROP, pool->next++)) == 0)
		pool->drops = true;
}

static void
take_stock(struct segment_pool *pool, struct segment_name name)
{
	if (name.kind == SEGMENT_POOL && pool->count < pool->want &&
	    is_whole(pool, name))
		pool->numbers[pool->count++] = name.number;
	else
		drop(pool, name);
}

static bool
is_ours(struct segment_name name)
{
	return name.kind == SEGMENT_POOL || name.kind == SEGMENT_FILL ||
	    name.kind == SEGMENT_DROP;
}

void
segment_pool_open(struct segment_pool *pool,
    const struct segment_directory *directory, uint32_t size, uint32_t want,
    const struct segment_name *names, size_t count)
{
	size_t i;

	memset(pool, 0, sizeof(*pool));
	pool->directory = directory;
	pool->size = size;
	pool->want = want;
	pool->next = 1;
	pool->numbers = memory_array((size_t)want + 1,
	    sizeof(*pool->numbers));
	/* First all numbers in use: drop() gives new ones. */
	for (i = 0; i < count; i++)
		if (is_ours(names[i]) && names[i].number >= pool->next)
			pool->next = names[i].number + 1;
	for (i = 0; i < count; i++)
		if (is_ours(names[i]))
			take_stock(pool, names[i]);
}

void
segment_pool_close(struct segment_pool *pool)
{
	if (pool->helper > 0) {
		kill(pool->helper, SIGKILL);
		while (waitpid(pool->helper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(pool->numbers);
	memset(pool, 0, sizeof(*pool));
}

uint32_t
segment_pool_ready(const struct segment_pool *pool)
{
	return pool->count;
}

/* Make fill-number, whole and durable. */
static int
make_file(const struct segment_pool *pool, uint32_t number)
{
	struct segment_name name = name_of(SEGMENT_FILL, number);
	int descriptor = segment_directory_open_file(pool->directory, name,
	    O_RDWR | O_CREAT | O_TRUNC);
	int rc, saved;

	if (descriptor < 0)
		return ERROR_SYSTEM;
	rc = segment_file_fill(descriptor, pool->size);
	saved = errno;
	close(descriptor);
	if (rc != 0 && segment_directory_remove(pool->directory, name) != 0)
		log_note(LOG_WARNING_LEVEL, "queue log: fill-%u stays behind",
		    number);
	errno = saved;
	return rc;
}

int
segment_pool_take(struct segment_pool *pool, struct segment_name to)
{
	struct segment_name from;
	int descriptor, rc;

	if (pool->count > 0) {
		from = name_of(SEGMENT_POOL, pool->numbers[0]);
	} else {
		from = name_of(SEGMENT_FILL, pool->next++);
		rc = make_file(pool, from.number);
		if (rc != 0)
			return rc;
	}
	descriptor = segment_directory_open_file(pool->directory, from,
	    O_RDWR);
	if (descriptor < 0)
		return ERROR_SYSTEM;
	if (segment_directory_rename(pool->directory, from, to) != 0) {
		close(descriptor);
		return ERROR_SYSTEM;
	}
	/* No record before the name it stands under is durable. */
	segment_directory_sync(pool->directory);
	if (from.kind == SEGMENT_POOL) {
		pool->count--;
		memmove(pool->numbers, pool->numbers + 1,
		    pool->count * sizeof(*pool->numbers));
	}
	return descriptor;
}

int
segment_pool_give(struct segment_pool *pool, struct segment_name from,
    uint64_t size)
{
	bool keep = size == pool->size && pool->count < pool->want;
	struct segment_name to = name_of(keep ? SEGMENT_POOL : SEGMENT_DROP,
	    pool->next++);

	if (segment_directory_rename(pool->directory, from, to) != 0)
		return ERROR_SYSTEM;
	segment_directory_sync(pool->directory);
	if (keep)
		pool->numbers[pool->count++] = to.number;
	else
		pool->drops = true;
	return 0;
}

/* ---- the helper ---------------------------------------------------------- */

/*
 * Keep nothing of the parent but the folder: its sockets would look open to
 * their peers, its signal handlers would write into its loop.
 */
static void
helper_begin(const struct segment_pool *pool, pid_t parent)
{
	unsigned int folder = (unsigned int)pool->directory->descriptor;
	int number;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	for (number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	if (folder > 3)
		(void)close_range(3, folder - 1, 0);
	(void)close_range(folder + 1, ~0U, 0);
}

static int
helper_make(const struct segment_pool *pool)
{
	int rc = make_file(pool, pool->making);

	if (rc != 0)
		return rc;
	return segment_directory_rename(pool->directory,
	    name_of(SEGMENT_FILL, pool->making),
	    name_of(SEGMENT_POOL, pool->making));
}

static int
helper_remove(const struct segment_pool *pool)
{
	struct segment_name *names = NULL;
	size_t count, i;
	int rc = segment_directory_list(pool->directory, &names, &count);

	for (i = 0; i < count && rc == 0; i++)
		if (names[i].kind == SEGMENT_DROP)
			rc = segment_directory_remove(pool->directory,
			    names[i]);
	free(names);
	return rc;
}

static void
helper_start(struct segment_pool *pool)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child == 0) {
		helper_begin(pool, parent);
		_exit((pool->making > 0 ? helper_make(pool) :
		    helper_remove(pool)) == 0 ? 0 : 1);
	}
	if (child < 0) {
		log_note(LOG_WARNING_LEVEL, "queue log: no helper: %s",
		    strerror(errno));
		pool->rest_until_ms = clock_monotonic_ms() + REST_MS;
		return;
	}
	pool->helper = child;
}

/*
 * What the helper made is judged by the file, not by the exit status, which
 * somebody else may have taken.
 */
static void
helper_end(struct segment_pool *pool)
{
	struct segment_name made = name_of(SEGMENT_POOL, pool->making);

	pool->helper = 0;
	if (pool->making == 0)
		return;
	if (!is_whole(pool, made)) {
		log_note(LOG_WARNING_LEVEL,
		    "queue log: a file for the pool could not be filled");
		pool->rest_until_ms = clock_monotonic_ms() + REST_MS;
	} else {
		take_stock(pool, made);
	}
}

void
segment_pool_fill(struct segment_pool *pool)
{
	if (pool->helper > 0 &&
	    waitpid(pool->helper, NULL, WNOHANG) == 0)
		return;
	if (pool->helper > 0)
		helper_end(pool);
	if (clock_monotonic_ms() < pool->rest_until_ms)
		return;
	if (pool->drops) {
		pool->drops = false;
		pool->making = 0;
		helper_start(pool);
	} else if (pool->count < pool->want) {
		pool->making = pool->next++;
		helper_start(pool);
	}
}
