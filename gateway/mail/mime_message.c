/*
 * The walk through a message: line by line, with a stack of the multiparts
 * and messages that are open (RFC 2046 5.1 and 5.2.1).
 */
#include "gateway/mail/mime_message.h"

#include <stdint.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/mail/mime_boundary_private.h"
#include "gateway/mail/mime_section_private.h"

const struct mime_limits mime_limits_default = {
	.depth = 64, .parts = 10000, .fields = 100000,
};

/* A multipart or message whose end has not come. */
struct container {
	uint32_t part;
	struct text boundary;	/* empty for a message */
	bool is_closed;		/* "--boundary--" was read: the epilogue */
	bool has_child;
};

struct walk {
	struct mime_lines lines;
	struct mime_way way;
	uint32_t guesses;	/* of boundaries */
	const struct mime_limits *limits;
	struct arena *arena;
	struct mime_part *parts;
	size_t count;
	size_t room;
	struct container *stack;
	struct mime_boundaries boundaries;	/* of the stack */
	size_t depth;		/* of the stack */
	bool has_leaf;		/* the newest part is open, no container */
	bool is_stopped;	/* a limit: no more parts */
	uint32_t fields_left;
	size_t at;
};

/* What a line is to the open multiparts. */
struct delimiter {
	size_t level;		/* of the stack */
	bool is_close;
	bool is_loose;		/* something stands behind the boundary */
	bool is_prefix;		/* and directly so */
};

/* Each looks through the rest of the message. */
#define GUESSES_MAX 16u
#define GUESS_BOUNDARY_MAX 200

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text
without_blank_end(struct text t)
{
	while (t.len > 0 && is_blank(t.data[t.len - 1]))
		t.len--;
	return t;
}

/*
 * t: a line behind its "--".  A boundary that ends in white space is wrong
 * (RFC 2046 5.1.1) and matches with and without.
 */
static bool
match_one(struct text t, const struct container *one, struct delimiter *out)
{
	struct text boundary = text_starts(t, one->boundary) ?
		one->boundary : without_blank_end(one->boundary);
	struct text rest = without_blank_end(text_skip(t, boundary.len));

	if (one->boundary.len == 0 || !text_starts(t, boundary))
		return false;
	out->is_close = text_starts(rest, TEXT("--"));
	if (out->is_close && (rest.len == 2 || is_blank(rest.data[2])))
		rest = text_skip(rest, 2);
	else
		out->is_close = false;
	out->is_loose = rest.len > 0;
	out->is_prefix = rest.len > 0 && !is_blank(rest.data[0]);
	return true;
}

/* A multipart within that one has not had its closing delimiter. */
static bool
has_open_above(const struct walk *walk, size_t level)
{
	for (size_t i = walk->depth; i-- > level + 1;)
		if (walk->stack[i].boundary.len > 0 &&
		    !walk->stack[i].is_closed)
			return true;
	return false;
}

/*
 * Whether the reading at hand takes it for a delimiter, where others would
 * or would not.
 */
static bool
is_wanted(struct walk *walk, const struct delimiter *delimiter)
{
	const struct container *one = &walk->stack[delimiter->level];
	uint32_t choice = delimiter->is_prefix ? MIME_CHOICE_PREFIX :
		one->is_closed ? MIME_CHOICE_REOPEN : 0;

	if (one->is_closed && delimiter->is_close)
		return false;
	walk->way.choices |= choice;
	if ((walk->way.reading & choice) != choice)
		return false;
	if (!has_open_above(walk, delimiter->level))
		return true;
	walk->way.choices |= MIME_CHOICE_INNER;
	return (walk->way.reading & MIME_CHOICE_INNER) == 0;
}

/*
 * RFC 2046 5.1.1: a delimiter is known by its beginning, white space behind
 * it is transport's.  One boundary may be the beginning of another, so more
 * than white space is a boundary of its own unless a gap parts it off, and
 * an exact match on any level comes before that.
 */
