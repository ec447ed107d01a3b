/* mail/mime_message: structure, ranges, odd forms, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/mime_message.h"

#define ARENA_MAX ((size_t)256 << 20)

struct parsed {
	struct arena *arena;
	struct mime_message message;
};

static void
parse_limits(struct parsed *parsed, struct text bytes,
	const struct mime_limits *limits)
{
	parsed->arena = arena_new(ARENA_MAX);
	assert_int_equal(mime_message_parse(bytes, limits, parsed->arena,
		&parsed->message), 0);
}

static void
parse(struct parsed *parsed, const char *bytes)
{
	parse_limits(parsed, text_from(bytes), &mime_limits_default);
}

static void
done(struct parsed *parsed)
{
	arena_free(parsed->arena);
}

static const struct mime_part *
part(const struct parsed *parsed, size_t index)
{
	assert_true(index < parsed->message.part_count);
	return &parsed->message.parts[index];
}

static void
assert_text(struct text got, const char *want)
{
	if (!text_equal(got, text_from(want)))
		print_message("# got \"%.*s\", want \"%s\"\n", TEXT_ARG(got),
			want);
	assert_true(text_equal(got, text_from(want)));
}

static void
reads_a_plain_message(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "From: a@b.example\r\nSubject : two\r\n lines\r\n"
		"X-Empty:\r\n\r\nbody\r\n");
	assert_int_equal(p.message.part_count, 1);
	assert_int_equal(p.message.flags, 0);
	assert_int_equal(part(&p, 0)->field_count, 3);
	assert_text(mime_part_field(part(&p, 0), "SUBJECT")->value,
		" two\r\n lines");
	assert_text(mime_part_field(part(&p, 0), "subject")->whole,
		"Subject : two\r\n lines\r\n");
	assert_text(part(&p, 0)->fields[1].name, "Subject");
	assert_text(part(&p, 0)->fields[2].value, "");
	assert_null(mime_part_field(part(&p, 0), "to"));
	assert_true(mime_part_is(part(&p, 0), "text", "plain"));
	assert_text(part(&p, 0)->body, "body\r\n");
	assert_true(mime_part_is_leaf(part(&p, 0)));
	assert_false(mime_part_is_attachment(part(&p, 0)));
	done(&p);
}

static void
reads_nested_parts(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "Content-Type: Multipart/Mixed; boundary=ab\r\n\r\n"
		"preamble\r\n--ab\r\n\r\none\r\n--ab \t\r\n"
		"Content-Type: multipart/alternative; boundary=\"ab c\"\r\n"
		"\r\n--ab c\r\nContent-Type: text/html\r\n\r\ntwo\r\n"
		"--ab c--\r\ninner epilogue\r\n--ab\r\n"
		"Content-Type: message/rfc822\r\n\r\n"
		"Subject: in\r\n\r\nthree\r\n--ab--\r\nepilogue\r\n");
	assert_int_equal(p.message.flags, 0);
	assert_int_equal(p.message.part_count, 6);
	assert_true(part(&p, 0)->is_multipart);
	assert_text(part(&p, 1)->body, "one");
	assert_true(part(&p, 2)->is_multipart);
	assert_int_equal(part(&p, 2)->parent, 0);
	assert_int_equal(part(&p, 3)->parent, 2);
	assert_int_equal(part(&p, 3)->depth, 2);
	assert_text(part(&p, 3)->body, "two");
	assert_text(part(&p, 2)->body, "--ab c\r\nContent-Type: text/html"
		"\r\n\r\ntwo\r\n--ab c--\r\ninner epilogue");
	assert_true(part(&p, 4)->is_message);
	assert_text(part(&p, 4)->body, "Subject: in\r\n\r\nthree");
	assert_int_equal(part(&p, 5)->parent, 4);
	assert_text(part(&p, 5)->body, "three");
	done(&p);
}

static void
takes_lines_that_end_in_lf(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "Content-Type: multipart/mixed; boundary=x\n\n--x\nA: b\n\n"
		"one\n\n--x--\n");
	assert_int_equal(p.message.part_count, 2);
	assert_text(part(&p, 1)->body, "one\n");
	done(&p);
	/* Where CRLF ends lines, LF alone does not. */
	parse(&p, "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
		"\r\none\n--x\ntwo\r\n--x--\r\n");
	assert_int_equal(p.message.part_count, 2);
	assert_text(part(&p, 1)->body, "one\n--x\ntwo");
	done(&p);
}

