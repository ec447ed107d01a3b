/*
 * A question about a client while it is open: what lookup_list.c and
 * lookup_pointer.c work on.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_FACT_PRIVATE_H
#define GATEWAY_LOOKUP_LOOKUP_FACT_PRIVATE_H

#include "gateway/base/arena.h"
#include "gateway/lookup/lookup_fact.h"
#include "gateway/lookup/lookup_name.h"
#include "gateway/protocol/frame_lookup.h"

/* Names of one address that are looked at. */
#define LOOKUP_POINTERS_MAX 10

/* A name that an address points to, to be confirmed. */
struct lookup_pointer {
	struct lookup_fact *fact;
	struct lookup_query *query;
	struct text name;
};

struct lookup_fact {
	struct lookup_fact_setting setting;
	struct arena *arena;
	struct loop_chore chore;	/* an answer found without a query */
	struct loop_timer *timer;
	struct frame_fact answer;
	struct frame_address address;	/* its subject */
	struct lookup_name name;	/* asked for first */
	struct lookup_query *query;
	struct lookup_pointer pointers[LOOKUP_POINTERS_MAX];
	size_t pointer_count;
	size_t open;			/* pointers with a query */
	bool has_failed;		/* a pointer could not be looked at */
	lookup_fact_answered callback;
	void *context;
};

/* A value of the answer, copied.  ERROR_LIMIT: there are too many. */
int lookup_fact_add(struct lookup_fact *fact, struct text value) MUST_CHECK;
/* It is known; the callback comes, the question is gone. */
void lookup_fact_finish(struct lookup_fact *fact);
/* It could not be found out. */
void lookup_fact_fail(struct lookup_fact *fact, const char *words,
	struct text more);

/*
 * Begin (lookup_list.c, lookup_pointer.c): the address is parsed.
 * ERROR_MALFORMED with words: the question makes no sense.
 */
int lookup_list_begin(struct lookup_fact *fact, struct reason *why)
	MUST_CHECK;
int lookup_pointer_begin(struct lookup_fact *fact, struct reason *why)
	MUST_CHECK;

#endif
