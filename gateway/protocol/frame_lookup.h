/*
 * deliver, smtp and lookup: hosts of a domain, and shared rates.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_LOOKUP_H
#define GATEWAY_PROTOCOL_FRAME_LOOKUP_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"

/* HOSTS_ASK: where to deliver (RFC 5321 5.1), addresses included */
struct frame_hosts_ask {
	uint64_t id;
	struct text name;	/* domain, A-labels or U-labels */
	uint8_t address_only;	/* 1: a host of a static route, no MX */
};

enum frame_hosts_outcome {
	FRAME_HOSTS_FOUND,
	FRAME_HOSTS_TEMPORARY,	/* failure, time-out: never an absence */
	FRAME_HOSTS_NO_DOMAIN,	/* NXDOMAIN: 5.1.2 */
	FRAME_HOSTS_NO_ADDRESS,	/* neither MX nor address: 5.4.4 */
	FRAME_HOSTS_NULL_MX,	/* RFC 7505: 5.1.10 */
	FRAME_HOSTS_BOGUS,	/* DNSSEC validation failed: temporary */
	FRAME_HOSTS_SELF,	/* best MX is this host: 5.4.6 */
};

struct frame_address {
	uint8_t family;		/* 4 or 6 */
	uint8_t bytes[16];	/* network order; 4: the first four */
};

#define FRAME_HOSTS_MAX 100
#define FRAME_ADDRESSES_MAX 32

struct frame_host {
	struct text name;
	uint16_t preference;
	uint8_t secure;		/* every answer was validated */
	uint8_t temporary;	/* its addresses could not be had now */
	struct frame_address *addresses;
	size_t address_count;
};

/* HOSTS: lowest preference first, equal ones in random order */
struct frame_hosts {
	uint64_t id;
	uint8_t outcome;	/* enum frame_hosts_outcome */
	struct text reason;	/* for people, where nothing was found */
	uint32_t ttl_s;
	struct frame_host *hosts;
	size_t host_count;
};

enum frame_rate_kind {
	FRAME_RATE_CONNECTIONS,	/* held now; returned when closed */
	FRAME_RATE_MESSAGES,	/* per hour */
	FRAME_RATE_RECIPIENTS,	/* per hour */
	FRAME_RATE_INVALID,	/* bad recipients, per hour */
};

/*
 * RATE_ASK: a portion of what a client may have, counted over all smtp
 * processes.  RATE answers; RATE_RETURN gives unused ones back (held
 * connections when they close).
 */
struct frame_rate_ask {
	uint64_t id;		/* 0 in RATE_RETURN */
	uint8_t kind;		/* enum frame_rate_kind */
	struct text key;	/* policy or listener name, space, client
				   address or /64 */
	uint64_t limit;		/* 0: no limit */
	uint32_t count;		/* wanted, or given back */
};

/* RATE */
struct frame_rate {
	uint64_t id;
	uint32_t granted;	/* 0 to count */
	uint64_t retry_after_ms;	/* where granted is 0 */
};

extern const struct record_shape frame_hosts_ask_shape;
extern const struct record_shape frame_hosts_shape;
extern const struct record_shape frame_rate_ask_shape;
extern const struct record_shape frame_rate_shape;

#endif
