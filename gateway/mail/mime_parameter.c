/*
 * Structured MIME fields.  Pieces are read in one pass, then joined: a
 * parameter may come in many (RFC 2231 3), in any order.
 */
#include "gateway/mail/mime_parameter.h"

#include <string.h>

#include "gateway/base/hex.h"

#define SECTION_NONE UINT32_MAX	/* "name" or "name*" */
#define SECTION_MOST 9999	/* "name*9999" */

/* "name*3*=value" */
struct piece {
	struct text name;	/* without stars, lower case */
	uint64_t hash;		/* of the name */
	struct text value;	/* unquoted */
	uint32_t section;
	bool is_extended;	/* a star at the end */
	bool is_used;
};

struct reader {
	struct text rest;
	struct arena *arena;
	struct piece *pieces;
	size_t count;
	unsigned int flags;
};

static bool
is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || is_line_end(c);
}

/* At "(": skip the comment, nested ones too. */
static void
skip_comment(struct reader *reader)
{
	size_t depth = 0;
	size_t at = 0;

	for (; at < reader->rest.len; at++) {
		char c = reader->rest.data[at];
		if (c == '\\')
			at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	if (at >= reader->rest.len)
		reader->flags |= MIME_PARAMETER_JUNK;
	reader->rest = text_skip(reader->rest, at + 1);
}

static void
skip_gap(struct reader *reader)
{
	while (reader->rest.len > 0) {
		if (is_gap(reader->rest.data[0]))
			reader->rest = text_skip(reader->rest, 1);
		else if (reader->rest.data[0] == '(')
			skip_comment(reader);
		else
			return;
	}
}

/* Lower case, white space left out. */
static int
copy_lower(struct arena *arena, struct text t, struct text *out)
{
	char *copy = arena_array(arena, t.len, 1);
	size_t len = 0;

	if (copy == NULL)
		return ERROR_LIMIT;
	for (size_t i = 0; i < t.len; i++)
		if (!is_gap(t.data[i]))
			copy[len++] = text_lower_byte(t.data[i]);
	*out = text_of(copy, len);
	return 0;
}

/* The word before the parameters: up to ";", a comment or a gap. */
static int
read_first(struct reader *reader, struct text *out)
{
	char *copy = arena_array(reader->arena, reader->rest.len, 1);
	size_t len = 0;
	bool was_slash = true;

	if (copy == NULL)
		return ERROR_LIMIT;
	for (skip_gap(reader); reader->rest.len > 0; skip_gap(reader)) {
		size_t at = 0;
		/* "text / plain (comment)" is one word, "text plain" two. */
		if (reader->rest.data[0] == ';')
			break;
		if (!was_slash && reader->rest.data[0] != '/') {
			reader->flags |= MIME_PARAMETER_JUNK;
			break;
		}
		while (at < reader->rest.len &&
		    !is_gap(reader->rest.data[at]) &&
		    memchr(";(", reader->rest.data[at], 2) == NULL)
			copy[len++] = text_lower_byte(reader->rest.data[at++]);
		reader->rest = text_skip(reader->rest, at);
		was_slash = copy[len - 1] == '/';
	}
	*out = text_of(copy, len);
	return 0;
}

/* At a quote: what stands up to the next one, raw; both are taken off. */
static struct text
take_quoted(struct reader *reader)
{
	struct text t = text_skip(reader->rest, 1);
	size_t at = 0;

	while (at < t.len && t.data[at] != '"')
		at += t.data[at] == '\\' ? 2 : 1;
	if (at >= t.len)
		reader->flags |= MIME_PARAMETER_JUNK;
	reader->rest = text_skip(t, at + 1);
	return text_slice(t, 0, at);
}

/* The same without backslashes and line ends. */
static int
read_quoted(struct reader *reader, struct text *out)
{
	struct text t = take_quoted(reader);
	char *copy = arena_array(reader->arena, t.len, 1);
	size_t len = 0;

	if (copy == NULL)
		return ERROR_LIMIT;
	for (size_t at = 0; at < t.len; at++) {
		if (is_line_end(t.data[at]))
			continue;
		if (t.data[at] == '\\' && at + 1 < t.len)
			at++;
		copy[len++] = t.data[at];
	}
	*out = text_of(copy, len);
	return 0;
}

/*
 * Without quotes: up to ";".  Spaces within belong to it, for so file names
 * are written; a comment begins only behind a space ("copy(1).txt").
 */
static int
read_bare(struct reader *reader, struct text *out)
{
	struct text t = reader->rest;
	size_t end = 0;

	while (end < t.len && t.data[end] != ';' && !(t.data[end] == '(' &&
	    end > 0 && is_gap(t.data[end - 1])))
		end++;
	reader->rest = text_skip(t, end);
	t.len = end;
	while (t.len > 0 && is_gap(t.data[t.len - 1]))
		t.len--;
	if (memchr(t.data, '\n', t.len) == NULL) {
		*out = t;
		return 0;
	}
	char *copy = arena_array(reader->arena, t.len, 1);
	size_t len = 0;
	if (copy == NULL)
		return ERROR_LIMIT;
	for (size_t at = 0; at < t.len; at++)
		if (!is_line_end(t.data[at]))
			copy[len++] = t.data[at];
	*out = text_of(copy, len);
	return 0;
}

/* RFC 2231 3 and 4: "name*", "name*0", "name*0*". */
static void
split_stars(struct piece *piece)
{
	struct text name = piece->name;
	size_t star = text_find_byte(name, '*');
	struct text digits;
	uint64_t section;

	piece->section = SECTION_NONE;
	if (star == name.len || star == 0)
		return;
	digits = text_skip(name, star + 1);
	piece->is_extended = digits.len == 0;
	if (digits.len > 0 && digits.data[digits.len - 1] == '*') {
		piece->is_extended = true;
		digits.len--;
	}
	if (digits.len > 0) {
		if (text_parse_u64(digits, SECTION_MOST, &section) != 0) {
			piece->is_extended = false;
			return;
		}
		piece->section = (uint32_t)section;
	}
	piece->name = text_slice(name, 0, star);
}

/*
 * What another reader takes for the boundary: in quotes the backslashes too,
 * without quotes only what grammar allows (RFC 2046 5.1.1).  from is where
 * the value began.
 */
static void
add_other_boundary(struct reader *reader, struct text from)
{
	struct piece piece = reader->pieces[reader->count - 1];
	size_t len = 0;

	if (!text_equal(piece.name, TEXT("boundary")) ||
	    piece.section != SECTION_NONE || piece.is_extended ||
	    reader->count == MIME_PARAMETER_PIECES_MAX)
		return;
	if (from.len > 0 && from.data[0] == '"') {
		from = text_slice(from, 1, from.len - reader->rest.len - 2);
		if (text_find_byte(from, '\\') == from.len)
			return;
		piece.value = from;
	} else {
		while (len < piece.value.len && !is_gap(piece.value.data[len])
		    && memchr("(,", piece.value.data[len], 2) == NULL)
			len++;
		if (len == 0 || len == piece.value.len)
			return;
		piece.value.len = len;
	}
	piece.name = TEXT(MIME_PARAMETER_OTHER_BOUNDARY);
	piece.hash = text_hash(piece.name);
	reader->pieces[reader->count++] = piece;
}

/* One "name=value"; what is none is junk and skipped. */
static int
read_piece(struct reader *reader)
{
	struct piece piece = { 0 };
	struct text from;
	size_t at = 0;
	int error;

	while (at < reader->rest.len &&
	    memchr(";=(\"", reader->rest.data[at], 4) == NULL)
		at++;
	error = copy_lower(reader->arena, text_slice(reader->rest, 0, at),
		&piece.name);
	reader->rest = text_skip(reader->rest, at);
	skip_gap(reader);
	if (error != 0)
		return error;
	if (piece.name.len == 0 || reader->rest.len == 0 ||
	    reader->rest.data[0] != '=') {
		reader->flags |= MIME_PARAMETER_JUNK;
		return 0;
	}
	reader->rest = text_skip(reader->rest, 1);
	skip_gap(reader);
	from = reader->rest;
	if (reader->rest.len > 0 && reader->rest.data[0] == '"')
		error = read_quoted(reader, &piece.value);
	else
		error = read_bare(reader, &piece.value);
	if (error != 0)
		return error;
	split_stars(&piece);
	piece.hash = text_hash(piece.name);
	reader->pieces[reader->count++] = piece;
	add_other_boundary(reader, from);
	return 0;
}

/* Up to the next ";", quotes honoured. */
static void
skip_junk(struct reader *reader)
{
	for (skip_gap(reader); reader->rest.len > 0 &&
	    reader->rest.data[0] != ';'; skip_gap(reader)) {
		reader->flags |= MIME_PARAMETER_JUNK;
		if (reader->rest.data[0] == '"')
			(void)take_quoted(reader);
		else
			reader->rest = text_skip(reader->rest, 1);
	}
}

static int
read_pieces(struct reader *reader)
{
	int error = 0;

	while (error == 0 && reader->rest.len > 0) {
		skip_gap(reader);
		if (reader->rest.len == 0)
			break;
		if (reader->rest.data[0] == ';') {
			reader->rest = text_skip(reader->rest, 1);
			continue;
		}
		if (reader->count == MIME_PARAMETER_PIECES_MAX) {
			reader->flags |= MIME_PARAMETER_TOO_MANY;
			break;
		}
		error = read_piece(reader);
		skip_junk(reader);
	}
	return error;
}

static size_t
add_percent_decoded(struct text t, char *to)
{
	size_t len = 0;

	for (size_t at = 0; at < t.len; at++) {
		uint8_t byte;
		if (t.data[at] == '%' && hex_decode(text_slice(t, at + 1, 2),
		    &byte, 1) == 0) {
			to[len++] = (char)byte;
			at += 2;
		} else {
			to[len++] = t.data[at];
		}
	}
	return len;
}

/* RFC 2231 4: charset'language'value, in the first piece. */
static struct text
take_charset(struct text value, struct text *charset)
{
	size_t first = text_find_byte(value, '\'');
	struct text rest = text_skip(value, first + 1);
	size_t second = text_find_byte(rest, '\'');

	if (first == value.len || second == rest.len)
		return value;
	*charset = text_slice(value, 0, first);
	return text_skip(rest, second + 1);
}

/* The pieces of a name, by rising section; what is equal as it came. */
static size_t
collect(struct reader *reader, const struct piece *first,
	struct piece *list[MIME_PARAMETER_PIECES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < reader->count; i++) {
		struct piece *piece = &reader->pieces[i];
		size_t at = count;
		if (piece->hash != first->hash ||
		    piece->section == SECTION_NONE ||
		    !text_equal(piece->name, first->name))
			continue;
		for (; at > 0 && list[at - 1]->section > piece->section; at--)
			list[at] = list[at - 1];
		list[at] = piece;
		count++;
	}
	return count;
}

static int
join(struct reader *reader, const struct piece *first,
	struct mime_parameter *out)
{
	struct piece *list[MIME_PARAMETER_PIECES_MAX];
	size_t count = collect(reader, first, list);
	uint32_t last = SECTION_NONE;
	size_t most = 0;
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		most += list[i]->value.len;
	char *value = arena_array(reader->arena, most, 1);
	if (value == NULL)
		return ERROR_LIMIT;
	*out = (struct mime_parameter){ .name = first->name,
		.charset = TEXT_EMPTY };
	for (size_t i = 0; i < count; i++) {
		struct piece *piece = list[i];
		struct text t = piece->value;
		piece->is_used = true;
		if (piece->section == last) {
			reader->flags |= MIME_PARAMETER_DUPLICATE;
			continue;
		}
		if (piece->is_extended && last == SECTION_NONE)
			t = take_charset(t, &out->charset);
		last = piece->section;
		if (piece->is_extended) {
			len += add_percent_decoded(t, value + len);
		} else {
			memcpy(value + len, t.data, t.len);
			len += t.len;
		}
	}
	out->value = text_of(value, len);
	return 0;
}

/* "name*=": one piece with a charset. */
static int
decode_extended(struct reader *reader, const struct piece *piece,
	struct mime_parameter *out)
{
	struct text t;
	char *value;

	*out = (struct mime_parameter){ .name = piece->name,
		.charset = TEXT_EMPTY };
	t = take_charset(piece->value, &out->charset);
	value = arena_array(reader->arena, t.len, 1);
	if (value == NULL)
		return ERROR_LIMIT;
	out->value = text_of(value, add_percent_decoded(t, value));
	return 0;
}

/*
 * The same name twice: two readers may take two values.  A plain file name
 * beside one of RFC 2231 is usual (RFC 6266 appendix D), a boundary is not.
 */
static void
check_duplicates(struct reader *reader, const struct mime_parameter *all,
	size_t plain_from, size_t count)
{
	uint64_t hashes[MIME_PARAMETER_PIECES_MAX];

	for (size_t i = 0; i < count; i++)
		hashes[i] = text_hash(all[i].name);
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++) {
			bool mixed = i < plain_from && k >= plain_from;
			if (hashes[i] != hashes[k] || (mixed &&
			    !text_equal(all[i].name, TEXT("boundary"))) ||
			    !text_equal(all[i].name, all[k].name))
				continue;
			reader->flags |= MIME_PARAMETER_DUPLICATE;
			return;
		}
}

