/*
 * One child for one envelope.  The parent makes the answer's memory file,
 * forks, and reads a few bytes of result from a pipe when the child has
 * ended; it believes the child nothing but that.  unseal process.
 */
#include "crypto/unseal/unseal_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/unseal/unseal_open.h"
#include "gateway/base/descriptor.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"

#define RESULT_MAX 4096
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* Where a child finds what it was given. */
enum child_descriptor { CHILD_PAYLOAD = 3, CHILD_OUTPUT, CHILD_RESULT,
	CHILD_DESCRIPTORS };

struct unseal_child {
	struct unseal_child_events events;
	void *context;
	pid_t pid;		/* 0: has been waited for */
	uint32_t part;
	int output;
	int result;		/* reading end of the pipe */
	struct loop_watch *watch;
	struct loop_timer *timer;
	bool was_killed;
	char bytes[RESULT_MAX];
	size_t len;
};

/* ---- in the child -------------------------------------------------------- */

/* Ends of other openings, channels and the loop's own are not for us. */
static void
arrange_descriptors(int payload, int output, int result)
{
	int high[3];
	const int given[3] = { payload, output, result };

	/* Out of the way first: a target may be another's place. */
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(given[i], F_DUPFD, CHILD_DESCRIPTORS + 3);
	for (int i = 0; i < 3; i++)
		if (high[i] == -1 || dup2(high[i], CHILD_PAYLOAD + i) == -1)
			_exit(1);
	if (close_range(CHILD_DESCRIPTORS, ~0u, 0) != 0)
		_exit(1);
}

