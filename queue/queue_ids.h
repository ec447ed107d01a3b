/*
 * Numbers that are never used again: MID, ICID, DCID and jobs.  A number is
 * given away only when the log says that all below some limit may have
 * been; after a restart counting goes on at that limit.
 */
#ifndef QUEUE_QUEUE_IDS_H
#define QUEUE_QUEUE_IDS_H

#include <stdbool.h>
#include <stdint.h>

struct queue;
struct queue_counters;

enum queue_id {
	QUEUE_ID_MID,
	QUEUE_ID_ICID,
	QUEUE_ID_DCID,
	QUEUE_ID_JOB,
	QUEUE_ID_KINDS
};

/* So many are set apart by one record. */
#define QUEUE_ID_STEP 1000000
#define QUEUE_ID_LEASE_MAX 100000

struct queue_number {
	uint64_t next;
	uint64_t limit;		/* numbers below are in the log */
};

struct queue_ids {
	struct queue_number numbers[QUEUE_ID_KINDS];
};

/* Start counting; nothing is set apart yet. */
void queue_ids_init(struct queue_ids *ids);
/* A COUNTERS record or the index told of limits. */
void queue_ids_raise(struct queue_ids *ids,
	const struct queue_counters *counters);
/* A number was seen in use. */
void queue_ids_saw(struct queue_ids *ids, enum queue_id kind,
	uint64_t number);

/*
 * Take count numbers, the first of them is given.  May append a COUNTERS
 * record, so none may be told to anybody before the next sync.
 */
uint64_t queue_ids_take(struct queue *queue, enum queue_id kind,
	uint32_t count);
/*
 * Make sure that count numbers can be taken without a record, so that they
 * may be told at once after the next sync.
 */
void queue_ids_reserve(struct queue *queue, enum queue_id kind,
	uint32_t count);
/* Whether the number was given to somebody. */
bool queue_ids_is_given(const struct queue_ids *ids, enum queue_id kind,
	uint64_t number);

#endif
