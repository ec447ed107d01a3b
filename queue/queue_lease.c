/*
 * Leases and their file.
 */
#include "queue/queue_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "queue/queue.h"

#define MAGIC 0x4553454c	/* "LESE" */
#define VERSION 1
/* Jobs whose bodies are memfds hold descriptors while they travel. */
#define DESCRIPTORS_MAX 128

struct lease_slot {
	uint64_t job;		/* 0: free */
	uint64_t mid;
	uint32_t rid;		/* the first of its part */
	uint32_t attempt;
	uint32_t holder;
	uint32_t unused;
};

struct lease_file {
	uint32_t magic;
	uint32_t version;
	uint64_t epoch;		/* of the supervisor: else all is void */
	int64_t wall_us;
	int64_t monotonic_us;
	uint32_t clean;
	uint32_t unused;
	struct lease_slot slots[QUEUE_LEASES_MAX];
};

static struct lease_file *
map_file(struct queue *queue)
{
	char path[QUEUE_PATH_MAX];
	void *memory;
	int descriptor;

	queue_path(queue, "leases", path);
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (descriptor == -1 ||
	    ftruncate(descriptor, sizeof(struct lease_file)) != 0)
		fatal_errno("%s", path);
	memory = mmap(NULL, sizeof(struct lease_file),
	    PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	if (memory == MAP_FAILED)
		fatal_errno("%s", path);
	close(descriptor);
	return memory;
}

static void on_grace(void *context);
static void on_resend(void *context);

void
queue_lease_open(struct queue *queue)
{
	struct queue_leases *leases = &queue->leases;
	struct lease_file *file = map_file(queue);

	list_init(&leases->waiting);
	leases->by_job = map_new();
	leases->file = file;
	leases->free_slots = memory_array(QUEUE_LEASES_MAX,
	    sizeof(*leases->free_slots));
	for (uint32_t i = QUEUE_LEASES_MAX; i > 0; i--)
		leases->free_slots[leases->free_count++] = i - 1;
	leases->grace = loop_timer_new(queue->loop, on_grace, queue);
	leases->resend = loop_timer_new(queue->loop, on_resend, queue);
	if (file->magic != MAGIC || file->version != VERSION)
		memset(file, 0, sizeof(*file));
	leases->was_clean = file->magic == 0 || file->clean != 0;
	leases->wall_us = file->wall_us;
	leases->monotonic_us = file->monotonic_us;
	file->magic = MAGIC;
	file->version = VERSION;
	file->clean = 0;
}

void
queue_lease_close(struct queue *queue)
{
	struct queue_leases *leases = &queue->leases;
	struct queue_lease *lease;
	size_t cursor = 0;

	/* The file keeps them: whoever has a job goes on with it. */
	munmap(leases->file, sizeof(*leases->file));
	leases->file = NULL;
	while ((lease = map_next(leases->by_job, &cursor)) != NULL)
		queue_lease_end(queue, lease);
	map_free(leases->by_job);
	loop_timer_free(leases->grace);
	loop_timer_free(leases->resend);
	free(leases->free_slots);
	*leases = (struct queue_leases){ 0 };
}

void
queue_lease_note_clean(struct queue *queue)
{
	queue->leases.file->clean = 1;
}

void
queue_lease_note_clock(struct queue *queue)
{
	queue->leases.file->wall_us = clock_now_us();
	queue->leases.file->monotonic_us = clock_monotonic_us();
}

/* ---- giving and ending -------------------------------------------------- */

static uint32_t
first_rid(const struct queue_part *part)
{
	const struct queue_message *message = part->message;

	for (size_t i = 0; i < message->recipient_count; i++)
		if (message->recipients[i].part == part)
			return message->recipients[i].rid;
	return 0;
}

bool
queue_lease_has_room(const struct queue *queue, uint64_t bytes)
{
	const struct queue_leases *leases = &queue->leases;

	if (map_count(leases->by_job) == 0)
		return true;
	return leases->free_count > 0 &&
	    leases->bytes + bytes <= queue->config->limits.in_flight &&
	    (bytes <= FRAME_BODY_INLINE_MAX ||
	    leases->descriptors < DESCRIPTORS_MAX);
}

static void
join(struct queue *queue, struct queue_lease *lease,
    struct queue_channel *channel)
{
	list_remove(&lease->link);
	lease->channel = channel;
	if (channel == NULL) {
		list_append(&queue->leases.waiting, &lease->link);
		return;
	}
	list_append(&channel->leases, &lease->link);
	channel->lease_count++;
}

/* Everything but the file. */
static struct queue_lease *
lease_make(struct queue *queue, struct queue_part *part, uint32_t holder,
    uint64_t job, uint32_t slot)
{
	struct queue_leases *leases = &queue->leases;
	struct queue_message *message = part->message;
	struct queue_lease *lease = memory_new(sizeof(*lease));

	list_init(&lease->link);
	lease->job = job;
	lease->mid = message->mid;
	lease->part = part;
	lease->destination = part->destination;
	lease->bytes = message->size;
	lease->slot = slot;
	lease->holder = holder;
	lease->attempt = part->attempts + 1;
	part->lease = lease;
	part->state = QUEUE_PART_LEASED;
	part->destination->leased++;
	part->destination->leased_by[holder % QUEUE_WORKERS]++;
	message->leased++;
	if (message->state == MESSAGE_READY)
		queue_message_move(message, MESSAGE_READY, MESSAGE_SENDING);
	leases->bytes += lease->bytes;
	leases->descriptors += lease->bytes > FRAME_BODY_INLINE_MAX;
	(void)map_put(leases->by_job, job, lease);
	return lease;
}

struct queue_lease *
queue_lease_new(struct queue *queue, struct queue_part *part,
    struct queue_channel *channel, uint64_t job)
{
	struct queue_leases *leases = &queue->leases;
	uint32_t slot = leases->free_slots[--leases->free_count];
	struct queue_lease *lease = lease_make(queue, part, channel->number,
	    job, slot);

	join(queue, lease, channel);
	leases->file->slots[slot] = (struct lease_slot){
		.job = job,
		.mid = lease->mid,
		.rid = first_rid(part),
		.attempt = lease->attempt,
		.holder = lease->holder,
	};
	return lease;
}

struct queue_lease *
queue_lease_find(const struct queue *queue, uint64_t job)
{
	return map_get(queue->leases.by_job, job);
}

void
queue_lease_end(struct queue *queue, struct queue_lease *lease)
{
	struct queue_leases *leases = &queue->leases;
	struct queue_destination *destination = lease->destination;
	struct queue_message *message;

	(void)map_remove(leases->by_job, lease->job);
	if (leases->file != NULL)
		leases->file->slots[lease->slot].job = 0;
	leases->free_slots[leases->free_count++] = lease->slot;
	leases->bytes -= lease->bytes;
	leases->descriptors -= lease->bytes > FRAME_BODY_INLINE_MAX;
	list_remove(&lease->link);
	if (lease->channel != NULL)
		lease->channel->lease_count--;
	if (lease->part != NULL) {
		message = lease->part->message;
		lease->part->lease = NULL;
		lease->part->state = QUEUE_PART_NEW;
		if (--message->leased == 0 &&
		    message->state == MESSAGE_SENDING)
			queue_message_move(message, MESSAGE_SENDING,
			    MESSAGE_READY);
	}
	destination->leased--;
	destination->leased_by[lease->holder % QUEUE_WORKERS]--;
	free(lease);
	queue_schedule_freed(queue, destination);
	queue_destination_tidy(queue, destination);
}

/* ---- channels ----------------------------------------------------------- */

/* Nothing came of it: the part is first in line again. */
static void
give_back(struct queue *queue, struct queue_lease *lease)
{
	struct queue_part *part = lease->part;

	queue_lease_end(queue, lease);
	if (part == NULL)
		return;
	if (part->message->state == MESSAGE_HELD || part->count == 0)
		queue_part_drop(queue, part);
	else
		queue_schedule_return(queue, part);
}

void
queue_lease_channel_ended(struct queue *queue, struct queue_channel *channel)
{
	uint32_t count = channel->lease_count;

	while (!list_is_empty(&channel->leases))
		give_back(queue, LIST_OWNER(channel->leases.prev,
		    struct queue_lease, link));
	/* In an orderly stop, too: the supervisor tells of crashes. */
	if (count > 0)
		log_event(LOG_INFO_LEVEL, 0, "leases_taken_back",
		    LOG_NUMBER("deliver", channel->number),
		    LOG_NUMBER("count", count));
}

void
queue_lease_channel_came(struct queue *queue, struct queue_channel *channel)
{
	struct list *link, *after;

	LIST_EACH(&queue->leases.waiting, link, after) {
		struct queue_lease *lease = LIST_OWNER(link,
		    struct queue_lease, link);

		if (lease->holder != channel->number)
			continue;
		join(queue, lease, channel);
		lease->resend = true;
		loop_timer_set(queue->leases.resend, QUEUE_LEASE_RESEND_MS);
	}
}

static void
on_grace(void *context)
{
	struct queue *queue = context;

	while (!list_is_empty(&queue->leases.waiting))
		give_back(queue, LIST_OWNER(queue->leases.waiting.prev,
		    struct queue_lease, link));
}

static void
on_resend(void *context)
{
	struct queue *queue = context;
	struct queue_lease *lease;
	size_t cursor = 0;

	while ((lease = map_next(queue->leases.by_job, &cursor)) != NULL) {
		if (!lease->resend || lease->channel == NULL)
			continue;
		lease->resend = false;
		if (lease->part == NULL || lease->part->count == 0 ||
		    queue_dispatch_send(queue, lease) != 0)
			give_back(queue, lease);
	}
}

/* ---- start -------------------------------------------------------------- */

static bool
restore_one(struct queue *queue, const struct lease_slot *slot, uint32_t at)
{
	struct queue_message *message = queue_table_find(queue, slot->mid);
	struct queue_recipient *recipient;
	struct queue_part *part;

	if (message == NULL || queue_lease_find(queue, slot->job) != NULL)
		return false;
	recipient = queue_message_recipient(message, slot->rid);
	part = recipient == NULL ? NULL : recipient->part;
	if (part == NULL || part->lease != NULL ||
	    part->attempts + 1 != slot->attempt)
		return false;
	queue_schedule_leave(queue, part);
	join(queue, lease_make(queue, part, slot->holder, slot->job, at),
	    NULL);
	queue_ids_saw(&queue->ids, QUEUE_ID_JOB, slot->job);
	return true;
}

/* The free slots, without those that are taken over. */
static void
count_free_slots(struct queue_leases *leases)
{
	leases->free_count = 0;
	for (uint32_t i = QUEUE_LEASES_MAX; i > 0; i--)
		if (leases->file->slots[i - 1].job == 0)
			leases->free_slots[leases->free_count++] = i - 1;
}

uint64_t
queue_lease_restore(struct queue *queue)
{
	struct queue_leases *leases = &queue->leases;
	struct lease_file *file = leases->file;
	bool is_void = file->epoch != queue->identity.epoch;
	uint64_t count = 0;

	file->epoch = queue->identity.epoch;
	for (uint32_t i = 0; i < QUEUE_LEASES_MAX; i++) {
		if (file->slots[i].job == 0)
			continue;
		if (!is_void && restore_one(queue, &file->slots[i], i))
			count++;
		else
			file->slots[i].job = 0;
	}
	count_free_slots(leases);
	if (count > 0)
		loop_timer_set(leases->grace, QUEUE_LEASE_GRACE_MS);
	return count;
}

size_t
queue_lease_count(const struct queue *queue)
{
	return map_count(queue->leases.by_job);
}
