/*
 * crypto/unseal: whatever manifest and message hold, the page has no markup
 * but its own.  Input: two bytes with the manifest's length, the manifest,
 * the message.
 */
#include <string.h>

#include "crypto/unseal/unseal_manifest.h"
#include "crypto/unseal/unseal_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tags[] = {
	"!doctype html>\n", "html lang=\"en\">\n", "head>\n", "meta charset=",
	"meta name=\"viewport\"", "meta name=\"referrer\"", "title>",
	"link rel=\"stylesheet\" href=\"/style.css\">", "body>\n",
	"main class=\"message\">\n", "h1>", "h2>Attachments<",
	"dl class=\"fields\">\n", "dt>", "dd>",
	"section class=\"body\" aria-label=\"Message\">\n",
	"pre class=\"text\">\n", "p class=\"note\">",
	"iframe class=\"html\" title=\"Text of the message\" "
	"sandbox=\"allow-popups allow-popups-to-escape-sandbox\" "
	"referrerpolicy=\"no-referrer\" srcdoc=\"",
	"ul class=\"files\">\n", "li>", "a href=\"/opened/T/",
	"span class=\"size\">", "p>",
	"/title>", "/head>", "/h1>", "/h2>", "/dt>", "/dd>", "/dl>", "/pre>",
	"/p>", "/iframe>", "/section>", "/ul>", "/li>", "/a>", "/span>",
	"/main>", "/body>", "/html>",
};

static void
check_markup(struct text page)
{
	size_t at;

	while ((at = text_find_byte(page, '<')) < page.len) {
		bool is_ours = false;

		page = text_skip(page, at + 1);
		for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
			is_ours = is_ours ||
			    text_starts(page, text_from(tags[i]));
		require(is_ours);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unseal_manifest manifest;
	struct arena *arena;
	struct buffer page, content;
	struct text rest = text_of(data, size);
	struct text json;
	size_t length;

	if (size < 2)
		return 0;
	length = (size_t)data[0] << 8 | data[1];
	json = text_slice(rest, 2, length);
	rest = text_skip(rest, 2 + json.len);
	arena = arena_new(16u * 1024 * 1024);
	buffer_init(&page, UNSEAL_PAGE_MAX);
	buffer_init(&content, 1024u * 1024);
	if (unseal_manifest_read(json, rest, arena, &manifest) == 0) {
		require(unseal_page_write(&manifest, TEXT("/opened/T/"),
		    &page) == 0);
		check_markup(buffer_text(&page));
		for (size_t i = 1; i < 8; i++) {
			const struct unseal_part *part =
			    unseal_manifest_file(&manifest, i);

			buffer_reset(&content);
			if (part != NULL)
				(void)unseal_part_decode(part, &content);
		}
	}
	buffer_clear(&page);
	buffer_clear(&content);
	arena_free(arena);
	return 0;
}
