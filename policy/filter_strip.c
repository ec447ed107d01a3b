/*
 * Taking attachments out: which go is found first, so that the texts in
 * their places can name them all.
 */
#include "policy/filter_strip.h"

#include "gateway/mail/mime_header.h"
#include "policy/filter_action_private.h"
#include "policy/filter_body.h"
#include "policy/filter_variable.h"

#define LIST_MAX FILTER_VARIABLE_VALUE_MAX	/* bytes of names, of types */
#define ROUNDS_MAX (2 * MIME_READINGS_MAX)
#define DEFAULT_TEXT "The attachment $DroppedFileName was removed."
#define UNSIGNED TEXT("The signature of this message was removed, because " \
	"an attachment was removed.")

struct strip {
	struct filter_judge *judge;
	const struct filter_call *call;
	struct filter_body body;
	struct text *names;	/* one a part; data NULL: it stays */
	bool *is_inside;	/* of something that goes */
	size_t count;
	struct buffer all_names;
	struct buffer all_types;
};

/* ---- which go ---- */

/*
 * What is no text of the body: named, or of another type, or a message in a
 * message.
 */
static bool
is_attachment(const struct mime_message *message, size_t index)
{
	const struct mime_part *part = &message->parts[index];

	if (part->is_multipart)
		return false;
	return part->is_message ? index > 0 : mime_part_is_attachment(part) ||
	    !mime_part_is(part, "text", NULL);
}

/* As it is declared. */
static struct text
type_of(struct strip *strip, size_t index)
{
	const struct mime_part *part = &strip->body.message.parts[index];

	return arena_printf(strip->body.arena, "%.*s/%.*s",
	    TEXT_ARG(part->type), TEXT_ARG(part->subtype));
}

/*
 * Files within it that mail programs show: in TNEF, uuencoded, in a message
 * that is encoded.  The part alone, read as a message, has them all.
 */
static int
look_inside(struct strip *strip, const struct mime_part *part,
	filter_strip_criterion criterion, bool *result)
{
	struct filter_judge *judge = strip->judge;
	struct text bytes = text_of(part->header.data,
	    part->header.len + part->body.len);
	struct filter_content *inside = NULL;
	size_t i;
	int error;

	if (!mime_part_is_leaf(part))
		return 0;
	error = filter_content_open(bytes, strip->body.arena, &inside,
	    &judge->why);
	if (error == 0)
		error = filter_content_decode(inside, &judge->why);
	for (i = 0; error == 0 && i < inside->attachment_count && !*result;
	    i++)
		if (inside->attachments[i].level > 0)
			error = criterion(judge, strip->call,
			    &inside->attachments[i], result);
	filter_content_release(&inside);
	return error;
}

static int
look_at(struct strip *strip, size_t index, filter_strip_criterion criterion,
	bool *result)
{
	const struct mime_part *part = &strip->body.message.parts[index];
	struct filter_attachment one = { .number = index + 1, .part = part,
		.size = part->body.len, .type = type_of(strip, index) };
	int error = mime_part_filenames(part, strip->body.arena, &one.names,
	    &one.name_count);

	if (error != 0)
		return filter_action_too_large(strip->judge);
	buffer_init(&one.bytes, 1);
	error = criterion(strip->judge, strip->call, &one, result);
	if (error == 0 && !*result)
		error = look_inside(strip, part, criterion, result);
	if (error != 0 || !*result)
		return error;
	strip->names[index] = one.name_count > 0 ? one.names[0] : one.type;
	return 0;
}

/* Append to a list, as far as there is room. */
static int
add_to_list(struct buffer *list, struct text item)
{
	bool is_first = buffer_len(list) == 0;

	if (buffer_len(list) + item.len + 2 > LIST_MAX)
		return 0;
	if (!is_first && buffer_add_text(list, TEXT(", ")) != 0)
		return ERROR_LIMIT;
	return buffer_add_text(list, item);
}

static int
note(struct strip *strip, size_t index)
{
	strip->count++;
	if (add_to_list(&strip->all_names, strip->names[index]) == 0 &&
	    add_to_list(&strip->all_types, type_of(strip, index)) == 0)
		return 0;
	return filter_action_too_large(strip->judge);
}

