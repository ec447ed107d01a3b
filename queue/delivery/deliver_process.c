/*
 * The deliver process: wires the delivery machine to queue, lookup and the
 * supervisor.
 */
#include "queue/delivery/deliver_process.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/openssl_library.h"
#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_submit.h"
#include "queue/delivery/deliver_outbox.h"
#include "queue/delivery/delivery.h"
#include "queue/delivery/delivery_connection.h"
#include "queue/delivery/delivery_tls.h"

/* One decoded frame. */
#define DELIVER_ARENA_MAX (8u * 1024u * 1024u)
/* Numbers of connections asked for at once. */
#define DELIVER_DCID_BLOCK 10000
/* Descriptors that are not connections. */
#define DELIVER_DESCRIPTORS 128
#define DELIVER_DESCRIPTORS_MOST 16384
#define DELIVER_STOP_MS 20000

static struct {
	struct delivery *delivery;
	struct deliver_outbox *outbox;
	struct config_snapshot *snapshot;
	struct arena *arena;
	struct ipc *queue;
	struct ipc *lookup;
	struct loop_timer *stop_timer;
	uint32_t queue_channel;
	uint64_t dcid_next;
	uint64_t dcid_end;
	bool dcid_asked;
	bool is_stopped;
} deliver;

/* ---- what the machine asks for ---- */

static void
deliver_ask_hosts(void *context, const struct frame_hosts_ask *ask)
{
	(void)context;
	/* Without a channel it is asked again as soon as there is one. */
	if (deliver.lookup != NULL)
		frame_send(deliver.lookup, FRAME_HOSTS_ASK, ask, -1);
}

static void
deliver_result(void *context, const struct frame_job_result *result)
{
	(void)context;
	deliver_outbox_add(deliver.outbox, result, clock_monotonic_ms());
	if (deliver.queue != NULL)
		frame_send(deliver.queue, FRAME_JOB_RESULT, result, -1);
}

static void
deliver_lease_dcids(void)
{
	struct frame_id_lease_ask ask = { .kind = FRAME_ID_DCID,
		.count = DELIVER_DCID_BLOCK };

	if (deliver.queue == NULL || deliver.dcid_asked)
		return;
	deliver.dcid_asked = true;
	frame_send(deliver.queue, FRAME_ID_LEASE_ASK, &ask, -1);
}

static uint64_t
deliver_dcid(void *context)
{
	(void)context;
	if (deliver.dcid_end - deliver.dcid_next <= DELIVER_DCID_BLOCK / 4)
		deliver_lease_dcids();
	return deliver.dcid_next < deliver.dcid_end ? deliver.dcid_next++ : 0;
}

static void
deliver_in_hand(void *context, uint64_t mid)
{
	(void)context;
	process_in_hand(mid);
}

static int
deliver_open_socket(void *context, const struct delivery_target *target)
{
	(void)context;
	return delivery_connection_socket(target);
}

static void
deliver_stopped(void *context)
{
	(void)context;
	if (deliver.is_stopped)
		return;
	deliver.is_stopped = true;
	if (deliver.queue != NULL)
		ipc_flush(deliver.queue);
	process_stopped();
}

static const struct delivery_peers deliver_peers = {
	.ask_hosts = deliver_ask_hosts,
	.result = deliver_result,
	.dcid = deliver_dcid,
	.in_hand = deliver_in_hand,
	.open_socket = deliver_open_socket,
	.stopped = deliver_stopped,
};

/* ---- configuration ---- */

/* Each connection needs a descriptor; take what the system gives. */
static size_t
deliver_sessions_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		fatal_errno("getrlimit");
	if (limit.rlim_cur < limit.rlim_max &&
	    limit.rlim_cur < DELIVER_DESCRIPTORS_MOST) {
		limit.rlim_cur = limit.rlim_max < DELIVER_DESCRIPTORS_MOST ?
		    limit.rlim_max : DELIVER_DESCRIPTORS_MOST;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
			fatal_errno("getrlimit");
	}
	/* A third for bodies that are memfds. */
	if (limit.rlim_cur < 3 * DELIVER_DESCRIPTORS)
		return DELIVER_DESCRIPTORS / 2;
	return (size_t)(limit.rlim_cur - DELIVER_DESCRIPTORS) * 2 / 3;
}

static void
deliver_begin(void)
{
	if (deliver.delivery != NULL)
		return;
	deliver.delivery = delivery_new(process_loop(),
	    deliver_sessions_max(), &deliver_peers, NULL);
	deliver.outbox = deliver_outbox_new();
	deliver.arena = arena_new(DELIVER_ARENA_MAX);
}

