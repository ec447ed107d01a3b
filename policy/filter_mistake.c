/*
 * Mistakes in filter texts, shown where they are.
 */
#include "policy/filter_mistake.h"

#include "gateway/mail/utf8.h"

/* Columns of the line that are shown on each side of the place. */
#define SHOWN_BEFORE 50
#define SHOWN_BEHIND 25

/* One character of a line as a person sees it; broken ones are "?". */
static size_t
take_character(struct text line, struct text *shown)
{
	uint32_t point = 0;
	size_t len = utf8_next(line, &point);

	*shown = text_slice(line, 0, len);
	if (len == 0 || point < ' ' || utf8_is_unsafe(point))
		*shown = TEXT("?");
	return len == 0 ? 1 : len;
}

static size_t
count_characters(struct text line)
{
	struct text shown;
	size_t count = 0;

	for (; line.len > 0; count++)
		line = text_skip(line, take_character(line, &shown));
	return count;
}

static int
print_line(struct text line, size_t column, struct buffer *out)
{
	size_t at, first = column > SHOWN_BEFORE ? column - SHOWN_BEFORE : 0;
	struct text shown;
	int error = buffer_add_text(out, TEXT("\n    "));

	for (at = 0; error == 0 && line.len > 0 && at < column + SHOWN_BEHIND;
	    at++) {
		line = text_skip(line, take_character(line, &shown));
		if (at >= first)
			error = buffer_add_text(out, shown);
	}
	if (error == 0)
		error = buffer_printf(out, "\n    %*s^",
		    (int)(column - first), "");
	return error;
}

/* The line with the place; its number from 1, the column from 0. */
static struct text
find_line(const struct filter_mistake *mistake, struct text source,
	size_t *number, size_t *column)
{
	struct text rest = source, line = TEXT_EMPTY;
	size_t start = 0;

	*number = 0;
	while (text_split(&rest, '\n', &line)) {
		++*number;
		start = (size_t)(line.data - source.data);
		if (mistake->offset <= start + line.len)
			break;
	}
	*column = count_characters(text_slice(line, 0,
	    mistake->offset - start));
	return line;
}

void
filter_mistake_place(const struct filter_mistake *mistake,
	struct text source, size_t *line, size_t *column)
{
	(void)find_line(mistake, source, line, column);
	++*column;
}

int
filter_mistake_print_words(const struct filter_mistake *mistake,
	struct text source, struct buffer *out)
{
	size_t number, column;
	struct text line = find_line(mistake, source, &number, &column);
	int error = buffer_printf(out, "%s", mistake->why.text);

	return error == 0 ? print_line(line, column, out) : error;
}

int
filter_mistake_print(const struct filter_mistake *mistake,
	struct text source, struct buffer *out)
{
	size_t number, column;
	int error = 0;

	filter_mistake_place(mistake, source, &number, &column);
	if (text_find_byte(source, '\n') < source.len)
		error = buffer_printf(out, "line %zu, ", number);
	if (error == 0)
		error = buffer_printf(out, "column %zu: ", column);
	return error == 0 ? filter_mistake_print_words(mistake, source,
	    out) : error;
}
