/*
 * The text form of terms.
 */
#include "policy/dictionary_term.h"

#include "gateway/mail/utf8.h"
#include "policy/smart_identifier.h"

static const char *const kind_names[DICTIONARY_KINDS] = {
	[DICTIONARY_WORDS] = "words",
	[DICTIONARY_PATTERN] = "pattern",
	[DICTIONARY_IDENTIFIER] = "identifier",
};

const char *
dictionary_kind_name(enum dictionary_kind kind)
{
	return kind_names[kind];
}

static int
fail(struct reason *why, const char *words)
{
	reason_set(why, "%s", words);
	return ERROR_MALFORMED;
}

/* ---- reading ---- */

static bool
is_number(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (!text_is_digit(t.data[i]))
			return false;
	return t.len > 0;
}

static int
read_weight(struct text t, struct dictionary_term *out, struct reason *why)
{
	uint64_t weight;

	if (!is_number(t) || text_parse_u64(t, DICTIONARY_WEIGHT_MAX,
	    &weight) != 0 || weight == 0)
		return fail(why, "a weight is a number from 1 to 10; a term "
		    "that ends in a comma and a number stands in quotes");
	out->weight = (unsigned int)weight;
	return 0;
}

/* What stands behind a term that ends by itself. */
static int
read_rest(struct text rest, struct dictionary_term *out, struct reason *why)
{
	rest = text_trim(rest);
	if (rest.len == 0)
		return 0;
	if (rest.data[0] != ',')
		return fail(why, "behind a term only a comma and its weight "
		    "may stand; one that begins with a quote, a slash or an "
		    "asterisk and is none stands in quotes");
	return read_weight(text_trim(text_skip(rest, 1)), out, why);
}

/* Up to that byte, with what a backslash protects; t.len: it is not there. */
static size_t
find_end(struct text t, char end)
{
	size_t at;

	for (at = 1; at < t.len && t.data[at] != end; at++)
		if (t.data[at] == '\\')
			at++;
	return at < t.len ? at : t.len;
}

static int
read_quoted(struct text line, struct arena *arena,
	struct dictionary_term *out, struct reason *why)
{
	size_t end = find_end(line, '"'), i, len = 0;
	char *words = arena_alloc(arena, line.len);

	if (words == NULL)
		return ERROR_LIMIT;
	if (end == line.len)
		return fail(why, "the quote at the beginning has no end");
	for (i = 1; i < end; i++) {
		if (line.data[i] == '\\')
			i++;
		words[len++] = line.data[i];
	}
	out->text = text_of(words, len);
	return read_rest(text_skip(line, end + 1), out, why);
}

static int
read_pattern(struct text line, struct arena *arena,
	struct dictionary_term *out, struct reason *why)
{
	size_t end = find_end(line, '/');

	(void)arena;
	if (end == line.len)
		return fail(why, "a regular expression ends with a slash; "
		    "words that begin with one stand in quotes");
	out->kind = DICTIONARY_PATTERN;
	out->text = text_slice(line, 1, end - 1);
	return read_rest(text_skip(line, end + 1), out, why);
}

static int
read_identifier(struct text line, struct arena *arena,
	struct dictionary_term *out, struct reason *why)
{
	size_t end = text_find_byte(line, ',');

	(void)arena;
	out->kind = DICTIONARY_IDENTIFIER;
	out->text = text_trim(text_slice(line, 0, end));
	if (smart_identifier_find(out->text) == NULL)
		return fail(why, "there is no smart identifier of that name; "
		    "words that begin with an asterisk stand in quotes");
	return read_rest(text_skip(line, end), out, why);
}

static int
read_words(struct text line, struct arena *arena,
	struct dictionary_term *out, struct reason *why)
{
	size_t comma = line.len;
	struct text tail;

	(void)arena;
	while (comma > 0 && line.data[comma - 1] != ',')
		comma--;
	tail = text_trim(text_skip(line, comma));
	out->text = line;
	if (comma == 0 || !is_number(tail))
		return 0;
	out->text = text_trim(text_slice(line, 0, comma - 1));
	return read_weight(tail, out, why);
}

static const struct {
	char first;
	int (*read)(struct text line, struct arena *arena,
		struct dictionary_term *out, struct reason *why);
} readers[] = {
	{ '"', read_quoted },
	{ '/', read_pattern },
	{ '*', read_identifier },
};
#define READERS (sizeof(readers) / sizeof(readers[0]))

/* What would be invisible in a list has no place in a term. */
static bool
has_control(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if ((unsigned char)t.data[i] < ' ' || t.data[i] == 0x7f)
			return true;
	return false;
}

int
dictionary_term_parse(struct text line, struct arena *arena,
	struct dictionary_term *out, struct reason *why)
{
	size_t i;
	int error;

	line = text_trim(line);
	if (line.len == 0 || line.data[0] == '#')
		return ERROR_NOT_FOUND;
	if (!utf8_is_valid(line))
		return fail(why, "it is not UTF-8");
	if (has_control(line))
		return fail(why, "it holds a control character");
	*out = (struct dictionary_term){ .kind = DICTIONARY_WORDS,
		.weight = 1 };
	for (i = 0; i < READERS && readers[i].first != line.data[0]; i++)
		continue;
	error = (i < READERS ? readers[i].read : read_words)(line, arena,
	    out, why);
	if (error != 0)
		return error;
	if (text_trim(out->text).len == 0)
		return fail(why, "the term is empty");
	if (out->text.len > DICTIONARY_TERM_BYTES)
		return fail(why, "the term is longer than 1024 bytes");
	return 0;
}

/* ---- writing ---- */

/* Whether words are read back as they are. */
static bool
is_plain(struct text words)
{
	size_t i, comma = words.len;

	if (text_trim(words).len != words.len || words.data[0] == '#')
		return false;
	for (i = 0; i < READERS; i++)
		if (words.data[0] == readers[i].first)
			return false;
	while (comma > 0 && words.data[comma - 1] != ',')
		comma--;
	return comma == 0 || !is_number(text_trim(text_skip(words, comma)));
}

static int
print_quoted(struct text words, struct buffer *out)
{
	size_t i;
	int error = buffer_add_byte(out, '"');

	for (i = 0; i < words.len && error == 0; i++) {
		if (words.data[i] == '"' || words.data[i] == '\\')
			error = buffer_add_byte(out, '\\');
		if (error == 0)
			error = buffer_add_byte(out, words.data[i]);
	}
	return error == 0 ? buffer_add_byte(out, '"') : error;
}

int
dictionary_term_print(const struct dictionary_term *term,
	struct buffer *out)
{
	size_t before = buffer_len(out);
	int error;

	if (term->kind == DICTIONARY_PATTERN)
		error = buffer_printf(out, "/%.*s/", TEXT_ARG(term->text));
	else if (term->kind == DICTIONARY_WORDS && !is_plain(term->text))
		error = print_quoted(term->text, out);
	else
		error = buffer_add_text(out, term->text);
	if (error == 0 && term->weight != 1)
		error = buffer_printf(out, ", %u", term->weight);
	if (error == 0)
		error = buffer_add_byte(out, '\n');
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}

bool
dictionary_line_next(struct text *rest, struct text *line)
{
	if (!text_split(rest, '\n', line))
		return false;
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}
