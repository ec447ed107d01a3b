/*
 * The portal process: its listening socket and certificate, channels,
 * configurations, and the orderly end.
 */
#include "webui/server/portal_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/remote_key.h"
#include "crypto/tls_context.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "webui/server/portal.h"

#define STOP_MS 20000		/* for answers that are on their way */
#define KEYS_TIMEOUT_MS 5000
#define TLS_RETRY_MS 5000
#define LISTENER_NAME TEXT("portal")

static struct {
	struct portal *portal;
	struct config_snapshot *snapshot;
	struct remote_key_channel *keys;
	int listener;			/* -1: none */
	struct loop_timer *retry;	/* a certificate that does not work */
	struct loop_timer *stop_timer;
	bool is_running;
	bool is_stopping;
	bool is_stopped;
} state = { .listener = -1 };

static void listen_again(void *context);

/* Callbacks come in whatever order; the first makes the portal. */
static struct portal *
portal(void)
{
	if (state.portal == NULL) {
		remote_key_prepare();
		state.portal = portal_new(process_loop(),
		    process_identity());
		state.retry = loop_timer_new(process_loop(), listen_again,
		    NULL);
	}
	return state.portal;
}

/* ---- listening ---- */

static int
make_tls(const struct config *config, struct tls_context **out,
	struct reason *why)
{
	const struct config_certificate *certificate =
	    config_certificate_find(config,
	    config->key_service.portal.certificate);

	if (certificate == NULL) {
		reason_set(why, "there is no such certificate");
		return ERROR_NOT_FOUND;
	}
	return tls_context_new_server(certificate->certificate_pem,
	    state.keys, certificate->name, LISTENER_NAME, out, why);
}

static void
listen_again(void *context)
{
	const struct config *config = config_snapshot_config(state.snapshot);
	struct tls_context *tls = NULL;
	struct reason why = { 0 };

	(void)context;
	if (!state.is_running || state.is_stopping || state.listener == -1)
		return;
	if (config->key_service.portal.certificate.len > 0 &&
	    make_tls(config, &tls, &why) < 0) {
		http_server_listen(portal()->server, -1, NULL);
		log_event(LOG_ERROR_LEVEL, 0, "tls_unavailable",
		    LOG_TEXT("listener", LISTENER_NAME),
		    LOG_TEXT("certificate",
		    config->key_service.portal.certificate),
		    LOG_STRING("reason", why.text));
		loop_timer_set(state.retry, TLS_RETRY_MS);
		return;
	}
	/* The server closes what it got; ours stays for the next time. */
	http_server_listen(portal()->server, fcntl(state.listener,
	    F_DUPFD_CLOEXEC, 0), tls);
	tls_context_release(&tls);
}

static void
on_listener(struct text name, int descriptor)
{
	if (!text_equal(name, LISTENER_NAME)) {
		if (descriptor != -1)
			(void)close(descriptor);
		return;
	}
	if (state.listener != -1)
		(void)close(state.listener);
	state.listener = descriptor;
	if (descriptor == -1)
		http_server_listen(portal()->server, -1, NULL);
	listen_again(NULL);
}

/* ---- configuration ---- */

static int
check(const struct config *config, const char **path, struct reason *why)
{
	struct text name = config->key_service.portal.certificate;
	const struct config_certificate *certificate;

	*path = "key_service.portal.certificate";
	if (!config->key_service.enabled || name.len == 0)
		return 0;
	certificate = config_certificate_find(config, name);
	if (certificate == NULL) {
		reason_set(why, "no certificate %.*s", TEXT_ARG(name));
		return ERROR_NOT_FOUND;
	}
	return tls_certificate_check(certificate->certificate_pem, why);
}

static void
activate(struct config_snapshot *snapshot)
{
	struct config_snapshot *older = state.snapshot;

	state.snapshot = config_snapshot_ref(snapshot);
	portal_configure(portal(), config_snapshot_config(snapshot));
	config_snapshot_release(&older);
	listen_again(NULL);
}

/* ---- channels ---- */

static void
connect_vault(uint32_t number, int descriptor)
{
	(void)number;
	portal_connect_vault(portal(), descriptor);
}

static void
connect_unseal(uint32_t number, int descriptor)
{
	portal_connect_unseal(portal(), number, descriptor);
}

static void
connect_keys(uint32_t number, int descriptor)
{
	(void)number;
	remote_key_channel_replace(state.keys, descriptor);
}

static void (*const connects[PROCESS_KINDS])(uint32_t number,
	int descriptor) = {
	[PROCESS_VAULT] = connect_vault,
	[PROCESS_UNSEAL] = connect_unseal,
	[PROCESS_KEYS] = connect_keys,
};

static void
on_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	if ((size_t)kind < PROCESS_KINDS && connects[kind] != NULL)
		connects[kind](number, descriptor);
	else
		(void)close(descriptor);
}

/* ---- life ---- */

static void
prepare(void)
{
	/* Handshakes fail until keys is there; the socket need not wait. */
	state.keys = remote_key_channel_new(-1, KEYS_TIMEOUT_MS);
	(void)portal();
}

static void
run(void)
{
	state.is_running = true;
	listen_again(NULL);
}

static size_t
counters(struct frame_counter *out, size_t max)
{
	const struct portal *p = portal();
	const struct portal_counters *c = &p->counters;
	const struct frame_counter all[] = {
#define COUNTER(word, number) { .name = TEXT_INIT(word), .value = (number) }
		COUNTER("connections_open",
		    http_server_connections(p->server)),
		COUNTER("requests", c->requests),
		COUNTER("codes_asked", c->codes_asked),
		COUNTER("proofs", c->proofs),
		COUNTER("proofs_failed", c->proofs_failed),
		COUNTER("keys_released", c->releases),
		COUNTER("messages_opened", c->opened),
		COUNTER("uploads_held", portal_uploads_count(p->uploads)),
		COUNTER("upload_bytes", portal_uploads_used(p->uploads)),
		COUNTER("uploads_kept", c->uploads_kept),
		COUNTER("uploads_refused", c->uploads_refused),
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	if (count > max)
		count = max;
	memcpy(out, all, count * sizeof(all[0]));
	return count;
}

static void
stop_now(void *context)
{
	(void)context;
	if (state.is_stopped)
		return;
	state.is_stopped = true;
	portal_free(state.portal);
	state.portal = NULL;
	loop_timer_free(state.retry);
	remote_key_channel_free(state.keys);
	state.keys = NULL;
	config_snapshot_release(&state.snapshot);
	process_stopped();
}

static void
stop(void)
{
	struct portal *p = portal();

	state.is_stopping = true;
	if (state.listener != -1)
		(void)close(state.listener);
	state.listener = -1;
	state.stop_timer = loop_timer_new(process_loop(), stop_now, NULL);
	loop_timer_set(state.stop_timer, STOP_MS);
	http_server_stop(p->server, stop_now, NULL);
}

const struct process portal_process = {
	.kind = PROCESS_PORTAL,
	.jail = JAIL_LOOP | JAIL_ACCEPT | JAIL_MEMFD,
	.empty_root = true,
	.check = check,
	.activate = activate,
	.prepare = prepare,
	.run = run,
	.listener = on_listener,
	.channel = on_channel,
	.counters = counters,
	.stop = stop,
};
