/*
 * The list of attachments, and what lies in them.
 */
#include "policy/filter_attachment.h"

#include "gateway/base/memory.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/tnef.h"
#include "gateway/mail/tnef_rtf.h"
#include "gateway/mail/uuencode.h"
#include "policy/filter_content_private.h"

#define NAME_BYTES_MAX 4096	/* of one in a file, before it is UTF-8 */

/* ---- the table ---- */

static int
add(struct filter_content *content, const struct filter_attachment *one,
	struct reason *why)
{
	if (content->attachment_count == FILTER_ATTACHMENTS_MAX) {
		reason_set(why, "it has too many attachments");
		return ERROR_LIMIT;
	}
	if (content->attachment_count == content->attachment_room) {
		content->attachment_room = content->attachment_room == 0 ? 8 :
		    2 * content->attachment_room;
		content->attachments = memory_resize(content->attachments,
		    content->attachment_room,
		    sizeof(content->attachments[0]));
	}
	content->attachments[content->attachment_count++] = *one;
	return 0;
}

int
filter_attachment_add(struct filter_content *content,
	const struct mime_part *part, size_t number, uint32_t level,
	struct reason *why)
{
	struct filter_attachment one = { .number = number, .part = part,
		.size = part->body.len, .level = level };

	buffer_init(&one.bytes, 1);
	one.type = arena_printf(content->arena, "%.*s/%.*s",
	    TEXT_ARG(part->type), TEXT_ARG(part->subtype));
	if (mime_part_filenames(part, content->arena, &one.names,
	    &one.name_count) != 0)
		return filter_content_too_large(why);
	return add(content, &one, why);
}

/* ---- files within ---- */

/* Bytes found within another content, with the names that they have there. */
struct found {
	struct text bytes;
	struct text type;
	const struct tnef_text *names;
	size_t name_count;
	size_t size;
	uint32_t level;
};

static int
name_to_utf8(struct filter_content *content, const struct tnef_text *name,
	struct text *out)
{
	struct text bytes = text_slice(name->bytes, 0, NAME_BYTES_MAX);
	struct buffer utf8;
	bool unused;
	int error;

	buffer_init(&utf8, 4 * NAME_BYTES_MAX);
	error = name->is_utf16 ? charset_to_utf8(TEXT("utf-16le"), bytes,
	    &utf8, &unused) : charset_guess(bytes, &utf8);
	if (error == 0)
		error = arena_copy(content->arena, buffer_text(&utf8), out);
	buffer_clear(&utf8);
	return error;
}

static int
take_names(struct filter_content *content, const struct found *found,
	struct filter_attachment *one)
{
	size_t i;
	int error = 0;

	one->names = arena_array(content->arena, found->name_count + 1,
	    sizeof(one->names[0]));
	if (one->names == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < found->name_count && error == 0; i++) {
		error = name_to_utf8(content, &found->names[i],
		    &one->names[one->name_count]);
		if (error == 0)
			one->name_count++;
	}
	return error;
}

/* As an attachment, to be opened in its turn; the bytes are copied. */
static int
add_found(struct filter_content *content, const struct found *found,
	struct reason *why)
{
	struct filter_attachment one = { .number = ++content->number,
		.type = found->type, .size = found->size,
		.level = found->level };
	int error = filter_content_spend(content, found->bytes.len, why);

	if (error != 0)
		return error;
	buffer_init(&one.bytes, found->bytes.len + 1);
	if (buffer_add_text(&one.bytes, found->bytes) != 0 ||
	    take_names(content, found, &one) != 0)
		error = filter_content_too_large(why);
	else
		error = add(content, &one, why);
	if (error != 0)
		buffer_clear(&one.bytes);
	return error;
}

int
filter_attachment_open(struct filter_content *content, size_t index,
	struct reason *why)
{
	const struct filter_attachment *one = &content->attachments[index];
	const struct filter_source source = {
		.bytes = buffer_text(&one->bytes), .number = one->number,
		.level = one->level, .is_attachment = true,
		.is_coded = true };

	if (one->part != NULL)
		return 0;
	if (tnef_is(source.bytes))
		return filter_attachment_add_tnef(content, &source, why);
	return filter_text_is_text(source.bytes) ? filter_text_add(content,
	    &source, why) : 0;
}

int
filter_attachment_add_coded(struct filter_content *content,
	struct text text, uint32_t level, struct reason *why)
{
	struct text block, name;
	int error = 0;

	while (error == 0 && uuencode_find(&text, &block, &name) == 0) {
		struct tnef_text names = { .bytes = name };
		struct found found = { .type = TEXT_EMPTY, .names = &names,
			.name_count = 1, .size = block.len,
			.level = level + 1 };
		struct buffer bytes;
		unsigned int unused;

		if (level >= FILTER_LEVELS_MAX)
			return filter_content_too_deep(why);
		buffer_init(&bytes, content->bytes_left + 1);
		(void)!uuencode_decode(block, &bytes, NULL, &unused);
		found.bytes = buffer_text(&bytes);
		error = add_found(content, &found, why);
		buffer_clear(&bytes);
	}
	return error;
}

