/*
 * The table of frames: complete, and closed to who may not speak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_deliver.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/frame_supervisor.h"

static void
test_complete(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < FRAME_TYPES; i++) {
		const struct frame_definition *d = frame_definition(i);

		assert_non_null(d);
		assert_non_null(d->name);
		assert_int_not_equal(d->from, 0);
		assert_int_not_equal(d->to, 0);
	}
	assert_null(frame_definition(FRAME_NONE));
	assert_null(frame_definition(FRAME_TYPES));
	assert_null(frame_definition(0xffff));
}

static void
test_only_who_may(void **state)
{
	struct arena *arena = arena_new(65536);
	struct frame_version version = { .version = 7 }, out;
	struct buffer bytes;

	(void)state;
	buffer_init(&bytes, 65536);
	assert_int_equal(record_encode(&frame_version_shape, &version,
	    &bytes), 0);
	assert_int_equal(frame_decode(PROCESS_SUPERVISOR, PROCESS_SMTP,
	    FRAME_ACTIVATE, buffer_text(&bytes), arena, &out), 0);
	assert_int_equal(out.version, 7);
	/* smtp must not activate a configuration, nor queue charge anybody */
	assert_int_equal(frame_decode(PROCESS_SMTP, PROCESS_QUEUE,
	    FRAME_ACTIVATE, buffer_text(&bytes), arena, &out),
	    ERROR_REFUSED);
	assert_int_equal(frame_decode(PROCESS_SMTP, PROCESS_QUEUE,
	    FRAME_CHARGE, buffer_text(&bytes), arena, &out), ERROR_REFUSED);
	assert_int_equal(frame_decode(PROCESS_CLI, PROCESS_ADMIN,
	    FRAME_QUEUE_ACT, buffer_text(&bytes), arena, &out),
	    ERROR_REFUSED);
	buffer_clear(&bytes);
	arena_free(arena);
}

static void
test_largest_submission_fits(void **state)
{
	static struct envelope_recipient recipients[ENVELOPE_RECIPIENTS_MAX];
	static char address[ENVELOPE_ADDRESS_MAX], orcpt[500];
	static char body[FRAME_BODY_INLINE_MAX];
	struct frame_submit submit = { .id = 1 };
	struct buffer bytes;

	(void)state;
	memset(address, 'a', sizeof(address));
	memset(orcpt, 'o', sizeof(orcpt));
	for (size_t i = 0; i < ENVELOPE_RECIPIENTS_MAX; i++)
		recipients[i] = (struct envelope_recipient){
			.rid = (uint32_t)i + 1,
			.address = text_of(address, sizeof(address)),
			.orcpt = text_of(orcpt, sizeof(orcpt)),
		};
	submit.envelope.recipients = recipients;
	submit.envelope.recipient_count = ENVELOPE_RECIPIENTS_MAX;
	submit.body = text_of(body, sizeof(body));
	buffer_init(&bytes, IPC_PAYLOAD_MAX);
	assert_int_equal(record_encode(&frame_submit_shape, &submit, &bytes),
	    0);
	buffer_clear(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_only_who_may),
		cmocka_unit_test(test_largest_submission_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
