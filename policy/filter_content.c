/*
 * A message's content as filters see it: its readings, and the walk through
 * their leaves.
 */
#include "policy/filter_content_private.h"

#include <stdlib.h>

#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/mime_reading.h"
#include "gateway/mail/tnef.h"

static const struct {
	uint32_t flag;
	const char *words;
} limits_passed[] = {
	{ MIME_TOO_DEEP, "its parts are nested too deep" },
	{ MIME_TOO_MANY_PARTS, "it has too many parts" },
	{ MIME_TOO_MANY_FIELDS, "it has too many header fields" },
	{ MIME_TOO_AMBIGUOUS, "it can be read in too many ways" },
};

/*
 * What makes a leaf of two readings the same: where it lies and which
 * fields say what it is.
 */
struct leaf_key {
	const char *header;
	const char *body;
	const char *type;
	const char *disposition;
	size_t header_len;
	size_t body_len;
	size_t is_attachment;
};

struct walker {
	struct filter_content *content;
	struct map *seen;	/* leaf_key to itself */
	struct reason *why;
};

/* ---- limits ---- */

int
filter_content_too_large(struct reason *why)
{
	reason_set(why, "it is too large to be judged");
	return ERROR_LIMIT;
}

int
filter_content_too_deep(struct reason *why)
{
	reason_set(why, "its parts are nested too deep");
	return ERROR_LIMIT;
}

int
filter_content_spend(struct filter_content *content, size_t bytes,
	struct reason *why)
{
	if (bytes > content->bytes_left) {
		reason_set(why, "it has more than %u MB of text",
		    FILTER_TEXT_MAX / 1024 / 1024);
		return ERROR_LIMIT;
	}
	content->bytes_left -= bytes;
	return 0;
}

static int
check_limits(uint32_t flags, struct reason *why)
{
	size_t i;

	for (i = 0; i < sizeof(limits_passed) / sizeof(limits_passed[0]);
	    i++) {
		if ((flags & limits_passed[i].flag) == 0)
			continue;
		reason_set(why, "%s", limits_passed[i].words);
		return ERROR_LIMIT;
	}
	return 0;
}

/* ---- open and close ---- */

static int
parse(struct filter_content *content, struct reason *why)
{
	if (mime_message_parse(content->bytes, &mime_limits_default,
	    content->arena, &content->mime) != 0)
		return filter_content_too_large(why);
	return check_limits(content->mime.flags, why);
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
	content->bytes_left = FILTER_TEXT_MAX;
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
	for (i = 0; i < one->attachment_count; i++)
		buffer_clear(&one->attachments[i].bytes);
	for (i = 0; i < one->tree_count; i++)
		buffer_clear(&one->trees[i].owned);
	free(one->texts);
	free(one->attachments);
	free(one->trees);
	buffer_clear(&one->owned);
	free(one);
}

/* ---- readings ---- */

/* What many readings hold undecoded, before, between and behind the parts. */
static int
add_raw(struct walker *walker, const struct filter_tree *tree)
{
	struct filter_content *content = walker->content;
	const struct filter_source source = {
		.bytes = tree->mime.parts[0].body,
		.number = ++content->number, .level = tree->level,
		.is_attachment = tree->is_attachment };

	return filter_text_add(content, &source, walker->why);
}

/*
 * Every reading of a message, behind the other trees; owned, its bytes where
 * they were decoded, is taken over.
 */
static int
add_trees(struct walker *walker, struct text bytes, struct buffer *owned,
	uint32_t level, bool is_attachment)
{
	struct filter_content *content = walker->content;
	struct mime_message readings[MIME_READINGS_MAX];
	size_t count = 0, i;
	int error = mime_readings(bytes, &mime_limits_default,
	    content->arena, readings, &count);

	if (error != 0 || content->tree_count + count > FILTER_TREES_MAX) {
		buffer_clear(owned);
		return error != 0 ? filter_content_too_large(walker->why) :
		    filter_content_too_deep(walker->why);
	}
	for (i = 0; i < count; i++) {
		struct filter_tree *tree =
		    &content->trees[content->tree_count++];

		*tree = (struct filter_tree){ .mime = readings[i],
		    .level = level, .is_attachment = is_attachment };
		buffer_init(&tree->owned, 1);
		if (i == 0) {
			tree->owned = *owned;
			buffer_init(owned, 1);
		}
		if (error == 0)
			error = check_limits(readings[i].flags, walker->why);
	}
	if (count == 1 || error != 0)
		return error;
	content->flags |= FILTER_CONTENT_AMBIGUOUS;
	return add_raw(walker, &content->trees[content->tree_count - count]);
}

/* ---- leaves ---- */

