/*
 * What gateways and the key service say to each other over HTTPS
 * (PROTOCOL.keyservice): JSON bodies, bounded, checked in every field.  The
 * only includer of jansson below the processes.
 */
#ifndef CRYPTO_KEY_SERVICE_MESSAGE_H
#define CRYPTO_KEY_SERVICE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/secure_envelope.h"
#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"

#define KEY_SERVICE_REGISTER_PATH "/v1/envelopes"
#define KEY_SERVICE_TYPE "application/json"
#define KEY_SERVICE_BATCH_MAX 64	/* envelopes in one request */
#define KEY_SERVICE_RECIPIENTS_MAX 1000	/* of one envelope */
#define KEY_SERVICE_BODY_MAX (16u * 1024 * 1024)

/* One key to be kept: idempotent by (id, key_id). */
struct key_service_envelope {
	uint8_t id[SECURE_ENVELOPE_ID_LEN];
	uint8_t key_id[SECURE_ENVELOPE_ID_LEN];
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN];	/* the service's */
	uint64_t mid;
	struct text sender;
	struct text organisation;
	struct text profile;
	int64_t sent_us;
	int64_t expires_us;		/* 0: never */
	struct text *recipients;	/* all that may open it */
	uint8_t *is_named;		/* per recipient: the message's To or
					   Cc says so, a page may show it */
	size_t recipient_count;
};

enum key_service_outcome {
	KEY_SERVICE_REGISTERED,		/* durable, now or before */
	KEY_SERVICE_CONFLICT,		/* the same ids, another key */
	KEY_SERVICE_REFUSED,
};

struct key_service_result {
	uint8_t id[SECURE_ENVELOPE_ID_LEN];
	uint8_t key_id[SECURE_ENVELOPE_ID_LEN];
	uint8_t outcome;		/* enum key_service_outcome */
};

/* Before the jail: the JSON library reads its random seed from a file. */
void key_service_message_prepare(void);

/* ERROR_LIMIT; ERROR_MALFORMED: a text is not UTF-8. */
int key_service_request_write(const struct key_service_envelope *envelopes,
	size_t count, struct buffer *out) MUST_CHECK;
/* Lists and texts lie in the arena. ERROR_MALFORMED, ERROR_LIMIT. */
int key_service_request_read(struct text body, struct arena *arena,
	struct key_service_envelope **envelopes, size_t *count,
	struct reason *why) MUST_CHECK;
int key_service_answer_write(const struct key_service_result *results,
	size_t count, struct buffer *out) MUST_CHECK;
int key_service_answer_read(struct text body, struct arena *arena,
	struct key_service_result **results, size_t *count,
	struct reason *why) MUST_CHECK;

#endif
