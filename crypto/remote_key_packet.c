/*
 * Packets of PROTOCOL.keys.
 *
 *   request   u8 version, u8 operation, u16 scheme, u32 id, u16 name length,
 *             u16 zero, u32 message length, name, message
 *   reply     u8 version, u8 status, u16 zero, u32 id, u32 result length,
 *             result
 */
#include "crypto/remote_key_packet.h"

#include <endian.h>
#include <string.h>

struct request_header {
	uint8_t version;
	uint8_t operation;
	uint16_t scheme;
	uint32_t id;
	uint16_t name_len;
	uint16_t zero;
	uint32_t message_len;
};

struct reply_header {
	uint8_t version;
	uint8_t status;
	uint16_t zero;
	uint32_t id;
	uint32_t result_len;
};

_Static_assert(sizeof(struct request_header) == REMOTE_KEY_REQUEST_HEADER,
	"no padding");
_Static_assert(sizeof(struct reply_header) == REMOTE_KEY_REPLY_HEADER,
	"no padding");

static const char *const operation_names[REMOTE_KEY_OPERATIONS] = {
	[REMOTE_KEY_NONE] = "none",
	[REMOTE_KEY_PUBLIC] = "public",
	[REMOTE_KEY_SIGN] = "sign",
};

static const char *const status_names[REMOTE_KEY_STATUSES] = {
	[REMOTE_KEY_OK] = "ok",
	[REMOTE_KEY_MALFORMED] = "malformed request",
	[REMOTE_KEY_UNKNOWN] = "no such key",
	[REMOTE_KEY_REFUSED] = "refused by policy",
	[REMOTE_KEY_BUSY] = "too many requests",
	[REMOTE_KEY_FAILED] = "operation failed",
};

const char *
remote_key_operation_name(unsigned int operation)
{
	return operation < REMOTE_KEY_OPERATIONS ? operation_names[operation] :
	    "unknown";
}

const char *
remote_key_status_name(unsigned int status)
{
	return status < REMOTE_KEY_STATUSES ? status_names[status] :
	    "unknown";
}

static size_t
put(char *out, size_t at, struct text piece)
{
	if (piece.len > 0)
		memcpy(out + at, piece.data, piece.len);
	return at + piece.len;
}

static int
request_check(const struct remote_key_request *request)
{
	if (request->name.len > REMOTE_KEY_NAME_MAX ||
	    request->message.len > REMOTE_KEY_MESSAGE_MAX)
		return ERROR_LIMIT;
	if (request->name.len == 0 ||
	    request->operation == REMOTE_KEY_NONE ||
	    request->operation >= REMOTE_KEY_OPERATIONS)
		return ERROR_MALFORMED;
	return 0;
}

int
remote_key_request_encode(const struct remote_key_request *request, char *out,
	size_t *len)
{
	struct request_header header = {
		.version = REMOTE_KEY_PACKET_VERSION,
		.operation = request->operation,
		.scheme = htole16(request->scheme),
		.id = htole32(request->id),
	};
	int error = request_check(request);

	if (error != 0)
		return error;
	header.name_len = htole16((uint16_t)request->name.len);
	header.message_len = htole32((uint32_t)request->message.len);
	*len = put(out, 0, text_of(&header, sizeof(header)));
	*len = put(out, *len, request->name);
	*len = put(out, *len, request->message);
	return 0;
}

int
remote_key_request_decode(struct text packet, struct remote_key_request *out)
{
	struct request_header header;
	size_t name_len;
	struct text rest;

	memset(out, 0, sizeof(*out));
	if (packet.len > REMOTE_KEY_PACKET_MAX)
		return ERROR_LIMIT;
	if (packet.len < sizeof(header))
		return ERROR_MALFORMED;
	memcpy(&header, packet.data, sizeof(header));
	rest = text_skip(packet, sizeof(header));
	name_len = le16toh(header.name_len);
	if (header.version != REMOTE_KEY_PACKET_VERSION || header.zero != 0 ||
	    rest.len < name_len ||
	    rest.len - name_len != le32toh(header.message_len))
		return ERROR_MALFORMED;
	out->operation = header.operation;
	out->scheme = le16toh(header.scheme);
	out->id = le32toh(header.id);
	out->name = text_slice(rest, 0, name_len);
	out->message = text_skip(rest, name_len);
	return request_check(out);
}

uint32_t
remote_key_request_id(struct text packet)
{
	struct request_header header;

	if (packet.len < sizeof(header))
		return 0;
	memcpy(&header, packet.data, sizeof(header));
	return le32toh(header.id);
}

static int
reply_check(const struct remote_key_reply *reply)
{
	if (reply->result.len > REMOTE_KEY_RESULT_MAX)
		return ERROR_LIMIT;
	if (reply->status >= REMOTE_KEY_STATUSES ||
	    (reply->status != REMOTE_KEY_OK && reply->result.len > 0))
		return ERROR_MALFORMED;
	return 0;
}

int
remote_key_reply_encode(const struct remote_key_reply *reply, char *out,
	size_t *len)
{
	struct reply_header header = {
		.version = REMOTE_KEY_PACKET_VERSION,
		.status = reply->status,
		.id = htole32(reply->id),
	};
	int error = reply_check(reply);

	if (error != 0)
		return error;
	header.result_len = htole32((uint32_t)reply->result.len);
	*len = put(out, 0, text_of(&header, sizeof(header)));
	*len = put(out, *len, reply->result);
	return 0;
}

int
remote_key_reply_decode(struct text packet, struct remote_key_reply *out)
{
	struct reply_header header;

	memset(out, 0, sizeof(*out));
	if (packet.len < sizeof(header))
		return ERROR_MALFORMED;
	memcpy(&header, packet.data, sizeof(header));
	out->result = text_skip(packet, sizeof(header));
	if (header.version != REMOTE_KEY_PACKET_VERSION || header.zero != 0 ||
	    out->result.len != le32toh(header.result_len))
		return ERROR_MALFORMED;
	out->status = header.status;
	out->id = le32toh(header.id);
	return reply_check(out);
}
