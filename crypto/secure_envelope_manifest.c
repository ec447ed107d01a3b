/*
 * The manifest: what a reader needs to show a message without being a MIME
 * parser (PROTOCOL.envelope 6).
 */
#include <string.h>

#include "crypto/secure_envelope_private.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/utf8.h"

/* Decoded text of odd charsets in one manifest; beyond it is a file. */
#define CONTENT_MAX (2u * 1024 * 1024)

/* How good a part is to be shown; in order. */
enum rank {
	RANK_NONE,
	RANK_PLAIN,
	RANK_HTML,
};

enum place {
	PLACE_NOWHERE,
	PLACE_SHOWN,
	PLACE_FILE,
};

struct plan {
	uint32_t chosen;	/* child to show, of an alternative */
	uint8_t rank;		/* enum rank, the best below it */
	bool has_child;
	bool is_inside;		/* of a message within the message */
	bool is_passed_over;	/* another alternative is shown */
};

struct manifest {
	const struct mime_message *message;
	struct plan *plans;
	struct arena *arena;
	struct buffer *out;
	size_t content_left;
	uint32_t listed;
	bool is_cut;
};

static const char *const encoding_names[] = {
	[MIME_ENCODING_7BIT] = "none",
	[MIME_ENCODING_8BIT] = "none",
	[MIME_ENCODING_BINARY] = "none",
	[MIME_ENCODING_QUOTED_PRINTABLE] = "quoted-printable",
	[MIME_ENCODING_BASE64] = "base64",
	[MIME_ENCODING_UUENCODE] = "uuencode",
	[MIME_ENCODING_UNKNOWN] = "none",
};

/* For files without a name. */
static const struct {
	const char *type;
	const char *subtype;
	const char *ending;
} endings[] = {
	{ "text", "plain", "txt" },
	{ "text", "html", "html" },
	{ "text", "calendar", "ics" },
	{ "text", "csv", "csv" },
	{ "message", "rfc822", "eml" },
	{ "message", NULL, "txt" },
	{ "application", "pdf", "pdf" },
	{ "application", "zip", "zip" },
	{ "image", "jpeg", "jpg" },
	{ "image", "png", "png" },
	{ "image", "gif", "gif" },
};

static const struct {
	const char *member;
	const char *field;
} fields[] = {
	{ "subject", "Subject" },
	{ "from", "From" },
	{ "to", "To" },
	{ "cc", "Cc" },
	{ "date", "Date" },
};

static int
json_escape(uint32_t point, struct text whole, struct buffer *out)
{
	static const struct text replacement = TEXT_INIT("\xEF\xBF\xBD");

	if (whole.len == 0)
		return buffer_add_text(out, replacement);
	if (point == '"' || point == '\\')
		return buffer_printf(out, "\\%c", (char)point);
	if (point < 32)
		return buffer_printf(out, "\\u%04x", point);
	return buffer_add_text(out, whole);
}

/* Bytes at the beginning that stand for themselves. */
static size_t
json_plain_run(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++) {
		unsigned char byte = (unsigned char)t.data[i];
		if (byte < 32 || byte > 126 || byte == '"' || byte == '\\')
			break;
	}
	return i;
}

int
secure_envelope_json_text(struct text t, struct buffer *out)
{
	int error = buffer_add_byte(out, '"');
	uint32_t point;
	size_t len;

	while (t.len > 0 && error == 0) {
		len = json_plain_run(t);
		if (len > 0) {
			error = buffer_add_text(out, text_slice(t, 0, len));
		} else {
			len = utf8_next(t, &point);
			error = json_escape(point, text_slice(t, 0, len), out);
			len = len == 0 ? 1 : len;
		}
		t = text_skip(t, len);
	}
	return error != 0 ? error : buffer_add_byte(out, '"');
}

static int
add_member(struct buffer *out, const char *member, struct text value)
{
	int error = buffer_printf(out, ",\"%s\":", member);

	return error != 0 ? error : secure_envelope_json_text(value, out);
}

