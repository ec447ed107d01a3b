/*
 * One message on its way into an envelope: what queue asked, the keys made
 * for this attempt, and who may open it.
 */
#ifndef CRYPTO_PROTECT_PROTECT_JOB_H
#define CRYPTO_PROTECT_PROTECT_JOB_H

#include "crypto/key_service_message.h"
#include "crypto/protect/protect_site.h"
#include "crypto/secure_envelope.h"
#include "gateway/base/list.h"
#include "gateway/protocol/frame_protect.h"
#include "gateway/protocol/message_body.h"

/* What became of it so far; DONE until something is wrong. */
struct protect_verdict {
	uint8_t outcome;	/* enum frame_protect_outcome */
	struct reason why;
};

struct protect_job {
	struct list link;
	struct arena *arena;		/* of the texts */
	struct frame_protect frame;	/* without its body */
	struct message_body *body;
	struct protect_site *site;
	const struct config_encryption_profile *profile;
	struct text url;		/* of the registration */
	struct secure_envelope_header header;
	struct secure_envelope_shares shares;
	struct text *recipients;
	uint8_t *is_named;		/* per recipient */
	struct protect_verdict verdict;
};

/*
 * Copies the frame, takes references of body and site, makes the keys.
 * Never NULL: what cannot be done is in its verdict.
 */
struct protect_job *protect_job_new(const struct frame_protect *frame,
	struct message_body *body, struct protect_site *site);
/* Wipes the keys. */
void protect_job_free(struct protect_job *job);

/* Later, or never, with a status such as 4, 4, 1 and words. */
void protect_job_later(struct protect_job *job, unsigned int subject,
	unsigned int detail, const char *format, ...) PRINTF_LIKE(4, 5);
void protect_job_fail(struct protect_job *job, unsigned int subject,
	unsigned int detail, const char *format, ...) PRINTF_LIKE(4, 5);

/* As it is registered; texts and lists are the job's, the share is copied. */
void protect_job_describe(const struct protect_job *job,
	struct key_service_envelope *out);

#endif
