/*
 * One smtp session over a socketpair, with a queue and a lookup played in
 * the same process.  Nothing here waits for time: the loop is turned until
 * everything that can be said has been said.
 */
#ifndef T_UNIT_SMTP_SESSION_FIXTURE_H
#define T_UNIT_SMTP_SESSION_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_lookup.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/message_body.h"
#include "listeners/smtp_session.h"

#define FIXTURE_REPLIES_MAX (1024 * 1024)
/* Not every user needs these. */
#define FIXTURE_OPTIONAL __attribute__((unused)) static
#define FIXTURE_BODY_MAX (4 * 1024 * 1024)

struct fixture {
	struct loop *loop;
	struct smtp_service service;
	struct config config;
	int client;			/* our end; -1: closed */
	bool is_open;			/* the session lives */
	char *replies;
	size_t replies_len;
	int turns;
	/* queue */
	struct ipc *queue;
	struct arena *arena;
	enum frame_submit_outcome outcome;
	bool holds_results;		/* answers nothing yet */
	bool refuses_budget;
	uint64_t held_id;
	uint64_t next_id;
	uint64_t budget;		/* given and not come back */
	uint64_t submitted;
	uint64_t committed;
	struct envelope last;		/* numbers only */
	char sender[256];
	char recipients[2048];		/* one a line */
	char *body;
	size_t body_len;
	/* lookup */
	struct ipc *lookup;
	uint32_t grants;		/* what is left to grant */
};

static const struct ipc_identity fixture_smtp = {
	.build = "test", .protocol = IPC_PROTOCOL, .kind = PROCESS_SMTP,
};
static const struct ipc_identity fixture_queue = {
	.build = "test", .protocol = IPC_PROTOCOL, .kind = PROCESS_QUEUE,
};
static const struct ipc_identity fixture_lookup = {
	.build = "test", .protocol = IPC_PROTOCOL, .kind = PROCESS_LOOKUP,
};

/* ---- the configuration ---- */

static struct text fixture_all[] = { TEXT_INIT("all") };
static struct text fixture_relay[] = { TEXT_INIT("192.0.2.0/24"),
	TEXT_INIT("2001:db8::/32") };
static struct text fixture_bad[] = { TEXT_INIT("203.0.113.66") };
static struct text fixture_accepted[] = { TEXT_INIT("good.example"),
	TEXT_INIT(".below.example") };
static struct text fixture_rejected[] = { TEXT_INIT("bad@good.example") };

static struct config_listener fixture_listeners[] = {
	{ .name = TEXT_INIT("public"), .address = TEXT_INIT("127.0.0.1"),
	    .port = 2525, .tls = CONFIG_LISTENER_TLS_STARTTLS,
	    .certificate = TEXT_INIT("c"), .max_connections = 100,
	    .max_connections_per_client = 10 },
};
static struct config_flow_policy fixture_policies[] = {
	{ .name = TEXT_INIT("relay"), .action = CONFIG_FLOW_RELAY,
	    .tls = CONFIG_FLOW_TLS_PREFERRED, .max_recipients = 100,
	    .max_messages = 100, .max_invalid_recipients = 10,
	    .max_errors = 50, .messages_per_hour = 0 },
	{ .name = TEXT_INIT("accept"), .action = CONFIG_FLOW_ACCEPT,
	    .tls = CONFIG_FLOW_TLS_PREFERRED, .max_message_size = 100000,
	    .max_recipients = 5, .max_messages = 100,
	    .max_invalid_recipients = 5, .max_errors = 10,
	    .messages_per_hour = 0 },
	{ .name = TEXT_INIT("reject"), .action = CONFIG_FLOW_REJECT,
	    .reject_text = TEXT_INIT("Go away") },
};
static struct config_sender_group fixture_groups[] = {
	{ .name = TEXT_INIT("bad"), .addresses = fixture_bad,
	    .address_count = 1, .flow_policy = TEXT_INIT("reject") },
	{ .name = TEXT_INIT("inside"), .addresses = fixture_relay,
	    .address_count = 2, .flow_policy = TEXT_INIT("relay") },
	{ .name = TEXT_INIT("world"), .addresses = fixture_all,
	    .address_count = 1, .flow_policy = TEXT_INIT("accept") },
};
static struct config_recipient_access fixture_access[] = {
	{ .patterns = fixture_rejected, .pattern_count = 1,
	    .action = CONFIG_ACCESS_REJECT, .reply = 550,
	    .text = TEXT_INIT("No such user") },
	{ .patterns = fixture_accepted, .pattern_count = 2,
	    .action = CONFIG_ACCESS_ACCEPT },
};
static struct config_certificate fixture_certificates[] = {
	{ .name = TEXT_INIT("c"), .certificate_file = TEXT_INIT("c.pem"),
	    .certificate_pem = TEXT_INIT("pem") },
};

