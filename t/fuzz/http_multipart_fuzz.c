/*
 * webui/http/http_multipart: what a form says
 * does not depend on how it is cut into pieces.
 */
#include "gateway/base/buffer.h"
#include "webui/http/http_multipart.h"

#define STORY_MAX (4u * 1024 * 1024)
#define TYPE "multipart/form-data; boundary="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_part(void *context, struct text name, struct text filename, bool is_file)
{
	require(is_file || filename.len == 0);
	return buffer_printf(context, "\001%zu %zu %d", name.len,
	    filename.len, is_file);
}

static int
on_data(void *context, struct text piece)
{
	require(piece.len > 0);
	return buffer_add_text(context, piece);
}

static int
on_end(void *context)
{
	return buffer_add_byte(context, '\002');
}

static const struct http_multipart_events events = {
	.part = on_part, .data = on_data, .end = on_end,
};

/* 0, 1 (complete) or an error, and what was told. */
static int
tell(struct text type, struct text body, size_t step, struct buffer *story)
{
	struct http_multipart *multipart = NULL;
	size_t at;
	int error = http_multipart_new(type, &events, story, &multipart);

	buffer_init(story, STORY_MAX);
	for (at = 0; error == 0 && at < body.len; at += step)
		error = http_multipart_feed(multipart, text_slice(body, at,
		    step));
	if (error == 0 && http_multipart_is_complete(multipart))
		error = 1;
	http_multipart_free(multipart);
	return error;
}

/* The first line is the boundary, the rest the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of(data, size), body;
	struct buffer type, whole, pieces;
	size_t end = text_find_byte(input, '\n'), step;
	int error;

	body = text_skip(input, end + 1);
	buffer_init(&type, size + sizeof(TYPE));
	require(buffer_add_text(&type, TEXT(TYPE)) == 0);
	require(buffer_add_text(&type, text_slice(input, 0, end)) == 0);
	error = tell(buffer_text(&type), body, body.len + 1, &whole);
	for (step = 1; step < 8; step += 3) {
		require(tell(buffer_text(&type), body, step, &pieces) ==
		    error);
		require(error < 0 || text_equal(buffer_text(&whole),
		    buffer_text(&pieces)));
		buffer_clear(&pieces);
	}
	buffer_clear(&whole);
	buffer_clear(&type);
	return 0;
}
