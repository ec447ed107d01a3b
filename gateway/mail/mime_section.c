/*
 * Header sections of a message and its parts: lines to fields (RFC 5322
 * 2.2), and what Content-Type, Content-Disposition and
 * Content-Transfer-Encoding mean (RFC 2045 5 and 6, RFC 2183).
 */
#include "gateway/mail/mime_section_private.h"

#include "gateway/mail/mime_parameter.h"

#define BOUNDARY_MAX 70		/* RFC 2046 5.1.1 */

struct encoding_name {
	struct text name;
	enum mime_encoding encoding;
};

static const struct encoding_name encodings[] = {
	{ TEXT_INIT("7bit"), MIME_ENCODING_7BIT },
	{ TEXT_INIT("8bit"), MIME_ENCODING_8BIT },
	{ TEXT_INIT("binary"), MIME_ENCODING_BINARY },
	{ TEXT_INIT("quoted-printable"), MIME_ENCODING_QUOTED_PRINTABLE },
	{ TEXT_INIT("base64"), MIME_ENCODING_BASE64 },
	{ TEXT_INIT("x-uuencode"), MIME_ENCODING_UUENCODE },
	{ TEXT_INIT("uuencode"), MIME_ENCODING_UUENCODE },
	{ TEXT_INIT("x-uue"), MIME_ENCODING_UUENCODE },
	{ TEXT_INIT("x-uu"), MIME_ENCODING_UUENCODE },
	/* Seen in the field for the first two. */
	{ TEXT_INIT("7-bit"), MIME_ENCODING_7BIT },
	{ TEXT_INIT("8-bit"), MIME_ENCODING_8BIT },
};

