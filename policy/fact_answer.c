/*
 * What answers mean: known, unknown, or that the message must be held.
 */
#include "policy/fact.h"

#define SHOWN_MAX 100

/* What the configuration says about an answer that is not there. */

static uint8_t
of_dns(const struct config *config, struct text source)
{
	(void)source;
	return config->dns.list_on_failure;
}

static uint8_t
of_directory(const struct config *config, struct text source)
{
	struct config_directory_source found;

	if (config_directory_source_find(config, source, &found, NULL) != 0)
		return CONFIG_ON_FAILURE_HOLD;
	return found.directory->on_failure;
}

static uint8_t
of_queue(const struct config *config, struct text source)
{
	(void)config;
	(void)source;
	return CONFIG_ON_FAILURE_HOLD;
}

static const struct {
	uint8_t (*on_failure)(const struct config *config,
		struct text source);
	const char *words;
} kinds[FACT_KINDS] = {
	[FACT_DNS_LIST] = { of_dns, "the DNS list" },
	[FACT_HOST_NAME] = { of_dns, "the DNS for the client's name" },
	[FACT_GROUP] = { of_directory, "the directory for" },
	[FACT_ATTRIBUTE] = { of_directory, "the directory for" },
	[FACT_QUEUE_COUNT] = { of_queue, "the queue" },
};

int
fact_answer(const struct config *config, const struct fact_table *table,
	enum fact_kind kind, struct text source, struct text subject,
	const struct frame_fact **out, struct reason *why)
{
	const struct frame_fact *fact = fact_find(table, kind, source,
	    subject);
	bool is_known = fact != NULL && fact->outcome == FACT_KNOWN;
	struct text words = TEXT("nobody asked");

	*out = is_known ? fact : NULL;
	if (is_known ||
	    kinds[kind].on_failure(config, source) != CONFIG_ON_FAILURE_HOLD)
		return 0;
	if (fact != NULL)
		words = text_is_empty(fact->reason) ?
		    TEXT("no answer") : fact->reason;
	reason_set(why, "%s %.*s could not be asked: %.*s",
	    kinds[kind].words, TEXT_ARG(text_slice(source, 0, SHOWN_MAX)),
	    TEXT_ARG(words));
	return ERROR_LIMIT;
}

/* ---- groups ---- */

int
fact_group_check(const struct config *config, struct text source,
	struct reason *why)
{
	struct config_directory_source found;

	if (config_directory_source_find(config, source, &found, why) != 0)
		return ERROR_MALFORMED;
	if (source.len > FACT_TEXT_MAX) {
		reason_set(why, "the name of a group is too long");
		return ERROR_MALFORMED;
	}
	if (text_is_empty(found.group)) {
		reason_set(why, "expected DIRECTORY.QUERY:GROUP");
		return ERROR_MALFORMED;
	}
	if (!text_is_empty(found.query->group))
		return 0;
	reason_set(why, "the query \"%.*s\" of the directory \"%.*s\" is "
	    "not one for groups", TEXT_ARG(found.query->name),
	    TEXT_ARG(found.directory->name));
	return ERROR_MALFORMED;
}

int
fact_group_ask(struct fact_list *wanted, struct text source,
	struct text address)
{
	if (text_is_empty(address))
		return 0;
	return fact_list_add(wanted, FACT_GROUP, source, address);
}

int
fact_group_is(const struct config *config, const struct fact_table *table,
	struct text source, struct text address, enum fact_truth *out,
	struct reason *why)
{
	const struct frame_fact *fact = NULL;
	int error;

	*out = FACT_FALSE;
	if (text_is_empty(address))
		return 0;
	error = fact_answer(config, table, FACT_GROUP, source, address,
	    &fact, why);
	if (error == 0 && fact == NULL)
		*out = FACT_DOUBTFUL;
	else if (error == 0 && fact->value_count > 0)
		*out = FACT_TRUE;
	return error;
}