static void
fixture_fill_config(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->hostname = TEXT("mx.example");
	config->listeners = fixture_listeners;
	config->listener_count = 1;
	config->sender_groups = fixture_groups;
	config->sender_group_count = 3;
	config->flow_policies = fixture_policies;
	config->flow_policy_count = 3;
	config->recipient_access = fixture_access;
	config->recipient_access_count = 2;
	config->tls.certificates = fixture_certificates;
	config->tls.certificate_count = 1;
	config->processes.smtp = 1;
	config->limits = (struct config_limits){
		.message_size = 2000000, .header_size = 100000,
		.header_count = 500, .line_length = 65536,
		.received_count = 100, .refuse_nul = 1,
		.command_timeout_ms = 300000, .data_timeout_ms = 180000,
		.data_rate = 0, .session_timeout_ms = 3600000,
	};
}

/*
 * A snapshot without its memfd: tests change single settings, also to what
 * no file could hold.
 */
struct config_snapshot {
	unsigned int references;
	struct config config;
};

struct config_snapshot *
config_snapshot_ref(struct config_snapshot *snapshot)
{
	snapshot->references++;
	return snapshot;
}

void
config_snapshot_release(struct config_snapshot **snapshot)
{
	if (*snapshot != NULL && --(*snapshot)->references == 0)
		free(*snapshot);
	*snapshot = NULL;
}

const struct config *
config_snapshot_config(const struct config_snapshot *snapshot)
{
	return &snapshot->config;
}

uint64_t
config_snapshot_version(const struct config_snapshot *snapshot)
{
	(void)snapshot;
	return 7;
}

static void
fixture_use_config(struct fixture *f)
{
	struct config_snapshot *snapshot = memory_new(sizeof(*snapshot));
	struct reason why = { 0 };

	smtp_site_release(&f->service.site);
	snapshot->references = 1;
	snapshot->config = f->config;
	if (smtp_site_new(snapshot, &f->service.site, &why) < 0)
		fatal("fixture: %s", why.text);
	config_snapshot_release(&snapshot);
}

/* ---- queue ---- */

static void
fixture_send_result(struct fixture *f, uint64_t id)
{
	struct frame_submit_result result = {
		.id = id, .mid = f->last.mid, .outcome = (uint8_t)f->outcome,
		.reply = f->outcome == FRAME_SUBMIT_REFUSED ? 554 : 452,
		.status = f->outcome == FRAME_SUBMIT_REFUSED ?
		    TEXT("5.6.0") : TEXT("4.3.1"),
		.reason = TEXT("queue says so"),
	};

	if (f->outcome == FRAME_SUBMIT_COMMITTED)
		f->committed++;
	frame_send(f->queue, FRAME_SUBMIT_RESULT, &result, -1);
}