/* Rich text is searched as it is written. */
static int
add_rtf(struct filter_content *content, struct filter_source *source,
	struct reason *why)
{
	struct buffer text;
	int error;

	buffer_init(&text, content->bytes_left + 1);
	error = tnef_rtf(source->bytes, &text);
	source->bytes = buffer_text(&text);
	if (error == ERROR_LIMIT)
		error = filter_content_spend(content, buffer_len(&text), why);
	else if (error == 0)
		error = filter_text_add(content, source, why);
	else
		content->flags |= FILTER_CONTENT_UNSCANNABLE;
	buffer_clear(&text);
	return error == ERROR_LIMIT ? error : 0;
}

/* A body within TNEF is one of the message. */
static int
add_body(struct filter_content *content, const struct tnef_item *item,
	const struct filter_source *from, struct reason *why)
{
	struct filter_source source = { .bytes = item->data.bytes,
		.number = ++content->number, .level = from->level,
		.is_html = item->kind == TNEF_BODY_HTML };
	struct mime_parameter charset = { .name = TEXT_INIT("charset"),
		.value = TEXT_INIT("utf-16le") };
	struct mime_part part = { .parameters = &charset,
		.parameter_count = 1 };

	if (item->data.is_utf16)
		source.part = &part;
	return item->kind == TNEF_BODY_RTF ? add_rtf(content, &source, why) :
	    filter_text_add(content, &source, why);
}

int
filter_attachment_add_tnef(struct filter_content *content,
	const struct filter_source *source, struct reason *why)
{
	struct tnef_item *items = NULL;
	size_t count = 0, i;
	bool is_cut = false;
	int error = tnef_read(source->bytes, content->arena, &items, &count,
	    &is_cut);

	if (error != 0)
		return filter_content_too_large(why);
	if (count > 0 && source->level >= FILTER_LEVELS_MAX)
		return filter_content_too_deep(why);
	if (is_cut)
		content->flags |= FILTER_CONTENT_UNSCANNABLE;
	for (i = 0; i < count && error == 0; i++) {
		const struct tnef_item *item = &items[i];
		const struct found found = { .bytes = item->data.bytes,
			.type = item->type, .names = item->names,
			.name_count = item->name_count,
			.size = item->data.bytes.len,
			.level = source->level + 1 };

		error = item->kind == TNEF_ATTACHMENT ?
		    add_found(content, &found, why) :
		    add_body(content, item, source, why);
	}
	return error;
}

/* ---- contents ---- */

void
filter_attachment_views_begin(struct filter_attachment_views *views,
	const struct filter_attachment *attachment)
{
	*views = (struct filter_attachment_views){
		.attachment = attachment };
	buffer_init(&views->decoded, 1);
	if (attachment->part == NULL)
		return;
	buffer_init(&views->decoded, 2 * attachment->part->body.len + 64);
	if (mime_part_is_leaf(attachment->part))
		mime_views_begin(&views->views, attachment->part);
}

int
filter_attachment_views_next(struct filter_attachment_views *views,
	struct text *content, struct reason *why)
{
	const struct filter_attachment *one = views->attachment;
	int error;

	if (views->is_over)
		return ERROR_NOT_FOUND;
	/* A message is what it holds, as it stands. */
	if (one->part == NULL || !mime_part_is_leaf(one->part)) {
		*content = one->part == NULL ? buffer_text(&one->bytes) :
		    one->part->body;
		views->is_over = true;
		return 0;
	}
	error = mime_views_next(&views->views, &views->decoded, NULL,
	    content);
	return error == 0 || error == ERROR_NOT_FOUND ? error :
	    filter_content_too_large(why);
}

void
filter_attachment_views_clear(struct filter_attachment_views *views)
{
	buffer_clear(&views->decoded);
}

int
filter_attachment_types(struct filter_content *content,
	struct filter_attachment *attachment, struct reason *why)
{
	struct filter_attachment_views views;
	struct text bytes;
	int error;

	if (attachment->has_types)
		return 0;
	if (++content->types_told > FILTER_FILE_TYPES_MAX) {
		reason_set(why, "it has too many attachments to tell their "
		    "types");
		return ERROR_LIMIT;
	}
	filter_attachment_views_begin(&views, attachment);
	while ((error = filter_attachment_views_next(&views, &bytes,
	    why)) == 0)
		file_type_add(bytes, &attachment->types);
	filter_attachment_views_clear(&views);
	attachment->has_types = error == ERROR_NOT_FOUND;
	return attachment->has_types ? 0 : error;
}
