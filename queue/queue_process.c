/*
 * Wiring between the supervisor and the queue.
 */
#include "queue/queue_process.h"

#include <signal.h>
#include <unistd.h>

#include "gateway/base/jail.h"
#include "queue/queue.h"

/* One process, one queue. */
static struct queue *queue;

static void
on_child(void *context)
{
	struct queue *of = context;

	segment_log_fill_pool(of->log.log);
}

static void
prepare(void)
{
	queue = queue_new(process_loop(), process_identity(),
	    process_snapshot());
}

static void
run(void)
{
	loop_on_signal(process_loop(), SIGCHLD, on_child, queue);
	queue_run(queue);
}

static void
activate(struct config_snapshot *snapshot)
{
	if (queue != NULL)
		queue_configure(queue, snapshot);
}

static void
on_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	if (queue == NULL || queue->is_stopping) {
		close(descriptor);
		return;
	}
	queue_channel_open(queue, kind, number, descriptor);
}

static void
on_charge(uint64_t mid, enum process_kind kind, int signal)
{
	if (queue != NULL)
		queue_hold_charge(queue, mid, kind, signal);
}

static size_t
counters(struct frame_counter *out, size_t max)
{
	return queue == NULL ? 0 : queue_counters(queue, out, max);
}

static void
stop(void)
{
	/* The rest of this turn still knows it; the process ends now. */
	queue_stop(queue);
	process_stopped();
}

const struct process queue_process = {
	.kind = PROCESS_QUEUE,
	.jail = JAIL_LOOP | JAIL_FILES | JAIL_MEMFD | JAIL_FORK,
	.activate = activate,
	.prepare = prepare,
	.run = run,
	.channel = on_channel,
	.charge = on_charge,
	.counters = counters,
	.stop = stop,
};
