/*
 * The management listener.  vault process.
 */
#include "crypto/vault/vault_management.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/key_service_message.h"
#include "crypto/tls_context.h"
#include "crypto/vault/vault.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "webui/http/http_server.h"

#define ARENA_MAX (64u * 1024 * 1024)
#define ERROR_BODY_MAX 2048
#define RETRY_MS 5000

struct vault_management {
	struct vault *vault;
	struct remote_key_channel *keys;
	struct http_server *server;
	int descriptor;			/* -1: none, or the server has it */
	struct loop_timer *retry;
};

static const struct http_server_settings settings = {
	.max_connections = 16,
	.max_connections_per_client = 16,
	.body_max = KEY_SERVICE_BODY_MAX,
	.head_timeout_ms = 10000,
	.body_timeout_ms = 60000,
	.idle_timeout_ms = 300000,
};

/* ---- requests ------------------------------------------------------------ */

/* Fixed words need no escape; those of a reason are cleaned here. */
static void
answer_error(struct http_exchange *exchange, unsigned int status,
    const char *words)
{
	struct buffer body;
	int r;

	buffer_init(&body, ERROR_BODY_MAX);
	r = buffer_add_text(&body, TEXT("{\"error\": \""));
	for (const char *c = words; *c != '\0' && r == 0; c++)
		r = buffer_add_byte(&body, *c == '"' || *c == '\\' ||
		    (unsigned char)*c < 32 || (unsigned char)*c > 126 ?
		    '\'' : *c);
	if (r == 0)
		r = buffer_add_text(&body, TEXT("\"}\n"));
	require(r == 0);
	http_exchange_answer(exchange, status, KEY_SERVICE_TYPE,
	    buffer_text(&body));
	buffer_clear(&body);
}

/* 0, or the status that the request deserves, with words. */
static unsigned int
check_request(struct http_exchange *exchange, const char **words)
{
	struct text type = http_exchange_field(exchange, "Content-Type");
	struct text rest = TEXT_EMPTY;

	if (!text_equal(http_exchange_path(exchange),
	    text_from(KEY_SERVICE_REGISTER_PATH))) {
		*words = "no such path";
		return 404;
	}
	if (http_exchange_method(exchange) != HTTP_POST) {
		http_exchange_add_field(exchange, "Allow", TEXT("POST"));
		*words = "only POST";
		return 405;
	}
	/* The handshake has seen to it; a listener without is our bug. */
	if (text_is_empty(http_exchange_client_name(exchange))) {
		*words = "a certificate with a name is needed";
		return 403;
	}
	if (text_starts_nocase(type, text_from(KEY_SERVICE_TYPE)))
		rest = text_trim(text_skip(type,
		    sizeof(KEY_SERVICE_TYPE) - 1));
	else
		rest = TEXT("x");
	if (!text_is_empty(rest) && rest.data[0] != ';') {
		*words = "the body must be " KEY_SERVICE_TYPE;
		return 415;
	}
	return 0;
}

static void
log_results(struct text gateway, const struct key_service_envelope *envelopes,
    const struct key_service_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (results[i].outcome != KEY_SERVICE_REGISTERED)
			log_event(LOG_WARNING_LEVEL, envelopes[i].mid,
			    "vault_registration_refused",
			    LOG_TEXT("gateway", gateway),
			    LOG_STRING("why", results[i].outcome ==
			    KEY_SERVICE_CONFLICT ? "another share" :
			    "another gateway's, or too many"));
}

static void
register_all(struct vault *vault, struct http_exchange *exchange,
    struct key_service_envelope *envelopes, size_t count)
{
	struct key_service_result results[KEY_SERVICE_BATCH_MAX];
	struct text gateway = http_exchange_client_name(exchange);
	struct buffer body;

	require(count <= KEY_SERVICE_BATCH_MAX);
	vault_store_register(vault->store, gateway, envelopes, count,
	    results);
	vault->counts.registered += count;
	log_results(gateway, envelopes, results, count);
	buffer_init(&body, KEY_SERVICE_BODY_MAX);
	require(key_service_answer_write(results, count, &body) == 0);
	http_exchange_answer(exchange, 200, KEY_SERVICE_TYPE,
	    buffer_text(&body));
	buffer_clear(&body);
}