static bool
match(struct walk *walk, const struct mime_line *line, struct delimiter *out)
{
	struct text t = text_of(walk->lines.bytes.data + line->start,
		line->text_len);
	struct delimiter one;
	struct delimiter loose = { .level = SIZE_MAX };

	if (t.len < 3 || t.data[0] != '-' || t.data[1] != '-')
		return false;
	t = text_skip(t, 2);
	uint64_t left = mime_boundaries_find(&walk->boundaries, t);
	while (left != 0) {
		size_t level = 63 - (size_t)__builtin_clzll(left);
		left &= ~(UINT64_C(1) << level);
		if (!match_one(t, &walk->stack[level], &one))
			continue;
		one.level = level;
		if (one.is_loose && !walk->stack[level].is_closed &&
		    (loose.level == SIZE_MAX ||
		    (loose.is_prefix && !one.is_prefix)))
			loose = one;
		*out = one;
		if (!one.is_loose && is_wanted(walk, &one))
			return true;
	}
	*out = loose;
	return loose.level != SIZE_MAX && is_wanted(walk, &loose);
}

static void
clamp(const struct walk *walk, struct text *t, size_t end)
{
	size_t from = (size_t)(t->data - walk->lines.bytes.data);

	if (from > end) {
		*t = text_of(walk->lines.bytes.data + end, 0);
	} else if (t->len > end - from) {
		t->len = end - from;
	}
}

/* The part's body ends there; so does its header where that was cut. */
static void
end_part(struct walk *walk, uint32_t index, size_t end)
{
	struct mime_part *part = &walk->parts[index];
	size_t from = (size_t)(part->body.data - walk->lines.bytes.data);

	clamp(walk, &part->header, end);
	if (part->field_count > 0)
		clamp(walk, &part->fields[part->field_count - 1].whole, end);
	part->body.len = from < end ? end - from : 0;
	clamp(walk, &part->body, end);
}

/* A multipart without its boundary: some readers look for one. */
static void
note_guess(struct walk *walk, const struct mime_part *part)
{
	if (text_starts(part->body, TEXT("--")) ||
	    text_find(part->body, TEXT("\n--")) < part->body.len)
		walk->way.choices |= MIME_CHOICE_GUESS;
}

/* A multipart without any part is a leaf: somebody must read it. */
static void
end_container(struct walk *walk, const struct container *one, size_t end)
{
	struct mime_part *part = &walk->parts[one->part];

	end_part(walk, one->part, end);
	if (one->boundary.len == 0)
		return;
	if (!one->is_closed && !walk->is_stopped)
		part->flags |= MIME_UNCLOSED;
	if (!one->has_child) {
		part->is_multipart = false;
		part->flags |= MIME_NO_BOUNDARY;
		note_guess(walk, part);
	}
}

/* Everything open above that level of the stack ends there. */
static void
end_above(struct walk *walk, size_t level, size_t end)
{
	if (walk->has_leaf)
		end_part(walk, (uint32_t)(walk->count - 1), end);
	walk->has_leaf = false;
	while (walk->depth > level) {
		struct container *one = &walk->stack[--walk->depth];
		mime_boundaries_remove(&walk->boundaries, one->boundary,
			walk->depth);
		end_container(walk, one, end);
	}
}

static struct mime_part *
add_part(struct walk *walk)
{
	if (walk->count == walk->room) {
		walk->room = walk->room == 0 ? 16 : walk->room * 2;
		walk->parts = memory_resize(walk->parts, walk->room,
			sizeof(*walk->parts));
	}
	struct mime_part *part = &walk->parts[walk->count++];
	*part = (struct mime_part){ 0 };
	return part;
}

/*
 * Where the header section that starts at walk->at ends; walk->at goes to
 * the body.  A delimiter ends it, and so does a line that is no field: most
 * readers take the body to begin there.
 */
static size_t
find_body(struct walk *walk, uint32_t *flags)
{
	while (walk->at < walk->lines.bytes.len) {
		struct mime_line line = mime_line_at(&walk->lines, walk->at);
		struct text t = text_of(walk->lines.bytes.data + line.start,
			line.text_len);
		enum mime_section_line kind = mime_section_line(t);
		struct delimiter delimiter;
		if (match(walk, &line, &delimiter))
			break;
		if (kind == MIME_SECTION_BAD) {
			*flags |= MIME_BAD_HEADER;
			walk->way.choices |= MIME_CHOICE_SKIP_LINE;
			if ((walk->way.reading & MIME_CHOICE_SKIP_LINE) == 0)
				break;
		}
		walk->at = line.next;
		if (kind == MIME_SECTION_END)
			break;
	}
	return walk->at;
}

