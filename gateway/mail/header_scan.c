/*
 * A look at a message as it streams by.  One state per byte over the header
 * section, which is small by limit; the body is only asked for bytes over
 * 127.
 */
#include "gateway/mail/header_scan.h"

#include <string.h>

#include "gateway/mail/utf8.h"

enum header_scan_state {
	FIRST_BYTE,	/* of the whole message */
	LINE_START,
	NAME,		/* in a field name */
	NAME_SPACE,	/* white space before the colon */
	VALUE,
	BAD_LINE,	/* no field name: up to its end */
};

static const struct text received_name = TEXT_INIT("received");
static const struct text mbox_start = TEXT_INIT("From ");

_Static_assert(sizeof(struct header_scan) < 256, "one per session");

void
header_scan_init(struct header_scan *scan, struct text hostname,
	const struct header_scan_limits *limits)
{
	memset(scan, 0, sizeof(*scan));
	scan->hostname = hostname;
	scan->is_mbox_possible = true;
	if (limits != NULL)
		scan->limits = *limits;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void
start_field(struct header_scan *scan)
{
	scan->field_count++;
	scan->field_bytes = 0;
	scan->name_match = 0;
	scan->is_received = true;	/* until a byte differs */
	scan->comment_depth = 0;
	scan->is_quoted = false;
	scan->word_len = 0;
	scan->was_by = false;
	scan->state = NAME;
}

static void
name_byte(struct header_scan *scan, char c)
{
	if (!scan->is_received)
		return;
	if (scan->name_match < received_name.len &&
	    text_lower_byte(c) == received_name.data[scan->name_match])
		scan->name_match++;
	else
		scan->is_received = false;
}

static void
end_name(struct header_scan *scan)
{
	scan->is_received = scan->is_received &&
		scan->name_match == received_name.len;
	if (scan->is_received)
		scan->received_count++;
	scan->state = VALUE;
}

/* A word of Received has ended: "by" and our name? */
static void
end_word(struct header_scan *scan)
{
	if (scan->word_len == 0)
		return;
	if (scan->was_by && scan->may_be_host && scan->hostname.len > 0 &&
	    scan->word_len == scan->hostname.len)
		scan->own_count++;
	scan->was_by = scan->may_be_by && scan->word_len == 2;
	scan->word_len = 0;
}

static void
word_byte(struct header_scan *scan, char c)
{
	static const char by[] = "by";
	uint32_t at = scan->word_len++;

	if (at == 0)
		scan->may_be_by = scan->may_be_host = true;
	c = text_lower_byte(c);
	if (at > 1 || c != by[at])
		scan->may_be_by = false;
	if (at >= scan->hostname.len ||
	    c != text_lower_byte(scan->hostname.data[at]))
		scan->may_be_host = false;
}

/* RFC 5321 4.4: what stands in comments is nobody's trace. */
static void
received_byte(struct header_scan *scan, char c)
{
	bool quoted = scan->is_quoted;

	scan->is_quoted = !quoted && c == '\\';
	if (c == '(' && !quoted) {
		end_word(scan);
		if (scan->comment_depth < UINT8_MAX)
			scan->comment_depth++;
	} else if (c == ')' && !quoted && scan->comment_depth > 0) {
		scan->comment_depth--;
	} else if (scan->comment_depth > 0) {
		return;
	} else if (is_space(c) || c == ';' || c == '\r') {
		end_word(scan);
	} else {
		word_byte(scan, c);
	}
}

static void
end_line(struct header_scan *scan)
{
	uint32_t len = scan->line_bytes - 1 - (scan->is_cr_last ? 1 : 0);

	if (len > scan->longest_line)
		scan->longest_line = len;
	if (scan->state == NAME || scan->state == NAME_SPACE) {
		scan->has_bad_line = true;
		scan->is_received = false;
	}
	if (scan->is_received)
		end_word(scan);
	if (len == 0)
		scan->is_over = true;
	scan->line_bytes = 0;
	scan->is_cr_last = false;
	scan->state = LINE_START;
}

static void
line_start(struct header_scan *scan, char c)
{
	bool first = scan->state == FIRST_BYTE;

	if (is_space(c)) {
		/* A folded line goes on with the field before it. */
		if (first)
			scan->has_bad_line = true;
		scan->state = first ? BAD_LINE : VALUE;
	} else if (c == ':') {
		scan->has_bad_line = true;
		scan->is_received = false;
		scan->state = BAD_LINE;
	} else if (c != '\r') {
		start_field(scan);
		name_byte(scan, c);
	}
}

static void
in_name(struct header_scan *scan, char c)
{
	if (c == ':')
		end_name(scan);
	else if (is_space(c))
		scan->state = NAME_SPACE;
	else if (scan->state == NAME_SPACE && c != '\r')
		scan->is_received = false;
	else if (c != '\r')
		name_byte(scan, c);
}

static void
check_mbox(struct header_scan *scan, char c)
{
	uint32_t at = scan->section_bytes - 1;

	if (c != mbox_start.data[at])
		scan->is_mbox_possible = false;
	else if (at == mbox_start.len - 1)
		scan->has_mbox_line = true;
	if (at == mbox_start.len - 1)
		scan->is_mbox_possible = false;
}

static void
check_limits(struct header_scan *scan)
{
	const struct header_scan_limits *limits = &scan->limits;

	if ((limits->fields > 0 && scan->field_count > limits->fields) ||
	    (limits->section_bytes > 0 &&
	    scan->section_bytes > limits->section_bytes) ||
	    (limits->field_bytes > 0 &&
	    scan->field_bytes > limits->field_bytes))
		scan->is_limit_passed = true;
}

/* Counters rest at their end. */
static void
count(uint32_t *counter)
{
	if (*counter < UINT32_MAX)
		(*counter)++;
}

static void
section_byte(struct header_scan *scan, char c)
{
	count(&scan->section_bytes);
	count(&scan->line_bytes);
	count(&scan->field_bytes);
	if ((unsigned char)c > 127)
		scan->has_8bit_header = true;
	if (scan->is_mbox_possible)
		check_mbox(scan, c);
	if (c == '\n') {
		end_line(scan);
		check_limits(scan);
		return;
	}
	if (scan->state == FIRST_BYTE || scan->state == LINE_START)
		line_start(scan, c);
	else if (scan->state == NAME || scan->state == NAME_SPACE)
		in_name(scan, c);
	else if (scan->state == VALUE && scan->is_received)
		received_byte(scan, c);
	scan->is_cr_last = c == '\r';
	check_limits(scan);
}

int
header_scan_feed(struct header_scan *scan, struct text piece)
{
	size_t at = 0;

	while (at < piece.len && !scan->is_over)
		section_byte(scan, piece.data[at++]);
	if (at < piece.len && !scan->has_8bit_body)
		scan->has_8bit_body = !utf8_is_ascii(text_skip(piece, at));
	return scan->is_limit_passed ? ERROR_LIMIT : 0;
}

void
header_scan_finish(struct header_scan *scan)
{
	if (scan->is_over)
		return;
	if (scan->line_bytes > 0) {
		scan->line_bytes++;	/* as if LF had come */
		end_line(scan);
	}
	scan->is_over = true;
}

void
header_scan_explain(const struct header_scan *scan, struct reason *why)
{
	const struct header_scan_limits *limits = &scan->limits;
	const char *words = "Header field too long";

	if (limits->fields > 0 && scan->field_count > limits->fields)
		words = "Too many header fields";
	else if (limits->section_bytes > 0 &&
	    scan->section_bytes > limits->section_bytes)
		words = "Header section too large";
	reason_set_reply(why, 552, 5, 3, 4, "%s", words);
}
