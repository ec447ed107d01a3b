/*
 * Facts: what rules must know that the message does not say, asked of the
 * world once and kept with the message, so that a judgement can be repeated.
 *
 * A fact is a question with its answer.  Adding one is a row in fact_kinds[]
 * and the gatherer that it names.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_FACT_H
#define GATEWAY_PROTOCOL_FRAME_FACT_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"
#include "gateway/protocol/process_kind.h"

enum fact_kind {
	FACT_DNS_LIST,		/* is subject (an address) on list source? */
	FACT_HOST_NAME,		/* verified names of subject (an address) */
	FACT_GROUP,		/* is subject (a mail address) in the group
				   "directory.query:group", source? */
	FACT_ATTRIBUTE,		/* values of attribute "directory.query",
				   source, of subject (a mail address) */
	FACT_QUEUE_COUNT,	/* messages that wait for a judgement */
	FACT_KINDS
};

enum fact_outcome {
	FACT_ASKED,		/* no answer yet */
	FACT_KNOWN,		/* values: none means no */
	FACT_UNKNOWN,		/* could not be found out; reason */
	FACT_OUTCOMES
};

#define FACT_TEXT_MAX 1024
#define FACT_VALUES_MAX 100
#define FACTS_MAX 2000		/* of one message */

struct frame_fact {
	uint8_t kind;		/* enum fact_kind */
	struct text source;
	struct text subject;
	uint8_t outcome;	/* enum fact_outcome */
	struct text *values;	/* "127.0.0.2", a host name, a group */
	size_t value_count;
	struct text reason;	/* UNKNOWN: in words */
};

/* FACT_ASK (queue to a gatherer) and FACT (its answer) */
struct frame_fact_ask {
	uint64_t id;		/* the asker's own */
	struct frame_fact fact;
};

struct fact_definition {
	const char *name;		/* "dns-list" */
	enum process_kind gatherer;
	const char *help;
};
/* NULL for a kind that is not in the table. */
const struct fact_definition *fact_definition(unsigned int kind);

extern const struct record_shape frame_fact_shape;
extern const struct record_shape frame_fact_ask_shape;

#endif
