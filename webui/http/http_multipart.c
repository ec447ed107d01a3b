/*
 * Parts of a posted form.  The delimiter begins with CR, and no other byte
 * of it is one: a broken match can only begin anew at the byte at hand.
 */
#include "webui/http/http_multipart.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "gateway/base/memory.h"

#define DELIMITER_SIZE (HTTP_MULTIPART_BOUNDARY_MAX + 4)

enum multipart_state {
	MULTIPART_BEHIND,	/* a delimiter: "--" or the line's end */
	MULTIPART_HEAD,
	MULTIPART_DATA,
	MULTIPART_EPILOGUE,
	MULTIPART_STATES
};

struct http_multipart {
	const struct http_multipart_events *events;
	void *context;
	char delimiter[DELIMITER_SIZE];	/* CRLF "--" boundary */
	size_t delimiter_len;
	size_t matched;		/* bytes of the delimiter seen */
	char behind[2];
	size_t behind_len;
	char head[HTTP_MULTIPART_HEAD_MAX];
	size_t head_len;
	unsigned int parts;
	enum multipart_state state;
	bool is_preamble;	/* before the first delimiter: no data */
	int error;		/* final */
};

/* ---- parameters: name=token or name="quoted" (RFC 9110 5.6.6) ---- */

/* The end of a quoted string that begins at the quote, or t.len. */
static size_t
quoted_end(struct text t)
{
	size_t i = 1;

	while (i < t.len && t.data[i] != '"')
		i += t.data[i] == '\\' && i + 1 < t.len ? 2 : 1;
	return i < t.len ? i : t.len;
}

/*
 * The parameter of that name; false where it is missing.  Browsers write
 * quotes in names as %22, so nothing is escaped in what they send.
 */
static bool
find_parameter(struct text field, struct text name, struct text *value)
{
	size_t semicolon, equals, end;
	struct text rest;

	semicolon = text_find_byte(field, ';');
	while (semicolon < field.len) {
		rest = text_trim(text_skip(field, semicolon + 1));
		equals = text_find_byte(rest, '=');
		if (equals == rest.len)
			return false;
		*value = text_skip(rest, equals + 1);
		if (value->len > 0 && value->data[0] == '"') {
			end = quoted_end(*value);
			if (end == value->len)
				return false;
			field = text_skip(*value, end + 1);
			*value = text_slice(*value, 1, end - 1);
			semicolon = text_find_byte(field, ';');
		} else {
			field = *value;
			semicolon = text_find_byte(field, ';');
			*value = text_trim(text_slice(field, 0, semicolon));
		}
		if (text_equal_nocase(text_slice(rest, 0, equals), name))
			return true;
	}
	return false;
}

/* RFC 2046 5.1.1: bchars, no space at the end. */
static bool
is_boundary(struct text t)
{
	struct text marks = TEXT("'()+_,-./:=? ");
	size_t i;

	if (t.len == 0 || t.len > HTTP_MULTIPART_BOUNDARY_MAX ||
	    t.data[t.len - 1] == ' ')
		return false;
	for (i = 0; i < t.len; i++)
		if (!text_is_alnum(t.data[i]) &&
		    text_find_byte(marks, t.data[i]) == marks.len)
			return false;
	return true;
}

int
http_multipart_new(struct text content_type,
	const struct http_multipart_events *events, void *context,
	struct http_multipart **out)
{
	size_t end = text_find_byte(content_type, ';');
	struct http_multipart *multipart;
	struct text boundary;

	if (!text_equal_nocase(text_trim(text_slice(content_type, 0, end)),
	    TEXT("multipart/form-data")) ||
	    !find_parameter(content_type, TEXT("boundary"), &boundary) ||
	    !is_boundary(boundary))
		return ERROR_MALFORMED;
	multipart = memory_new(sizeof(*multipart));
	multipart->events = events;
	multipart->context = context;
	memcpy(multipart->delimiter, "\r\n--", 4);
	memcpy(multipart->delimiter + 4, boundary.data, boundary.len);
	multipart->delimiter_len = boundary.len + 4;
	/* The body begins as if a line had just ended. */
	multipart->state = MULTIPART_DATA;
	multipart->is_preamble = true;
	multipart->matched = 2;
	*out = multipart;
	return 0;
}

void
http_multipart_free(struct http_multipart *multipart)
{
	free(multipart);
}

bool
http_multipart_is_complete(const struct http_multipart *multipart)
{
	return multipart->error == 0 &&
	    multipart->state == MULTIPART_EPILOGUE;
}

/* ---- the head of a part ---- */

static int
begin_part(struct http_multipart *multipart, struct text disposition)
{
	size_t end = text_find_byte(disposition, ';');
	struct text name, filename = TEXT_EMPTY;
	bool is_file;

	/* RFC 7578 4.2 */
	if (!text_equal_nocase(text_trim(text_slice(disposition, 0, end)),
	    TEXT("form-data")) ||
	    !find_parameter(disposition, TEXT("name"), &name))
		return ERROR_MALFORMED;
	if (++multipart->parts > HTTP_MULTIPART_PARTS_MAX)
		return ERROR_LIMIT;
	is_file = find_parameter(disposition, TEXT("filename"), &filename);
	return multipart->events->part(multipart->context, name,
	    is_file ? filename : TEXT_EMPTY, is_file);
}