static void
push(struct walk *walk, uint32_t index, struct text boundary)
{
	if (boundary.len > 0)
		mime_boundaries_add(&walk->boundaries, boundary,
			walk->depth);
	walk->stack[walk->depth++] = (struct container){ .part = index,
		.boundary = boundary };
}

/* The first line at or behind walk->at that may be a delimiter. */
static struct text
guess_boundary(struct walk *walk)
{
	size_t at = walk->at;

	while (at < walk->lines.bytes.len) {
		struct mime_line line = mime_line_at(&walk->lines, at);
		struct text t = without_blank_end(text_of(
			walk->lines.bytes.data + line.start, line.text_len));
		struct delimiter unused;
		if (match(walk, &line, &unused))
			break;
		if (t.len > 2 && t.len <= GUESS_BOUNDARY_MAX &&
		    text_starts(t, TEXT("--")))
			return text_skip(t, 2);
		at = line.next;
	}
	return TEXT_EMPTY;
}

/* Whether a line further on begins as a delimiter of that boundary. */
static bool
has_delimiter(const struct walk *walk, struct text boundary)
{
	struct text rest = text_skip(walk->lines.bytes, walk->at);
	size_t at = 0;

	while (at < rest.len) {
		size_t from = at + text_find(text_skip(rest, at), boundary);
		if (from >= rest.len)
			return false;
		if (from >= 2 && rest.data[from - 1] == '-' &&
		    rest.data[from - 2] == '-' &&
		    (from == 2 || rest.data[from - 3] == '\n'))
			return true;
		at = from + 1;
	}
	return false;
}

/* The boundary that counts; false where the part is a leaf. */
static bool
choose_boundary(struct walk *walk, struct mime_part *part,
	struct text *boundary)
{
	bool has = mime_section_boundary(part, &walk->way, boundary);
	struct text guess;

	if ((walk->way.reading & MIME_CHOICE_GUESS) == 0) {
		/* Without one the whole rest may be its body. */
		if (!has && text_find(text_skip(walk->lines.bytes, walk->at),
		    TEXT("--")) < walk->lines.bytes.len - walk->at)
			walk->way.choices |= MIME_CHOICE_GUESS;
		return has;
	}
	if (walk->guesses++ == GUESSES_MAX)
		part->flags |= MIME_TOO_AMBIGUOUS;
	if (walk->guesses > GUESSES_MAX ||
	    (has && has_delimiter(walk, *boundary)))
		return has;
	walk->way.choices |= MIME_CHOICE_GUESS;
	guess = guess_boundary(walk);
	if (guess.len > 0)
		*boundary = guess;
	return has || guess.len > 0;
}

/* Make the part a container where it is one and may be. */
static void
open_container(struct walk *walk, uint32_t index)
{
	struct mime_part *part = &walk->parts[index];
	struct text boundary = TEXT_EMPTY;

	if (part->is_multipart && !choose_boundary(walk, part, &boundary))
		part->is_multipart = false;
	if (!part->is_multipart && !part->is_message)
		return;
	if (part->depth >= walk->limits->depth) {
		part->flags |= MIME_TOO_DEEP;
		part->is_multipart = part->is_message = false;
		return;
	}
	if (part->is_message && walk->count >= walk->limits->parts) {
		part->flags |= MIME_TOO_MANY_PARTS;
		part->is_message = false;
		walk->is_stopped = true;
		return;
	}
	push(walk, index, boundary);
	walk->has_leaf = false;
}

/* One part at walk->at, child of the container on top (or the root). */
static int
begin_part(struct walk *walk)
{
	const char *bytes = walk->lines.bytes.data;
	struct container *top = walk->depth > 0 ?
		&walk->stack[walk->depth - 1] : NULL;
	uint32_t index = (uint32_t)walk->count;
	struct mime_part *part = add_part(walk);
	size_t start = walk->at;
	bool digest = false;
	int error;

	if (top != NULL) {
		const struct mime_part *parent = &walk->parts[top->part];
		part->parent = top->part;
		part->depth = parent->depth + 1;
		digest = mime_part_is(parent, "multipart", "digest");
		top->has_child = true;
	}
	size_t body = find_body(walk, &part->flags);
	part->header = text_of(bytes + start, body - start);
	part->body = text_of(bytes + body, 0);
	error = mime_section_fields(&walk->lines, start, body,
		&walk->fields_left, walk->arena, part);
	if (error == 0)
		error = mime_section_meaning(part, digest, &walk->way,
			walk->arena);
	walk->has_leaf = true;
	if (error == 0)
		open_container(walk, index);
	return error;
}

