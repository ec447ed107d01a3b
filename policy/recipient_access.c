/*
 * The recipient access table, compiled to one hash map from pattern to the
 * first rule that has it: an address is judged by a handful of look-ups,
 * however long the table is.  Used by smtp.
 */
#include "policy/recipient_access.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "policy/mail_pattern.h"

struct recipient_access_pattern {
	const struct config_recipient_access *rule;
	char *key;	/* lower case; the map borrows it */
};

struct recipient_access {
	struct map *patterns;	/* text to struct recipient_access_pattern */
	struct recipient_access_pattern *rows;
	size_t row_count;
	const struct config_recipient_access *rules;
};

static size_t
count_patterns(const struct config *config)
{
	size_t i, count = 0;

	for (i = 0; i < config->recipient_access_count; i++)
		count += config->recipient_access[i].pattern_count;
	return count;
}

static int
add_pattern(struct recipient_access *access,
    const struct config_recipient_access *rule, struct text pattern,
    struct reason *why)
{
	struct recipient_access_pattern *row;
	struct text key;

	if (!mail_pattern_is_valid(pattern) || pattern.data[0] == '@') {
		reason_set(why, "%.*s is no recipient pattern (\"user@domain\""
		    ", \"domain\", \".domain\", \"user@\" or \"all\")",
		    TEXT_ARG(pattern));
		return ERROR_MALFORMED;
	}
	row = &access->rows[access->row_count++];
	row->rule = rule;
	row->key = memory_string(pattern);
	key = mail_pattern_normalize(pattern, row->key);
	/* The first rule with a pattern decides. */
	if (map_get_text(access->patterns, key) == NULL)
		map_put_text(access->patterns, key, row);
	return 0;
}

int
recipient_access_new(const struct config *config,
    struct recipient_access **out, struct reason *why)
{
	struct recipient_access *access = memory_new(sizeof(*access));
	size_t i, j;
	int error = 0;

	access->patterns = map_new();
	access->rules = config->recipient_access;
	access->rows = memory_array(count_patterns(config),
	    sizeof(*access->rows));
	for (i = 0; i < config->recipient_access_count; i++) {
		const struct config_recipient_access *rule =
		    &config->recipient_access[i];

		for (j = 0; j < rule->pattern_count && error == 0; j++)
			error = add_pattern(access, rule, rule->patterns[j],
			    why);
	}
	if (error < 0) {
		recipient_access_free(access);
		return error;
	}
	*out = access;
	return 0;
}

void
recipient_access_free(struct recipient_access *access)
{
	size_t i;

	if (access == NULL)
		return;
	map_free(access->patterns);
	for (i = 0; i < access->row_count; i++)
		free(access->rows[i].key);
	free(access->rows);
	free(access);
}

/* The earliest rule with a pattern that matches. */
static const struct config_recipient_access *
find_rule(const struct recipient_access *access, struct text address)
{
	const struct config_recipient_access *best = NULL;
	const struct recipient_access_pattern *row;
	struct mail_pattern_walk walk;
	struct text pattern;

	mail_pattern_walk_begin(&walk, address);
	if (walk.at == walk.whole.len)
		return NULL;
	while (mail_pattern_walk_next(&walk, &pattern)) {
		row = map_get_text(access->patterns, pattern);
		if (row != NULL && (best == NULL || row->rule < best))
			best = row->rule;
		if (walk.asks_for_routing)
			break;
	}
	return best;
}

static void
explain(const struct config_recipient_access *rule, struct reason *why)
{
	unsigned int reply = rule->reply >= 400 && rule->reply <= 599 ?
	    rule->reply : 550;

	if (rule->text.len > 0) {
		reason_set_reply(why, reply, reply / 100, 1, 1, "%.*s",
		    TEXT_ARG(rule->text));
	} else {
		reason_set_reply(why, reply, reply / 100, 1, 1,
		    "Recipient address rejected");
	}
}

int
recipient_access_check(const struct recipient_access *access,
    struct text whole, struct reason *why)
{
	const struct config_recipient_access *rule = find_rule(access, whole);

	if (rule == NULL) {
		reason_set_reply(why, 550, 5, 7, 1, "Relaying denied");
		return ERROR_REFUSED;
	}
	if (rule->action == CONFIG_ACCESS_ACCEPT)
		return 0;
	explain(rule, why);
	return ERROR_REFUSED;
}