static void
ends_parts_at_odd_places(void **state)
{
	struct parsed p;

	(void)state;
	/* A header that a delimiter cuts, an empty body, an empty part. */
	parse(&p, "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
		"A: b\r\n--x\r\nC: d\r\n\r\n--x\r\n--x--");
	assert_int_equal(p.message.part_count, 4);
	assert_text(part(&p, 1)->header, "A: b");
	assert_text(part(&p, 1)->fields[0].value, " b");
	assert_text(part(&p, 1)->body, "");
	assert_text(part(&p, 2)->header, "C: d\r\n");
	assert_text(part(&p, 2)->body, "");
	assert_text(part(&p, 3)->header, "");
	done(&p);
	/* M04: no closing delimiter; the outer one closes the inner. */
	parse(&p, "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
		"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n"
		"one\r\n--x\r\n\r\ntwo");
	assert_int_equal(p.message.part_count, 4);
	assert_true((part(&p, 1)->flags & MIME_UNCLOSED) != 0);
	assert_text(part(&p, 2)->body, "one");
	assert_int_equal(part(&p, 3)->parent, 0);
	assert_text(part(&p, 3)->body, "two");
	assert_true((part(&p, 0)->flags & MIME_UNCLOSED) != 0);
	done(&p);
	parse(&p, "");
	assert_int_equal(p.message.part_count, 1);
	done(&p);
	parse(&p, "Content-Type: message/rfc822\r\n\r\n");
	assert_int_equal(p.message.part_count, 2);
	assert_true(part(&p, 0)->is_message);
	done(&p);
}

/* M02 */
static void
reads_odd_boundaries(void **state)
{
	static const struct {
		const char *parameter;
		const char *line;
		size_t parts;
		unsigned int flags;
	} cases[] = {
		{ "boundary=\"\"", "--", 1,
			MIME_NO_BOUNDARY | MIME_BAD_BOUNDARY },
		{ "charset=x", "--x", 1, MIME_NO_BOUNDARY },
		{ "boundary=\"a\\\"b\"", "--a\"b", 2, MIME_BAD_BOUNDARY },
		{ "boundary=\"a\" b", "--a", 2, MIME_BAD_TYPE },
		{ "boundary=\"a \"", "--a", 2, MIME_BAD_BOUNDARY },
		{ "boundary=a", "--a b", 2, MIME_BAD_BOUNDARY },
		{ "boundary=a", "--ab", 1, MIME_NO_BOUNDARY },
		{ "boundary=a--b", "--a--b", 2, 0 },
		{ "boundary=1234567890123456789012345678901234567890"
			"12345678901234567890123456789012",
			"--1234567890123456789012345678901234567890"
			"12345678901234567890123456789012", 2,
			MIME_BAD_BOUNDARY },
		{ "boundary*0=a; boundary*1=b", "--ab", 2, 0 },
		{ "boundary=a; boundary=b", "--a", 2,
			MIME_DUPLICATE_PARAMETER },
		{ "boundary=a (comment)", "--a", 2, 0 },
	};
	char bytes[500];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct parsed p;
		(void)snprintf(bytes, sizeof(bytes), "Content-Type: "
			"multipart/mixed; %s\r\n\r\n%s\r\n\r\none\r\n",
			cases[i].parameter, cases[i].line);
		parse(&p, bytes);
		assert_int_equal(p.message.part_count, cases[i].parts);
		assert_int_equal(p.message.flags & ~(unsigned int)MIME_UNCLOSED,
			cases[i].flags | (cases[i].parts == 1 ?
			MIME_NO_BOUNDARY : 0));
		/* What has no parts is a leaf. */
		assert_int_equal(mime_part_is_leaf(part(&p, 0)),
			cases[i].parts == 1);
		done(&p);
	}
}

static void
tells_prefixes_apart(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
		"Content-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\n"
		"one\r\n--ab--\r\n--a--\r\n");
	assert_int_equal(p.message.flags, 0);
	assert_int_equal(p.message.part_count, 3);
	assert_int_equal(part(&p, 2)->parent, 1);
	done(&p);
}

