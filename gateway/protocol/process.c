/*
 * A worker's half of the wiring; see process.h.  What it says to the
 * supervisor and hears from it goes through one table.
 */
#include "gateway/protocol/process.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/protocol/build_id.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/process_user.h"

#define SUPERVISOR_DESCRIPTOR 3
#define HEARTBEAT_MS 2000
#define FRAME_ARENA_MAX (4u * 1024 * 1024)
#define IN_HAND_SIZE 4096

struct process_state {
	const struct process *process;
	struct loop *loop;
	struct ipc *supervisor;
	struct ipc_identity identity;
	struct arena *arena;
	struct config_snapshot *active;
	struct config_snapshot *proposed;
	struct loop_timer *heartbeat;
	volatile uint64_t *in_hand;
	const char *config_path;
	const char *user;	/* admin's, before a configuration exists */
	char name[32];
	bool running;
	bool stopping;
	int exit_status;
};

static struct process_state state;

struct loop *
process_loop(void)
{
	return state.loop;
}

uint32_t
process_number(void)
{
	return state.identity.number;
}

const struct ipc_identity *
process_identity(void)
{
	return &state.identity;
}

struct ipc *
process_supervisor(void)
{
	return state.supervisor;
}

struct config_snapshot *
process_snapshot(void)
{
	return state.active;
}

const char *
process_config_path(void)
{
	return state.config_path;
}

void
process_stopped(void)
{
	ipc_flush(state.supervisor);
	loop_stop(state.loop);
}

void
process_in_hand(uint64_t mid)
{
	if (state.in_hand != NULL)
		*state.in_hand = mid;
}

static void
send_heartbeat(void *context)
{
	struct frame_counter counters[FRAME_COUNTERS_MAX];
	struct frame_heartbeat heartbeat = { .counters = counters };

	(void)context;
	if (state.process->counters != NULL)
		heartbeat.counter_count =
		    state.process->counters(counters, FRAME_COUNTERS_MAX);
	frame_send(state.supervisor, FRAME_HEARTBEAT, &heartbeat, -1);
	loop_timer_set(state.heartbeat, HEARTBEAT_MS);
}

static void
reject(uint64_t version, const char *path, const struct reason *why)
{
	struct frame_reject answer = {
		.version = version,
		.path = text_from(path),
		.reason = text_from(why->text),
	};

	frame_send(state.supervisor, FRAME_SNAPSHOT_REJECT, &answer, -1);
}

static void
on_snapshot(const void *value, int descriptor)
{
	const struct frame_version *frame = value;
	const char *path = "";
	struct reason why = { 0 };

	config_snapshot_release(&state.proposed);
	if (config_snapshot_open(descriptor, &state.proposed, &why) != 0) {
		reject(frame->version, path, &why);
		return;
	}
	if (state.process->check != NULL && state.process->check(
	    config_snapshot_config(state.proposed), &path, &why) != 0) {
		config_snapshot_release(&state.proposed);
		reject(frame->version, path, &why);
		return;
	}
	frame_send(state.supervisor, FRAME_SNAPSHOT_READY, frame, -1);
}

static void
on_activate(const void *value, int descriptor)
{
	const struct frame_version *frame = value;
	const struct config_logs *logs;

	(void)descriptor;
	if (state.proposed == NULL ||
	    config_snapshot_version(state.proposed) != frame->version)
		return;
	config_snapshot_release(&state.active);
	state.active = state.proposed;
	state.proposed = NULL;
	logs = &config_snapshot_config(state.active)->logs;
	log_set_level((enum log_level)logs->level);
	log_set_stderr(logs->to_stderr != 0);
	if (state.process->activate != NULL)
		state.process->activate(state.active);
}

static void
on_listener(const void *value, int descriptor)
{
	const struct frame_listener *frame = value;

	if (state.process->listener != NULL)
		state.process->listener(frame->name, descriptor);
	else if (descriptor != -1)
		close(descriptor);
}

