/*
 * File names of a part: every one that some reader would show (RFC 2183
 * 2.3, RFC 2231, and what is written against both).
 */
#include "gateway/mail/mime_header.h"

#include <stdbool.h>

#include "gateway/mail/charset.h"
#include "gateway/mail/mime_message.h"
#include "gateway/mail/utf8.h"

#define NAME_BYTES_MAX 255	/* what file systems take */
#define EXTENSION_MAX 32
#define NAMES_MAX 64		/* candidates of one part */
#define NAME_ROOM(len) ((len) * 3 + 1)

struct filenames {
	struct arena *arena;
	struct text *names;
	size_t count;
};

/* Behind the last "/" or "\". */
static struct text
without_path(struct text name)
{
	for (size_t at = name.len; at-- > 0;)
		if (name.data[at] == '/' || name.data[at] == '\\')
			return text_skip(name, at + 1);
	return name;
}

/*
 * No control, invisible or direction-changing characters; a space that is
 * not the usual one becomes it.
 */
static int
clean(struct text name, struct buffer *out)
{
	int error = 0;

	while (error == 0 && name.len > 0) {
		uint32_t point;
		size_t len = utf8_next(name, &point);
		if (len > 0 && (point == 0xa0 || point == 0x3000))
			error = buffer_add_byte(out, ' ');
		else if (len > 0 && !utf8_is_unsafe(point))
			error = buffer_add(out, name.data, len);
		name = text_skip(name, len == 0 ? 1 : len);
	}
	return error;
}

/* Some systems drop dots and spaces at the end. */
static struct text
trim(struct text name)
{
	name = text_trim(name);
	while (name.len > 0 && (name.data[name.len - 1] == '.' ||
	    name.data[name.len - 1] == ' '))
		name.len--;
	return name;
}

static struct text
cut(struct text t, size_t len)
{
	while (len > 0 && len < t.len &&
	    ((unsigned char)t.data[len] & 0xc0) == 0x80)
		len--;
	return text_slice(t, 0, len);
}

/* At most NAME_BYTES_MAX bytes, the extension kept. */
static int
copy_short(struct arena *arena, struct text name, struct text *out)
{
	size_t dot = name.len;
	char *copy = arena_array(arena, NAME_BYTES_MAX, 1);

	if (copy == NULL)
		return ERROR_LIMIT;
	while (dot > 0 && name.len - dot < EXTENSION_MAX &&
	    name.data[dot - 1] != '.')
		dot--;
	struct text extension = dot > 0 && name.data[dot - 1] == '.' ?
		text_skip(name, dot - 1) : TEXT_EMPTY;
	struct text stem = cut(name, NAME_BYTES_MAX - extension.len);
	for (size_t i = 0; i < stem.len; i++)
		copy[i] = stem.data[i];
	for (size_t i = 0; i < extension.len; i++)
		copy[stem.len + i] = extension.data[i];
	*out = text_of(copy, stem.len + extension.len);
	return 0;
}

/* name is UTF-8; one that is there already, or empty, is left out. */
static int
add_clean(struct filenames *all, struct text name)
{
	struct text kept = TEXT_EMPTY;
	struct buffer cleaned;
	int error;

	buffer_init(&cleaned, name.len + 1);
	error = clean(without_path(name), &cleaned);
	name = trim(buffer_text(&cleaned));
	for (size_t i = 0; error == 0 && i < all->count; i++)
		if (text_equal(all->names[i], name))
			name = TEXT_EMPTY;
	if (error == 0 && name.len > NAME_BYTES_MAX)
		error = copy_short(all->arena, name, &kept);
	else if (error == 0 && name.len > 0)
		error = arena_copy(all->arena, name, &kept);
	buffer_clear(&cleaned);
	if (error == 0 && kept.len > 0 && all->count < NAMES_MAX)
		all->names[all->count++] = kept;
	return error;
}

/* The value as it stands, in its own charset or a guessed one. */
static int
to_utf8(const struct mime_parameter *parameter, struct buffer *out)
{
	bool unused;
	int error = charset_to_utf8(parameter->charset, parameter->value,
		out, &unused);

	return error == ERROR_NOT_FOUND ?
		charset_guess(parameter->value, out) : error;
}

static int
add_candidates(struct filenames *all, const struct mime_parameter *parameter)
{
	struct text value = parameter->value;
	struct buffer text;
	int error = 0;

	buffer_init(&text, NAME_ROOM(value.len));
	/* RFC 2047 5 forbids it in parameters; most readers decode it. */
	if (text_find(value, TEXT("=?")) != value.len) {
		error = mime_header_decode(value, &text);
		if (error == 0)
			error = add_clean(all, buffer_text(&text));
		buffer_reset(&text);
	}
	if (error == 0)
		error = to_utf8(parameter, &text);
	if (error == 0)
		error = add_clean(all, buffer_text(&text));
	buffer_clear(&text);
	return error;
}

static int
add_all(struct filenames *all, const struct mime_parameter *parameters,
	size_t count, struct text name)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < count; i++)
		if (text_equal(parameters[i].name, name))
			error = add_candidates(all, &parameters[i]);
	return error;
}

int
mime_part_filenames(const struct mime_part *part, struct arena *arena,
	struct text **names, size_t *count)
{
	struct filenames all = { .arena = arena };
	int error;

	all.names = arena_array(arena, NAMES_MAX, sizeof(*all.names));
	if (all.names == NULL)
		return ERROR_LIMIT;
	error = add_all(&all, part->disposition_parameters,
		part->disposition_parameter_count, TEXT("filename"));
	if (error == 0)
		error = add_all(&all, part->parameters,
			part->parameter_count, TEXT("name"));
	*names = all.names;
	*count = all.count;
	return error;
}
