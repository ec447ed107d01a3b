/*
 * The dictionaries of a configuration, compiled, by name.
 */
#ifndef POLICY_DICTIONARY_SET_H
#define POLICY_DICTIONARY_SET_H

#include "gateway/base/arena.h"
#include "gateway/config/config.h"
#include "policy/dictionary.h"

struct dictionary_set;

/* A mistake and the path of its setting, which lies in the arena. */
typedef void (*dictionary_set_tell)(void *context, struct text path,
	struct text words);

/*
 * Compile all of them; config and space must live as long.  Those with
 * mistakes are told of and left out.  Never NULL.
 *   measures   slow patterns are mistakes, see dictionary_check()
 */
struct dictionary_set *dictionary_set_new(const struct config *config,
	struct pattern_space *space, bool measures, struct arena *arena,
	dictionary_set_tell tell, void *context);
void dictionary_set_free(struct dictionary_set *set);	/* NULL is allowed */
/* See pattern_accelerate(). */
void dictionary_set_accelerate(struct dictionary_set *set);

/* By name; NULL where there is none, or set is NULL. */
const struct dictionary *dictionary_set_find(
	const struct dictionary_set *set, struct text name);

#endif
