/*
 * Resolving a domain: first matching route, first matching rule, and one key
 * that holds all of both.
 */
#include "policy/destination_resolve.h"

#include <inttypes.h>

#include "gateway/base/buffer.h"
#include "gateway/base/crc32c.h"

/* Lists longer than this stand in the key as a checksum. */
#define KEY_LIST_MAX 512

static const struct config_destination fallback = {
	.tls = CONFIG_DESTINATION_TLS_PREFERRED,
	.concurrency = 20,
	.messages_per_connection = 100,
	.bounce_profile = TEXT_INIT("default"),
};

static const char *const tls_words[] = {
	[CONFIG_DESTINATION_TLS_NONE] = "none",
	[CONFIG_DESTINATION_TLS_PREFERRED] = "preferred",
	[CONFIG_DESTINATION_TLS_REQUIRED] = "required",
	[CONFIG_DESTINATION_TLS_VERIFIED] = "verified",
};

static const char *
tls_word(uint8_t tls)
{
	return tls <= CONFIG_DESTINATION_TLS_VERIFIED ? tls_words[tls] : "?";
}

/* "domain", ".domain" (all below it) or "all". */
static bool
pattern_matches(struct text pattern, struct text domain)
{
	if (text_equal_nocase(pattern, TEXT("all")))
		return true;
	if (text_starts(pattern, TEXT(".")))
		return domain.len > pattern.len &&
		    text_ends_nocase(domain, pattern);
	return text_equal_nocase(pattern, domain);
}

static bool
any_matches(const struct text *patterns, size_t count, struct text domain)
{
	for (size_t i = 0; i < count; i++)
		if (pattern_matches(patterns[i], domain))
			return true;
	return false;
}

static const struct config_destination *
find_rule(const struct config *config, struct text domain)
{
	const struct config_destination *rule = config->destinations;

	for (size_t i = 0; i < config->destination_count; i++, rule++)
		if (any_matches(rule->domains, rule->domain_count, domain))
			return rule;
	return &fallback;
}

static const struct config_route *
find_route(const struct config *config, struct text domain)
{
	const struct config_route *route = config->routes;

	for (size_t i = 0; i < config->route_count; i++, route++)
		if (any_matches(route->domains, route->domain_count, domain))
			return route;
	return NULL;
}

static int
add_checksum(struct buffer *key, const struct text *items, size_t count)
{
	uint32_t first = 0;
	uint32_t second = 0x9e3779b9;

	for (size_t i = 0; i < count; i++) {
		first = crc32c(first, items[i].data, items[i].len);
		first = crc32c(first, ",", 1);
		second = crc32c(second, ";", 1);
		second = crc32c(second, items[i].data, items[i].len);
	}
	return buffer_printf(key, "#%zu-%08" PRIx32 "%08" PRIx32, count,
	    first, second);
}

static int
add_list(struct buffer *key, const struct text *items, size_t count)
{
	size_t len = 0;
	int r = 0;

	for (size_t i = 0; i < count; i++)
		len += items[i].len + 1;
	if (len > KEY_LIST_MAX)
		return add_checksum(key, items, count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (i > 0)
			r = buffer_add_byte(key, ',');
		if (r == 0)
			r = buffer_add_text(key, items[i]);
	}
	return r;
}

static int
print_key(const struct destination *destination, struct buffer *key)
{
	int r;

	if (destination->host_count > 0) {
		r = buffer_add_text(key, TEXT("route:"));
		if (r == 0)
			r = add_list(key, destination->hosts,
			    destination->host_count);
	} else {
		r = buffer_add_text(key, TEXT("mx:"));
		if (r == 0)
			r = buffer_add_text(key, destination->domain);
	}
	if (r == 0)
		r = buffer_printf(key, ";tls=%s;c=%" PRIu32 ";m=%" PRIu32
		    ";b=%.*s", tls_word(destination->tls),
		    destination->concurrency,
		    destination->messages_per_connection,
		    TEXT_ARG(destination->bounce_profile));
	if (r == 0 && destination->tls_name_count > 0)
		r = buffer_add_text(key, TEXT(";n="));
	if (r == 0)
		r = add_list(key, destination->tls_names,
		    destination->tls_name_count);
	if (r == 0 && destination->or_envelope)
		r = buffer_add_text(key, TEXT(";or=envelope"));
	return r;
}

