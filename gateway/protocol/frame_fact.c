/*
 * Kinds of facts, and their shapes.
 */
#include "gateway/protocol/frame_fact.h"

#include <stddef.h>

static const struct fact_definition definitions[FACT_KINDS] = {
	[FACT_DNS_LIST] = { "dns-list", PROCESS_LOOKUP,
	    "whether the client is on a DNS list" },
	[FACT_HOST_NAME] = { "host-name", PROCESS_LOOKUP,
	    "the verified names of the client" },
	[FACT_GROUP] = { "group", PROCESS_INSPECT,
	    "whether an address is in a group of a directory" },
	[FACT_ATTRIBUTE] = { "attribute", PROCESS_INSPECT,
	    "what a directory says about an address" },
	[FACT_QUEUE_COUNT] = { "queue-count", PROCESS_QUEUE,
	    "how many messages wait to be judged" },
};

const struct fact_definition *
fact_definition(unsigned int kind)
{
	return kind < FACT_KINDS ? &definitions[kind] : NULL;
}

static const struct record_field fact_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_fact, kind),
	RECORD_TEXT_FIELD(2, struct frame_fact, source, FACT_TEXT_MAX),
	RECORD_TEXT_FIELD(3, struct frame_fact, subject, FACT_TEXT_MAX),
	RECORD_NUMBER(4, RECORD_U8, struct frame_fact, outcome),
	RECORD_TEXTS_FIELD(5, struct frame_fact, values, value_count,
	    FACT_VALUES_MAX),
	RECORD_TEXT_FIELD(6, struct frame_fact, reason, FACT_TEXT_MAX),
};
const struct record_shape frame_fact_shape =
    RECORD_SHAPE(frame_fact, fact_fields);

static const struct record_field ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_fact_ask, id),
	RECORD_ONE_FIELD(2, struct frame_fact_ask, fact, &frame_fact_shape),
};
const struct record_shape frame_fact_ask_shape =
    RECORD_SHAPE(frame_fact_ask, ask_fields);
