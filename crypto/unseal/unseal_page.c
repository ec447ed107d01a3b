/*
 * The page of an opened message.  unseal process, in the child.
 */
#include "crypto/unseal/unseal_page.h"

#include <string.h>

#include "gateway/mail/html_escape.h"

#define SHOWN_MAX (1024u * 1024)	/* bytes of one text, decoded */
#define SHOWN_ALL_MAX (4u * 1024 * 1024)
#define FIELD_MAX 4096u

struct unseal_page {
	const struct unseal_manifest *manifest;
	struct text parts_path;
	struct buffer *out;
	size_t room;		/* bytes of text that are still shown */
	int error;		/* the first; nothing is written after it */
};

static const char page_start[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, "
    "initial-scale=1\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<title>";

static const char page_head_end[] =
    "</title>\n"
    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
    "</head>\n"
    "<body>\n"
    "<main class=\"message\">\n";

/*
 * Before the message's own HTML, in its frame: what the frame's sandbox and
 * the page's policy forbid already, once more, and links in new windows.
 */
static const char frame_start[] =
    "<!doctype html><meta charset=\"utf-8\">"
    "<meta http-equiv=\"Content-Security-Policy\" content=\""
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'\">"
    "<meta name=\"referrer\" content=\"no-referrer\">"
    "<base target=\"_blank\">\n";

static const struct {
	const char *label;
	size_t offset;
} fields[] = {
	{ "From", offsetof(struct unseal_manifest, from) },
	{ "To", offsetof(struct unseal_manifest, to) },
	{ "Cc", offsetof(struct unseal_manifest, cc) },
	{ "Date", offsetof(struct unseal_manifest, date) },
};

/* ---- pieces -------------------------------------------------------------- */

/* Our own markup. */
static void
add(struct unseal_page *page, const char *markup)
{
	if (page->error == 0)
		page->error = buffer_add_text(page->out, text_from(markup));
}

/* Everything else. */
static void
add_escaped(struct unseal_page *page, struct text t)
{
	if (page->error == 0)
		page->error = html_escape(t, page->out);
}

static void
add_number(struct unseal_page *page, size_t number)
{
	if (page->error == 0)
		page->error = buffer_printf(page->out, "%zu", number);
}

static void
add_size(struct unseal_page *page, size_t bytes)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB" };
	size_t unit = 0, tenths = bytes * 10;

	while (tenths >= 10240 && unit + 1 < sizeof(units) / sizeof(*units)) {
		tenths /= 1024;
		unit++;
	}
	if (page->error != 0)
		return;
	page->error = unit == 0 || tenths >= 100 ?
	    buffer_printf(page->out, "%zu %s", tenths / 10, units[unit]) :
	    buffer_printf(page->out, "%zu.%zu %s", tenths / 10, tenths % 10,
	    units[unit]);
}

/* ---- the head of the message --------------------------------------------- */

static struct text
subject_of(const struct unseal_manifest *manifest)
{
	struct text subject = text_trim(manifest->subject);

	return text_is_empty(subject) ? TEXT("(no subject)") :
	    text_slice(subject, 0, FIELD_MAX);
}

static void
add_fields(struct unseal_page *page)
{
	const char *manifest = (const char *)page->manifest;
	struct text value;

	add(page, "<dl class=\"fields\">\n");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		memcpy(&value, manifest + fields[i].offset, sizeof(value));
		if (text_is_empty(value))
			continue;
		add(page, "<dt>");
		add(page, fields[i].label);
		add(page, "</dt><dd>");
		add_escaped(page, text_slice(value, 0, FIELD_MAX));
		add(page, "</dd>\n");
	}
	add(page, "</dl>\n");
}

/* ---- what is shown ------------------------------------------------------- */

/* CRLF becomes LF, as HTML has it; escaping drops no line. */
static void
add_text(struct unseal_page *page, struct text t)
{
	add(page, "<pre class=\"text\">\n");
	add_escaped(page, t);
	add(page, "</pre>\n");
}

/*
 * Without allow-scripts the frame neither runs nor refreshes itself, without
 * allow-same-origin it has no origin, without allow-forms it sends nothing,
 * without allow-top-navigation it stays where it is.
 */
