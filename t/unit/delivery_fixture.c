/*
 * Scripted servers; included by the tests that need them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "queue/delivery/delivery_target.h"
#include "t/unit/delivery_fixture.h"

#ifdef PEER_TLS
#include <openssl/ssl.h>
#endif

struct peer_world world;

struct peer {
	struct loop_watch *watch;
	const char *const *script;
	struct buffer input;
	int descriptor;
	struct peer *next;
#ifdef PEER_TLS
	SSL *ssl;
	bool is_shaken;
#endif
};

static struct peer *peers;

static void
peer_stop(void *context)
{
	(void)context;
	loop_stop(world.loop);
}

static void
peer_send(struct peer *peer, const char *text, bool lines)
{
	char out[70000];
	size_t len = 0;

	for (; *text != '\0' && len < sizeof(out) - 4; text++) {
		if (lines && *text == '\n')
			out[len++] = '\r';
		out[len++] = *text;
	}
	if (lines) {
		out[len++] = '\r';
		out[len++] = '\n';
	}
#ifdef PEER_TLS
	if (peer->is_shaken) {
		(void)SSL_write(peer->ssl, out, (int)len);
		return;
	}
#endif
	if (write(peer->descriptor, out, len) < 0)
		return;
}

/* 1: the step is done, 0: more input is needed. */
static int
peer_expect_line(struct peer *peer, const char *begin)
{
	struct text input = buffer_text(&peer->input), line;
	size_t end = text_find(input, TEXT("\r\n"));

	if (end == input.len)
		return 0;
	line = text_slice(input, 0, end);
	if (!text_starts_nocase(line, text_from(begin))) {
		fprintf(stderr, "# wanted \"%s\", got \"%.*s\"\n", begin,
		    TEXT_ARG(line));
		world.mismatches++;
	}
	require(buffer_add_text(&world.commands, line) == 0);
	require(buffer_add_byte(&world.commands, '\n') == 0);
	buffer_consume(&peer->input, end + 2);
	return 1;
}

static int
peer_expect_content(struct peer *peer)
{
	struct text input = buffer_text(&peer->input);
	size_t end = text_starts(input, TEXT(".\r\n")) ? 0 :
	    text_find(input, TEXT("\r\n.\r\n"));

	if (end == input.len)
		return 0;
	end += end == 0 ? 3 : 5;
	require(buffer_add_text(&world.content,
	    text_slice(input, 0, end)) == 0);
	buffer_consume(&peer->input, end);
	return 1;
}

static void
peer_close(struct peer *peer)
{
	loop_watch_free(peer->watch);
	peer->watch = NULL;
	if (peer->descriptor >= 0)
		close(peer->descriptor);
	peer->descriptor = -1;
}

#ifdef PEER_TLS
static int
peer_shake(struct peer *peer)
{
	int result;

	if (peer->ssl == NULL) {
		peer->ssl = SSL_new(world.tls);
		SSL_set_fd(peer->ssl, peer->descriptor);
	}
	result = SSL_accept(peer->ssl);
	if (result == 1) {
		peer->is_shaken = true;
		return 1;
	}
	if (SSL_get_error(peer->ssl, result) == SSL_ERROR_WANT_READ)
		return 0;
	peer_close(peer);
	return 0;
}
#endif

/* Run steps until one needs input. */
static void
peer_run_script(struct peer *peer)
{
	const char *step;
	int done = 1;

	while (done && peer->descriptor >= 0 &&
	    (step = *peer->script) != NULL) {
		const char *argument = step[1] == ' ' ? step + 2 : step + 1;

		if (step[0] == 'S' || step[0] == 's') {
			peer_send(peer, argument, step[0] == 'S');
		} else if (step[0] == 'C') {
			done = peer_expect_line(peer, argument);
		} else if (step[0] == 'D') {
			done = peer_expect_content(peer);
#ifdef PEER_TLS
		} else if (step[0] == 'P') {
			done = peer_shake(peer);
#endif
		} else if (step[0] == 'G') {
			done = world.gate_open;
			if (!done && world.at_gate++ == 0)
				loop_stop(world.loop);
		} else if (step[0] == 'X') {
			peer_close(peer);
		} else {
			done = 0;
		}
		if (done)
			peer->script++;
	}
}

