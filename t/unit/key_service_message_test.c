/*
 * crypto/key_service_message: what is written is read again; what does not
 * fit PROTOCOL.keyservice is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key_service_message.h"

#define ID "00112233445566778899aabbccddeeff"
#define KEY_ID "ffeeddccbbaa99887766554433221100"
#define SHARE "0f1e2d3c4b5a69788796a5b4c3d2e1f0" \
	"f0e1d2c3b4a5968778695a4b3c2d1e0f"

struct fixture {
	struct arena *arena;
	struct buffer out;
	struct reason why;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_new(64u * 1024 * 1024);
	buffer_init(&fixture->out, KEY_SERVICE_BODY_MAX);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_free(fixture->arena);
	buffer_clear(&fixture->out);
	free(fixture);
	return 0;
}

static struct key_service_envelope
an_envelope(uint8_t number)
{
	static struct text recipients[] = {
		TEXT_INIT("bob@partner.example"),
		TEXT_INIT("j\xC3\xB6rg \"q\" \\ <x>@partner.example"),
	};
	static uint8_t is_named[] = { 1, 0 };
	struct key_service_envelope envelope = {
		.mid = 4711,
		.sender = TEXT("anna@example.com"),
		.organisation = TEXT("M\xC3\xBCller & S\xC3\xB6hne"),
		.profile = TEXT("default"),
		.sent_us = INT64_C(1795318983000000),
		.expires_us = INT64_C(1797910983000000),
		.recipients = recipients,
		.is_named = is_named,
		.recipient_count = 2,
	};

	memset(envelope.id, number, sizeof(envelope.id));
	memset(envelope.key_id, number + 1, sizeof(envelope.key_id));
	memset(envelope.share, number + 2, sizeof(envelope.share));
	return envelope;
}

static void
requests_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope given[3];
	struct key_service_envelope *got = NULL;
	size_t count = 0;

	for (uint8_t i = 0; i < 3; i++)
		given[i] = an_envelope((uint8_t)(i * 7));
	assert_int_equal(key_service_request_write(given, 3, &fixture->out),
	    0);
	assert_int_equal(key_service_request_read(buffer_text(&fixture->out),
	    fixture->arena, &got, &count, &fixture->why), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_memory_equal(got[i].id, given[i].id, 16);
		assert_memory_equal(got[i].key_id, given[i].key_id, 16);
		assert_memory_equal(got[i].share, given[i].share, 32);
		assert_true(got[i].mid == 4711);
		assert_true(text_equal(got[i].sender, given[i].sender));
		assert_true(text_equal(got[i].organisation,
		    given[i].organisation));
		assert_true(text_equal(got[i].profile, given[i].profile));
		assert_true(got[i].sent_us == given[i].sent_us);
		assert_true(got[i].expires_us == given[i].expires_us);
		assert_int_equal(got[i].recipient_count, 2);
		assert_true(text_equal(got[i].recipients[1],
		    given[i].recipients[1]));
		assert_int_equal(got[i].is_named[0], 1);
		assert_int_equal(got[i].is_named[1], 0);
	}
}

static void
answers_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_result given[3] = {
		{ .outcome = KEY_SERVICE_REGISTERED },
		{ .outcome = KEY_SERVICE_CONFLICT },
		{ .outcome = KEY_SERVICE_REFUSED },
	};
	struct key_service_result *got = NULL;
	size_t count = 0;

	memset(given[1].id, 0xab, sizeof(given[1].id));
	assert_int_equal(key_service_answer_write(given, 3, &fixture->out),
	    0);
	assert_int_equal(key_service_answer_read(buffer_text(&fixture->out),
	    fixture->arena, &got, &count, &fixture->why), 0);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_memory_equal(got[i].id, given[i].id, 16);
		assert_int_equal(got[i].outcome, given[i].outcome);
	}
}

#define MEMBERS(id, mid, expires, recipients) \
	"{\"id\":\"" id "\",\"key_id\":\"" KEY_ID "\",\"share\":\"" SHARE \
	"\",\"mid\":" mid ",\"sender\":\"\",\"organisation\":\"\"," \
	"\"profile\":\"\",\"sent_us\":0,\"expires_us\":" expires "," \
	"\"recipients\":" recipients "}"
#define ONE "[{\"address\":\"b@x.example\",\"named\":true}]"
#define REQUEST(envelope) "{\"version\":1,\"envelopes\":[" envelope "]}"

static const struct {
	const char *body;
	int error;
} requests[] = {
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", ONE)), 0 },
	{ "{\"version\":2,\"envelopes\":[" MEMBERS(ID, "\"1\"", "0", ONE)
	  "]}", ERROR_MALFORMED },
	{ "", ERROR_MALFORMED },
	{ "[]", ERROR_MALFORMED },
	{ "<html>busy</html>", ERROR_MALFORMED },
	{ REQUEST(""), ERROR_MALFORMED },
	{ "{\"version\":1,\"envelopes\":{}}", ERROR_MALFORMED },
	{ "{\"version\":1,\"envelopes\":[1]}", ERROR_MALFORMED },
	{ "{\"version\":1,\"envelopes\":[],\"more\":1}", ERROR_MALFORMED },
	{ REQUEST(MEMBERS("00", "\"1\"", "0", ONE)), ERROR_MALFORMED },
	{ REQUEST(MEMBERS("zz112233445566778899aabbccddeeff", "\"1\"", "0",
	  ONE)), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "1", "0", ONE)), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"-1\"", "0", ONE)), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"99999999999999999999\"", "0", ONE)),
	  ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "-5", ONE)), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0.5", ONE)), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", "[]")), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", "[{\"address\":\"\","
	  "\"named\":true}]")), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", "[{\"address\":\"a\","
	  "\"named\":1}]")), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", "[{\"address\":\"a\\u0000\","
	  "\"named\":true}]")), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", "[{\"address\":\"a\","
	  "\"address\":\"b\",\"named\":true}]")), ERROR_MALFORMED },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", "[[[[[1]]]]]")), ERROR_LIMIT },
	{ REQUEST(MEMBERS(ID, "\"1\"", "0", ONE)) "x", ERROR_MALFORMED },
};

static void
refuses_what_does_not_fit(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope *got;
	size_t count;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int r = key_service_request_read(
		    text_from(requests[i].body), fixture->arena, &got,
		    &count, &fixture->why);

		if (r != requests[i].error)
			print_message("%s\n", requests[i].body);
		assert_int_equal(r, requests[i].error);
	}
}

static void
bounds_trees_before_they_grow(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope *got;
	size_t count;

	assert_int_equal(buffer_add_text(&fixture->out,
	    TEXT("{\"version\":1,\"envelopes\":[")), 0);
	for (size_t i = 0; i < 500000; i++)
		assert_int_equal(buffer_add_text(&fixture->out, TEXT("{},")),
		    0);
	assert_int_equal(key_service_request_read(buffer_text(&fixture->out),
	    fixture->arena, &got, &count, &fixture->why), ERROR_LIMIT);
}

static void
bounds_batches(void **state)
{
	struct fixture *fixture = *state;
	static struct key_service_envelope many[KEY_SERVICE_BATCH_MAX + 1];

	assert_int_equal(key_service_request_write(many, 0, &fixture->out),
	    ERROR_LIMIT);
	for (size_t i = 0; i <= KEY_SERVICE_BATCH_MAX; i++)
		many[i] = an_envelope((uint8_t)i);
	assert_int_equal(key_service_request_write(many,
	    KEY_SERVICE_BATCH_MAX + 1, &fixture->out), ERROR_LIMIT);
	assert_int_equal(buffer_len(&fixture->out), 0);
	assert_int_equal(key_service_request_write(many,
	    KEY_SERVICE_BATCH_MAX, &fixture->out), 0);
}

static void
refuses_odd_answers(void **state)
{
	static const char *const answers[] = {
		"{\"version\":1,\"results\":[{\"id\":\"" ID "\",\"key_id\":\""
		KEY_ID "\",\"outcome\":\"fine\"}]}",
		"{\"version\":1,\"results\":[{\"id\":\"" ID "\"}]}",
		"{\"version\":1,\"results\":[]}",
		"{\"version\":1}",
		"OK",
	};
	struct fixture *fixture = *state;
	struct key_service_result *got;
	size_t count;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		assert_int_equal(key_service_answer_read(
		    text_from(answers[i]), fixture->arena, &got, &count,
		    &fixture->why), ERROR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_come_back, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(answers_come_back, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(refuses_what_does_not_fit,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_trees_before_they_grow,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_batches, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(refuses_odd_answers, setup,
		    teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
