/*
 * What an smtp process counts, for its heartbeat and "postern status".
 */
#ifndef LISTENERS_SMTP_COUNTERS_H
#define LISTENERS_SMTP_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/protocol/frame_supervisor.h"

struct smtp_counters {
	uint64_t connections_open;	/* now */
	uint64_t connections_total;
	uint64_t connections_rejected;	/* policy, caps, early talkers */
	uint64_t tls_established;
	uint64_t tls_failed;
	uint64_t messages_accepted;	/* durable, whoever still listened */
	uint64_t messages_refused;	/* behind the end of data */
	uint64_t senders_refused;
	uint64_t recipients_accepted;
	uint64_t recipients_refused;
	uint64_t commands_refused;	/* 5xx for syntax and sequence */
	uint64_t bytes_received;	/* message content */
	uint64_t rates_refused;
	uint64_t accept_pauses;		/* out of descriptors, or full */
};

/* Fill in at most max frame counters; gives their number. */
size_t smtp_counters_print(const struct smtp_counters *counters,
	struct frame_counter *out, size_t max);

#endif