static void
peer_ready(void *context, unsigned int ready)
{
	struct peer *peer = context;
	char bytes[65536];
	ssize_t count;

	(void)ready;
#ifdef PEER_TLS
	if (!peer->is_shaken && peer->script[0] != NULL &&
	    peer->script[0][0] == 'P') {
		peer_run_script(peer);
		return;
	}
	if (peer->is_shaken) {
		while ((count = SSL_read(peer->ssl, bytes,
		    sizeof(bytes))) > 0)
			require(buffer_add(&peer->input, bytes,
			    (size_t)count) == 0);
		if (SSL_get_error(peer->ssl, (int)count) !=
		    SSL_ERROR_WANT_READ) {
			peer_close(peer);
			return;
		}
		peer_run_script(peer);
		return;
	}
#endif
	count = read(peer->descriptor, bytes, sizeof(bytes));
	if (count <= 0) {
		peer_close(peer);
		return;
	}
	require(buffer_add(&peer->input, bytes, (size_t)count) == 0);
	peer_run_script(peer);
}

static void
peer_new(int descriptor, const char *const *script)
{
	struct peer *peer = memory_new(sizeof(*peer));

	peer->descriptor = descriptor;
	peer->script = script;
	buffer_init(&peer->input, 8 * 1024 * 1024);
	peer->watch = loop_watch_new(world.loop, descriptor, peer_ready,
	    peer);
	loop_watch_want(peer->watch, LOOP_READ);
	peer->next = peers;
	peers = peer;
	peer_run_script(peer);
}

/* ---- the world ---- */

static void
peer_ask_hosts(void *context, const struct frame_hosts_ask *ask)
{
	(void)context;
	world.last_ask = ask->id;
	world.ask_count++;
	snprintf(world.last_name, sizeof(world.last_name), "%.*s",
	    TEXT_ARG(ask->name));
}

static void
peer_take_result(void *context, const struct frame_job_result *result)
{
	struct peer_result *out;
	size_t i;

	(void)context;
	for (i = 0; i < result->recipient_count; i++) {
		require(world.result_count < PEER_RESULTS_MAX);
		out = &world.results[world.result_count++];
		out->job = result->job;
		out->rid = result->recipients[i].rid;
		out->result = result->recipients[i].result;
		out->reply = result->recipients[i].reply;
		out->destination = result->destination;
		snprintf(out->status, sizeof(out->status), "%.*s",
		    TEXT_ARG(result->recipients[i].status));
		snprintf(out->reason, sizeof(out->reason), "%.*s",
		    TEXT_ARG(result->recipients[i].reason));
		snprintf(out->host, sizeof(out->host), "%.*s",
		    TEXT_ARG(result->host));
		snprintf(out->tls, sizeof(out->tls), "%.*s",
		    TEXT_ARG(result->tls));
	}
	if (world.result_count >= world.wanted)
		loop_stop(world.loop);
}

static uint64_t
peer_dcid(void *context)
{
	(void)context;
	return ++world.connections;
}

static void
peer_in_hand(void *context, uint64_t mid)
{
	(void)context;
	(void)mid;
}

static int
peer_open_socket(void *context, const struct delivery_target *target)
{
	int pair[2];
	size_t i;

	(void)context;
	if (target->ip.family == 6) {
		errno = world.ipv6_errno;
		return -1;
	}
	for (i = 0; i < world.address_count; i++) {
		struct peer_address *address = &world.addresses[i];

		if (address->last != target->ip.bytes[3] ||
		    address->next == address->count)
			continue;
		require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0, pair) == 0);
		peer_new(pair[1], address->scripts[address->next++]);
		return pair[0];
	}
	errno = ECONNREFUSED;
	return -1;
}

static void
peer_stopped(void *context)
{
	(void)context;
	world.stopped++;
	loop_stop(world.loop);
}

static const struct delivery_peers peer_table = {
	.ask_hosts = peer_ask_hosts,
	.result = peer_take_result,
	.dcid = peer_dcid,
	.in_hand = peer_in_hand,
	.open_socket = peer_open_socket,
	.stopped = peer_stopped,
};

void
peer_setup(void)
{
	struct reason why;
	void *tls = world.tls;
	struct text trust = world.config.tls.trust_pem;

	memset(&world, 0, sizeof(world));
	world.tls = tls;
	world.config.tls.trust_pem = trust;
	world.loop = loop_new();
	buffer_init(&world.content, 64 * 1024 * 1024);
	buffer_init(&world.commands, 1024 * 1024);
	world.ipv6_errno = ECONNREFUSED;
	world.config.hostname = TEXT("gateway.test");
	world.config.dns.timeout_ms = 1000;
	world.config.limits.connect_timeout_ms = 2000;
	world.config.limits.reply_timeout_ms = 2000;
	world.config.limits.final_reply_timeout_ms = 2000;
	world.config.limits.idle_connection_ms = 5000;
	world.delivery = delivery_new(world.loop, 100, &peer_table, NULL);
	require(delivery_configure(world.delivery, &world.config, &why) == 0);
}

