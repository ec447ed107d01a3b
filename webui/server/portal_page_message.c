/*
 * Pages about one message: from its link to the code.  portal process.
 */
#include <stdio.h>

#include "webui/server/portal_page.h"

/* A longer list is no choice: the address is typed then. */
#define CHOICES_MAX 20

static void
add_error(struct portal_page *page, const char *error)
{
	if (error != NULL)
		PORTAL_PAGE_FILL(page, "<p class=\"trouble\" id=\"error\" "
		    "role=\"alert\">{0}</p>\n", text_from(error));
}

/* ---- who and when ---- */

static void
add_facts(struct portal_page *page, const struct portal_page_view *view,
	const struct frame_vault_find *find)
{
	char sent[PORTAL_PAGE_TIME_SIZE], until[PORTAL_PAGE_TIME_SIZE];

	portal_page_add(page, "<dl>\n");
	PORTAL_PAGE_FILL(page, "<dt>From</dt>\n<dd>{0}</dd>\n",
	    find->sender);
	if (find->organisation.len > 0)
		PORTAL_PAGE_FILL(page, "<dt>Organisation</dt>\n"
		    "<dd>{0}</dd>\n", find->organisation);
	PORTAL_PAGE_FILL(page, "<dt>Sent</dt>\n<dd>{0}</dd>\n",
	    portal_page_time(find->sent_us, sent, sizeof(sent)));
	if (find->expires_us != 0)
		PORTAL_PAGE_FILL(page, "<dt>Can be opened until</dt>\n"
		    "<dd>{0}</dd>\n", portal_page_time(find->expires_us,
		    until, sizeof(until)));
	PORTAL_PAGE_FILL(page, "<dt>Reference</dt>\n"
	    "<dd class=\"reference\">{0}</dd>\n</dl>\n", view->reference);
}

/* ---- whose code ---- */

static void
add_address_field(struct portal_page *page,
	const struct portal_page_view *view)
{
	portal_page_add(page,
	    "<p><label for=\"address\">Your e-mail address</label>\n"
	    "<input type=\"email\" id=\"address\" name=\"address\" "
	    "autocomplete=\"email\" maxlength=\"320\" "
	    "aria-describedby=\"address-hint");
	portal_page_add(page, view->error == NULL ? "\"" :
	    " error\" aria-invalid=\"true\"");
	portal_page_add(page, "></p>\n"
	    "<p class=\"quiet\" id=\"address-hint\">The one at which you "
	    "received the message.</p>\n");
}

static void
add_choice(struct portal_page *page, unsigned int number, struct text masked,
	bool is_first)
{
	char value[16];

	(void)snprintf(value, sizeof(value), "%u", number);
	PORTAL_PAGE_FILL(page, "<p class=\"choice\">"
	    "<input type=\"radio\" name=\"choice\" id=\"choice-{0}\" "
	    "value=\"{0}\"", text_from(value));
	portal_page_add(page, is_first ? " checked>\n" : ">\n");
	PORTAL_PAGE_FILL(page, "<label for=\"choice-{0}\">{1}</label></p>\n",
	    text_from(value), masked);
}

static void
add_choices(struct portal_page *page, const struct portal_page_view *view,
	const struct frame_vault_find *find)
{
	size_t i;

	portal_page_add(page, "<fieldset>\n"
	    "<legend>Which address is yours?</legend>\n");
	for (i = 0; i < find->recipient_count; i++)
		add_choice(page, (unsigned int)i + 1, find->recipients[i],
		    i == 0);
	add_choice(page, 0, TEXT("Another address"), false);
	add_address_field(page, view);
	portal_page_add(page, "</fieldset>\n");
}

static void
add_recipients(struct portal_page *page, const struct portal_page_view *view,
	const struct frame_vault_find *find)
{
	if (find->recipient_count == 0 ||
	    find->recipient_count > CHOICES_MAX) {
		portal_page_add(page, "<input type=\"hidden\" "
		    "name=\"choice\" value=\"0\">\n");
		add_address_field(page, view);
	} else if (find->recipient_count == 1 && !find->hides_some) {
		PORTAL_PAGE_FILL(page, "<input type=\"hidden\" "
		    "name=\"choice\" value=\"1\">\n<p>Sent to "
		    "<strong>{0}</strong>.</p>\n", find->recipients[0]);
	} else {
		add_choices(page, view, find);
	}
}

static void
begin_form(struct portal_page *page, const struct portal_page_view *view,
	const char *step)
{
	PORTAL_PAGE_FILL(page, "<form method=\"post\" action=\"/m/{0}/{1}\">\n"
	    "<input type=\"hidden\" name=\"token\" value=\"{2}\">\n",
	    view->id, text_from(step), view->token);
	require(portal_intent_print_fields(view->intent, &page->html) == 0);
}

