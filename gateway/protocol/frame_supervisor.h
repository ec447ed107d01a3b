/*
 * Supervisor and its children: configuration, wiring, life and death.
 *
 * A child starts with its channel to the supervisor as descriptor 3.  The
 * supervisor sends LOG_FILE, LOG_SYSLOG, SNAPSHOT (answered by
 * SNAPSHOT_READY or SNAPSHOT_REJECT), ACTIVATE, IN_HAND, LISTENER and
 * CHANNEL as they apply, then RUN; the child enters its jail and answers
 * RUNNING.  Later SNAPSHOT, ACTIVATE, LISTENER, CHANNEL and LOG_FILE may
 * come at any time.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_SUPERVISOR_H
#define GATEWAY_PROTOCOL_FRAME_SUPERVISOR_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"

/* SNAPSHOT (with the memfd), SNAPSHOT_READY, ACTIVATE */
struct frame_version {
	uint64_t version;
};

/* SNAPSHOT_REJECT */
struct frame_reject {
	uint64_t version;
	struct text path;
	struct text reason;
};

/* LISTENER (with the listening socket); gone: stop using that name */
struct frame_listener {
	struct text name;
	uint8_t gone;
};

/* CHANNEL (with our end of the pair) */
struct frame_channel {
	uint32_t kind;		/* enum process_kind of the other end */
	uint32_t number;
};

/* LOG_SYSLOG (with a connected socket); LOG_FILE carries no fields */
struct frame_empty {
	uint8_t unused;
};

/* HEARTBEAT, every 2 s: alive, and what the process counts */
struct frame_counter {
	struct text name;
	uint64_t value;
};
#define FRAME_COUNTERS_MAX 64
struct frame_heartbeat {
	struct frame_counter *counters;
	size_t counter_count;
};

/* CHARGE, to queue: a worker crashed with this message in hand */
struct frame_charge {
	uint64_t mid;
	uint32_t kind;
	uint32_t signal;
};

/* PROPOSE_RESULT, to admin */
struct frame_propose_result {
	uint64_t version;
	uint8_t accepted;
	struct text process;	/* who refused */
	struct text path;
	struct text reason;
};

/* STATUS_ASK and STATUS */
struct frame_ask {
	uint64_t id;
};

enum frame_process_state {
	FRAME_PROCESS_STARTING,
	FRAME_PROCESS_RUNNING,
	FRAME_PROCESS_WAITING,	/* before a restart */
	FRAME_PROCESS_STOPPING,
};

struct frame_process {
	uint32_t kind;
	uint32_t number;
	uint32_t pid;
	uint8_t state;		/* enum frame_process_state */
	uint32_t restarts;
	int64_t started_us;
	struct frame_counter *counters;
	size_t counter_count;
};

struct frame_status {
	uint64_t id;
	uint64_t config_version;
	int64_t started_us;
	struct frame_process *processes;
	size_t process_count;
};

extern const struct record_shape frame_version_shape;
extern const struct record_shape frame_reject_shape;
extern const struct record_shape frame_listener_shape;
extern const struct record_shape frame_channel_shape;
extern const struct record_shape frame_empty_shape;
extern const struct record_shape frame_heartbeat_shape;
extern const struct record_shape frame_charge_shape;
extern const struct record_shape frame_propose_result_shape;
extern const struct record_shape frame_ask_shape;
extern const struct record_shape frame_status_shape;

#endif
