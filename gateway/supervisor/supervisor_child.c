/*
 * One child process: fork and exec, death, restart with back-off, watchdog.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "gateway/supervisor/supervisor_private.h"

#define CHILD_DESCRIPTOR 3
#define QUICK_DEATH_MS 10000
/* Quick deaths of one kind before everything runs for the first time. */
#define START_TRIES 5
#define RESTART_PLANNED_MS 20
#define RESTART_FIRST_MS 100
#define RESTART_MAX_MS 10000
#define WATCHDOG_MS 60000
#define STOP_GRACE_MS 35000
#define IN_HAND_SIZE 4096
#define COUNTERS_ARENA_MAX 65536

/* A death by one of these is a crash of our own (not a kill from outside). */
static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL,
	SIGFPE, SIGSYS, SIGXCPU, SIGXFSZ };

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct child *child = context;

	child_frame(child->supervisor, child, type, payload, descriptor);
}

static void
on_ended(void *context, int error)
{
	struct child *child = context;

	/*
	 * Usually it has died and SIGCHLD comes next.  If it lives on but
	 * broke the protocol it must go: it is not what we started.
	 */
	if (error != 0 && error != ERROR_CLOSED && child->pid > 0) {
		log_event(LOG_ERROR_LEVEL, 0, "child_channel_broken",
		    LOG_STRING("process", process_kind_name(child->kind)),
		    LOG_STRING("error", error_name(error)));
		kill(child->pid, SIGKILL);
	}
}

static void
on_timer(void *context)
{
	struct child *child = context;

	if (child->pid == 0) {
		if (!child->supervisor->stopping)
			child_start(child->supervisor, child);
		return;
	}
	log_event(LOG_WARNING_LEVEL, 0, "child_killed",
	    LOG_STRING("process", process_kind_name(child->kind)),
	    LOG_NUMBER("number", child->number),
	    LOG_STRING("reason", "did not stop in time"));
	kill(child->pid, SIGKILL);
}

struct child *
child_find(struct supervisor *supervisor, enum process_kind kind,
    uint32_t number)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->kind == kind && child->number == number)
			return child;
	}
	return NULL;
}

static void
make_in_hand(struct child *child)
{
	child->in_hand_descriptor = memfd_create("in-hand", MFD_CLOEXEC);
	if (child->in_hand_descriptor == -1 ||
	    ftruncate(child->in_hand_descriptor, IN_HAND_SIZE) != 0)
		fatal_errno("cannot make the page of what is in hand");
	child->in_hand = mmap(NULL, IN_HAND_SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED, child->in_hand_descriptor, 0);
	if (child->in_hand == MAP_FAILED)
		fatal_errno("cannot map the page of what is in hand");
}

struct child *
child_new(struct supervisor *supervisor, enum process_kind kind,
    uint32_t number)
{
	struct child *child = memory_new(sizeof(*child));

	child->supervisor = supervisor;
	child->kind = kind;
	child->number = number;
	child->timer = loop_timer_new(supervisor->loop, on_timer, child);
	child->counters_arena = arena_new(COUNTERS_ARENA_MAX);
	make_in_hand(child);
	list_append(&supervisor->children, &child->link);
	return child;
}

static void __attribute__((noreturn))
run_child(struct supervisor *supervisor, struct child *child, int descriptor)
{
	char binary[4096], number[16], epoch[32];
	sigset_t none;
	const char *arguments[] = { binary, "-n", number, "-e", epoch, "-c",
		supervisor->config_path, "-u", supervisor->admin_user, NULL };

	snprintf(binary, sizeof(binary), "%s/postern-%s",
	    supervisor->binary_directory, process_kind_name(child->kind));
	snprintf(number, sizeof(number), "%u", child->number);
	snprintf(epoch, sizeof(epoch), "%llu",
	    (unsigned long long)supervisor->identity.epoch);
	if (child->kind != PROCESS_ADMIN)
		arguments[5] = NULL;
	if (descriptor == CHILD_DESCRIPTOR)
		fcntl(descriptor, F_SETFD, 0);
	else if (dup2(descriptor, CHILD_DESCRIPTOR) == -1)
		_exit(FATAL_EXIT);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	execv(binary, (char *const *)(uintptr_t)arguments);
	fatal_errno("cannot run %s", binary);
}

void
child_start(struct supervisor *supervisor, struct child *child)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) != 0)
		fatal_errno("cannot make a channel");
	child->pid = fork();
	if (child->pid == -1)
		fatal_errno("cannot fork");
	if (child->pid == 0)
		run_child(supervisor, child, pair[1]);
	close(pair[1]);
	child->ipc = ipc_new(supervisor->loop, pair[0], &supervisor->identity,
	    &events, child);
	child->state = FRAME_PROCESS_STARTING;
	child->answer = CHILD_SILENT;
	child->started_us = clock_now_us();
	child->started_ms = child->heard_ms = clock_monotonic_ms();
	*child->in_hand = 0;
	child_configure(supervisor, child);
}

