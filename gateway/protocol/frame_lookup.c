/*
 * Shapes of the frames to and from lookup.
 */
#include "gateway/protocol/frame_lookup.h"

#include <stddef.h>

#define DOMAIN_MAX 1024

static const struct record_field hosts_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_hosts_ask, id),
	RECORD_TEXT_FIELD(2, struct frame_hosts_ask, name, DOMAIN_MAX),
	RECORD_NUMBER(3, RECORD_U8, struct frame_hosts_ask, address_only),
};
const struct record_shape frame_hosts_ask_shape =
    RECORD_SHAPE(frame_hosts_ask, hosts_ask_fields);

static const struct record_field address_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_address, family),
	RECORD_BYTES_FIELD(2, struct frame_address, bytes),
};
static const struct record_shape address_shape =
    RECORD_SHAPE(frame_address, address_fields);

static const struct record_field host_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_host, name, DOMAIN_MAX),
	RECORD_NUMBER(2, RECORD_U16, struct frame_host, preference),
	RECORD_NUMBER(3, RECORD_U8, struct frame_host, secure),
	RECORD_NUMBER(4, RECORD_U8, struct frame_host, temporary),
	RECORD_LIST_FIELD(5, struct frame_host, addresses, address_count,
	    FRAME_ADDRESSES_MAX, &address_shape),
};
static const struct record_shape host_shape =
    RECORD_SHAPE(frame_host, host_fields);

static const struct record_field hosts_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_hosts, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_hosts, outcome),
	RECORD_TEXT_FIELD(3, struct frame_hosts, reason, DOMAIN_MAX),
	RECORD_NUMBER(4, RECORD_U32, struct frame_hosts, ttl_s),
	RECORD_LIST_FIELD(5, struct frame_hosts, hosts, host_count,
	    FRAME_HOSTS_MAX, &host_shape),
};
const struct record_shape frame_hosts_shape =
    RECORD_SHAPE(frame_hosts, hosts_fields);

static const struct record_field rate_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_rate_ask, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_rate_ask, kind),
	RECORD_TEXT_FIELD(3, struct frame_rate_ask, key, DOMAIN_MAX),
	RECORD_NUMBER(4, RECORD_U64, struct frame_rate_ask, limit),
	RECORD_NUMBER(5, RECORD_U32, struct frame_rate_ask, count),
};
const struct record_shape frame_rate_ask_shape =
    RECORD_SHAPE(frame_rate_ask, rate_ask_fields);

static const struct record_field rate_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_rate, id),
	RECORD_NUMBER(2, RECORD_U32, struct frame_rate, granted),
	RECORD_NUMBER(3, RECORD_U64, struct frame_rate, retry_after_ms),
};
const struct record_shape frame_rate_shape =
    RECORD_SHAPE(frame_rate, rate_fields);
