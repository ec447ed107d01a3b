/* base/crc32c: both ways against RFC 3720 B.4 and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/crc32c.c"

static const unsigned char iscsi_read[48] = {
	0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
	0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
};

static void
check_way(crc32c_way way)
{
	unsigned char bytes[32];
	unsigned int i;

	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(~way(~0u, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(~way(~0u, bytes, 32), 0x62a8ab43);
	for (i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	assert_int_equal(~way(~0u, bytes, 32), 0x46dd794e);
	for (i = 0; i < 32; i++)
		bytes[i] = (unsigned char)(31 - i);
	assert_int_equal(~way(~0u, bytes, 32), 0x113fdb5c);
	assert_int_equal(~way(~0u, iscsi_read, 48), 0xd9963a56);
}

static void
gives_the_published_values(void **state)
{
	(void)state;
	tables_fill();
	check_way(crc32c_tables);
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		check_way(crc32c_sse42);
#endif
	assert_int_equal(crc32c(0, iscsi_read, 48), 0xd9963a56);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, NULL, 0), 0);
}

static void
goes_on(void **state)
{
	unsigned char bytes[300];
	size_t from;
	size_t i;
	uint32_t whole;

	(void)state;
	srandom(3);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)random();
	for (from = 0; from < 9; from++) {
		whole = crc32c(0, bytes + from, 280);
		assert_int_equal(whole,
			~crc32c_tables(~0u, bytes + from, 280));
		for (i = 0; i <= 280; i++)
			assert_int_equal(crc32c(crc32c(0, bytes + from, i),
				bytes + from + i, 280 - i), whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_published_values),
		cmocka_unit_test(goes_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
