/*
 * Reading and writing facts as text.
 */
#include "policy/fact_text.h"

#include <stdbool.h>
#include <string.h>

#include "gateway/base/hex.h"

#define ESCAPE_LEN 4	/* "\x0a" */

static const struct text unknown_word = TEXT_INIT("unknown");

/* May stand without quotes. */
static bool
is_plain_byte(char c)
{
	return text_is_alnum(c) || (c != '\0' &&
	    strchr("@.:-_+/", c) != NULL);
}

static bool
is_plain(struct text word)
{
	size_t i;

	for (i = 0; i < word.len; i++)
		if (!is_plain_byte(word.data[i]))
			return false;
	return word.len > 0;
}

/* ---- reading ---- */

struct reader {
	struct text rest;
	struct arena *arena;
	struct reason *why;
};

static void
skip_spaces(struct reader *reader)
{
	while (reader->rest.len > 0 && (reader->rest.data[0] == ' ' ||
	    reader->rest.data[0] == '\t'))
		reader->rest = text_skip(reader->rest, 1);
}

/* Take that sign off, where it is next. */
static bool
take_sign(struct reader *reader, char sign)
{
	skip_spaces(reader);
	if (reader->rest.len == 0 || reader->rest.data[0] != sign)
		return false;
	reader->rest = text_skip(reader->rest, 1);
	return true;
}

static int
malformed(struct reader *reader, const char *words)
{
	reason_set(reader->why, "%s", words);
	return ERROR_MALFORMED;
}

/* What a backslash begins; *used bytes of it. */
static int
read_escape(struct text rest, char *out, size_t *used)
{
	uint8_t byte;

	*used = 2;
	if (rest.len < 2)
		return ERROR_MALFORMED;
	*out = rest.data[1];
	if (*out == '"' || *out == '\\')
		return 0;
	*used = ESCAPE_LEN;
	if (*out != 'x' || rest.len < ESCAPE_LEN ||
	    hex_decode(text_slice(rest, 2, 2), &byte, 1) != 0)
		return ERROR_MALFORMED;
	*out = (char)byte;
	return 0;
}

/* Behind the opening quote. */
static int
read_quoted(struct reader *reader, struct buffer *word)
{
	size_t used;
	char c;

	for (;;) {
		if (reader->rest.len == 0)
			return malformed(reader, "a closing quote is "
			    "missing");
		c = reader->rest.data[0];
		used = 1;
		if (c == '\\' && read_escape(reader->rest, &c, &used) != 0)
			return malformed(reader, "expected \\\", \\\\ or "
			    "\\xNN behind a backslash");
		reader->rest = text_skip(reader->rest, used);
		if (c == '"' && used == 1)
			return 0;
		if (buffer_add_byte(word, c) != 0) {
			reason_set(reader->why, "a word is too long");
			return ERROR_LIMIT;
		}
	}
}

/* A word of at most FACT_TEXT_MAX bytes. */
static int
read_word(struct reader *reader, struct text *out)
{
	struct buffer word;
	size_t len = 0;
	int error = 0;

	buffer_init(&word, FACT_TEXT_MAX);
	if (take_sign(reader, '"')) {
		error = read_quoted(reader, &word);
	} else {
		while (len < reader->rest.len &&
		    is_plain_byte(reader->rest.data[len]))
			len++;
		if (len == 0)
			error = malformed(reader, "expected a word");
		else if (buffer_add_text(&word,
		    text_slice(reader->rest, 0, len)) != 0)
			error = malformed(reader, "a word is too long");
		reader->rest = text_skip(reader->rest, len);
	}
	if (error == 0 && arena_copy(reader->arena, buffer_text(&word),
	    out) != 0) {
		reason_set(reader->why, "the facts are too large");
		error = ERROR_LIMIT;
	}
	buffer_clear(&word);
	return error;
}

static int
read_kind(struct reader *reader, uint8_t *out)
{
	struct text name = TEXT_EMPTY;
	unsigned int i;
	int error = read_word(reader, &name);

	if (error != 0)
		return error;
	for (i = 0; i < FACT_KINDS; i++)
		if (text_equal(name, text_from(fact_definition(i)->name))) {
			*out = (uint8_t)i;
			return 0;
		}
	return malformed(reader, "there is no such kind of fact");
}