/* A part, and while it is a message, the message's own root. */
static int
begin_parts(struct walk *walk)
{
	int error;

	do
		error = begin_part(walk);
	while (error == 0 && !walk->has_leaf &&
	    walk->parts[walk->count - 1].is_message);
	return error;
}

static int
on_delimiter(struct walk *walk, const struct mime_line *line,
	const struct delimiter *delimiter)
{
	struct container *one = &walk->stack[delimiter->level];
	size_t end = mime_lines_end_before(&walk->lines, line->start);

	end_above(walk, delimiter->level + 1, end);
	if (delimiter->is_loose)
		walk->parts[one->part].flags |= MIME_BAD_BOUNDARY;
	walk->at = line->next;
	if (delimiter->is_close) {
		one->is_closed = true;
		return 0;
	}
	one->is_closed = false;
	if (walk->count < walk->limits->parts)
		return begin_parts(walk);
	walk->parts[one->part].flags |= MIME_TOO_MANY_PARTS;
	walk->is_stopped = true;
	return 0;
}

static int
walk_lines(struct walk *walk)
{
	int error = begin_parts(walk);

	while (error == 0 && !walk->is_stopped && walk->depth > 0 &&
	    walk->at < walk->lines.bytes.len) {
		struct mime_line line = mime_line_at(&walk->lines, walk->at);
		struct delimiter delimiter;
		if (match(walk, &line, &delimiter))
			error = on_delimiter(walk, &line, &delimiter);
		else
			walk->at = line.next;
	}
	if (error == 0)
		end_above(walk, 0, walk->lines.bytes.len);
	return error;
}

/* An LF without its CR. */
static bool
has_bare_lf(struct text t, struct text after)
{
	size_t at = 0;

	while (at < t.len) {
		size_t lf = at + text_find_byte(text_skip(t, at), '\n');
		if (lf < t.len && (lf == 0 || t.data[lf - 1] != '\r') &&
		    text_starts(text_skip(t, lf + 1), after))
			return true;
		at = lf + 1;
	}
	return false;
}

/*
 * Of mixed line ends only those in a header, and those before what may be a
 * delimiter, are read in two ways.
 */
static void
note_line_ends(const struct walk *walk, struct mime_message *out)
{
	bool differs = false;

	if (walk->lines.is_lf)
		return;
	for (size_t i = 0; i < walk->count && !differs; i++)
		differs = has_bare_lf(walk->parts[i].header, TEXT_EMPTY);
	if (differs || has_bare_lf(walk->lines.bytes, TEXT("--")))
		out->choices |= MIME_CHOICE_LINE_FEED;
}

int
mime_message_parse(struct text bytes, const struct mime_limits *limits,
	struct arena *arena, struct mime_message *out)
{
	return mime_message_read(bytes, limits, 0, arena, out);
}

int
mime_message_read(struct text bytes, const struct mime_limits *limits,
	uint32_t reading, struct arena *arena, struct mime_message *out)
{
	struct walk walk = { .lines = { .bytes = bytes }, .limits = limits,
		.way = { .reading = reading }, .arena = arena,
		.fields_left = limits->fields };
	int error;

	require(limits->depth <= MIME_BOUNDARY_LEVELS);
	if (bytes.data == NULL)
		walk.lines.bytes = TEXT_EMPTY;
	*out = (struct mime_message){ .bytes = walk.lines.bytes,
		.reading = reading };
	walk.lines.is_lf = text_find(bytes, TEXT("\r\n")) == bytes.len;
	walk.lines.is_any = (reading & MIME_CHOICE_LINE_FEED) != 0;
	walk.stack = arena_array(arena, limits->depth, sizeof(*walk.stack));
	error = walk.stack == NULL ? ERROR_LIMIT : walk_lines(&walk);
	if (error == 0) {
		out->parts = arena_array(arena, walk.count,
			sizeof(*out->parts));
		error = out->parts == NULL ? ERROR_LIMIT : 0;
	}
	for (size_t i = 0; error == 0 && i < walk.count; i++) {
		out->parts[i] = walk.parts[i];
		out->flags |= walk.parts[i].flags;
		out->part_count++;
	}
	out->choices = walk.way.choices;
	if (error == 0)
		note_line_ends(&walk, out);
	free(walk.parts);
	return error;
}
