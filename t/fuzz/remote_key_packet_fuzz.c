/*
 * Arbitrary bytes as a packet between a caller and keys, read as a request
 * and as a reply.
 *
 * Asserted: what decodes keeps its limits, lies inside the packet and makes
 * the same bytes again when encoded.
 */
#include <stdint.h>
#include <string.h>

#include "crypto/remote_key_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
lies_inside(struct text packet, struct text part)
{
	if (part.len == 0)
		return;
	require(part.data >= packet.data && part.len <= packet.len);
	require(part.data + part.len <= packet.data + packet.len);
}

static void
same(struct text packet, const char *again, size_t len)
{
	require(len == packet.len);
	require(memcmp(again, packet.data, len) == 0);
}

static void
try_request(struct text packet)
{
	static char again[REMOTE_KEY_PACKET_MAX];
	struct remote_key_request request;
	size_t len = 0;

	if (remote_key_request_decode(packet, &request) != 0)
		return;
	require(request.name.len >= 1);
	require(request.name.len <= REMOTE_KEY_NAME_MAX);
	require(request.message.len <= REMOTE_KEY_MESSAGE_MAX);
	require(request.operation < REMOTE_KEY_OPERATIONS);
	require(request.id == remote_key_request_id(packet));
	lies_inside(packet, request.name);
	lies_inside(packet, request.message);
	require(remote_key_request_encode(&request, again, &len) == 0);
	same(packet, again, len);
}

static void
try_reply(struct text packet)
{
	static char again[REMOTE_KEY_REPLY_HEADER + REMOTE_KEY_RESULT_MAX];
	struct remote_key_reply reply;
	size_t len = 0;

	if (remote_key_reply_decode(packet, &reply) != 0)
		return;
	require(reply.result.len <= REMOTE_KEY_RESULT_MAX);
	require(reply.status < REMOTE_KEY_STATUSES);
	require(reply.status == REMOTE_KEY_OK || reply.result.len == 0);
	lies_inside(packet, reply.result);
	require(remote_key_reply_encode(&reply, again, &len) == 0);
	same(packet, again, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text packet = text_of(data, size);

	try_request(packet);
	try_reply(packet);
	return 0;
}
