/*
 * The supervisor's insides: the children, the listening sockets, and the
 * configuration on its way to all of them.
 */
#ifndef GATEWAY_SUPERVISOR_SUPERVISOR_PRIVATE_H
#define GATEWAY_SUPERVISOR_SUPERVISOR_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "gateway/base/arena.h"
#include "gateway/base/ipc.h"
#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "gateway/config/config_snapshot.h"
#include "gateway/protocol/frame_supervisor.h"
#include "gateway/protocol/process_kind.h"

/* What a child has answered to the snapshot that is proposed. */
enum child_answer { CHILD_SILENT, CHILD_READY };

struct supervisor;

struct child {
	struct list link;
	struct supervisor *supervisor;
	enum process_kind kind;
	uint32_t number;
	pid_t pid;		/* 0: not running */
	bool is_new;		/* never started yet */
	struct ipc *ipc;
	enum frame_process_state state;
	enum child_answer answer;
	uint32_t restarts;
	int64_t started_us;
	int64_t started_ms;	/* monotonic */
	int64_t heard_ms;	/* last heartbeat, monotonic */
	uint32_t failures;	/* quick deaths in a row, for back-off */
	struct loop_timer *timer;	/* restart, or kill while stopping */
	int in_hand_descriptor;
	volatile uint64_t *in_hand;
	struct arena *counters_arena;
	struct frame_counter *counters;
	size_t counter_count;
};

struct listener {
	struct list link;
	enum process_kind kind;	/* who accepts on it */
	char *name;
	char *address;
	uint16_t port;
	int descriptor;
	bool fresh;		/* bound for the proposed snapshot */
	bool kept;		/* named by it */
};

struct charge {
	struct list link;
	struct frame_charge frame;
};

struct supervisor {
	struct loop *loop;
	struct ipc_identity identity;
	const char *config_path;
	const char *admin_user;
	char *binary_directory;
	int64_t started_us;

	struct list children;
	struct list listeners;
	struct list charges;	/* not yet told to queue */
	int control_socket;
	struct sockaddr_un control_address;	/* and where it lies */

	struct config_snapshot *active;
	int active_descriptor;
	struct config_snapshot *proposed;
	int proposed_descriptor;
	struct loop_timer *propose_timer;

	struct loop_timer *watch_timer;	/* watchdog, logs */
	int64_t watched_ms;	/* when it looked last */
	int log_descriptor;
	int64_t log_day;
	int syslog_descriptor;
	ino_t syslog_inode;
	int64_t syslog_born_ns;	/* numbers of inodes are used again */

	bool ready;		/* told to systemd */
	bool stopping;
	unsigned int stop_stage;
	int exit_status;
};

/* supervisor_child.c */
struct child *child_new(struct supervisor *supervisor,
	enum process_kind kind, uint32_t number);
struct child *child_find(struct supervisor *supervisor,
	enum process_kind kind, uint32_t number);
void child_start(struct supervisor *supervisor, struct child *child);
/* Give a started child its configuration, its sockets and its channels. */
void child_configure(struct supervisor *supervisor, struct child *child);
/* Collect every child that has ended. */
void child_reap(struct supervisor *supervisor);
/* Ask to stop; kill after the grace time. */
void child_stop(struct supervisor *supervisor, struct child *child);
void child_watch(struct supervisor *supervisor);

/* supervisor_frame.c: what children say */
void child_frame(struct supervisor *supervisor, struct child *child,
	uint16_t type, struct text payload, int descriptor);

/* supervisor_wiring.c */
void wiring_connect(struct supervisor *supervisor, struct child *child);
void wiring_charge(struct supervisor *supervisor, struct child *child,
	int signal);
void wiring_send_charges(struct supervisor *supervisor);

/* supervisor_listener.c */
int listener_prepare(struct supervisor *supervisor,
	const struct config *config, struct reason *why) MUST_CHECK;
void listener_settle(struct supervisor *supervisor, bool accepted);
void listener_send(struct supervisor *supervisor, struct child *child);
int listener_open_control(struct supervisor *supervisor,
	const struct config *config, struct reason *why) MUST_CHECK;
void listener_close_control(struct supervisor *supervisor);

/* supervisor_config.c */
void config_propose(struct supervisor *supervisor, uint64_t version,
	int descriptor);
void config_answered(struct supervisor *supervisor);
void config_unanswered(struct supervisor *supervisor,
	const struct child *child);
void config_refused(struct supervisor *supervisor, const char *process,
	struct text path, struct text reason);
void config_send(struct supervisor *supervisor, struct child *child);

/* supervisor_start.c */
/* Start what the active configuration needs and is not there. */
void processes_start(struct supervisor *supervisor);

/* supervisor_log.c */
void logs_open(struct supervisor *supervisor);
void logs_send(struct supervisor *supervisor, struct child *child);
/* Once a minute, and on SIGUSR1: rotate, reconnect to syslog. */
void logs_tend(struct supervisor *supervisor, bool reopen);

/* supervisor_directory.c */
int directories_make(const struct config *config, struct reason *why)
	MUST_CHECK;

/* supervisor_stop.c */
void supervisor_stop(struct supervisor *supervisor, int exit_status);
/* Go on with stopping when a child has ended. */
void supervisor_stop_next(struct supervisor *supervisor);

/* supervisor_notify.c: sd_notify(3) without the library */
void notify_send(const char *state);

/* supervisor_capability.c */
void capabilities_drop(void);

#endif