static bool
is_new(struct walker *walker, const struct mime_part *part,
	bool is_attachment)
{
	struct leaf_key *key = arena_alloc(walker->content->arena,
	    sizeof(*key));

	/* Without room for its key it is looked at again. */
	if (key == NULL)
		return true;
	*key = (struct leaf_key){ part->header.data, part->body.data,
	    part->type_value.data, part->disposition_value.data,
	    part->header.len, part->body.len, is_attachment };
	if (map_get_text(walker->seen, text_of(key, sizeof(*key))) != NULL)
		return false;
	(void)map_put_text(walker->seen, text_of(key, sizeof(*key)), key);
	return true;
}

/* What a reader of the message may see as text. */
static bool
is_text(const struct mime_part *part)
{
	return (part->flags & MIME_NO_BOUNDARY) != 0 ||
	    mime_part_is(part, "text", NULL) ||
	    mime_part_is(part, "message", NULL);
}

static bool
is_html(const struct mime_part *part)
{
	return mime_part_is(part, NULL, "html") ||
	    mime_part_is(part, NULL, "xhtml+xml") ||
	    mime_part_is(part, NULL, "enriched");
}

static bool
has_name_ending(const struct mime_part *part, struct text suffix)
{
	size_t i;

	for (i = 0; i < part->parameter_count; i++)
		if (text_equal(part->parameters[i].name, TEXT("name")) &&
		    text_ends_nocase(part->parameters[i].value, suffix))
			return true;
	for (i = 0; i < part->disposition_parameter_count; i++)
		if (text_ends_nocase(part->disposition_parameters[i].value,
		    suffix))
			return true;
	return false;
}

/* A message whose parts are no ranges of the one around it. */
static bool
is_inner_message(const struct mime_part *part)
{
	return mime_part_is(part, "message", "rfc822") ||
	    mime_part_is(part, "message", "global") ||
	    mime_part_is(part, "message", "news") ||
	    has_name_ending(part, TEXT(".eml"));
}

/* Its parts are elsewhere, or it is one of several. */
static void
note_part(struct filter_content *content, const struct mime_part *part)
{
	if (mime_part_is(part, "message", "partial") ||
	    mime_part_is(part, "message", "external-body"))
		content->flags |= FILTER_CONTENT_UNSCANNABLE;
}

static int
add_inner(struct walker *walker, const struct filter_tree *tree,
	const struct filter_source *source, struct buffer *decoded)
{
	struct buffer owned;
	int error;

	buffer_init(&owned, 1);
	if (tree->level == FILTER_LEVELS_MAX)
		return filter_content_too_deep(walker->why);
	if (buffer_len(decoded) > 0) {
		error = filter_content_spend(walker->content,
		    buffer_len(decoded), walker->why);
		if (error != 0)
			return error;
		owned = *decoded;
		buffer_init(decoded, owned.max);
	}
	return add_trees(walker, source->bytes, &owned, tree->level + 1,
	    source->is_attachment);
}

static int
add_view(struct walker *walker, const struct filter_tree *tree,
	struct filter_source *source, struct buffer *decoded)
{
	const struct mime_part *part = source->part;
	int error = 0;

	if (tnef_is(source->bytes))
		return filter_attachment_add_tnef(walker->content, source,
		    walker->why);
	if (is_text(part) || filter_text_is_text(source->bytes))
		error = filter_text_add(walker->content, source,
		    walker->why);
	/* The text is copied; a tree takes the bytes. */
	if (error == 0 && is_inner_message(part))
		error = add_inner(walker, tree, source, decoded);
	return error;
}

static int
add_views(struct walker *walker, const struct filter_tree *tree,
	struct filter_source *source)
{
	struct mime_views views;
	struct buffer decoded;
	int error;

	buffer_init(&decoded, 2 * source->part->body.len + 64);
	mime_views_begin(&views, source->part);
	do {
		error = mime_views_next(&views, &decoded, NULL,
		    &source->bytes);
		if (error == 0)
			error = add_view(walker, tree, source, &decoded);
	} while (error == 0);
	if (views.is_ambiguous)
		walker->content->flags |= FILTER_CONTENT_AMBIGUOUS;
	buffer_clear(&decoded);
	if (error == ERROR_NOT_FOUND)
		return 0;
	if (walker->why->text[0] == '\0')
		(void)filter_content_too_large(walker->why);
	return error;
}

static bool
is_encoded_multipart(const struct mime_part *part)
{
	return mime_part_is(part, "multipart", NULL) &&
	    (part->encoding == MIME_ENCODING_QUOTED_PRINTABLE ||
	    part->encoding == MIME_ENCODING_BASE64);
}

