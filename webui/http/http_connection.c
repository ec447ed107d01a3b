/*
 * A connection: requests one after the other, each with its deadlines.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "webui/http/http_private.h"

#define INPUT_MAX 65536
#define OUTPUT_MAX (256 * 1024)
#define FINISH_MS 5000
#define DISCARD_MS 30000
#define DISCARD_MAX (64u * 1024 * 1024)

#define IN(state) (1u << HTTP_CONNECTION_##state)

/* ---- states ---- */

/* DISCARD and FINISH may follow everything. */
static const uint32_t next_states[HTTP_CONNECTION_STATES] = {
	[HTTP_CONNECTION_HANDSHAKE] = IN(IDLE),
	[HTTP_CONNECTION_IDLE] = IN(HEAD),
	[HTTP_CONNECTION_HEAD] = IN(BODY) | IN(ANSWER),
	[HTTP_CONNECTION_BODY] = IN(WAIT) | IN(ANSWER),
	[HTTP_CONNECTION_WAIT] = IN(ANSWER),
	[HTTP_CONNECTION_ANSWER] = IN(IDLE),
};

static const char *const state_names[HTTP_CONNECTION_STATES] = {
	[HTTP_CONNECTION_HANDSHAKE] = "handshake",
	[HTTP_CONNECTION_IDLE] = "idle",
	[HTTP_CONNECTION_HEAD] = "head",
	[HTTP_CONNECTION_BODY] = "body",
	[HTTP_CONNECTION_WAIT] = "wait",
	[HTTP_CONNECTION_ANSWER] = "answer",
	[HTTP_CONNECTION_DISCARD] = "discard",
	[HTTP_CONNECTION_FINISH] = "finish",
};

void
http_connection_move(struct http_connection *connection,
	enum http_connection_state to)
{
	const struct http_server_settings *settings =
	    &connection->server->settings;
	const int64_t deadlines[HTTP_CONNECTION_STATES] = {
		[HTTP_CONNECTION_HANDSHAKE] = settings->head_timeout_ms,
		[HTTP_CONNECTION_IDLE] = settings->idle_timeout_ms,
		[HTTP_CONNECTION_HEAD] = settings->head_timeout_ms,
		[HTTP_CONNECTION_BODY] = settings->body_timeout_ms,
		[HTTP_CONNECTION_WAIT] = -1,
		[HTTP_CONNECTION_ANSWER] = settings->body_timeout_ms,
		[HTTP_CONNECTION_DISCARD] = DISCARD_MS,
		[HTTP_CONNECTION_FINISH] = FINISH_MS,
	};

	require(to >= HTTP_CONNECTION_DISCARD ||
	    (next_states[connection->state] & (1u << to)) != 0);
	log_event(LOG_DEBUG_LEVEL, 0, "connection_move",
	    LOG_STRING("client", connection->client.address),
	    LOG_STRING("from", state_names[connection->state]),
	    LOG_STRING("to", state_names[to]));
	connection->state = (uint8_t)to;
	stream_set_deadline(connection->stream, deadlines[to]);
}

/* ---- the end ---- */

static void
tell_gone(struct http_connection *connection)
{
	struct http_exchange *exchange = connection->exchange;
	struct http_server *server = connection->server;

	if (exchange == NULL || !exchange->is_told || exchange->is_answered)
		return;
	exchange->is_told = false;
	connection->is_telling = true;
	if (server->events->gone != NULL)
		server->events->gone(server->context, exchange);
	connection->is_telling = false;
}

void
http_connection_free(struct http_connection *connection)
{
	/* A server does not end in its owner's own callback. */
	require(!connection->is_telling);
	tell_gone(connection);
	http_exchange_free(connection->exchange);
	stream_free(connection->stream);
	http_server_forget(connection);
	free(connection);
}

static void
finish(struct http_connection *connection)
{
	if (connection->state == HTTP_CONNECTION_FINISH)
		return;
	http_connection_move(connection, HTTP_CONNECTION_FINISH);
	stream_finish(connection->stream);
}

void
http_connection_stop(struct http_connection *connection)
{
	const uint32_t idle = IN(HANDSHAKE) | IN(IDLE) | IN(HEAD) |
	    IN(DISCARD);

	if ((idle & (1u << connection->state)) != 0)
		http_connection_free(connection);
}

