/*
 * The price of the worst messages of 25 MB: each is judged in a process of
 * its own, which may use 2 seconds of CPU and 256 MB of memory, and 256 KB
 * of stack (M10).
 */
#include "t/unit/filter_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/mail/base64.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/mime_reading.h"
#include "policy/file_type.h"

#define MESSAGE_BYTES ((size_t)25 * 1024 * 1024)
#define CPU_MS 2000
#define MEMORY_MB 256
#define STACK_BYTES ((rlim_t)256 * 1024)
/* Sanitizers make everything slower and larger. */
#if defined(__SANITIZE_ADDRESS__)
#define FACTOR 8
#else
#define FACTOR 1
#endif

static const char *const conditions[] = {
	"body-contains('(?i)top +secret', 2)",
	"only-body-contains('*credit', 5)",
	"attachment-contains('confidential')",
	"attachment-filename == '(?i)\\\\.exe$'",
	"attachment-filetype == 'Executables'",
	"ambiguous",
};

static void
repeat(struct buffer *out, const char *piece)
{
	size_t len = strlen(piece);

	while (buffer_len(out) + len < MESSAGE_BYTES)
		require(buffer_add(out, piece, len) == 0);
}

static void
add(struct buffer *out, const char *text)
{
	require(buffer_add_text(out, text_from(text)) == 0);
}

/* ---- the messages ---- */

static void
many_parts(struct buffer *out)
{
	add(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 0; i < 9990; i++)
		add(out, "--b\r\nContent-Type: text/html; name=x\r\n\r\n"
		    "<p>x\r\n");
	add(out, "--b\r\n\r\n");
	repeat(out, "--bx y\r\n--c\r\n");
}

static void
deep_parts(struct buffer *out)
{
	char line[200];

	for (size_t i = 0; i < 63; i++) {
		(void)snprintf(line, sizeof(line), "Content-Type: multipart/"
		    "mixed; boundary=b%zu\r\n\r\n--b%zu\r\n", i, i);
		add(out, line);
	}
	add(out, "\r\n");
	repeat(out, "--b\r\n--a\r\n--b99x\r\n");
}

/* Messages in messages, each a part of its own. */
static void
deep_messages(struct buffer *out)
{
	for (size_t i = 0; i < 10000; i++)
		add(out, "Content-Type: message/rfc822\r\n\r\n");
	repeat(out, "x\r\n");
}

static void
many_fields(struct buffer *out)
{
	for (size_t i = 0; i < 99000; i++)
		add(out, "Content-Type: text/html; charset=x; a=b\r\n");
	add(out, "\r\n");
	repeat(out, "abc def\r\n");
}

static void
many_parameters(struct buffer *out)
{
	add(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 0; i < 9990; i++) {
		add(out, "--b\r\nContent-Type: application/x");
		for (size_t k = 0; k < 190; k++)
			add(out, ";name=a.b");
		add(out, "\r\n\r\n");
	}
}

static void
many_pieces(struct buffer *out)
{
	char piece[32];

	add(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 0; i < 9990; i++) {
		add(out, "--b\r\nContent-Type: application/x");
		for (size_t k = 0; k < 190; k++) {
			(void)snprintf(piece, sizeof(piece), ";%s*%zu=b",
			    k % 2 == 0 ? "a" : "b", 190 - k);
			add(out, piece);
		}
		add(out, "\r\n\r\n");
	}
}

static void
empty_lines(struct buffer *out)
{
	add(out, "Subject: x\r\n\r\n");
	repeat(out, "\r\n");
}

static void
long_line(struct buffer *out)
{
	add(out, "Subject: x\r\n\r\n");
	repeat(out, "top 4111 1111 secret ");
}

static void
one_base64(struct buffer *out)
{
	add(out, "Content-Type: application/octet-stream; name=a\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	repeat(out, "dG9wIHNlY3JldCBhbmQgY29uZmlkZW50aWFsIG9yIG5vdCBzbyBtdWNo"
	    "IGFzIHRoYXQu\r\n");
}

