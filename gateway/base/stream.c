/*
 * Streams.  Owners are called from the loop only (readiness, chore, timer),
 * never from within their own calls: those note what happened and leave the
 * telling to the chore at the end of the turn.
 *
 * While the owner is being called the stream is busy; freed then, it keeps
 * its bare struct until the call is over.
 */
#include "gateway/base/stream.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/memory.h"

#define READ_SIZE 16384
/* Bytes of one stream in one turn: its neighbours want their turn too. */
#define READ_TURN 65536

struct stream {
	struct loop *loop;
	struct loop_watch *watch;
	struct loop_timer *timer;	/* made with the first deadline */
	struct loop_chore chore;
	const struct stream_events *events;
	void *context;
	const struct stream_transport *transport;
	void *state;
	struct buffer input;
	struct buffer output;
	uint64_t bytes_read;
	int descriptor;
	int broken;		/* enum error, 0 while the socket works */
	int system_error;	/* errno of that moment */
	unsigned char read_want;	/* what reading waits for */
	unsigned char write_want;	/* and writing, 0 when it need not */
	unsigned char busy;
	bool freed;
	bool late;		/* the turn-end callbacks have run */
	bool input_wanted;
	bool handshaking;
	bool ended;		/* the peer's side is over */
	bool end_due;		/* and the owner is to be told */
	bool drain_due;
	bool finishing;
	bool finished;
};

/* ---- the plain socket as a transport ---- */

static ssize_t
plain_result(ssize_t done, unsigned int wait, unsigned int *want)
{
	if (done >= 0)
		return done;
	if (errno == EAGAIN || errno == EINTR) {
		*want = wait;
		return ERROR_AGAIN;
	}
	return errno == ECONNRESET || errno == EPIPE ? ERROR_CLOSED :
	    ERROR_SYSTEM;
}

static ssize_t
plain_read(void *state, void *data, size_t len, unsigned int *want)
{
	struct stream *stream = state;

	return plain_result(recv(stream->descriptor, data, len,
		MSG_DONTWAIT), LOOP_READ, want);
}

static ssize_t
plain_write(void *state, const void *data, size_t len, unsigned int *want)
{
	struct stream *stream = state;

	return plain_result(send(stream->descriptor, data, len,
		MSG_DONTWAIT | MSG_NOSIGNAL), LOOP_WRITE, want);
}

static const struct stream_transport plain = {
	.read = plain_read,
	.write = plain_write,
};

static bool
has_pending(struct stream *stream)
{
	return stream->transport->pending != NULL &&
	    stream->transport->pending(stream->state);
}

/* ---- busy and freed ---- */

static void
enter(struct stream *stream)
{
	require(stream->busy < UCHAR_MAX);
	stream->busy++;
}

static void
leave(struct stream *stream)
{
	if (--stream->busy == 0 && stream->freed)
		free(stream);
}

static void
release_transport(struct stream *stream)
{
	if (stream->transport->free != NULL)
		stream->transport->free(stream->state);
	stream->transport = &plain;
	stream->state = stream;
}

void
stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	require(!stream->freed);
	release_transport(stream);
	loop_chore_remove(&stream->chore);
	loop_timer_free(stream->timer);
	loop_watch_free(stream->watch);
	(void)close(stream->descriptor);
	buffer_clear(&stream->input);
	buffer_clear(&stream->output);
	stream->freed = true;
	if (stream->busy == 0)
		free(stream);
}

/* ---- what is waited for ---- */

static bool
may_read(const struct stream *stream)
{
	return stream->broken == 0 && !stream->handshaking &&
	    !stream->ended && !stream->finishing && stream->input_wanted &&
	    buffer_len(&stream->input) < stream->input.max;
}

static bool
may_write(const struct stream *stream)
{
	return stream->broken == 0 && !stream->handshaking &&
	    buffer_len(&stream->output) > 0;
}

static void
update_want(struct stream *stream)
{
	unsigned int want = 0;

	if (stream->freed)
		return;
	if (stream->handshaking && stream->broken == 0)
		want = stream->read_want;
	if (may_read(stream))
		want |= stream->read_want;
	if (may_write(stream))
		want |= stream->write_want;
	loop_watch_want(stream->watch, want);
}

/* Something changed for reading: the transport may hold bytes already. */
static void
resume_reading(struct stream *stream)
{
	if (may_read(stream) && has_pending(stream))
		loop_chore_add(stream->loop, &stream->chore);
	update_want(stream);
}

static void
set_broken(struct stream *stream, int error)
{
	stream->broken = error;
	stream->system_error = errno;
	buffer_clear(&stream->output);
	stream->drain_due = false;
	if (!stream->ended) {
		stream->ended = true;
		stream->end_due = true;
	}
}

/* ---- telling the owner ---- */

/* What the owner leaves for the end of the turn must not wait for long. */
static void
before_telling(struct stream *stream)
{
	if (stream->late)
		loop_again(stream->loop);
}