static void
flags_what_is_odd(void **state)
{
	static const struct {
		const char *header;
		unsigned int flags;
	} cases[] = {
		{ "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
			MIME_DUPLICATE_FIELD },
		{ "Received: a\r\nReceived: b\r\n", 0 },
		{ "Content-Type: text/plain; charset=a; charset=b\r\n",
			MIME_DUPLICATE_PARAMETER },
		{ "Content-Disposition: attachment; filename=a; "
			"filename*=utf-8''a\r\n", 0 },
		{ "From me Mon Jan 1\r\nA: b\r\n", MIME_BAD_HEADER },
		{ "\xfc: b\r\n", MIME_BAD_HEADER },
		{ " folded first\r\nA: b\r\n", MIME_BAD_HEADER },
		{ "Content-Transfer-Encoding: x-own\r\n", MIME_BAD_ENCODING },
		{ "Content-Transfer-Encoding: base64 (really)\r\n", 0 },
		{ "Content-Transfer-Encoding: base64 7bit\r\n",
			MIME_BAD_ENCODING },
		{ "Content-Type: text\r\n", MIME_BAD_TYPE },
		{ "Content-Type: text/plain; charset=\"open\r\n",
			MIME_BAD_TYPE },
		{ "Content-Type: text/plain;; charset=a;\r\n", 0 },
		{ "Content-Type: text / (a (b) c) html\r\n", 0 },
		{ "Content-Type: message/rfc822\r\n"
			"Content-Transfer-Encoding: base64\r\n",
			MIME_BAD_ENCODING },
		{ "Content-Type: message/global\r\n"
			"Content-Transfer-Encoding: base64\r\n", 0 },
	};
	char bytes[500];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct parsed p;
		(void)snprintf(bytes, sizeof(bytes), "%s\r\nbody",
			cases[i].header);
		parse(&p, bytes);
		assert_int_equal(p.message.flags, cases[i].flags);
		assert_text(part(&p, 0)->body, "body");
		done(&p);
	}
}

static void
begins_the_body_at_what_is_no_field(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "A: b\r\nno field here\r\nC: d\r\n\r\nbody");
	assert_int_equal(part(&p, 0)->field_count, 1);
	assert_int_equal(p.message.flags, MIME_BAD_HEADER);
	assert_text(part(&p, 0)->body, "no field here\r\nC: d\r\n\r\nbody");
	done(&p);
}

/* M12: RFC 2231 in any order, and what is plain beside it. */
static void
joins_parameters(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "Content-Type: application/x; name*2=c.txt; NAME*0*="
		"utf-8'en'%c3%bc; name*1*=%41b\r\n"
		"Content-Disposition: attachment;\r\n filename=\"plain \\\"q\\\""
		" .txt\"; filename*=iso-8859-1''%FC%2; x*1=late; x*x=1; "
		"bare=copy of(1) x.txt (comment) ; y*0=a; y*0=b\r\n\r\n");
	assert_text(mime_part_parameter(part(&p, 0), "Name"),
		"\xc3\xbc" "Abc.txt");
	assert_text(part(&p, 0)->parameters[0].charset, "utf-8");
	assert_text(part(&p, 0)->disposition, "attachment");
	const struct mime_parameter *all =
		part(&p, 0)->disposition_parameters;
	assert_int_equal(part(&p, 0)->disposition_parameter_count, 6);
	assert_text(all[0].name, "filename");
	assert_text(all[0].value, "\xfc%2");
	assert_text(all[0].charset, "iso-8859-1");
	assert_text(all[1].name, "x");
	assert_text(all[1].value, "late");
	assert_text(all[2].name, "y");
	assert_text(all[2].value, "a");
	assert_text(all[3].value, "plain \"q\" .txt");
	assert_text(all[4].name, "x*x");
	assert_text(all[5].value, "copy of(1) x.txt");
	assert_int_equal(p.message.flags, MIME_DUPLICATE_PARAMETER);
	assert_true(mime_part_is_attachment(part(&p, 0)));
	done(&p);
}

static void
knows_digests(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n"
		"\r\nSubject: one\r\n\r\nbody\r\n--x--\r\n");
	assert_int_equal(p.message.part_count, 3);
	assert_true(part(&p, 1)->is_message);
	assert_text(part(&p, 2)->body, "body");
	done(&p);
}