/* RFC 5322 3.6, RFC 2045: these stand once. */
static const struct text single_fields[] = {
	TEXT_INIT("content-type"), TEXT_INIT("content-transfer-encoding"),
	TEXT_INIT("content-disposition"), TEXT_INIT("content-id"),
	TEXT_INIT("mime-version"), TEXT_INIT("from"), TEXT_INIT("sender"),
	TEXT_INIT("reply-to"), TEXT_INIT("to"), TEXT_INIT("cc"),
	TEXT_INIT("bcc"), TEXT_INIT("message-id"), TEXT_INIT("in-reply-to"),
	TEXT_INIT("references"), TEXT_INIT("subject"), TEXT_INIT("date"),
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Bytes of the field name at the beginning of a line; 0 where none is. */
static size_t
name_len(struct text line)
{
	size_t at = 0;

	/* 8-bit and control bytes are faults that readers pass over. */
	while (at < line.len && !is_blank(line.data[at]) &&
	    line.data[at] != ':')
		at++;
	size_t len = at;
	/* RFC 5322 4.5: white space before the colon. */
	while (at < line.len && is_blank(line.data[at]))
		at++;
	return at < line.len && line.data[at] == ':' ? len : 0;
}

enum mime_section_line
mime_section_line(struct text line)
{
	if (line.len == 0)
		return MIME_SECTION_END;
	if (is_blank(line.data[0]))
		return MIME_SECTION_FOLDED;
	if (name_len(line) > 0)
		return MIME_SECTION_FIELD;
	if (text_starts(line, TEXT("From ")) ||
	    text_starts(line, TEXT(">From ")))
		return MIME_SECTION_MBOX;
	return MIME_SECTION_BAD;
}

static struct text
line_text(const struct mime_lines *lines, const struct mime_line *line)
{
	return text_of(lines->bytes.data + line->start, line->text_len);
}

static size_t
count_fields(const struct mime_lines *lines, size_t start, size_t end)
{
	size_t count = 0;

	while (start < end) {
		struct mime_line line = mime_line_at(lines, start);
		if (mime_section_line(line_text(lines, &line)) ==
		    MIME_SECTION_FIELD)
			count++;
		start = line.next;
	}
	return count;
}

static void
begin_field(const struct mime_lines *lines, const struct mime_line *line,
	struct mime_part *part)
{
	struct text t = line_text(lines, line);
	struct mime_field *field = &part->fields[part->field_count++];

	field->name = text_slice(t, 0, name_len(t));
	field->value = text_skip(t, text_find_byte(t, ':') + 1);
	field->whole = text_of(t.data, line->next - line->start);
	/* RFC 5322 2.2 */
	for (size_t i = 0; i < field->name.len; i++)
		if (field->name.data[i] <= ' ' || field->name.data[i] > '~')
			part->flags |= MIME_BAD_HEADER;
}

static void
go_on(const struct mime_lines *lines, const struct mime_line *line,
	struct mime_field *field)
{
	const char *end = lines->bytes.data + line->start + line->text_len;

	field->value.len = (size_t)(end - field->value.data);
	field->whole.len = (size_t)(lines->bytes.data + line->next -
		field->whole.data);
}

int
mime_section_fields(const struct mime_lines *lines, size_t start, size_t end,
	uint32_t *left, struct arena *arena, struct mime_part *part)
{
	size_t most = count_fields(lines, start, end);
	bool is_open = false;	/* within a field */
	bool is_kept = false;	/* and that has room in the table */

	if (most > *left) {
		part->flags |= MIME_TOO_MANY_FIELDS;
		most = *left;
	}
	*left -= (uint32_t)most;
	part->field_count = 0;
	part->fields = arena_array(arena, most, sizeof(*part->fields));
	if (part->fields == NULL)
		return ERROR_LIMIT;
	while (start < end) {
		struct mime_line line = mime_line_at(lines, start);
		enum mime_section_line kind = mime_section_line(
			line_text(lines, &line));
		start = line.next;
		is_kept = kind == MIME_SECTION_FIELD ?
			part->field_count < most : is_kept;
		is_open = kind == MIME_SECTION_FIELD ||
			(is_open && kind == MIME_SECTION_FOLDED);
		if (kind == MIME_SECTION_FIELD && is_kept)
			begin_field(lines, &line, part);
		else if (is_open && is_kept)
			go_on(lines, &line,
				&part->fields[part->field_count - 1]);
		else if (!is_open && kind != MIME_SECTION_END)
			part->flags |= MIME_BAD_HEADER;
	}
	return 0;
}

static void
check_single(struct mime_part *part)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < part->field_count; i++)
		for (size_t k = 0; k < sizeof(single_fields) /
		    sizeof(*single_fields); k++) {
			if (!text_equal_nocase(part->fields[i].name,
			    single_fields[k]))
				continue;
			if ((seen & 1u << k) != 0)
				part->flags |= MIME_DUPLICATE_FIELD;
			seen |= 1u << k;
		}
}

static bool
is_token(struct text t)
{
	static const char special[] = "()<>@,;:\\\"/[]?=";

	for (size_t i = 0; i < t.len; i++)
		if (t.data[i] <= ' ' || t.data[i] >= 127 ||
		    memchr(special, t.data[i], sizeof(special) - 1) != NULL)
			return false;
	return t.len > 0;
}

static void
note_parameters(struct mime_part *part, unsigned int flags)
{
	if ((flags & MIME_PARAMETER_DUPLICATE) != 0)
		part->flags |= MIME_DUPLICATE_PARAMETER;
	if ((flags & MIME_PARAMETER_TOO_MANY) != 0)
		part->flags |= MIME_TOO_MANY_FIELDS;
}

/*
 * The field of that name that counts: readers take the first or the last.
 * A third value is one reading too many.
 */