/* ---- one request ---- */

/* The server's own answer, whoever the exchange was meant for. */
static void
refuse(struct http_connection *connection, unsigned int status)
{
	if (connection->exchange == NULL)
		connection->exchange = http_exchange_new(connection);
	tell_gone(connection);
	http_answer_error(connection->exchange, status);
}

static void
tell(struct http_connection *connection,
	void (*event)(void *context, struct http_exchange *exchange))
{
	connection->exchange->is_told = true;
	connection->is_telling = true;
	event(connection->server->context, connection->exchange);
	connection->is_telling = false;
}

static void
begin_body(struct http_connection *connection)
{
	struct http_exchange *exchange = connection->exchange;
	const struct http_events *events = connection->server->events;

	if (events->head != NULL)
		tell(connection, events->head);
	if (exchange->is_answered)
		return;
	if (exchange->request.length > 0 &&
	    (uint64_t)exchange->request.length > exchange->body_max) {
		refuse(connection, 413);
		return;
	}
	http_connection_move(connection, HTTP_CONNECTION_BODY);
	if (exchange->request.expects_continue &&
	    exchange->request.length != 0 &&
	    stream_input(connection->stream).len == 0 &&
	    stream_write(connection->stream,
	    TEXT("HTTP/1.1 100 Continue\r\n\r\n")) == ERROR_LIMIT)
		fatal("output of a connection is full");
}

/* The steps: true when the new state has something to do with the input. */

static bool
step_idle(struct http_connection *connection)
{
	if (stream_input(connection->stream).len == 0)
		return false;
	memset(&connection->scan, 0, sizeof(connection->scan));
	http_connection_move(connection, HTTP_CONNECTION_HEAD);
	return true;
}

static bool
step_head(struct http_connection *connection)
{
	struct text input = stream_input(connection->stream);
	unsigned int status = 400;
	size_t len = 0;
	int error = http_request_find_end(&connection->scan, input, &len,
	    &status);

	if (error == ERROR_AGAIN)
		return false;
	if (error == 0) {
		connection->exchange = http_exchange_new(connection);
		error = http_exchange_parse(connection->exchange,
		    text_slice(input, 0, len), &status);
		stream_consume(connection->stream, len);
	}
	if (error == 0)
		begin_body(connection);
	else
		refuse(connection, status);
	return connection->state == HTTP_CONNECTION_BODY;
}

/* A run of the body; 0 with *used 0 when there is no more for now. */
static int
take_body(struct http_exchange *exchange, struct text input, size_t *used)
{
	struct text piece = input;
	uint64_t left;
	int error = 0;

	if (exchange->request.is_chunked) {
		error = http_chunked_take(&exchange->chunked, input, used,
		    &piece);
	} else {
		left = (uint64_t)exchange->request.length -
		    exchange->body_len;
		if (piece.len > left)
			piece.len = (size_t)left;
		*used = piece.len;
	}
	if (error == 0 && piece.len > 0)
		error = http_exchange_take(exchange, piece) < 0 ?
		    ERROR_REFUSED : 0;
	return error;
}

static bool
is_body_done(const struct http_exchange *exchange)
{
	if (exchange->has_failed)
		return true;
	return exchange->request.is_chunked ?
	    http_chunked_is_done(&exchange->chunked) :
	    exchange->body_len == (uint64_t)exchange->request.length;
}

static bool
step_body(struct http_connection *connection)
{
	struct http_exchange *exchange = connection->exchange;
	size_t used = 1;
	int error;

	while (!is_body_done(exchange) && used > 0) {
		error = take_body(exchange, stream_input(connection->stream),
		    &used);
		if (error < 0) {
			refuse(connection, error == ERROR_REFUSED ? 413 :
			    400);
			return false;
		}
		stream_consume(connection->stream, used);
	}
	if (!is_body_done(exchange))
		return false;
	http_connection_move(connection, HTTP_CONNECTION_WAIT);
	tell(connection, connection->server->events->request);
	return false;
}

static bool
step_discard(struct http_connection *connection)
{
	size_t len = stream_input(connection->stream).len;

	connection->discarded += len;
	stream_consume(connection->stream, len);
	if (connection->discarded > DISCARD_MAX)
		finish(connection);
	return false;
}

