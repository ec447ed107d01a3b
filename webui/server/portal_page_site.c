/*
 * Pages that are about no message in particular.  portal process.
 */
#include "webui/server/portal_page.h"

static void
add_token(struct portal_page *page, struct text token)
{
	PORTAL_PAGE_FILL(page, "<input type=\"hidden\" name=\"token\" "
	    "value=\"{0}\">\n", token);
}

void
portal_page_home(struct portal_page *page, struct text token,
	const char *error)
{
	const char *described = error == NULL ? "" :
	    " aria-invalid=\"true\" aria-describedby=\"error\"";

	portal_page_begin(page, TEXT("Protected messages"));
	portal_page_add(page, "<p>Somebody sent you a protected message? Type "
	    "the reference that stands in the mail, and we send you its "
	    "link.</p>\n");
	if (error != NULL)
		PORTAL_PAGE_FILL(page, "<p class=\"trouble\" id=\"error\" "
		    "role=\"alert\">{0}</p>\n", text_from(error));
	portal_page_add(page, "<form method=\"post\" action=\"/find\">\n");
	add_token(page, token);
	portal_page_add(page, "<p><label for=\"reference\">Reference, such as "
	    "K7QD-24MF</label>\n"
	    "<input type=\"text\" id=\"reference\" name=\"reference\" "
	    "maxlength=\"32\" autocapitalize=\"characters\" "
	    "autocomplete=\"off\" spellcheck=\"false\" required");
	portal_page_add(page, described);
	portal_page_add(page, "></p>\n"
	    "<p><label for=\"address\">Your e-mail address</label>\n"
	    "<input type=\"email\" id=\"address\" name=\"address\" "
	    "autocomplete=\"email\" maxlength=\"320\" required");
	portal_page_add(page, described);
	portal_page_add(page, "></p>\n"
	    "<p><button type=\"submit\" class=\"primary\">E-mail me the link"
	    "</button></p>\n</form>\n");
	portal_page_end(page);
}

void
portal_page_about(struct portal_page *page, struct text url)
{
	portal_page_begin(page, TEXT("What this is"));
	PORTAL_PAGE_FILL(page, "<p>At this address, <strong>{0}</strong>, "
	    "people open messages that were sent to them encrypted. "
	    "The sender's organisation runs it itself.</p>\n", url);
	portal_page_add(page, "<h2>How it works</h2>\n"
	    "<p>The message is locked inside the file that came with the "
	    "mail. You show here, by a code that is sent to your mailbox, "
	    "that it was meant for you; then it opens. No account, no "
	    "password and no software are needed.</p>\n"
	    "<h2>How to check it</h2>\n"
	    "<ul>\n"
	    "<li>The address above is the one in your browser's address "
	    "bar.</li>\n"
	    "<li>The reference in the mail, in the file and on the page is "
	    "the same.</li>\n"
	    "<li>In doubt, call the sender at a number that you already "
	    "have.</li>\n"
	    "</ul>\n"
	    "<h2>What we never ask for</h2>\n"
	    "<p>The password of your e-mail account, your date of birth, or "
	    "security questions. Who asks for them is not us.</p>\n"
	    "<p><a href=\"/\">Type a reference</a></p>\n");
	portal_page_end(page);
}

void
portal_page_signout(struct portal_page *page, struct text token)
{
	portal_page_begin(page, TEXT("Sign out"));
	portal_page_add(page, "<p>After signing out, this browser needs a new "
	    "code to open a message.</p>\n"
	    "<form method=\"post\" action=\"/signout\">\n");
	add_token(page, token);
	portal_page_add(page, "<p><button type=\"submit\" class=\"primary\">"
	    "Sign out</button></p>\n</form>\n");
	portal_page_end(page);
}

void
portal_page_notice(struct portal_page *page, struct text title,
	struct text words, struct text link, struct text link_words)
{
	portal_page_begin(page, title);
	PORTAL_PAGE_FILL(page, "<p role=\"status\">{0}</p>\n", words);
	if (link.len > 0)
		PORTAL_PAGE_FILL(page, "<p><a href=\"{0}\">{1}</a></p>\n",
		    link, link_words);
	portal_page_end(page);
}