static enum rank
leaf_rank(const struct mime_part *part)
{
	if (!mime_part_is_leaf(part) || mime_part_is_attachment(part))
		return RANK_NONE;
	if (mime_part_is(part, "text", "html"))
		return RANK_HTML;
	return mime_part_is(part, "text", "plain") ? RANK_PLAIN : RANK_NONE;
}

/*
 * Children stand behind their parents: backwards, everything below a part is
 * known when it is reached; forwards, everything above it.
 */
static void
make_plans(struct manifest *manifest)
{
	const struct mime_part *parts = manifest->message->parts;
	struct plan *plans = manifest->plans;
	size_t count = manifest->message->part_count;

	for (size_t i = count; i-- > 0;) {
		struct plan *above = &plans[parts[i].parent];
		if (leaf_rank(&parts[i]) > plans[i].rank)
			plans[i].rank = (uint8_t)leaf_rank(&parts[i]);
		if (i == 0 || parts[parts[i].parent].is_message)
			continue;
		above->has_child = true;
		/* RFC 2046 5.1.4: of equals, the last is the best. */
		if (plans[i].rank > above->rank || above->chosen == 0) {
			above->rank = plans[i].rank;
			above->chosen = (uint32_t)i;
		}
	}
	for (size_t i = 1; i < count; i++) {
		const struct mime_part *parent = &parts[parts[i].parent];
		const struct plan *above = &plans[parts[i].parent];
		plans[i].is_inside = above->is_inside || parent->is_message;
		plans[i].is_passed_over = above->is_passed_over ||
			(mime_part_is(parent, "multipart", "alternative") &&
			above->chosen != i);
	}
}

static enum place
part_place(const struct manifest *manifest, size_t number)
{
	const struct mime_part *part = &manifest->message->parts[number];
	const struct plan *plan = &manifest->plans[number];

	if (plan->is_inside || part->is_multipart)
		return PLACE_NOWHERE;
	if (leaf_rank(part) == RANK_NONE)
		return PLACE_FILE;
	return plan->is_passed_over ? PLACE_NOWHERE : PLACE_SHOWN;
}

/* The range alone is not enough: a reader knows UTF-8 only. */
static bool
needs_content(const struct mime_part *part)
{
	struct text charset = mime_part_parameter(part, "charset");

	if (charset.len > 0 && !text_equal_nocase(charset, TEXT("utf-8")) &&
	    !text_equal_nocase(charset, TEXT("us-ascii")))
		return true;
	return part->encoding != MIME_ENCODING_BASE64 &&
		!utf8_is_valid(part->body);
}

/* ERROR_LIMIT: too much of it. */
static int
add_content(struct manifest *manifest, const struct mime_part *part)
{
	struct buffer text;
	int error;

	if (manifest->content_left == 0)
		return ERROR_LIMIT;
	buffer_init(&text, manifest->content_left);
	error = mime_decode_text(part, &text, NULL);
	if (error == 0) {
		manifest->content_left -= buffer_len(&text);
		error = add_member(manifest->out, "content",
			buffer_text(&text));
	}
	buffer_clear(&text);
	return error;
}

static const char *
ending_for(const struct mime_part *part)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (mime_part_is(part, endings[i].type, endings[i].subtype))
			return endings[i].ending;
	return "bin";
}

static int
add_name(struct manifest *manifest, const struct mime_part *part)
{
	struct text *names = NULL;
	size_t count = 0;
	int error = mime_part_filenames(part, manifest->arena, &names,
		&count);

	if (error != 0)
		return error;
	if (count > 0 && names[0].len > 0)
		return add_member(manifest->out, "name", names[0]);
	return buffer_printf(manifest->out, ",\"name\":\"part-%u.%s\"",
		manifest->listed, ending_for(part));
}

static int
add_content_id(struct manifest *manifest, const struct mime_part *part)
{
	const struct mime_field *field = mime_part_field(part, "Content-ID");
	struct text id;

	if (field == NULL)
		return 0;
	id = text_trim(field->value);
	if (id.len < 3 || id.data[0] != '<' || id.data[id.len - 1] != '>')
		return 0;
	return add_member(manifest->out, "cid",
		text_slice(id, 1, id.len - 2));
}

