/*
 * Reading a manifest.  unseal process, in the child.
 */
#include "crypto/unseal/unseal_manifest.h"

#include <string.h>

#include <jansson.h>

#include "crypto/json_bounds.h"
#include "gateway/mail/mime_decode.h"

/* Each part has at most seven members; texts are few. */
#define SIGNS_MAX (20u * UNSEAL_PARTS_MAX)
#define DEPTH_MAX 4
#define NAME_MAX_BYTES 255u

static const struct {
	const char *word;
	enum mime_encoding encoding;
} encodings[] = {
	{ "none", MIME_ENCODING_BINARY },
	{ "base64", MIME_ENCODING_BASE64 },
	{ "quoted-printable", MIME_ENCODING_QUOTED_PRINTABLE },
	{ "uuencode", MIME_ENCODING_UUENCODE },
};

static const struct {
	const char *word;
	enum unseal_show show;
} shows[] = {
	{ "text", UNSEAL_SHOW_TEXT },
	{ "html", UNSEAL_SHOW_HTML },
};

void
unseal_manifest_prepare(void)
{
	json_object_seed(0);
}

/* A member's text, copied; empty where it is missing. */
static int
copy_member(const json_t *object, const char *name, struct arena *arena,
    struct text *out)
{
	const json_t *value = json_object_get(object, name);

	*out = TEXT_EMPTY;
	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return ERROR_MALFORMED;
	return arena_copy(arena, text_of(json_string_value(value),
	    json_string_length(value)), out);
}

static int
read_range(const json_t *value, struct text message, struct text *out)
{
	const json_t *offset = json_object_get(value, "offset");
	const json_t *size = json_object_get(value, "size");
	json_int_t from = json_integer_value(offset);
	json_int_t len = json_integer_value(size);

	if (!json_is_integer(offset) || !json_is_integer(size) || from < 0 ||
	    len < 0 || (uint64_t)from > message.len ||
	    (uint64_t)len > message.len - (uint64_t)from)
		return ERROR_MALFORMED;
	*out = text_slice(message, (size_t)from, (size_t)len);
	return 0;
}

static int
read_encoding(const json_t *value, enum mime_encoding *out)
{
	const char *word = json_string_value(json_object_get(value,
	    "encoding"));

	for (size_t i = 0; word != NULL && i < sizeof(encodings) /
	    sizeof(encodings[0]); i++) {
		if (strcmp(word, encodings[i].word) == 0) {
			*out = encodings[i].encoding;
			return 0;
		}
	}
	return ERROR_MALFORMED;
}

static int
read_show(const json_t *value, enum unseal_show *out)
{
	const json_t *show = json_object_get(value, "show");
	const char *word = json_string_value(show);

	*out = UNSEAL_SHOW_FILE;
	if (show == NULL)
		return 0;
	for (size_t i = 0; word != NULL && i < sizeof(shows) /
	    sizeof(shows[0]); i++) {
		if (strcmp(word, shows[i].word) == 0) {
			*out = shows[i].show;
			return 0;
		}
	}
	return ERROR_MALFORMED;
}

static int
read_part(const json_t *value, struct text message, struct arena *arena,
    struct unseal_part *out)
{
	int r = read_range(value, message, &out->body);

	if (r == 0)
		r = read_encoding(value, &out->encoding);
	if (r == 0)
		r = read_show(value, &out->show);
	if (r == 0)
		r = copy_member(value, "name", arena, &out->name);
	if (r == 0)
		r = copy_member(value, "content", arena, &out->content);
	if (r != 0)
		return r;
	out->has_content = json_object_get(value, "content") != NULL;
	out->name = text_slice(out->name, 0, NAME_MAX_BYTES);
	/* One of the two: shown, or a file with a name. */
	return (out->show == UNSEAL_SHOW_FILE) == text_is_empty(out->name) ?
	    ERROR_MALFORMED : 0;
}

static int
read_parts(const json_t *list, struct text message, struct arena *arena,
    struct unseal_manifest *out)
{
	size_t count = json_array_size(list);
	int r = 0;

	if (!json_is_array(list))
		return ERROR_MALFORMED;
	if (count > UNSEAL_PARTS_MAX)
		return ERROR_LIMIT;
	out->parts = arena_array(arena, count + 1, sizeof(*out->parts));
	if (out->parts == NULL)
		return ERROR_LIMIT;
	for (size_t i = 0; i < count && r == 0; i++)
		r = read_part(json_array_get(list, i), message, arena,
		    &out->parts[i]);
	out->part_count = count;
	return r;
}

static int
read_fields(const json_t *root, struct arena *arena,
    struct unseal_manifest *out)
{
	const struct {
		const char *name;
		struct text *place;
	} fields[] = {
		{ "subject", &out->subject }, { "from", &out->from },
		{ "to", &out->to }, { "cc", &out->cc },
		{ "date", &out->date },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && r == 0;
	    i++)
		r = copy_member(root, fields[i].name, arena,
		    fields[i].place);
	return r;
}

int
unseal_manifest_read(struct text json, struct text message,
    struct arena *arena, struct unseal_manifest *out)
{
	json_t *root;
	int r;

	memset(out, 0, sizeof(*out));
	if (json_bounds_check(json, SIGNS_MAX, DEPTH_MAX) != 0)
		return ERROR_LIMIT;
	root = json_loadb(json.data, json.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	r = json_integer_value(json_object_get(root, "version")) == 1 ? 0 :
	    ERROR_MALFORMED;
	if (r == 0)
		r = read_fields(root, arena, out);
	if (r == 0)
		r = read_parts(json_object_get(root, "parts"), message,
		    arena, out);
	out->is_cut = json_is_true(json_object_get(root, "cut"));
	json_decref(root);
	return r;
}

int
unseal_part_decode(const struct unseal_part *part, struct buffer *out)
{
	const struct mime_part encoded = {
		.body = part->body,
		.encoding = (uint8_t)part->encoding,
		.type = TEXT_INIT("application"),
		.subtype = TEXT_INIT("octet-stream"),
	};

	if (part->has_content)
		return buffer_add_text(out, part->content);
	return mime_decode(&encoded, out, NULL);
}

const struct unseal_part *
unseal_manifest_file(const struct unseal_manifest *manifest, size_t n)
{
	for (size_t i = 0; i < manifest->part_count; i++)
		if (manifest->parts[i].show == UNSEAL_SHOW_FILE && --n == 0)
			return &manifest->parts[i];
	return NULL;
}