static void
on_channel(const void *value, int descriptor)
{
	const struct frame_channel *frame = value;

	if (descriptor == -1)
		return;
	if (state.process->channel != NULL && frame->kind < PROCESS_KINDS)
		state.process->channel((enum process_kind)frame->kind,
		    frame->number, descriptor);
	else
		close(descriptor);
}

static void
on_log_file(const void *value, int descriptor)
{
	(void)value;
	log_set_file(descriptor);
}

static void
on_log_syslog(const void *value, int descriptor)
{
	const struct config *config;

	(void)value;
	if (state.active == NULL) {
		if (descriptor != -1)
			close(descriptor);
		return;
	}
	config = config_snapshot_config(state.active);
	log_set_syslog(descriptor, config->logs.syslog_facility,
	    config->hostname);
}

static void
on_in_hand(const void *value, int descriptor)
{
	void *page;

	(void)value;
	if (descriptor == -1)
		return;
	page = mmap(NULL, IN_HAND_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
	    descriptor, 0);
	close(descriptor);
	if (page == MAP_FAILED)
		fatal_errno("cannot map the page of what is in hand");
	state.in_hand = page;
}

/* Become the user of this kind, as far as we are root at all. */
static void
drop(void)
{
	struct jail_user user = { 0 };
	struct reason why = { 0 };
	const struct config *config = state.active == NULL ? NULL :
	    config_snapshot_config(state.active);
	struct text run_directory;
	char root[4096] = "";

	if (geteuid() == 0 && process_user_find(state.process->kind, config,
	    state.user, &user, &why) != 0)
		fatal("%s", why.text);
	if (user.change && state.process->empty_root && config != NULL) {
		run_directory = config->processes.run_directory;
		if (snprintf(root, sizeof(root), "%.*s/empty",
		    TEXT_ARG(run_directory)) >= (int)sizeof(root))
			fatal("processes.run_directory is too long");
	}
	jail_drop(&user, root[0] == '\0' ? NULL : root);
}

static void
on_run(const void *value, int descriptor)
{
	const struct process *process = state.process;

	(void)descriptor;
	if (state.running)
		return;
	if (process->privileged_prepare && process->prepare != NULL)
		process->prepare();
	drop();
	if (!process->privileged_prepare && process->prepare != NULL)
		process->prepare();
	jail_enter(process->jail);
	state.running = true;
	if (process->run != NULL)
		process->run();
	frame_send(state.supervisor, FRAME_RUNNING, value, -1);
	send_heartbeat(NULL);
}

static void
on_stop(const void *value, int descriptor)
{
	(void)value;
	(void)descriptor;
	if (state.stopping)
		return;
	state.stopping = true;
	if (state.process->stop != NULL && state.running)
		state.process->stop();
	else
		process_stopped();
}

static void
on_charge(const void *value, int descriptor)
{
	const struct frame_charge *frame = value;

	(void)descriptor;
	if (state.process->charge != NULL && frame->kind < PROCESS_KINDS)
		state.process->charge(frame->mid,
		    (enum process_kind)frame->kind, (int)frame->signal);
}

/* Handlers own the descriptor where owns is set. */
static const struct {
	void (*handle)(const void *value, int descriptor);
	bool owns;
} handlers[FRAME_TYPES] = {
	[FRAME_SNAPSHOT] = { .handle = on_snapshot },
	[FRAME_ACTIVATE] = { .handle = on_activate },
	[FRAME_LISTENER] = { .handle = on_listener, .owns = true },
	[FRAME_CHANNEL] = { .handle = on_channel, .owns = true },
	[FRAME_LOG_FILE] = { .handle = on_log_file, .owns = true },
	[FRAME_LOG_SYSLOG] = { .handle = on_log_syslog, .owns = true },
	[FRAME_IN_HAND] = { .handle = on_in_hand, .owns = true },
	[FRAME_RUN] = { .handle = on_run },
	[FRAME_STOP] = { .handle = on_stop },
	[FRAME_CHARGE] = { .handle = on_charge },
};

