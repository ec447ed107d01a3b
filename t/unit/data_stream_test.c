/*
 * mail/data_stream and mail/data_encode: the end of a message, faults, and
 * the way back to the wire (abuse cases D01, D03, D04, D06).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/buffer.h"
#include "gateway/mail/data_encode.h"
#include "gateway/mail/data_stream.h"

#define LINE_MAX_TEST 60

struct result {
	struct buffer content;
	uint32_t faults;
	bool is_ended;
	size_t left;
};

/*
 * The same by the words of the standard: the end is the first CRLF.CRLF in
 * CRLF and the input; then dots go; then bytes are judged one by one.
 */
static void
model(struct text input, struct result *out)
{
	char all[2048] = "\r\n";
	struct text whole = { all, input.len + 2 };
	const char end[] = "\r\n.\r\n";
	size_t line = 0;

	assert_true(input.len < sizeof(all) - 2);
	if (input.len > 0)
		memcpy(all + 2, input.data, input.len);
	size_t at = text_find(whole, TEXT("\r\n.\r\n"));
	out->is_ended = at < whole.len;
	out->left = out->is_ended ? whole.len - at - strlen(end) : 0;
	struct text body = text_slice(whole, 2,
		out->is_ended ? at : whole.len);
	for (size_t i = 0; i < body.len; i++) {
		char c = body.data[i];
		/* all[] starts 2 before: look behind at CRLF and a dot. */
		bool starts = body.data[i - 1] == '\n' &&
			body.data[i - 2] == '\r';
		bool next_lf = i + 1 < body.len && body.data[i + 1] == '\n';
		if (starts)
			line = 0;
		if (starts && c == '.')
			continue;
		if (c == '\r' && !next_lf && i + 1 < body.len)
			out->faults |= DATA_STREAM_BARE_CR;
		if (c == '\n' && body.data[i - 1] != '\r')
			out->faults |= DATA_STREAM_BARE_LF;
		if (c == '\0')
			out->faults |= DATA_STREAM_NUL;
		line += (c == '\r' && (next_lf || i + 1 == body.len)) ||
			(c == '\n' && body.data[i - 1] == '\r') ? 0 : 1;
		if (line > LINE_MAX_TEST)
			out->faults |= DATA_STREAM_LONG_LINE;
		assert_int_equal(buffer_add_byte(&out->content, c), 0);
	}
}

static void
decode(struct text input, size_t first, size_t step,
	enum data_stream_kind kind, struct result *out)
{
	struct data_stream stream;
	size_t at = 0;
	size_t size = first;

	data_stream_init(&stream, kind, LINE_MAX_TEST, false);
	while (at < input.len && !stream.is_ended) {
		struct text part = text_slice(input, at, size);
		struct text rest = part;
		struct text piece;

		while (data_stream_next(&stream, &rest, &piece)) {
			assert_true(piece.len > 0);
			assert_int_equal(buffer_add_text(&out->content,
				piece), 0);
		}
		assert_true(rest.len == 0 || stream.is_ended);
		at += part.len - rest.len;
		size = step;
	}
	if (kind == DATA_STREAM_CHUNKS)
		data_stream_finish(&stream);
	out->faults = stream.faults;
	out->is_ended = stream.is_ended;
	out->left = input.len - at;
	if (stream.faults == 0)
		assert_true(stream.size == buffer_len(&out->content));
}

static void
result_init(struct result *result)
{
	memset(result, 0, sizeof(*result));
	buffer_init(&result->content, 4096);
}

static void
compare(struct text input, size_t first, size_t step)
{
	struct result expected;
	struct result got;

	result_init(&expected);
	result_init(&got);
	model(input, &expected);
	decode(input, first, step, DATA_STREAM_DOTS, &got);
	assert_int_equal(got.is_ended, expected.is_ended);
	assert_int_equal(got.left, expected.left);
	/* Without the end a last CR is judged by what comes later. */
	assert_int_equal(got.faults, expected.faults);
	if (expected.is_ended && expected.faults == 0)
		assert_true(text_equal(buffer_text(&got.content),
			buffer_text(&expected.content)));
	buffer_clear(&expected.content);
	buffer_clear(&got.content);
}

/* Whole, in two at every place, and byte by byte. */
static void
compare_all_splits(struct text input)
{
	compare(input, SIZE_MAX, 1);
	compare(input, 1, 1);
	compare(input, 2, 3);
	for (size_t at = 1; at < input.len; at++)
		compare(input, at, SIZE_MAX);
}

