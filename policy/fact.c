/*
 * Questions and answers.
 */
#include "policy/fact.h"

static bool
is_same(const struct frame_fact *a, enum fact_kind kind, struct text source,
	struct text subject)
{
	return a->kind == kind && text_equal(a->source, source) &&
	    text_equal(a->subject, subject);
}

static const struct frame_fact *
find(const struct frame_fact *facts, size_t count, enum fact_kind kind,
	struct text source, struct text subject)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_same(&facts[i], kind, source, subject))
			return &facts[i];
	return NULL;
}

void
fact_list_init(struct fact_list *list, struct arena *arena)
{
	*list = (struct fact_list){ .arena = arena };
}

int
fact_list_add(struct fact_list *list, enum fact_kind kind,
	struct text source, struct text subject)
{
	if (find(list->facts, list->count, kind, source, subject) != NULL)
		return 0;
	if (list->facts == NULL)
		list->facts = arena_array(list->arena, FACTS_MAX,
		    sizeof(list->facts[0]));
	if (list->facts == NULL || list->count == FACTS_MAX)
		return ERROR_LIMIT;
	list->facts[list->count++] = (struct frame_fact){
		.kind = (uint8_t)kind, .source = source,
		.subject = subject };
	return 0;
}

void
fact_list_subtract(struct fact_list *list, const struct fact_table *table)
{
	size_t i, kept = 0;

	for (i = 0; i < list->count; i++)
		if (fact_find(table, list->facts[i].kind,
		    list->facts[i].source, list->facts[i].subject) == NULL)
			list->facts[kept++] = list->facts[i];
	list->count = kept;
}

const struct frame_fact *
fact_find(const struct fact_table *table, enum fact_kind kind,
	struct text source, struct text subject)
{
	return find(table->facts, table->count, kind, source, subject);
}
