/*
 * Parts of a message written anew: header sections field by field, bodies in
 * their transfer encoding (RFC 2045 5 and 6, RFC 2231).
 */
#include "gateway/mail/mime_write_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/crc32c.h"
#include "gateway/mail/base64.h"
#include "gateway/mail/quoted_printable.h"
#include "gateway/mail/utf8.h"

#define EOL TEXT("\r\n")
#define BASE64_LINE 76
#define QUOTED_MAX 200		/* a value in quotes; longer in pieces */
#define PIECE_MAX 40		/* bytes of a piece, before they are encoded */
#define BOUNDARY_TRIES 16

/* ---- header sections ---- */

static bool
is_content(struct text name)
{
	return text_starts_nocase(name, TEXT("Content-"));
}

static size_t
find_field(const struct mime_write_field *fields, size_t count,
	struct text name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal_nocase(name, text_from(fields[i].name)))
			break;
	return i;
}

static bool
ends_with(struct text t, struct text end)
{
	return t.len >= end.len && text_equal(text_skip(t, t.len - end.len),
	    end);
}

/*
 * The part's header section without the empty line at its end, which is
 * looked for behind the last field: that may end in strange bytes.
 */
static struct text
without_empty_line(const struct mime_part *part)
{
	struct text header = part->header, tail = header;

	if (part->field_count > 0) {
		struct text last = part->fields[part->field_count - 1].whole;

		tail = text_skip(header, (size_t)(last.data + last.len -
		    header.data));
	}
	if (text_equal(tail, EOL) || ends_with(tail, TEXT("\n\r\n")))
		header.len -= 2;
	else if (text_equal(tail, TEXT("\n")) ||
	    ends_with(tail, TEXT("\n\n")))
		header.len--;
	return header;
}

static int
end_line(struct buffer *out, size_t from)
{
	struct text so_far = text_skip(buffer_text(out), from);

	if (so_far.len == 0 || so_far.data[so_far.len - 1] == '\n')
		return 0;
	return buffer_add_text(out, EOL);
}

int
mime_write_header(const struct mime_part *part, bool without_content,
	const struct mime_write_field *fields, size_t count,
	struct buffer *out)
{
	struct text header = without_empty_line(part);
	bool written[MIME_WRITE_FIELDS_MAX] = { false };
	size_t i, k, at = 0, from = buffer_len(out);
	int error = 0;

	require(count <= MIME_WRITE_FIELDS_MAX);
	for (i = 0; i < part->field_count && error == 0; i++) {
		const struct mime_field *field = &part->fields[i];
		size_t start = (size_t)(field->whole.data - header.data);

		k = find_field(fields, count, field->name);
		if (k == count && !(without_content &&
		    is_content(field->name)))
			continue;
		error = buffer_add_text(out, text_slice(header, at,
		    start - at));
		if (error == 0 && k < count && !written[k])
			error = buffer_add_text(out, fields[k].whole);
		if (k < count)
			written[k] = true;
		at = start + field->whole.len;
	}
	if (error == 0)
		error = buffer_add_text(out, text_skip(header, at));
	if (error == 0)
		error = end_line(out, from);
	for (k = 0; k < count && error == 0; k++)
		if (!written[k])
			error = buffer_add_text(out, fields[k].whole);
	return error == 0 ? buffer_add_text(out, EOL) : error;
}

int
mime_write_content_fields(const struct mime_part *part, struct buffer *out)
{
	size_t i, from = buffer_len(out);
	int error = 0;

	for (i = 0; i < part->field_count && error == 0; i++)
		if (is_content(part->fields[i].name)) {
			error = buffer_add_text(out, part->fields[i].whole);
			if (error == 0)
				error = end_line(out, from);
		}
	return error;
}

/* ---- Content-Type ---- */

static bool
is_quotable(struct text value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	return value.len <= QUOTED_MAX;
}

static int
add_quoted(struct text name, struct text value, struct buffer *out)
{
	size_t i;
	int error = buffer_printf(out, ";\r\n\t%.*s=\"", TEXT_ARG(name));

	for (i = 0; i < value.len && error == 0; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			error = buffer_add_byte(out, '\\');
		if (error == 0)
			error = buffer_add_byte(out, value.data[i]);
	}
	return error == 0 ? buffer_add_byte(out, '"') : error;
}

