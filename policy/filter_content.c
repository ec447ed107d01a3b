/*
 * A message's content as filters see it.
 */
#include "policy/filter_content.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/mail/mime_decode.h"

static const struct {
	uint32_t flag;
	const char *words;
} limits_passed[] = {
	{ MIME_TOO_DEEP, "its parts are nested too deep" },
	{ MIME_TOO_MANY_PARTS, "it has too many parts" },
	{ MIME_TOO_MANY_FIELDS, "it has too many header fields" },
};

static int
too_large(struct reason *why)
{
	reason_set(why, "it is too large to be judged");
	return ERROR_LIMIT;
}

static int
parse(struct filter_content *content, struct reason *why)
{
	size_t i;

	if (mime_message_parse(content->bytes, &mime_limits_default,
	    content->arena, &content->mime) != 0)
		return too_large(why);
	for (i = 0; i < sizeof(limits_passed) / sizeof(limits_passed[0]);
	    i++) {
		if ((content->mime.flags & limits_passed[i].flag) == 0)
			continue;
		reason_set(why, "%s", limits_passed[i].words);
		return ERROR_LIMIT;
	}
	return 0;
}

static int
open_content(struct filter_content *content, struct filter_content **out,
	struct reason *why)
{
	int error = parse(content, why);

	if (error != 0)
		filter_content_release(&content);
	*out = content;
	return error;
}

static struct filter_content *
new_content(struct arena *arena)
{
	struct filter_content *content = memory_new(sizeof(*content));

	content->references = 1;
	content->arena = arena;
	buffer_init(&content->owned, 1);
	return content;
}

int
filter_content_open(struct text bytes, struct arena *arena,
	struct filter_content **out, struct reason *why)
{
	struct filter_content *content = new_content(arena);

	content->bytes = bytes;
	return open_content(content, out, why);
}

int
filter_content_take(struct buffer *bytes, struct arena *arena,
	struct filter_content **out, struct reason *why)
{
	struct filter_content *content = new_content(arena);

	content->owned = *bytes;
	content->bytes = buffer_text(&content->owned);
	buffer_init(bytes, 1);
	return open_content(content, out, why);
}

struct filter_content *
filter_content_ref(struct filter_content *content)
{
	content->references++;
	return content;
}

void
filter_content_release(struct filter_content **content)
{
	struct filter_content *one = *content;
	size_t i;

	*content = NULL;
	if (one == NULL || --one->references > 0)
		return;
	for (i = 0; i < one->text_count; i++)
		buffer_clear(&one->texts[i].utf8);
	buffer_clear(&one->owned);
	free(one);
}

/* ---- texts ---- */

/* What a reader of the message may see as text. */
static bool
is_text(const struct mime_part *part)
{
	if (part->flags & MIME_NO_BOUNDARY)
		return true;
	return mime_part_is_leaf(part) && (mime_part_is(part, "text", NULL) ||
	    mime_part_is(part, "message", NULL));
}

static int
decode_part(const struct mime_part *part, size_t number, size_t room,
	struct filter_text *out, struct reason *why)
{
	unsigned int flags = 0;

	out->is_attachment = mime_part_is_attachment(part);
	buffer_init(&out->utf8, room);
	if (part->flags & MIME_BAD_ENCODING) {
		reason_set(why, "part %zu has an unknown or misplaced "
		    "Content-Transfer-Encoding", number);
		return ERROR_LIMIT;
	}
	if (mime_decode_text(part, &out->utf8, &flags) != 0) {
		reason_set(why, "it has more than %u MB of text",
		    FILTER_TEXT_MAX / 1024 / 1024);
		return ERROR_LIMIT;
	}
	if (flags & MIME_DECODE_CHARSET) {
		reason_set(why, "the charset of part %zu is not known",
		    number);
		return ERROR_LIMIT;
	}
	return 0;
}

int
filter_content_decode(struct filter_content *content, struct reason *why)
{
	size_t i, room = FILTER_TEXT_MAX;
	int error = 0;

	if (content->has_texts)
		return 0;
	content->texts = arena_array(content->arena,
	    content->mime.part_count, sizeof(content->texts[0]));
	if (content->texts == NULL)
		return too_large(why);
	for (i = 0; i < content->mime.part_count && error == 0; i++) {
		struct filter_text *text = &content->texts[
		    content->text_count];

		if (!is_text(&content->mime.parts[i]))
			continue;
		content->text_count++;
		/* A buffer's maximum is above 0. */
		error = decode_part(&content->mime.parts[i], i + 1, room + 1,
		    text, why);
		if (error == 0 && buffer_len(&text->utf8) <= room)
			room -= buffer_len(&text->utf8);
		else
			room = 0;
	}
	content->has_texts = error == 0;
	return error;
}