static int
deliver_check(const struct config *config, const char **path,
	struct reason *why)
{
	struct tls_context *tls = NULL;
	int error;

	/* The first snapshot comes before the jail. */
	openssl_library_prepare();
	*path = "tls.trust";
	error = tls_context_new_client(config->tls.trust_pem, &tls, why);
	tls_context_release(&tls);
	return error;
}

static void
deliver_activate(struct config_snapshot *snapshot)
{
	struct config_snapshot *old = deliver.snapshot;
	struct reason why = { .text = "" };

	deliver_begin();
	deliver.snapshot = config_snapshot_ref(snapshot);
	if (delivery_configure(deliver.delivery,
	    config_snapshot_config(snapshot), &why) < 0)
		fatal("tls.trust: %s", why.text);
	config_snapshot_release(&old);
}

/* ---- frames ---- */

static void
deliver_channel_end(struct ipc **channel, const char *peer, int error)
{
	if (error != 0 && error != ERROR_CLOSED)
		log_event(LOG_ERROR_LEVEL, 0, "channel_broken",
		    LOG_STRING("peer", peer),
		    LOG_STRING("reason", error_name(error)));
	ipc_free(*channel);
	*channel = NULL;
}

static int
deliver_take_job(struct text payload, int descriptor)
{
	struct frame_job frame;
	struct message_body *body = NULL;
	int error = frame_decode(PROCESS_QUEUE, PROCESS_DELIVER, FRAME_JOB,
	    payload, deliver.arena, &frame);

	if (error < 0) {
		if (descriptor >= 0)
			(void)close(descriptor);
		return error;
	}
	process_in_hand(frame.envelope.mid);
	/* Without its bytes it fails the check of their hash. */
	body = message_body_receive_or_empty(frame.body, descriptor,
	    frame.envelope.size);
	error = delivery_take(deliver.delivery, &frame, body,
	    deliver.queue_channel);
	message_body_release(&body);
	process_in_hand(0);
	return error;
}

static int
deliver_take_lease(struct text payload, int descriptor)
{
	struct frame_id_lease lease;
	int error;

	if (descriptor >= 0)
		(void)close(descriptor);
	error = frame_decode(PROCESS_QUEUE, PROCESS_DELIVER, FRAME_ID_LEASE,
	    payload, deliver.arena, &lease);
	if (error < 0)
		return error;
	if (lease.kind != FRAME_ID_DCID)
		return ERROR_STATE;
	deliver.dcid_asked = false;
	deliver.dcid_next = lease.first;
	deliver.dcid_end = lease.first + lease.count;
	return 0;
}

static int
deliver_take_hosts(struct text payload, int descriptor)
{
	struct frame_hosts hosts;
	int error;

	if (descriptor >= 0)
		(void)close(descriptor);
	error = frame_decode(PROCESS_LOOKUP, PROCESS_DELIVER, FRAME_HOSTS,
	    payload, deliver.arena, &hosts);
	if (error == 0)
		delivery_hosts_came(deliver.delivery, &hosts);
	return error;
}

struct deliver_frame {
	uint16_t type;
	enum process_kind from;
	int (*take)(struct text payload, int descriptor);
};

static const struct deliver_frame deliver_frames[] = {
	{ .type = FRAME_JOB, .from = PROCESS_QUEUE,
		.take = deliver_take_job },
	{ .type = FRAME_ID_LEASE, .from = PROCESS_QUEUE,
		.take = deliver_take_lease },
	{ .type = FRAME_HOSTS, .from = PROCESS_LOOKUP,
		.take = deliver_take_hosts },
};

static int
deliver_take(enum process_kind from, uint16_t type, struct text payload,
	int descriptor)
{
	size_t i;
	int error;

	for (i = 0; i < sizeof(deliver_frames) / sizeof(deliver_frames[0]);
	    i++) {
		if (deliver_frames[i].type != type ||
		    deliver_frames[i].from != from)
			continue;
		error = deliver_frames[i].take(payload, descriptor);
		arena_reset(deliver.arena);
		return error;
	}
	if (descriptor >= 0)
		(void)close(descriptor);
	return ERROR_REFUSED;
}

static void
deliver_queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	int error = deliver_take(PROCESS_QUEUE, type, payload, descriptor);

	(void)context;
	/* Only a new process gets a new channel to it. */
	if (error < 0)
		fatal("a frame of queue cannot be read: %s",
		    error_name(error));
}

