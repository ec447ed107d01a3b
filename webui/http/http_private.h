/*
 * What the files of the HTTP server share: the server, a connection, and the
 * exchange at hand on it.
 */
#ifndef WEBUI_HTTP_HTTP_PRIVATE_H
#define WEBUI_HTTP_HTTP_PRIVATE_H

#include "crypto/tls_session.h"
#include "gateway/base/buffer.h"
#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/base/stream.h"
#include "webui/http/http_chunked.h"
#include "webui/http/http_client.h"
#include "webui/http/http_request.h"
#include "webui/http/http_server.h"

/* How many connections one client has; lives while it has any. */
struct http_client_count {
	char network[HTTP_CLIENT_SIZE];	/* the map borrows it */
	uint32_t connections;
};

struct http_server {
	struct loop *loop;
	struct http_server_settings settings;
	const struct http_events *events;
	void *context;
	struct loop_watch *watch;	/* NULL: not listening */
	struct loop_timer *pause;	/* after accept() failed */
	int descriptor;
	struct tls_context *tls;
	struct list connections;
	size_t connection_count;
	struct map *clients;
	struct loop_chore stopped;
	loop_callback done;
	void *done_context;
	bool is_stopping;
};

enum http_connection_state {
	HTTP_CONNECTION_HANDSHAKE,
	HTTP_CONNECTION_IDLE,	/* no byte of the next request yet */
	HTTP_CONNECTION_HEAD,
	HTTP_CONNECTION_BODY,
	HTTP_CONNECTION_WAIT,	/* for the owner's answer */
	HTTP_CONNECTION_ANSWER,
	HTTP_CONNECTION_DISCARD,	/* what an answered client still
					   sends */
	HTTP_CONNECTION_FINISH,
	HTTP_CONNECTION_STATES
};

struct http_connection {
	struct list link;
	struct http_server *server;
	struct stream *stream;
	struct tls_session *tls;	/* the stream's; NULL: in clear */
	struct http_client client;
	struct http_client_count *count;
	struct http_request_scan scan;
	struct http_exchange *exchange;
	uint64_t discarded;
	uint8_t state;			/* enum http_connection_state */
	bool is_telling;		/* the owner is being called */
	bool is_unread;			/* the client may still be sending */
	bool peer_ended;
	bool closes;			/* behind the answer at hand */
};

struct http_exchange {
	struct http_connection *connection;
	struct http_request request;
	char *head;			/* the request borrows from it */
	/* the body */
	struct http_chunked chunked;
	uint64_t body_len;		/* read so far */
	uint64_t body_max;
	struct buffer body;
	http_body_piece piece;		/* NULL: gathered */
	bool has_failed;
	bool is_told;			/* the owner knows of it */
	bool is_answered;
	void *own;
	/* the answer */
	struct buffer fields;
	struct buffer content;
	int descriptor;			/* -1: content */
	uint64_t size;
	uint64_t sent;
};

/* http_connection.c */
void http_connection_open(struct http_server *server, int descriptor,
	const struct http_client *client, struct http_client_count *count);
/* At once; an owner that knows of an exchange is told. */
void http_connection_free(struct http_connection *connection);
void http_connection_stop(struct http_connection *connection);
/* The answer's last byte has left. */
void http_connection_answered(struct http_connection *connection);
void http_connection_move(struct http_connection *connection,
	enum http_connection_state to);

/* http_server.c */
void http_server_forget(struct http_connection *connection);

/* http_exchange.c */
struct http_exchange *http_exchange_new(struct http_connection *connection);
void http_exchange_free(struct http_exchange *exchange);
/* The head (len bytes) has arrived. */
int http_exchange_parse(struct http_exchange *exchange, struct text head,
	unsigned int *status) MUST_CHECK;
/* Take a piece of the body; ERROR_LIMIT beyond what is allowed. */
int http_exchange_take(struct http_exchange *exchange, struct text piece)
	MUST_CHECK;

/* http_answer.c */
/* The server's own page for an error; the connection ends behind it. */
void http_answer_error(struct http_exchange *exchange, unsigned int status);
/* Write what fits now; called again when the stream has drained. */
void http_answer_continue(struct http_exchange *exchange);

#endif
