/*
 * The mail policies of one direction, compiled: to which of them a recipient
 * of a message belongs.  The first that matches decides; the last one is
 * always that for whom no other is.
 */
#ifndef POLICY_MAIL_POLICY_H
#define POLICY_MAIL_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/mail/envelope.h"
#include "gateway/mail/mime_message.h"
#include "policy/fact.h"

/* Sender addresses of one message; what has more cannot be judged. */
#define MAIL_POLICY_SENDERS_MAX 1000

struct mail_policy_list;

/*
 * Compile the active policies of a direction (enum envelope_direction); the
 * default one is added where it is not written.  config must live as long.
 */
struct mail_policy_list *mail_policy_list_new(const struct config *config,
	unsigned int direction);
void mail_policy_list_free(struct mail_policy_list *list);

/* At least 1. */
size_t mail_policy_list_count(const struct mail_policy_list *list);
struct text mail_policy_name(const struct mail_policy_list *list,
	size_t index);
/* Whether it applies the content filter of that name. */
bool mail_policy_has_filter(const struct mail_policy_list *list,
	size_t index, struct text filter);
/* Whether any of them looks for senders in the header. */
bool mail_policy_list_needs_header(const struct mail_policy_list *list);

/* One message while its recipients are matched; all of it is borrowed. */
struct mail_policy_match {
	const struct mail_policy_list *list;
	const struct envelope *envelope;
	/* The message's own header as it came; NULL where none needs it. */
	const struct mime_part *header;
	struct fact_table facts;
	struct fact_list *wanted;	/* gets what must be asked first */
	struct arena *arena;
	struct reason why;		/* of an error */
	struct mail_policy_sender *senders;	/* its own, as what follows */
	size_t sender_count;
	uint8_t *sender_truths;		/* two for each policy */
	bool is_open;		/* the last one waits for a fact */
};

/*
 * Gather the senders.  ERROR_LIMIT with words in match->why: there are more
 * than MAIL_POLICY_SENDERS_MAX, or the arena is full.
 */
int mail_policy_match_begin(struct mail_policy_match *match) MUST_CHECK;
/*
 * The policy of a recipient.  A fact that is missing is added to wanted and
 * counts as "no" for now, so that one walk over all recipients finds every
 * question.  ERROR_TEMPORARY with words: a directory does not say whether
 * somebody is in a group, which is never "no".  ERROR_LIMIT: too many facts.
 */
int mail_policy_match_recipient(struct mail_policy_match *match,
	struct text recipient, size_t *policy) MUST_CHECK;

#endif