static void
fixture_keep_body(struct fixture *f, const struct frame_submit *submit,
	int descriptor)
{
	struct message_body *body = NULL;
	struct digest *digest = digest_new();
	uint8_t sha256[DIGEST_SIZE];
	char scratch[65536];
	struct text piece;
	uint64_t at = 0;

	require(message_body_receive(submit->body, descriptor,
	    submit->envelope.size, &body) == 0);
	f->body_len = 0;
	while (at < message_body_size(body)) {
		require(message_body_read(body, at, sizeof(scratch), scratch,
		    &piece) == 0);
		require(f->body_len + piece.len <= FIXTURE_BODY_MAX);
		memcpy(f->body + f->body_len, piece.data, piece.len);
		f->body_len += piece.len;
		digest_add(digest, piece);
		at += piece.len;
	}
	digest_finish(digest, sha256);
	require(memcmp(sha256, submit->envelope.sha256, DIGEST_SIZE) == 0);
	digest_free(digest);
	/* Granted memory belongs to large bodies alone. */
	if (descriptor != -1) {
		require(f->budget >= submit->envelope.size);
		f->budget -= submit->envelope.size;
	}
	message_body_release(&body);
}

static void
fixture_on_submit(struct fixture *f, const struct frame_submit *submit,
	int descriptor)
{
	const struct envelope *envelope = &submit->envelope;
	size_t i, used = 0;

	f->submitted++;
	f->last = *envelope;
	f->last.recipients = NULL;
	(void)snprintf(f->sender, sizeof(f->sender), "%.*s",
	    TEXT_ARG(envelope->sender));
	f->recipients[0] = '\0';
	for (i = 0; i < envelope->recipient_count &&
	    used < sizeof(f->recipients) - 300; i++)
		used += (size_t)snprintf(f->recipients + used,
		    sizeof(f->recipients) - used, "%.*s\n",
		    TEXT_ARG(envelope->recipients[i].address));
	fixture_keep_body(f, submit, descriptor);
	if (f->holds_results)
		f->held_id = submit->id;
	else
		fixture_send_result(f, submit->id);
}

union fixture_queue_frame {
	struct frame_id_lease_ask ask;
	struct frame_budget budget;
	struct frame_submit submit;
};

static void
fixture_queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	struct fixture *f = context;
	union fixture_queue_frame value;
	struct frame_id_lease lease;

	arena_reset(f->arena);
	require(frame_decode(PROCESS_SMTP, PROCESS_QUEUE, type, payload,
	    f->arena, &value) == 0);
	if (type == FRAME_ID_LEASE_ASK) {
		lease = (struct frame_id_lease){ .kind = value.ask.kind,
			.first = f->next_id, .count = value.ask.count };
		f->next_id += value.ask.count;
		frame_send(f->queue, FRAME_ID_LEASE, &lease, -1);
	} else if (type == FRAME_BUDGET_ASK) {
		value.budget.granted = !f->refuses_budget;
		if (value.budget.granted)
			f->budget += value.budget.bytes;
		frame_send(f->queue, FRAME_BUDGET, &value.budget, -1);
	} else if (type == FRAME_BUDGET_RETURN) {
		require(f->budget >= value.budget.bytes);
		f->budget -= value.budget.bytes;
	} else {
		require(type == FRAME_SUBMIT);
		fixture_on_submit(f, &value.submit, descriptor);
	}
}

static void
fixture_queue_ended(void *context, int error)
{
	struct fixture *f = context;

	(void)error;
	ipc_free(f->queue);
	f->queue = NULL;
}

static void
fixture_connect_queue(struct fixture *f)
{
	static const struct ipc_events events = {
		.frame = fixture_queue_frame,
		.ended = fixture_queue_ended,
	};
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair) == 0);
	f->queue = ipc_new(f->loop, pair[0], &fixture_queue, &events, f);
	f->budget = 0;
	smtp_queue_connect(f->service.queue, pair[1]);
}

FIXTURE_OPTIONAL void
fixture_kill_queue(struct fixture *f)
{
	ipc_free(f->queue);
	f->queue = NULL;
}

/* ---- lookup ---- */

static void
fixture_lookup_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	struct fixture *f = context;
	struct frame_rate_ask ask;
	struct frame_rate answer = { .retry_after_ms = 1000 };

	(void)descriptor;
	arena_reset(f->arena);
	require(frame_decode(PROCESS_SMTP, PROCESS_LOOKUP, type, payload,
	    f->arena, &ask) == 0);
	if (type != FRAME_RATE_ASK)
		return;
	answer.id = ask.id;
	answer.granted = ask.count < f->grants ? ask.count : f->grants;
	f->grants -= answer.granted;
	frame_send(f->lookup, FRAME_RATE, &answer, -1);
}

