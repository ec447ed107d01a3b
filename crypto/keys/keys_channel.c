/*
 * Serving one caller: one request a turn, so that one channel cannot starve
 * its neighbours.
 */
#include "crypto/keys/keys_channel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/keys/keys_policy.h"
#include "crypto/keys/keys_rate.h"
#include "crypto/remote_key_packet.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

/* Lines about refusals in a second: a caller must not fill the log. */
#define REFUSAL_LINES_RATE 10

struct keys_channel {
	struct loop_watch *watch;
	int descriptor;
	enum process_kind caller;
	uint32_t number;
	const struct keys_store *store;
	struct keys_counts *counts;
	const struct keys_channel_events *events;
	void *context;
	struct keys_rate rate;
	struct keys_rate lines;
	uint64_t untold;	/* refusals without a line */
	char packet[REMOTE_KEY_PACKET_MAX + 1];
	char answer[REMOTE_KEY_REPLY_HEADER + REMOTE_KEY_RESULT_MAX];
	char result[REMOTE_KEY_RESULT_MAX];
};

/* ---- refusals ---- */

/* The message itself is never logged: it is a secret's neighbour. */
static void
log_refusal(struct keys_channel *channel,
	const struct remote_key_request *request, unsigned int status,
	const char *why)
{
	if (!keys_rate_take(&channel->lines)) {
		channel->untold++;
		return;
	}
	log_event(LOG_WARNING_LEVEL, 0, "key_refused",
		LOG_STRING("caller", process_kind_name(channel->caller)),
		LOG_NUMBER("number", channel->number),
		LOG_STRING("operation",
			remote_key_operation_name(request->operation)),
		LOG_TEXT("key", request->name),
		LOG_NUMBER("scheme", request->scheme),
		LOG_NUMBER("size", request->message.len),
		LOG_STRING("status", remote_key_status_name(status)),
		LOG_STRING("reason", why),
		LOG_NUMBER("untold", channel->untold));
	channel->untold = 0;
}

static enum remote_key_status
refuse(struct keys_channel *channel, const struct remote_key_request *request,
	enum remote_key_status status, const char *why)
{
	channel->counts->refused++;
	log_refusal(channel, request, status, why);
	return status;
}

/* ---- operations ---- */

static enum remote_key_status
give_public(struct keys_channel *channel, const struct keys_key *key,
	const struct remote_key_request *request, struct text *result)
{
	(void)channel;
	(void)request;
	*result = keys_key_public(key);
	return REMOTE_KEY_OK;
}

static enum remote_key_status
give_signature(struct keys_channel *channel, const struct keys_key *key,
	const struct remote_key_request *request, struct text *result)
{
	const struct signature_scheme *scheme =
	    signature_scheme_find(request->scheme);
	size_t len = 0;

	if (scheme == NULL || keys_key_sign(key, scheme, request->message,
	    channel->result, &len) != 0) {
		channel->counts->failed++;
		log_event(LOG_ERROR_LEVEL, 0, "key_failed",
			LOG_TEXT("key", keys_key_name(key)),
			LOG_NUMBER("scheme", request->scheme));
		return REMOTE_KEY_FAILED;
	}
	channel->counts->signed_count++;
	log_event(LOG_DEBUG_LEVEL, 0, "key_used",
		LOG_STRING("caller", process_kind_name(channel->caller)),
		LOG_NUMBER("number", channel->number),
		LOG_TEXT("key", keys_key_name(key)),
		LOG_STRING("scheme", scheme->name));
	*result = text_of(channel->result, len);
	return REMOTE_KEY_OK;
}

typedef enum remote_key_status (*operation)(struct keys_channel *channel,
	const struct keys_key *key, const struct remote_key_request *request,
	struct text *result);

static const operation operations[REMOTE_KEY_OPERATIONS] = {
	[REMOTE_KEY_PUBLIC] = give_public,
	[REMOTE_KEY_SIGN] = give_signature,
};

static enum remote_key_status
perform(struct keys_channel *channel,
	const struct remote_key_request *request, struct text *result)
{
	const struct keys_key *key;
	struct reason why = { 0 };

	if (!keys_rate_take(&channel->rate))
		return refuse(channel, request, REMOTE_KEY_BUSY, "rate");
	key = keys_store_find(channel->store, request->name);
	if (key == NULL)
		return refuse(channel, request, REMOTE_KEY_UNKNOWN,
			"no such key");
	if (keys_policy_check(channel->caller, key, request, &why) != 0)
		return refuse(channel, request, REMOTE_KEY_REFUSED, why.text);
	return operations[request->operation](channel, key, request, result);
}

/* ---- packets ---- */

static void
answer(struct keys_channel *channel, const struct remote_key_reply *reply)
{
	size_t len = 0;

	require(remote_key_reply_encode(reply, channel->answer, &len) == 0);
	/*
	 * A caller that does not read has given up on the answer; one that
	 * has gone is told of by the next read.
	 */
	if (send(channel->descriptor, channel->answer, len,
	    MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		log_event(LOG_WARNING_LEVEL, 0, "key_reply_lost",
			LOG_STRING("caller",
				process_kind_name(channel->caller)),
			LOG_NUMBER("number", channel->number),
			LOG_SIGNED("errno", errno));
}

static void
serve(struct keys_channel *channel, struct text packet)
{
	struct remote_key_request request;
	struct remote_key_reply reply = { 0 };

	if (remote_key_request_decode(packet, &request) == 0) {
		reply.status = (uint8_t)perform(channel, &request,
			&reply.result);
	} else {
		request.id = remote_key_request_id(packet);
		request.name = request.message = TEXT_EMPTY;
		reply.status = (uint8_t)refuse(channel, &request,
			REMOTE_KEY_MALFORMED, "not a request");
	}
	reply.id = request.id;
	answer(channel, &reply);
}

static void
on_ready(void *context, unsigned int ready)
{
	struct keys_channel *channel = context;
	ssize_t got;

	(void)ready;
	/* A byte more than allowed: what is cut must not look whole. */
	got = recv(channel->descriptor, channel->packet,
		sizeof(channel->packet), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		loop_watch_want(channel->watch, 0);
		channel->events->ended(channel->context, channel);
		return;
	}
	serve(channel, text_of(channel->packet, (size_t)got));
}

struct keys_channel *
keys_channel_new(struct loop *loop, int descriptor, enum process_kind caller,
	uint32_t number, const struct keys_store *store,
	struct keys_counts *counts, const struct keys_channel_events *events,
	void *context)
{
	struct keys_channel *channel = memory_new(sizeof(*channel));

	channel->descriptor = descriptor;
	channel->caller = caller;
	channel->number = number;
	channel->store = store;
	channel->counts = counts;
	channel->events = events;
	channel->context = context;
	keys_rate_init(&channel->rate, KEYS_POLICY_RATE);
	keys_rate_init(&channel->lines, REFUSAL_LINES_RATE);
	channel->watch = loop_watch_new(loop, descriptor, on_ready, channel);
	loop_watch_want(channel->watch, LOOP_READ);
	return channel;
}

void
keys_channel_free(struct keys_channel *channel)
{
	if (channel == NULL)
		return;
	loop_watch_free(channel->watch);
	(void)close(channel->descriptor);
	memory_wipe(channel->packet, sizeof(channel->packet));
	free(channel);
}

enum process_kind
keys_channel_caller(const struct keys_channel *channel)
{
	return channel->caller;
}

uint32_t
keys_channel_number(const struct keys_channel *channel)
{
	return channel->number;
}
