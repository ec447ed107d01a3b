/*
 * Templates with action variables.
 */
#include "policy/filter_variable.h"

#include "gateway/mail/html_escape.h"
#include "gateway/mail/utf8.h"
#include "policy/filter_variable_private.h"

#define NAME_MAX_BYTES 40

const struct filter_variable *
filter_variable_at(size_t index)
{
	const struct filter_variable_row *row =
	    filter_variable_row_at(index);

	return row == NULL ? NULL : &row->shown;
}

static bool
is_name_byte(char c)
{
	return text_is_alpha(c) || c == '_';
}

static const struct filter_variable_row *
find_variable(struct text name)
{
	const struct filter_variable_row *row;
	char plain[NAME_MAX_BYTES];
	size_t i, len = 0;

	for (i = 0; i < name.len; i++) {
		if (name.data[i] == '_')
			continue;
		if (len == sizeof(plain))
			return NULL;
		plain[len++] = name.data[i];
	}
	for (i = 0; (row = filter_variable_row_at(i)) != NULL; i++)
		if (text_equal_nocase(text_of(plain, len),
		    text_from(row->shown.name)))
			return row;
	return NULL;
}

/* "['NAME']" or the same with double quotes: its length, or 0. */
static size_t
take_argument(struct text rest, struct text *argument)
{
	size_t end;

	if (rest.len < 4 || rest.data[0] != '[' ||
	    (rest.data[1] != '\'' && rest.data[1] != '"'))
		return 0;
	*argument = text_skip(rest, 2);
	end = text_find_byte(*argument, rest.data[1]);
	if (end + 1 >= argument->len || argument->data[end + 1] != ']')
		return 0;
	*argument = text_slice(*argument, 0, end);
	return end + 4;
}

/* A variable at the beginning of rest, behind its "$"; its length, or 0. */
static size_t
take_variable(struct text rest, const struct filter_variable_row **out,
	struct text *argument)
{
	size_t len = 0, more = 0;

	while (len < rest.len && is_name_byte(rest.data[len]))
		len++;
	*argument = TEXT_EMPTY;
	*out = find_variable(text_slice(rest, 0, len));
	if (*out == NULL || (*out)->trait != FILTER_VARIABLE_ARGUMENT)
		return *out == NULL ? 0 : len;
	more = take_argument(text_skip(rest, len), argument);
	return more == 0 ? 0 : len + more;
}

const struct filter_variable *
filter_variable_whole(struct text t, struct text *argument)
{
	const struct filter_variable_row *variable = NULL;
	size_t len;

	if (t.len < 2 || t.data[0] != '$')
		return NULL;
	len = take_variable(text_skip(t, 1), &variable, argument);
	return len + 1 == t.len ? &variable->shown : NULL;
}

int
filter_variable_ask(struct text template, const struct envelope *envelope,
	struct fact_list *wanted)
{
	const struct filter_variable_row *variable = NULL;
	struct text argument;
	int error = 0;

	while (error == 0 && template.len > 0) {
		template = text_skip(template,
		    text_find_byte(template, '$') + 1);
		if (take_variable(template, &variable, &argument) > 0 &&
		    variable->trait == FILTER_VARIABLE_HOST_NAME)
			error = fact_list_add(wanted, FACT_HOST_NAME,
			    TEXT_EMPTY, envelope->client);
	}
	return error;
}

/* Words of a template up to a variable, and that. */
struct piece {
	struct text words;
	const struct filter_variable_row *variable;	/* NULL: none */
	struct text argument;
	struct text unknown;	/* what looks like the name of one */
};

/* False at the end of the template. */
static bool
take_piece(struct text *template, struct piece *out)
{
	size_t at = text_find_byte(*template, '$'), len, name = 0;
	struct text rest = text_skip(*template, at + 1);

	*out = (struct piece){ .words = text_slice(*template, 0, at),
		.unknown = TEXT_EMPTY };
	if (template->len == 0)
		return false;
	len = take_variable(rest, &out->variable, &out->argument);
	if (len == 0 && at < template->len) {
		/* It stays as it is written. */
		out->words = text_slice(*template, 0, at + 1);
		out->variable = NULL;
		while (name < rest.len && is_name_byte(rest.data[name]))
			name++;
		out->unknown = text_slice(rest, 0, name);
	}
	*template = text_skip(rest, len);
	return true;
}