static int
join_all(struct reader *reader, struct mime_structured *out)
{
	size_t plain_from;
	int error = 0;

	out->count = 0;
	out->parameters = arena_array(reader->arena, reader->count,
		sizeof(*out->parameters));
	if (out->parameters == NULL)
		return ERROR_LIMIT;
	for (size_t i = 0; error == 0 && i < reader->count; i++) {
		struct piece *piece = &reader->pieces[i];
		struct mime_parameter *to = &out->parameters[out->count];
		if (piece->is_used || (piece->section == SECTION_NONE &&
		    !piece->is_extended))
			continue;
		error = piece->section == SECTION_NONE ?
			decode_extended(reader, piece, to) :
			join(reader, piece, to);
		piece->is_used = true;
		out->count++;
	}
	plain_from = out->count;
	for (size_t i = 0; error == 0 && i < reader->count; i++)
		if (!reader->pieces[i].is_used)
			out->parameters[out->count++] =
				(struct mime_parameter){
				.name = reader->pieces[i].name,
				.value = reader->pieces[i].value,
				.charset = TEXT_EMPTY };
	check_duplicates(reader, out->parameters, plain_from, out->count);
	return error;
}

int
mime_structured_parse(struct text value, struct arena *arena,
	struct mime_structured *out)
{
	struct piece pieces[MIME_PARAMETER_PIECES_MAX];
	struct reader reader = { .arena = arena, .pieces = pieces,
		.rest = text_slice(value, 0, MIME_PARAMETER_BYTES_MAX) };
	int error;

	*out = (struct mime_structured){ .first = TEXT_EMPTY };
	if (value.len > MIME_PARAMETER_BYTES_MAX)
		reader.flags |= MIME_PARAMETER_TOO_MANY;
	error = read_first(&reader, &out->first);
	if (error == 0)
		error = read_pieces(&reader);
	if (error == 0)
		error = join_all(&reader, out);
	out->flags = reader.flags;
	return error;
}

struct text
mime_parameter_find(const struct mime_parameter *parameters, size_t count,
	const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(parameters[i].name, text_from(name)))
			return parameters[i].value;
	return TEXT_EMPTY;
}
