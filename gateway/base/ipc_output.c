/*
 * Frames on their way out, in chunks: small frames share one, and a frame
 * with a descriptor begins one, because a descriptor belongs to the first
 * byte of its sendmsg(2).
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/base/ipc_private.h"
#include "gateway/base/memory.h"

#define CHUNK_SIZE 16384
#define CHUNK_SIZE_SMALL 1024	/* for one that brings a descriptor */
#define GATHER_MAX 64		/* chunks in one sendmsg */

struct chunk {
	struct list link;
	size_t size;
	size_t start;
	size_t end;
	int descriptor;	/* goes with the byte at start; -1: none (more) */
	char bytes[];
};

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

void
ipc_output_init(struct ipc_output *output)
{
	list_init(&output->chunks);
	output->len = 0;
}

size_t
ipc_output_len(const struct ipc_output *output)
{
	return output->len;
}

static void
chunk_free(struct ipc_output *output, struct chunk *chunk)
{
	list_remove(&chunk->link);
	output->len -= chunk->end - chunk->start;
	if (chunk->descriptor >= 0)
		(void)close(chunk->descriptor);
	free(chunk);
}

static struct chunk *
chunk_first(const struct ipc_output *output)
{
	return LIST_OWNER(output->chunks.next, struct chunk, link);
}

void
ipc_output_clear(struct ipc_output *output)
{
	while (!list_is_empty(&output->chunks))
		chunk_free(output, chunk_first(output));
}

/* The chunk for a frame of size bytes. */
static struct chunk *
chunk_for(struct ipc_output *output, size_t size, int descriptor)
{
	struct chunk *chunk = NULL;
	size_t room = descriptor < 0 ? CHUNK_SIZE : CHUNK_SIZE_SMALL;

	if (!list_is_empty(&output->chunks))
		chunk = LIST_OWNER(output->chunks.prev, struct chunk, link);
	if (chunk != NULL && descriptor < 0 &&
	    size <= chunk->size - chunk->end)
		return chunk;
	if (room < size)
		room = size;
	chunk = memory_resize(NULL, sizeof(*chunk) + room, 1);
	chunk->size = room;
	chunk->start = chunk->end = 0;
	chunk->descriptor = descriptor;
	list_append(&output->chunks, &chunk->link);
	return chunk;
}

static void
chunk_add(struct chunk *chunk, const void *data, size_t len)
{
	if (len > 0)
		memcpy(chunk->bytes + chunk->end, data, len);
	chunk->end += len;
}

void
ipc_output_add(struct ipc_output *output, uint16_t type,
	const struct text *pieces, size_t count, int descriptor)
{
	struct chunk *chunk;
	uint32_t length;
	uint16_t words[2];
	size_t total = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		require(pieces[i].len <= IPC_PAYLOAD_MAX - total);
		total += pieces[i].len;
	}
	length = htole32((uint32_t)total);
	words[0] = htole16(type);
	words[1] = htole16(descriptor >= 0 ? IPC_FLAG_DESCRIPTOR : 0);
	chunk = chunk_for(output, IPC_HEADER_SIZE + total, descriptor);
	chunk_add(chunk, &length, sizeof(length));
	chunk_add(chunk, words, sizeof(words));
	for (i = 0; i < count; i++)
		chunk_add(chunk, pieces[i].data, pieces[i].len);
	output->len += IPC_HEADER_SIZE + total;
}

static void
control_set(struct msghdr *message, union control *control, int descriptor)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(sizeof(int));
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
}

/* Chunks up to the next one that brings a descriptor of its own. */
static ssize_t
send_some(struct ipc_output *output, int descriptor)
{
	struct iovec parts[GATHER_MAX];
	struct msghdr message = { .msg_iov = parts };
	union control control;
	struct chunk *chunk;
	struct list *link;
	struct list *after;

	LIST_EACH(&output->chunks, link, after) {
		chunk = LIST_OWNER(link, struct chunk, link);
		if (message.msg_iovlen == GATHER_MAX ||
		    (message.msg_iovlen > 0 && chunk->descriptor >= 0))
			break;
		if (chunk->descriptor >= 0)
			control_set(&message, &control, chunk->descriptor);
		parts[message.msg_iovlen++] = (struct iovec){
			chunk->bytes + chunk->start,
			chunk->end - chunk->start };
	}
	return sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
forget(struct ipc_output *output, size_t done)
{
	struct chunk *chunk;
	size_t len;

	while (done > 0) {
		chunk = chunk_first(output);
		if (chunk->descriptor >= 0) {
			(void)close(chunk->descriptor);
			chunk->descriptor = -1;
		}
		len = chunk->end - chunk->start;
		if (done < len) {
			chunk->start += done;
			output->len -= done;
			return;
		}
		done -= len;
		chunk_free(output, chunk);
	}
}

static int
send_error(int error)
{
	if (error == EAGAIN)
		return ERROR_AGAIN;
	/* Too many descriptors under way, or no memory: it may recover. */
	if (error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM)
		return ERROR_TEMPORARY;
	if (error == EPIPE || error == ECONNRESET)
		return ERROR_CLOSED;
	return ERROR_SYSTEM;
}

int
ipc_output_send(struct ipc_output *output, int descriptor)
{
	ssize_t done;

	while (output->len > 0) {
		done = send_some(output, descriptor);
		if (done >= 0)
			forget(output, (size_t)done);
		else if (errno != EINTR)
			return send_error(errno);
	}
	return 0;
}