/* RFC 2231 3 and 4. */
static int
add_pieces(const struct mime_parameter *parameter, struct buffer *out)
{
	struct text rest = parameter->value;
	size_t i, number;
	int error = 0;

	for (number = 0; rest.len > 0 && error == 0; number++) {
		struct text piece = text_slice(rest, 0, PIECE_MAX);

		error = buffer_printf(out, ";\r\n\t%.*s*%zu*=",
		    TEXT_ARG(parameter->name), number);
		if (error == 0 && number == 0)
			error = buffer_printf(out, "%.*s''",
			    TEXT_ARG(parameter->charset));
		for (i = 0; i < piece.len && error == 0; i++) {
			unsigned char c = (unsigned char)piece.data[i];

			error = text_is_alnum((char)c) ?
			    buffer_add_byte(out, (char)c) :
			    buffer_printf(out, "%%%02X", c);
		}
		rest = text_skip(rest, piece.len);
	}
	return error;
}

static bool
is_name(struct text name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!text_is_alnum(name.data[i]) && name.data[i] != '-' &&
		    name.data[i] != '_' && name.data[i] != '.')
			return false;
	return name.len > 0 && name.len <= PIECE_MAX;
}

static bool
is_dropped(struct text name, const char *const *dropped)
{
	for (; *dropped != NULL; dropped++)
		if (text_equal(name, text_from(*dropped)))
			return true;
	return false;
}

static int
add_parameter(const struct mime_parameter *parameter, struct buffer *out)
{
	bool is_plain = is_name(parameter->charset);

	if (!is_name(parameter->name))
		return 0;
	if (is_quotable(parameter->value))
		return add_quoted(parameter->name, parameter->value, out);
	return add_pieces(&(struct mime_parameter){ .name = parameter->name,
	    .value = parameter->value,
	    .charset = is_plain ? parameter->charset : TEXT_EMPTY }, out);
}

int
mime_write_type(const struct mime_part *part, struct text type,
	struct text subtype, struct text charset, const char *const *dropped,
	struct buffer *out)
{
	size_t i;
	int error = buffer_printf(out, "Content-Type: %.*s/%.*s",
	    TEXT_ARG(type), TEXT_ARG(subtype));

	if (error == 0 && charset.len > 0)
		error = buffer_printf(out, "; charset=%.*s",
		    TEXT_ARG(charset));
	for (i = 0; i < part->parameter_count && error == 0; i++)
		if (!is_dropped(part->parameters[i].name, dropped))
			error = add_parameter(&part->parameters[i], out);
	return error == 0 ? buffer_add_text(out, EOL) : error;
}

/* ---- bodies ---- */

struct line_facts {
	size_t longest;
	bool is_8bit;
	bool is_broken;		/* CR or LF alone, or NUL */
};

static struct line_facts
look_at(struct text bytes)
{
	struct line_facts facts = { .is_8bit = !utf8_is_ascii(bytes),
		.is_broken = text_find_byte(bytes, '\0') < bytes.len };
	size_t i, len = 0;

	for (i = 0; i < bytes.len; i++, len++) {
		if (bytes.data[i] == '\n') {
			facts.is_broken = true;
		} else if (bytes.data[i] == '\r') {
			if (i + 1 == bytes.len || bytes.data[i + 1] != '\n')
				facts.is_broken = true;
			if (len > facts.longest)
				facts.longest = len;
			i += i + 1 < bytes.len && bytes.data[i + 1] == '\n';
			len = (size_t)-1;
		}
	}
	if (len > facts.longest)
		facts.longest = len;
	return facts;
}

/* Whether a line begins like a delimiter of a multipart above. */
static bool
has_delimiter(const struct mime_message *message, size_t index,
	struct text bytes)
{
	struct text rest = bytes, line;

	while (text_split(&rest, '\n', &line)) {
		size_t at = index;

		if (!text_starts(line, TEXT("--")))
			continue;
		line = text_skip(line, 2);
		while (at != 0) {
			struct text boundary;

			at = message->parts[at].parent;
			boundary = text_trim(mime_part_parameter(
			    &message->parts[at], "boundary"));
			if (boundary.len > 0 && text_starts(line, boundary))
				return true;
		}
	}
	return false;
}

static uint8_t
choose_encoding(const struct mime_message *message, size_t index,
	struct text bytes)
{
	const struct mime_part *part = &message->parts[index];
	struct line_facts before, now;

	if (part->encoding > MIME_ENCODING_BINARY)
		return part->encoding;
	before = look_at(part->body);
	now = look_at(bytes);
	if (now.is_broken || has_delimiter(message, index, bytes) ||
	    (now.longest > MIME_WRITE_LINE_MAX &&
	    before.longest <= MIME_WRITE_LINE_MAX) ||
	    (now.is_8bit && !before.is_8bit &&
	    part->encoding == MIME_ENCODING_7BIT))
		return MIME_ENCODING_QUOTED_PRINTABLE;
	return part->encoding;
}

static int
add_body(struct text bytes, uint8_t encoding, bool has_line_end,
	struct buffer *out)
{
	int error;

