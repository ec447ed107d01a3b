/*
 * The portal over loopback, with a vault and an unseal process played in the
 * same loop.
 */
#ifndef T_UNIT_PORTAL_FIXTURE_H
#define T_UNIT_PORTAL_FIXTURE_H

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/mail/base64.h"
#include "gateway/protocol/frame_unseal.h"
#include "gateway/protocol/frame_vault.h"
#include "webui/server/portal.h"
#include "webui/server/portal_upload.h"

#define FIXTURE_GUARD_MS 20000
#define FIXTURE_ID "00112233445566778899aabbccddeeff"
#define FIXTURE_UPLOAD_MEMORY (8u * 1024 * 1024)
#define FIXTURE_OPTIONAL __attribute__((unused)) static

static const struct ipc_identity fixture_portal = {
	.build = "test", .protocol = IPC_PROTOCOL, .kind = PROCESS_PORTAL,
};
static const struct ipc_identity fixture_vault = {
	.build = "test", .protocol = IPC_PROTOCOL, .kind = PROCESS_VAULT,
};
static const struct ipc_identity fixture_unseal = {
	.build = "test", .protocol = IPC_PROTOCOL, .kind = PROCESS_UNSEAL,
};

static struct {
	struct loop *loop;
	struct loop_timer *guard;
	struct portal *portal;
	struct config config;
	struct sockaddr_in address;
	struct ipc *vault;
	struct ipc *unseal;
	struct arena *arena;
	/* what vault says */
	struct frame_vault_find find;
	struct frame_vault_code code;
	struct frame_vault_verify verify;
	struct frame_vault_release release;
	bool vault_is_mute;
	/* what it was asked */
	char asked[4096];
	uint8_t ticket[FRAME_TICKET_LEN];
	uint8_t challenge[FRAME_TICKET_LEN];
	/* what unseal says, and was asked */
	const char *opened;
	uint8_t unseal_outcome;
	struct text filename;
	char unsealed[8192];
	/* the browser */
	int client;
	struct loop_watch *watch;
	struct buffer answer;
	struct text rest;	/* of the request */
	bool is_over;
	char cookies[2048];
} fixture;

static struct text fixture_recipients[] = {
	TEXT_INIT("b***@partner.example"), TEXT_INIT("<c>\"&'@partner.example"),
};

/* ---- vault ---- */

static void
fixture_note(const char *word, struct text t, uint64_t number)
{
	size_t len = strlen(fixture.asked);

	(void)snprintf(fixture.asked + len, sizeof(fixture.asked) - len,
	    "%s(%.*s,%llu)", word, TEXT_ARG(t), (unsigned long long)number);
}

#define FIXTURE_ANSWER(type, member, asked_id) \
	do { \
		fixture.member.id = (asked_id); \
		frame_send(fixture.vault, FRAME_VAULT_##type, \
		    &fixture.member, -1); \
	} while (0)

static void
fixture_vault_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	union {
		uint64_t id;
		struct frame_vault_find_ask find;
		struct frame_vault_code_ask code;
		struct frame_vault_verify_ask verify;
		struct frame_vault_release_ask release;
		struct frame_vault_link_ask link;
	} ask;

	(void)context;
	require(descriptor == -1);
	arena_reset(fixture.arena);
	require(frame_decode(PROCESS_PORTAL, PROCESS_VAULT, type, payload,
	    fixture.arena, &ask) == 0);
	if (fixture.vault_is_mute)
		return;
	if (type == FRAME_VAULT_FIND_ASK) {
		fixture_note("find", TEXT_EMPTY, ask.find.envelope_id[1]);
		FIXTURE_ANSWER(FIND, find, ask.id);
	} else if (type == FRAME_VAULT_CODE_ASK) {
		fixture_note("code", ask.code.address, ask.code.choice);
		memcpy(fixture.code.challenge, fixture.challenge,
		    FRAME_TICKET_LEN);
		FIXTURE_ANSWER(CODE, code, ask.id);
	} else if (type == FRAME_VAULT_VERIFY_ASK) {
		require(memcmp(ask.verify.challenge, fixture.challenge,
		    FRAME_TICKET_LEN) == 0);
		fixture_note("verify", ask.verify.code, 0);
		FIXTURE_ANSWER(VERIFY, verify, ask.id);
	} else if (type == FRAME_VAULT_RELEASE_ASK) {
		fixture_note("release", ask.release.client,
		    ask.release.public_key.len);
		memcpy(fixture.ticket, ask.release.ticket, FRAME_TICKET_LEN);
		FIXTURE_ANSWER(RELEASE, release, ask.id);
	} else {
		fixture_note("link", ask.link.reference, ask.link.address.len);
		FIXTURE_ANSWER(CODE, code, ask.id);
	}
}

/* ---- unseal ---- */