/*
 * RFC 2045 6.4 forbids to encode a multipart; some readers decode it, and
 * find parts in what comes out.
 */
static int
add_encoded_multipart(struct walker *walker, const struct filter_tree *tree,
	const struct mime_part *part, bool is_attachment)
{
	struct filter_content *content = walker->content;
	struct mime_part leaf = *part;
	struct buffer whole;
	int error;

	if (tree->level == FILTER_LEVELS_MAX)
		return filter_content_too_deep(walker->why);
	leaf.is_multipart = false;
	content->flags |= FILTER_CONTENT_AMBIGUOUS;
	buffer_init(&whole, part->type_value.len + 2 * part->body.len + 128);
	error = buffer_add_text(&whole, TEXT("Content-Type:"));
	if (error == 0)
		error = buffer_add_text(&whole, part->type_value);
	if (error == 0)
		error = buffer_add_text(&whole, TEXT("\r\n\r\n"));
	if (error == 0)
		error = mime_decode(&leaf, &whole, NULL);
	if (error != 0)
		(void)filter_content_too_large(walker->why);
	else
		error = filter_content_spend(content, buffer_len(&whole),
		    walker->why);
	if (error != 0) {
		buffer_clear(&whole);
		return error;
	}
	return add_trees(walker, buffer_text(&whole), &whole,
	    tree->level + 1, is_attachment);
}

static int
add_leaf(struct walker *walker, const struct filter_tree *tree,
	const struct mime_part *part, bool is_attachment)
{
	struct filter_content *content = walker->content;
	struct filter_source source = { .part = part,
		.number = ++content->number, .level = tree->level,
		.is_attachment = is_attachment || !is_text(part),
		.is_html = is_html(part),
		.is_coded = mime_part_is(part, "text", NULL) ||
		part->encoding == MIME_ENCODING_UUENCODE };
	int error = 0;

	note_part(content, part);
	if (is_encoded_multipart(part))
		error = add_encoded_multipart(walker, tree, part,
		    is_attachment);
	if (error == 0 && source.is_attachment)
		error = filter_attachment_add(content, part, source.number,
		    tree->level, walker->why);
	return error == 0 ? add_views(walker, tree, &source) : error;
}

static int
add_part(struct walker *walker, const struct filter_tree *tree,
	const struct mime_part *part, bool is_attachment)
{
	if (!part->is_multipart && !part->is_message)
		return is_new(walker, part, is_attachment) ?
		    add_leaf(walker, tree, part, is_attachment) : 0;
	if (is_encoded_multipart(part) &&
	    is_new(walker, part, is_attachment))
		return add_encoded_multipart(walker, tree, part,
		    is_attachment);
	if (part->is_message && mime_part_is_attachment(part) &&
	    is_new(walker, part, is_attachment))
		return filter_attachment_add(walker->content, part,
		    ++walker->content->number, tree->level, walker->why);
	return 0;
}

static int
walk_tree(struct walker *walker, size_t index)
{
	/* The table of trees does not move; a part's parent stands before. */
	const struct filter_tree *tree = &walker->content->trees[index];
	bool *attached = memory_array(tree->mime.part_count + 1,
	    sizeof(attached[0]));
	size_t i;
	int error = 0;

	for (i = 0; i < tree->mime.part_count && error == 0; i++) {
		const struct mime_part *part = &tree->mime.parts[i];

		attached[i] = tree->is_attachment ||
		    attached[part->parent] || mime_part_is_attachment(part);
		error = add_part(walker, tree, part, attached[i]);
	}
	free(attached);
	return error;
}

/* Trees and attachments add others while they are walked. */
static int
walk(struct walker *walker)
{
	struct filter_content *content = walker->content;
	struct buffer owned;
	size_t tree = 0, attachment = 0;
	int error;

	buffer_init(&owned, 1);
	content->trees = memory_array(FILTER_TREES_MAX,
	    sizeof(content->trees[0]));
	error = add_trees(walker, content->bytes, &owned, 0, false);
	while (error == 0 && (tree < content->tree_count ||
	    attachment < content->attachment_count))
		error = tree < content->tree_count ?
		    walk_tree(walker, tree++) :
		    filter_attachment_open(content, attachment++,
		    walker->why);
	return error;
}

int
filter_content_decode(struct filter_content *content, struct reason *why)
{
	struct walker walker = { .content = content, .why = why };
	int error;

	if (content->has_texts)
		return 0;
	if (content->trees != NULL) {
		reason_set(why, "it could not be decoded");
		return ERROR_LIMIT;
	}
	why->text[0] = '\0';
	walker.seen = map_new();
	error = walk(&walker);
	map_free(walker.seen);
	content->has_texts = error == 0;
	return error;
}
