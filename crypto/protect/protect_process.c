/*
 * Wiring of the protect process.  Names of key services are looked up
 * before the jail; where one must be looked up anew the process ends in
 * order and is started again.
 */
#include "crypto/protect/protect_process.h"

#include <string.h>
#include <unistd.h>

#include "crypto/key_service_message.h"
#include "crypto/protect/protect.h"
#include "crypto/remote_key.h"
#include "crypto/tls_context.h"
#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/mail/charset.h"
#include "gateway/protocol/frame.h"

/* One decoded frame. */
#define FRAME_ARENA_MAX (32u * 1024 * 1024)
#define KEYS_TIMEOUT_MS 5000
#define STOP_MS 10000
/* Names are not looked up more often than this. */
#define NAMES_AGE_MS 60000

static struct {
	struct protect *protect;
	struct https_hosts *hosts;
	struct remote_key_channel *keys;
	struct config_snapshot *snapshot;
	struct arena *arena;
	struct ipc *queue;
	struct loop_timer *stop_timer;
	int64_t names_ms;	/* when they were looked up */
	bool is_jailed;
	bool is_stopping;
	bool is_stopped;
} state;

/* ---- stopping ---- */

static void
end(void *context)
{
	(void)context;
	if (state.is_stopped)
		return;
	state.is_stopped = true;
	if (state.queue != NULL)
		ipc_flush(state.queue);
	process_stopped();
}

static void
end_late(void *context)
{
	log_note(LOG_WARNING_LEVEL,
	    "stopping with messages that were not finished in time");
	end(context);
}

static void
stop(void)
{
	if (state.is_stopping)
		return;
	state.is_stopping = true;
	state.stop_timer = loop_timer_new(process_loop(), end_late, NULL);
	loop_timer_set(state.stop_timer, STOP_MS);
	protect_stop(state.protect);
}

/* ---- what the jobs ask for ---- */

static void
send_result(void *context, const struct frame_protected *result,
	int descriptor)
{
	(void)context;
	if (state.queue != NULL)
		frame_send(state.queue, FRAME_PROTECTED, result, descriptor);
	else if (descriptor != -1)
		(void)close(descriptor);
}

static void
set_in_hand(void *context, uint64_t mid)
{
	(void)context;
	process_in_hand(mid);
}

static void
look_up_anew(const char *why)
{
	if (!state.is_jailed || state.is_stopping)
		return;
	log_event(LOG_INFO_LEVEL, 0, "restart_for_names",
		LOG_STRING("reason", why));
	stop();
}

static void
on_name_stale(void *context)
{
	(void)context;
	if (clock_monotonic_ms() - state.names_ms >= NAMES_AGE_MS)
		look_up_anew("a key service does not answer at its address");
}

static void
on_idle(void *context)
{
	if (state.is_stopping)
		end(context);
}

static const struct protect_peers peers = {
	.result = send_result,
	.in_hand = set_in_hand,
	.name_stale = on_name_stale,
	.idle = on_idle,
};

/* ---- configuration ---- */

/* Callbacks come in whatever order; the first begins. */
static void
begin(void)
{
	if (state.protect != NULL)
		return;
	remote_key_prepare();
	https_fetch_prepare();
	key_service_message_prepare();
	charset_prepare();
	state.protect = protect_new(process_loop(), &peers, NULL);
	state.hosts = https_hosts_new();
	state.keys = remote_key_channel_new(-1, KEYS_TIMEOUT_MS);
	state.arena = arena_new(FRAME_ARENA_MAX);
}

static int
check_url(const struct config *config,
	const struct config_encryption_profile *profile, struct reason *why)
{
	struct https_url parsed;
	struct buffer url;
	int error;

	buffer_init(&url, HTTPS_URL_MAX);
	error = protect_site_url(config, profile, &url);
	if (error == 0)
		error = https_url_parse(buffer_text(&url), &parsed);
	buffer_clear(&url);
	if (error != 0)
		reason_set(why, "profile %.*s: \"%.*s\" is not an https URL "
			"of a key service", TEXT_ARG(profile->name),
			TEXT_ARG(profile->key_service_url));
	return error;
}

static int
check(const struct config *config, const char **path, struct reason *why)
{
	const struct config_encryption *encryption = &config->encryption;
	int error = 0;
	size_t i;

	begin();
	*path = "encryption.profiles";
	for (i = 0; i < encryption->profile_count && error == 0; i++)
		error = check_url(config, &encryption->profiles[i], why);
	if (error != 0 || encryption->trust_pem.len == 0)
		return error;
	*path = "encryption.global.trust";
	return tls_certificate_check(encryption->trust_pem, why);
}