static void
fixture_lookup_ended(void *context, int error)
{
	struct fixture *f = context;

	(void)error;
	ipc_free(f->lookup);
	f->lookup = NULL;
}

FIXTURE_OPTIONAL void
fixture_connect_lookup(struct fixture *f)
{
	static const struct ipc_events events = {
		.frame = fixture_lookup_frame,
		.ended = fixture_lookup_ended,
	};
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair) == 0);
	f->lookup = ipc_new(f->loop, pair[0], &fixture_lookup, &events, f);
	smtp_rate_connect(f->service.rate, pair[1]);
}

/* ---- the loop and the client ---- */

static void
fixture_turn_end(void *context)
{
	struct fixture *f = context;

	if (--f->turns <= 0)
		loop_stop(f->loop);
	loop_again(f->loop);
}

static void
fixture_read(struct fixture *f)
{
	ssize_t got = 1;

	while (f->client != -1 && got > 0) {
		require(f->replies_len < FIXTURE_REPLIES_MAX);
		got = recv(f->client, f->replies + f->replies_len,
		    FIXTURE_REPLIES_MAX - f->replies_len, MSG_DONTWAIT);
		f->replies_len += got > 0 ? (size_t)got : 0;
	}
	f->replies[f->replies_len] = '\0';
}

static void
fixture_pump(struct fixture *f)
{
	f->turns = 16;
	loop_run(f->loop);
	fixture_read(f);
}

static void
fixture_gone(void *context)
{
	struct fixture *f = context;

	f->is_open = false;
}

/* A session from that address; whatever it was greeted with is read. */
static void
fixture_open(struct fixture *f, const char *address)
{
	struct host_address client;
	int pair[2];

	require(host_address_parse(text_from(address), &client) == 0);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair) == 0);
	f->client = pair[0];
	f->is_open = true;
	f->replies_len = 0;
	smtp_session_open(&f->service, 0, pair[1], &client, fixture_gone, f);
}

static void
fixture_close(struct fixture *f)
{
	if (f->client != -1)
		(void)close(f->client);
	f->client = -1;
	fixture_pump(f);
	require(!f->is_open);
}

static void
fixture_send(struct fixture *f, const char *data, size_t len)
{
	ssize_t sent;
	int tries = 0;

	while (len > 0 && f->is_open) {
		sent = send(f->client, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			data += sent;
			len -= (size_t)sent;
			tries = 0;
		} else if (errno != EAGAIN || ++tries > 100) {
			break;
		}
		if (len > 0)
			fixture_pump(f);
	}
}

/* Send, and give all that came back for it. */
FIXTURE_OPTIONAL const char *
fixture_talk(struct fixture *f, const char *data)
{
	f->replies_len = 0;
	fixture_send(f, data, strlen(data));
	fixture_pump(f);
	return f->replies;
}

static void
fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->client = -1;
	f->loop = loop_new();
	f->arena = arena_new(8 * 1024 * 1024);
	f->replies = memory_new(FIXTURE_REPLIES_MAX + 1);
	f->body = memory_new(FIXTURE_BODY_MAX + 1);
	f->next_id = 1000;
	fixture_fill_config(&f->config);
	loop_on_turn_end(f->loop, fixture_turn_end, f);
	smtp_service_init(&f->service, f->loop, &fixture_smtp);
	fixture_use_config(f);
	fixture_connect_queue(f);
	fixture_pump(f);
}

FIXTURE_OPTIONAL void
fixture_clear(struct fixture *f)
{
	smtp_service_clear(&f->service);
	ipc_free(f->queue);
	ipc_free(f->lookup);
	if (f->client != -1)
		(void)close(f->client);
	arena_free(f->arena);
	free(f->replies);
	free(f->body);
	loop_free(f->loop);
}

#endif
