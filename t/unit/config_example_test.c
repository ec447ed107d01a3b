/*
 * etc/postern.yaml, the configuration that is delivered, loads as it is but
 * for the files of a site; so does the example of the manual.
 */
#include "t/unit/config_fixture.h"

#include <string.h>

#define EXAMPLE "etc/postern.yaml"

static char example[65536];

/* Before the test leaves the folder of the sources. */
static int
example_read(void **state)
{
	FILE *file = fopen(EXAMPLE, "r");
	size_t len;

	assert_non_null(file);
	len = fread(example, 1, sizeof(example) - 1, file);
	assert_in_range(len, 1, sizeof(example) - 2);
	example[len] = '\0';
	assert_int_equal(fclose(file), 0);
	return fixture_folder(state);
}

/* Append the text with every old replaced; there is one at least. */
static void
replace(struct buffer *out, const char *from, const char *old,
	const char *new)
{
	const char *at = strstr(from, old);

	assert_non_null(at);
	for (; at != NULL; at = strstr(from, old)) {
		assert_int_equal(buffer_printf(out, "%.*s%s", (int)(at - from),
		    from, new), 0);
		from = at + strlen(old);
	}
	assert_int_equal(buffer_printf(out, "%s", from), 0);
}

static void
the_example_loads(void **state)
{
	struct buffer yaml, trusted;
	struct fixture *fixture;

	(void)state;
	buffer_init(&yaml, 1 << 20);
	buffer_init(&trusted, 1 << 20);
	replace(&yaml, example, "/etc/postern/tls/gateway.", "good.");
	assert_int_equal(buffer_add_byte(&yaml, '\0'), 0);
	/* Where tests run the system may trust nobody. */
	replace(&trusted, buffer_text(&yaml).data, "files: []",
	    "files: [ good.pem ]");
	fixture = fixture_loaded(buffer_text(&trusted));
	assert_int_equal(fixture->config.listener_count, 3);
	assert_int_equal(fixture->config.sender_group_count, 3);
	assert_int_equal(fixture->config.destination_count, 2);
	assert_int_equal(fixture->config.bounce_profile_count, 1);
	fixture_free(fixture);
	buffer_clear(&yaml);
	buffer_clear(&trusted);
}

static void
the_example_of_the_manual_loads(void **state)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	struct buffer manual;
	struct text yaml;

	(void)state;
	buffer_init(&manual, 1 << 20);
	assert_int_equal(config_schema_print_manual(&manual), 0);
	yaml = buffer_text(&manual);
	yaml = text_skip(yaml, text_find(yaml, text_from(begin)) +
	    sizeof(begin) - 1);
	yaml = text_slice(yaml, 0, text_find(yaml, TEXT(".Ed\n")));
	assert_true(text_starts(yaml, TEXT("hostname: ")));
	fixture_free(fixture_loaded(yaml));
	buffer_clear(&manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_loads),
		cmocka_unit_test(the_example_of_the_manual_loads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, example_read,
	    fixture_folder_remove);
}