/* M10 */
static void
keeps_to_the_depth(void **state)
{
	static const char *const levels[] = {
		"Content-Type: message/rfc822\r\n\r\n",
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
	};
	struct buffer bytes;

	(void)state;
	for (size_t kind = 0; kind < 2; kind++) {
		struct parsed p;
		buffer_init(&bytes, 1 << 20);
		for (size_t i = 0; i < 10000; i++)
			assert_int_equal(buffer_add_text(&bytes,
				text_from(levels[kind])), 0);
		parse_limits(&p, buffer_text(&bytes), &mime_limits_default);
		/* A part that may not be opened ends where the next begins. */
		assert_int_equal(p.message.part_count,
			kind == 0 ? 65 : 10000);
		for (size_t i = 0; i < p.message.part_count; i++)
			assert_int_equal(part(&p, i)->depth,
				i < 64 ? i : 64);
		assert_true((part(&p, 64)->flags & MIME_TOO_DEEP) != 0);
		assert_true(mime_part_is_leaf(part(&p, 64)));
		done(&p);
		buffer_clear(&bytes);
	}
}

static void
keeps_to_the_counts(void **state)
{
	const struct mime_limits few = { .depth = 4, .parts = 3, .fields = 5 };
	struct parsed p;

	(void)state;
	parse_limits(&p, TEXT("Content-Type: multipart/mixed; boundary=x\r\n"
		"\r\n--x\r\n\r\n1\r\n--x\r\n\r\n2\r\n--x\r\n\r\n3\r\n--x--"),
		&few);
	assert_int_equal(p.message.part_count, 3);
	assert_int_equal(p.message.flags, MIME_TOO_MANY_PARTS);
	done(&p);
	parse_limits(&p, TEXT("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n"
		" more\r\nF: 6\r\n folded\r\n\r\nbody"), &few);
	assert_int_equal(part(&p, 0)->field_count, 5);
	assert_text(part(&p, 0)->fields[4].value, " 5\r\n more");
	assert_int_equal(p.message.flags, MIME_TOO_MANY_FIELDS);
	assert_text(part(&p, 0)->body, "body");
	done(&p);
	/* An arena that is full is an error, no part of a table. */
	for (size_t max = 0; max < 4000; max += 100) {
		struct arena *arena = arena_new(max);
		struct mime_message message;
		int error = mime_message_parse(TEXT("A: 1\r\nContent-Type: "
			"multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n1\r\n"),
			&few, arena, &message);
		assert_true(error == 0 || error == ERROR_LIMIT);
		assert_int_equal(message.part_count, error == 0 ? 2 : 0);
		arena_free(arena);
	}
}

static void
is_quick(void **state)
{
	static const char line[] =
		"--89012345678901234567890123456789012345678901234567890123"
		"456789012345678\r\n";
	struct buffer bytes;
	struct parsed p;

	(void)state;
	buffer_init(&bytes, (size_t)26 << 20);
	assert_int_equal(buffer_add_text(&bytes, TEXT("Content-Type: "
		"multipart/mixed; boundary=89x\r\n\r\n--89x\r\n\r\n")), 0);
	while (buffer_len(&bytes) < (size_t)25 << 20)
		assert_int_equal(buffer_add(&bytes, line, sizeof(line) - 1),
			0);
	clock_t start = clock();
	parse_limits(&p, buffer_text(&bytes), &mime_limits_default);
	clock_t used = clock() - start;
	print_message("# 25 MB in %.0f ms\n",
		(double)used * 1000 / CLOCKS_PER_SEC);
	assert_int_equal(p.message.part_count, 2);
	done(&p);
	buffer_clear(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_plain_message),
		cmocka_unit_test(reads_nested_parts),
		cmocka_unit_test(takes_lines_that_end_in_lf),
		cmocka_unit_test(ends_parts_at_odd_places),
		cmocka_unit_test(reads_odd_boundaries),
		cmocka_unit_test(tells_prefixes_apart),
		cmocka_unit_test(flags_what_is_odd),
		cmocka_unit_test(begins_the_body_at_what_is_no_field),
		cmocka_unit_test(joins_parameters),
		cmocka_unit_test(knows_digests),
		cmocka_unit_test(keeps_to_the_depth),
		cmocka_unit_test(keeps_to_the_counts),
		cmocka_unit_test(is_quick),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
