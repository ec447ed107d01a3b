/*
 * The set of messages, and what each belongs to.
 */
#include "queue/queue_table.h"

#include "queue/queue.h"

void
queue_table_init(struct queue_table *table)
{
	table->by_mid = map_new();
	list_init(&table->all);
}

void
queue_table_clear(struct queue *queue)
{
	struct list *link, *after;

	LIST_EACH(&queue->table.all, link, after) {
		struct queue_message *message =
		    LIST_OWNER(link, struct queue_message, all);

		queue_part_drop_all(queue, message, true);
		queue_table_remove(queue, message);
	}
	map_free(queue->table.by_mid);
	queue->table.by_mid = NULL;
}

struct queue_message *
queue_table_find(const struct queue *queue, uint64_t mid)
{
	return map_get(queue->table.by_mid, mid);
}

void
queue_table_add(struct queue *queue, struct queue_message *message)
{
	struct queue_table *table = &queue->table;

	require(map_put(table->by_mid, message->mid, message) == NULL);
	list_append(&table->all, &message->all);
	table->live += message->live;
	if (message->state == MESSAGE_HELD)
		table->held++;
	queue_recycle_add(queue, message);
	queue_index_dirty(queue, message);
}

void
queue_table_remove(struct queue *queue, struct queue_message *message)
{
	struct queue_table *table = &queue->table;

	require(map_remove(table->by_mid, message->mid) == message);
	queue_schedule_passed(queue, message);
	list_remove(&message->all);
	table->live -= message->live;
	if (message->state == MESSAGE_HELD)
		table->held--;
	queue_errand_end(queue, message);
	queue_body_cool(queue, message);
	queue_recycle_remove(queue, message);
	queue_index_forget(queue, message);
	queue_message_free(message);
}

size_t
queue_table_count(const struct queue *queue)
{
	return map_count(queue->table.by_mid);
}
