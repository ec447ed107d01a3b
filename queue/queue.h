/*
 * The queue process: every message from its 250 to its last outcome.
 *
 * One turn of the loop: frames are handled, memory changes and records are
 * appended; at its end one sync makes all of it durable, then answers are
 * given and jobs sent out, and a slice of the index is written.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/ipc.h"
#include "gateway/base/loop.h"
#include "gateway/config/config_snapshot.h"
#include "gateway/mail/mail_event.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_deliver.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/frame_supervisor.h"
#include "gateway/store/segment_log.h"
#include "queue/queue_accept.h"
#include "queue/queue_act.h"
#include "queue/queue_admin.h"
#include "queue/queue_answer.h"
#include "queue/queue_body.h"
#include "queue/queue_bounce.h"
#include "queue/queue_budget.h"
#include "queue/queue_change.h"
#include "queue/queue_channel.h"
#include "queue/queue_child.h"
#include "queue/queue_destination.h"
#include "queue/queue_dispatch.h"
#include "queue/queue_dispose.h"
#include "queue/queue_disposition.h"
#include "queue/queue_errand.h"
#include "queue/queue_fate.h"
#include "queue/queue_facts.h"
#include "queue/queue_hold.h"
#include "queue/queue_ids.h"
#include "queue/queue_index.h"
#include "queue/queue_judge.h"
#include "queue/queue_lease.h"
#include "queue/queue_ledger.h"
#include "queue/queue_log.h"
#include "queue/queue_made.h"
#include "queue/queue_message.h"
#include "queue/queue_outcome.h"
#include "queue/queue_part.h"
#include "queue/queue_protect.h"
#include "queue/queue_protection.h"
#include "queue/queue_recover.h"
#include "queue/queue_recycle.h"
#include "queue/queue_rewrite.h"
#include "queue/queue_scan.h"
#include "queue/queue_schedule.h"
#include "queue/queue_split.h"
#include "queue/queue_stream.h"
#include "queue/queue_table.h"
#include "queue/queue_time.h"

#define QUEUE_PATH_MAX 4096

/* Since the start of the process; for the heartbeat. */
struct queue_counts {
	uint64_t accepted;	/* messages */
	uint64_t refused;
	uint64_t delivered;	/* recipients */
	uint64_t deferred;	/* attempts of a recipient */
	uint64_t failed;
	uint64_t expired;
	uint64_t jobs;
};

struct queue {
	struct loop *loop;
	struct ipc_identity identity;
	struct config_snapshot *snapshot;
	const struct config *config;
	uint64_t config_version;
	char directory[QUEUE_PATH_MAX];
	struct arena *arena;		/* one message's envelope, and lists */
	struct arena *save_arena;	/* one record being written or read */
	struct arena *scan_arena;	/* the message a scan looks at */
	struct buffer scratch;		/* bodies and envelopes coming in */
	struct loop_timer *tick;
	uint64_t random;
	struct queue_log log;
	struct queue_table table;
	struct queue_ids ids;
	struct queue_ledger ledger;
	struct queue_time time;
	struct queue_index index;
	struct queue_bodies bodies;
	struct queue_streams streams;
	struct queue_recycle recycle;
	struct queue_destinations destinations;
	struct queue_schedule schedule;
	struct queue_leases leases;
	struct queue_errands errands;
	struct queue_fact_lines facts;
	struct queue_budget budget;
	struct queue_channels channels;
	struct queue_answers answers;
	struct queue_scans scans;
	struct queue_counts counts;
	bool is_stopping;
};

/*
 * A queue over the directory that the snapshot names (made if missing);
 * reads what is there, so that it may take a while.  Failure is fatal().
 */
struct queue *queue_new(struct loop *loop,
	const struct ipc_identity *identity,
	struct config_snapshot *snapshot);
/* Begin to work: timers, turns. */
void queue_run(struct queue *queue);
/*
 * Orderly: what is in memory is durable and in the index.  What is out for
 * delivery is forgotten.
 */
void queue_stop(struct queue *queue);
void queue_free(struct queue *queue);

/* Use this configuration from now on. */
void queue_configure(struct queue *queue, struct config_snapshot *snapshot);
/* The turn's end. */
void queue_turn(struct queue *queue);
/* A path below the directory; too long is fatal(). */
void queue_path(const struct queue *queue, const char *name,
	char out[QUEUE_PATH_MAX]);
/* Compare the clocks before an age decides anything. */
void queue_check_clock(struct queue *queue);

/* Fill in counters for the heartbeat; gives how many. */
size_t queue_counters(struct queue *queue, struct frame_counter *out,
	size_t max);

#endif
