/*
 * DNS lists: names that ask about an address, and what answers mean
 * (RFC 5782); asked of a name server of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/loop.h"
#include "gateway/lookup/lookup_address.h"
#include "gateway/lookup/lookup_fact.h"
#include "gateway/lookup/lookup_list.h"

static void
test_names(void **unused)
{
	static const struct {
		const char *address;
		const char *zone;
		const char *name;	/* NULL: refused */
	} cases[] = {
		{ "192.0.2.7", "list.test", "7.2.0.192.list.test" },
		{ "255.0.10.1", "A.B.", "1.10.0.255.a.b" },
		{ "2001:db8:1:2:3:4:567:89ab", "list.test",
		    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0."
		    "8.b.d.0.1.0.0.2.list.test" },
		{ "192.0.2.7", "", NULL }, { "192.0.2.7", "a b", NULL },
		{ "192.0.2.7", ".", NULL },
		{ "192.0.2.7", "m\xc3\xbcnchen.test",
		    "7.2.0.192.xn--mnchen-3ya.test" },
	};
	struct frame_address address;
	struct lookup_name name;
	struct reason why;
	char zone[256];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int error;

		assert_int_equal(lookup_address_parse(
		    text_from(cases[i].address), &address), 0);
		error = lookup_list_name(&address, text_from(cases[i].zone),
		    &name, &why);
		if (cases[i].name == NULL)
			assert_int_equal(error, ERROR_MALFORMED);
		else if (error != 0 || !text_equal(lookup_name_text(&name),
		    text_from(cases[i].name)))
			fail_msg("%s: %s", cases[i].name, error == 0 ?
			    name.bytes : why.text);
	}
	/* 253 bytes in all, and not one more. */
	for (i = 0; i < 250; i++)
		zone[i] = i % 50 == 49 ? '.' : 'a';
	assert_int_equal(lookup_list_name(&address, text_of(zone, 243),
	    &name, &why), 0);
	assert_int_equal(name.len, 253);
	assert_int_equal(lookup_list_name(&address, text_of(zone, 244),
	    &name, &why), ERROR_MALFORMED);
}

static void
test_meanings(void **unused)
{
	static const uint8_t listed[][4] = { { 127, 0, 0, 2 },
		{ 127, 0, 0, 1 }, { 127, 255, 254, 1 } };
	static const uint8_t nothing[][4] = { { 192, 0, 2, 1 },
		{ 0, 0, 0, 0 }, { 128, 0, 0, 2 }, { 126, 255, 255, 255 } };
	static const uint8_t refused[4] = { 127, 255, 255, 254 };
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(listed) / 4; i++)
		assert_int_equal(lookup_list_meaning(listed[i]),
		    LOOKUP_LIST_LISTED);
	for (i = 0; i < sizeof(nothing) / 4; i++)
		assert_int_equal(lookup_list_meaning(nothing[i]),
		    LOOKUP_LIST_NOTHING);
	assert_int_equal(lookup_list_meaning(refused), LOOKUP_LIST_REFUSED);
}

static void
test_unmapped(void **unused)
{
	struct frame_address address;

	(void)unused;
	assert_int_equal(lookup_address_parse(TEXT("::ffff:192.0.2.7"),
	    &address), 0);
	lookup_address_unmap(&address);
	assert_int_equal(address.family, 4);
	assert_memory_equal(address.bytes, "\xc0\x00\x02\x07", 4);
	assert_int_equal(lookup_address_parse(TEXT("2001:db8::1"),
	    &address), 0);
	lookup_address_unmap(&address);
	assert_int_equal(address.family, 6);
}

/* ---- questions ---- */

/* What the name server says, by the first label of the question. */
static const struct {
	char label;
	uint8_t rcode;
	uint8_t count;		/* records */
	uint8_t addresses[3][4];
	bool is_silent;
	uint8_t outcome;
	size_t values;
	const char *first;
} answers[] = {
	{ '2', 0, 2, { { 127, 0, 0, 2 }, { 127, 0, 0, 4 } },
	    .outcome = FACT_KNOWN, .values = 2 },
	{ '3', 3, 0, { { 0 } }, .outcome = FACT_KNOWN },
	{ '4', 0, 0, { { 0 } }, .outcome = FACT_KNOWN },
	{ '5', 2, 0, { { 0 } }, .outcome = FACT_UNKNOWN },
	{ '6', 0, 1, { { 192, 0, 2, 1 } }, .outcome = FACT_KNOWN },
	{ '7', 0, 1, { { 127, 255, 255, 254 } }, .outcome = FACT_UNKNOWN },
	{ '8', 0, 3, { { 192, 0, 2, 1 }, { 127, 255, 255, 252 },
	    { 127, 0, 0, 9 } }, .outcome = FACT_KNOWN, .values = 1,
	    .first = "127.0.0.9" },
	{ '9', 0, 0, { { 0 } }, .is_silent = true, .outcome = FACT_UNKNOWN },
};
#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

static struct {
	struct loop *loop;
	struct lookup_resolver *resolver;
	int server;
	struct frame_fact got;
	char first[32];
	bool is_answered;
} world;