static void
sloppy_base64(struct buffer *out)
{
	add(out, "Content-Type: text/html\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	repeat(out, "d=G9wIH!N==lY3JldA\r\n");
}

static void
huge_html(struct buffer *out)
{
	add(out, "Content-Type: text/html\r\n\r\n");
	repeat(out, "<p>top <b>sec</b>ret &amp; &#x73;o &zwnj;on</p>\r\n");
}

static void
open_tags(struct buffer *out)
{
	add(out, "Content-Type: text/html\r\n\r\n");
	repeat(out, "<a \">\"<!-- <script '");
}

static void
wide_text(struct buffer *out)
{
	add(out, "Content-Type: text/plain; charset=gb18030\r\n\r\n");
	repeat(out, "\xb0\xa1\xb0\xa1\x81\x30\x81\x30 \r\n");
}

static void
encoded_words(struct buffer *out)
{
	add(out, "Subject:");
	for (size_t i = 0; i < 10000; i++)
		add(out, " =?utf-8?q?top=20?=\r\n");
	add(out, "\r\n");
	repeat(out, "=?utf-8?q?secret?= ");
}

static void
ambiguous_message(struct buffer *out)
{
	add(out, "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n"
	    "no field\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n--a\r\n");
	while (buffer_len(out) + 40960 < MESSAGE_BYTES) {
		add(out, "--b\r\n\r\n--a\r\n\r\n--c d\r\n");
		for (size_t i = 0; i < 600; i++)
			add(out, "top secret, confidential, 4111 1111\r\n");
	}
}

static void
soft_breaks(struct buffer *out)
{
	add(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	repeat(out, "a=\r\n=\r\n=41=\r\n");
}

static void
coded_files(struct buffer *out)
{
	add(out, "Subject: x\r\n\r\n");
	repeat(out, "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n");
}

static void
open_coded_files(struct buffer *out)
{
	add(out, "Subject: x\r\n\r\n");
	repeat(out, "begin 644 a\r\n");
}

static void
many_pictures(struct buffer *out)
{
	add(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 0; i < 190; i++) {
		add(out, "--b\r\nContent-Type: image/png\r\n\r\n");
		while (buffer_len(out) < MESSAGE_BYTES / 190 * (i + 1))
			require(buffer_add(out, "\0\1", 2) == 0);
		add(out, "\r\n");
	}
}

static const struct {
	const char *name;
	void (*make)(struct buffer *out);
} messages[] = {
	{ "many parts", many_parts },
	{ "deep parts", deep_parts },
	{ "deep messages", deep_messages },
	{ "many fields", many_fields },
	{ "many parameters", many_parameters },
	{ "many pieces of parameters", many_pieces },
	{ "empty lines", empty_lines },
	{ "a long line", long_line },
	{ "base64", one_base64 },
	{ "sloppy base64", sloppy_base64 },
	{ "huge HTML", huge_html },
	{ "HTML that never closes", open_tags },
	{ "a wide charset", wide_text },
	{ "encoded words", encoded_words },
	{ "an ambiguous message", ambiguous_message },
	{ "soft line breaks", soft_breaks },
	{ "files in text", coded_files },
	{ "files in text that do not end", open_coded_files },
	{ "many pictures", many_pictures },
};

/* ---- judging one in a child ---- */

static void
judge(const struct filter_set *set, const struct filter_fixture *fixture,
	struct text message)
{
	struct arena *arena = arena_new((size_t)128 * 1024 * 1024);
	struct frame_disposition out;
	struct buffer bodies;

	buffer_init(&bodies, MESSAGE_BYTES);
	filter_set_judge(set, &(struct filter_request){
	    .envelope = &fixture->envelope, .message = message }, arena,
	    &bodies, &out);
	printf("#   %s %.*s\n", out.judgement == FRAME_JUDGED ? "judged" :
	    "set aside:", TEXT_ARG(out.reason));
	fflush(stdout);
	arena_free(arena);
}

static void
child(size_t index, const struct filter_set *set,
	const struct filter_fixture *fixture)
{
	const struct rlimit cpu = { 60, 60 };
	const struct rlimit stack = { STACK_BYTES * FACTOR,
	    STACK_BYTES * FACTOR };
	struct buffer message;

	require(setrlimit(RLIMIT_CPU, &cpu) == 0);
	require(setrlimit(RLIMIT_STACK, &stack) == 0);
	buffer_init(&message, MESSAGE_BYTES + 65536);
	messages[index].make(&message);
	judge(set, fixture, buffer_text(&message));
	_exit(0);
}

static bool
is_cheap(size_t index, const struct filter_set *set,
	const struct filter_fixture *fixture)
{
	struct rusage usage;
	int status = 0;
	long cpu_ms;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(index, set, fixture);
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	    (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	printf("# %s: %ld ms, %ld MB\n", messages[index].name, cpu_ms,
	    usage.ru_maxrss / 1024);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: status %x", messages[index].name,
		    (unsigned int)status);
	return cpu_ms <= CPU_MS * FACTOR &&
	    usage.ru_maxrss / 1024 <= MEMORY_MB * FACTOR;
}

static void
test_cost(void **unused)
{
	struct filter_fixture fixture;
	struct config_content_filter *filter;
	struct filter_set *set = NULL;
	struct reason why = { 0 };
	size_t dear = 0, i;

	(void)unused;
	fixture_init(&fixture);
	filter = fixture_filter(&fixture, "cost", NULL, "log-entry('x')",
	    NULL, NULL);
	for (i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		filter->conditions[filter->condition_count++] =
		    text_from(conditions[i]);
	/* All are asked: none of them ends the search for another. */
	filter->match = CONFIG_FILTER_MATCH_ANY;
	for (i = 0; i < filter->condition_count; i++)
		filter->conditions[i] = arena_printf(fixture.arena,
		    "%.*s and not true", TEXT_ARG(filter->conditions[i]));
	if (filter_set_new(&fixture.config, &set, &why) != 0)
		fail_msg("%s", why.text);
	filter_set_accelerate(set);
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		dear += is_cheap(i, set, &fixture) ? 0 : 1;
	assert_int_equal(dear, 0);
	filter_set_free(set);
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cost),
	};

	charset_prepare();
	file_type_prepare();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
