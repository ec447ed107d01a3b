/*
 * Where text may be added to a page of HTML: one pass from tag to tag.
 */
#include "gateway/mail/mime_write_html.h"

#include <stdbool.h>
#include <string.h>

struct scan {
	struct text html;
	size_t at;
	size_t top_rank;	/* of what was found for top */
	size_t bottom_rank;
	struct mime_write_html found;
};

/* Tags that say where a page's content begins and ends. */
static const struct place {
	struct text name;
	bool is_end;		/* "</name>" */
	size_t top_rank;	/* top is behind it; the highest counts */
	size_t bottom_rank;	/* bottom is before it */
} places[] = {
	{ TEXT_INIT("!doctype"), false, 1, 0 },
	{ TEXT_INIT("html"), false, 2, 0 },
	{ TEXT_INIT("head"), true, 3, 0 },
	{ TEXT_INIT("body"), false, 4, 0 },
	{ TEXT_INIT("html"), true, 0, 1 },
	{ TEXT_INIT("body"), true, 0, 2 },
};

/* Elements whose content is no markup up to their own end tag. */
static const struct text raw_elements[] = {
	TEXT_INIT("script"), TEXT_INIT("style"), TEXT_INIT("title"),
	TEXT_INIT("textarea"), TEXT_INIT("xmp"), TEXT_INIT("iframe"),
	TEXT_INIT("noembed"), TEXT_INIT("noframes"), TEXT_INIT("plaintext"),
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

/* The name at the beginning of rest. */
static struct text
name_of(struct text rest)
{
	size_t len = 0;

	while (len < rest.len && !is_space(rest.data[len]) &&
	    rest.data[len] != '/' && rest.data[len] != '>')
		len++;
	return text_slice(rest, 0, len);
}

static bool
skip_to(struct scan *scan, struct text what)
{
	size_t at = scan->at + text_find(text_skip(scan->html, scan->at),
	    what);

	if (at >= scan->html.len)
		return false;
	scan->at = at + what.len;
	return true;
}

/* Behind a tag's name: over its attributes, whose values may be quoted. */
static bool
skip_tag(struct scan *scan)
{
	struct text html = scan->html;
	bool is_value = false;	/* "=" came last, but for space */

	while (scan->at < html.len) {
		char c = html.data[scan->at++];

		if (c == '>')
			return true;
		if (is_value && (c == '"' || c == '\'') &&
		    !skip_to(scan, text_of(&c, 1)))
			return false;
		if (!is_space(c))
			is_value = c == '=';
	}
	return false;
}

static void
note_place(struct scan *scan, struct text name, bool is_end, size_t start)
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *place = &places[i];

		if (place->is_end != is_end ||
		    !text_equal_nocase(place->name, name))
			continue;
		/* The first to begin, the last to end. */
		if (place->top_rank > scan->top_rank) {
			scan->top_rank = place->top_rank;
			scan->found.top = scan->at;
		}
		if (place->bottom_rank > 0 &&
		    place->bottom_rank >= scan->bottom_rank) {
			scan->bottom_rank = place->bottom_rank;
			scan->found.bottom = start;
		}
	}
}

/* Behind <script> and the like: to the beginning of its end tag. */
static bool
skip_raw(struct scan *scan, struct text name)
{
	size_t i;

	for (i = 0; i < sizeof(raw_elements) / sizeof(raw_elements[0]); i++)
		if (text_equal_nocase(name, raw_elements[i]))
			break;
	if (i == sizeof(raw_elements) / sizeof(raw_elements[0]))
		return true;
	while (skip_to(scan, TEXT("</")))
		if (text_equal_nocase(name_of(text_skip(scan->html,
		    scan->at)), raw_elements[i])) {
			scan->at -= 2;
			return true;
		}
	return false;
}

/* At "<", with something behind it. */
static bool
take_markup(struct scan *scan)
{
	size_t start = scan->at++;
	struct text rest = text_skip(scan->html, scan->at);
	bool is_end = text_starts(rest, TEXT("/"));
	struct text name;

	if (text_starts(rest, TEXT("!--"))) {
		/* "<!-->" is a whole one. */
		scan->at++;
		return skip_to(scan, TEXT("-->"));
	}
	if (is_end) {
		scan->at++;
		rest = text_skip(rest, 1);
	}
	if (rest.len == 0 || (!text_is_alpha(rest.data[0]) &&
	    rest.data[0] != '!' && rest.data[0] != '?'))
		return true;
	name = name_of(rest);
	scan->at += name.len;
	if (rest.data[0] == '!' || rest.data[0] == '?' ? !skip_to(scan,
	    TEXT(">")) : !skip_tag(scan))
		return false;
	note_place(scan, name, is_end, start);
	return is_end || skip_raw(scan, name);
}

int
mime_write_html_scan(struct text html, struct mime_write_html *out)
{
	struct scan scan = { .html = html, .found = { .bottom = html.len } };

	while (scan.at < html.len) {
		scan.at += text_find_byte(text_skip(html, scan.at), '<');
		if (scan.at < html.len && !take_markup(&scan))
			return ERROR_REFUSED;
	}
	/* A page that is turned around has no place for either. */
	if (scan.found.top > scan.found.bottom)
		scan.found.bottom = html.len;
	*out = scan.found;
	return 0;
}
