/*
 * Changes to the parts of a message: a table of what becomes of each
 * (mime_write_finish.c writes them).
 */
#include "gateway/mail/mime_write_private.h"

#define EOL TEXT("\r\n")
#define NO_PART SIZE_MAX

int
mime_write_lines(struct text bytes, struct buffer *out)
{
	size_t i, from = 0;
	int error = 0;

	for (i = 0; i < bytes.len && error == 0; i++) {
		char c = bytes.data[i];

		if (c != '\r' && c != '\n')
			continue;
		error = buffer_add_text(out, text_slice(bytes, from,
		    i - from));
		if (error == 0)
			error = buffer_add_text(out, EOL);
		if (c == '\r' && i + 1 < bytes.len &&
		    bytes.data[i + 1] == '\n')
			i++;
		from = i + 1;
	}
	return error == 0 ? buffer_add_text(out, text_skip(bytes, from)) :
	    error;
}

int
mime_write_open(struct mime_write *write, const struct mime_message *message,
	struct arena *arena)
{
	size_t i;

	*write = (struct mime_write){ .message = message, .arena = arena };
	if ((message->flags & (MIME_TOO_DEEP | MIME_TOO_MANY_PARTS |
	    MIME_TOO_MANY_FIELDS)) != 0 || message->part_count == 0)
		return ERROR_LIMIT;
	write->changes = arena_array(arena, message->part_count,
	    sizeof(write->changes[0]));
	if (write->changes == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < message->part_count; i++)
		buffer_init(&write->changes[i].bytes, 1);
	return 0;
}

void
mime_write_close(struct mime_write *write)
{
	size_t i;

	for (i = 0; write->changes != NULL &&
	    i < write->message->part_count; i++)
		buffer_clear(&write->changes[i].bytes);
	write->changes = NULL;
}

/* ---- what becomes of parts ---- */

static bool
has_two(const struct mime_part *part, const char *name)
{
	size_t i, count = 0;

	for (i = 0; i < part->field_count; i++)
		count += text_equal_nocase(part->fields[i].name,
		    text_from(name));
	return count > 1;
}

bool
mime_write_is_clear(const struct mime_part *part)
{
	return mime_part_is_leaf(part) &&
	    part->encoding <= MIME_ENCODING_BASE64 &&
	    (part->flags & (MIME_NO_BOUNDARY | MIME_DUPLICATE_PARAMETER |
	    MIME_BAD_ENCODING | MIME_BAD_TYPE)) == 0 &&
	    !has_two(part, "Content-Type") &&
	    !has_two(part, "Content-Transfer-Encoding");
}

bool
mime_write_is_empty(const struct mime_message *message, size_t index)
{
	const struct mime_part *part = &message->parts[index];

	/* The line end before a delimiter belongs to it, even to two. */
	return part->header.len == 0 && part->body.len == 0 &&
	    part->header.data > message->bytes.data &&
	    part->header.data[-1] != '\n';
}

bool
mime_write_is_root(const struct mime_message *message, size_t index)
{
	return index == 0 ||
	    message->parts[message->parts[index].parent].is_message;
}

static struct mime_write_change *
change_part(struct mime_write *write, size_t index, enum mime_write_kind kind)
{
	struct mime_write_change *change = &write->changes[index];

	require(index < write->message->part_count &&
	    !mime_write_is_empty(write->message, index));
	write->has_changes = true;
	buffer_clear(&change->bytes);
	*change = (struct mime_write_change){ .kind = (uint8_t)kind };
	buffer_init(&change->bytes, 1);
	return change;
}

void
mime_write_body(struct mime_write *write, size_t index, struct buffer *bytes,
	struct text charset)
{
	struct mime_write_change *change = change_part(write, index,
	    MIME_WRITE_BODY);

	change->bytes = *bytes;
	change->charset = charset;
	buffer_init(bytes, 1);
}

void
mime_write_plain(struct mime_write *write, size_t index, struct buffer *utf8)
{
	mime_write_body(write, index, utf8, TEXT("utf-8"));
	write->changes[index].is_plain = true;
}

int
mime_write_replace(struct mime_write *write, size_t index, struct text utf8)
{
	return arena_copy(write->arena, utf8, &change_part(write, index,
	    MIME_WRITE_REPLACE)->before);
}

void
mime_write_remove(struct mime_write *write, size_t index)
{
	bool is_root = mime_write_is_root(write->message, index);
	struct mime_write_change *change = change_part(write, index,
	    is_root ? MIME_WRITE_REPLACE : MIME_WRITE_REMOVE);

	change->before = TEXT_EMPTY;
}

int
mime_write_wrap(struct mime_write *write, size_t index, struct text before,
	struct text behind)
{
	struct mime_write_change *change = change_part(write, index,
	    MIME_WRITE_WRAP);
	int error = arena_copy(write->arena, before, &change->before);

	return error == 0 ? arena_copy(write->arena, behind,
	    &change->behind) : error;
}

static size_t
second_child(const struct mime_message *message, size_t parent)
{
	size_t i, count = 0;

	for (i = parent + 1; i < message->part_count &&
	    message->parts[i].depth > message->parts[parent].depth; i++)
		if (message->parts[i].parent == parent && ++count == 2)
			return i;
	return NO_PART;
}

int
mime_write_unsign(struct mime_write *write, size_t index, struct text notice)
{
	const struct mime_message *message = write->message;
	int error = 0;

	while (index != 0 && error == 0) {
		const struct mime_part *part;
		size_t signature;

		index = message->parts[index].parent;
		part = &message->parts[index];
		if (write->changes[index].kind != MIME_WRITE_KEEP ||
		    !part->is_multipart || (!text_equal(part->subtype,
		    TEXT("signed")) && !text_equal(part->subtype,
		    TEXT("encrypted"))))
			continue;
		(void)change_part(write, index, MIME_WRITE_UNSIGN);
		signature = second_child(message, index);
		if (signature != NO_PART &&
		    !mime_write_is_empty(message, signature) &&
		    write->changes[signature].kind == MIME_WRITE_KEEP)
			error = mime_write_replace(write, signature, notice);
	}
	return error;
}