void
portal_page_message(struct portal_page *page,
	const struct portal_page_view *view,
	const struct frame_vault_find *find)
{
	portal_page_begin(page, TEXT("A protected message for you"));
	add_facts(page, view, find);
	portal_page_add(page, "<p>To open it, show that the mailbox is "
	    "yours: we send a code to it.</p>\n");
	add_error(page, view->error);
	begin_form(page, view, "code");
	add_recipients(page, view, find);
	portal_page_add(page, "<p><button type=\"submit\" class=\"primary\">"
	    "E-mail me a code</button></p>\n</form>\n");
	portal_page_end(page);
}

/* ---- the code ---- */

static struct text
print_minutes(uint64_t seconds, char *out, size_t size)
{
	uint64_t minutes = (seconds + 59) / 60;

	(void)snprintf(out, size, "%llu minute%s",
	    (unsigned long long)minutes, minutes == 1 ? "" : "s");
	return text_from(out);
}

static void
add_code_field(struct portal_page *page, const struct portal_page_view *view)
{
	portal_page_add(page, "<p><label for=\"code\">Code</label>\n"
	    "<input type=\"text\" id=\"code\" name=\"code\" "
	    "inputmode=\"numeric\" autocomplete=\"one-time-code\" "
	    "maxlength=\"20\" required autofocus "
	    "aria-describedby=\"code-hint");
	portal_page_add(page, view->error == NULL ? "\"" :
	    " error\" aria-invalid=\"true\"");
	portal_page_add(page, "></p>\n"
	    "<p class=\"quiet\" id=\"code-hint\">Eight digits; paste them if "
	    "you like.</p>\n");
}

void
portal_page_code(struct portal_page *page,
	const struct portal_page_view *view,
	const struct portal_page_challenge *challenge)
{
	char minutes[32];

	portal_page_begin(page, TEXT("Enter the code"));
	PORTAL_PAGE_FILL(page, "<p role=\"status\">If this address received "
	    "the message with the reference <strong class=\"reference\">{0}"
	    "</strong>, a mail with a code is on its way to it. "
	    "It can be used on this page for {1}; the mail may be read on "
	    "any device.</p>\n", view->reference,
	    print_minutes(challenge->lifetime_s, minutes, sizeof(minutes)));
	add_error(page, view->error);
	begin_form(page, view, "verify");
	PORTAL_PAGE_FILL(page, "<input type=\"hidden\" name=\"challenge\" "
	    "value=\"{0}\">\n<input type=\"hidden\" name=\"proof\" "
	    "value=\"{1}\">\n", challenge->challenge, challenge->proof);
	add_code_field(page, view);
	PORTAL_PAGE_FILL(page, "<p><button type=\"submit\" class=\"primary\">"
	    "Continue</button></p>\n</form>\n"
	    "<p>No mail? Look into the folder for unwanted mail, or "
	    "<a href=\"{0}\">ask again</a>.</p>\n", view->again);
	portal_page_end(page);
}

/* ---- when there is nothing to open ---- */

struct state_row {
	struct text title;
	const char *markup;	/* {0}: sender, {1}: until when */
};

static const struct state_row state_rows[] = {
	[FRAME_ENVELOPE_UNKNOWN] = { TEXT_INIT("No message here"),
	    "<p>There is no protected message at this address. Check that "
	    "the link is complete, or <a href=\"/\">type the reference</a> "
	    "that stands in the mail.</p>\n" },
	[FRAME_ENVELOPE_EXPIRED] = { TEXT_INIT("This message has expired"),
	    "<p>It could be opened until {1}. Ask {0} to send it again."
	    "</p>\n" },
	[FRAME_ENVELOPE_LOCKED] = { TEXT_INIT("Access was withdrawn"),
	    "<p>{0} has withdrawn access to this message. If you think that "
	    "is a mistake, ask {0}.</p>\n" },
};

void
portal_page_state(struct portal_page *page, enum frame_envelope_state state,
	struct text sender, int64_t expires_us)
{
	char until[PORTAL_PAGE_TIME_SIZE];
	size_t row = state == FRAME_ENVELOPE_OPEN ||
	    state > FRAME_ENVELOPE_LOCKED ? FRAME_ENVELOPE_UNKNOWN : state;

	portal_page_begin(page, state_rows[row].title);
	PORTAL_PAGE_FILL(page, state_rows[row].markup,
	    sender.len > 0 ? sender : TEXT("the sender"),
	    portal_page_time(expires_us, until, sizeof(until)));
	portal_page_end(page);
}