static int
add_start(struct manifest *manifest, const struct mime_part *part)
{
	struct buffer *out = manifest->out;
	struct text type = arena_printf(manifest->arena, "%.*s/%.*s",
		TEXT_ARG(part->type), TEXT_ARG(part->subtype));
	/* RFC 2046 5.2.1: a message within is never encoded. */
	unsigned int encoding = mime_part_is_leaf(part) ? part->encoding :
		MIME_ENCODING_8BIT;
	size_t offset = part->body.len == 0 ? 0 :
		(size_t)(part->body.data - manifest->message->bytes.data);
	int error = buffer_printf(out, "%s{\"offset\":%zu,\"size\":%zu,"
		"\"encoding\":\"%s\"", manifest->listed++ == 0 ? "" : ",",
		offset, part->body.len, encoding_names[encoding]);

	return error != 0 ? error : add_member(out, "type", type);
}

static int
add_shown(struct manifest *manifest, const struct mime_part *part)
{
	struct text how = mime_part_is(part, "text", "html") ? TEXT("html") :
		TEXT("text");
	size_t before = buffer_len(manifest->out);
	int error = add_member(manifest->out, "show", how);

	if (error != 0 || !needs_content(part))
		return error;
	error = add_content(manifest, part);
	if (error != ERROR_LIMIT)
		return error;
	buffer_truncate(manifest->out, before);
	return add_name(manifest, part);
}

static int
add_part(struct manifest *manifest, size_t number)
{
	const struct mime_part *part = &manifest->message->parts[number];
	enum place place = part_place(manifest, number);
	int error;

	if (part->is_multipart && !manifest->plans[number].has_child &&
	    !manifest->plans[number].is_inside && part->body.len > 0)
		manifest->is_cut = true;
	if (place == PLACE_NOWHERE)
		return 0;
	error = add_start(manifest, part);
	if (error == 0)
		error = place == PLACE_SHOWN ? add_shown(manifest, part) :
			add_name(manifest, part);
	if (error == 0)
		error = add_content_id(manifest, part);
	return error != 0 ? error : buffer_add_byte(manifest->out, '}');
}

static int
add_parts(struct manifest *manifest)
{
	size_t before = buffer_len(manifest->out);
	int error = 0;

	for (size_t i = 0; i < manifest->message->part_count && error == 0;
	    i++)
		error = add_part(manifest, i);
	if (error != ERROR_LIMIT)
		return error;
	/* Whatever a hostile message holds, it can be sent as a whole. */
	buffer_truncate(manifest->out, before);
	manifest->is_cut = true;
	return 0;
}

static int
add_fields(struct manifest *manifest)
{
	const struct mime_part *root = &manifest->message->parts[0];
	struct buffer value;
	int error = buffer_add_text(manifest->out, TEXT("{\"version\":1"));

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && error == 0;
	    i++) {
		const struct mime_field *field = mime_part_field(root,
			fields[i].field);
		buffer_init(&value, 64 * 1024);
		/* Longer ones are cut. */
		if (field != NULL && mime_header_decode(field->value,
		    &value) != 0)
			manifest->is_cut = true;
		error = add_member(manifest->out, fields[i].member,
			text_trim(buffer_text(&value)));
		buffer_clear(&value);
	}
	return error;
}

int
secure_envelope_manifest_write(const struct mime_message *message,
	struct arena *arena, struct buffer *out)
{
	const unsigned int cutting = MIME_TOO_DEEP | MIME_TOO_MANY_PARTS |
		MIME_TOO_MANY_FIELDS;
	struct manifest manifest = {
		.message = message,
		.plans = arena_array(arena, message->part_count,
			sizeof(struct plan)),
		.arena = arena,
		.out = out,
		.content_left = CONTENT_MAX,
		.is_cut = (message->flags & cutting) != 0,
	};
	int error;

	if (manifest.plans == NULL)
		return ERROR_LIMIT;
	make_plans(&manifest);
	error = add_fields(&manifest);
	if (error == 0)
		error = buffer_add_text(out, TEXT(",\"parts\":["));
	if (error == 0)
		error = add_parts(&manifest);
	if (error == 0)
		error = buffer_add_text(out, manifest.is_cut ?
			TEXT("],\"cut\":true}") : TEXT("]}"));
	return error;
}