/* The owner is called; false when it has freed the stream. */
static bool
told(struct stream *stream, void (*event)(void *context))
{
	if (event == NULL)
		return true;
	before_telling(stream);
	event(stream->context);
	return !stream->freed;
}

static bool
told_error(struct stream *stream, void (*event)(void *context, int error),
	int error)
{
	if (event == NULL)
		return true;
	before_telling(stream);
	errno = stream->system_error;
	event(stream->context, error);
	return !stream->freed;
}

/* An owner that left its input alone gets only the memory that it needs. */
static void
trim_input(struct stream *stream)
{
	if (buffer_len(&stream->input) <= stream->input.size / 2)
		buffer_shrink(&stream->input);
}

/* ---- reading ---- */

/* One slice; false when there is nothing more for now. */
static bool
read_slice(struct stream *stream, size_t *total)
{
	size_t room = stream->input.max - buffer_len(&stream->input);
	unsigned int want = LOOP_READ;
	char *at = NULL;
	ssize_t got;

	if (room > READ_SIZE)
		room = READ_SIZE;
	require(buffer_reserve(&stream->input, room, &at) == 0);
	got = stream->transport->read(stream->state, at, room, &want);
	stream->read_want = LOOP_READ;
	if (got > 0) {
		buffer_commit(&stream->input, (size_t)got);
		*total += (size_t)got;
		return (size_t)got == room || has_pending(stream);
	}
	if (got == 0) {
		stream->ended = true;
		stream->end_due = true;
	} else if (got == ERROR_AGAIN) {
		stream->read_want = (unsigned char)want;
	} else {
		set_broken(stream, (int)got);
	}
	return false;
}

static bool
do_read(struct stream *stream)
{
	size_t total = 0;
	bool more = true;

	while (more && total < READ_TURN && may_read(stream))
		more = read_slice(stream, &total);
	stream->bytes_read += total;
	if (more && may_read(stream) && has_pending(stream))
		loop_chore_add(stream->loop, &stream->chore);
	if (total > 0 && !told(stream, stream->events->input))
		return false;
	trim_input(stream);
	return true;
}

/* ---- writing ---- */

static void
do_write(struct stream *stream)
{
	struct text held;
	unsigned int want;
	ssize_t done;

	stream->write_want = 0;
	while (may_write(stream)) {
		held = buffer_text(&stream->output);
		want = LOOP_WRITE;
		done = stream->transport->write(stream->state, held.data,
			held.len, &want);
		if (done == ERROR_AGAIN) {
			stream->write_want = (unsigned char)want;
			return;
		}
		if (done < 0) {
			set_broken(stream, (int)done);
			return;
		}
		buffer_consume(&stream->output, (size_t)done);
	}
	if (buffer_len(&stream->output) == 0)
		buffer_clear(&stream->output);
}

/*
 * Our side ends.  What the peer has sent and nobody will read is taken in:
 * closing a socket with unread bytes would reset it, and the last reply
 * could be lost on its way.
 */
static void
finish_socket(struct stream *stream)
{
	char waste[4096];
	size_t total = 0;
	ssize_t got = 1;

	if (stream->broken != 0)
		return;
	if (stream->transport->shutdown != NULL)
		stream->transport->shutdown(stream->state);
	(void)shutdown(stream->descriptor, SHUT_WR);
	while (got > 0 && total < READ_TURN) {
		got = recv(stream->descriptor, waste, sizeof(waste),
			MSG_DONTWAIT);
		total += got > 0 ? (size_t)got : 0;
	}
}

/* ---- the handshake ---- */

static bool
do_handshake(struct stream *stream)
{
	unsigned int want = LOOP_READ;
	int error = 0;

	if (stream->transport->handshake != NULL)
		error = stream->transport->handshake(stream->state, &want);
	if (error == ERROR_AGAIN) {
		stream->read_want = (unsigned char)want;
		return true;
	}
	stream->handshaking = false;
	stream->read_want = LOOP_READ;
	if (error != 0) {
		/* The handshake event tells it; ended would say it twice. */
		set_broken(stream, error);
		stream->end_due = false;
	} else {
		/* The transport may have read beyond the handshake. */
		loop_chore_add(stream->loop, &stream->chore);
	}
	return told_error(stream, stream->events->handshake, error);
}

/* ---- from the loop ---- */

/* What the owner has to be told after reading and writing. */
static bool
tell_rest(struct stream *stream)
{
	if (stream->drain_due && stream->broken == 0 &&
	    buffer_len(&stream->output) == 0) {
		stream->drain_due = false;
		if (!told(stream, stream->events->drained))
			return false;
	}
	if (stream->end_due && !stream->finishing) {
		stream->end_due = false;
		if (!told_error(stream, stream->events->ended,
		    stream->broken))
			return false;
	}
	if (stream->finishing && !stream->finished &&
	    (stream->broken != 0 || buffer_len(&stream->output) == 0)) {
		stream->finished = true;
		finish_socket(stream);
		return told_error(stream, stream->events->ended,
			stream->broken);
	}
	return true;
}

