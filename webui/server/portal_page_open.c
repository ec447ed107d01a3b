/*
 * Pages behind the proof: the key for the file, or the file for us.  portal
 * process.
 */
#include "webui/server/portal_page.h"

/*
 * PROTOCOL.envelope, "hand-back".  The window's opener is a file, which has
 * no origin to name; what is sent is of use to it alone.
 */
const struct text portal_page_script = TEXT_INIT(
    "(function () {\n"
    "\"use strict\";\n"
    "var key = document.getElementById(\"key\");\n"
    "if (!window.opener) {\n"
    "\tdocument.getElementById(\"alone\").hidden = false;\n"
    "\tkey.hidden = true;\n"
    "\treturn;\n"
    "}\n"
    "window.opener.postMessage({\n"
    "\ttype: \"postern-key\",\n"
    "\tid: key.getAttribute(\"data-id\"),\n"
    "\twrapped: key.getAttribute(\"data-wrapped\")\n"
    "}, \"*\");\n"
    "key.textContent = \"Your message opens in the other window. "
    "You can close this one.\";\n"
    "}());\n");

void
portal_page_handback(struct portal_page *page,
	const struct portal_page_view *view, struct text wrapped)
{
	portal_page_begin(page, TEXT("Your mailbox is confirmed"));
	PORTAL_PAGE_FILL(page, "<p id=\"key\" role=\"status\" "
	    "data-id=\"{0}\" data-wrapped=\"{1}\">Opening the message in the "
	    "other window&#8230;</p>\n", view->id, wrapped);
	portal_page_add(page, "<p id=\"alone\" hidden>The window that asked "
	    "is gone. Go back to the file <i>securedoc.html</i> and open it "
	    "once more; no new code is needed.</p>\n"
	    "<noscript><p>This page needs a script to hand over the key. "
	    "Without scripts, go back to the file <i>securedoc.html</i> and "
	    "choose <i>Open in the browser</i>.</p></noscript>\n"
	    "<script>");
	require(buffer_add_text(&page->html, portal_page_script) == 0);
	portal_page_add(page, "</script>\n");
	portal_page_end(page);
}

void
portal_page_upload(struct portal_page *page,
	const struct portal_page_view *view)
{
	portal_page_begin(page, TEXT("Choose the file"));
	PORTAL_PAGE_FILL(page, "<p>The protected message with the reference "
	    "<strong class=\"reference\">{0}</strong> came to you as a file: "
	    "<i>securedoc.html</i>, attached to the mail. Save it, then "
	    "choose it here.</p>\n", view->reference);
	portal_page_add(page, "<form method=\"post\" action=\"/open\" "
	    "enctype=\"multipart/form-data\">\n"
	    "<p><label for=\"file\">File from the mail</label>\n"
	    "<input type=\"file\" id=\"file\" name=\"file\" "
	    "accept=\".html,.htm,text/html\" required "
	    "aria-describedby=\"file-hint\"></p>\n"
	    "<p class=\"quiet\" id=\"file-hint\">It stays encrypted on the "
	    "way, and is forgotten after 15 minutes.</p>\n"
	    "<p><button type=\"submit\" class=\"primary\">Open message"
	    "</button></p>\n</form>\n"
	    "<p>The attachment did not reach you? Ask the sender to send the "
	    "message again.</p>\n");
	portal_page_end(page);
}