static int
find_parts(struct strip *strip, filter_strip_criterion criterion)
{
	const struct mime_message *message = &strip->body.message;
	struct arena *arena = strip->body.arena;
	size_t i;
	int error = 0;

	strip->names = arena_array(arena, message->part_count,
	    sizeof(strip->names[0]));
	strip->is_inside = arena_array(arena, message->part_count,
	    sizeof(strip->is_inside[0]));
	if (strip->names == NULL || strip->is_inside == NULL)
		return filter_action_too_large(strip->judge);
	for (i = 0; i < message->part_count && error == 0; i++) {
		size_t parent = message->parts[i].parent;
		bool goes = false;

		strip->is_inside[i] = i > 0 && (strip->is_inside[parent] ||
		    strip->names[parent].data != NULL);
		if (strip->is_inside[i] || !is_attachment(message, i))
			continue;
		error = look_at(strip, i, criterion, &goes);
		if (error == 0 && goes)
			error = note(strip, i);
	}
	return error;
}

/* ---- what stands there instead ---- */

/* The lists of earlier actions go on. */
static int
publish(struct strip *strip)
{
	struct filter_dropped *dropped = &strip->judge->message.dropped;

	if (arena_copy(strip->judge->arena, buffer_text(&strip->all_names),
	    &dropped->names) == 0 && arena_copy(strip->judge->arena,
	    buffer_text(&strip->all_types), &dropped->types) == 0)
		return 0;
	return filter_action_too_large(strip->judge);
}

static int
take_out(struct strip *strip, size_t index, struct text template)
{
	struct filter_judge *judge = strip->judge;
	struct text words = TEXT_EMPTY;
	int error = arena_copy(judge->arena, strip->names[index],
	    &judge->message.dropped.name);

	if (error == 0)
		error = filter_variable_expand(judge, template,
		    FILTER_VARIABLE_VALUE_MAX, &words);
	if (error == 0)
		error = mime_write_unsign(&strip->body.write, index,
		    UNSIGNED);
	if (error == 0 && words.len == 0)
		mime_write_remove(&strip->body.write, index);
	else if (error == 0)
		error = mime_write_replace(&strip->body.write, index, words);
	return error == 0 ? 0 : filter_action_too_large(judge);
}

static int
take_all(struct strip *strip, struct text template)
{
	size_t i;
	int error = strip->count > 0 ? publish(strip) : 0;

	for (i = 0; i < strip->body.message.part_count && error == 0; i++)
		if (strip->names[i].data != NULL)
			error = take_out(strip, i, template);
	return error;
}

/* The first reading in which something goes. */
static int
find_reading(struct strip *strip, filter_strip_criterion criterion)
{
	size_t number = 0;
	int error = 0;

	while (error == 0) {
		error = find_parts(strip, criterion);
		if (error != 0 || strip->count > 0)
			return error;
		error = filter_body_read(&strip->body, ++number);
	}
	return error == ERROR_NOT_FOUND ? 0 : error;
}

static int
too_ambiguous(struct filter_judge *judge)
{
	reason_set(&judge->why, "it can be read in too many ways");
	return ERROR_LIMIT;
}

/* *again: something went, and may still be there for another reader. */
static int
strip_once(struct filter_judge *judge, const struct filter_call *call,
	filter_strip_criterion criterion, size_t text_argument, bool *again)
{
	struct strip strip = { .judge = judge, .call = call };
	const struct filter_dropped *dropped = &judge->message.dropped;
	int error = filter_body_open(&strip.body, judge);

	buffer_init(&strip.all_names, LIST_MAX);
	buffer_init(&strip.all_types, LIST_MAX);
	if (error == 0 && (buffer_add_text(&strip.all_names,
	    dropped->names) != 0 || buffer_add_text(&strip.all_types,
	    dropped->types) != 0))
		error = filter_action_too_large(judge);
	if (error == 0 &&
	    (strip.body.readings[0].flags & MIME_TOO_AMBIGUOUS) != 0)
		error = too_ambiguous(judge);
	if (error == 0)
		error = find_reading(&strip, criterion);
	if (error == 0)
		error = take_all(&strip, filter_call_text(call,
		    text_argument, TEXT(DEFAULT_TEXT)));
	*again = strip.count > 0 && strip.body.reading_count > 1;
	buffer_clear(&strip.all_names);
	buffer_clear(&strip.all_types);
	return filter_body_close(&strip.body, error);
}

int
filter_strip(struct filter_judge *judge, const struct filter_call *call,
	filter_strip_criterion criterion, size_t text_argument)
{
	bool again = true;
	size_t round;
	int error = 0;

	for (round = 0; round < ROUNDS_MAX && error == 0 && again; round++)
		error = strip_once(judge, call, criterion, text_argument,
		    &again);
	if (error != 0 || !again)
		return error;
	return too_ambiguous(judge);
}
