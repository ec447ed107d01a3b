/*
 * Bytes from a peer: the same frames and the same end whether they come at
 * once or in two pieces.  The first two bytes say where they are cut; a
 * valid hello stands before the rest, unless the first bit is set.
 */
#include <stdint.h>

#include "gateway/base/ipc.c"

#define INPUT_MAX 32768

struct outcome {
	uint64_t frames;	/* a hash over all frames */
	unsigned int count;
	int error;
};

static const struct ipc_identity identity = { .build = "fuzz",
	.protocol = 1 };
static const char hello[] = "\x14\0\0\0\xff\xff\0\0"
	"\1\0\4\0\0\0" "fuzz" "\2\0\4\0\0\0\1\0\0\0";

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct outcome *outcome = context;
	uint64_t words[3] = { outcome->frames, type, text_hash(payload) };

	require(descriptor == -1);
	require(payload.len <= IPC_PAYLOAD_MAX);
	outcome->frames = text_hash(text_of(words, sizeof(words)));
	outcome->count++;
}

static void
on_ended(void *context, int error)
{
	struct outcome *outcome = context;

	require(outcome->error == 0);
	outcome->error = error;
}

static const struct ipc_events events = { .frame = on_frame,
	.ended = on_ended };

static void
say(struct ipc *ipc, int descriptor, struct text bytes)
{
	if (bytes.len > 0)
		require(write(descriptor, bytes.data, bytes.len) ==
			(ssize_t)bytes.len);
	drive(ipc, true, true);
}

static struct outcome
outcome_of(struct loop *loop, struct text first, struct text second)
{
	struct outcome outcome = { 0 };
	struct ipc *ipc;
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	ipc = ipc_new(loop, pair[0], &identity, &events, &outcome);
	if (first.len > 0)
		say(ipc, pair[1], first);
	if (outcome.error == 0)
		say(ipc, pair[1], second);
	if (outcome.error == 0) {
		(void)shutdown(pair[1], SHUT_WR);
		drive(ipc, true, true);
	}
	require(outcome.error != 0);
	ipc_free(ipc);
	(void)close(pair[1]);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loop *loop;
	struct buffer bytes;
	struct outcome whole;
	struct outcome parts;
	struct text all;
	size_t at;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	if (loop == NULL)
		loop = loop_new();
	at = ((size_t)data[0] << 8 | data[1]) & 0x7fff;
	buffer_init(&bytes, sizeof(hello) + size);
	if ((data[0] & 0x80) == 0)
		require(buffer_add(&bytes, hello, sizeof(hello) - 1) == 0);
	require(buffer_add(&bytes, data + 2, size - 2) == 0);
	all = buffer_text(&bytes);
	whole = outcome_of(loop, TEXT_EMPTY, all);
	parts = outcome_of(loop, text_slice(all, 0, at),
		text_skip(all, at));
	require(whole.count == parts.count);
	require(whole.frames == parts.frames);
	require(whole.error == parts.error);
	buffer_clear(&bytes);
	return 0;
}
