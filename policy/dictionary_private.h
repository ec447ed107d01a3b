/*
 * Inside a dictionary: its compiled terms, and what scoring writes down.
 */
#ifndef POLICY_DICTIONARY_PRIVATE_H
#define POLICY_DICTIONARY_PRIVATE_H

#include "gateway/mail/skeleton.h"
#include "policy/dictionary.h"
#include "policy/literal_search.h"
#include "policy/pattern_set.h"
#include "policy/smart_identifier.h"

/* Forms in which one dictionary looks at a text. */
#define DICTIONARY_FORMS 3
/* Longest literal in any form, in bytes. */
#define DICTIONARY_KEY_MAX 4096

/* All words in one form. */
struct dictionary_search {
	enum skeleton_form form;
	struct literal_search *literals;
};

/* A term that is no words. */
struct dictionary_matcher {
	uint32_t term;
	size_t number;			/* see dictionary_tell */
	struct pattern *pattern;	/* or ... */
	const struct smart_identifier *identifier;
	size_t index;			/* in the set */
};

/* What is known of a term in the running call; older entries say nothing. */
struct dictionary_mark {
	uint64_t call;
	uint64_t pass;
	size_t exact;		/* matches in the first form */
	size_t count;		/* the same and those of this pass */
	size_t best;		/* the most of any pass so far */
	size_t end;		/* of the last match in this pass */
};

struct dictionary_scratch {
	struct dictionary_mark *marks;	/* one a term */
	uint64_t call;
	uint64_t pass;
};

struct dictionary {
	const struct config_dictionary *from;
	struct pattern_space *space;
	struct arena *arena;		/* the terms */
	struct dictionary_term *terms;
	size_t term_count;
	struct dictionary_search searches[DICTIONARY_FORMS];
	size_t search_count;
	struct dictionary_matcher *matchers;
	size_t matcher_count;
	/* All of them, to be searched in one pass; NULL: one by one. */
	struct pattern_set *set;
	struct pattern_set_hit *hits;	/* one for each of its indexes */
	struct dictionary_scratch *scratch;
};

#endif
