/*
 * Facts about clients: part of the lookup process.
 */
#include "gateway/lookup/lookup_fact_private.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/lookup/lookup_address.h"

#define LOOKUP_FACT_ARENA_MAX (256u * 1024u)

static int (*const lookup_fact_begins[FACT_KINDS])(struct lookup_fact *fact,
	struct reason *why) = {
	[FACT_DNS_LIST] = lookup_list_begin,
	[FACT_HOST_NAME] = lookup_pointer_begin,
};

static void
lookup_fact_free(struct lookup_fact *fact)
{
	loop_chore_remove(&fact->chore);
	loop_timer_free(fact->timer);
	arena_free(fact->arena);
	free(fact);
}

static void
lookup_fact_drop_queries(struct lookup_fact *fact)
{
	size_t i;

	if (fact->query != NULL)
		lookup_query_drop(fact->query);
	fact->query = NULL;
	for (i = 0; i < fact->pointer_count; i++) {
		if (fact->pointers[i].query != NULL)
			lookup_query_drop(fact->pointers[i].query);
		fact->pointers[i].query = NULL;
	}
}

void
lookup_fact_drop(struct lookup_fact *fact)
{
	if (fact == NULL)
		return;
	lookup_fact_drop_queries(fact);
	lookup_fact_free(fact);
}

static void
lookup_fact_tell(struct lookup_fact *fact)
{
	lookup_fact_drop_queries(fact);
	fact->callback(fact->context, &fact->answer);
	lookup_fact_free(fact);
}

int
lookup_fact_add(struct lookup_fact *fact, struct text value)
{
	struct frame_fact *answer = &fact->answer;

	if (answer->values == NULL)
		answer->values = arena_array(fact->arena, FACT_VALUES_MAX,
		    sizeof(answer->values[0]));
	if (answer->values == NULL || answer->value_count == FACT_VALUES_MAX)
		return ERROR_LIMIT;
	return arena_copy(fact->arena, value,
	    &answer->values[answer->value_count++]);
}

void
lookup_fact_finish(struct lookup_fact *fact)
{
	fact->answer.outcome = FACT_KNOWN;
	lookup_fact_tell(fact);
}

static void
lookup_fact_set_unknown(struct lookup_fact *fact, const char *words,
	struct text more)
{
	fact->answer.outcome = FACT_UNKNOWN;
	fact->answer.value_count = 0;
	fact->answer.reason = text_slice(arena_printf(fact->arena,
	    more.len > 0 ? "%s: %.*s" : "%s%.*s", words, TEXT_ARG(more)), 0,
	    FACT_TEXT_MAX);
}

void
lookup_fact_fail(struct lookup_fact *fact, const char *words,
	struct text more)
{
	lookup_fact_set_unknown(fact, words, more);
	lookup_fact_tell(fact);
}

static void
lookup_fact_late(void *context)
{
	lookup_fact_fail(context, "the name servers did not answer in time",
	    TEXT_EMPTY);
}

static void
lookup_fact_chore(void *context)
{
	lookup_fact_tell(context);
}

static int
lookup_fact_begin(struct lookup_fact *fact, struct reason *why)
{
	uint8_t kind = fact->answer.kind;

	if (kind >= FACT_KINDS || lookup_fact_begins[kind] == NULL) {
		reason_set(why, "the DNS does not know such facts");
		return ERROR_MALFORMED;
	}
	if (lookup_address_parse(fact->answer.subject, &fact->address) < 0) {
		reason_set(why, "the client has no address");
		return ERROR_MALFORMED;
	}
	lookup_address_unmap(&fact->address);
	return lookup_fact_begins[kind](fact, why);
}

struct lookup_fact *
lookup_fact_ask(const struct lookup_fact_setting *setting,
	const struct frame_fact *question, lookup_fact_answered callback,
	void *context)
{
	struct lookup_fact *fact = memory_new(sizeof(*fact));
	struct reason why = { .text = "" };

	fact->setting = *setting;
	fact->arena = arena_new(LOOKUP_FACT_ARENA_MAX);
	fact->callback = callback;
	fact->context = context;
	loop_chore_init(&fact->chore, lookup_fact_chore, fact);
	fact->timer = loop_timer_new(setting->loop, lookup_fact_late, fact);
	fact->answer.kind = question->kind;
	require(arena_copy(fact->arena, question->source,
	    &fact->answer.source) == 0 && arena_copy(fact->arena,
	    question->subject, &fact->answer.subject) == 0);
	if (lookup_fact_begin(fact, &why) == 0) {
		loop_timer_set(fact->timer, setting->timeout_ms);
	} else {
		lookup_fact_set_unknown(fact, why.text, TEXT_EMPTY);
		loop_chore_add(setting->loop, &fact->chore);
	}
	return fact;
}
