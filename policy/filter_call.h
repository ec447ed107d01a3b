/*
 * The registries of rules and actions: one row each, with its name, what it
 * takes and what it does.  Message filters, content filters, checks and the
 * manual read the same rows.
 */
#ifndef POLICY_FILTER_CALL_H
#define POLICY_FILTER_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/config/config.h"
#include "policy/filter_judge.h"
#include "policy/filter_mistake.h"
#include "policy/filter_syntax.h"
#include "policy/pattern.h"
#include "policy/smart_identifier.h"

#define FILTER_CALL_ARGUMENTS 3
#define FILTER_COUNT_MAX 1000

enum filter_argument {
	FILTER_ARGUMENT_NONE,
	FILTER_ARGUMENT_PATTERN,	/* a regular expression */
	FILTER_ARGUMENT_COUNT,		/* 1 to FILTER_COUNT_MAX */
	FILTER_ARGUMENT_HEADER,		/* name of a field */
	FILTER_ARGUMENT_EDITABLE,	/* one that may be changed */
	FILTER_ARGUMENT_TEXT,		/* with action variables */
	FILTER_ARGUMENT_PROFILE,	/* of encryption.profiles */
	FILTER_ARGUMENT_QUARANTINE,	/* of quarantines */
	FILTER_ARGUMENT_TAG,
	FILTER_ARGUMENT_FORM,		/* "always" or "tls" */
	FILTER_ARGUMENTS
};

/* What a rule is compared with. */
enum filter_operand {
	FILTER_OPERAND_NONE,
	FILTER_OPERAND_PATTERN,
	FILTER_OPERAND_PATTERN_OR_NONE,
	FILTER_OPERAND_SIZE,
	FILTER_OPERANDS
};

struct filter_signature {
	const char *name;
	const char *help;
	enum filter_argument arguments[FILTER_CALL_ARGUMENTS];
	size_t required;		/* of the arguments */
	enum filter_operand operand;
	bool ignore_case;		/* in patterns */
	bool takes_identifier;		/* in place of a pattern */
};

struct filter_call;

struct filter_rule {
	struct filter_signature signature;
	/* 0 and *result, or ERROR_LIMIT with words in judge->why. */
	int (*evaluate)(struct filter_judge *judge,
		const struct filter_call *call, bool *result);
};

struct filter_action {
	struct filter_signature signature;
	bool is_final;		/* nothing is judged behind it */
	/* 0, or ERROR_LIMIT with words in judge->why. */
	int (*act)(struct filter_judge *judge,
		const struct filter_call *call);
};

/* A rule or an action with its arguments, checked. */
struct filter_call {
	const struct filter_rule *rule;		/* or ... */
	const struct filter_action *action;
	struct text name;	/* HEADER, PROFILE, QUARANTINE, TAG */
	struct text text;	/* TEXT */
	struct pattern *pattern;
	const struct smart_identifier *identifier;	/* instead of it */
	uint64_t number;	/* COUNT, SIZE */
	uint8_t form;		/* enum protection_form */
	enum filter_token_kind comparison;	/* END: none */
};

/* Walk the tables; NULL at the end. */
const struct filter_rule *filter_rule_at(size_t index);
const struct filter_action *filter_action_at(size_t index);
/* By name, without regard to case; NULL where there is none. */
const struct filter_rule *filter_rule_find(struct text name);
const struct filter_action *filter_action_find(struct text name);
/*
 * What a name of the language needs that is not there yet, such as "the
 * directory"; NULL for a name that means nothing.
 */
const char *filter_missing_rule(struct text name);
const char *filter_missing_action(struct text name);

struct filter_binder {
	const struct config *config;
	struct pattern_space *space;
	struct filter_mistake *mistake;
};

/*
 * Check a rule's or an action's node and fill in *out, whose texts are
 * borrowed from the tree and whose pattern is the caller's, also on error.
 * ERROR_MALFORMED with the mistake.
 */
int filter_call_bind(const struct filter_binder *binder,
	const struct filter_node *node, struct filter_call *out) MUST_CHECK;

#endif
