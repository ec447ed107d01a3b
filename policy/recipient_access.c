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
#include "gateway/mail/address.h"
#include "gateway/mail/envelope.h"

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

/* Where "@" stands before the domain; t.len where there is none. */
static size_t
find_at(struct text t)
{
	size_t at = t.len;

	while (at > 0 && t.data[at - 1] != '@')
		at--;
	return at > 0 ? at - 1 : t.len;
}

/*
 * The form in which addresses and patterns are compared: lower case, the
 * local part without quotes and backslashes (RFC 5321 4.1.2: they change
 * nothing about what is meant).  out holds at least t.len bytes.
 */
static struct text
normalize(struct text t, char *out, size_t *at_out)
{
	size_t at = find_at(t);
	bool is_quoted = at < t.len && at > 1 && t.data[0] == '"' &&
	    t.data[at - 1] == '"';
	size_t i, len = 0;

	*at_out = t.len;
	for (i = is_quoted ? 1 : 0; i < t.len; i++) {
		if (is_quoted && i == at - 1)
			continue;
		if (is_quoted && t.data[i] == '\\' && i + 1 < at - 1)
			i++;
		if (i == at)
			*at_out = len;
		out[len++] = text_lower_byte(t.data[i]);
	}
	return text_of(out, len);
}

static bool
pattern_is_valid(struct text t)
{
	size_t at = find_at(t);
	struct text domain = at < t.len ? text_skip(t, at + 1) : t;

	if (t.len == 0 || t.len > RECIPIENT_ACCESS_PATTERN_MAX || at == 0)
		return false;
	if (at < t.len && domain.len == 0)
		return true;
	if (at == t.len && domain.data[0] == '.')
		domain = text_skip(domain, 1);
	return address_check_domain(domain, ADDRESS_ALLOW_UTF8) == 0;
}

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
	size_t at;

	if (!pattern_is_valid(pattern)) {
		reason_set(why, "%.*s is no recipient pattern (\"user@domain\""
		    ", \"domain\", \".domain\", \"user@\" or \"all\")",
		    TEXT_ARG(pattern));
		return ERROR_MALFORMED;
	}
	row = &access->rows[access->row_count++];
	row->rule = rule;
	row->key = memory_string(pattern);
	key = normalize(pattern, row->key, &at);
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

/* The earlier one of the rule at hand and the rule of a pattern. */
static void
look_up(const struct recipient_access *access, struct text key,
    const struct config_recipient_access **best)
{
	const struct recipient_access_pattern *row =
	    map_get_text(access->patterns, key);

	if (row != NULL && (*best == NULL || row->rule < *best))
		*best = row->rule;
}

static bool
local_asks_for_routing(struct text local)
{
	return text_find_byte(local, '@') < local.len ||
	    text_find_byte(local, '%') < local.len ||
	    text_find_byte(local, '!') < local.len;
}

/* whole: normalized; at: where its "@" stands. */
static const struct config_recipient_access *
find_rule(const struct recipient_access *access, struct text whole, size_t at)
{
	const struct config_recipient_access *best = NULL;
	struct text domain = text_skip(whole, at + 1);
	size_t dot;

	look_up(access, whole, &best);
	if (local_asks_for_routing(text_slice(whole, 0, at)))
		return best;
	look_up(access, TEXT("all"), &best);
	look_up(access, text_slice(whole, 0, at + 1), &best);
	look_up(access, domain, &best);
	for (dot = text_find_byte(domain, '.'); dot < domain.len;
	    dot = text_find_byte(domain, '.')) {
		domain = text_skip(domain, dot);
		look_up(access, domain, &best);
		domain = text_skip(domain, 1);
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
	const struct config_recipient_access *rule = NULL;
	char lowered[ENVELOPE_ADDRESS_MAX];
	struct text normal;
	size_t at;

	if (whole.len <= sizeof(lowered)) {
		normal = normalize(whole, lowered, &at);
		if (at < normal.len)
			rule = find_rule(access, normal, at);
	}
	if (rule == NULL) {
		reason_set_reply(why, 550, 5, 7, 1, "Relaying denied");
		return ERROR_REFUSED;
	}
	if (rule->action == CONFIG_ACCESS_ACCEPT)
		return 0;
	explain(rule, why);
	return ERROR_REFUSED;
}
