/*
 * Templates with action variables.
 */
#include "policy/filter_variable.h"

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

static int
expand(struct filter_judge *judge, struct text template, struct buffer *out)
{
	const struct filter_variable_row *variable = NULL;
	struct text argument;
	size_t at, len;
	int error = 0;

	while (error == 0 && template.len > 0) {
		at = text_find_byte(template, '$');
		error = filter_variable_add(out, text_slice(template, 0, at));
		template = text_skip(template, at);
		if (error != 0 || template.len == 0)
			break;
		template = text_skip(template, 1);
		len = take_variable(template, &variable, &argument);
		if (len == 0)
			error = filter_variable_add(out, TEXT("$"));
		else
			error = variable->print(judge, argument, out);
		template = text_skip(template, len);
	}
	return error;
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