static const struct mime_field *
pick_field(struct mime_part *part, struct text name, struct mime_way *way)
{
	const struct mime_field *first = NULL;
	const struct mime_field *last = NULL;

	for (size_t i = 0; i < part->field_count; i++) {
		const struct mime_field *one = &part->fields[i];
		if (one->name.len != name.len ||
		    !text_equal_nocase(one->name, name))
			continue;
		if (last != NULL && last != first &&
		    !text_equal(last->value, one->value) &&
		    !text_equal(last->value, first->value))
			part->flags |= MIME_TOO_AMBIGUOUS;
		first = first == NULL ? one : first;
		last = one;
	}
	if (last == NULL || text_equal(first->value, last->value))
		return first;
	way->choices |= MIME_CHOICE_LAST_FIELD;
	return (way->reading & MIME_CHOICE_LAST_FIELD) != 0 ? last : first;
}

static int
read_type(struct mime_part *part, bool digest, struct mime_way *way,
	struct arena *arena)
{
	const struct mime_field *field = pick_field(part,
		TEXT("content-type"), way);
	struct mime_structured value;
	size_t slash;

	/* RFC 2045 5.2, RFC 2046 5.1.5 */
	part->type = digest ? TEXT("message") : TEXT("text");
	part->subtype = digest ? TEXT("rfc822") : TEXT("plain");
	part->type_value = TEXT_EMPTY;
	if (field == NULL)
		return 0;
	part->type_value = field->value;
	if (mime_structured_parse(field->value, arena, &value) != 0)
		return ERROR_LIMIT;
	note_parameters(part, value.flags);
	if ((value.flags & MIME_PARAMETER_JUNK) != 0)
		part->flags |= MIME_BAD_TYPE;
	part->parameters = value.parameters;
	part->parameter_count = value.count;
	slash = text_find_byte(value.first, '/');
	if (!is_token(text_slice(value.first, 0, slash)) ||
	    !is_token(text_skip(value.first, slash + 1))) {
		part->flags |= MIME_BAD_TYPE;
		part->type = TEXT("text");
		part->subtype = TEXT("plain");
		return 0;
	}
	part->type = text_slice(value.first, 0, slash);
	part->subtype = text_skip(value.first, slash + 1);
	return 0;
}

static int
read_disposition(struct mime_part *part, struct mime_way *way,
	struct arena *arena)
{
	const struct mime_field *field = pick_field(part,
		TEXT("content-disposition"), way);
	struct mime_structured value;

	part->disposition = part->disposition_value = TEXT_EMPTY;
	if (field == NULL)
		return 0;
	part->disposition_value = field->value;
	if (mime_structured_parse(field->value, arena, &value) != 0)
		return ERROR_LIMIT;
	note_parameters(part, value.flags);
	part->disposition = value.first;
	part->disposition_parameters = value.parameters;
	part->disposition_parameter_count = value.count;
	return 0;
}

static int
read_encoding(struct mime_part *part, struct mime_way *way,
	struct arena *arena)
{
	const struct mime_field *field = pick_field(part,
		TEXT("content-transfer-encoding"), way);
	struct mime_structured value;

	part->encoding = MIME_ENCODING_7BIT;
	if (field == NULL)
		return 0;
	if (mime_structured_parse(field->value, arena, &value) != 0)
		return ERROR_LIMIT;
	if (value.flags != 0)
		part->flags |= MIME_BAD_ENCODING;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++)
		if (text_equal(value.first, encodings[i].name)) {
			part->encoding = (uint8_t)encodings[i].encoding;
			return 0;
		}
	part->encoding = MIME_ENCODING_UNKNOWN;
	part->flags |= MIME_BAD_ENCODING;
	return 0;
}

/* Words are what separators leave; "base64base64" is none. */
static struct text
take_word(struct text *t)
{
	static const char within[] = "-_.";
	size_t start = 0;
	size_t end;

	while (start < t->len && !text_is_alnum(t->data[start]))
		start++;
	end = start;
	while (end < t->len && (text_is_alnum(t->data[end]) ||
	    memchr(within, t->data[end], sizeof(within) - 1) != NULL))
		end++;
	struct text word = text_slice(*t, start, end - start);
	*t = text_skip(*t, end);
	return word;
}

