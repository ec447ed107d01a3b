/*
 * Blocking calls to the keys process: one request out, one reply in.  A
 * reply to an earlier call that was given up is known by its id and
 * dropped.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/remote_key_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define REPLY_MAX (REMOTE_KEY_REPLY_HEADER + REMOTE_KEY_RESULT_MAX)

struct remote_key_channel {
	unsigned int references;
	int descriptor;		/* -1: keys is gone */
	int timeout_ms;
	uint32_t last_id;
	int64_t resting_until_ms;	/* a call ran out of time */
	/* Not on the stack: OpenSSL may call from a small one. */
	char request[REMOTE_KEY_PACKET_MAX];
	char reply[REPLY_MAX + 1];
};

static const int status_errors[REMOTE_KEY_STATUSES] = {
	[REMOTE_KEY_MALFORMED] = ERROR_MALFORMED,
	[REMOTE_KEY_UNKNOWN] = ERROR_NOT_FOUND,
	[REMOTE_KEY_REFUSED] = ERROR_REFUSED,
	[REMOTE_KEY_BUSY] = ERROR_TEMPORARY,
	[REMOTE_KEY_FAILED] = ERROR_TEMPORARY,
};

struct remote_key_channel *
remote_key_channel_new(int descriptor, int timeout_ms)
{
	struct remote_key_channel *channel = memory_new(sizeof(*channel));

	require(timeout_ms > 0);
	channel->references = 1;
	channel->descriptor = descriptor;
	channel->timeout_ms = timeout_ms;
	return channel;
}

static void
disconnect(struct remote_key_channel *channel)
{
	if (channel->descriptor != -1)
		(void)close(channel->descriptor);
	channel->descriptor = -1;
	channel->resting_until_ms = 0;
}

void
remote_key_channel_replace(struct remote_key_channel *channel, int descriptor)
{
	disconnect(channel);
	channel->descriptor = descriptor;
}

struct remote_key_channel *
remote_key_channel_ref(struct remote_key_channel *channel)
{
	channel->references++;
	return channel;
}

void
remote_key_channel_release(struct remote_key_channel **channel)
{
	struct remote_key_channel *gone = *channel;

	*channel = NULL;
	if (gone == NULL || --gone->references > 0)
		return;
	disconnect(gone);
	free(gone);
}

void
remote_key_channel_free(struct remote_key_channel *channel)
{
	if (channel == NULL)
		return;
	disconnect(channel);
	remote_key_channel_release(&channel);
}

static int
gone(struct remote_key_channel *channel, struct reason *why)
{
	reason_set(why, "the keys process is not there");
	if (channel->descriptor != -1)
		log_event(LOG_WARNING_LEVEL, 0, "keys_gone");
	disconnect(channel);
	return ERROR_CLOSED;
}

static int
late(struct remote_key_channel *channel, struct reason *why)
{
	reason_set(why, "the keys process did not answer in %d ms",
		channel->timeout_ms);
	log_event(LOG_WARNING_LEVEL, 0, "keys_timeout",
		LOG_SIGNED("timeout_ms", channel->timeout_ms));
	channel->resting_until_ms = clock_monotonic_ms() +
	    channel->timeout_ms;
	return ERROR_TEMPORARY;
}

/* Until the descriptor is ready: 0, ERROR_CLOSED or ERROR_TEMPORARY. */
static int
wait_ready(struct remote_key_channel *channel, short events,
	int64_t deadline_ms, struct reason *why)
{
	struct pollfd waiting = { .fd = channel->descriptor,
		.events = events };
	int64_t left;
	int ready;

	do {
		left = deadline_ms - clock_monotonic_ms();
		if (left <= 0)
			return late(channel, why);
		ready = poll(&waiting, 1, left < channel->timeout_ms ?
		    (int)left : channel->timeout_ms);
	} while (ready == 0 || (ready < 0 && errno == EINTR));
	return ready < 0 ? gone(channel, why) : 0;
}

static int
send_packet(struct remote_key_channel *channel, size_t len,
	int64_t deadline_ms, struct reason *why)
{
	ssize_t done;
	int error;

	for (;;) {
		done = send(channel->descriptor, channel->request, len,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return gone(channel, why);
		error = wait_ready(channel, POLLOUT, deadline_ms, why);
		if (error != 0)
			return error;
	}
}

/*
 * One packet without waiting: ERROR_AGAIN when there is none, ERROR_CLOSED,
 * or a reply, whosever it is.  What does not decode has id 0, which no call
 * uses.
 */
static int
take_packet(struct remote_key_channel *channel,
	struct remote_key_reply *reply, struct reason *why)
{
	ssize_t got = recv(channel->descriptor, channel->reply,
		sizeof(channel->reply), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return ERROR_AGAIN;
	if (got <= 0)
		return gone(channel, why);
	if (remote_key_reply_decode(text_of(channel->reply, (size_t)got),
	    reply) != 0)
		reply->id = 0;
	return 0;
}

static int
receive_reply(struct remote_key_channel *channel, uint32_t id,
	struct remote_key_reply *reply, int64_t deadline_ms,
	struct reason *why)
{
	int error;

	for (;;) {
		error = take_packet(channel, reply, why);
		if (error == 0 && reply->id == id)
			return 0;
		if (error == ERROR_AGAIN)
			error = wait_ready(channel, POLLIN, deadline_ms, why);
		else if (error == 0 && clock_monotonic_ms() >= deadline_ms)
			error = late(channel, why);
		if (error != 0)
			return error;
	}
}

/* Whether calls may be made: rest over, or the late answer has come. */
static int
end_rest(struct remote_key_channel *channel, struct reason *why)
{
	struct remote_key_reply reply;
	int error;

	if (channel->descriptor == -1)
		return gone(channel, why);
	if (channel->resting_until_ms == 0 ||
	    clock_monotonic_ms() >= channel->resting_until_ms)
		return 0;
	error = take_packet(channel, &reply, why);
	if (error == ERROR_AGAIN) {
		reason_set(why, "the keys process does not answer");
		return ERROR_TEMPORARY;
	}
	return error;
}

static uint32_t
next_id(struct remote_key_channel *channel)
{
	if (++channel->last_id == 0)
		channel->last_id = 1;
	return channel->last_id;
}

int
remote_key_channel_call(struct remote_key_channel *channel,
	struct remote_key_request *request, struct text *result,
	struct reason *why)
{
	struct remote_key_reply reply;
	int64_t deadline_ms;
	size_t len = 0;
	int error;

	*result = TEXT_EMPTY;
	error = end_rest(channel, why);
	if (error != 0)
		return error;
	channel->resting_until_ms = 0;
	deadline_ms = clock_monotonic_ms() + channel->timeout_ms;
	request->id = next_id(channel);
	error = remote_key_request_encode(request, channel->request, &len);
	if (error != 0) {
		reason_set(why, "not a request for the keys process");
		return error;
	}
	error = send_packet(channel, len, deadline_ms, why);
	if (error == 0)
		error = receive_reply(channel, request->id, &reply,
			deadline_ms, why);
	if (error != 0)
		return error;
	if (reply.status != REMOTE_KEY_OK)
		reason_set(why, "the keys process answered: %s",
			remote_key_status_name(reply.status));
	*result = reply.result;
	return status_errors[reply.status];
}
