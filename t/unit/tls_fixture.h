/*
 * For tests of TLS: a keys process of our own, and a client and a server in
 * one loop.  The test includes crypto/tls_session.c before this file.
 */
#ifndef T_UNIT_TLS_FIXTURE_H
#define T_UNIT_TLS_FIXTURE_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "crypto/keys/keys_service.h"
#include "crypto/remote_key.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "t/unit/certificate_fixture.h"

#define GUARD_MS 10000
#define KEYS_TIMEOUT_MS 300
#define STREAM_MAX (4u * 1024 * 1024)
#define HOST "mx.example.org"

enum { KEY_RSA, KEY_EC, KEY_ED25519, KEY_COUNT };

static char folder[] = "/tmp/postern-tls-XXXXXX";
static struct fixture authority;
static struct fixture leaves[KEY_COUNT];
static struct config_certificate certificates[KEY_COUNT];
static char paths[KEY_COUNT][64];
static const char *const key_names[KEY_COUNT] = { "rsa", "ec", "ed25519" };
static struct remote_key_channel *channel;
static pid_t keys_pid;

/* ---- the keys process ---- */

FIXTURE void
serve_keys(int descriptor)
{
	const struct config config = { .tls = {
		.certificates = certificates,
		.certificate_count = KEY_COUNT } };
	struct loop *loop = loop_new();
	struct keys_service *service = keys_service_new(loop, KEY_COUNT);

	require(keys_service_load(service, &config) == 0);
	jail_drop(&(struct jail_user){ 0 }, NULL);
	jail_enter(JAIL_LOOP);
	require(keys_service_attach(service, PROCESS_SMTP, 0,
		descriptor) == 0);
	loop_run(loop);
	_exit(0);
}

/* Gives our end of the pair. */
FIXTURE int
start_keys(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		pair), 0);
	keys_pid = fork();
	assert_true(keys_pid >= 0);
	if (keys_pid == 0) {
		(void)close(pair[0]);
		serve_keys(pair[1]);
	}
	(void)close(pair[1]);
	return pair[0];
}

FIXTURE void
stop_keys(void)
{
	if (keys_pid > 0) {
		(void)kill(keys_pid, SIGKILL);
		(void)waitpid(keys_pid, NULL, 0);
	}
	keys_pid = 0;
}

FIXTURE void
restart_keys(void)
{
	stop_keys();
	remote_key_channel_replace(channel, start_keys());
}

/* ---- two ends in one loop ---- */

struct end {
	struct stream *stream;
	struct tls_session *session;
	bool shaken;
	int error;
	bool ended;
	int end_error;
};

static struct loop *loop;
static struct end client;
static struct end server;
static bool (*condition)(void);
static bool guarded;

FIXTURE void
on_handshake(void *context, int error)
{
	struct end *end = context;

	end->shaken = true;
	end->error = error;
}

FIXTURE void
on_ended(void *context, int error)
{
	struct end *end = context;

	end->ended = true;
	end->end_error = error;
}

FIXTURE void
on_turn_end(void *context)
{
	(void)context;
	if (condition != NULL && condition())
		loop_stop(loop);
}

FIXTURE void
on_guard(void *context)
{
	(void)context;
	guarded = true;
	loop_stop(loop);
}

FIXTURE void
run_until(bool (*wanted)(void))
{
	struct loop_timer *guard = loop_timer_new(loop, on_guard, NULL);

	loop_timer_set(guard, GUARD_MS);
	condition = wanted;
	guarded = false;
	if (!wanted())
		loop_run(loop);
	condition = NULL;
	loop_timer_free(guard);
	assert_false(guarded);
}

FIXTURE void
open_pair(void)
{
	static const struct stream_events events = {
		.handshake = on_handshake,
		.ended = on_ended,
	};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
		SOCK_NONBLOCK, 0, pair), 0);
	memset(&client, 0, sizeof(client));
	memset(&server, 0, sizeof(server));
	client.stream = stream_new(loop, pair[0], STREAM_MAX, STREAM_MAX,
		&events, &client);
	server.stream = stream_new(loop, pair[1], STREAM_MAX, STREAM_MAX,
		&events, &server);
}

FIXTURE void
close_pair(void)
{
	stream_free(client.stream);
	stream_free(server.stream);
	client.stream = server.stream = NULL;
}