static void
serve(void *context, unsigned int ready)
{
	uint8_t packet[1024];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(world.server, packet, 512, 0,
	    (struct sockaddr *)&from, &from_len);
	size_t i, at, end = 12, label;

	(void)context;
	(void)ready;
	assert_true(len > 17);
	label = packet[12] == 1 ? 13 : 12;
	while (packet[end] != 0)
		end += 1u + packet[end];
	end += 5;
	for (i = 0; i < ANSWERS && answers[i].label != packet[label]; i++)
		;
	if (i == ANSWERS || answers[i].is_silent)
		return;
	packet[2] = 0x84;
	packet[3] = (uint8_t)(0x80u | answers[i].rcode);
	memset(packet + 6, 0, 6);
	packet[7] = answers[i].count;
	for (at = 0; at < answers[i].count; at++) {
		static const uint8_t head[12] = { 0xc0, 12, 0, 1, 0, 1, 0, 0,
			0, 60, 0, 4 };

		memcpy(packet + end, head, sizeof(head));
		memcpy(packet + end + 12, answers[i].addresses[at], 4);
		end += 16;
	}
	assert_true(sendto(world.server, packet, end, 0,
	    (struct sockaddr *)&from, from_len) == (ssize_t)end);
}

static int
setup(void **unused)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	static char printed[32];
	static struct text forwarder;
	struct config_dns dns = { .forwarders = &forwarder,
		.forwarder_count = 1 };
	const char *path = NULL;
	struct reason why = { 0 };

	(void)unused;
	world.loop = loop_new();
	world.server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(world.server, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(getsockname(world.server,
	    (struct sockaddr *)&address, &len), 0);
	(void)snprintf(printed, sizeof(printed), "127.0.0.1@%u",
	    (unsigned int)ntohs(address.sin_port));
	forwarder = text_from(printed);
	loop_watch_want(loop_watch_new(world.loop, world.server, serve,
	    NULL), LOOP_READ);
	if (lookup_resolver_new(world.loop, &dns, &world.resolver, &path,
	    &why) != 0)
		fail_msg("%s: %s", path, why.text);
	return 0;
}

static void
is_answered(void *context, const struct frame_fact *answer)
{
	(void)context;
	world.got = *answer;
	world.first[0] = '\0';
	if (answer->value_count > 0)
		assert_int_equal(text_to_string(answer->values[0],
		    world.first, sizeof(world.first)), 0);
	world.is_answered = true;
	loop_stop(world.loop);
}

static void
ask(uint8_t kind, const char *subject, int64_t timeout_ms)
{
	const struct lookup_fact_setting setting = { .loop = world.loop,
		.resolver = world.resolver, .timeout_ms = timeout_ms };
	const struct frame_fact question = { .kind = kind,
		.source = TEXT("list.example"),
		.subject = text_from(subject) };

	world.is_answered = false;
	assert_non_null(lookup_fact_ask(&setting, &question, is_answered,
	    NULL));
	assert_false(world.is_answered);
	loop_run(world.loop);
	assert_true(world.is_answered);
}

static void
test_questions(void **unused)
{
	char subject[32];
	size_t i;

	(void)unused;
	for (i = 0; i < ANSWERS; i++) {
		(void)snprintf(subject, sizeof(subject), "192.0.2.%c",
		    answers[i].label);
		ask(FACT_DNS_LIST, subject, answers[i].is_silent ? 200 :
		    10000);
		if (world.got.outcome != answers[i].outcome ||
		    world.got.value_count != answers[i].values)
			fail_msg("%s: outcome %u, %zu values", subject,
			    world.got.outcome, world.got.value_count);
		if (answers[i].first != NULL)
			assert_string_equal(world.first, answers[i].first);
	}
	ask(FACT_DNS_LIST, "", 1000);
	assert_int_equal(world.got.outcome, FACT_UNKNOWN);
	ask(FACT_DNS_LIST, "nonsense", 1000);
	assert_int_equal(world.got.outcome, FACT_UNKNOWN);
	ask(FACT_GROUP, "192.0.2.2", 1000);
	assert_int_equal(world.got.outcome, FACT_UNKNOWN);
}

/* A question that is dropped is never answered. */
static void
test_dropped(void **unused)
{
	const struct lookup_fact_setting setting = { .loop = world.loop,
		.resolver = world.resolver, .timeout_ms = 10000 };
	const struct frame_fact question = { .kind = FACT_DNS_LIST,
		.source = TEXT("list.example"),
		.subject = TEXT("198.51.100.9") };

	(void)unused;
	world.is_answered = false;
	lookup_fact_drop(lookup_fact_ask(&setting, &question, is_answered,
	    NULL));
	lookup_fact_drop(NULL);
	assert_int_equal(lookup_resolver_load(world.resolver), 0);
	assert_false(world.is_answered);
}

static int
teardown(void **unused)
{
	(void)unused;
	lookup_resolver_free(world.resolver);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_unmapped),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_dropped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
