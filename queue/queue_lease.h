/*
 * Leases: which part of which message is in whose hands.  They need no sync:
 * they live in memory, and in a small mapped file that survives kill -9 of
 * this process but means nothing after a restart of all.
 *
 * After a restart of queue alone the deliver processes go on with what they
 * have, and send their results to the new channel.  Each job in the file is
 * sent again under its old number to the process that had it: deliver must
 * not start a job twice that it has or had (PROTOCOL.queuerecords), so the
 * message is delivered once.  A process that does not come back within
 * QUEUE_LEASE_GRACE_MS loses its leases.
 */
#ifndef QUEUE_QUEUE_LEASE_H
#define QUEUE_QUEUE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/loop.h"
#include "gateway/base/map.h"
#include "queue/queue_part.h"

struct queue;
struct queue_channel;

#define QUEUE_LEASES_MAX 8192
#define QUEUE_LEASE_GRACE_MS 5000
/* Results that were on their way come first. */
#define QUEUE_LEASE_RESEND_MS 500

struct queue_lease {
	struct list link;		/* of its channel, or of the waiting */
	uint64_t job;
	uint64_t mid;
	struct queue_part *part;	/* NULL: the part has gone */
	struct queue_destination *destination;
	struct queue_channel *channel;	/* NULL: its holder is not back */
	uint64_t bytes;			/* of body */
	uint32_t slot;			/* in the file */
	uint32_t holder;		/* number of the deliver process */
	uint32_t attempt;
	bool resend;			/* JOB has not been sent by us */
};

struct queue_leases {
	struct map *by_job;
	struct list waiting;		/* without a channel */
	struct lease_file *file;	/* mapped */
	uint32_t *free_slots;
	uint32_t free_count;
	uint64_t bytes;			/* of bodies out */
	uint32_t descriptors;		/* of those, large ones */
	struct loop_timer *grace;
	struct loop_timer *resend;
	bool was_clean;			/* the file's last user ended well */
	int64_t wall_us;		/* as the file had them */
	int64_t monotonic_us;
};

/* Map the file; failure is fatal(). */
void queue_lease_open(struct queue *queue);
/* An orderly end: the file says so. */
void queue_lease_note_clean(struct queue *queue);
/* Forgets every lease; the file keeps them. */
void queue_lease_close(struct queue *queue);
/* At start, with all messages scheduled: take over what is in hand. */
uint64_t queue_lease_restore(struct queue *queue);
/* Note the clocks in the file, for the next start. */
void queue_lease_note_clock(struct queue *queue);

/* Whether another one may be given. */
bool queue_lease_has_room(const struct queue *queue, uint64_t bytes);
/* Lease a part that is in heap and list no longer. */
struct queue_lease *queue_lease_new(struct queue *queue,
	struct queue_part *part, struct queue_channel *channel, uint64_t job);
/* NULL where there is none. */
struct queue_lease *queue_lease_find(const struct queue *queue,
	uint64_t job);
/* It is over; its part, if it still has one, belongs to nobody then. */
void queue_lease_end(struct queue *queue, struct queue_lease *lease);

/* A channel came: its waiting leases are its again. */
void queue_lease_channel_came(struct queue *queue,
	struct queue_channel *channel);
/* A channel ended: what it had is due again. */
void queue_lease_channel_ended(struct queue *queue,
	struct queue_channel *channel);
size_t queue_lease_count(const struct queue *queue);

#endif
