/*
 * A worker's half of the wiring: start, hello, configuration, channels,
 * heartbeat, stop.  Each process names its callbacks in a struct process
 * and calls process_main(); everything runs in one loop.
 */
#ifndef GATEWAY_PROTOCOL_PROCESS_H
#define GATEWAY_PROTOCOL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/ipc.h"
#include "gateway/base/loop.h"
#include "gateway/config/config_snapshot.h"
#include "gateway/protocol/frame_supervisor.h"
#include "gateway/protocol/process_kind.h"

struct process {
	enum process_kind kind;
	unsigned int jail;	/* set of enum jail_group */
	/*
	 * When started as root: prepare() still runs as root (keys reads
	 * files that nobody else may read), and the root directory becomes
	 * an empty one (for whoever opens no file later).
	 */
	bool privileged_prepare;
	bool empty_root;

	/*
	 * Check a snapshot without using it yet: 0, or a negative enum error
	 * with *path (static or in the snapshot) and *why; may be NULL.
	 */
	int (*check)(const struct config *config, const char **path,
		struct reason *why);
	/* Use this snapshot from now on; take a reference to keep it. */
	void (*activate)(struct config_snapshot *snapshot);
	/*
	 * Before the jail, with the first snapshot active: open files, make
	 * directories, load keys.  Failure is fatal().  May be NULL.
	 */
	void (*prepare)(void);
	/* In the jail; begin the work.  May be NULL. */
	void (*run)(void);
	/* A listening socket for the listener of that name; -1: stop using. */
	void (*listener)(struct text name, int descriptor);
	/*
	 * A new channel to a peer; replaces an older one to the same number
	 * (the peer was restarted).  The descriptor is the callee's.
	 */
	void (*channel)(enum process_kind kind, uint32_t number,
		int descriptor);
	/* queue only: a worker crashed with this message in hand. */
	void (*charge)(uint64_t mid, enum process_kind kind, int signal);
	/* admin only: frames of the supervisor that are not handled here. */
	void (*frame)(uint16_t type, struct text payload, int descriptor);
	/* Fill in what the heartbeat tells; at most FRAME_COUNTERS_MAX. */
	size_t (*counters)(struct frame_counter *out, size_t max);
	/*
	 * Stop gracefully: finish what is at hand, then process_stopped().
	 * NULL: stop at once.
	 */
	void (*stop)(void);
};

/*
 * Run until told to stop; gives the exit status.  Understands -V, -h,
 * -n NUMBER, -e EPOCH and, for admin, -c FILE and -u USER; anything else is
 * a usage error.  Must be started by the supervisor (descriptor 3).
 */
int process_main(int argc, char **argv, const struct process *process);

/* For use in callbacks. */
struct loop *process_loop(void);
uint32_t process_number(void);
const struct ipc_identity *process_identity(void);
struct ipc *process_supervisor(void);
/* The active one, borrowed; NULL before the first (admin starts so). */
struct config_snapshot *process_snapshot(void);
/* The configuration file that admin was started with. */
const char *process_config_path(void);
void process_stopped(void);

/*
 * The message that this process works on right now, in a page shared with
 * the supervisor: survives kill -9 and tells whom to charge with a crash.
 * 0 for none.  A plain store: cheap enough for every callback.
 */
void process_in_hand(uint64_t mid);

#endif
