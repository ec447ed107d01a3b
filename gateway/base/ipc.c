/*
 * The channel between two processes: hello, frames in, frames out, its end.
 */
#include "gateway/base/ipc.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/ipc_private.h"
#include "gateway/base/memory.h"
#include "gateway/base/record.h"

#define HELLO_TYPE 0xffff
#define HELLO_ARENA 4096

#define SOCKET_BUFFER (1024 * 1024)
#define READ_SIZE (256u * 1024u)
#define READ_ROUNDS 64		/* recvmsg in one turn at most */
#define DESCRIPTORS_MAX 32	/* received, their frames not yet seen */
#define CONTROL_DESCRIPTORS 8	/* taken from one recvmsg */
#define RETRY_MS 10

struct descriptors {
	int held[DESCRIPTORS_MAX];
	unsigned int first;
	unsigned int count;
};

struct ipc {
	struct loop *loop;
	struct loop_watch *watch;
	struct loop_timer *retry;	/* made when first needed */
	struct loop_chore chore;
	const struct ipc_events *events;
	void *context;
	struct ipc_identity self;
	struct ipc_identity peer;
	struct buffer input;
	struct ipc_output output;
	struct descriptors descriptors;
	int descriptor;
	int end_error;
	unsigned int busy;
	bool freed;
	bool late;		/* the turn-end callbacks have run */
	bool peer_known;
	bool input_wanted;
	bool input_left;	/* whole frames may wait in the input */
	bool output_waits;	/* for the socket to be writable */
	bool output_broken;
	bool drain_due;
	bool over;		/* nothing is read any more */
	bool end_told;
};

/* ---- received descriptors ---- */

static int
descriptor_keep(struct descriptors *queue, int descriptor)
{
	if (queue->count == DESCRIPTORS_MAX) {
		(void)close(descriptor);
		return ERROR_LIMIT;
	}
	queue->held[(queue->first + queue->count++) % DESCRIPTORS_MAX] =
	    descriptor;
	return 0;
}

static int
descriptor_take(struct descriptors *queue)
{
	int descriptor;

	if (queue->count == 0)
		return -1;
	descriptor = queue->held[queue->first];
	queue->first = (queue->first + 1) % DESCRIPTORS_MAX;
	queue->count--;
	return descriptor;
}

static void
descriptors_close(struct descriptors *queue)
{
	while (queue->count > 0)
		(void)close(descriptor_take(queue));
}

/* ---- output ---- */

static void
output_drop(struct ipc *ipc)
{
	ipc_output_clear(&ipc->output);
	ipc->drain_due = false;
}

static void
queue_frame(struct ipc *ipc, uint16_t type, const struct text *pieces,
	size_t count, int descriptor)
{
	if (ipc->output_broken || ipc->over) {
		if (descriptor >= 0)
			(void)close(descriptor);
		return;
	}
	ipc_output_add(&ipc->output, type, pieces, count, descriptor);
	ipc->drain_due = true;
	loop_chore_add(ipc->loop, &ipc->chore);
}

static void
on_retry(void *context)
{
	struct ipc *ipc = context;

	loop_chore_add(ipc->loop, &ipc->chore);
}

static void
set_over(struct ipc *ipc, int error)
{
	if (ipc->over)
		return;
	ipc->over = true;
	ipc->end_error = error;
	output_drop(ipc);
	loop_chore_add(ipc->loop, &ipc->chore);
}

static void
do_write(struct ipc *ipc)
{
	int error = ipc_output_send(&ipc->output, ipc->descriptor);

	ipc->output_waits = error == ERROR_AGAIN;
	if (error == ERROR_TEMPORARY) {
		if (ipc->retry == NULL)
			ipc->retry = loop_timer_new(ipc->loop, on_retry, ipc);
		loop_timer_set(ipc->retry, RETRY_MS);
	} else if (error == ERROR_CLOSED) {
		/* What the peer sent before it went is still to be read. */
		ipc->output_broken = true;
		output_drop(ipc);
	} else if (error == ERROR_SYSTEM) {
		set_over(ipc, error);
	}
}

