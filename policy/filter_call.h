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
#include "policy/filter_syntax.h"
#include "policy/pattern.h"
#include "policy/smart_identifier.h"

#define FILTER_CALL_ARGUMENTS 4
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
	FILTER_ARGUMENT_DICTIONARY,	/* of dictionaries; the object */
	FILTER_ARGUMENT_NAMES,		/* the same: struct forged_sender */
	FILTER_ARGUMENT_PERCENT,	/* 1 to 100 */
	FILTER_ARGUMENT_BOUND,		/* a number above 0 */
	FILTER_ARGUMENT_FROM,		/* "from" */
	FILTER_ARGUMENT_KEEPER,		/* EDITABLE, or "" */
	FILTER_ARGUMENT_ZONE,		/* of the DNS */
	FILTER_ARGUMENT_ATTRIBUTE,	/* "directory.query" */
	FILTER_ARGUMENT_ADDRESS,	/* one mail address */
	FILTER_ARGUMENT_ADDRESSEES,	/* several, perhaps in variables */
	FILTER_ARGUMENT_SENDER,		/* one, perhaps in a variable; "<>",
					   or empty for the default */
	FILTER_ARGUMENT_NEXT_HOP,	/* host or [address], perhaps :port */
	FILTER_ARGUMENT_BOUNCE_PROFILE,	/* of bounce_profiles */
	FILTER_ARGUMENT_TEMPLATE,	/* of text_resources */
	FILTER_ARGUMENT_DISCLAIMER,	/* of text_resources */
	FILTER_ARGUMENT_SIZE,		/* such as 10M */
	FILTER_ARGUMENT_MIME_TYPE,	/* "image/png" or "image" */
	FILTER_ARGUMENT_FILE_TYPE,	/* a name of file_type.h */
	FILTER_ARGUMENTS
};

/* What a rule is compared with. */
enum filter_operand {
	FILTER_OPERAND_NONE,
	FILTER_OPERAND_PATTERN,
	FILTER_OPERAND_PATTERN_OR_NONE,
	FILTER_OPERAND_MIME_TYPE,	/* "image/png" or "image" */
	FILTER_OPERAND_FILE_TYPE,	/* a name of file_type.h */
	FILTER_OPERAND_SIZE,		/* by any comparison */
	FILTER_OPERAND_TEXT,		/* by == or != */
	FILTER_OPERAND_GROUP,		/* "directory.query:group", likewise */
	FILTER_OPERAND_NUMBER,		/* by any comparison */
	FILTER_OPERAND_DATE,		/* by any; seconds since 1970 */
	FILTER_OPERAND_NETWORK,		/* by == or !=; struct host_network */
	FILTER_OPERAND_LISTENER,	/* by == or !=; one that exists */
	FILTER_OPERANDS
};

/* Where a rule or an action may stand. */
enum filter_place {
	FILTER_EVERYWHERE,
	FILTER_IN_MESSAGE_FILTERS,
	FILTER_IN_CONTENT_FILTERS,
};

struct filter_signature {
	const char *name;
	const char *help;
	enum filter_argument arguments[FILTER_CALL_ARGUMENTS];
	size_t required;		/* of the arguments */
	enum filter_operand operand;
	enum filter_place place;
	bool ignore_case;		/* in patterns */
	bool takes_identifier;		/* in place of a pattern */
	bool searches_texts;	/* for its first argument, so many times as
					   its second says */
	bool takes_more;		/* the last argument any number of
					   times, up to what a call holds */
};

struct filter_call;
struct fact_list;

struct filter_rule {
	struct filter_signature signature;
	/* 0 and *result, or ERROR_LIMIT with words in judge->why. */
	int (*evaluate)(struct filter_judge *judge,
		const struct filter_call *call, bool *result);
	/*
	 * NULL, or: add the facts that it needs about this message.
	 * ERROR_LIMIT: there are too many.
	 */
	int (*ask)(const struct filter_call *call,
		const struct envelope *envelope, struct fact_list *wanted);
};

struct filter_action {
	struct filter_signature signature;
	bool is_final;		/* nothing is judged behind it */
	bool ends_list;		/* final for its list of filters only: the
				   stages behind it go on */
	/* 0, or ERROR_LIMIT with words in judge->why. */
	int (*act)(struct filter_judge *judge,
		const struct filter_call *call);
	/* As that of a rule. */
	int (*ask)(const struct filter_call *call,
		const struct envelope *envelope, struct fact_list *wanted);
};

/* An argument or operand, checked. */
struct filter_bound {
	struct text text;		/* of a string */
	struct pattern *pattern;	/* PATTERN */
	const struct smart_identifier *identifier;	/* instead of it */
	const void *object;		/* found by name, or made of it */
	uint64_t number;		/* COUNT, SIZE, FORM, DATE */
	size_t search;		/* its number in filter_search.h; 0: none */
};

/* A rule or an action with its arguments, checked. */
struct filter_call {
	const struct filter_rule *rule;		/* or ... */
	const struct filter_action *action;
	struct filter_bound arguments[FILTER_CALL_ARGUMENTS];
	size_t argument_count;
	enum filter_token_kind comparison;	/* END: none */
	struct filter_bound operand;
	struct text words;	/* as it is written, for traces */
	size_t number;		/* of this call in its program, from 1 */
};

/* Rows of one subject; the registries are lists of such tables. */
struct filter_rules {
	const struct filter_rule *rows;
	size_t count;
};
struct filter_actions {
	const struct filter_action *rows;
	size_t count;
};
#define FILTER_ROWS(table) { (table), sizeof(table) / sizeof((table)[0]) }

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
/* Walk them: a name and what it needs; NULL at the end. */
const char *filter_missing_rule_at(size_t index, const char **needs);
const char *filter_missing_action_at(size_t index, const char **needs);

/* An argument's number or text, or the fallback where it was left out. */
uint64_t filter_call_number(const struct filter_call *call, size_t index,
	uint64_t fallback);
struct text filter_call_text(const struct filter_call *call, size_t index,
	struct text fallback);

/* Its patterns. */
void filter_call_clear(struct filter_call *call);

#endif