void
child_configure(struct supervisor *supervisor, struct child *child)
{
	struct frame_empty empty = { 0 };

	config_send(supervisor, child);
	logs_send(supervisor, child);
	frame_send(child->ipc, FRAME_IN_HAND, &empty,
	    fcntl(child->in_hand_descriptor, F_DUPFD_CLOEXEC, 3));
	frame_send(child->ipc, FRAME_RUN, &empty, -1);
	listener_send(supervisor, child);
	wiring_connect(supervisor, child);
}

static bool
is_crash(int status)
{
	if (!WIFSIGNALED(status))
		return false;
	for (size_t i = 0; i < sizeof(crash_signals) / sizeof(int); i++)
		if (WTERMSIG(status) == crash_signals[i])
			return true;
	return false;
}

static int64_t
restart_delay(struct child *child, bool planned)
{
	int64_t delay = RESTART_FIRST_MS;

	/* keys ends by itself when it must read other keys. */
	if (planned)
		return RESTART_PLANNED_MS;
	if (clock_monotonic_ms() - child->started_ms > QUICK_DEATH_MS) {
		child->failures = 0;
		return 0;
	}
	if (child->failures++ == 0)
		return 0;
	for (uint32_t i = 1; i < child->failures && delay < RESTART_MAX_MS;
	    i++)
		delay *= 2;
	return delay < RESTART_MAX_MS ? delay : RESTART_MAX_MS;
}

static void
child_ended(struct supervisor *supervisor, struct child *child, int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	bool planned = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool expected = supervisor->stopping || planned;

	log_event(expected ? LOG_INFO_LEVEL : LOG_ERROR_LEVEL, 0,
	    "child_ended",
	    LOG_STRING("process", process_kind_name(child->kind)),
	    LOG_NUMBER("number", child->number),
	    LOG_NUMBER("pid", child->pid),
	    LOG_NUMBER("status", signal == 0 ? WEXITSTATUS(status) : 0),
	    LOG_NUMBER("signal", signal));
	if (is_crash(status))
		wiring_charge(supervisor, child, signal);
	ipc_free(child->ipc);
	child->ipc = NULL;
	child->pid = 0;
	child->counter_count = 0;
	loop_timer_unset(child->timer);
	if (supervisor->stopping) {
		supervisor_stop_next(supervisor);
		return;
	}
	if (supervisor->active == NULL) {
		/* Nothing runs yet: a bad start is told, not repeated. */
		supervisor_stop(supervisor, 1);
		return;
	}
	if (!supervisor->ready && child->failures >= START_TRIES) {
		log_event(LOG_ERROR_LEVEL, 0, "start_given_up",
		    LOG_STRING("process", process_kind_name(child->kind)),
		    LOG_NUMBER("tries", child->failures));
		supervisor_stop(supervisor, 1);
		return;
	}
	if (child->state == FRAME_PROCESS_RUNNING && !planned)
		config_unanswered(supervisor, child);
	child->restarts++;
	child->state = FRAME_PROCESS_WAITING;
	loop_timer_set(child->timer, restart_delay(child, planned));
	config_answered(supervisor);
}

void
child_reap(struct supervisor *supervisor)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);
		int status;

		if (child->pid > 0 &&
		    waitpid(child->pid, &status, WNOHANG) == child->pid)
			child_ended(supervisor, child, status);
	}
}

void
child_stop(struct supervisor *supervisor, struct child *child)
{
	struct frame_empty empty = { 0 };

	(void)supervisor;
	if (child->pid == 0)
		return;
	child->state = FRAME_PROCESS_STOPPING;
	frame_send(child->ipc, FRAME_STOP, &empty, -1);
	loop_timer_set(child->timer, STOP_GRACE_MS);
}

void
child_watch(struct supervisor *supervisor)
{
	struct list *link, *after;
	int64_t now = clock_monotonic_ms();
	/* Who slept through the heartbeats blames nobody for silence. */
	bool was_asleep = now - supervisor->watched_ms > WATCHDOG_MS / 2;

	supervisor->watched_ms = now;
	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (was_asleep)
			child->heard_ms = now;
		if (child->pid == 0 || now - child->heard_ms < WATCHDOG_MS)
			continue;
		log_event(LOG_ERROR_LEVEL, 0, "watchdog",
		    LOG_STRING("process", process_kind_name(child->kind)),
		    LOG_NUMBER("number", child->number),
		    LOG_NUMBER("silent_ms", now - child->heard_ms));
		child->heard_ms = now;
		kill(child->pid, SIGABRT);
		kill(child->pid, SIGCONT);
	}
	notify_send("WATCHDOG=1");
}