/* ---- the hello ---- */

struct ipc_hello {
	struct text build;
	uint32_t protocol;
	uint32_t kind;
	uint32_t number;
	uint64_t epoch;
};

static const struct record_field hello_fields[] = {
	RECORD_TEXT_FIELD(1, struct ipc_hello, build,
		sizeof(((struct ipc_identity *)0)->build) - 1),
	RECORD_NUMBER(2, RECORD_U32, struct ipc_hello, protocol),
	RECORD_NUMBER(3, RECORD_U32, struct ipc_hello, kind),
	RECORD_NUMBER(4, RECORD_U32, struct ipc_hello, number),
	RECORD_NUMBER(5, RECORD_U64, struct ipc_hello, epoch),
};
static const struct record_shape hello_shape =
	RECORD_SHAPE(ipc_hello, hello_fields);

static void
send_hello(struct ipc *ipc)
{
	struct ipc_hello hello = {
		.build = text_from(ipc->self.build),
		.protocol = ipc->self.protocol,
		.kind = ipc->self.kind,
		.number = ipc->self.number,
		.epoch = ipc->self.epoch,
	};
	struct buffer bytes;
	struct text payload;

	buffer_init(&bytes, IPC_PAYLOAD_MAX);
	require(record_encode(&hello_shape, &hello, &bytes) == 0);
	payload = buffer_text(&bytes);
	queue_frame(ipc, HELLO_TYPE, &payload, 1, -1);
	buffer_clear(&bytes);
}

static int
take_hello(struct ipc *ipc, struct text payload)
{
	struct arena *arena = arena_new(HELLO_ARENA);
	struct ipc_hello hello;
	int error;

	error = record_decode(&hello_shape, payload, arena, &hello);
	if (error == 0)
		error = text_to_string(hello.build, ipc->peer.build,
			sizeof(ipc->peer.build));
	arena_free(arena);
	if (error != 0)
		return ERROR_MALFORMED;
	if (strcmp(ipc->peer.build, ipc->self.build) != 0 ||
	    hello.protocol != ipc->self.protocol)
		return ERROR_MISMATCH;
	ipc->peer.protocol = hello.protocol;
	ipc->peer.kind = hello.kind;
	ipc->peer.number = hello.number;
	ipc->peer.epoch = hello.epoch;
	ipc->peer_known = true;
	return 0;
}

/* ---- input ---- */

static void
before_telling(struct ipc *ipc)
{
	if (ipc->late)
		loop_again(ipc->loop);
}

/* A frame for ourselves or the owner. */
static int
take_frame(struct ipc *ipc, uint16_t type, unsigned int flags,
	struct text payload)
{
	int descriptor = -1;

	if ((flags & ~IPC_FLAG_DESCRIPTOR) != 0 ||
	    (type == HELLO_TYPE) == ipc->peer_known)
		return ERROR_MALFORMED;
	if (type == HELLO_TYPE)
		return flags != 0 ? ERROR_MALFORMED :
		    take_hello(ipc, payload);
	if (flags & IPC_FLAG_DESCRIPTOR) {
		descriptor = descriptor_take(&ipc->descriptors);
		if (descriptor < 0)
			return ERROR_MALFORMED;
	}
	before_telling(ipc);
	ipc->events->frame(ipc->context, type, payload, descriptor);
	return 0;
}

/*
 * The frame at the front of *rest.  ERROR_AGAIN: not all of it is there,
 * and *need tells how long it is, as far as known.
 */
static int
next_frame(struct ipc *ipc, struct text *rest, size_t *need)
{
	uint32_t length;
	uint16_t words[2];
	struct text payload;

	*need = IPC_HEADER_SIZE;
	if (rest->len < IPC_HEADER_SIZE)
		return ERROR_AGAIN;
	memcpy(&length, rest->data, sizeof(length));
	memcpy(words, rest->data + sizeof(length), sizeof(words));
	length = le32toh(length);
	if (length > IPC_PAYLOAD_MAX)
		return ERROR_LIMIT;
	*need = IPC_HEADER_SIZE + (size_t)length;
	if (rest->len < *need)
		return ERROR_AGAIN;
	payload = text_slice(*rest, IPC_HEADER_SIZE, length);
	*rest = text_skip(*rest, *need);
	return take_frame(ipc, le16toh(words[0]), le16toh(words[1]),
		payload);
}