union supervisor_frame {
	struct frame_version version;
	struct frame_listener listener;
	struct frame_channel channel;
	struct frame_empty empty;
	struct frame_charge charge;
};

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	union supervisor_frame value;
	bool owns = false;
	int r;

	(void)context;
	if (type >= FRAME_TYPES || handlers[type].handle == NULL) {
		if (state.process->frame != NULL) {
			state.process->frame(type, payload, descriptor);
			return;
		}
		r = ERROR_MALFORMED;
	} else {
		arena_reset(state.arena);
		r = frame_decode(PROCESS_SUPERVISOR, state.process->kind,
		    type, payload, state.arena, &value);
	}
	if (r == 0) {
		owns = handlers[type].owns;
		handlers[type].handle(&value, descriptor);
	} else
		log_event(LOG_ERROR_LEVEL, 0, "supervisor_frame_refused",
		    LOG_NUMBER("type", type),
		    LOG_STRING("error", error_name(r)));
	if (descriptor != -1 && !owns)
		close(descriptor);
}

static void
on_ended(void *context, int error)
{
	(void)context;
	(void)error;
	/* Without the supervisor there is no life: it starts us anew. */
	loop_stop(state.loop);
	state.exit_status = state.stopping ? 0 : 1;
}

static void
usage(FILE *out)
{
	fprintf(out, "usage: postern-%s [-hV]\n"
	    "Started by postern-supervisor; see postern-%s(8).\n",
	    process_kind_name(state.process->kind),
	    process_kind_name(state.process->kind));
}

static uint64_t
number_option(const char *value, uint64_t max)
{
	uint64_t number = 0;

	if (text_parse_u64(text_from(value), max, &number) != 0) {
		usage(stderr);
		exit(2);
	}
	return number;
}

static void
read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "hVn:e:c:u:")) != -1) {
		switch (option) {
		case 'h':
			usage(stdout);
			exit(0);
		case 'V':
			printf("%s\n", build_id);
			exit(0);
		case 'n':
			state.identity.number =
			    (uint32_t)number_option(optarg, 100000);
			break;
		case 'e':
			state.identity.epoch = number_option(optarg,
			    UINT64_MAX);
			break;
		case 'c':
			state.config_path = optarg;
			break;
		case 'u':
			state.user = optarg;
			break;
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind != argc) {
		usage(stderr);
		exit(2);
	}
}

static void
ignore_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP,
		SIGUSR1, SIGUSR2 };

	/*
	 * A terminal's Ctrl-C and an init system's SIGTERM reach the whole
	 * group; the supervisor decides the order of stopping.
	 */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	umask(077);
}

int
process_main(int argc, char **argv, const struct process *process)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};
	struct stat status;

	state.process = process;
	read_options(argc, argv);
	if (fstat(SUPERVISOR_DESCRIPTOR, &status) != 0 ||
	    !S_ISSOCK(status.st_mode)) {
		fprintf(stderr, "postern-%s: start postern-supervisor, which "
		    "starts this\n", process_kind_name(process->kind));
		return 2;
	}
	snprintf(state.name, sizeof(state.name), "%s[%u]",
	    process_kind_name(process->kind), state.identity.number);
	log_set_process(state.name);
	ignore_signals();
	clock_open();
	snprintf(state.identity.build, sizeof(state.identity.build), "%s",
	    build_id);
	state.identity.protocol = IPC_PROTOCOL;
	state.identity.kind = process->kind;
	state.arena = arena_new(FRAME_ARENA_MAX);
	state.loop = loop_new();
	state.heartbeat = loop_timer_new(state.loop, send_heartbeat, NULL);
	state.supervisor = ipc_new(state.loop, SUPERVISOR_DESCRIPTOR,
	    &state.identity, &events, NULL);
	loop_run(state.loop);
	return state.exit_status;
}
