/*
 * Commands that run in the CLI itself: keys, files, and opening an envelope.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/secure_envelope_file.h"
#include "crypto/secure_envelope_mail.h"
#include "gateway/base/hex.h"
#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_private.h"

static char folder[] = "/tmp/postern-cli-XXXXXX";
static char path[64];
static char inside[64];	/* what was in the envelope */

static int
setup(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(inside, sizeof(inside), "%s/inside", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(inside);
	rmdir(folder);
	return 0;
}

static int
make_key(void)
{
	struct text argument = text_from(path);
	struct command_call call = { .id = COMMAND_KEY_SERVICE_MAKE_KEY,
		.arguments = &argument, .argument_count = 1 };
	struct cli_options options = { .json = false };
	struct buffer out;
	int status;

	buffer_init(&out, 1024);
	status = cli_run_make_key(&options, &call, &out);
	/* The key goes nowhere else. */
	assert_int_equal(buffer_len(&out), 0);
	buffer_clear(&out);
	return status;
}

static void
read_key(struct buffer *out)
{
	struct reason why = { 0 };

	buffer_init(out, 1024);
	assert_int_equal(cli_file_read(text_from(path), out, &why), 0);
}

static void
test_make_key(void **state)
{
	struct buffer first, second;
	uint8_t key[32];
	struct stat found;

	(void)state;
	assert_int_equal(make_key(), COMMAND_OK);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	read_key(&first);
	assert_int_equal(buffer_len(&first), 65);
	assert_int_equal(hex_decode(text_slice(buffer_text(&first), 0, 64),
	    key, sizeof(key)), 0);
	assert_int_equal(buffer_text(&first).data[64], '\n');
	/* Never over a key that is in use. */
	assert_int_equal(make_key(), COMMAND_FAILED);
	read_key(&second);
	assert_true(text_equal(buffer_text(&first), buffer_text(&second)));
	buffer_clear(&second);
	unlink(path);
	assert_int_equal(make_key(), COMMAND_OK);
	read_key(&second);
	assert_false(text_equal(buffer_text(&first), buffer_text(&second)));
	buffer_clear(&first);
	buffer_clear(&second);
}

static void
test_no_link_is_followed(void **state)
{
	char target[80];

	(void)state;
	snprintf(target, sizeof(target), "%s/elsewhere", folder);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(make_key(), COMMAND_FAILED);
	assert_int_equal(access(target, F_OK), -1);
}

static void
test_files_are_bounded(void **state)
{
	struct reason why = { 0 };
	struct buffer out;

	(void)state;
	assert_int_equal(cli_file_make(text_from(path), TEXT("0123456789"),
	    &why), 0);
	buffer_init(&out, 9);
	assert_int_equal(cli_file_read(text_from(path), &out, &why),
	    ERROR_LIMIT);
	assert_non_null(strstr(why.text, "too large"));
	buffer_clear(&out);
	buffer_init(&out, 9);
	assert_int_equal(cli_file_read(text_from("/nonexistent/x"), &out,
	    &why), ERROR_SYSTEM);
	assert_non_null(strstr(why.text, "/nonexistent/x: No such file"));
	buffer_clear(&out);
}

/* ---- envelope open ------------------------------------------------------ */

#define MESSAGE "From: a@a.test\r\nSubject: x\r\n\r\nbody \xff\r\n"

static struct secure_envelope_shares shares;

static void
write_envelope(struct text message)
{
	struct secure_envelope_header header = {
		.profile = TEXT("Standard"), .sender = TEXT("a@a.test"),
		.organisation = TEXT("\u202eExample"),
		.portal_url = TEXT("https://msg.a.test"),
		.created_us = INT64_C(1795435200000000) };
	struct arena *arena = arena_new(16 * 1024 * 1024);
	struct buffer bytes, package, payload, file;
	struct secure_envelope_facts facts;
	struct reason why = { 0 };

	buffer_init(&bytes, 1 << 20);
	buffer_init(&package, 1 << 20);
	buffer_init(&payload, 1 << 20);
	buffer_init(&file, 16 << 20);
	secure_envelope_make_keys(&header, &shares);
	memset(header.id, 0x5a, sizeof(header.id));
	require(secure_envelope_header_encode(&header, &bytes) == 0);
	require(secure_envelope_package(message, arena, &package) == 0);
	require(secure_envelope_seal(buffer_text(&bytes), &shares,
	    buffer_text(&package), &payload) == 0);
	require(secure_envelope_facts_make(&header, arena, &facts) == 0);
	require(secure_envelope_file_write(&facts, buffer_text(&bytes),
	    text_of(shares.envelope, sizeof(shares.envelope)),
	    buffer_text(&payload), &file) == 0);
	require(cli_file_make(text_from(path), buffer_text(&file), &why) ==
	    0);
	buffer_clear(&bytes);
	buffer_clear(&package);
	buffer_clear(&payload);
	buffer_clear(&file);
	arena_free(arena);
}

/* NULL: not given.  What is printed goes to out. */
static int
open_envelope(const char *share, const char *output, struct buffer *out)
{
	struct text argument = text_from(path);
	struct command_call call = { .id = COMMAND_ENVELOPE_OPEN,
		.arguments = &argument, .argument_count = 1 };
	struct cli_options options = { .json = false };

	call.given[OPTION_SHARE] = share != NULL;
	call.values[OPTION_SHARE] = text_from(share);
	call.given[OPTION_OUTPUT] = output != NULL;
	call.values[OPTION_OUTPUT] = text_from(output);
	return cli_run_envelope_open(&options, &call, out);
}

static void
service_share(char out[HEX_SIZE(SECURE_ENVELOPE_SHARE_LEN)])
{
	hex_encode(shares.service, sizeof(shares.service), out);
}

static void
test_open_envelope(void **state)
{
	char share[HEX_SIZE(SECURE_ENVELOPE_SHARE_LEN)];
	struct reason why = { 0 };
	struct buffer out, found;

	(void)state;
	write_envelope(TEXT(MESSAGE));
	service_share(share);
	buffer_init(&out, 1024);
	buffer_init(&found, 1024);
	assert_int_equal(open_envelope(share, inside, &out), COMMAND_OK);
	assert_int_equal(buffer_len(&out), 0);
	assert_int_equal(cli_file_read(text_from(inside), &found, &why), 0);
	assert_true(text_equal(buffer_text(&found), TEXT(MESSAGE)));
	/* A file that is there is not written over. */
	assert_int_equal(open_envelope(share, inside, &out), COMMAND_FAILED);
	buffer_clear(&out);
	buffer_clear(&found);
}

static void
test_show_envelope(void **state)
{
	struct buffer out;
	struct text t;

	(void)state;
	write_envelope(TEXT(MESSAGE));
	buffer_init(&out, 4096);
	assert_int_equal(open_envelope(NULL, NULL, &out), COMMAND_OK);
	t = buffer_text(&out);
	assert_true(text_find(t, TEXT("identity: "
	    "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\nprofile: Standard\n")) <
	    t.len);
	assert_true(text_find(t, TEXT("organisation: "
	    "\\xe2\\x80\\xaeExample\n")) < t.len);
	assert_true(text_find(t, TEXT("expires: never\n")) < t.len);
	assert_int_equal(text_find(t, TEXT("\xe2")), t.len);
	assert_int_equal(open_envelope(NULL, inside, &out), COMMAND_USAGE);
	buffer_clear(&out);
}

static void
test_envelope_stays_closed(void **state)
{
	char share[HEX_SIZE(SECURE_ENVELOPE_SHARE_LEN)];
	struct reason why = { 0 };
	struct buffer out;

	(void)state;
	write_envelope(TEXT(MESSAGE));
	service_share(share);
	buffer_init(&out, 4096);
	share[0] = share[0] == '0' ? '1' : '0';
	assert_int_equal(open_envelope(share, inside, &out), COMMAND_FAILED);
	assert_int_equal(open_envelope("00", inside, &out), COMMAND_USAGE);
	assert_int_equal(open_envelope("", inside, &out), COMMAND_USAGE);
	assert_int_equal(access(inside, F_OK), -1);
	unlink(path);
	assert_int_equal(open_envelope(share, inside, &out), COMMAND_FAILED);
	assert_int_equal(cli_file_make(text_from(path), TEXT("<html>\n"),
	    &why), 0);
	assert_int_equal(open_envelope(share, inside, &out), COMMAND_FAILED);
	assert_int_equal(access(inside, F_OK), -1);
	buffer_clear(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_make_key),
		TEST(test_no_link_is_followed),
		TEST(test_files_are_bounded),
		TEST(test_open_envelope),
		TEST(test_show_envelope),
		TEST(test_envelope_stays_closed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
