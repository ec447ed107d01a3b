/*
 * From a domain to hosts and rules, and keys that tell them apart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy/destination_resolve.h"

static struct text all[] = { TEXT_INIT("all") };
static struct text bank[] = { TEXT_INIT("Bank.example"),
	TEXT_INIT(".bank.example") };
static struct text inside[] = { TEXT_INIT(".inside.example") };
static struct text names[] = { TEXT_INIT("mx.bank.example") };
static struct text hosts[] = { TEXT_INIT("relay.example:2525"),
	TEXT_INIT("[::1]:25") };

static struct config_destination destinations[] = {
	{ .domains = bank, .domain_count = 2,
	  .tls = CONFIG_DESTINATION_TLS_VERIFIED, .tls_names = names,
	  .tls_name_count = 1, .concurrency = 5,
	  .messages_per_connection = 10, .bounce_profile = TEXT_INIT("fast") },
	{ .domains = all, .domain_count = 1,
	  .tls = CONFIG_DESTINATION_TLS_PREFERRED, .concurrency = 20,
	  .messages_per_connection = 100,
	  .bounce_profile = TEXT_INIT("default") },
};

static struct config_route routes[] = {
	{ .domains = inside, .domain_count = 1, .hosts = hosts,
	  .host_count = 2 },
};

static struct config config = {
	.hostname = TEXT_INIT("gw.example.org"),
	.destinations = destinations,
	.destination_count = 2,
	.routes = routes,
	.route_count = 1,
};

static struct destination
resolve(struct arena *arena, const char *domain)
{
	struct destination out;

	assert_int_equal(destination_resolve(&config, text_from(domain),
	    arena, &out), 0);
	return out;
}

static bool
is(struct text t, const char *string)
{
	return text_equal(t, text_from(string));
}

static void
test_mx(void **state)
{
	struct destination d = resolve(*state, "Example.COM");

	assert_true(is(d.domain, "example.com"));
	assert_int_equal(d.host_count, 0);
	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_PREFERRED);
	assert_int_equal(d.concurrency, 20);
	assert_true(is(d.bounce_profile, "default"));
	assert_true(is(d.key, "mx:example.com;tls=preferred;c=20;m=100;"
	    "b=default"));
}

static void
test_rule(void **state)
{
	struct destination d = resolve(*state, "bank.EXAMPLE");

	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_VERIFIED);
	assert_int_equal(d.tls_name_count, 1);
	assert_true(is(d.key, "mx:bank.example;tls=verified;c=5;m=10;b=fast;"
	    "n=mx.bank.example"));
	d = resolve(*state, "a.b.bank.example");
	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_VERIFIED);
	d = resolve(*state, "notbank.example");
	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_PREFERRED);
}

static void
test_route(void **state)
{
	struct destination d = resolve(*state, "a.inside.example");
	struct destination e = resolve(*state, "b.inside.example");

	assert_int_equal(d.host_count, 2);
	assert_true(is(d.hosts[0], "relay.example:2525"));
	assert_true(text_equal(d.key, e.key));
	assert_true(text_starts(d.key, TEXT("route:relay.example:2525,"
	    "[::1]:25;")));
	/* ".domain" is all below it, not itself. */
	d = resolve(*state, "inside.example");
	assert_int_equal(d.host_count, 0);
	d = resolve(*state, ".inside.example");
	assert_int_equal(d.host_count, 0);
}

static void
test_literal(void **state)
{
	struct destination d = resolve(*state, "[192.0.2.1]");

	assert_int_equal(d.host_count, 1);
	assert_true(is(d.hosts[0], "192.0.2.1:25"));
	d = resolve(*state, "[IPv6:2001:db8::1]");
	assert_true(is(d.hosts[0], "[2001:db8::1]:25"));
}

static void
test_no_domain(void **state)
{
	struct destination d = resolve(*state, "");
	struct config empty = { .destination_count = 0 };

	assert_true(is(d.domain, "gw.example.org"));
	assert_int_equal(destination_resolve(&empty, TEXT_EMPTY, *state, &d),
	    ERROR_MALFORMED);
	assert_int_equal(destination_resolve(&empty, TEXT("a.example"),
	    *state, &d), 0);
	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_PREFERRED);
	assert_int_equal(d.concurrency, 20);
}

