/*
 * Binding calls of the language: what their arguments and operands mean in a
 * configuration.
 */
#ifndef POLICY_FILTER_BIND_H
#define POLICY_FILTER_BIND_H

#include "policy/filter_call.h"
#include "policy/filter_mistake.h"

struct dictionary_set;

struct filter_binder {
	const struct config *config;
	struct pattern_space *space;
	struct arena *arena;		/* for the words of calls */
	struct filter_mistake *mistake;
	enum filter_place place;	/* where the text stands */
	const struct dictionary_set *dictionaries;	/* or NULL */
	bool measures;			/* slow patterns are mistakes */
};

/*
 * Check a rule's or an action's node and fill in *out, whose texts are
 * borrowed from the tree; filter_call_clear() it, also on error.
 * ERROR_MALFORMED with the mistake.
 */
int filter_call_bind(const struct filter_binder *binder,
	struct filter_node *node, struct filter_call *out) MUST_CHECK;

/* Tell the mistake at that place; ERROR_MALFORMED. */
int filter_bind_fail(const struct filter_binder *binder, size_t offset,
	const char *format, ...) PRINTF_LIKE(3, 4);
/* 0 where the value is a text in quotes, else a mistake: "expected WHAT". */
int filter_bind_string(const struct filter_binder *binder,
	const struct filter_value *value, const char *what) MUST_CHECK;

/*
 * One kind of argument or operand: check the value and fill in *out.
 * ERROR_MALFORMED with the mistake.
 */
typedef int (*filter_bind)(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out);
#define FILTER_BIND(name) int filter_bind_##name( \
	const struct filter_binder *binder, \
	const struct filter_signature *signature, \
	const struct filter_value *value, struct filter_bound *out)

/* filter_bind_value.c */
FILTER_BIND(pattern);
FILTER_BIND(count);
FILTER_BIND(size);
FILTER_BIND(header);
FILTER_BIND(editable);
FILTER_BIND(text);
FILTER_BIND(profile);
FILTER_BIND(quarantine);
FILTER_BIND(tag);
FILTER_BIND(form);
FILTER_BIND(size_argument);
FILTER_BIND(disclaimer);
FILTER_BIND(template);

/* filter_bind_fact.c */
FILTER_BIND(zone);
FILTER_BIND(attribute);
FILTER_BIND(group);

/* filter_bind_file.c */
FILTER_BIND(mime_type);
FILTER_BIND(file_type);

/* filter_bind_route.c: where mail goes and whom it comes from */
FILTER_BIND(address);
FILTER_BIND(addressees);
FILTER_BIND(sender);
FILTER_BIND(next_hop);
FILTER_BIND(bounce_profile);

/* filter_bind.c */
FILTER_BIND(dictionary);
FILTER_BIND(names);
FILTER_BIND(percent);
FILTER_BIND(bound);
FILTER_BIND(from);
FILTER_BIND(keeper);
FILTER_BIND(number);
FILTER_BIND(date);
FILTER_BIND(network);
FILTER_BIND(listener);

#endif
