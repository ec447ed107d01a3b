/*
 * A TLS server with a script, in a process of its own, for tests of HTTPS
 * requests.
 */
#ifndef T_UNIT_HTTPS_FIXTURE_H
#define T_UNIT_HTTPS_FIXTURE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "t/unit/certificate_fixture.h"

static struct fixture server_certificate;	/* 127.0.0.1, localhost */

static char request[1024 * 1024];
static size_t request_len;

FIXTURE bool
request_is_whole(void)
{
	const char *end = memmem(request, request_len, "\r\n\r\n", 4);
	const char *length = memmem(request, request_len,
		"Content-Length: ", 16);
	size_t wanted;

	if (end == NULL || length == NULL)
		return false;
	wanted = (size_t)strtoul(length + 16, NULL, 10);
	return request_len >= (size_t)(end + 4 - request) + wanted;
}

FIXTURE bool
read_request(SSL *ssl)
{
	int got;

	request_len = 0;
	while (!request_is_whole()) {
		got = SSL_read(ssl, request + request_len,
			(int)(sizeof(request) - 1 - request_len));
		if (got <= 0)
			return false;
		request_len += (size_t)got;
	}
	request[request_len] = '\0';
	return true;
}

FIXTURE void
say(SSL *ssl, const char *words)
{
	(void)SSL_write(ssl, words, (int)strlen(words));
}

struct server {
	pid_t pid;
	unsigned int port;
	char base[48];	/* "https://127.0.0.1:PORT" */
	char url[64];	/* with a path */
};

struct manners {
	void (*script)(SSL *ssl);
	const struct fixture *certificate;	/* NULL: server_certificate */
	const struct fixture *client_authority;	/* demands a certificate */
	int version_max;
	bool plain;		/* no TLS at all */
	bool silent;		/* accepts and says nothing */
};

FIXTURE SSL_CTX *
server_ssl_context(const struct manners *manners)
{
	const struct fixture *shown = manners->certificate == NULL ?
	    &server_certificate : manners->certificate;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	require(context != NULL);
	require(SSL_CTX_use_certificate(context, shown->certificate) == 1);
	require(SSL_CTX_use_PrivateKey(context, shown->key) == 1);
	if (manners->client_authority != NULL) {
		require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
			manners->client_authority->certificate) == 1);
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER |
			SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	if (manners->version_max != 0)
		require(SSL_CTX_set_max_proto_version(context,
			manners->version_max) == 1);
	return context;
}

FIXTURE void
server_serve_one(const struct manners *manners, SSL_CTX *context,
	int descriptor)
{
	SSL *ssl = SSL_new(context);

	if (manners->plain) {
		require(write(descriptor, "220 mx ESMTP\r\n", 14) == 14);
	} else if (manners->silent) {
		for (;;)
			(void)pause();
	} else {
		require(SSL_set_fd(ssl, descriptor) == 1);
		if (SSL_accept(ssl) == 1)
			manners->script(ssl);
	}
	SSL_free(ssl);
	(void)close(descriptor);
}

FIXTURE void
server_die_with_parent(void)
{
	require(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
}

/* A process for each connection: they do not wait for each other. */
FIXTURE void
server_serve(const struct manners *manners, int listener)
{
	SSL_CTX *context = server_ssl_context(manners);
	int descriptor;
	pid_t pid;

	server_die_with_parent();
	(void)signal(SIGCHLD, SIG_IGN);
	while ((descriptor = accept(listener, NULL, NULL)) >= 0) {
		pid = fork();
		require(pid >= 0);
		if (pid == 0) {
			server_die_with_parent();
			server_serve_one(manners, context, descriptor);
			_exit(0);
		}
		(void)close(descriptor);
	}
	_exit(0);
}

FIXTURE struct server
server_start(const struct manners *manners)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	struct server server = { 0 };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	require(bind(listener, (struct sockaddr *)&address, len) == 0);
	require(listen(listener, 16) == 0);
	require(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
	server.port = ntohs(address.sin_port);
	(void)snprintf(server.base, sizeof(server.base),
		"https://127.0.0.1:%u", server.port);
	(void)snprintf(server.url, sizeof(server.url), "%s/v1/x",
		server.base);
	server.pid = fork();
	require(server.pid >= 0);
	/* A group of its own, to be ended as a whole. */
	(void)setpgid(server.pid, server.pid);
	if (server.pid == 0)
		server_serve(manners, listener);
	(void)close(listener);
	return server;
}

FIXTURE void
server_stop(struct server *server)
{
	(void)kill(-server->pid, SIGKILL);
	(void)waitpid(server->pid, NULL, 0);
}

#endif