static int
fixture_memfd(const char *words)
{
	int descriptor = memfd_create("opened", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING);

	require(write(descriptor, words, strlen(words)) ==
	    (ssize_t)strlen(words));
	require(fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK |
	    F_SEAL_GROW) == 0);
	return descriptor;
}

static void
fixture_unseal_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	struct frame_unseal answer = { 0 };
	struct frame_unseal_ask ask;
	char start[32] = "";

	(void)context;
	arena_reset(fixture.arena);
	require(frame_decode(PROCESS_PORTAL, PROCESS_UNSEAL, type, payload,
	    fixture.arena, &ask) == 0);
	require(descriptor != -1);
	require(memcmp(ask.ticket, fixture.ticket, FRAME_TICKET_LEN) == 0);
	require(pread(descriptor, start, sizeof(start) - 1, 0) >= 0);
	(void)close(descriptor);
	(void)snprintf(fixture.unsealed, sizeof(fixture.unsealed),
	    "%.*s|%s|%llu|%u|%.*s", TEXT_ARG(ask.share), start,
	    (unsigned long long)ask.payload_size, ask.part,
	    TEXT_ARG(ask.parts_path));
	answer.id = ask.id;
	answer.outcome = fixture.unseal_outcome;
	answer.size = strlen(fixture.opened);
	answer.type = TEXT("text/html");
	answer.filename = fixture.filename;
	frame_send(fixture.unseal, FRAME_UNSEAL, &answer,
	    answer.outcome == FRAME_UNSEAL_OK ?
	    fixture_memfd(fixture.opened) : -1);
}

static void
fixture_ended(void *context, int error)
{
	(void)context;
	(void)error;
}

static const struct ipc_events fixture_vault_events = {
	.frame = fixture_vault_frame, .ended = fixture_ended,
};
static const struct ipc_events fixture_unseal_events = {
	.frame = fixture_unseal_frame, .ended = fixture_ended,
};

/* ---- the browser ---- */

static void
fixture_on_guard(void *context)
{
	(void)context;
	fail_msg("the portal does not answer");
}

/* What is left of the request, as far as the socket takes it. */
static void
fixture_send_rest(void)
{
	ssize_t done = send(fixture.client, fixture.rest.data,
	    fixture.rest.len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (done > 0)
		fixture.rest = text_skip(fixture.rest, (size_t)done);
	loop_watch_want(fixture.watch, fixture.rest.len > 0 ?
	    LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void
fixture_on_ready(void *context, unsigned int ready)
{
	char *at = NULL;
	ssize_t got;

	(void)context;
	if ((ready & LOOP_WRITE) != 0)
		fixture_send_rest();
	if ((ready & LOOP_READ) == 0)
		return;
	require(buffer_reserve(&fixture.answer, 65536, &at) == 0);
	got = recv(fixture.client, at, 65536, MSG_DONTWAIT);
	if (got > 0)
		buffer_commit(&fixture.answer, (size_t)got);
	if (got == 0) {
		fixture.is_over = true;
		loop_watch_want(fixture.watch, 0);
		loop_stop(fixture.loop);
	}
}

/* Keep the cookies of an answer, without their attributes. */
static void
fixture_keep_cookies(void)
{
	struct text rest = buffer_text(&fixture.answer), cookie;
	const struct text mark = TEXT("Set-Cookie: ");
	size_t len;

	for (;;) {
		rest = text_skip(rest, text_find(rest, mark));
		if (rest.len == 0)
			return;
		rest = text_skip(rest, mark.len);
		cookie = text_slice(rest, 0, text_find_byte(rest, ';'));
		len = strlen(fixture.cookies);
		require(len + cookie.len + 3 < sizeof(fixture.cookies));
		(void)snprintf(fixture.cookies + len,
		    sizeof(fixture.cookies) - len, "%s%.*s",
		    len > 0 ? "; " : "", TEXT_ARG(cookie));
	}
}

/* Send it whole and wait for the end; the answer stays in fixture.answer. */
static void
fixture_ask(struct text request)
{
	buffer_reset(&fixture.answer);
	fixture.asked[0] = '\0';
	fixture.is_over = false;
	fixture.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(connect(fixture.client, (struct sockaddr *)&fixture.address,
	    sizeof(fixture.address)) == 0);
	fixture.rest = request;
	fixture.watch = loop_watch_new(fixture.loop, fixture.client,
	    fixture_on_ready, NULL);
	fixture_send_rest();
	while (!fixture.is_over)
		loop_run(fixture.loop);
	loop_watch_free(fixture.watch);
	(void)close(fixture.client);
	fixture_keep_cookies();
}

FIXTURE_OPTIONAL void
fixture_get(const char *path)
{
	char request[4096];
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n"
	    "Host: msg.example\r\nCookie: %s\r\nConnection: close\r\n\r\n",
	    path, fixture.cookies);

	require(len > 0 && (size_t)len < sizeof(request));
	fixture_ask(text_of(request, (size_t)len));
}

FIXTURE_OPTIONAL void
fixture_post(const char *path, const char *type, struct text body)
{
	struct buffer request;

	buffer_init(&request, FIXTURE_UPLOAD_MEMORY);
	require(buffer_printf(&request, "POST %s HTTP/1.1\r\n"
	    "Host: msg.example\r\nCookie: %s\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n", path,
	    fixture.cookies, type, body.len) == 0);
	require(buffer_add_text(&request, body) == 0);
	fixture_ask(buffer_text(&request));
	buffer_clear(&request);
}

FIXTURE_OPTIONAL bool
fixture_says(const char *wanted)
{
	struct text answer = buffer_text(&fixture.answer);

	return text_find(answer, text_from(wanted)) < answer.len;
}

#define assert_says(wanted) \
	do { \
		if (!fixture_says(wanted)) \
			fail_msg("not said: %s\n%.*s", wanted, \
			    TEXT_ARG(buffer_text(&fixture.answer))); \
	} while (0)

/* The value of a hidden field of the last page. */
FIXTURE_OPTIONAL struct text
fixture_field(const char *name, char *out, size_t size)
{
	struct text rest = buffer_text(&fixture.answer);
	char mark[64];

	(void)snprintf(mark, sizeof(mark), "name=\"%s\" value=\"", name);
	rest = text_skip(rest, text_find(rest, text_from(mark)));
	rest = text_skip(rest, strlen(mark));
	require(text_to_string(text_slice(rest, 0, text_find_byte(rest,
	    '"')), out, size) == 0);
	return text_from(out);
}

/* ---- life ---- */

static void
fixture_listen(void)
{
	socklen_t len = sizeof(fixture.address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fixture.address = (struct sockaddr_in){ .sin_family = AF_INET };
	fixture.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	require(bind(listener, (struct sockaddr *)&fixture.address,
	    len) == 0);
	require(listen(listener, 8) == 0);
	require(getsockname(listener, (struct sockaddr *)&fixture.address,
	    &len) == 0);
	http_server_listen(fixture.portal->server, listener, NULL);
}

static void
fixture_connect(void)
{
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, pair) == 0);
	portal_connect_vault(fixture.portal, pair[0]);
	fixture.vault = ipc_new(fixture.loop, pair[1], &fixture_vault,
	    &fixture_vault_events, NULL);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, pair) == 0);
	portal_connect_unseal(fixture.portal, 3, pair[0]);
	fixture.unseal = ipc_new(fixture.loop, pair[1], &fixture_unseal,
	    &fixture_unseal_events, NULL);
}

