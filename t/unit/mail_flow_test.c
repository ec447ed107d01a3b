/*
 * Mail flow policies resolved against limits and listener.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/mail/envelope.h"
#include "policy/mail_flow.h"

static void
test_sizes_and_counts(void **unused)
{
	const struct config_limits limits = { .message_size = 1000 };
	const struct config_listener listener = { .port = 25 };
	struct config_flow_policy policy = { .action = CONFIG_FLOW_RELAY };
	struct mail_flow flow;

	(void)unused;
	mail_flow_resolve(&limits, &listener, &policy, &flow);
	assert_int_equal(flow.action, CONFIG_FLOW_RELAY);
	assert_int_equal(flow.max_message_size, 1000);
	assert_int_equal(flow.max_recipients, ENVELOPE_RECIPIENTS_MAX);
	assert_int_equal(flow.max_messages, UINT32_MAX);
	assert_int_equal(flow.max_errors, UINT32_MAX);
	policy.max_message_size = 10;
	policy.max_recipients = 3;
	policy.max_messages = 4;
	policy.max_errors = 5;
	policy.max_invalid_recipients = 6;
	policy.messages_per_hour = 7;
	policy.recipients_per_hour = 8;
	mail_flow_resolve(&limits, &listener, &policy, &flow);
	assert_int_equal(flow.max_message_size, 10);
	assert_int_equal(flow.max_recipients, 3);
	assert_int_equal(flow.max_messages, 4);
	assert_int_equal(flow.max_errors, 5);
	assert_int_equal(flow.max_invalid_recipients, 6);
	assert_int_equal(flow.messages_per_hour, 7);
	assert_int_equal(flow.recipients_per_hour, 8);
	policy.max_message_size = 2000;
	policy.max_recipients = ENVELOPE_RECIPIENTS_MAX + 1;
	mail_flow_resolve(&limits, &listener, &policy, &flow);
	assert_int_equal(flow.max_message_size, 1000);
	assert_int_equal(flow.max_recipients, ENVELOPE_RECIPIENTS_MAX);
}

static void
test_tls(void **unused)
{
	static const struct {
		uint8_t listener, policy;
		bool offers, needs;
	} cases[] = {
		{ CONFIG_LISTENER_TLS_OFF, CONFIG_FLOW_TLS_OFF, 0, 0 },
		{ CONFIG_LISTENER_TLS_OFF, CONFIG_FLOW_TLS_PREFERRED, 0, 0 },
		{ CONFIG_LISTENER_TLS_OFF, CONFIG_FLOW_TLS_REQUIRED, 0, 1 },
		{ CONFIG_LISTENER_TLS_STARTTLS, CONFIG_FLOW_TLS_OFF, 0, 0 },
		{ CONFIG_LISTENER_TLS_STARTTLS, CONFIG_FLOW_TLS_PREFERRED,
		    1, 0 },
		{ CONFIG_LISTENER_TLS_STARTTLS, CONFIG_FLOW_TLS_REQUIRED,
		    1, 1 },
		{ CONFIG_LISTENER_TLS_IMPLICIT, CONFIG_FLOW_TLS_PREFERRED,
		    0, 0 },
		{ CONFIG_LISTENER_TLS_IMPLICIT, CONFIG_FLOW_TLS_REQUIRED,
		    0, 1 },
	};
	const struct config_limits limits = { .message_size = 1000 };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_listener listener = { .tls = cases[i].listener };
		struct config_flow_policy policy = { .tls = cases[i].policy };
		struct mail_flow flow;

		mail_flow_resolve(&limits, &listener, &policy, &flow);
		assert_int_equal(flow.offers_starttls, cases[i].offers);
		assert_int_equal(flow.needs_tls, cases[i].needs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_and_counts),
		cmocka_unit_test(test_tls),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
