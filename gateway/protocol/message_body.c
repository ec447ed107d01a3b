/*
 * Message bodies: bytes in memory, or a sealed memfd.
 */
#include "gateway/protocol/message_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/descriptor.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame_submit.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

struct message_body {
	unsigned int references;
	struct buffer bytes;	/* unless in the memfd */
	int descriptor;		/* -1: in memory */
	uint64_t size;
	bool finished;
	struct message_body *whole;	/* of which this is a slice ... */
	uint64_t offset;		/* ... that begins here */
};

struct message_body *
message_body_new(void)
{
	struct message_body *body = memory_new(sizeof(*body));

	body->references = 1;
	body->descriptor = -1;
	buffer_init(&body->bytes, FRAME_BODY_INLINE_MAX);
	return body;
}

/* The body has outgrown memory: move what is there to a memfd. */
static int
message_body_spill(struct message_body *body)
{
	int r;

	body->descriptor = memfd_create("body",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (body->descriptor == -1)
		return ERROR_SYSTEM;
	r = descriptor_write(body->descriptor, buffer_text(&body->bytes));
	buffer_clear(&body->bytes);
	return r;
}

int
message_body_append(struct message_body *body, struct text piece)
{
	int r;

	require(!body->finished);
	if (body->descriptor == -1 &&
	    buffer_len(&body->bytes) + piece.len > FRAME_BODY_INLINE_MAX) {
		if ((r = message_body_spill(body)) != 0)
			return r;
	}
	if (body->descriptor == -1)
		r = buffer_add_text(&body->bytes, piece);
	else
		r = descriptor_write(body->descriptor, piece);
	if (r == 0)
		body->size += piece.len;
	return r;
}

int
message_body_finish(struct message_body *body)
{
	body->finished = true;
	if (body->descriptor != -1 &&
	    fcntl(body->descriptor, F_ADD_SEALS, SEALS) != 0)
		return ERROR_SYSTEM;
	return 0;
}

struct message_body *
message_body_ref(struct message_body *body)
{
	body->references++;
	return body;
}

void
message_body_release(struct message_body **pointer)
{
	struct message_body *body = *pointer;

	*pointer = NULL;
	if (body == NULL || --body->references > 0)
		return;
	buffer_clear(&body->bytes);
	if (body->descriptor != -1)
		close(body->descriptor);
	/* Never a slice itself: this ends after one step. */
	message_body_release(&body->whole);
	free(body);
}

static bool
is_sealed_memfd(int descriptor, uint64_t size)
{
	struct stat status;
	int seals = fcntl(descriptor, F_GET_SEALS);

	return seals != -1 && (seals & SEALS) == SEALS &&
	    fstat(descriptor, &status) == 0 && status.st_size >= 0 &&
	    (uint64_t)status.st_size == size;
}

int
message_body_receive(struct text bytes, int descriptor, uint64_t size,
    struct message_body **out)
{
	struct message_body *body = NULL;

	if (descriptor != -1) {
		if (bytes.len != 0 || !is_sealed_memfd(descriptor, size)) {
			close(descriptor);
			return ERROR_MALFORMED;
		}
	} else if (bytes.len != size || size > FRAME_BODY_INLINE_MAX)
		return ERROR_MALFORMED;
	body = message_body_new();
	body->descriptor = descriptor;
	body->size = size;
	body->finished = true;
	if (descriptor == -1) {
		require(buffer_add_text(&body->bytes, bytes) == 0);
		buffer_shrink(&body->bytes);
	}
	*out = body;
	return 0;
}

struct message_body *
message_body_receive_or_empty(struct text bytes, int descriptor,
    uint64_t size)
{
	struct message_body *body = NULL;

	if (message_body_receive(bytes, descriptor, size, &body) == 0)
		return body;
	body = message_body_new();
	require(message_body_finish(body) == 0);
	return body;
}

int
message_body_slice(struct message_body *whole, uint64_t offset,
    uint64_t size, struct message_body **out)
{
	struct message_body *body;

	require(whole->finished && whole->whole == NULL);
	if (offset > whole->size || size > whole->size - offset)
		return ERROR_MALFORMED;
	body = message_body_new();
	body->whole = message_body_ref(whole);
	body->offset = offset;
	body->size = size;
	body->finished = true;
	*out = body;
	return 0;
}

bool
message_body_is_slice(const struct message_body *body)
{
	return body->whole != NULL;
}

uint64_t
message_body_size(const struct message_body *body)
{
	return body->size;
}

struct text
message_body_frame(const struct message_body *body, int *descriptor)
{
	require(body->finished && body->whole == NULL);
	*descriptor = -1;
	if (body->descriptor == -1)
		return buffer_text(&body->bytes);
	*descriptor = fcntl(body->descriptor, F_DUPFD_CLOEXEC, 3);
	if (*descriptor == -1)
		fatal_errno("cannot duplicate a message body");
	return TEXT_EMPTY;
}

int
message_body_read(const struct message_body *body, uint64_t offset,
    size_t len, char *scratch, struct text *out)
{
	ssize_t n;

	if (offset >= body->size) {
		*out = TEXT_EMPTY;
		return 0;
	}
	if (body->whole != NULL) {
		if (len > body->size - offset)
			len = (size_t)(body->size - offset);
		offset += body->offset;
		body = body->whole;
	}
	if (body->descriptor == -1) {
		*out = text_slice(buffer_text(&body->bytes), (size_t)offset,
		    len);
		return 0;
	}
	do {
		n = pread(body->descriptor, scratch, len, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return ERROR_SYSTEM;
	*out = text_of(scratch, (size_t)n);
	return 0;
}
