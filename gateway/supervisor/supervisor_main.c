/*
 * postern-supervisor: starts, wires, watches and restarts all others.
 * See postern-supervisor(8).
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/build_id.h"
#include "gateway/protocol/frame.h"
#include "gateway/supervisor/supervisor_private.h"

#define WATCH_MS 5000

static struct supervisor supervisor;

static void
usage(FILE *out)
{
	fputs("usage: postern-supervisor [-hV] [-c FILE] [-u USER]\n"
	    "  -c FILE  configuration (default /etc/postern/postern.yaml)\n"
	    "  -u USER  who admin becomes when started as root\n"
	    "           (default postern-admin)\n"
	    "  -V       print the version\n", out);
}

static void
read_options(int argc, char **argv)
{
	int option;

	supervisor.config_path = "/etc/postern/postern.yaml";
	supervisor.admin_user = "postern-admin";
	while ((option = getopt(argc, argv, "hVc:u:")) != -1) {
		switch (option) {
		case 'c':
			supervisor.config_path = optarg;
			break;
		case 'u':
			supervisor.admin_user = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'V':
			printf("%s\n", build_id);
			exit(0);
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
find_binaries(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		fatal_errno("cannot tell where the programs are "
		    "(is /proc mounted?)");
	path[n] = '\0';
	supervisor.binary_directory = dirname(path);
}

static void
on_child(void *context)
{
	(void)context;
	child_reap(&supervisor);
}

static void
on_terminate(void *context)
{
	(void)context;
	supervisor_stop(&supervisor, 0);
}

static void
on_reload(void *context)
{
	struct child *admin = child_find(&supervisor, PROCESS_ADMIN, 0);
	struct frame_empty empty = { 0 };

	(void)context;
	if (admin != NULL && admin->ipc != NULL)
		frame_send(admin->ipc, FRAME_RELOAD, &empty, -1);
}

static void
on_reopen(void *context)
{
	(void)context;
	logs_tend(&supervisor, true);
}

static void
on_watch(void *context)
{
	(void)context;
	child_watch(&supervisor);
	logs_tend(&supervisor, false);
	loop_timer_set(supervisor.watch_timer, WATCH_MS);
}

/* A connection costs a descriptor: children inherit all that we may have. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
prepare(void)
{
	list_init(&supervisor.children);
	list_init(&supervisor.listeners);
	list_init(&supervisor.charges);
	supervisor.control_socket = -1;
	supervisor.active_descriptor = -1;
	supervisor.proposed_descriptor = -1;
	supervisor.log_descriptor = -1;
	supervisor.syslog_descriptor = -1;
	supervisor.started_us = clock_now_us();
	supervisor.watched_ms = clock_monotonic_ms();
	snprintf(supervisor.identity.build, sizeof(supervisor.identity.build),
	    "%s", build_id);
	supervisor.identity.protocol = IPC_PROTOCOL;
	supervisor.identity.kind = PROCESS_SUPERVISOR;
	supervisor.identity.epoch = (uint64_t)supervisor.started_us;
	supervisor.loop = loop_new();
	supervisor.watch_timer = loop_timer_new(supervisor.loop, on_watch,
	    NULL);
	loop_on_signal(supervisor.loop, SIGCHLD, on_child, NULL);
	loop_on_signal(supervisor.loop, SIGTERM, on_terminate, NULL);
	loop_on_signal(supervisor.loop, SIGINT, on_terminate, NULL);
	loop_on_signal(supervisor.loop, SIGHUP, on_reload, NULL);
	loop_on_signal(supervisor.loop, SIGUSR1, on_reopen, NULL);
}

int
main(int argc, char **argv)
{
	read_options(argc, argv);
	log_set_process("supervisor");
	log_set_stderr(true);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	clock_open();
	find_binaries();
	raise_descriptor_limit();
	prepare();
	capabilities_drop();
	jail_restrict();
	jail_enter(JAIL_LOOP | JAIL_ACCEPT | JAIL_CONNECT | JAIL_FILES |
	    JAIL_READ_FILES | JAIL_MEMFD | JAIL_FORK | JAIL_UNIX_LISTEN |
	    JAIL_SUPERVISE);
	log_event(LOG_INFO_LEVEL, 0, "starting",
	    LOG_STRING("build", build_id),
	    LOG_STRING("config", supervisor.config_path));
	child_start(&supervisor, child_new(&supervisor, PROCESS_ADMIN, 0));
	loop_timer_set(supervisor.watch_timer, WATCH_MS);
	loop_run(supervisor.loop);
	log_event(LOG_INFO_LEVEL, 0, "stopped");
	return supervisor.exit_status;
}