static int
set_key(struct destination *destination, struct arena *arena)
{
	struct buffer key;
	int r;

	buffer_init(&key, DESTINATION_KEY_MAX);
	r = print_key(destination, &key);
	if (r == 0)
		r = arena_copy(arena, buffer_text(&key), &destination->key);
	buffer_clear(&key);
	return r;
}

/* "[192.0.2.1]" is the host "192.0.2.1", "[IPv6:::1]" is "[::1]:25". */
static int
set_literal(struct destination *destination, struct arena *arena)
{
	struct text inner = text_slice(destination->domain, 1,
	    destination->domain.len - 2);
	struct text *host = arena_alloc(arena, sizeof(*host));

	if (host == NULL)
		return ERROR_LIMIT;
	if (text_starts_nocase(inner, TEXT("IPv6:"))) {
		inner = text_skip(inner, 5);
		*host = arena_printf(arena, "[%.*s]:25", TEXT_ARG(inner));
		if (host->len != inner.len + 5)
			return ERROR_LIMIT;
	} else {
		*host = arena_printf(arena, "%.*s:25", TEXT_ARG(inner));
		if (host->len != inner.len + 3)
			return ERROR_LIMIT;
	}
	destination->hosts = host;
	destination->host_count = 1;
	return 0;
}

static bool
is_literal(struct text domain)
{
	return domain.len > 2 && domain.data[0] == '[' &&
	    domain.data[domain.len - 1] == ']';
}

static int
set_domain(struct destination *destination, struct text domain,
    struct arena *arena)
{
	char *lower;

	if (text_is_empty(domain))
		return ERROR_MALFORMED;
	if (domain.len > DESTINATION_DOMAIN_MAX)
		return ERROR_LIMIT;
	if ((lower = arena_alloc(arena, domain.len)) == NULL)
		return ERROR_LIMIT;
	for (size_t i = 0; i < domain.len; i++)
		lower[i] = text_lower_byte(domain.data[i]);
	destination->domain = text_of(lower, domain.len);
	return 0;
}

int
destination_resolve(const struct config *config, struct text domain,
    struct arena *arena, struct destination *out)
{
	const struct config_destination *rule;
	const struct config_route *route;
	int r;

	*out = (struct destination){ 0 };
	r = set_domain(out, text_is_empty(domain) ? config->hostname : domain,
	    arena);
	if (r != 0)
		return r;
	rule = find_rule(config, out->domain);
	route = find_route(config, out->domain);
	out->tls = rule->tls;
	out->tls_names = rule->tls_names;
	out->tls_name_count = rule->tls_name_count;
	if (out->tls_name_count > DESTINATION_NAMES_MAX)
		out->tls_name_count = DESTINATION_NAMES_MAX;
	out->concurrency = rule->concurrency > 0 ? rule->concurrency : 1;
	out->messages_per_connection = rule->messages_per_connection > 0 ?
	    rule->messages_per_connection : 1;
	out->bounce_profile = text_is_empty(rule->bounce_profile) ?
	    fallback.bounce_profile : rule->bounce_profile;
	if (route != NULL) {
		out->hosts = route->hosts;
		out->host_count = route->host_count;
	} else if (is_literal(out->domain))
		r = set_literal(out, arena);
	return r != 0 ? r : set_key(out, arena);
}

int
destination_override(struct destination *destination, struct text next_hop,
    struct text bounce_profile, struct arena *arena)
{
	struct text *host = arena_alloc(arena, sizeof(*host));

	if (host == NULL)
		return ERROR_LIMIT;
	if (!text_is_empty(next_hop)) {
		*host = next_hop;
		destination->hosts = host;
		destination->host_count = 1;
	}
	if (!text_is_empty(bounce_profile))
		destination->bounce_profile = bounce_profile;
	return set_key(destination, arena);
}

int
destination_protect(struct destination *destination, bool verified,
    struct arena *arena)
{
	if (destination->tls == CONFIG_DESTINATION_TLS_NONE)
		return ERROR_STATE;
	if (destination->tls != CONFIG_DESTINATION_TLS_PREFERRED)
		return 0;
	destination->tls = verified ? CONFIG_DESTINATION_TLS_VERIFIED :
	    CONFIG_DESTINATION_TLS_REQUIRED;
	destination->or_envelope = 1;
	return set_key(destination, arena);
}
