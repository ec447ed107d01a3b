/*
 * One mail transaction from the client's side (RFC 5321 3.3): which command
 * comes next, and what each reply means for each recipient.  With PIPELINING
 * commands run ahead of their replies (RFC 2920 3.1).  No I/O.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_TRANSACTION_H
#define QUEUE_DELIVERY_DELIVERY_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/smtp_reply.h"
#include "queue/delivery/delivery_job.h"

/* Commands without a reply that we let run ahead. */
#define DELIVERY_PIPELINE_MAX 200

struct delivery_transaction {
	struct delivery_job *job;	/* borrowed */
	unsigned int extensions;
	bool has_8bit;
	size_t command_count;	/* MAIL, a RCPT each, DATA */
	size_t sent;
	size_t answered;
	size_t recipient;	/* index of the next RCPT to send */
	size_t reply_recipient;	/* index that the next reply is about */
	size_t accepted;	/* recipients with a 2xx */
	bool is_refused;	/* MAIL was: further replies say nothing */
	/* By recipient, in the job's arena: accepted by this hop. */
	bool *is_accepted;
};

enum delivery_step {
	DELIVERY_STEP_WAIT,	/* replies are still to come */
	DELIVERY_STEP_BODY,	/* send body and dot */
	DELIVERY_STEP_DOT,	/* DATA was taken for nobody: a dot alone */
	DELIVERY_STEP_OVER,	/* done, no DATA: RSET before the next */
};

/* For the open recipients of job.  ERROR_LIMIT: its arena is full. */
int delivery_transaction_begin(struct delivery_transaction *transaction,
	struct delivery_job *job, unsigned int extensions, bool has_8bit)
	MUST_CHECK;

/*
 * Append the next command, if one may be sent now: gives 1 when it did, 0
 * when it must wait or there is none, or an enum error as of
 * delivery_command.h.
 */
int delivery_transaction_command(struct delivery_transaction *transaction,
	struct buffer *out) MUST_CHECK;

/* The reply to the first command without one. */
enum delivery_step delivery_transaction_reply(
	struct delivery_transaction *transaction,
	const struct smtp_reply *reply);

/* The reply behind the final dot. */
void delivery_transaction_final(struct delivery_transaction *transaction,
	const struct smtp_reply *reply);

/* The hop ends it with this reply in place of those under way: "421". */
void delivery_transaction_ended(struct delivery_transaction *transaction,
	const struct smtp_reply *reply);

/* Decide for the recipients that the hop took, and only they. */
void delivery_transaction_decide(struct delivery_transaction *transaction,
	const struct delivery_outcome *outcome);

/*
 * It broke off: trouble for every recipient that is still open.  The
 * outcome's words live in the job's arena.
 */
void delivery_transaction_broken(struct delivery_transaction *transaction,
	const struct delivery_outcome *outcome);

#endif
