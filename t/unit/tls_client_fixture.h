/*
 * A keys process for a client that shows a certificate; the test includes
 * crypto/tls_session.c before.
 */
#ifndef T_UNIT_TLS_CLIENT_FIXTURE_H
#define T_UNIT_TLS_CLIENT_FIXTURE_H

#include "t/unit/tls_fixture.h"

static pid_t client_keys_pid;
static struct remote_key_channel *client_channel;

FIXTURE void
serve_client_keys(int descriptor, const char *name)
{
	const struct config config = {
		.tls = { .certificates = certificates,
		    .certificate_count = KEY_COUNT },
		.encryption = { .client_certificate = text_from(name) },
	};
	struct loop *own = loop_new();
	struct keys_service *service = keys_service_new(own, KEY_COUNT);

	require(keys_service_load(service, &config) == 0);
	jail_drop(&(struct jail_user){ 0 }, NULL);
	jail_enter(JAIL_LOOP);
	require(keys_service_attach(service, PROCESS_PROTECT, 0,
		descriptor) == 0);
	loop_run(own);
	_exit(0);
}

FIXTURE void
start_client_keys(const char *name)
{
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)
	    == 0);
	client_keys_pid = fork();
	require(client_keys_pid >= 0);
	if (client_keys_pid == 0) {
		(void)close(pair[0]);
		serve_client_keys(pair[1], name);
	}
	(void)close(pair[1]);
	client_channel = remote_key_channel_new(pair[0], KEYS_TIMEOUT_MS);
}

FIXTURE void
kill_client_keys(void)
{
	(void)kill(client_keys_pid, SIGKILL);
	(void)waitpid(client_keys_pid, NULL, 0);
}

FIXTURE void
stop_client_keys(void)
{
	kill_client_keys();
	remote_key_channel_free(client_channel);
	client_channel = NULL;
}

#endif
