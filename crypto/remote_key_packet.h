/*
 * What travels between a process and keys: one packet a request, one a
 * reply (PROTOCOL.keys).  Both decoders take bytes as if they came from the
 * Internet.
 */
#ifndef CRYPTO_REMOTE_KEY_PACKET_H
#define CRYPTO_REMOTE_KEY_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define REMOTE_KEY_PACKET_VERSION 1
#define REMOTE_KEY_PACKET_MAX 65536
#define REMOTE_KEY_NAME_MAX 255
#define REMOTE_KEY_REQUEST_HEADER 16
#define REMOTE_KEY_REPLY_HEADER 12
#define REMOTE_KEY_MESSAGE_MAX \
	(REMOTE_KEY_PACKET_MAX - REMOTE_KEY_REQUEST_HEADER - \
	REMOTE_KEY_NAME_MAX)
#define REMOTE_KEY_RESULT_MAX 4096

enum remote_key_operation {
	REMOTE_KEY_NONE,
	REMOTE_KEY_PUBLIC,	/* the public half, SubjectPublicKeyInfo */
	REMOTE_KEY_SIGN,	/* a signature over the message */
	REMOTE_KEY_OPERATIONS
};

enum remote_key_status {
	REMOTE_KEY_OK,
	REMOTE_KEY_MALFORMED,	/* not a request */
	REMOTE_KEY_UNKNOWN,	/* no key of that name */
	REMOTE_KEY_REFUSED,	/* policy says no */
	REMOTE_KEY_BUSY,	/* too many in this second */
	REMOTE_KEY_FAILED,	/* the operation itself failed */
	REMOTE_KEY_STATUSES
};

struct remote_key_request {
	uint32_t id;		/* the caller's */
	uint8_t operation;	/* enum remote_key_operation */
	uint16_t scheme;	/* code point, 0 where none applies */
	struct text name;	/* of the key, 1 to REMOTE_KEY_NAME_MAX */
	struct text message;	/* at most REMOTE_KEY_MESSAGE_MAX */
};

struct remote_key_reply {
	uint32_t id;		/* of the request */
	uint8_t status;		/* enum remote_key_status */
	struct text result;	/* at most REMOTE_KEY_RESULT_MAX; empty
				   unless REMOTE_KEY_OK */
};

/* "sign", "refused"; "unknown" for what is not in the table. */
const char *remote_key_operation_name(unsigned int operation);
const char *remote_key_status_name(unsigned int status);

/*
 * Write the packet to out, which holds REMOTE_KEY_PACKET_MAX bytes.
 * ERROR_LIMIT where a length passes its limit.
 */
int remote_key_request_encode(const struct remote_key_request *request,
	char *out, size_t *len) MUST_CHECK;
int remote_key_reply_encode(const struct remote_key_reply *reply, char *out,
	size_t *len) MUST_CHECK;

/*
 * Read a packet; texts are borrowed from it.  ERROR_MALFORMED (version,
 * unknown operation or status, lengths that do not sum up exactly),
 * ERROR_LIMIT.
 */
int remote_key_request_decode(struct text packet,
	struct remote_key_request *out) MUST_CHECK;
int remote_key_reply_decode(struct text packet,
	struct remote_key_reply *out) MUST_CHECK;

/* The id of a request that does not decode, 0 where it is too short. */
uint32_t remote_key_request_id(struct text packet);

#endif