/* D01: every sequence of six out of CR, LF, CRLF with a dot in the middle. */
static void
ends_only_at_the_end(void **state)
{
	static const char *const marks[] = { "\r", "\n", "\r\n" };

	(void)state;
	for (unsigned int number = 0; number < 729; number++) {
		const char *mark[6];
		unsigned int rest = number;
		char input[128];

		for (int i = 0; i < 6; i++, rest /= 3)
			mark[i] = marks[rest % 3];
		int len = snprintf(input, sizeof(input),
			"text%s%s%s.%s%s%smore\r\n.\r\nQUIT\r\n", mark[0],
			mark[1], mark[2], mark[3], mark[4], mark[5]);
		compare_all_splits(text_of(input, (size_t)len));
	}
}

/* Every text of up to seven bytes out of four kinds. */
static void
agrees_with_the_model(void **state)
{
	static const char kinds[] = { '\r', '\n', '.', 'a' };

	(void)state;
	for (unsigned int number = 0; number < 1u << 14; number++) {
		char input[16];
		size_t len = 7;

		for (size_t i = 0; i < len; i++)
			input[i] = kinds[number >> 2 * i & 3];
		memcpy(input + len, "\r\n.\r\n", 5);
		compare(text_of(input, len + 5), SIZE_MAX, 1);
		compare(text_of(input, len + 5), 1, 1);
	}
}

struct data_case {
	struct text input;
	uint32_t faults;
	struct text content;
	size_t left;
};

static const struct data_case datas[] = {
	{ TEXT_INIT(".\r\n"), 0, TEXT_INIT(""), 0 },
	{ TEXT_INIT(".\r\nQUIT\r\n"), 0, TEXT_INIT(""), 6 },
	{ TEXT_INIT("a\r\n.\r\n"), 0, TEXT_INIT("a\r\n"), 0 },
	{ TEXT_INIT("..\r\n...\r\n....\r\n.\r\n"), 0,
		TEXT_INIT(".\r\n..\r\n...\r\n"), 0 },
	{ TEXT_INIT(".a\r\n.\r\n"), 0, TEXT_INIT("a\r\n"), 0 },
	{ TEXT_INIT("a\r\n\0.\r\n.\r\n"), DATA_STREAM_NUL, TEXT_INIT(""), 0 },
	{ TEXT_INIT("a\r\n.\r\n\0"), 0, TEXT_INIT("a\r\n"), 1 },
	{ TEXT_INIT("\n.\n\r\n.\r\n"), DATA_STREAM_BARE_LF, TEXT_INIT(""), 0 },
	{ TEXT_INIT("\r.\r\r\n.\r\n"), DATA_STREAM_BARE_CR, TEXT_INIT(""), 0 },
};

static void
decodes_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(datas) / sizeof(*datas); i++) {
		struct result got;

		print_message("# %zu\n", i);
		result_init(&got);
		decode(datas[i].input, SIZE_MAX, 1, DATA_STREAM_DOTS, &got);
		assert_true(got.is_ended);
		assert_int_equal(got.faults, datas[i].faults);
		assert_int_equal(got.left, datas[i].left);
		if (got.faults == 0)
			assert_true(text_equal(buffer_text(&got.content),
				datas[i].content));
		buffer_clear(&got.content);
		compare_all_splits(datas[i].input);
	}
}

static void
bounds_lines(void **state)
{
	char input[256];

	(void)state;
	for (size_t len = LINE_MAX_TEST - 1; len <= LINE_MAX_TEST + 1; len++) {
		memset(input, 'x', sizeof(input));
		memcpy(input + len, "\r\n.\r\n", 5);
		compare_all_splits(text_of(input, len + 5));
		input[0] = '.';
		compare_all_splits(text_of(input, len + 5));
		input[5] = '\n';
		input[7] = '\r';
		compare_all_splits(text_of(input, len + 5));
	}
}

static void
allows_nul_where_told(void **state)
{
	struct data_stream stream;
	struct text input = TEXT("a\0\r\n.\r\n");
	struct text piece;
	struct reason why = { 0 };

	(void)state;
	data_stream_init(&stream, DATA_STREAM_DOTS, 100, true);
	assert_true(data_stream_next(&stream, &input, &piece));
	assert_true(text_equal(piece, TEXT("a\0\r\n")));
	assert_false(data_stream_next(&stream, &input, &piece));
	assert_int_equal(stream.faults, 0);
	stream.faults = DATA_STREAM_NUL | DATA_STREAM_BARE_LF;
	data_stream_explain(&stream, &why);
	assert_int_equal(why.reply, 550);
	assert_int_equal(why.status[1], 6);
	assert_string_equal(why.text,
		"Line feed without carriage return in message");
}

