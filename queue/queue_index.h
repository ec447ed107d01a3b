/*
 * queue.db: an index of the log.  It holds a row for each live message and,
 * in the same transaction, the position in the log up to which it is true;
 * it makes starting fast and answers questions in MID order.  Nothing is
 * lost with it: a missing or damaged one is made again from the log.
 *
 * Rows are written from memory, and only while memory holds nothing that is
 * not synced, in slices of QUEUE_INDEX_SLICE rows a turn; a transaction is
 * committed when no changed message is left, so that rows and position
 * agree.  A message that is done before its turn comes is never written.
 */
#ifndef QUEUE_QUEUE_INDEX_H
#define QUEUE_QUEUE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/base/loop.h"
#include "gateway/store/database.h"
#include "queue/queue_message.h"

struct queue;

#define QUEUE_INDEX_SLICE 500
#define QUEUE_INDEX_EVERY_MS 500

/* A row as it is read; saved is borrowed until the next one. */
struct queue_row {
	uint64_t mid;
	uint64_t body_mid;
	struct segment_place place;
	struct text saved;	/* a struct queue_saved, encoded */
};

struct queue_index {
	struct database *database;
	struct database_statement *write;
	struct database_statement *drop;
	struct database_statement *progress;
	struct database_statement *live;
	struct database_statement *page;
	struct list dirty;		/* queue_message.dirty */
	uint64_t *gone;			/* indexed messages that are done */
	size_t gone_count;
	size_t gone_size;
	struct buffer scratch;
	struct loop_timer *timer;
	bool due;			/* a group is to be written */
	bool is_open;			/* a transaction is */
	bool is_damaged;		/* something fails its checksum */
	uint64_t rows;			/* written */
	uint32_t committed_segment;	/* of the position committed ... */
	uint32_t durable_segment;	/* ... and of the one checkpointed */
	uint64_t last_lsn;		/* of the position committed */
};

/* Open or create; one whose tree is damaged is removed first. */
void queue_index_open(struct queue *queue);
/* Remove and create again, empty. */
void queue_index_reset(struct queue *queue);
void queue_index_close(struct queue *queue);

/*
 * At start: position and counters (decoded into the arena), false where
 * there are none; then every row.  Each has a checksum of its own; where one
 * does not hold, is_damaged is set.
 */
bool queue_index_read_progress(struct queue *queue,
	struct segment_position *position, struct queue_counters *counters,
	struct arena *arena);
void queue_index_read_rows(struct queue *queue,
	void (*take)(struct queue *queue, const struct queue_row *row));

/* The row of this message is no longer what memory holds. */
void queue_index_dirty(struct queue *queue, struct queue_message *message);
/* It leaves memory. */
void queue_index_forget(struct queue *queue, struct queue_message *message);

/* At the end of a turn, when all is synced: a slice. */
void queue_index_turn(struct queue *queue);
/* All of it now, committed; all must be synced. */
void queue_index_finish(struct queue *queue);
/* The same, and durable. */
void queue_index_make_durable(struct queue *queue);
/* The segment of the position that no power cut rolls back. */
uint32_t queue_index_durable_segment(const struct queue *queue);

/* Live recipients by its rows. */
uint64_t queue_index_live(struct queue *queue);
/*
 * Up to most MIDs above after, rising, into out; gives how many.
 */
size_t queue_index_page(struct queue *queue, uint64_t after, uint64_t *out,
	size_t most);

#endif
