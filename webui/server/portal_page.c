/*
 * What all pages have in common.  portal process.
 */
#include "webui/server/portal_page.h"

#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/mail/html_escape.h"

#define PAGE_MAX (4u * 1024 * 1024)

void
portal_page_init(struct portal_page *page)
{
	buffer_init(&page->html, PAGE_MAX);
}

void
portal_page_clear(struct portal_page *page)
{
	buffer_wipe(&page->html);
}

void
portal_page_add(struct portal_page *page, const char *markup)
{
	/* What comes from outside is bounded far below a page's maximum. */
	require(buffer_add_text(&page->html, text_from(markup)) == 0);
}

/* Whether "{digit}" stands at the beginning. */
static bool
is_place(struct text t)
{
	return t.len >= 3 && t.data[0] == '{' && text_is_digit(t.data[1]) &&
	    t.data[2] == '}';
}

void
portal_page_fill(struct portal_page *page, const char *markup,
	const struct text *values, size_t count)
{
	struct text rest = text_from(markup);
	size_t brace, number;

	while (rest.len > 0) {
		brace = text_find_byte(rest, '{');
		require(buffer_add_text(&page->html, text_slice(rest, 0,
		    brace)) == 0);
		rest = text_skip(rest, brace);
		if (rest.len == 0)
			break;
		require(is_place(rest));
		number = (size_t)(rest.data[1] - '0');
		require(number < count);
		require(html_escape(values[number], &page->html) == 0);
		rest = text_skip(rest, 3);
	}
}

void
portal_page_begin(struct portal_page *page, struct text title)
{
	PORTAL_PAGE_FILL(page,
	    "<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n"
	    "<title>{0}</title>\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
	    "</head>\n"
	    "<body>\n"
	    "<main>\n"
	    "<h1>{0}</h1>\n", title);
}

void
portal_page_end(struct portal_page *page)
{
	portal_page_add(page,
	    "</main>\n"
	    "<footer>\n"
	    "<p>We never ask for the password of your e-mail account.</p>\n"
	    "<p><a href=\"/about\">What this is, and how to check it</a></p>\n"
	    "<p><a href=\"/signout\">Sign out</a></p>\n"
	    "</footer>\n"
	    "</body>\n"
	    "</html>\n");
}

/* "2026-11-21T12:03:53.123456Z" has everything but the month's name. */
struct text
portal_page_time(int64_t time_us, char *out, size_t size)
{
	static const char *const months[] = { "January", "February", "March",
		"April", "May", "June", "July", "August", "September",
		"October", "November", "December" };
	char iso[CLOCK_ISO_SIZE];
	uint64_t month = 1, day = 1;
	struct text t;

	clock_print_iso(time_us, iso, sizeof(iso));
	t = text_from(iso);
	if (text_parse_u64(text_slice(t, 5, 2), 12, &month) < 0 ||
	    text_parse_u64(text_slice(t, 8, 2), 31, &day) < 0 || month == 0)
		return TEXT("unknown");
	(void)snprintf(out, size, "%u %s %.4s, %.5s UTC", (unsigned int)day,
	    months[month - 1], iso, iso + 11);
	return text_from(out);
}