static void
drive(struct stream *stream, bool reading, bool writing)
{
	bool alive = true;

	enter(stream);
	if (stream->handshaking && stream->broken == 0)
		alive = do_handshake(stream);
	else if (reading && may_read(stream))
		alive = do_read(stream);
	if (alive && writing)
		do_write(stream);
	if (alive)
		alive = tell_rest(stream);
	if (alive)
		update_want(stream);
	leave(stream);
}

static void
on_ready(void *context, unsigned int ready)
{
	struct stream *stream = context;

	stream->late = false;
	drive(stream, (ready & stream->read_want) != 0,
		(ready & stream->write_want) != 0);
}

/* Output that already waits for the socket is not tried again here. */
static void
on_chore(void *context)
{
	struct stream *stream = context;

	stream->late = true;
	drive(stream, has_pending(stream), stream->write_want == 0);
}

static void
on_deadline(void *context)
{
	struct stream *stream = context;

	stream->late = false;
	enter(stream);
	if (told(stream, stream->events->deadline))
		update_want(stream);
	leave(stream);
}

/* ---- what owners call ---- */

struct stream *
stream_new(struct loop *loop, int descriptor, size_t input_max,
	size_t output_max, const struct stream_events *events, void *context)
{
	struct stream *stream = memory_new(sizeof(*stream));

	stream->loop = loop;
	stream->descriptor = descriptor;
	stream->events = events;
	stream->context = context;
	stream->transport = &plain;
	stream->state = stream;
	stream->read_want = LOOP_READ;
	stream->input_wanted = true;
	buffer_init(&stream->input, input_max);
	buffer_init(&stream->output, output_max);
	loop_chore_init(&stream->chore, on_chore, stream);
	stream->watch = loop_watch_new(loop, descriptor, on_ready, stream);
	update_want(stream);
	return stream;
}

void
stream_finish(struct stream *stream)
{
	stream->finishing = true;
	loop_chore_add(stream->loop, &stream->chore);
	update_want(stream);
}

void
stream_set_transport(struct stream *stream,
	const struct stream_transport *transport, void *state)
{
	require(buffer_len(&stream->output) == 0);
	release_transport(stream);
	buffer_wipe(&stream->input);
	if (transport != NULL) {
		stream->transport = transport;
		stream->state = state;
	}
	stream->read_want = LOOP_READ;
	stream->write_want = 0;
	resume_reading(stream);
}

void
stream_handshake(struct stream *stream)
{
	stream->handshaking = true;
	loop_chore_add(stream->loop, &stream->chore);
	update_want(stream);
}

struct text
stream_input(const struct stream *stream)
{
	return buffer_text(&stream->input);
}

void
stream_consume(struct stream *stream, size_t len)
{
	buffer_consume(&stream->input, len);
	if (buffer_len(&stream->input) == 0)
		buffer_clear(&stream->input);
	resume_reading(stream);
}

void
stream_want_input(struct stream *stream, bool wanted)
{
	stream->input_wanted = wanted;
	resume_reading(stream);
}

/* Output of a broken stream goes nowhere; its end is told anyway. */
static int
after_add(struct stream *stream, int error)
{
	if (error != 0)
		return error;
	stream->drain_due = true;
	loop_chore_add(stream->loop, &stream->chore);
	return 0;
}

int
stream_write(struct stream *stream, struct text data)
{
	if (stream->broken != 0 || stream->finished)
		return ERROR_CLOSED;
	return after_add(stream, buffer_add_text(&stream->output, data));
}

int
stream_printf(struct stream *stream, const char *format, ...)
{
	va_list args;
	int error;

	if (stream->broken != 0 || stream->finished)
		return ERROR_CLOSED;
	va_start(args, format);
	error = buffer_vprintf(&stream->output, format, args);
	va_end(args);
	return after_add(stream, error);
}

size_t
stream_output_len(const struct stream *stream)
{
	return buffer_len(&stream->output);
}

void
stream_flush(struct stream *stream)
{
	if (stream->write_want == 0)
		do_write(stream);
	/* The telling waits for the chore. */
	loop_chore_add(stream->loop, &stream->chore);
	update_want(stream);
}

void
stream_set_deadline(struct stream *stream, int64_t delay_ms)
{
	if (delay_ms < 0) {
		if (stream->timer != NULL)
			loop_timer_unset(stream->timer);
		return;
	}
	if (stream->timer == NULL)
		stream->timer = loop_timer_new(stream->loop, on_deadline,
			stream);
	loop_timer_set(stream->timer, delay_ms);
}

uint64_t
stream_bytes_read(const struct stream *stream)
{
	return stream->bytes_read;
}

int
stream_descriptor(const struct stream *stream)
{
	return stream->descriptor;
}