static int
expand(struct filter_judge *judge, struct text template, struct buffer *out)
{
	struct piece piece;
	int error = 0;

	while (error == 0 && take_piece(&template, &piece)) {
		error = filter_variable_add(out, piece.words);
		if (error == 0 && piece.variable != NULL)
			error = piece.variable->print(judge, piece.argument,
			    out);
	}
	return error;
}

bool
filter_variable_find_unknown(struct text template, struct text *name)
{
	struct piece piece;

	while (take_piece(&template, &piece)) {
		*name = piece.unknown;
		if (piece.unknown.len > 0)
			return true;
	}
	return false;
}

/* A character that would end or hide a line. */
static bool
is_control(uint32_t point)
{
	return point < ' ' || (point >= 0x7f && point < 0xa0) ||
	    point == 0x2028 || point == 0x2029;
}

/* One line, whole characters, at most most bytes. */
static int
clean(struct text t, size_t most, struct buffer *out)
{
	bool is_space = true;
	uint32_t point = 0;
	size_t len;
	int error = 0;

	for (; error == 0 && t.len > 0; t = text_skip(t, len)) {
		struct text shown;

		len = utf8_next(t, &point);
		shown = text_slice(t, 0, len);
		if (len == 0) {
			shown = TEXT("?");
			len = 1;
		} else if (is_control(point)) {
			/* A folded line end becomes one space. */
			shown = is_space ? TEXT_EMPTY : TEXT(" ");
		}
		if (buffer_len(out) + shown.len > most)
			break;
		if (shown.len > 0)
			is_space = shown.data[0] == ' ';
		error = buffer_add_text(out, shown);
	}
	return error;
}

int
filter_variable_expand(struct filter_judge *judge, struct text template,
	size_t most, struct text *out)
{
	struct buffer raw, line;
	int error;

	if (most > FILTER_VARIABLE_EXPANSION_MAX)
		most = FILTER_VARIABLE_EXPANSION_MAX;
	buffer_init(&raw, FILTER_VARIABLE_EXPANSION_MAX);
	buffer_init(&line, FILTER_VARIABLE_EXPANSION_MAX);
	error = expand(judge, template, &raw);
	if (error == 0)
		error = clean(buffer_text(&raw), most, &line);
	if (error == 0)
		error = arena_copy(judge->arena, buffer_text(&line), out);
	buffer_clear(&line);
	buffer_clear(&raw);
	return error;
}

/* ---- texts of several lines ---- */

static int
add_lines(struct text words, struct buffer *out)
{
	int error = 0;

	while (words.len > 0 && error == 0) {
		size_t len = text_find_byte(words, '\n');
		struct text line = text_slice(words, 0, len);

		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		error = buffer_add_text(out, line);
		if (error == 0 && len < words.len)
			error = buffer_add_text(out, TEXT("\r\n"));
		words = text_skip(words, len + 1);
	}
	return error;
}

static int
add_value(struct filter_judge *judge, const struct piece *piece,
	bool is_html, struct buffer *out)
{
	struct buffer raw, line;
	int error;

	buffer_init(&raw, FILTER_VARIABLE_EXPANSION_MAX);
	buffer_init(&line, FILTER_VARIABLE_EXPANSION_MAX);
	error = piece->variable->print(judge, piece->argument, &raw);
	if (error == 0)
		error = clean(buffer_text(&raw), FILTER_VARIABLE_VALUE_MAX,
		    &line);
	if (error == 0)
		error = is_html ? html_escape(buffer_text(&line), out) :
		    buffer_add_text(out, buffer_text(&line));
	buffer_clear(&line);
	buffer_clear(&raw);
	return error;
}

int
filter_variable_expand_lines(struct filter_judge *judge, struct text template,
	bool is_html, struct buffer *out)
{
	struct piece piece;
	int error = 0;

	while (error == 0 && take_piece(&template, &piece)) {
		error = add_lines(piece.words, out);
		if (error == 0 && piece.variable != NULL)
			error = add_value(judge, &piece, is_html, out);
	}
	return error;
}
