/*
 * A message taken apart, and put together again where something changed.
 */
#include "policy/filter_body.h"

#include "policy/filter_action_private.h"
#include "policy/filter_bodies.h"

/* What is known about 10,000 parts with 100,000 fields, and texts for them. */
#define ARENA_MAX ((size_t)128 * 1024 * 1024)
#define MATCHED_MAX 65536	/* more than any action shows */

/* Lines that end in LF alone: only where a message did not come by SMTP. */
static int
end_lines(struct filter_body *body)
{
	struct text bytes = buffer_text(&body->bytes);
	struct buffer lines;
	int error;

	if (text_find(bytes, TEXT("\r\n")) < bytes.len ||
	    text_find_byte(bytes, '\n') == bytes.len)
		return 0;
	buffer_init(&lines, body->max);
	error = mime_write_lines(bytes, &lines);
	buffer_clear(&body->bytes);
	body->bytes = lines;
	return error;
}

int
filter_body_open(struct filter_body *body, struct filter_judge *judge)
{
	int error;

	*body = (struct filter_body){ .judge = judge,
		.arena = arena_new(ARENA_MAX),
		.max = judge->bodies->bytes->max };
	buffer_init(&body->bytes, body->max);
	error = filter_message_write(&judge->message, &body->bytes);
	if (error == 0)
		error = end_lines(body);
	if (error == 0)
		error = mime_readings(buffer_text(&body->bytes),
		    &mime_limits_default, body->arena, body->readings,
		    &body->reading_count);
	return error == 0 ? filter_body_read(body, 0) :
	    filter_action_too_large(judge);
}

int
filter_body_read(struct filter_body *body, size_t number)
{
	if (number >= body->reading_count)
		return ERROR_NOT_FOUND;
	mime_write_close(&body->write);
	body->message = body->readings[number];
	if (mime_write_open(&body->write, &body->message, body->arena) != 0)
		return filter_action_too_large(body->judge);
	return 0;
}

/* What a rule found lies in the content that goes. */
static int
keep_matched(struct filter_judge *judge)
{
	return arena_copy(judge->arena, text_slice(judge->matched, 0,
	    MATCHED_MAX), &judge->matched);
}

static int
go_on(struct filter_body *body, struct buffer *changed)
{
	struct filter_judge *judge = body->judge;

	if (mime_write_finish(&body->write, changed) != 0) {
		reason_set(&judge->why, "it is too large with what filters "
		    "gave it");
		return ERROR_LIMIT;
	}
	if (keep_matched(judge) != 0)
		return filter_action_too_large(judge);
	return filter_message_replace(&judge->message, changed, &judge->why);
}

int
filter_body_close(struct filter_body *body, int error)
{
	struct buffer changed;

	buffer_init(&changed, body->max);
	if (error == 0 && body->write.has_changes)
		error = go_on(body, &changed);
	buffer_clear(&changed);
	mime_write_close(&body->write);
	buffer_clear(&body->bytes);
	arena_free(body->arena);
	return error == 0 ? 0 : ERROR_LIMIT;
}