void
vault_management_request(struct vault *vault, struct http_exchange *exchange)
{
	struct key_service_envelope *envelopes = NULL;
	struct reason why = { 0 };
	struct arena *arena;
	const char *words = "";
	size_t count = 0;
	unsigned int status = check_request(exchange, &words);
	int r;

	if (status == 0 && vault->store == NULL) {
		status = 503;
		words = "not ready; try again";
	}
	if (status != 0) {
		answer_error(exchange, status, words);
		return;
	}
	arena = arena_new(ARENA_MAX);
	r = key_service_request_read(http_exchange_body(exchange), arena,
	    &envelopes, &count, &why);
	if (r == 0)
		register_all(vault, exchange, envelopes, count);
	else
		answer_error(exchange, r == ERROR_LIMIT ? 413 : 400,
		    why.text);
	if (envelopes != NULL)
		memory_wipe(envelopes, count * sizeof(*envelopes));
	arena_free(arena);
}

/* ---- the listener -------------------------------------------------------- */

static void
on_request(void *context, struct http_exchange *exchange)
{
	struct vault_management *management = context;

	vault_management_request(management->vault, exchange);
}

static int
make_context(struct vault_management *management, struct tls_context **out,
    struct reason *why)
{
	const struct config *config = vault_config(management->vault);
	const struct config_key_service *service = &config->key_service;
	const struct config_certificate *certificate =
	    config_certificate_find(config, service->management.certificate);
	int r;

	if (certificate == NULL) {
		reason_set(why, "there is no certificate \"%.*s\"",
		    TEXT_ARG(service->management.certificate));
		return ERROR_NOT_FOUND;
	}
	r = tls_context_new_server(certificate->certificate_pem,
	    management->keys, certificate->name, TEXT("key-service"), out,
	    why);
	if (r == 0)
		r = tls_context_demand_client(*out,
		    service->client_trust_pem, why);
	return r;
}

static void
start(void *context)
{
	struct vault_management *management = context;
	struct tls_context *tls = NULL;
	struct reason why = { 0 };
	int r;

	/* Renewed when the configuration is there. */
	if (management->descriptor == -1 || management->vault->snapshot == NULL)
		return;
	r = make_context(management, &tls, &why);
	if (r == 0) {
		/* The server takes it over; a duplicate serves renewals. */
		int descriptor = dup(management->descriptor);

		if (descriptor == -1)
			fatal_errno("cannot duplicate a listening socket");
		http_server_listen(management->server, descriptor, tls);
	} else {
		log_event(LOG_ERROR_LEVEL, 0, "key_service_without_tls",
		    LOG_STRING("why", why.text));
		loop_timer_set(management->retry, RETRY_MS);
	}
	tls_context_release(&tls);
}

struct vault_management *
vault_management_new(struct vault *vault, struct remote_key_channel *keys)
{
	static const struct http_events events = { .request = on_request };
	struct vault_management *management = memory_new(sizeof(*management));

	management->vault = vault;
	management->keys = keys;
	management->descriptor = -1;
	management->server = http_server_new(vault->loop, &settings, &events,
	    management);
	management->retry = loop_timer_new(vault->loop, start, management);
	return management;
}

void
vault_management_free(struct vault_management *management)
{
	if (management == NULL)
		return;
	http_server_free(management->server);
	loop_timer_free(management->retry);
	if (management->descriptor != -1)
		close(management->descriptor);
	free(management);
}

void
vault_management_listen(struct vault_management *management, int descriptor)
{
	if (management->descriptor != -1)
		close(management->descriptor);
	management->descriptor = descriptor;
	if (descriptor == -1)
		http_server_listen(management->server, -1, NULL);
	else
		start(management);
}

void
vault_management_renew(struct vault_management *management)
{
	start(management);
}

void
vault_management_stop(struct vault_management *management,
    loop_callback done, void *context)
{
	loop_timer_unset(management->retry);
	http_server_stop(management->server, done, context);
}