static void
checks_chunks(void **state)
{
	static const struct data_case chunks[] = {
		{ TEXT_INIT("a\r\n.\r\nb"), 0, TEXT_INIT("a\r\n.\r\nb"), 0 },
		{ TEXT_INIT(".\r\n"), 0, TEXT_INIT(".\r\n"), 0 },
		{ TEXT_INIT("a\r"), DATA_STREAM_BARE_CR, TEXT_INIT(""), 0 },
		{ TEXT_INIT("a\rb"), DATA_STREAM_BARE_CR, TEXT_INIT(""), 0 },
		{ TEXT_INIT("a\nb"), DATA_STREAM_BARE_LF, TEXT_INIT(""), 0 },
		{ TEXT_INIT("\0"), DATA_STREAM_NUL, TEXT_INIT(""), 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++)
		for (size_t step = 1; step < 9; step++) {
			struct result got;

			result_init(&got);
			decode(chunks[i].input, step, step,
				DATA_STREAM_CHUNKS, &got);
			assert_int_equal(got.faults, chunks[i].faults);
			assert_false(got.is_ended);
			if (got.faults == 0)
				assert_true(text_equal(
					buffer_text(&got.content),
					chunks[i].content));
			buffer_clear(&got.content);
		}
}

/* ---- the encoder ---- */

static int
encode(struct text body, size_t step, struct buffer *wire)
{
	struct data_encode state;
	struct text piece;
	int error = ERROR_AGAIN;

	data_encode_init(&state);
	for (size_t at = 0; at < body.len && error == ERROR_AGAIN;
	    at += step) {
		struct text part = text_slice(body, at, step);
		error = data_encode_next(&state, &part, &piece);
		while (error == 0) {
			assert_true(piece.len > 0);
			assert_int_equal(buffer_add_text(wire, piece), 0);
			error = data_encode_next(&state, &part, &piece);
		}
	}
	if (error != ERROR_AGAIN)
		return error;
	error = data_encode_finish(&state, &piece);
	return error == 0 ? buffer_add_text(wire, piece) : error;
}

struct wire_case {
	const char *body;
	const char *wire;	/* NULL: refused */
};

static const struct wire_case wires[] = {
	{ "", ".\r\n" },
	{ "a\r\n", "a\r\n.\r\n" },
	{ "a", "a\r\n.\r\n" },
	{ ".", "..\r\n.\r\n" },
	{ ".\r\n..\r\na.\r\n", "..\r\n...\r\na.\r\n.\r\n" },
	{ "\r\n\r\n", "\r\n\r\n.\r\n" },
	{ "a\n", NULL },
	{ "\n", NULL },
	{ "a\r", NULL },
	{ "a\rb\r\n", NULL },
	{ "a\r\r\n", NULL },
	{ "a\r\n\n.\r\n", NULL },
	{ "\r.\r\n", NULL },
};

static void
encodes_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wires) / sizeof(*wires); i++)
		for (size_t step = 1; step < 12; step++) {
			struct buffer wire;

			buffer_init(&wire, 1024);
			int error = encode(text_from(wires[i].body), step,
				&wire);
			assert_int_equal(error, wires[i].wire == NULL ?
				ERROR_MALFORMED : 0);
			if (error == 0)
				assert_true(text_equal(buffer_text(&wire),
					text_from(wires[i].wire)));
			buffer_clear(&wire);
		}
}

/* D03: what is refused once stays refused, and no raw byte went out. */
static void
lets_nothing_raw_out(void **state)
{
	struct data_encode encode_state;
	struct text body = TEXT("a\r");
	struct text piece;

	(void)state;
	data_encode_init(&encode_state);
	assert_int_equal(data_encode_next(&encode_state, &body, &piece), 0);
	assert_true(text_equal(piece, TEXT("a")));
	assert_int_equal(data_encode_next(&encode_state, &body, &piece),
		ERROR_AGAIN);
	body = TEXT("x\r\n");
	assert_int_equal(data_encode_next(&encode_state, &body, &piece),
		ERROR_MALFORMED);
	body = TEXT("\n");
	assert_int_equal(data_encode_next(&encode_state, &body, &piece),
		ERROR_MALFORMED);
	assert_int_equal(data_encode_finish(&encode_state, &piece),
		ERROR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_only_at_the_end),
		cmocka_unit_test(agrees_with_the_model),
		cmocka_unit_test(decodes_examples),
		cmocka_unit_test(bounds_lines),
		cmocka_unit_test(allows_nul_where_told),
		cmocka_unit_test(checks_chunks),
		cmocka_unit_test(encodes_in_any_pieces),
		cmocka_unit_test(lets_nothing_raw_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
