/*
 * The one path by which the queue's memory becomes durable.  A record is
 * appended at the moment when memory changes, so that the order of the
 * records is the order of the changes; it is made durable with everything
 * else of this turn by one sync, and only then is anybody told.
 */
#ifndef QUEUE_QUEUE_LOG_H
#define QUEUE_QUEUE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "queue/queue_message.h"

struct queue;

/* Outcomes wait so long for a batch of accepts to share its sync. */
#define QUEUE_LOG_WAIT_MS 5
/* Bodies over this are streamed as BODY records. */
#define QUEUE_LOG_PIECE_MAX (1024u * 1024)

struct queue_log {
	struct segment_log *log;
	struct buffer scratch;		/* the record being encoded */
	struct loop_timer *timer;
	bool urgent;			/* somebody waits for the sync */
	bool due;			/* the wait is over */
	uint64_t records;
	uint64_t syncs;
	uint64_t sync_us;		/* summed */
	uint64_t bytes;
};

/* Open the log in QUEUE_DIRECTORY/log; failure is fatal(). */
void queue_log_open(struct queue *queue);
void queue_log_close(struct queue *queue);

/*
 * Append; each sets the message's place and lsn where it says where the
 * message is, and counts in the ledger.
 */
void queue_log_accept(struct queue *queue, struct queue_message *message,
	struct text body);
void queue_log_relocate(struct queue *queue, struct queue_message *message,
	struct text body);
void queue_log_piece(struct queue *queue, uint64_t mid, uint32_t index,
	struct text piece, struct segment_place *place);
void queue_log_counters(struct queue *queue);
/*
 * A STATE or OUTCOME about message, with a generated message's body where
 * change->child is set; gives where it stands.
 */
void queue_log_change(struct queue *queue, enum queue_record_type type,
	const struct queue_message *message,
	const struct queue_change *change, struct text child_body,
	struct segment_place *place, uint64_t *lsn);
/*
 * A SPLIT: recipients of message, as change says, are child from now on;
 * sets the child's lsn.
 */
void queue_log_split(struct queue *queue,
	const struct queue_message *message,
	const struct queue_change *change, struct queue_message *child);

/*
 * A DISPOSE about message, with the body of the notification where there is
 * one; gives where it stands.  ERROR_LIMIT: it does not fit into a record.
 */
int queue_log_dispose(struct queue *queue,
	const struct queue_message *message,
	const struct queue_dispose_record *dispose, struct text body,
	struct segment_place *place, uint64_t *lsn) MUST_CHECK;

/* The most that one record may hold inline of a body. */
uint32_t queue_log_inline_max(const struct queue *queue);

/* Somebody waits: sync at the end of this turn. */
void queue_log_hurry(struct queue *queue);
/* Sync now whatever waits. */
void queue_log_sync(struct queue *queue);
/* Nobody waits: sync soon. */
void queue_log_wait(struct queue *queue);
/* At the end of a turn: sync if it is time. */
void queue_log_turn(struct queue *queue);
/* Whether all that was appended is durable. */
bool queue_log_is_synced(const struct queue *queue);
/* lsn up to which all is durable. */
uint64_t queue_log_synced_lsn(const struct queue *queue);

/* What a COUNTERS record holds now; jumps are borrowed. */
void queue_log_fill_counters(struct queue *queue,
	struct queue_counters *out);

#endif
