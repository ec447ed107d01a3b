/*
 * Why a walk over the hosts of a destination came to nothing: of all that
 * happened the most telling is kept.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_TROUBLE_H
#define QUEUE_DELIVERY_DELIVERY_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/mail/smtp_reply.h"
#include "queue/delivery/delivery_job.h"

enum delivery_rank {
	DELIVERY_RANK_NONE,
	DELIVERY_RANK_NO_ROUTE,		/* not even tried */
	DELIVERY_RANK_NEEDS_ENVELOPE,	/* no TLS here, but there is another
					   way unless somebody is away */
	DELIVERY_RANK_UNREACHABLE,	/* no connection, or lost early */
	DELIVERY_RANK_REFUSED,		/* the host would not talk */
	DELIVERY_RANK_TLS,		/* the host cannot satisfy the rule */
};

#define DELIVERY_TROUBLE_WORDS 512

struct delivery_trouble {
	enum delivery_rank rank;
	bool is_reached;	/* an SMTP session was held somewhere */
	uint8_t result;		/* enum frame_result */
	uint16_t reply;
	uint16_t status[3];
	char words[DELIVERY_TROUBLE_WORDS];
};

/* Keep this unless something more telling is there. */
void delivery_trouble_set(struct delivery_trouble *trouble,
	enum delivery_rank rank, uint16_t subject, uint16_t detail,
	const char *format, ...) PRINTF_LIKE(5, 6);
/* The same from a host's reply, which makes it reached. */
void delivery_trouble_reply(struct delivery_trouble *trouble,
	struct text label, const struct smtp_reply *reply);

/* As an outcome with its words in the job's arena. */
void delivery_trouble_outcome(const struct delivery_trouble *trouble,
	struct delivery_job *job, struct delivery_outcome *out);

#endif
