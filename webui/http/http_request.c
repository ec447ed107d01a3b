/*
 * Request heads.  Every process that speaks HTTP; RFC 9112.
 */
#include "webui/http/http_request.h"

#include <string.h>

#include "webui/http/http_request_target.h"

static const struct text methods[HTTP_METHODS] = {
	[HTTP_GET] = TEXT_INIT("GET"),
	[HTTP_HEAD] = TEXT_INIT("HEAD"),
	[HTTP_POST] = TEXT_INIT("POST"),
	[HTTP_PUT] = TEXT_INIT("PUT"),
	[HTTP_DELETE] = TEXT_INIT("DELETE"),
};
#define OF(method) (1u << HTTP_##method)
#define MUST_SAY_LENGTH (OF(POST) | OF(PUT))
#define BODILESS (OF(GET) | OF(HEAD))

static int
refuse(unsigned int *status, unsigned int with)
{
	*status = with;
	return with == 431 || with == 414 ? ERROR_LIMIT : ERROR_MALFORMED;
}

/* ---- where the head ends ---- */

static bool
is_too_long(const struct http_request_scan *scan, size_t end)
{
	return scan->lines == 0 && end - scan->line > HTTP_REQUEST_LINE_MAX;
}

/* A line that ends with the LF at end; true when it is the empty last. */
static int
take_line(struct http_request_scan *scan, struct text input, size_t end,
	bool *last, unsigned int *status)
{
	if (is_too_long(scan, end))
		return refuse(status, 414);
	if (end + 1 > HTTP_REQUEST_HEAD_MAX)
		return refuse(status, 431);
	if (end == scan->line || input.data[end - 1] != '\r')
		return refuse(status, 400);
	if (end - scan->line > 1) {
		scan->lines++;
	} else if (scan->lines > 0) {
		*last = true;
	} else if (scan->line > 0) {
		/* RFC 9112 2.2: one empty line before the request, no more. */
		return refuse(status, 400);
	}
	scan->line = end + 1;
	return 0;
}

int
http_request_find_end(struct http_request_scan *scan, struct text input,
	size_t *len, unsigned int *status)
{
	bool last = false;
	size_t found;

	while (!last) {
		found = scan->at + text_find_byte(text_skip(input, scan->at),
		    '\n');
		if (found >= input.len)
			break;
		scan->at = found + 1;
		if (take_line(scan, input, found, &last, status) < 0)
			return *status == 400 ? ERROR_MALFORMED : ERROR_LIMIT;
	}
	if (last) {
		*len = scan->at;
		return 0;
	}
	scan->at = input.len;
	if (is_too_long(scan, input.len))
		return refuse(status, 414);
	if (input.len >= HTTP_REQUEST_HEAD_MAX)
		return refuse(status, 431);
	return ERROR_AGAIN;
}

/* ---- lines ---- */

static const char token_marks[] = "!#$%&'*+-.^_`|~";

/* RFC 9110 5.6.2 */
static bool
is_token(struct text t)
{
	struct text marks = text_from(token_marks);
	size_t i;

	for (i = 0; i < t.len; i++)
		if (!text_is_alnum(t.data[i]) &&
		    text_find_byte(marks, t.data[i]) == marks.len)
			return false;
	return t.len > 0;
}

