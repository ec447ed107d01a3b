/*
 * queue and deliver: one message, some of its recipients, one destination.
 * Results are idempotent by (mid, rid, attempt): deliver keeps them until
 * the channel has taken them, and sends them again on a new one.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_DELIVER_H
#define GATEWAY_PROTOCOL_FRAME_DELIVER_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"

/* Where to and how; resolved from the configuration of config_version. */
struct frame_destination {
	struct text key;	/* equal keys share connections */
	struct text domain;	/* of the recipients; looked up by MX ... */
	struct text *hosts;	/* ... unless a static route names hosts */
	size_t host_count;
	uint8_t tls;		/* enum config_destination_tls */
	struct text *tls_names;
	size_t tls_name_count;
	uint32_t concurrency;
	uint32_t messages_per_connection;
	uint64_t config_version;
	/*
	 * An unmet "TLS or envelope" travels here: tls is then at least
	 * required, and where no host can satisfy it the answer is
	 * FRAME_RESULT_NEEDS_ENVELOPE.
	 */
	uint8_t or_envelope;
};

/* JOB, perhaps with the body's memfd */
struct frame_job {
	uint64_t job;		/* queue's, never used again */
	uint32_t attempt;	/* from 1 */
	struct frame_destination destination;
	struct envelope envelope;	/* recipients: those of this job */
	struct text body;
	uint8_t protection;	/* enum protection_form (frame_judge.h) */
	uint8_t met_sha256[32];	/* of the bytes that were made to meet it;
				   zeros: not met yet */
};

enum frame_result {
	FRAME_RESULT_DELIVERED,
	FRAME_RESULT_RELAYED,	/* delivered to a hop without DSN */
	FRAME_RESULT_DEFERRED,
	FRAME_RESULT_FAILED,
	/* Every host was reached and none could give the TLS asked for. */
	FRAME_RESULT_NEEDS_ENVELOPE,
};

struct frame_recipient_result {
	uint32_t rid;
	uint8_t result;		/* enum frame_result */
	uint16_t reply;		/* the next hop's, or 0 */
	struct text status;	/* "2.0.0", "4.4.1", "5.7.1" */
	struct text reason;	/* reply text or what went wrong; printable */
};

/* How the destination as a whole fared. */
enum frame_destination_state {
	FRAME_DESTINATION_REACHED,	/* an SMTP session was held */
	FRAME_DESTINATION_UNREACHABLE,	/* no host answered: back off */
};

/* JOB_RESULT */
struct frame_job_result {
	uint64_t job;
	uint64_t mid;
	uint32_t attempt;
	uint64_t dcid;		/* outbound connection, 0 where none */
	uint8_t destination;	/* enum frame_destination_state */
	struct text host;	/* "mx1.example [192.0.2.1]:25" or empty */
	struct text tls;	/* as in struct envelope, of this hop */
	struct frame_recipient_result *recipients;
	size_t recipient_count;
};

extern const struct record_shape frame_job_shape;
extern const struct record_shape frame_job_result_shape;

#endif