static int
read_payload(uint64_t size, struct buffer *out)
{
	char *place;

	if (size > UNSEAL_PAYLOAD_MAX ||
	    buffer_reserve(out, (size_t)size, &place) != 0)
		return ERROR_LIMIT;
	while (buffer_len(out) < size) {
		size_t len = buffer_len(out);
		ssize_t n = pread(CHILD_PAYLOAD, place + len,
		    (size_t)size - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERROR_MALFORMED;
		buffer_commit(out, (size_t)n);
	}
	return 0;
}

static int
write_answer(const struct unseal_answer *answer)
{
	struct frame_unseal result = {
		.outcome = FRAME_UNSEAL_OK,
		.size = answer->body.len,
		.filename = answer->filename,
	};
	struct buffer bytes;
	int r = descriptor_write(CHILD_OUTPUT, answer->body);

	if (r == 0 && ftruncate(CHILD_OUTPUT, (off_t)answer->body.len) != 0)
		r = ERROR_SYSTEM;
	buffer_init(&bytes, RESULT_MAX);
	if (r == 0)
		r = record_encode(&frame_unseal_shape, &result, &bytes);
	if (r == 0)
		r = descriptor_write(CHILD_RESULT, buffer_text(&bytes));
	buffer_clear(&bytes);
	return r;
}

static int
open_envelope(const struct unseal_child_order *given)
{
	struct unseal_opening opening;
	struct unseal_answer answer;
	struct unseal_order order = {
		.header = given->header,
		.share = given->share,
		.part = given->part,
		.parts_path = given->parts_path,
	};
	struct buffer payload;
	int r;

	memcpy(order.key_share, given->key_share, sizeof(order.key_share));
	unseal_opening_init(&opening);
	buffer_init(&payload, UNSEAL_PAYLOAD_MAX);
	r = read_payload(given->payload_size, &payload);
	order.payload = buffer_text(&payload);
	if (r == 0)
		r = unseal_open(&opening, &order, &answer);
	if (r == 0)
		r = write_answer(&answer);
	return r;
}

static void run_child(const struct unseal_child_order *order, int output,
    int result) __attribute__((noreturn));

static void
run_child(const struct unseal_child_order *order, int output, int result)
{
	/* The timer that would end it lives in the parent. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		_exit(1);
	arrange_descriptors(order->payload, output, result);
	order->forget(order->context);
	/* Only ever narrower: neither fork nor anything of the parent's. */
	jail_enter(JAIL_LOOP | JAIL_MEMFD);
	_exit(open_envelope(order) == 0 ? 0 : 1);
}

/* ---- in the parent ------------------------------------------------------- */

static void
end_process(struct unseal_child *child)
{
	int status = 0;

	if (child->pid == 0)
		return;
	(void)tgkill(child->pid, child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	/* Another signal was there before ours: a parser has crashed. */
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		log_event(LOG_ERROR_LEVEL, 0, "unseal_crashed",
		    LOG_NUMBER("pid", child->pid),
		    LOG_NUMBER("signal", WTERMSIG(status)));
	child->pid = 0;
}

/* A name that people and header fields can bear, or none. */
static struct text
clean_filename(struct text name)
{
	struct text rest = name;
	uint32_t point;
	size_t len;

	while (rest.len > 0) {
		len = utf8_next(rest, &point);
		if (len == 0 || utf8_is_unsafe(point))
			return TEXT("attachment");
		rest = text_skip(rest, len);
	}
	return name;
}

/* Fill in what the child says, as far as it is believed. */
static int
read_result(struct unseal_child *child, struct arena *arena,
    struct frame_unseal *answer)
{
	struct stat status;
	struct frame_unseal said;

	if (record_decode(&frame_unseal_shape, text_of(child->bytes,
	    child->len), arena, &said) != 0 ||
	    said.outcome != FRAME_UNSEAL_OK ||
	    fstat(child->output, &status) != 0 || status.st_size < 0 ||
	    (uint64_t)status.st_size != said.size ||
	    fcntl(child->output, F_ADD_SEALS, SEALS) != 0)
		return ERROR_MALFORMED;
	answer->outcome = FRAME_UNSEAL_OK;
	answer->size = said.size;
	answer->filename = clean_filename(said.filename);
	/* Not the child's to say: nothing but the page is ever HTML. */
	answer->type = child->part == FRAME_UNSEAL_PAGE ?
	    TEXT("text/html; charset=utf-8") :
	    TEXT("application/octet-stream");
	return 0;
}

static void
finish(struct unseal_child *child)
{
	struct frame_unseal answer = { .outcome = FRAME_UNSEAL_DAMAGED };
	struct arena *arena = arena_new(RESULT_MAX * 2);
	int descriptor = -1;

	loop_watch_want(child->watch, 0);
	loop_timer_unset(child->timer);
	end_process(child);
	if (child->was_killed)
		answer.outcome = FRAME_UNSEAL_TRY_LATER;
	else if (read_result(child, arena, &answer) == 0) {
		descriptor = child->output;
		child->output = -1;
	}
	child->events.ended(child->context, &answer, descriptor);
	arena_free(arena);
}

static void
on_ready(void *context, unsigned int ready)
{
	struct unseal_child *child = context;
	ssize_t n;

	(void)ready;
	/* A child that says too much is no child of ours any more. */
	if (child->len == sizeof(child->bytes)) {
		child->len = 0;
		finish(child);
		return;
	}
	n = read(child->result, child->bytes + child->len,
	    sizeof(child->bytes) - child->len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		child->len += (size_t)n;
	else
		finish(child);
}

static void
on_timer(void *context)
{
	struct unseal_child *child = context;

	log_event(LOG_WARNING_LEVEL, 0, "unseal_too_slow",
	    LOG_NUMBER("pid", child->pid));
	child->was_killed = true;
	finish(child);
}

/* It cannot grow beyond what an answer may have. */
static int
make_output(void)
{
	int descriptor = memfd_create("unsealed",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (descriptor != -1 && (ftruncate(descriptor, UNSEAL_OUTPUT_MAX) !=
	    0 || fcntl(descriptor, F_ADD_SEALS, F_SEAL_GROW) != 0)) {
		close(descriptor);
		descriptor = -1;
	}
	return descriptor;
}

int
unseal_child_new(struct loop *loop, const struct unseal_child_order *order,
    const struct unseal_child_events *events, void *context,
    struct unseal_child **out)
{
	struct unseal_child *child;
	int ends[2] = { -1, -1 };
	int output = make_output();
	pid_t pid = -1;

	if (output != -1 && pipe2(ends, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0)
		run_child(order, output, ends[1]);
	if (ends[1] != -1)
		close(ends[1]);
	if (pid == -1) {
		if (ends[0] != -1)
			close(ends[0]);
		if (output != -1)
			close(output);
		return ERROR_SYSTEM;
	}
	child = memory_new(sizeof(*child));
	child->events = *events;
	child->context = context;
	child->pid = pid;
	child->part = order->part;
	child->output = output;
	child->result = ends[0];
	child->watch = loop_watch_new(loop, child->result, on_ready, child);
	loop_watch_want(child->watch, LOOP_READ);
	child->timer = loop_timer_new(loop, on_timer, child);
	loop_timer_set(child->timer, UNSEAL_CHILD_MS);
	*out = child;
	return 0;
}

void
unseal_child_free(struct unseal_child *child)
{
	if (child == NULL)
		return;
	end_process(child);
	loop_watch_free(child->watch);
	loop_timer_free(child->timer);
	close(child->result);
	if (child->output != -1)
		close(child->output);
	free(child);
}