static bool (*const steps[HTTP_CONNECTION_STATES])(
	struct http_connection *connection) = {
	[HTTP_CONNECTION_IDLE] = step_idle,
	[HTTP_CONNECTION_HEAD] = step_head,
	[HTTP_CONNECTION_BODY] = step_body,
	[HTTP_CONNECTION_DISCARD] = step_discard,
};

static void
run(struct http_connection *connection)
{
	while (steps[connection->state] != NULL &&
	    steps[connection->state](connection))
		continue;
}

/* ---- behind the answer ---- */

/*
 * The client may still be sending: it reads the answer and our end, while
 * what it sends is taken in and dropped; closing at once would reset the
 * connection and might destroy the answer on its way (RFC 9112 9.6).
 */
static void
discard(struct http_connection *connection)
{
	http_connection_move(connection, HTTP_CONNECTION_DISCARD);
	(void)shutdown(stream_descriptor(connection->stream), SHUT_WR);
	run(connection);
}

void
http_connection_answered(struct http_connection *connection)
{
	http_exchange_free(connection->exchange);
	connection->exchange = NULL;
	if (connection->closes || connection->server->is_stopping) {
		if (connection->is_unread && !connection->peer_ended)
			discard(connection);
		else
			finish(connection);
		return;
	}
	http_connection_move(connection, HTTP_CONNECTION_IDLE);
	run(connection);
}

/* ---- the stream's events ---- */

static void
on_input(void *context)
{
	run(context);
}

static void
on_drained(void *context)
{
	struct http_connection *connection = context;
	struct http_exchange *exchange = connection->exchange;

	if (connection->state != HTTP_CONNECTION_ANSWER)
		return;
	if (exchange->sent < exchange->size)
		http_answer_continue(exchange);
	else
		http_connection_answered(connection);
}

static void
on_ended(void *context, int error)
{
	struct http_connection *connection = context;
	const uint32_t answering = IN(WAIT) | IN(ANSWER);

	if (error < 0 || connection->peer_ended ||
	    connection->state >= HTTP_CONNECTION_DISCARD) {
		http_connection_free(connection);
		return;
	}
	/* RFC 9112 9.6: a client may end its side and wait for the answer. */
	connection->peer_ended = true;
	if ((answering & (1u << connection->state)) == 0)
		finish(connection);
}

static void
on_deadline(void *context)
{
	struct http_connection *connection = context;
	const uint32_t receiving = IN(HEAD) | IN(BODY);

	if ((receiving & (1u << connection->state)) != 0)
		refuse(connection, 408);
	else if (connection->state == HTTP_CONNECTION_IDLE)
		finish(connection);
	else
		http_connection_free(connection);
}

static void
on_handshake(void *context, int error)
{
	struct http_connection *connection = context;
	struct reason why = { 0 };

	if (error == 0) {
		http_connection_move(connection, HTTP_CONNECTION_IDLE);
		run(connection);
		return;
	}
	(void)tls_session_failure(connection->tls, &why);
	log_event(LOG_INFO_LEVEL, 0, "tls_failed",
	    LOG_STRING("client", connection->client.address),
	    LOG_STRING("reason", why.text));
	http_connection_free(connection);
}

static const struct stream_events stream_events = {
	.input = on_input,
	.drained = on_drained,
	.ended = on_ended,
	.deadline = on_deadline,
	.handshake = on_handshake,
};

void
http_connection_open(struct http_server *server, int descriptor,
	const struct http_client *client, struct http_client_count *count)
{
	struct http_connection *connection = memory_new(sizeof(*connection));

	connection->server = server;
	connection->client = *client;
	connection->count = count;
	list_append(&server->connections, &connection->link);
	connection->stream = stream_new(server->loop, descriptor, INPUT_MAX,
	    OUTPUT_MAX, &stream_events, connection);
	connection->state = HTTP_CONNECTION_HANDSHAKE;
	if (server->tls == NULL) {
		http_connection_move(connection, HTTP_CONNECTION_IDLE);
		/* The first request is no next one. */
		stream_set_deadline(connection->stream,
		    server->settings.head_timeout_ms);
		return;
	}
	connection->tls = tls_session_accept(server->tls,
	    connection->stream);
	stream_set_deadline(connection->stream,
	    server->settings.head_timeout_ms);
	stream_handshake(connection->stream);
}