/* RFC 9110 5.5: no controls but the tab. */
static bool
is_field_value(struct text t)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < t.len; i++) {
		c = (unsigned char)t.data[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* The next line without its CRLF; false where there is a bare CR. */
static bool
next_line(struct text *rest, struct text *line)
{
	size_t end = text_find_byte(*rest, '\n');

	*line = text_slice(*rest, 0, end > 0 ? end - 1 : 0);
	*rest = text_skip(*rest, end + 1);
	return text_find_byte(*line, '\r') == line->len;
}

static int
parse_field(struct http_request *request, struct text line,
	unsigned int *status)
{
	struct http_request_field *field;
	size_t colon = text_find_byte(line, ':');

	if (request->field_count == HTTP_REQUEST_FIELDS_MAX)
		return refuse(status, 431);
	field = &request->fields[request->field_count];
	field->name = text_slice(line, 0, colon);
	field->value = text_trim(text_skip(line, colon + 1));
	if (colon == line.len || !is_token(field->name) ||
	    !is_field_value(field->value))
		return refuse(status, 400);
	request->field_count++;
	return 0;
}

size_t
http_request_count(const struct http_request *request, const char *name)
{
	size_t i, count = 0;

	for (i = 0; i < request->field_count; i++)
		if (text_equal_nocase(request->fields[i].name,
		    text_from(name)))
			count++;
	return count;
}

struct text
http_request_find(const struct http_request *request, const char *name)
{
	struct text found = TEXT_EMPTY;
	size_t i, count = 0;

	for (i = 0; i < request->field_count; i++) {
		if (text_equal_nocase(request->fields[i].name,
		    text_from(name)) && count++ == 0)
			found = request->fields[i].value;
	}
	return count == 1 ? found : TEXT_EMPTY;
}

struct text
http_request_find_cookie(struct text cookies, struct text name)
{
	struct text rest = cookies, pair, value;
	size_t equals;

	while (text_split(&rest, ';', &pair)) {
		pair = text_trim(pair);
		equals = text_find_byte(pair, '=');
		if (equals == pair.len ||
		    !text_equal(text_slice(pair, 0, equals), name))
			continue;
		value = text_skip(pair, equals + 1);
		if (value.len >= 2 && value.data[0] == '"' &&
		    value.data[value.len - 1] == '"')
			value = text_slice(value, 1, value.len - 2);
		return value;
	}
	return TEXT_EMPTY;
}

/* ---- the request line ---- */

static int
parse_method(struct text word, enum http_method *out, unsigned int *status)
{
	size_t i;

	for (i = 0; i < HTTP_METHODS; i++) {
		if (text_equal(methods[i], word)) {
			*out = (enum http_method)i;
			return 0;
		}
	}
	return refuse(status, is_token(word) ? 501 : 400);
}

/* RFC 9112 2.3: two digits, case matters. */
static int
parse_version(struct text word, uint8_t *minor, unsigned int *status)
{
	if (word.len != 8 || !text_starts(word, TEXT("HTTP/")) ||
	    !text_is_digit(word.data[5]) || word.data[6] != '.' ||
	    !text_is_digit(word.data[7]))
		return refuse(status, 400);
	if (word.data[5] != '1')
		return refuse(status, 505);
	*minor = word.data[7] == '0' ? 0 : 1;
	return 0;
}

/* Exactly two spaces; the target is parsed when Host is known. */
static int
parse_request_line(struct http_request *request, struct text line,
	struct text *target, unsigned int *status)
{
	struct text rest = line, method, version;

	if (!text_split(&rest, ' ', &method) ||
	    !text_split(&rest, ' ', target) ||
	    !text_split(&rest, ' ', &version) || rest.data != NULL)
		return refuse(status, 400);
	if (parse_version(version, &request->minor, status) < 0)
		return ERROR_MALFORMED;
	return parse_method(method, &request->method, status);
}

/* ---- framing ---- */

/* RFC 9112 6: one length or one coding, never both. */
static int
parse_framing(struct http_request *request, unsigned int *status)
{
	size_t lengths = http_request_count(request, "Content-Length");
	size_t codings = http_request_count(request, "Transfer-Encoding");
	unsigned int method = 1u << request->method;
	uint64_t length = 0;

	if (lengths + codings > 1 || (codings > 0 && request->minor == 0))
		return refuse(status, 400);
	if (codings > 0 && !text_equal_nocase(http_request_find(request,
	    "Transfer-Encoding"), TEXT("chunked")))
		return refuse(status, 501);
	if (lengths > 0 && text_parse_u64(http_request_find(request,
	    "Content-Length"), INT64_MAX, &length) < 0)
		return refuse(status, 400);
	if (lengths + codings == 0 && (method & MUST_SAY_LENGTH) != 0)
		return refuse(status, 411);
	if ((method & BODILESS) != 0 && (codings > 0 || length > 0))
		return refuse(status, 400);
	request->is_chunked = codings > 0;
	request->length = codings > 0 ? -1 : (int64_t)length;
	return 0;
}

static bool
connection_says(const struct http_request *request, struct text wanted)
{
	struct text rest, option;
	size_t i;

	for (i = 0; i < request->field_count; i++) {
		if (!text_equal_nocase(request->fields[i].name,
		    TEXT("Connection")))
			continue;
		rest = request->fields[i].value;
		while (text_split(&rest, ',', &option))
			if (text_equal_nocase(text_trim(option), wanted))
				return true;
	}
	return false;
}

static int
parse_expectation(struct http_request *request, unsigned int *status)
{
	size_t count = http_request_count(request, "Expect");
	bool known = text_equal_nocase(http_request_find(request, "Expect"),
	    TEXT("100-continue"));

	if (count == 0)
		return 0;
	if (!known)
		return refuse(status, 417);
	/* RFC 9110 10.1.1: ignored in HTTP/1.0. */
	request->expects_continue = request->minor > 0;
	return 0;
}

static int
parse_host(const struct http_request *request, struct text *host,
	unsigned int *status)
{
	size_t count = http_request_count(request, "Host");

	*host = http_request_find(request, "Host");
	/* RFC 9112 3.2 */
	if (count > 1 || (count == 0 && request->minor > 0) ||
	    (count == 1 && !http_request_host_is_valid(*host)))
		return refuse(status, 400);
	return 0;
}

static int
parse_fields(struct http_request *request, struct text rest,
	unsigned int *status)
{
	struct text line;
	int error;

	while (rest.len > 2) {
		if (!next_line(&rest, &line))
			return refuse(status, 400);
		error = parse_field(request, line, status);
		if (error < 0)
			return error;
	}
	return 0;
}

int
http_request_parse(char *head, size_t len, struct http_request *out,
	unsigned int *status)
{
	struct text rest = text_of(head, len), line, target, host;
	int error;

	memset(out, 0, sizeof(*out));
	if (text_starts(rest, TEXT("\r\n")))
		rest = text_skip(rest, 2);
	if (!next_line(&rest, &line))
		return refuse(status, 400);
	error = parse_request_line(out, line, &target, status);
	if (error == 0)
		error = parse_fields(out, rest, status);
	if (error == 0)
		error = parse_host(out, &host, status);
	if (error == 0)
		error = parse_framing(out, status);
	if (error == 0)
		error = parse_expectation(out, status);
	if (error < 0)
		return error;
	if (http_request_target_parse(head + (target.data - head), target.len,
	    host, &out->path, &out->query) < 0)
		return refuse(status, 400);
	out->keep_alive = !connection_says(out, TEXT("close")) &&
	    (out->minor > 0 || connection_says(out, TEXT("keep-alive")));
	return 0;
}
