/*
 * webui/server/portal_file: the fields of an envelope's file are the same
 * whatever the pieces; and the three of a file that we write are found.
 */
#include "gateway/base/buffer.h"
#include "webui/server/portal_file.h"

#define STORY_MAX (4u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_data(void *context, enum portal_field field, struct text piece)
{
	require(field < PORTAL_FIELDS && piece.len > 0);
	return buffer_add_text(context, piece);
}

static int
on_end(void *context, enum portal_field field)
{
	return buffer_printf(context, "<%u>", (unsigned int)field);
}

static const struct portal_file_events events = {
	.data = on_data, .end = on_end,
};

static int
scan(struct text input, size_t step, struct buffer *story)
{
	struct portal_file file = { 0 };
	size_t at;
	int error = 0;

	buffer_init(story, STORY_MAX);
	for (at = 0; error == 0 && at < input.len; at += step)
		error = portal_file_feed(&file, text_slice(input, at, step),
		    &events, story);
	return error == 0 && portal_file_is_complete(&file) ? 1 : error;
}

static void
check_pieces(struct text input)
{
	struct buffer whole, bytes;
	int error = scan(input, input.len + 1, &whole);

	require(scan(input, 1, &bytes) == error);
	require(text_equal(buffer_text(&whole), buffer_text(&bytes)));
	buffer_clear(&whole);
	buffer_clear(&bytes);
}

/* Whatever stands before it, unless that begins a field itself. */
static void
check_found(struct text before)
{
	struct buffer file, story;

	if (text_find_byte(before, 'n') < before.len)
		return;
	buffer_init(&file, before.len + 1024);
	require(buffer_add_text(&file, before) == 0);
	require(buffer_add_text(&file, TEXT("<input name=\"header\" "
	    "value=\"aa\"><input name=\"share\" value=\"bb\">"
	    "<textarea name=\"payload\" hidden>cc</textarea>")) == 0);
	require(scan(buffer_text(&file), 3, &story) == 1);
	require(text_equal(buffer_text(&story), TEXT("aa<0>bb<1>cc<2>")));
	buffer_clear(&file);
	buffer_clear(&story);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size);

	if (size > PORTAL_FILE_SHELL_MAX / 2)
		return 0;
	check_pieces(input);
	check_found(input);
	return 0;
}