static int
parse_head(struct http_multipart *multipart)
{
	struct text rest = text_of(multipart->head, multipart->head_len);
	struct text line, disposition = TEXT_EMPTY;
	size_t colon;

	while (text_split(&rest, '\n', &line)) {
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0)
			continue;
		colon = text_find_byte(line, ':');
		if (colon == line.len || line.data[0] == ' ' ||
		    line.data[0] == '\t')
			return ERROR_MALFORMED;
		if (!text_equal_nocase(text_slice(line, 0, colon),
		    TEXT("Content-Disposition")))
			continue;
		if (disposition.len > 0)
			return ERROR_MALFORMED;
		disposition = text_trim(text_skip(line, colon + 1));
	}
	return begin_part(multipart, disposition);
}

static bool
is_head_complete(const struct http_multipart *multipart)
{
	struct text head = text_of(multipart->head, multipart->head_len);

	return text_equal(head, TEXT("\r\n")) ||
	    (head.len >= 4 && memcmp(head.data + head.len - 4, "\r\n\r\n",
	    4) == 0);
}

/* The steps take at least one byte and give how many, or an error. */

static ssize_t
step_head(struct http_multipart *multipart, struct text piece)
{
	size_t i = 0;
	int error;

	while (i < piece.len && !is_head_complete(multipart)) {
		if (multipart->head_len == sizeof(multipart->head))
			return ERROR_LIMIT;
		multipart->head[multipart->head_len++] = piece.data[i++];
	}
	if (!is_head_complete(multipart))
		return (ssize_t)i;
	error = parse_head(multipart);
	multipart->state = MULTIPART_DATA;
	multipart->is_preamble = false;
	/* An empty part's delimiter may follow the head at once. */
	multipart->matched = 0;
	return error < 0 ? error : (ssize_t)i;
}

static ssize_t
step_behind(struct http_multipart *multipart, struct text piece)
{
	multipart->behind[multipart->behind_len++] = piece.data[0];
	if (multipart->behind_len < 2)
		return 1;
	multipart->behind_len = 0;
	multipart->head_len = 0;
	if (memcmp(multipart->behind, "--", 2) == 0)
		multipart->state = MULTIPART_EPILOGUE;
	else if (memcmp(multipart->behind, "\r\n", 2) == 0)
		multipart->state = MULTIPART_HEAD;
	else
		return ERROR_MALFORMED;
	return 1;
}

/* ---- content ---- */

static int
emit(struct http_multipart *multipart, struct text data)
{
	if (data.len == 0)
		return 0;
	/* Browsers send nothing before the first boundary. */
	if (multipart->is_preamble)
		return ERROR_MALFORMED;
	return multipart->events->data(multipart->context, data);
}

static int
end_part(struct http_multipart *multipart)
{
	multipart->state = MULTIPART_BEHIND;
	multipart->matched = 0;
	return multipart->is_preamble ? 0 :
	    multipart->events->end(multipart->context);
}

/* Continue a match that began in an earlier piece. */
static ssize_t
step_carried(struct http_multipart *multipart, struct text piece)
{
	size_t carried = multipart->matched, i = 0;
	int error;

	while (i < piece.len && multipart->matched <
	    multipart->delimiter_len &&
	    piece.data[i] == multipart->delimiter[multipart->matched]) {
		multipart->matched++;
		i++;
	}
	if (multipart->matched == multipart->delimiter_len) {
		error = end_part(multipart);
		return error < 0 ? error : (ssize_t)i;
	}
	if (i == piece.len)
		return (ssize_t)i;
	/* No match: what looked like one was content. */
	multipart->matched = 0;
	error = emit(multipart, text_of(multipart->delimiter, carried));
	if (error == 0)
		error = emit(multipart, text_slice(piece, 0, i));
	return error < 0 ? error : (ssize_t)i;
}

/* How much of the delimiter stands at the beginning of t. */
static size_t
match_length(const struct http_multipart *multipart, struct text t)
{
	size_t i = 0;

	while (i < t.len && i < multipart->delimiter_len &&
	    t.data[i] == multipart->delimiter[i])
		i++;
	return i;
}

static ssize_t
step_data(struct http_multipart *multipart, struct text piece)
{
	size_t at = 0, matched = 0;
	int error;

	if (multipart->matched > 0)
		return step_carried(multipart, piece);
	for (;;) {
		at += text_find_byte(text_skip(piece, at), '\r');
		if (at == piece.len)
			break;
		matched = match_length(multipart, text_skip(piece, at));
		if (at + matched == piece.len ||
		    matched == multipart->delimiter_len)
			break;
		at += matched;
		matched = 0;
	}
	error = emit(multipart, text_slice(piece, 0, at));
	multipart->matched = matched;
	if (error == 0 && matched == multipart->delimiter_len)
		error = end_part(multipart);
	return error < 0 ? error : (ssize_t)(at + matched);
}

static ssize_t
step_epilogue(struct http_multipart *multipart, struct text piece)
{
	(void)multipart;
	return (ssize_t)piece.len;
}

static ssize_t (*const steps[MULTIPART_STATES])(
	struct http_multipart *multipart, struct text piece) = {
	[MULTIPART_BEHIND] = step_behind,
	[MULTIPART_HEAD] = step_head,
	[MULTIPART_DATA] = step_data,
	[MULTIPART_EPILOGUE] = step_epilogue,
};

int
http_multipart_feed(struct http_multipart *multipart, struct text piece)
{
	ssize_t used = 0;

	while (multipart->error == 0 && piece.len > 0) {
		used = steps[multipart->state](multipart, piece);
		if (used < 0)
			multipart->error = (int)used;
		else
			piece = text_skip(piece, (size_t)used);
	}
	return multipart->error;
}
