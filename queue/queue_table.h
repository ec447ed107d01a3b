/*
 * All live messages, by MID.
 */
#ifndef QUEUE_QUEUE_TABLE_H
#define QUEUE_QUEUE_TABLE_H

#include <stdint.h>

#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "queue/queue_message.h"

struct queue;

struct queue_table {
	struct map *by_mid;
	struct list all;
	uint64_t live;		/* recipients */
	uint64_t held;		/* messages */
};

void queue_table_init(struct queue_table *table);
/* Frees every message. */
void queue_table_clear(struct queue *queue);

/* NULL where there is none. */
struct queue_message *queue_table_find(const struct queue *queue,
	uint64_t mid);
/* It has its place; joins table, segment and the index's dirty ones. */
void queue_table_add(struct queue *queue, struct queue_message *message);
/* Takes it out of everything and frees it; it must have no parts. */
void queue_table_remove(struct queue *queue, struct queue_message *message);
size_t queue_table_count(const struct queue *queue);

#endif