uint32_t
mime_section_encodings(struct text value)
{
	uint32_t found = 0;

	value = text_slice(value, 0, MIME_PARAMETER_BYTES_MAX);
	while (value.len > 0) {
		struct text word = take_word(&value);
		for (size_t i = 0; i < sizeof(encodings) /
		    sizeof(*encodings); i++)
			if (text_equal_nocase(word, encodings[i].name))
				found |= 1u << encodings[i].encoding;
	}
	return found;
}

static bool
is_identity(uint8_t encoding)
{
	return encoding <= MIME_ENCODING_BINARY;
}

int
mime_section_meaning(struct mime_part *part, bool digest,
	struct mime_way *way, struct arena *arena)
{
	struct mime_way encoding = *way;
	bool is_rfc822;
	bool is_global;

	check_single(part);
	if (read_type(part, digest, way, arena) != 0 ||
	    read_disposition(part, way, arena) != 0 ||
	    read_encoding(part, &encoding, arena) != 0)
		return ERROR_LIMIT;
	/* Of a leaf the content is decoded by every encoding it names. */
	if (mime_part_is(part, "message", NULL))
		way->choices |= encoding.choices;
	part->is_multipart = mime_part_is(part, "multipart", NULL);
	is_rfc822 = mime_part_is(part, "message", "rfc822");
	is_global = mime_part_is(part, "message", "global");
	/* What is encoded has no parts that are ranges: a leaf. */
	part->is_message = (is_rfc822 || is_global) &&
		is_identity(part->encoding);
	/* RFC 2045 6.4, RFC 2046 5.2.1; RFC 6532 3.5 allows it for global */
	if (!is_identity(part->encoding) && (part->is_multipart || is_rfc822))
		part->flags |= MIME_BAD_ENCODING;
	return 0;
}

/* RFC 2046 5.1.1: bchars */
static bool
is_boundary_byte(char c)
{
	static const char others[] = "'()+_,-./:=? ";

	return text_is_alnum(c) ||
		memchr(others, c, sizeof(others) - 1) != NULL;
}

/* One of the boundaries that a multipart names, and what is odd in that. */
static struct text
pick_boundary(struct mime_part *part, struct mime_way *way)
{
	const struct text *first = NULL;
	const struct text *last = NULL;

	for (size_t i = 0; i < part->parameter_count; i++) {
		const struct text *one = &part->parameters[i].value;
		struct text name = part->parameters[i].name;
		if (!text_equal(name, TEXT("boundary")) &&
		    !text_equal(name, TEXT(MIME_PARAMETER_OTHER_BOUNDARY)))
			continue;
		if (last != NULL && last != first &&
		    !text_equal(*last, *one) && !text_equal(*last, *first))
			part->flags |= MIME_TOO_AMBIGUOUS;
		first = first == NULL ? one : first;
		last = one;
	}
	if (last == NULL)
		return TEXT_EMPTY;
	if (text_equal(*first, *last))
		return *first;
	way->choices |= MIME_CHOICE_LAST_BOUNDARY;
	return (way->reading & MIME_CHOICE_LAST_BOUNDARY) != 0 ? *last :
		*first;
}

bool
mime_section_boundary(struct mime_part *part, struct mime_way *way,
	struct text *boundary)
{
	struct text t = pick_boundary(part, way);

	for (size_t i = 0; i < t.len; i++)
		if (!is_boundary_byte(t.data[i]))
			part->flags |= MIME_BAD_BOUNDARY;
	if (t.len > BOUNDARY_MAX ||
	    (t.len > 0 && is_blank(t.data[t.len - 1])))
		part->flags |= MIME_BAD_BOUNDARY;
	*boundary = t;
	if (text_trim(t).len > 0)
		return true;
	part->flags |= MIME_NO_BOUNDARY;
	for (size_t i = 0; i < part->parameter_count; i++)
		if (text_equal(part->parameters[i].name, TEXT("boundary")))
			part->flags |= MIME_BAD_BOUNDARY;
	return false;
}