/* Every whole frame of the input; the bytes stay where they are meanwhile. */
static void
do_frames(struct ipc *ipc)
{
	struct text rest = buffer_text(&ipc->input);
	size_t before = rest.len;
	size_t need;
	int error = 0;

	while (error == 0 && rest.len > 0 && !ipc->freed && !ipc->over &&
	    ipc->input_wanted)
		error = next_frame(ipc, &rest, &need);
	if (ipc->freed)
		return;
	buffer_consume(&ipc->input, before - rest.len);
	ipc->input_left = error == 0 && rest.len > 0;
	if (error != 0 && error != ERROR_AGAIN)
		set_over(ipc, error);
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * CONTROL_DESCRIPTORS)];
};

static int
take_descriptors(struct ipc *ipc, struct msghdr *message)
{
	struct cmsghdr *header;
	int descriptor;
	int error = 0;
	size_t count;
	size_t i;

	for (header = CMSG_FIRSTHDR(message); header != NULL;
	    header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET ||
		    header->cmsg_type != SCM_RIGHTS)
			continue;
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			memcpy(&descriptor,
				CMSG_DATA(header) + i * sizeof(int),
				sizeof(descriptor));
			if (descriptor_keep(&ipc->descriptors,
			    descriptor) != 0)
				error = ERROR_LIMIT;
		}
	}
	/* One was lost, and frames would get the descriptors of others. */
	if (message->msg_flags & MSG_CTRUNC)
		error = ERROR_LIMIT;
	return error;
}

/*
 * One recvmsg(2) into the input; false when there is nothing more for now.
 * It stops behind bytes that bring a descriptor, so a short count says
 * nothing then.
 */
static bool
read_some(struct ipc *ipc, size_t *total)
{
	char *at = NULL;
	struct iovec part;
	union control control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t got;

	require(buffer_reserve(&ipc->input, READ_SIZE, &at) == 0);
	part = (struct iovec){ at, READ_SIZE };
	got = recvmsg(ipc->descriptor, &message,
		MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			set_over(ipc, errno == ECONNRESET ? ERROR_CLOSED :
			    ERROR_SYSTEM);
		return false;
	}
	buffer_commit(&ipc->input, (size_t)got);
	*total += (size_t)got;
	if (take_descriptors(ipc, &message) != 0)
		set_over(ipc, ERROR_LIMIT);
	else if (got == 0)
		set_over(ipc, ERROR_CLOSED);
	return message.msg_controllen > 0 || (size_t)got == READ_SIZE;
}

static void
do_read(struct ipc *ipc)
{
	size_t total = 0;
	unsigned int round;
	bool more = true;

	for (round = 0; more && round < READ_ROUNDS && total < READ_SIZE &&
	    !ipc->freed && !ipc->over && ipc->input_wanted; round++) {
		more = read_some(ipc, &total);
		if (!ipc->over)
			do_frames(ipc);
	}
}

/* ---- from the loop ---- */

static void
update_want(struct ipc *ipc)
{
	unsigned int want = 0;

	if (!ipc->over && ipc->input_wanted)
		want |= LOOP_READ;
	if (!ipc->over && ipc->output_waits)
		want |= LOOP_WRITE;
	loop_watch_want(ipc->watch, want);
}

static void
tell_rest(struct ipc *ipc)
{
	if (ipc->drain_due && !ipc->over && ipc_output_len(&ipc->output) == 0) {
		ipc->drain_due = false;
		if (ipc->events->drained != NULL) {
			before_telling(ipc);
			ipc->events->drained(ipc->context);
		}
	}
	if (!ipc->freed && ipc->over && !ipc->end_told) {
		ipc->end_told = true;
		before_telling(ipc);
		ipc->events->ended(ipc->context, ipc->end_error);
	}
}

