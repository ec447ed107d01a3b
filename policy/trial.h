/*
 * A message and a connection that are only imagined, through all of a
 * configuration: which sender group and mail flow policy they meet, which
 * recipients are taken, what filters decide, and under which TLS rule it
 * would leave.  Nothing is changed or sent.
 *
 * What filters decide is exactly what scan would: the same function of the
 * same bytes, our own Received field in them.
 */
#ifndef POLICY_TRIAL_H
#define POLICY_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "policy/filter_set.h"

/* What is imagined; borrowed. */
struct trial_message {
	struct text client;	/* IP address */
	struct text listener;	/* name; empty: the first */
	struct text helo;
	struct text sender;	/* empty: the null sender */
	const struct text *recipients;
	size_t recipient_count;
	struct text bytes;	/* lines end in CRLF or LF */
	struct fact_table facts;
	int64_t received_us;
	uint64_t mid;		/* 0 counts as 1 */
};

struct trial_recipient {
	struct text address;
	bool is_accepted;
	struct text reply;	/* "550 5.1.1 ..." where it is not */
};

/* How a recipient's mail would leave. */
struct trial_delivery {
	struct text address;
	struct text destination;	/* domain, or the hosts of a route */
	uint8_t tls;			/* enum config_destination_tls */
	bool or_envelope;		/* an envelope where there is no TLS */
	bool is_envelope;		/* an envelope in any case */
};

enum trial_fate {
	TRIAL_REFUSED,		/* the connection, or every recipient */
	TRIAL_WANTS_FACTS,	/* disposition.wanted */
	TRIAL_SET_ASIDE,
	TRIAL_JUDGED,
};

struct trial_outcome {
	uint8_t fate;		/* enum trial_fate */
	struct text reason;	/* REFUSED, SET_ASIDE */
	struct text listener;
	struct text sender_group;
	struct text flow_policy;
	uint8_t direction;	/* enum envelope_direction */
	struct trial_recipient *recipients;
	size_t recipient_count;
	struct text message;	/* as it was judged */
	struct frame_disposition disposition;
	struct text bodies;	/* of the disposition, one after the other */
	struct trial_delivery *deliveries;	/* of what would be sent */
	size_t delivery_count;
};

/*
 * Run it.  bodies is the caller's; everything else of *out lives in the
 * arena.  ERROR_MALFORMED with words in why: an address, a listener that is
 * none, no recipient.  ERROR_LIMIT: too large.
 */
int trial_run(const struct config *config, const struct filter_set *set,
	const struct trial_message *message, const struct filter_trace *trace,
	struct arena *arena, struct buffer *bodies,
	struct trial_outcome *out, struct reason *why) MUST_CHECK;

/* The n-th body of an outcome (from 1), or for 0 the message. */
struct text trial_body(const struct trial_outcome *outcome, uint32_t number);

#endif
