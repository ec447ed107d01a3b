/*
 * Walking over many messages in MID order, a bounded number each turn: for
 * lists and for acts on all that a filter matches.
 */
#ifndef QUEUE_QUEUE_SCAN_H
#define QUEUE_QUEUE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/list.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "queue/queue_message.h"

struct queue;
struct queue_channel;

/* Messages looked at in one turn. */
#define QUEUE_SCAN_SLICE 500

/* Substrings, ASCII letters in any case; empty: any. */
struct queue_filter {
	struct text sender;
	struct text recipient;
	struct text destination;
	struct text quarantine;	/* the whole name; empty: any */
	bool held_only;
	bool encryption_only;		/* waits for its envelope */
	bool quarantined_only;
	bool unquarantined_only;
};

struct queue_scan;

struct queue_scan_work {
	/* A message that matches; false ends the scan. */
	bool (*visit)(struct queue_scan *scan, struct queue_message *message,
		const struct envelope *envelope);
	/* All were seen, or visit said enough (more: true). */
	void (*end)(struct queue_scan *scan, bool more);
};

struct queue_scan {
	struct list link;
	struct queue *queue;
	struct queue_channel *channel;
	const struct queue_scan_work *work;
	struct arena *arena;		/* its own, for what it gathers */
	struct queue_filter filter;	/* in the arena */
	uint64_t after;			/* MID seen last */
	uint64_t until;			/* the largest MID at its start */
	bool started;
	/* what the work gathers */
	struct frame_queue_list list;
	size_t limit;
	size_t bytes;
	struct frame_queue_act_ask ask;
	struct frame_queue_act act;
};

struct queue_scans {
	struct list all;
};

void queue_scans_init(struct queue_scans *scans);
/*
 * Begin; the filter's texts are copied.  Fill in what the work needs before
 * the next turn.
 */
struct queue_scan *queue_scan_new(struct queue_channel *channel,
	const struct queue_scan_work *work,
	const struct queue_filter *filter);
void queue_scan_channel_ended(struct queue *queue,
	struct queue_channel *channel);
void queue_scans_turn(struct queue *queue);
void queue_scans_clear(struct queue *queue);

/* Whether a live recipient and the sender match. */
bool queue_filter_matches(const struct queue_filter *filter,
	const struct queue_message *message,
	const struct envelope *envelope);

#endif