static void
add_html(struct unseal_page *page, struct text t)
{
	add(page, "<iframe class=\"html\" title=\"Text of the message\" "
	    "sandbox=\"allow-popups allow-popups-to-escape-sandbox\" "
	    "referrerpolicy=\"no-referrer\" srcdoc=\"");
	add_escaped(page, text_from(frame_start));
	add_escaped(page, t);
	add(page, "\"></iframe>\n");
}

static void
add_note(struct unseal_page *page, const char *words)
{
	add(page, "<p class=\"note\">");
	add(page, words);
	add(page, "</p>\n");
}

static void
add_shown(struct unseal_page *page, const struct unseal_part *part)
{
	size_t max = page->room < SHOWN_MAX ? page->room : SHOWN_MAX;
	struct buffer text;
	bool is_cut;

	if (max == 0) {
		add_note(page, "More text follows; save the whole message to "
		    "read it.");
		return;
	}
	buffer_init(&text, max);
	is_cut = unseal_part_decode(part, &text) != 0;
	page->room -= buffer_len(&text);
	/* Half a text can be read, half of HTML may show something else. */
	if (part->show == UNSEAL_SHOW_TEXT || is_cut)
		add_text(page, buffer_text(&text));
	else
		add_html(page, buffer_text(&text));
	if (is_cut)
		add_note(page, "This text is too long for this page; save the "
		    "whole message to read the rest.");
	buffer_clear(&text);
}

static void
add_body(struct unseal_page *page)
{
	add(page, "<section class=\"body\" aria-label=\"Message\">\n");
	for (size_t i = 0; i < page->manifest->part_count; i++)
		if (page->manifest->parts[i].show != UNSEAL_SHOW_FILE)
			add_shown(page, &page->manifest->parts[i]);
	add(page, "</section>\n");
	if (page->manifest->is_cut)
		add_note(page, "This message has more parts than can be "
		    "listed here; save the whole message to see them.");
}

/* ---- what is saved ------------------------------------------------------- */

/* Three quarters of base64, and the rest as it is: near enough. */
static size_t
shown_size(const struct unseal_part *part)
{
	return part->encoding == MIME_ENCODING_BASE64 ?
	    part->body.len / 78 * 57 + part->body.len % 78 * 3 / 4 :
	    part->body.len;
}

static void
add_file(struct unseal_page *page, const struct unseal_part *part,
    size_t number)
{
	add(page, "<li><a href=\"");
	add_escaped(page, page->parts_path);
	add_number(page, number);
	add(page, "\" download=\"");
	add_escaped(page, part->name);
	add(page, "\">");
	add_escaped(page, part->name);
	add(page, "</a> <span class=\"size\">");
	add_size(page, shown_size(part));
	add(page, "</span></li>\n");
}

static void
add_files(struct unseal_page *page)
{
	size_t number = 0;

	for (size_t i = 0; i < page->manifest->part_count; i++) {
		const struct unseal_part *part = &page->manifest->parts[i];

		if (part->show != UNSEAL_SHOW_FILE)
			continue;
		if (number++ == 0)
			add(page, "<h2>Attachments</h2>\n"
			    "<ul class=\"files\">\n");
		add_file(page, part, number);
	}
	if (number > 0)
		add(page, "</ul>\n");
	add(page, "<p><a href=\"");
	add_escaped(page, page->parts_path);
	add(page, "message.eml\" download=\"message.eml\">"
	    "Save the whole message</a></p>\n");
}

int
unseal_page_write(const struct unseal_manifest *manifest,
    struct text parts_path, struct buffer *out)
{
	struct unseal_page page = {
		.manifest = manifest,
		.parts_path = parts_path,
		.out = out,
		.room = SHOWN_ALL_MAX,
	};
	size_t before = buffer_len(out);

	add(&page, page_start);
	add_escaped(&page, subject_of(manifest));
	add(&page, page_head_end);
	add(&page, "<h1>");
	add_escaped(&page, subject_of(manifest));
	add(&page, "</h1>\n");
	add_fields(&page);
	add_body(&page);
	add_files(&page);
	add(&page, "</main>\n</body>\n</html>\n");
	if (page.error != 0)
		buffer_truncate(out, before);
	return page.error;
}
