/*
 * Answers: the head, then the content from memory or a descriptor, as fast
 * as the client takes it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "webui/http/http_date.h"
#include "webui/http/http_private.h"
#include "webui/http/http_status.h"

#define PIECE_SIZE 32768
/* The stream holds at most this much of an answer's content. */
#define HELD_MAX 65536
#define CONTENT_MAX (16u * 1024 * 1024)

static bool
is_field_safe(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if ((unsigned char)t.data[i] < ' ' || t.data[i] == 0x7f)
			return false;
	return true;
}

void
http_exchange_add_field(struct http_exchange *exchange, const char *name,
	struct text value)
{
	require(is_field_safe(text_from(name)) && is_field_safe(value));
	require(buffer_printf(&exchange->fields, "%s: ", name) == 0);
	require(buffer_add_text(&exchange->fields, value) == 0);
	require(buffer_add_text(&exchange->fields, TEXT("\r\n")) == 0);
}

/* ---- the head ---- */

static void
print_head(struct http_exchange *exchange, unsigned int status,
	const char *type, struct buffer *out)
{
	bool bodiless = http_status_is_bodiless(status);
	char date[HTTP_DATE_SIZE];
	int error;

	http_date_print(clock_now_us(), date, sizeof(date));
	error = buffer_printf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status,
	    http_status_phrase(status), date);
	if (error == 0 && type != NULL && !bodiless)
		error = buffer_printf(out, "Content-Type: %s\r\n", type);
	if (error == 0 && !bodiless)
		error = buffer_printf(out, "Content-Length: %llu\r\n",
		    (unsigned long long)exchange->size);
	if (error == 0)
		error = buffer_add_text(out, buffer_text(&exchange->fields));
	if (error == 0 && exchange->connection->closes)
		error = buffer_add_text(out, TEXT("Connection: close\r\n"));
	if (error == 0)
		error = buffer_add_text(out, TEXT("\r\n"));
	require(error == 0);
}

/* Whether all of the request was read: else the connection is unusable. */
static bool
is_read(const struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;

	if (exchange->has_failed)
		return false;
	return request->is_chunked ?
	    http_chunked_is_done(&exchange->chunked) :
	    exchange->body_len == (uint64_t)request->length;
}

static void
begin(struct http_exchange *exchange, unsigned int status, const char *type)
{
	struct http_connection *connection = exchange->connection;
	struct buffer head;

	require(!exchange->is_answered);
	require(connection->state == HTTP_CONNECTION_HEAD ||
	    connection->state == HTTP_CONNECTION_BODY ||
	    connection->state == HTTP_CONNECTION_WAIT);
	exchange->is_answered = true;
	connection->is_unread = !is_read(exchange);
	if (connection->is_unread || !exchange->request.keep_alive ||
	    connection->server->is_stopping || connection->peer_ended)
		connection->closes = true;
	buffer_init(&head, 2 * HTTP_REQUEST_HEAD_MAX);
	print_head(exchange, status, type, &head);
	/* A broken stream tells its end by itself. */
	if (stream_write(connection->stream, buffer_text(&head)) ==
	    ERROR_LIMIT)
		fatal("output of a connection is full");
	buffer_wipe(&head);
	if (exchange->request.method == HTTP_HEAD ||
	    http_status_is_bodiless(status))
		exchange->sent = exchange->size;
	http_connection_move(connection, HTTP_CONNECTION_ANSWER);
	http_answer_continue(exchange);
}

void
http_exchange_answer(struct http_exchange *exchange, unsigned int status,
	const char *type, struct text body)
{
	buffer_init(&exchange->content, CONTENT_MAX);
	require(buffer_add_text(&exchange->content, body) == 0);
	exchange->size = body.len;
	begin(exchange, status, type);
}

void
http_exchange_answer_file(struct http_exchange *exchange,
	unsigned int status, const char *type, int descriptor, uint64_t size)
{
	exchange->descriptor = descriptor;
	exchange->size = size;
	begin(exchange, status, type);
}

void
http_answer_error(struct http_exchange *exchange, unsigned int status)
{
	struct buffer page;

	exchange->connection->closes = true;
	buffer_init(&page, 1024);
	require(buffer_printf(&page, "%u %s\n\n%s\n", status,
	    http_status_phrase(status), http_status_words(status)) == 0);
	buffer_reset(&exchange->fields);
	http_exchange_add_field(exchange, "X-Content-Type-Options",
	    TEXT("nosniff"));
	http_exchange_add_field(exchange, "Content-Security-Policy",
	    TEXT("default-src 'none'; frame-ancestors 'none'"));
	http_exchange_add_field(exchange, "Cache-Control", TEXT("no-store"));
	http_exchange_answer(exchange, status, "text/plain; charset=us-ascii",
	    buffer_text(&page));
	buffer_clear(&page);
}

/* ---- the content ---- */

/* The next piece; ERROR_SYSTEM where the descriptor has less than it said. */
static int
next_piece(struct http_exchange *exchange, char *scratch, struct text *piece)
{
	uint64_t left = exchange->size - exchange->sent;
	size_t len = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
	ssize_t got;

	if (exchange->descriptor == -1) {
		*piece = text_slice(buffer_text(&exchange->content),
		    (size_t)exchange->sent, len);
		return 0;
	}
	do {
		got = pread(exchange->descriptor, scratch, len,
		    (off_t)exchange->sent);
	} while (got == -1 && errno == EINTR);
	if (got <= 0)
		return ERROR_SYSTEM;
	*piece = text_of(scratch, (size_t)got);
	return 0;
}

void
http_answer_continue(struct http_exchange *exchange)
{
	struct http_connection *connection = exchange->connection;
	static char scratch[PIECE_SIZE];
	struct text piece;

	while (exchange->sent < exchange->size &&
	    stream_output_len(connection->stream) < HELD_MAX) {
		if (next_piece(exchange, scratch, &piece) < 0) {
			log_event(LOG_ERROR_LEVEL, 0, "answer_cut_short",
			    LOG_NUMBER("sent", exchange->sent),
			    LOG_NUMBER("size", exchange->size));
			connection->closes = true;
			exchange->size = exchange->sent;
			break;
		}
		/* Broken: its end is told, or the deadline comes. */
		if (stream_write(connection->stream, piece) < 0)
			break;
		exchange->sent += piece.len;
	}
	stream_set_deadline(connection->stream,
	    connection->server->settings.body_timeout_ms);
}
