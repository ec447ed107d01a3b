/*
 * A request as its owner sees it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/memory.h"
#include "webui/http/http_private.h"

#define FIELDS_MAX 16384

struct http_exchange *
http_exchange_new(struct http_connection *connection)
{
	struct http_exchange *exchange = memory_new(sizeof(*exchange));
	size_t max = connection->server->settings.body_max;

	exchange->connection = connection;
	exchange->descriptor = -1;
	exchange->body_max = max;
	buffer_init(&exchange->body, max > 0 ? max : 1);
	buffer_init(&exchange->fields, FIELDS_MAX);
	return exchange;
}

void
http_exchange_free(struct http_exchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->descriptor != -1)
		(void)close(exchange->descriptor);
	/* Bodies carry codes and tokens. */
	buffer_wipe(&exchange->body);
	buffer_wipe(&exchange->fields);
	if (exchange->content.max > 0)
		buffer_wipe(&exchange->content);
	free(exchange->head);
	free(exchange);
}

int
http_exchange_parse(struct http_exchange *exchange, struct text head,
	unsigned int *status)
{
	exchange->head = memory_array(head.len, 1);
	memcpy(exchange->head, head.data, head.len);
	return http_request_parse(exchange->head, head.len,
	    &exchange->request, status);
}

int
http_exchange_take(struct http_exchange *exchange, struct text piece)
{
	struct http_connection *connection = exchange->connection;

	if (piece.len > exchange->body_max - exchange->body_len)
		return ERROR_LIMIT;
	exchange->body_len += piece.len;
	if (exchange->piece == NULL)
		return buffer_add_text(&exchange->body, piece);
	connection->is_telling = true;
	exchange->has_failed = exchange->piece(exchange->own, piece) < 0;
	connection->is_telling = false;
	return 0;
}

/* ---- what the owner asks ---- */

enum http_method
http_exchange_method(const struct http_exchange *exchange)
{
	return exchange->request.method;
}

struct text
http_exchange_path(const struct http_exchange *exchange)
{
	return exchange->request.path;
}

struct text
http_exchange_query(const struct http_exchange *exchange)
{
	return exchange->request.query;
}

struct text
http_exchange_field(const struct http_exchange *exchange, const char *name)
{
	return http_request_find(&exchange->request, name);
}

struct text
http_exchange_cookie(const struct http_exchange *exchange, const char *name)
{
	return http_request_find_cookie(http_request_find(&exchange->request,
	    "Cookie"), text_from(name));
}

struct text
http_exchange_body(const struct http_exchange *exchange)
{
	return buffer_text(&exchange->body);
}

struct text
http_exchange_client(const struct http_exchange *exchange)
{
	return text_from(exchange->connection->client.address);
}

struct text
http_exchange_client_name(const struct http_exchange *exchange)
{
	const struct tls_session *tls = exchange->connection->tls;

	return tls == NULL ? TEXT_EMPTY : tls_session_peer_name(tls);
}

int64_t
http_exchange_body_length(const struct http_exchange *exchange)
{
	return exchange->request.length;
}

void
http_exchange_set_context(struct http_exchange *exchange, void *own)
{
	exchange->own = own;
}

void *
http_exchange_context(const struct http_exchange *exchange)
{
	return exchange->own;
}

void
http_exchange_take_body(struct http_exchange *exchange, uint64_t max,
	http_body_piece piece)
{
	require(exchange->connection->state == HTTP_CONNECTION_HEAD);
	exchange->body_max = max;
	exchange->piece = piece;
}

bool
http_exchange_has_failed(const struct http_exchange *exchange)
{
	return exchange->has_failed;
}