static int
fixture_set_up(void **unused)
{
	(void)unused;
	memset(&fixture, 0, sizeof(fixture));
	fixture.loop = loop_new();
	fixture.guard = loop_timer_new(fixture.loop, fixture_on_guard, NULL);
	loop_timer_set(fixture.guard, FIXTURE_GUARD_MS);
	fixture.arena = arena_new(1024 * 1024);
	buffer_init(&fixture.answer, 16u * 1024 * 1024);
	memset(fixture.challenge, 0x5a, sizeof(fixture.challenge));
	fixture.find = (struct frame_vault_find){
		.state = FRAME_ENVELOPE_OPEN,
		.sender = TEXT("a<script>@example.com"),
		.organisation = TEXT("Example & Sons"),
		.sent_us = INT64_C(1795299113) * 1000000,
		.expires_us = INT64_C(1797891113) * 1000000,
		.recipients = fixture_recipients, .recipient_count = 2,
	};
	fixture.code = (struct frame_vault_code){ .outcome = FRAME_CODE_OK,
		.lifetime_s = 900 };
	memset(fixture.verify.token, 0x77, sizeof(fixture.verify.token));
	fixture.verify.lifetime_s = 1800;
	fixture.release.wrapped = TEXT("\001wrapped\377");
	fixture.release.address = TEXT("bob@partner.example");
	fixture.opened = "<p>opened</p>";
	fixture.config.key_service.upload_memory = FIXTURE_UPLOAD_MEMORY;
	fixture.config.key_service.code_lifetime_ms = 900000;
	fixture.config.key_service.portal.url =
	    TEXT("https://msg.example.com");
	fixture.portal = portal_new(fixture.loop, &fixture_portal);
	portal_configure(fixture.portal, &fixture.config);
	fixture_listen();
	fixture_connect();
	return 0;
}

static int
fixture_tear_down(void **unused)
{
	(void)unused;
	portal_free(fixture.portal);
	ipc_free(fixture.vault);
	ipc_free(fixture.unseal);
	loop_timer_free(fixture.guard);
	loop_free(fixture.loop);
	arena_free(fixture.arena);
	buffer_clear(&fixture.answer);
	return 0;
}

#endif
