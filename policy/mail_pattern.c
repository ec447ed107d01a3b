/*
 * Patterns of mail addresses.
 */
#include "policy/mail_pattern.h"

#include <stdlib.h>

#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "gateway/mail/address.h"

enum { STEP_WHOLE, STEP_ALL, STEP_LOCAL, STEP_DOMAIN, STEP_ABOVE };

struct mail_pattern_set {
	struct map *map;	/* from a pattern to its row */
	char **rows;		/* the patterns; the map borrows them */
	size_t count;
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
	if (*at_out > len)
		*at_out = len;
	return text_of(out, len);
}

struct text
mail_pattern_normalize(struct text t, char *out)
{
	size_t at;

	if (t.len > 1 && t.data[0] == '@')
		t = text_skip(t, 1);
	return normalize(t, out, &at);
}

bool
mail_pattern_is_valid(struct text t)
{
	size_t at = find_at(t);
	struct text domain = at < t.len ? text_skip(t, at + 1) : t;

	if (t.len == 0 || t.len > MAIL_PATTERN_MAX)
		return false;
	if (at > 0 && at < t.len && domain.len == 0)
		return true;
	if ((at == t.len || at == 0) && domain.len > 0 &&
	    domain.data[0] == '.')
		domain = text_skip(domain, 1);
	return address_check_domain(domain, ADDRESS_ALLOW_UTF8) == 0;
}

/* ---- what matches an address ---- */

static bool
has_byte(struct text t, char byte)
{
	return text_find_byte(t, byte) < t.len;
}

void
mail_pattern_walk_begin(struct mail_pattern_walk *walk, struct text address)
{
	struct text local;

	walk->step = STEP_WHOLE;
	if (text_is_empty(address) || address.len > sizeof(walk->bytes)) {
		address = TEXT_EMPTY;
		walk->step = STEP_ALL;
	}
	walk->whole = normalize(address, walk->bytes, &walk->at);
	walk->domain = text_skip(walk->whole, walk->at + 1);
	local = text_slice(walk->whole, 0, walk->at);
	walk->asks_for_routing = has_byte(local, '@') ||
	    has_byte(local, '%') || has_byte(local, '!');
}

/* The next domain above what is left, with its dot. */
static bool
next_above(struct mail_pattern_walk *walk, struct text *pattern)
{
	size_t dot = text_find_byte(walk->domain, '.');

	if (dot == walk->domain.len)
		return false;
	*pattern = text_skip(walk->domain, dot);
	walk->domain = text_skip(*pattern, 1);
	return true;
}

bool
mail_pattern_walk_next(struct mail_pattern_walk *walk, struct text *pattern)
{
	switch (walk->step++) {
	case STEP_WHOLE:
		*pattern = walk->whole;
		return true;
	case STEP_ALL:
		*pattern = TEXT("all");
		return true;
	case STEP_LOCAL:
		*pattern = text_slice(walk->whole, 0, walk->at + 1);
		if (walk->at < walk->whole.len)
			return true;
		return false;
	case STEP_DOMAIN:
		*pattern = walk->domain;
		return walk->domain.len > 0;
	default:
		return next_above(walk, pattern);
	}
}

/* ---- sets ---- */

struct mail_pattern_set *
mail_pattern_set_new(const struct text *patterns, size_t count)
{
	struct mail_pattern_set *set = memory_new(sizeof(*set));
	struct text key;
	size_t i;

	set->map = map_new();
	set->rows = memory_array(count + 1, sizeof(set->rows[0]));
	for (i = 0; i < count; i++) {
		set->rows[i] = memory_string(patterns[i]);
		key = mail_pattern_normalize(patterns[i], set->rows[i]);
		(void)map_put_text(set->map, key, set->rows[i]);
	}
	set->count = count;
	return set;
}

void
mail_pattern_set_free(struct mail_pattern_set *set)
{
	size_t i;

	if (set == NULL)
		return;
	map_free(set->map);
	for (i = 0; i < set->count; i++)
		free(set->rows[i]);
	free(set->rows);
	free(set);
}

bool
mail_pattern_set_is_empty(const struct mail_pattern_set *set)
{
	return set->count == 0;
}

bool
mail_pattern_set_has(const struct mail_pattern_set *set, struct text address)
{
	struct mail_pattern_walk walk;
	struct text pattern;

	if (set->count == 0)
		return false;
	mail_pattern_walk_begin(&walk, address);
	while (mail_pattern_walk_next(&walk, &pattern))
		if (map_get_text(set->map, pattern) != NULL)
			return true;
	return false;
}