static void
drive(struct ipc *ipc, bool reading, bool writing)
{
	ipc->busy++;
	if (ipc->input_left && ipc->input_wanted && !ipc->over)
		do_frames(ipc);
	if (reading && !ipc->freed && !ipc->input_left)
		do_read(ipc);
	if (writing && !ipc->freed && !ipc->over)
		do_write(ipc);
	if (!ipc->freed)
		tell_rest(ipc);
	if (!ipc->freed) {
		if (buffer_len(&ipc->input) == 0)
			buffer_clear(&ipc->input);
		update_want(ipc);
	}
	if (--ipc->busy == 0 && ipc->freed) {
		buffer_clear(&ipc->input);
		free(ipc);
	}
}

static void
on_ready(void *context, unsigned int ready)
{
	struct ipc *ipc = context;

	ipc->late = false;
	drive(ipc, (ready & LOOP_READ) != 0, (ready & LOOP_WRITE) != 0);
}

static void
on_chore(void *context)
{
	struct ipc *ipc = context;

	ipc->late = true;
	drive(ipc, false, !ipc->output_waits);
}

/* ---- what owners call ---- */

struct ipc *
ipc_new(struct loop *loop, int descriptor, const struct ipc_identity *self,
	const struct ipc_events *events, void *context)
{
	struct ipc *ipc = memory_new(sizeof(*ipc));
	int size = SOCKET_BUFFER;

	ipc->loop = loop;
	ipc->descriptor = descriptor;
	ipc->self = *self;
	ipc->self.build[sizeof(ipc->self.build) - 1] = '\0';
	ipc->events = events;
	ipc->context = context;
	ipc->input_wanted = true;
	/* All but a byte of the largest frame, and what is read behind. */
	buffer_init(&ipc->input,
		IPC_HEADER_SIZE + (size_t)IPC_PAYLOAD_MAX + READ_SIZE);
	ipc_output_init(&ipc->output);
	loop_chore_init(&ipc->chore, on_chore, ipc);
	/* The system's own limit may give us less. */
	(void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size,
		sizeof(size));
	(void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size,
		sizeof(size));
	ipc->watch = loop_watch_new(loop, descriptor, on_ready, ipc);
	/* At once: a peer that does not fit shall learn it from us. */
	send_hello(ipc);
	do_write(ipc);
	ipc->drain_due = false;
	update_want(ipc);
	return ipc;
}

void
ipc_free(struct ipc *ipc)
{
	if (ipc == NULL)
		return;
	require(!ipc->freed);
	output_drop(ipc);
	descriptors_close(&ipc->descriptors);
	loop_chore_remove(&ipc->chore);
	loop_timer_free(ipc->retry);
	loop_watch_free(ipc->watch);
	(void)close(ipc->descriptor);
	ipc->freed = true;
	/* A payload borrowed by the running callback lives until its end. */
	if (ipc->busy == 0) {
		buffer_clear(&ipc->input);
		free(ipc);
	}
}

const struct ipc_identity *
ipc_peer(const struct ipc *ipc)
{
	return ipc->peer_known ? &ipc->peer : NULL;
}

void
ipc_send(struct ipc *ipc, uint16_t type, struct text payload, int descriptor)
{
	ipc_send_pieces(ipc, type, &payload, 1, descriptor);
}

void
ipc_send_pieces(struct ipc *ipc, uint16_t type, const struct text *pieces,
	size_t count, int descriptor)
{
	require(type != HELLO_TYPE);
	queue_frame(ipc, type, pieces, count, descriptor);
}

size_t
ipc_backlog(const struct ipc *ipc)
{
	return ipc_output_len(&ipc->output);
}

void
ipc_flush(struct ipc *ipc)
{
	if (ipc->over)
		return;
	do_write(ipc);
	/* The telling waits for the chore. */
	loop_chore_add(ipc->loop, &ipc->chore);
	update_want(ipc);
}

void
ipc_want_input(struct ipc *ipc, int wanted)
{
	ipc->input_wanted = wanted != 0;
	if (ipc->input_wanted && ipc->input_left)
		loop_chore_add(ipc->loop, &ipc->chore);
	update_want(ipc);
}
