/*
 * A byte stream over a non-blocking socket: buffered both ways, with one
 * deadline, and with a transport below it that TLS can replace.
 *
 * An idle stream holds no buffers: both are freed as soon as they are
 * empty.
 */
#ifndef GATEWAY_BASE_STREAM_H
#define GATEWAY_BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/base/error.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"

struct stream;

/*
 * What the owner is told.  Any callback may be NULL.  In each the owner may
 * free the stream.
 */
struct stream_events {
	/* New bytes are in the input; take them with stream_consume(). */
	void (*input)(void *context);
	/* All output has been handed to the socket. */
	void (*drained)(void *context);
	/*
	 * The peer has ended its side (error 0) or the connection broke (an
	 * enum error, errno behind ERROR_SYSTEM).  Input read before is
	 * still there.  Told once; and once more after stream_finish() to
	 * an owner that has kept the stream.
	 */
	void (*ended)(void *context, int error);
	/* The deadline has passed. */
	void (*deadline)(void *context);
	/*
	 * A handshake started with stream_handshake() is done (0) or has
	 * failed; the stream is then good for stream_free() only.
	 */
	void (*handshake)(void *context, int error);
};

/*
 * How bytes reach the socket.  read and write give a count above 0; 0 from
 * read is the orderly end; else an enum error, with ERROR_AGAIN and *want
 * set to a set of enum loop_want when the transport must wait.  handshake
 * gives 0 when done, ERROR_AGAIN or a failure; NULL where there is none.
 * pending: bytes that read would give without waiting.  A write that had to
 * wait is tried again with the same bytes, perhaps elsewhere and with more
 * behind them.
 */
struct stream_transport {
	ssize_t (*read)(void *state, void *data, size_t len,
		unsigned int *want);
	ssize_t (*write)(void *state, const void *data, size_t len,
		unsigned int *want);
	int (*handshake)(void *state, unsigned int *want);
	bool (*pending)(void *state);
	/* Say goodbye (TLS close_notify) if that needs no waiting. */
	void (*shutdown)(void *state);
	void (*free)(void *state);
};

/*
 * Take over a connected or connecting non-blocking socket; the stream
 * closes it.
 *   input_max    bytes held unread at most; reading rests when full
 *   output_max   bytes held unwritten at most
 */
struct stream *stream_new(struct loop *loop, int descriptor,
	size_t input_max, size_t output_max,
	const struct stream_events *events, void *context);
/* Closes the socket; unsent output is lost. NULL is allowed. */
void stream_free(struct stream *stream);
/*
 * Send what is held, then shut down our side, then tell ended.  No more
 * input is told.  A peer that takes nothing is the deadline's matter.
 */
void stream_finish(struct stream *stream);

/*
 * Replace the transport (NULL: the plain socket).  Input already read is
 * thrown away: what came in clear before a handshake must never be read as
 * if it came after it (RFC 3207 5, CVE-2011-0411).  The output must be
 * empty.  The stream owns state from now on.
 */
void stream_set_transport(struct stream *stream,
	const struct stream_transport *transport, void *state);
/* Drive the transport's handshake; then events->handshake. */
void stream_handshake(struct stream *stream);

/* Unread input, borrowed until the next call on this stream. */
struct text stream_input(const struct stream *stream);
void stream_consume(struct stream *stream, size_t len);
/* Whether input should be read at all; on at first. */
void stream_want_input(struct stream *stream, bool wanted);

/*
 * Queue bytes; ERROR_LIMIT when output_max would be passed, ERROR_CLOSED
 * behind a broken connection or the end of our side.
 */
int stream_write(struct stream *stream, struct text data) MUST_CHECK;
int stream_printf(struct stream *stream, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;
/* Bytes still unwritten. */
size_t stream_output_len(const struct stream *stream);
/*
 * Try to write now.  Otherwise output leaves at the end of the turn, so
 * that many small replies become one segment.
 */
void stream_flush(struct stream *stream);

/* Tell deadline once, delay_ms from now; below 0 turns it off. */
void stream_set_deadline(struct stream *stream, int64_t delay_ms);
/* Bytes read since the start, for minimum rates. */
uint64_t stream_bytes_read(const struct stream *stream);
int stream_descriptor(const struct stream *stream);

#endif
