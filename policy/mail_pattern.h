/*
 * Patterns of mail addresses, and the handful of them that can match one
 * address: those are looked up, however many patterns there are.
 *
 *   "user@domain"         that address; case does not count
 *   "user@"               that local part at any domain
 *   "domain", "@domain"   every address of exactly that domain
 *   ".domain", "@.domain" every domain below it, not itself
 *   "all"                 every address, the null sender too
 */
#ifndef POLICY_MAIL_PATTERN_H
#define POLICY_MAIL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/text.h"
#include "gateway/mail/envelope.h"

#define MAIL_PATTERN_MAX 600	/* bytes */

/* Whether t is one of the forms above. */
bool mail_pattern_is_valid(struct text t);

/*
 * The form in which patterns and addresses are compared: lower case, the
 * local part without quotes and backslashes (RFC 5321 4.1.2: they change
 * nothing about what is meant), no "@" before a domain alone.  out holds at
 * least t.len bytes.
 */
struct text mail_pattern_normalize(struct text t, char *out);

/* The patterns that match an address, in this form. */
struct mail_pattern_walk {
	char bytes[ENVELOPE_ADDRESS_MAX];
	struct text whole;	/* normalized */
	size_t at;		/* where its "@" stands; its length: nowhere */
	struct text domain;	/* what is left of it */
	unsigned int step;
	/*
	 * The local part holds '@', '%' or '!': a later host may route it on
	 * (percent hack, bang path).
	 */
	bool asks_for_routing;
};

/* An address longer than ENVELOPE_ADDRESS_MAX is matched by "all" alone. */
void mail_pattern_walk_begin(struct mail_pattern_walk *walk,
	struct text address);
/*
 * The whole address first, then "all", "user@", the domain and ".domain"
 * for each above it.  Borrowed from walk.  False at the end.
 */
bool mail_pattern_walk_next(struct mail_pattern_walk *walk,
	struct text *pattern);

/* Many patterns. */
struct mail_pattern_set;
struct mail_pattern_set *mail_pattern_set_new(const struct text *patterns,
	size_t count);
void mail_pattern_set_free(struct mail_pattern_set *set);
bool mail_pattern_set_is_empty(const struct mail_pattern_set *set);
/* Whether any of them matches. */
bool mail_pattern_set_has(const struct mail_pattern_set *set,
	struct text address);

#endif
