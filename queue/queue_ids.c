/*
 * Giving numbers away.
 */
#include "queue/queue_ids.h"

#include "queue/queue.h"

void
queue_ids_init(struct queue_ids *ids)
{
	for (size_t i = 0; i < QUEUE_ID_KINDS; i++)
		ids->numbers[i] = (struct queue_number){ 1, 1 };
}

static void
raise_limit(struct queue_number *number, uint64_t limit)
{
	if (limit > number->limit)
		number->limit = limit;
	if (number->limit > number->next)
		number->next = number->limit;
}

void
queue_ids_raise(struct queue_ids *ids, const struct queue_counters *counters)
{
	raise_limit(&ids->numbers[QUEUE_ID_MID], counters->mid_limit);
	raise_limit(&ids->numbers[QUEUE_ID_ICID], counters->icid_limit);
	raise_limit(&ids->numbers[QUEUE_ID_DCID], counters->dcid_limit);
	raise_limit(&ids->numbers[QUEUE_ID_JOB], counters->job_limit);
}

void
queue_ids_saw(struct queue_ids *ids, enum queue_id kind, uint64_t number)
{
	if (number < UINT64_MAX)
		raise_limit(&ids->numbers[kind], number + 1);
}

void
queue_ids_reserve(struct queue *queue, enum queue_id kind, uint32_t count)
{
	struct queue_number *number = &queue->ids.numbers[kind];

	if (number->next + count <= number->limit)
		return;
	number->limit = number->next + count + QUEUE_ID_STEP;
	queue_log_counters(queue);
}

uint64_t
queue_ids_take(struct queue *queue, enum queue_id kind, uint32_t count)
{
	uint64_t first = queue->ids.numbers[kind].next;

	queue_ids_reserve(queue, kind, count);
	queue->ids.numbers[kind].next += count;
	return first;
}

bool
queue_ids_is_given(const struct queue_ids *ids, enum queue_id kind,
    uint64_t number)
{
	return number > 0 && number < ids->numbers[kind].next;
}