FIXTURE bool
both_shaken(void)
{
	return client.shaken && server.shaken;
}

FIXTURE bool
client_shaken(void)
{
	return client.shaken;
}

FIXTURE bool
server_shaken(void)
{
	return server.shaken;
}

FIXTURE bool
server_has_input(void)
{
	return stream_input(server.stream).len > 0;
}

FIXTURE bool
client_has_input(void)
{
	return stream_input(client.stream).len > 0;
}

FIXTURE bool
server_ended(void)
{
	return server.ended;
}

FIXTURE struct tls_context *
server_context(struct text pem, const char *name)
{
	struct tls_context *context = NULL;
	struct reason why = { 0 };
	int error = tls_context_new_server(pem, channel, text_from(name),
		TEXT("test"), &context, &why);

	if (error != 0)
		fail_msg("%s: %s", error_name(error), why.text);
	return context;
}

FIXTURE struct tls_context *
client_context(struct text trust)
{
	struct tls_context *context = NULL;
	struct reason why = { 0 };

	assert_int_equal(tls_context_new_client(trust, &context, &why), 0);
	return context;
}

/* Handshake of both; the contexts are released. */
FIXTURE void
shake(struct tls_context *server_side, struct tls_context *client_side,
	const char *name, bool verify)
{
	const struct text names[] = { text_from(name) };
	const struct tls_expectation expectation = { .verify = verify,
		.names = names, .name_count = 1 };

	server.session = tls_session_accept(server_side, server.stream);
	client.session = tls_session_connect(client_side, client.stream,
		&expectation);
	tls_context_release(&server_side);
	tls_context_release(&client_side);
	stream_handshake(server.stream);
	stream_handshake(client.stream);
	run_until(both_shaken);
}

FIXTURE void
shake_ec(void)
{
	open_pair();
	shake(server_context(leaves[KEY_EC].pem, "ec"),
		client_context(authority.pem), HOST, true);
}

FIXTURE void
expect_text(struct stream *stream, const char *expected)
{
	struct text input = stream_input(stream);

	assert_int_equal(input.len, strlen(expected));
	assert_memory_equal(input.data, expected, input.len);
	stream_consume(stream, input.len);
}

FIXTURE void
talks(void)
{
	assert_int_equal(stream_write(client.stream, TEXT("EHLO me\r\n")), 0);
	run_until(server_has_input);
	expect_text(server.stream, "EHLO me\r\n");
	assert_int_equal(stream_write(server.stream, TEXT("250 you\r\n")), 0);
	run_until(client_has_input);
	expect_text(client.stream, "250 you\r\n");
	stream_finish(client.stream);
	run_until(server_ended);
	assert_int_equal(server.end_error, 0);
}

/* ---- before and after ---- */

FIXTURE void
make_leaf(size_t key, const char *kind)
{
	const struct fixture_order order = { .kind = kind,
		.common_name = "other", .san = "DNS:" HOST,
		.issuer = &authority };

	leaves[key] = fixture_new(&order);
	(void)snprintf(paths[key], sizeof(paths[key]), "%s/%s", folder,
		key_names[key]);
	fixture_write_key(paths[key], leaves[key].key, 0600, NULL);
	certificates[key].name = text_from(key_names[key]);
	certificates[key].key_file = text_from(paths[key]);
	certificates[key].certificate_pem = leaves[key].pem;
}

FIXTURE int
set_up(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "authority", .authority = true };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	log_set_stderr(false);
	remote_key_prepare();
	if (mkdtemp(folder) == NULL)
		return -1;
	authority = fixture_new(&order);
	make_leaf(KEY_RSA, "RSA");
	make_leaf(KEY_EC, "EC");
	make_leaf(KEY_ED25519, "ED25519");
	channel = remote_key_channel_new(start_keys(), KEYS_TIMEOUT_MS);
	loop = loop_new();
	loop_on_turn_end(loop, on_turn_end, NULL);
	return 0;
}

FIXTURE int
tear_down(void **state)
{
	size_t key;

	(void)state;
	stop_keys();
	remote_key_channel_free(channel);
	loop_free(loop);
	for (key = 0; key < KEY_COUNT; key++) {
		(void)unlink(paths[key]);
		fixture_clear(&leaves[key]);
	}
	fixture_clear(&authority);
	return rmdir(folder);
}

#endif
