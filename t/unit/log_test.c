/* base/log: the form of lines, quoting, dropping, syslog, fatal ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/buffer.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

static int ends[2];

/* What the log wrote, behind the time of the first line. */
static const char *
written(void)
{
	static char line[LOG_LINE_MAX * 4];
	ssize_t len = read(ends[0], line, sizeof(line) - 1);

	assert_true(len > 28);
	line[len] = '\0';
	assert_int_equal(line[10], 'T');
	assert_int_equal(line[26], 'Z');
	return line + 28;
}

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	log_set_stderr(false);
	log_set_process("queue");
	log_set_level(LOG_INFO_LEVEL);
	log_set_file(ends[1]);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_set_file(-1);
	(void)close(ends[0]);
	return 0;
}

static void
writes_fields(void **state)
{
	enum log_level level;

	(void)state;
	log_event(LOG_INFO_LEVEL, 12, "accepted",
		LOG_NUMBER("size", UINT64_MAX), LOG_SIGNED("late", -5),
		LOG_SIGNED("least", INT64_MIN), LOG_STRING("from", "a@b"));
	assert_string_equal(written(), "queue info MID 12 event=accepted "
		"size=18446744073709551615 late=-5 "
		"least=-9223372036854775808 from=a@b\n");
	log_event(LOG_WARNING_LEVEL, 0, "empty");
	assert_string_equal(written(), "queue warning event=empty\n");
	log_event(LOG_DEBUG_LEVEL, 0, "hidden");
	assert_true(read(ends[0], &level, 1) < 0);
	log_note(LOG_ERROR_LEVEL, "%d things", 3);
	assert_string_equal(written(),
		"queue error event=note text=\"3 things\"\n");
	assert_int_equal(log_level_parse(TEXT("debug"), &level), 0);
	assert_int_equal(level, LOG_DEBUG_LEVEL);
	assert_int_equal(log_level_parse(TEXT("loud"), &level),
		ERROR_NOT_FOUND);
}

static void
check_value(struct text value, const char *shown)
{
	struct buffer out;

	buffer_init(&out, 100000);
	assert_int_equal(log_print_value(&out, value), 0);
	assert_true(text_equal(buffer_text(&out), text_from(shown)));
	buffer_clear(&out);
}

static void
quotes_values(void **state)
{
	(void)state;
	check_value(TEXT(""), "\"\"");
	check_value(TEXT("plain<>@[]"), "plain<>@[]");
	check_value(TEXT("a b"), "\"a b\"");
	check_value(TEXT("a=b"), "\"a=b\"");
	check_value(TEXT("a\r\nMID 1 event=x"),
		"\"a\\x0d\\x0aMID 1 event=x\"");
	check_value(TEXT("\"\\\0\x7f\xff"),
		"\"\\x22\\x5c\\x00\\x7f\\xff\"");
}

static void
cuts_values_and_lines(void **state)
{
	static char longest[LOG_VALUE_MAX + 1];
	static char shown[LOG_VALUE_MAX + 4];
	struct text value = text_of(longest, sizeof(longest));
	const char *line;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	memset(shown, 'x', LOG_VALUE_MAX);
	memcpy(shown + LOG_VALUE_MAX, "...", 4);
	check_value(value, shown);
	memset(longest, '\n', sizeof(longest));
	log_event(LOG_INFO_LEVEL, 0, "long", LOG_TEXT("a", value),
		LOG_TEXT("b", value), LOG_NUMBER("c", 1));
	line = written();
	assert_true(strlen(line) < LOG_LINE_MAX);
	assert_non_null(strstr(line, " a=\"\\x0a"));
	assert_null(strstr(line, " b="));
	assert_non_null(strstr(line, " cut=true\n"));
}

static void
counts_what_it_drops(void **state)
{
	static char waste[1 << 20];
	ssize_t len;

	(void)state;
	while (write(ends[1], waste, sizeof(waste)) > 0)
		continue;
	log_event(LOG_INFO_LEVEL, 0, "lost");
	log_event(LOG_INFO_LEVEL, 0, "lost");
	do
		len = read(ends[0], waste, sizeof(waste));
	while (len > 0);
	log_event(LOG_INFO_LEVEL, 0, "told");
	assert_string_equal(written(), "queue info event=told dropped=2\n");
	log_event(LOG_INFO_LEVEL, 0, "next");
	assert_string_equal(written(), "queue info event=next\n");
}

static void
speaks_rfc5424(void **state)
{
	char line[1000];
	int pair[2];
	ssize_t len;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	log_set_syslog(pair[1], 2, TEXT("mx one"));
	log_event(LOG_ERROR_LEVEL, 7, "odd", LOG_NUMBER("n", 1));
	len = recv(pair[0], line, sizeof(line) - 1, 0);
	assert_true(len > 0);
	line[len] = '\0';
	assert_memory_equal(line, "<19>1 20", 8);
	assert_string_equal(strchr(line, 'Z'),
		"Z mx_one postern queue odd - MID 7 event=odd n=1");
	(void)close(pair[0]);
	/* Nobody listens: neither a signal nor a wait. */
	log_event(LOG_ERROR_LEVEL, 7, "odd", LOG_NUMBER("n", 2));
	log_set_syslog(-1, 2, TEXT(""));
}

static int
status_of(void (*end)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		end();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
end_by_bug(void)
{
	const char *none = NULL;

	(void)signal(SIGABRT, SIG_DFL);
	require(none != NULL);
}

static void
end_by_fatal(void)
{
	errno = ENOENT;
	fatal_errno("no %s", "file");
}

static void
end_by_memory(void)
{
	free(memory_array(SIZE_MAX / 2, 4));
}

static void
tells_the_end(void **state)
{
	int status = status_of(end_by_bug);
	const char *line;

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	line = written();
	assert_memory_equal(line, "queue fatal event=bug file=", 27);
	assert_non_null(strstr(line, "condition=\"none != NULL\""));
	status = status_of(end_by_fatal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FATAL_EXIT);
	assert_string_equal(written(), "queue fatal event=fatal "
		"text=\"no file: No such file or directory\"\n");
	assert_int_equal(WEXITSTATUS(status_of(end_by_memory)), FATAL_EXIT);
	assert_non_null(strstr(written(), "out of memory"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_fields),
		TEST(quotes_values),
		TEST(cuts_values_and_lines),
		TEST(counts_what_it_drops),
		TEST(speaks_rfc5424),
		TEST(tells_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
