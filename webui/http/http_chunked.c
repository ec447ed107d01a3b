/*
 * The chunked coding as a machine of bytes; only content goes in runs.
 */
#include "webui/http/http_chunked.h"

#include "webui/http/http_percent.h"

#define SIZE_MAX_SHIFTABLE (UINT64_MAX >> 8)

enum chunked_state {
	CHUNKED_SIZE,
	CHUNKED_EXTENSION,
	CHUNKED_SIZE_LF,
	CHUNKED_DATA,
	CHUNKED_DATA_CR,
	CHUNKED_DATA_LF,
	CHUNKED_TRAILER,
	CHUNKED_TRAILER_LF,
	CHUNKED_DONE,
	CHUNKED_STATES
};

static int
count_line(struct http_chunked *chunked, size_t max)
{
	return ++chunked->line_len > max ? ERROR_LIMIT : 0;
}

static int
on_size(struct http_chunked *chunked, char c)
{
	int digit = http_percent_digit(c);

	if (count_line(chunked, HTTP_CHUNKED_LINE_MAX) < 0)
		return ERROR_LIMIT;
	if (digit >= 0) {
		if (chunked->left > SIZE_MAX_SHIFTABLE)
			return ERROR_LIMIT;
		chunked->left = chunked->left * 16 + (uint64_t)digit;
		chunked->has_digit = true;
		return 0;
	}
	if (!chunked->has_digit || (c != '\r' && c != ';'))
		return ERROR_MALFORMED;
	chunked->state = c == '\r' ? CHUNKED_SIZE_LF : CHUNKED_EXTENSION;
	return 0;
}

static int
on_extension(struct http_chunked *chunked, char c)
{
	if (count_line(chunked, HTTP_CHUNKED_LINE_MAX) < 0)
		return ERROR_LIMIT;
	if (c == '\r')
		chunked->state = CHUNKED_SIZE_LF;
	else if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
		return ERROR_MALFORMED;
	return 0;
}

static int
on_size_lf(struct http_chunked *chunked, char c)
{
	if (c != '\n')
		return ERROR_MALFORMED;
	chunked->state = chunked->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER;
	chunked->line_len = 0;
	chunked->has_digit = false;
	chunked->is_line_empty = true;
	return 0;
}

static int
on_data_cr(struct http_chunked *chunked, char c)
{
	chunked->state = CHUNKED_DATA_LF;
	return c == '\r' ? 0 : ERROR_MALFORMED;
}

static int
on_data_lf(struct http_chunked *chunked, char c)
{
	chunked->state = CHUNKED_SIZE;
	return c == '\n' ? 0 : ERROR_MALFORMED;
}

static int
on_trailer(struct http_chunked *chunked, char c)
{
	if (count_line(chunked, HTTP_CHUNKED_TRAILER_MAX) < 0)
		return ERROR_LIMIT;
	if (c == '\r') {
		chunked->state = CHUNKED_TRAILER_LF;
		return 0;
	}
	if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
		return ERROR_MALFORMED;
	chunked->is_line_empty = false;
	return 0;
}

static int
on_trailer_lf(struct http_chunked *chunked, char c)
{
	chunked->state = chunked->is_line_empty ? CHUNKED_DONE :
	    CHUNKED_TRAILER;
	chunked->is_line_empty = true;
	return c == '\n' ? 0 : ERROR_MALFORMED;
}

static int (*const steps[CHUNKED_STATES])(struct http_chunked *chunked,
	char c) = {
	[CHUNKED_SIZE] = on_size,
	[CHUNKED_EXTENSION] = on_extension,
	[CHUNKED_SIZE_LF] = on_size_lf,
	[CHUNKED_DATA_CR] = on_data_cr,
	[CHUNKED_DATA_LF] = on_data_lf,
	[CHUNKED_TRAILER] = on_trailer,
	[CHUNKED_TRAILER_LF] = on_trailer_lf,
};

static size_t
take_data(struct http_chunked *chunked, struct text input, struct text *piece)
{
	*piece = input;
	if (piece->len > chunked->left)
		piece->len = (size_t)chunked->left;
	chunked->left -= piece->len;
	if (chunked->left == 0)
		chunked->state = CHUNKED_DATA_CR;
	return piece->len;
}

int
http_chunked_take(struct http_chunked *chunked, struct text input,
	size_t *used, struct text *piece)
{
	size_t at = 0;
	int error = 0;

	*piece = TEXT_EMPTY;
	while (error == 0 && at < input.len &&
	    chunked->state != CHUNKED_DONE) {
		if (chunked->state == CHUNKED_DATA) {
			at += take_data(chunked, text_skip(input, at), piece);
			break;
		}
		error = steps[chunked->state](chunked, input.data[at++]);
	}
	*used = at;
	return error;
}

bool
http_chunked_is_done(const struct http_chunked *chunked)
{
	return chunked->state == CHUNKED_DONE;
}