void
peer_teardown(void)
{
	struct peer *peer;

	delivery_free(world.delivery);
	while ((peer = peers) != NULL) {
		peers = peer->next;
		peer_close(peer);
		buffer_clear(&peer->input);
#ifdef PEER_TLS
		SSL_free(peer->ssl);
#endif
		free(peer);
	}
	buffer_clear(&world.content);
	buffer_clear(&world.commands);
	loop_free(world.loop);
}

void
peer_script(uint8_t last, const char *const *script)
{
	struct peer_address *address;
	size_t i;

	for (i = 0; i < world.address_count; i++)
		if (world.addresses[i].last == last)
			break;
	require(i < sizeof(world.addresses) / sizeof(world.addresses[0]));
	if (i == world.address_count)
		world.address_count++;
	address = &world.addresses[i];
	address->last = last;
	require(address->count < PEER_SCRIPTS_MAX);
	address->scripts[address->count++] = script;
}

void
peer_run_to_gate(void)
{
	while (world.at_gate == 0)
		loop_run(world.loop);
}

void
peer_open_gate(void)
{
	struct peer *peer;

	world.gate_open = true;
	for (peer = peers; peer != NULL; peer = peer->next)
		if (peer->descriptor >= 0)
			peer_run_script(peer);
}

void
peer_wait(int64_t ms)
{
	struct loop_timer *timer = loop_timer_new(world.loop, peer_stop,
	    NULL);

	loop_timer_set(timer, ms);
	loop_run(world.loop);
	loop_timer_free(timer);
}

void
peer_run(size_t results)
{
	struct loop_timer *timer = loop_timer_new(world.loop, peer_stop,
	    NULL);

	world.wanted = results;
	loop_timer_set(timer, 10000);
	if (world.result_count < results)
		loop_run(world.loop);
	loop_timer_free(timer);
	require(world.result_count >= results);
}

const struct peer_result *
peer_result_of(uint64_t job, uint32_t rid)
{
	size_t i;

	for (i = 0; i < world.result_count; i++)
		if (world.results[i].job == job &&
		    world.results[i].rid == rid)
			break;
	require(i < world.result_count);
	return &world.results[i];
}

void
peer_give(const struct peer_job *job)
{
	struct envelope_recipient recipients[8];
	struct frame_job frame = { .job = job->job, .attempt = 1 };
	struct message_body *body = message_body_new();
	struct digest *digest = digest_new();
	struct text hosts[4], content = text_from(job->body);
	struct text tls_name = text_from(job->tls_name);
	size_t i;

	require(message_body_append(body, content) == 0);
	require(message_body_finish(body) == 0);
	digest_add(digest, content);
	digest_finish(digest, frame.envelope.sha256);
	if (job->wrong_hash)
		frame.envelope.sha256[0] ^= 1;
	digest_free(digest);
	frame.protection = job->protection;
	if (job->met != PEER_MET_NOT)
		memcpy(frame.met_sha256, frame.envelope.sha256,
		    sizeof(frame.met_sha256));
	if (job->met == PEER_MET_OTHERS)
		frame.met_sha256[31] ^= 1;
	frame.envelope.mid = 1000 + job->job;
	frame.envelope.size = content.len;
	frame.envelope.sender = text_from(job->sender);
	frame.envelope.body = job->envelope_body;
	frame.envelope.smtputf8 = job->smtputf8;
	frame.envelope.envid = text_from(job->envid);
	memset(recipients, 0, sizeof(recipients));
	for (i = 0; i < 8 && job->recipients[i] != NULL; i++) {
		recipients[i].rid = (uint32_t)i + 1;
		recipients[i].address = text_from(job->recipients[i]);
		recipients[i].notify = job->notify;
		recipients[i].orcpt = text_from(job->orcpt);
	}
	frame.envelope.recipients = recipients;
	frame.envelope.recipient_count = i;
	for (i = 0; i < 4 && job->hosts[i] != NULL; i++)
		hosts[i] = text_from(job->hosts[i]);
	frame.destination.hosts = hosts;
	frame.destination.host_count = i;
	frame.destination.key = TEXT("destination");
	frame.destination.domain = text_from(job->domain);
	frame.destination.tls = job->tls;
	frame.destination.or_envelope = job->or_envelope;
	frame.destination.tls_names = &tls_name;
	frame.destination.tls_name_count = job->tls_name != NULL;
	frame.destination.concurrency = job->concurrency == 0 ? 1 :
	    job->concurrency;
	frame.destination.messages_per_connection = job->per_connection;
	require(delivery_take(world.delivery, &frame, body,
	    job->channel == 0 ? 1 : job->channel) == 0);
	message_body_release(&body);
}
