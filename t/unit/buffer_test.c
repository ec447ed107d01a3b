/* base/buffer, against a plain array as the model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/buffer.h"

static void
keeps_its_maximum(void **state)
{
	struct buffer buffer;
	char *room;

	(void)state;
	buffer_init(&buffer, 10);
	assert_null(buffer.bytes);
	assert_int_equal(buffer_add_text(&buffer, TEXT("0123456789")), 0);
	assert_int_equal(buffer_add_byte(&buffer, 'x'), ERROR_LIMIT);
	assert_int_equal(buffer_reserve(&buffer, 1, &room), ERROR_LIMIT);
	buffer_consume(&buffer, 3);
	assert_int_equal(buffer_add_text(&buffer, TEXT("abc")), 0);
	assert_true(text_equal(buffer_text(&buffer), TEXT("3456789abc")));
	assert_int_equal(buffer_add(&buffer, NULL, SIZE_MAX), ERROR_LIMIT);
	buffer_truncate(&buffer, 2);
	assert_true(text_equal(buffer_text(&buffer), TEXT("34")));
	buffer_shrink(&buffer);
	assert_int_equal(buffer.size, 2);
	buffer_reset(&buffer);
	buffer_shrink(&buffer);
	assert_null(buffer.bytes);
	assert_true(text_is_empty(buffer_text(&buffer)));
	buffer_wipe(&buffer);
}

static void
prints(void **state)
{
	struct buffer buffer;
	char longer[1000];

	(void)state;
	buffer_init(&buffer, 1100);
	memset(longer, 'y', sizeof(longer));
	assert_int_equal(buffer_printf(&buffer, "%d-%s", 7, "x"), 0);
	assert_int_equal(buffer_printf(&buffer, "%.*s", 999, longer), 0);
	assert_int_equal(buffer_len(&buffer), 1002);
	assert_int_equal(buffer_printf(&buffer, "%.*s", 99, longer),
		ERROR_LIMIT);
	assert_int_equal(buffer_len(&buffer), 1002);
	assert_memory_equal(buffer_text(&buffer).data, "7-xyyyy", 7);
	buffer_clear(&buffer);
}

static void
follows_the_model(void **state)
{
	static char model[400];
	struct buffer buffer;
	size_t len = 0;
	size_t count;
	int step;

	(void)state;
	srandom(1);
	buffer_init(&buffer, sizeof(model));
	for (step = 0; step < 20000; step++) {
		char bytes[60];

		count = (size_t)random() % sizeof(bytes);
		memset(bytes, 'a' + step % 26, sizeof(bytes));
		if (random() % 2 == 0) {
			int error = buffer_add(&buffer, bytes, count);

			assert_int_equal(error, len + count > sizeof(model) ?
				ERROR_LIMIT : 0);
			if (error == 0) {
				memcpy(model + len, bytes, count);
				len += count;
			}
		} else {
			count = count < len ? count : len;
			buffer_consume(&buffer, count);
			memmove(model, model + count, len - count);
			len -= count;
			if (step % 50 == 0)
				buffer_shrink(&buffer);
		}
		assert_true(text_equal(buffer_text(&buffer),
			text_of(model, len)));
	}
	buffer_clear(&buffer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_maximum),
		cmocka_unit_test(prints),
		cmocka_unit_test(follows_the_model),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
