/*
 * Handlers for what is about no message in particular.  portal process.
 */
#include "gateway/mail/envelope.h"
#include "gateway/base/log.h"
#include "webui/http/http_form.h"
#include "webui/server/portal_answer.h"
#include "webui/server/portal_cookie.h"

#define FIELD_MAX 1024

static void
show_home(struct portal_visit *visit, unsigned int status)
{
	struct portal_page page;

	portal_page_init(&page);
	portal_page_home(&page, text_from(visit->token), visit->error);
	portal_answer_page(visit, status, PORTAL_POLICY_PAGE, &page);
}

void
portal_visit_home(struct portal_visit *visit)
{
	show_home(visit, 200);
}

void
portal_visit_about(struct portal_visit *visit)
{
	struct portal_page page;

	portal_page_init(&page);
	portal_page_about(&page, visit->portal->config->key_service.portal
	    .url);
	portal_answer_page(visit, 200, PORTAL_POLICY_PAGE, &page);
}

void
portal_visit_style(struct portal_visit *visit)
{
	portal_answer_text(visit, 200, "text/css; charset=us-ascii",
	    portal_style);
}

/* ---- a reference ---- */

static void
on_link(void *context, const void *value, int descriptor)
{
	struct portal_visit *visit = context;
	const struct frame_vault_code *answer = value;

	(void)descriptor;
	portal_visit_answered(visit);
	if (answer == NULL) {
		portal_answer_away(visit);
		return;
	}
	if (answer->outcome == FRAME_CODE_PAUSED) {
		portal_answer_paused(visit, answer->wait_s);
		return;
	}
	portal_answer_notice(visit, 200, TEXT("Look into your mailbox"),
	    TEXT("If this address received the message with this reference, "
	    "a mail with its link is on its way. It can take a minute or "
	    "two."), TEXT("/"), TEXT("Type another reference"));
}

void
portal_visit_find(struct portal_visit *visit)
{
	struct text body = http_exchange_body(visit->exchange);
	char reference[FIELD_MAX], address[FIELD_MAX];
	char parsed[SECURE_ENVELOPE_REFERENCE_SIZE];
	struct frame_vault_link_ask ask = { 0 };
	struct text typed;

	if (!portal_visit_has_token(visit)) {
		portal_answer_no_cookies(visit);
		return;
	}
	if (http_form_find(body, "reference", reference, sizeof(reference),
	    &typed) < 0 || secure_envelope_reference_parse(text_trim(typed),
	    parsed) < 0) {
		visit->error = "This reference has a typing mistake. It has "
		    "eight letters and digits, such as K7QD-24MF.";
		show_home(visit, 422);
		return;
	}
	if (http_form_find(body, "address", address, sizeof(address),
	    &typed) < 0 || portal_visit_address(typed, &ask.address) < 0) {
		visit->error = "This is not a complete e-mail address.";
		show_home(visit, 422);
		return;
	}
	ask.reference = text_from(parsed);
	ask.client = text_from(visit->client.address);
	portal_visit_ask(visit, visit->portal->vault, FRAME_VAULT_LINK_ASK,
	    &ask, -1, FRAME_VAULT_CODE, on_link);
}

/* ---- the end of a session ---- */

void
portal_visit_signout(struct portal_visit *visit)
{
	struct portal_page page;

	if (http_exchange_method(visit->exchange) != HTTP_POST) {
		portal_page_init(&page);
		portal_page_signout(&page, text_from(visit->token));
		portal_answer_page(visit, 200, PORTAL_POLICY_PAGE, &page);
		return;
	}
	if (!portal_visit_has_token(visit)) {
		portal_answer_no_cookies(visit);
		return;
	}
	portal_cookie_set(visit->exchange, visit->portal->is_secure,
	    PORTAL_COOKIE_SESSION, TEXT_EMPTY, -1);
	portal_answer_notice(visit, 200, TEXT("You are signed out"),
	    TEXT("To open a message in this browser, a new code is needed."),
	    TEXT("/"), TEXT("Type a reference"));
}
