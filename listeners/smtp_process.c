/*
 * The smtp process: listening sockets, channels, configurations, and the
 * orderly end.
 */
#include "listeners/smtp_process.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/base/map.h"
#include "listeners/smtp_listener.h"
#include "listeners/smtp_service.h"

#define STOP_MS 30000		/* for messages that are coming in */
#define KEYS_TIMEOUT_MS 5000
#define LISTENERS_MAX 1024
#define RESERVED_DESCRIPTORS 64

static struct {
	struct smtp_service service;
	bool is_ready;		/* the service exists */
	bool is_running;
	bool is_stopped;
	struct smtp_listener *listeners[LISTENERS_MAX];
	size_t listener_count;
	struct loop_timer *stop_timer;
	long cores;		/* asked before the jail */
} state;

/*
 * How many connections the limit of descriptors bears, with room for large
 * bodies and channels.  Above it clients hear 421, where accept() failing
 * would leave them waiting.
 */
static uint64_t
count_bearable(void)
{
	struct rlimit limit;

	/* Very low limits leave nothing to reserve. */
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur < 4 * RESERVED_DESCRIPTORS)
		return 0;
	return (uint64_t)(limit.rlim_cur - limit.rlim_cur / 8 -
	    RESERVED_DESCRIPTORS);
}

/* Callbacks come in whatever order; the first makes the service. */
static struct smtp_service *
service(void)
{
	if (!state.is_ready) {
		state.is_ready = true;
		state.cores = sysconf(_SC_NPROCESSORS_ONLN);
		smtp_service_init(&state.service, process_loop(),
		    process_identity());
		state.service.connections_max = count_bearable();
		remote_key_prepare();
	}
	return &state.service;
}

/* How many smtp processes there are, as the supervisor counts. */
static uint32_t
count_processes(const struct config *config)
{
	if (config->processes.smtp > 0)
		return config->processes.smtp;
	return state.cores > 0 ? (uint32_t)state.cores : 1;
}

/* ---- configuration ---- */

static void
update_listeners(void)
{
	const struct smtp_site *site = state.service.site;
	size_t i;

	if (!state.is_running || state.service.is_stopping || site == NULL)
		return;
	for (i = 0; i < state.listener_count; i++)
		smtp_listener_update(state.listeners[i],
		    count_processes(site->config));
}

static void
activate(struct config_snapshot *snapshot)
{
	struct smtp_site *site = NULL;
	struct reason why = { 0 };

	/* It was checked before; running sessions keep the older one. */
	if (smtp_site_new(snapshot, &site, &why) < 0)
		fatal("configuration: %s", why.text);
	smtp_site_release(&service()->site);
	state.service.site = site;
	smtp_rate_set_processes(state.service.rate,
	    count_processes(site->config));
	update_listeners();
}

/* ---- sockets and channels ---- */

static size_t
find_listener(struct text name)
{
	size_t i;

	for (i = 0; i < state.listener_count; i++) {
		if (text_equal(smtp_listener_name(state.listeners[i]), name))
			break;
	}
	return i;
}

static void
drop_listener(size_t at)
{
	smtp_listener_close(state.listeners[at]);
	state.listeners[at] = state.listeners[--state.listener_count];
}

static void
on_listener(struct text name, int descriptor)
{
	size_t at = find_listener(name);

	if (at < state.listener_count)
		drop_listener(at);
	if (descriptor == -1)
		return;
	if (state.listener_count == LISTENERS_MAX || service()->is_stopping) {
		(void)close(descriptor);
		return;
	}
	state.listeners[state.listener_count++] =
	    smtp_listener_new(service(), name, descriptor);
	update_listeners();
}

static void
connect_queue(int descriptor)
{
	smtp_queue_connect(service()->queue, descriptor);
}

static void
connect_lookup(int descriptor)
{
	smtp_rate_connect(service()->rate, descriptor);
}

static void
connect_keys(int descriptor)
{
	if (service()->keys == NULL)
		state.service.keys = remote_key_channel_new(descriptor,
		    KEYS_TIMEOUT_MS);
	else
		remote_key_channel_replace(state.service.keys, descriptor);
}

static void (*const connects[PROCESS_KINDS])(int descriptor) = {
	[PROCESS_QUEUE] = connect_queue,
	[PROCESS_LOOKUP] = connect_lookup,
	[PROCESS_KEYS] = connect_keys,
};

static void
on_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	(void)number;
	if ((size_t)kind < PROCESS_KINDS && connects[kind] != NULL)
		connects[kind](descriptor);
	else
		(void)close(descriptor);
}

/* ---- life ---- */

static void
prepare(void)
{
	(void)service();
}

static void
run(void)
{
	state.is_running = true;
	update_listeners();
}

static size_t
counters(struct frame_counter *out, size_t max)
{
	return smtp_counters_print(&service()->counters, out, max);
}

static void
stop_now(void *context)
{
	(void)context;
	if (state.is_stopped)
		return;
	state.is_stopped = true;
	smtp_service_clear(&state.service);
	state.is_ready = false;
	process_stopped();
}

static void
stop_when_idle(void *context)
{
	(void)context;
	if (!state.is_stopped && list_is_empty(&state.service.sessions))
		stop_now(NULL);
}

static void
stop(void)
{
	while (state.listener_count > 0)
		drop_listener(0);
	smtp_service_stop(service());
	state.stop_timer = loop_timer_new(process_loop(), stop_now, NULL);
	loop_timer_set(state.stop_timer, STOP_MS);
	loop_on_turn_end(process_loop(), stop_when_idle, NULL);
	loop_again(process_loop());
}

const struct process smtp_process = {
	.kind = PROCESS_SMTP,
	.jail = JAIL_LOOP | JAIL_ACCEPT | JAIL_MEMFD,
	.empty_root = true,
	.check = smtp_site_check,
	.activate = activate,
	.prepare = prepare,
	.run = run,
	.listener = on_listener,
	.channel = on_channel,
	.counters = counters,
	.stop = stop,
};