static void
deliver_queue_ended(void *context, int error)
{
	(void)context;
	deliver_channel_end(&deliver.queue, "queue", error);
}

static void
deliver_lookup_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	int error = deliver_take(PROCESS_LOOKUP, type, payload, descriptor);

	(void)context;
	if (error < 0)
		deliver_channel_end(&deliver.lookup, "lookup", error);
}

static void
deliver_lookup_ended(void *context, int error)
{
	(void)context;
	deliver_channel_end(&deliver.lookup, "lookup", error);
}

static const struct ipc_events deliver_queue_events = {
	.frame = deliver_queue_frame,
	.ended = deliver_queue_ended,
};

static const struct ipc_events deliver_lookup_events = {
	.frame = deliver_lookup_frame,
	.ended = deliver_lookup_ended,
};

/* ---- channels ---- */

/*
 * First what the old channel may have lost, then the question for numbers,
 * by which queue knows that nothing older will follow but the ends of what
 * is at hand.
 */
static void
deliver_queue_channel(int descriptor)
{
	ipc_free(deliver.queue);
	deliver.queue = ipc_new(process_loop(), descriptor,
	    process_identity(), &deliver_queue_events, NULL);
	deliver.queue_channel++;
	delivery_forget_waiting(deliver.delivery, deliver.queue_channel);
	deliver_outbox_send(deliver.outbox, deliver.queue,
	    clock_monotonic_ms());
	deliver.dcid_asked = false;
	deliver_lease_dcids();
}

static void
deliver_lookup_channel(int descriptor)
{
	ipc_free(deliver.lookup);
	deliver.lookup = ipc_new(process_loop(), descriptor,
	    process_identity(), &deliver_lookup_events, NULL);
	delivery_ask_again(deliver.delivery);
}

static void
deliver_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	(void)number;
	if (kind == PROCESS_QUEUE) {
		deliver_queue_channel(descriptor);
	} else if (kind == PROCESS_LOOKUP) {
		deliver_lookup_channel(descriptor);
	} else {
		log_event(LOG_ERROR_LEVEL, 0, "channel_unexpected",
		    LOG_STRING("peer", process_kind_name(kind)));
		(void)close(descriptor);
	}
}

/* ---- the rest ---- */

static void
deliver_stop_late(void *context)
{
	log_note(LOG_WARNING_LEVEL,
	    "stopping with transactions that did not end in time");
	deliver_stopped(context);
}

static void
deliver_stop(void)
{
	deliver.stop_timer = loop_timer_new(process_loop(),
	    deliver_stop_late, NULL);
	loop_timer_set(deliver.stop_timer, DELIVER_STOP_MS);
	delivery_stop(deliver.delivery);
}

static size_t
deliver_counters(struct frame_counter *out, size_t max)
{
	const struct delivery_counts counts =
	    delivery_count(deliver.delivery);
	const struct frame_counter counters[] = {
		{ .name = TEXT_INIT("jobs"), .value = counts.jobs },
		{ .name = TEXT_INIT("sessions"), .value = counts.sessions },
		{ .name = TEXT_INIT("destinations"),
			.value = counts.destinations },
		{ .name = TEXT_INIT("connections"),
			.value = counts.connections },
		{ .name = TEXT_INIT("connect_failures"),
			.value = counts.connect_failures },
		{ .name = TEXT_INIT("tls_sessions"),
			.value = counts.tls_sessions },
		{ .name = TEXT_INIT("delivered"), .value = counts.delivered },
		{ .name = TEXT_INIT("deferred"), .value = counts.deferred },
		{ .name = TEXT_INIT("failed"), .value = counts.failed },
		{ .name = TEXT_INIT("needs_envelope"),
			.value = counts.needs_envelope },
		{ .name = TEXT_INIT("unknown"), .value = counts.unknown },
		{ .name = TEXT_INIT("results_kept"),
			.value = deliver_outbox_count(deliver.outbox) },
	};
	size_t count = sizeof(counters) / sizeof(counters[0]);

	if (count > max)
		count = max;
	memcpy(out, counters, count * sizeof(counters[0]));
	return count;
}

const struct process deliver_process = {
	.kind = PROCESS_DELIVER,
	.jail = JAIL_LOOP | JAIL_CONNECT | JAIL_MEMFD,
	.empty_root = true,
	.check = deliver_check,
	.activate = deliver_activate,
	.channel = deliver_channel,
	.counters = deliver_counters,
	.stop = deliver_stop,
};