static int
read_values(struct reader *reader, struct frame_fact *out)
{
	int error = 0;

	out->outcome = FACT_KNOWN;
	skip_spaces(reader);
	if (reader->rest.len == 0)
		return 0;
	out->values = arena_array(reader->arena, FACT_VALUES_MAX,
	    sizeof(out->values[0]));
	do {
		if (out->values == NULL ||
		    out->value_count == FACT_VALUES_MAX) {
			reason_set(reader->why, "too many values");
			return ERROR_LIMIT;
		}
		error = read_word(reader, &out->values[out->value_count++]);
	} while (error == 0 && take_sign(reader, ','));
	return error;
}

/* "unknown", perhaps with a reason. */
static int
read_unknown(struct reader *reader, struct frame_fact *out)
{
	out->outcome = FACT_UNKNOWN;
	reader->rest = text_skip(reader->rest, unknown_word.len);
	skip_spaces(reader);
	return reader->rest.len == 0 ? 0 : read_word(reader, &out->reason);
}

static bool
is_unknown(const struct reader *reader)
{
	size_t len = unknown_word.len;

	return text_starts(reader->rest, unknown_word) &&
	    (reader->rest.len == len ||
	    !is_plain_byte(reader->rest.data[len])) &&
	    (reader->rest.len == len || reader->rest.data[len] != ',');
}

int
fact_parse(struct text line, struct arena *arena, struct frame_fact *out,
	struct reason *why)
{
	struct reader reader = { line, arena, why };
	int error;

	*out = (struct frame_fact){ .outcome = FACT_UNKNOWN };
	if (line.len > FACT_LINE_MAX) {
		reason_set(why, "the line is too long");
		return ERROR_LIMIT;
	}
	error = read_kind(&reader, &out->kind);
	if (error == 0)
		error = read_word(&reader, &out->source);
	if (error == 0)
		error = read_word(&reader, &out->subject);
	if (error == 0 && !take_sign(&reader, '='))
		error = malformed(&reader, "expected =");
	if (error != 0)
		return error;
	skip_spaces(&reader);
	error = is_unknown(&reader) ? read_unknown(&reader, out) :
	    read_values(&reader, out);
	skip_spaces(&reader);
	if (error == 0 && reader.rest.len > 0)
		return malformed(&reader, "there is more than a fact");
	return error;
}

/* ---- writing ---- */

static int
print_byte(char c, struct buffer *out)
{
	unsigned int byte = (unsigned char)c;

	if (c == '"' || c == '\\')
		return buffer_printf(out, "\\%c", c);
	if (byte < 0x20 || byte == 0x7f)
		return buffer_printf(out, "\\x%02x", byte);
	return buffer_add_byte(out, c);
}

static int
print_word(struct text word, struct buffer *out)
{
	size_t i;
	int error;

	/* As a value, the plain word would say something else. */
	if (is_plain(word) && !text_equal(word, unknown_word))
		return buffer_add_text(out, word);
	error = buffer_add_byte(out, '"');
	for (i = 0; i < word.len && error == 0; i++)
		error = print_byte(word.data[i], out);
	return error != 0 ? error : buffer_add_byte(out, '"');
}

static int
print_answer(const struct frame_fact *fact, struct buffer *out)
{
	size_t i;
	int error = 0;

	if (fact->outcome != FACT_KNOWN) {
		error = buffer_printf(out, " unknown");
		if (error != 0 || text_is_empty(fact->reason))
			return error;
		error = buffer_add_byte(out, ' ');
		return error != 0 ? error : print_word(fact->reason, out);
	}
	for (i = 0; i < fact->value_count && error == 0; i++) {
		error = buffer_printf(out, i == 0 ? " " : ", ");
		if (error == 0)
			error = print_word(fact->values[i], out);
	}
	return error;
}

int
fact_print(const struct frame_fact *fact, struct buffer *out)
{
	const struct fact_definition *kind = fact_definition(fact->kind);
	size_t before = buffer_len(out);
	int error;

	require(kind != NULL);
	error = buffer_printf(out, "%s ", kind->name);
	if (error == 0)
		error = print_word(fact->source, out);
	if (error == 0)
		error = buffer_add_byte(out, ' ');
	if (error == 0)
		error = print_word(fact->subject, out);
	if (error == 0)
		error = buffer_printf(out, " =");
	if (error == 0)
		error = print_answer(fact, out);
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
