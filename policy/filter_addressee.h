/*
 * Whom messages that filters make go to and come from: addresses as an
 * administrator writes them, perhaps in variables.
 *
 * An item is an address, or a variable that holds addresses
 * ($EnvelopeFrom, $EnvelopeRecipients, $From, $To, $Header[...]), or a text
 * with variables that expands to one address.  Header fields are read as
 * they are written, so that an encoded display name is never taken for an
 * address (RFC 2047 5).
 */
#ifndef POLICY_FILTER_ADDRESSEE_H
#define POLICY_FILTER_ADDRESSEE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/filter_judge.h"

/* Of one message that a filter makes; further ones are left out. */
#define FILTER_ADDRESSEES_MAX 100

struct filter_addressees {
	struct text *items;	/* each once, in the judge's arena */
	size_t count;
	size_t refused;		/* that are no address */
	bool is_cut;		/* some were left out */
	bool is_from_message;	/* the message chose one of them */
};

/*
 * Check "a@b.example, $From": items without variables must be
 * addresses.  ERROR_MALFORMED with words in why.
 */
int filter_addressees_check(struct text template, struct reason *why)
	MUST_CHECK;
/* One item; "<>" and the empty text are allowed. */
int filter_addressee_check_sender(struct text template, struct reason *why)
	MUST_CHECK;

/* The addresses for this message.  ERROR_LIMIT: the arena is full. */
int filter_addressees_expand(struct filter_judge *judge,
	struct text template, struct filter_addressees *out) MUST_CHECK;
/*
 * The first of them; empty for "<>" and for a null sender.  ERROR_NOT_FOUND:
 * no address.  ERROR_LIMIT.
 */
int filter_addressee_expand_sender(struct filter_judge *judge,
	struct text template, struct text *out) MUST_CHECK;

#endif