static void
use(struct config_snapshot *snapshot)
{
	struct protect_site *site = protect_site_new(process_loop(),
		state.hosts, state.keys, config_snapshot_config(snapshot),
		snapshot);

	protect_configure(state.protect, site);
	protect_site_release(&site);
}

static void
activate(struct config_snapshot *snapshot)
{
	struct config_snapshot *before = state.snapshot;

	begin();
	state.snapshot = config_snapshot_ref(snapshot);
	config_snapshot_release(&before);
	use(snapshot);
	if (!protect_site_is_known(config_snapshot_config(snapshot),
	    state.hosts))
		look_up_anew("the configuration names another key service");
}

/* With the rights that the resolver's files need. */
static void
prepare(void)
{
	protect_site_look_up(config_snapshot_config(state.snapshot),
		state.hosts);
	state.names_ms = clock_monotonic_ms();
}

static void
run(void)
{
	state.is_jailed = true;
}

/* ---- frames ---- */

static int
take(uint16_t type, struct text payload, int descriptor)
{
	struct frame_protect frame;
	struct message_body *body;
	int error;

	arena_reset(state.arena);
	error = frame_decode(PROCESS_QUEUE, PROCESS_PROTECT, type, payload,
		state.arena, &frame);
	if (error != 0) {
		if (descriptor != -1)
			(void)close(descriptor);
		return error;
	}
	/* Without its bytes it fails the check of their hash. */
	body = message_body_receive_or_empty(frame.body, descriptor,
	    frame.envelope.size);
	error = protect_take(state.protect, &frame, body);
	message_body_release(&body);
	arena_reset(state.arena);
	return error;
}

static void
on_queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	int error = take(type, payload, descriptor);

	(void)context;
	/* Only a new process gets a new channel to it. */
	if (error != 0)
		fatal("a frame of queue cannot be read: %s",
			error_name(error));
}

/* What a lost queue asked for is asked again, as a new attempt. */
static void
on_queue_ended(void *context, int error)
{
	(void)context;
	if (error != 0 && error != ERROR_CLOSED)
		log_event(LOG_ERROR_LEVEL, 0, "channel_broken",
			LOG_STRING("peer", "queue"),
			LOG_STRING("reason", error_name(error)));
	ipc_free(state.queue);
	state.queue = NULL;
	protect_forget(state.protect);
}

static void
connect_queue(int descriptor)
{
	static const struct ipc_events events = {
		.frame = on_queue_frame,
		.ended = on_queue_ended,
	};

	ipc_free(state.queue);
	protect_forget(state.protect);
	state.queue = ipc_new(process_loop(), descriptor, process_identity(),
		&events, NULL);
}

static void
connect_keys(int descriptor)
{
	remote_key_channel_replace(state.keys, descriptor);
}

static void (*const connects[PROCESS_KINDS])(int descriptor) = {
	[PROCESS_QUEUE] = connect_queue,
	[PROCESS_KEYS] = connect_keys,
};

static void
channel(enum process_kind kind, uint32_t number, int descriptor)
{
	(void)number;
	begin();
	if ((size_t)kind < PROCESS_KINDS && connects[kind] != NULL) {
		connects[kind](descriptor);
		return;
	}
	log_event(LOG_ERROR_LEVEL, 0, "channel_unexpected",
		LOG_STRING("peer", process_kind_name(kind)));
	(void)close(descriptor);
}

/* ---- the rest ---- */

static size_t
counters(struct frame_counter *out, size_t max)
{
	const struct protect_counts counts = protect_count(state.protect);
	const struct frame_counter all[] = {
		{ .name = TEXT("waiting"), .value = counts.waiting },
		{ .name = TEXT("requests"), .value = counts.requests },
		{ .name = TEXT("requests_made"),
		    .value = counts.requests_made },
		{ .name = TEXT("envelope_made"),
		    .value = counts.protected_count },
		{ .name = TEXT("deferred"), .value = counts.deferred },
		{ .name = TEXT("failed"), .value = counts.failed },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	require(count <= max);
	memcpy(out, all, sizeof(all));
	return count;
}

const struct process protect_process = {
	.kind = PROCESS_PROTECT,
	.jail = JAIL_LOOP | JAIL_CONNECT | JAIL_MEMFD,
	.privileged_prepare = true,
	.empty_root = true,
	.check = check,
	.activate = activate,
	.prepare = prepare,
	.run = run,
	.channel = channel,
	.counters = counters,
	.stop = stop,
};
