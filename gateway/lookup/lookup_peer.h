/*
 * One channel to a process that asks: decodes its frames, keeps its open
 * questions, and gives back what it held when it ends.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_PEER_H
#define GATEWAY_LOOKUP_LOOKUP_PEER_H

#include <stdint.h>

#include "gateway/lookup/lookup_fact.h"
#include "gateway/lookup/lookup_hosts.h"
#include "gateway/lookup/lookup_rate.h"
#include "gateway/protocol/process_kind.h"

struct lookup_peer;

/* Questions of one peer that may be open; more are answered "later". */
#define LOOKUP_PEER_QUESTIONS_MAX 4000

/* What all peers share; borrowed. */
struct lookup_service {
	struct lookup_hosts_setting hosts;
	int64_t fact_timeout_ms;
	struct lookup_rate *rate;
	uint64_t hosts_asked;		/* counted for the heartbeat */
	uint64_t hosts_failed;		/* temporary outcomes */
	uint64_t facts_asked;
	uint64_t facts_unknown;
	uint64_t rates_asked;
	uint64_t rates_refused;
};

/*
 * A peer over a descriptor, which it takes over.  ended is called once, when
 * the channel is over; free the peer in it or later.
 *   holder  a number for lookup_rate, never used again
 */
struct lookup_peer *lookup_peer_new(struct lookup_service *service,
	enum process_kind kind, uint32_t number, uint32_t holder,
	int descriptor, void (*ended)(void *context), void *context);
void lookup_peer_free(struct lookup_peer *peer);

#endif