	if (encoding == MIME_ENCODING_QUOTED_PRINTABLE)
		return quoted_printable_encode(bytes, out);
	if (encoding != MIME_ENCODING_BASE64)
		return buffer_add_text(out, bytes);
	error = base64_encode(bytes, BASE64_LINE, out);
	/* The line end before a delimiter belongs to that. */
	if (error == 0 && !has_line_end && bytes.len > 0)
		buffer_truncate(out, buffer_len(out) - EOL.len);
	return error;
}

static const char *const encoding_names[] = {
	[MIME_ENCODING_QUOTED_PRINTABLE] = "quoted-printable",
	[MIME_ENCODING_BASE64] = "base64",
};

/* The fields that change with the body. */
static int
changed_fields(const struct mime_message *message, size_t index,
	const struct mime_write_change *change, uint8_t encoding,
	struct buffer *type, struct buffer *transfer,
	struct mime_write_field *fields)
{
	static const char *const dropped[] = { "charset", NULL };
	const struct mime_part *part = &message->parts[index];
	struct text charset = change->charset;
	size_t count = 0;
	int error = 0;

	fields[count++] = (struct mime_write_field){ "Content-MD5",
		TEXT_EMPTY };
	if (mime_write_is_root(message, index) &&
	    mime_part_field(part, "MIME-Version") == NULL &&
	    (charset.len > 0 || encoding != part->encoding))
		fields[count++] = (struct mime_write_field){ "MIME-Version",
			TEXT("MIME-Version: 1.0\r\n") };
	if (charset.len > 0) {
		error = mime_write_type(part, part->type, change->is_plain ?
		    TEXT("plain") : part->subtype, charset, dropped, type);
		fields[count++] = (struct mime_write_field){ "Content-Type",
			buffer_text(type) };
	}
	if (error == 0 && encoding != part->encoding) {
		error = buffer_printf(transfer,
		    "Content-Transfer-Encoding: %s\r\n",
		    encoding_names[encoding]);
		fields[count++] = (struct mime_write_field){
			"Content-Transfer-Encoding", buffer_text(transfer) };
	}
	return error == 0 ? (int)count : error;
}

int
mime_write_part(const struct mime_message *message, size_t index,
	const struct mime_write_change *change, struct buffer *out)
{
	const struct mime_part *part = &message->parts[index];
	struct text bytes = buffer_text(&change->bytes);
	uint8_t encoding = part->encoding;
	struct mime_write_field fields[MIME_WRITE_FIELDS_MAX];
	struct buffer type, transfer;
	int count;

	if (change->charset.len > 0 && encoding != MIME_ENCODING_BASE64)
		encoding = MIME_ENCODING_QUOTED_PRINTABLE;
	else
		encoding = choose_encoding(message, index, bytes);
	buffer_init(&type, part->header.len * 3 + 8192);
	buffer_init(&transfer, 200);
	count = changed_fields(message, index, change, encoding, &type,
	    &transfer, fields);
	if (count > 0)
		count = mime_write_header(part, false, fields,
		    (size_t)count, out);
	buffer_clear(&type);
	buffer_clear(&transfer);
	if (count != 0)
		return count;
	return add_body(bytes, encoding, part->body.len > 0 &&
	    part->body.data[part->body.len - 1] == '\n', out);
}

int
mime_write_text(struct text utf8, struct buffer *fields, struct buffer *body)
{
	struct line_facts facts = look_at(utf8);
	bool is_plain = !facts.is_8bit && !facts.is_broken &&
	    facts.longest <= MIME_WRITE_LINE_MAX &&
	    !text_starts(utf8, TEXT("--")) &&
	    text_find(utf8, TEXT("\n--")) == utf8.len;
	int error = buffer_printf(fields,
	    "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: inline\r\n",
	    facts.is_8bit ? "utf-8" : "us-ascii",
	    is_plain ? "7bit" : "quoted-printable");

	if (error != 0)
		return error;
	return is_plain ? buffer_add_text(body, utf8) :
	    quoted_printable_encode(utf8, body);
}

int
mime_write_boundary(struct text bytes, char out[MIME_WRITE_BOUNDARY_SIZE])
{
	uint32_t sum = crc32c(0, bytes.data, bytes.len);
	unsigned int i;

	for (i = 1; i <= BOUNDARY_TRIES; i++) {
		(void)snprintf(out, MIME_WRITE_BOUNDARY_SIZE,
		    "=_Postern_%08" PRIx32 "_%u", sum, i);
		if (text_find(bytes, text_from(out)) == bytes.len)
			return 0;
	}
	return ERROR_LIMIT;
}