static void
test_limits(void **state)
{
	static char long_domain[2000];
	static char name_bytes[100][256];
	static struct text many[100];
	struct config_destination rule = destinations[0];
	struct config other = config;
	struct destination d, e;
	struct arena *small = arena_new(24);

	memset(long_domain, 'a', sizeof(long_domain) - 1);
	assert_int_equal(destination_resolve(&config, text_from(long_domain),
	    *state, &d), ERROR_LIMIT);
	assert_int_equal(destination_resolve(&config, TEXT("example.com"),
	    small, &d), ERROR_LIMIT);
	arena_free(small);
	for (size_t i = 0; i < 100; i++) {
		snprintf(name_bytes[i], 256, "%0250zu", i);
		many[i] = text_from(name_bytes[i]);
	}
	rule.tls_names = many;
	rule.tls_name_count = 100;
	other.destinations = &rule;
	other.destination_count = 1;
	assert_int_equal(destination_resolve(&other, TEXT("bank.example"),
	    *state, &d), 0);
	assert_int_equal(d.tls_name_count, DESTINATION_NAMES_MAX);
	assert_true(d.key.len < 200);
	/* A long list still tells destinations apart. */
	name_bytes[3][5] = 'x';
	assert_int_equal(destination_resolve(&other, TEXT("bank.example"),
	    *state, &e), 0);
	assert_false(text_equal(d.key, e.key));
}

/* "TLS or an envelope": asked for, under a key that nobody shares. */
static void
test_protect(void **state)
{
	struct config_destination rule = destinations[1];
	struct config other = config;
	struct destination plain = resolve(*state, "example.com");
	struct destination d = plain, verified = plain, own;

	assert_int_equal(destination_protect(&d, false, *state), 0);
	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_REQUIRED);
	assert_int_equal(d.or_envelope, 1);
	assert_int_equal(destination_protect(&verified, true, *state), 0);
	assert_int_equal(verified.tls, CONFIG_DESTINATION_TLS_VERIFIED);
	assert_false(text_equal(d.key, plain.key));
	assert_false(text_equal(d.key, verified.key));
	/* Not even with those that ask for TLS always. */
	rule.tls = CONFIG_DESTINATION_TLS_REQUIRED;
	other.destinations = &rule;
	other.destination_count = 1;
	assert_int_equal(destination_resolve(&other, TEXT("example.com"),
	    *state, &plain), 0);
	assert_false(text_equal(d.key, plain.key));
	/* Required and verified stay as they are. */
	verified = plain;
	assert_int_equal(destination_protect(&verified, true, *state), 0);
	assert_true(text_equal(verified.key, plain.key));
	assert_int_equal(verified.or_envelope, 0);
	own = d = resolve(*state, "bank.example");
	assert_int_equal(destination_protect(&d, false, *state), 0);
	assert_int_equal(d.tls, CONFIG_DESTINATION_TLS_VERIFIED);
	assert_true(text_equal(d.key, own.key));
	/* Never TLS: an envelope at once. */
	rule.tls = CONFIG_DESTINATION_TLS_NONE;
	assert_int_equal(destination_resolve(&other, TEXT("example.com"),
	    *state, &d), 0);
	assert_int_equal(destination_protect(&d, false, *state),
	    ERROR_STATE);
}

/* What policy says of the way is in the key; the domain's rule stays. */
static void
test_override(void **state)
{
	struct destination plain = resolve(*state, "bank.example"), d, same;

	d = plain;
	assert_int_equal(destination_override(&d, TEXT_EMPTY, TEXT_EMPTY,
	    *state), 0);
	assert_true(text_equal(d.key, plain.key));
	assert_int_equal(destination_override(&d, TEXT("[192.0.2.9]:2525"),
	    TEXT_EMPTY, *state), 0);
	assert_false(text_equal(d.key, plain.key));
	assert_int_equal(d.host_count, 1);
	assert_true(is(d.hosts[0], "[192.0.2.9]:2525"));
	assert_int_equal(d.tls, plain.tls);
	assert_true(text_equal(d.bounce_profile, plain.bounce_profile));
	same = plain;
	assert_int_equal(destination_override(&same, TEXT_EMPTY,
	    TEXT("quick"), *state), 0);
	assert_true(is(same.bounce_profile, "quick"));
	assert_false(text_equal(same.key, plain.key));
	assert_false(text_equal(same.key, d.key));
	/* A route gives way. */
	d = resolve(*state, "a.inside.example");
	assert_int_equal(d.host_count, 2);
	assert_int_equal(destination_override(&d, TEXT("relay.example"),
	    TEXT("quick"), *state), 0);
	assert_int_equal(d.host_count, 1);
	assert_true(is(d.hosts[0], "relay.example"));
}

static int
setup(void **state)
{
	*state = arena_new(1u << 20);
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mx),
		TEST(test_rule),
		TEST(test_route),
		TEST(test_literal),
		TEST(test_no_domain),
		TEST(test_limits),
		TEST(test_protect),
		TEST(test_override),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
