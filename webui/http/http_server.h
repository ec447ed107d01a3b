/*
 * An HTTP/1.1 server (RFC 9110, RFC 9112) for the pages and the management
 * listener of the key service: strict about framing, bounded in everything.
 *
 * One request at a time on a connection.  What is ambiguous (two lengths, a
 * length with a transfer coding, folded fields, bare CR or LF, spaces before
 * a colon, an absolute target of another host) is refused with 400 and the
 * connection ends.
 */
#ifndef WEBUI_HTTP_HTTP_SERVER_H
#define WEBUI_HTTP_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/tls_context.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"

struct http_server;
struct http_exchange;	/* a request and its answer */

struct http_server_settings {
	uint32_t max_connections;
	uint32_t max_connections_per_client;	/* per address, or /64 */
	size_t body_max;		/* bytes, unless a request says more */
	int64_t head_timeout_ms;	/* a whole request head */
	int64_t body_timeout_ms;	/* a whole body */
	int64_t idle_timeout_ms;	/* between requests */
};

struct http_events {
	/*
	 * The head is there, the body is not.  May call
	 * http_exchange_take_body(), or answer at once (the body is then
	 * not read and the connection ends).  May be NULL.
	 */
	void (*head)(void *context, struct http_exchange *exchange);
	/* All of the request is there: answer now or later. */
	void (*request)(void *context, struct http_exchange *exchange);
	/*
	 * The client went away before it was answered; forget the exchange.
	 * Not told once it was answered.
	 */
	void (*gone)(void *context, struct http_exchange *exchange);
};

struct http_server *http_server_new(struct loop *loop,
	const struct http_server_settings *settings,
	const struct http_events *events, void *context);
/* For requests from now on, and for new connections. */
void http_server_configure(struct http_server *server,
	const struct http_server_settings *settings);
/* Ends every connection; not within its events. */
void http_server_free(struct http_server *server);
/*
 * Accept on this listening socket from now on, in place of an older one; -1
 * stops.  tls NULL: in clear.  The context is referenced.
 */
void http_server_listen(struct http_server *server, int descriptor,
	struct tls_context *tls);
/* No new requests; told (once) when the last one has been answered. */
void http_server_stop(struct http_server *server, loop_callback done,
	void *context);
size_t http_server_connections(const struct http_server *server);

/* ---- the request; texts live until it is answered ------------------------ */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE,
	HTTP_METHODS };
enum http_method http_exchange_method(const struct http_exchange *exchange);
/* Decoded once, no dot segments, begins with "/"; no query. */
struct text http_exchange_path(const struct http_exchange *exchange);
/* Raw, without "?". */
struct text http_exchange_query(const struct http_exchange *exchange);
/* Of a field of that name, empty where there is none or more than one. */
struct text http_exchange_field(const struct http_exchange *exchange,
	const char *name);
/* A cookie of that name (RFC 6265 5.4); empty where there is none. */
struct text http_exchange_cookie(const struct http_exchange *exchange,
	const char *name);
struct text http_exchange_body(const struct http_exchange *exchange);
/* The client's IP address, printed. */
struct text http_exchange_client(const struct http_exchange *exchange);
/* Subject of the client's certificate where one was demanded, or empty. */
struct text http_exchange_client_name(const struct http_exchange *exchange);
/* Bytes that the body will have (Content-Length), or -1: chunked. */
int64_t http_exchange_body_length(const struct http_exchange *exchange);
/* For the owner's own use. */
void http_exchange_set_context(struct http_exchange *exchange, void *own);
void *http_exchange_context(const struct http_exchange *exchange);

/*
 * In head(): take the body piece by piece instead of having it gathered; at
 * most max bytes (413 beyond).  A negative enum error from piece() ends the
 * reading: request() is told nevertheless, with *failed set.
 */
typedef int (*http_body_piece)(void *own, struct text piece);
void http_exchange_take_body(struct http_exchange *exchange, uint64_t max,
	http_body_piece piece);
bool http_exchange_has_failed(const struct http_exchange *exchange);

/* ---- the answer ---------------------------------------------------------- */

/*
 * A field for the answer; name and value are copied.  Bytes that may not
 * stand in a field are our bug (require); values from outside are the
 * caller's to clean.
 */
void http_exchange_add_field(struct http_exchange *exchange,
	const char *name, struct text value);
/* Answer; Content-Length is added, HEAD and 304 send no body. */
void http_exchange_answer(struct http_exchange *exchange,
	unsigned int status, const char *type, struct text body);
/* The same from a descriptor of size bytes (taken over), streamed. */
void http_exchange_answer_file(struct http_exchange *exchange,
	unsigned int status, const char *type, int descriptor,
	uint64_t size);

#endif
