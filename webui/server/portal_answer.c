/*
 * Answers and their fields.  portal process.
 */
#include "webui/server/portal_answer.h"

#include <stdio.h>

#define HTML "text/html; charset=utf-8"
#define POLICY_COMMON \
	"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
#define POLICY_MAX 512
#define HSTS "max-age=31536000"

static const char *const policies[PORTAL_POLICIES] = {
	[PORTAL_POLICY_PAGE] = POLICY_COMMON
	    "style-src 'self'; form-action 'self'",
	[PORTAL_POLICY_SCRIPT] = POLICY_COMMON
	    "style-src 'self'; form-action 'self'; script-src ",
	/* A frame with a mail's HTML inherits this: no script, no network. */
	[PORTAL_POLICY_MAIL] = POLICY_COMMON
	    "style-src 'self' 'unsafe-inline'; img-src data:; "
	    "form-action 'none'",
};

static void
add_policy(struct portal_visit *visit, enum portal_policy policy)
{
	char value[POLICY_MAX];
	int len = snprintf(value, sizeof(value), "%s%s", policies[policy],
	    policy == PORTAL_POLICY_SCRIPT ? visit->portal->script_source :
	    "");

	require(len > 0 && (size_t)len < sizeof(value));
	http_exchange_add_field(visit->exchange, "Content-Security-Policy",
	    text_from(value));
}

static void
add_fields(struct portal_visit *visit, enum portal_policy policy)
{
	struct http_exchange *exchange = visit->exchange;

	add_policy(visit, policy);
	http_exchange_add_field(exchange, "X-Content-Type-Options",
	    TEXT("nosniff"));
	http_exchange_add_field(exchange, "X-Frame-Options", TEXT("DENY"));
	http_exchange_add_field(exchange, "Referrer-Policy",
	    TEXT("no-referrer"));
	http_exchange_add_field(exchange, "Cache-Control", TEXT("no-store"));
	http_exchange_add_field(exchange, "Cross-Origin-Resource-Policy",
	    TEXT("same-origin"));
	/* The hand-back needs the window that opened this one. */
	http_exchange_add_field(exchange, "Cross-Origin-Opener-Policy",
	    visit->is_wide_open ? TEXT("unsafe-none") : TEXT("same-origin"));
	if (visit->portal->is_secure)
		http_exchange_add_field(exchange,
		    "Strict-Transport-Security", TEXT(HSTS));
}

void
portal_answer_page(struct portal_visit *visit, unsigned int status,
	enum portal_policy policy, struct portal_page *page)
{
	add_fields(visit, policy);
	http_exchange_answer(visit->exchange, status, HTML,
	    buffer_text(&page->html));
	portal_page_clear(page);
	portal_visit_free(visit);
}

void
portal_answer_text(struct portal_visit *visit, unsigned int status,
	const char *type, struct text body)
{
	add_fields(visit, PORTAL_POLICY_PAGE);
	http_exchange_answer(visit->exchange, status, type, body);
	portal_visit_free(visit);
}

void
portal_answer_file(struct portal_visit *visit, enum portal_policy policy,
	const char *type, int descriptor, uint64_t size)
{
	add_fields(visit, policy);
	http_exchange_answer_file(visit->exchange, 200, type, descriptor,
	    size);
	portal_visit_free(visit);
}

void
portal_answer_redirect(struct portal_visit *visit, struct text path)
{
	http_exchange_add_field(visit->exchange, "Location", path);
	portal_answer_text(visit, 303, "text/plain; charset=us-ascii",
	    TEXT_EMPTY);
}

/* ---- pages that many handlers need ---- */

void
portal_answer_notice(struct portal_visit *visit, unsigned int status,
	struct text title, struct text words, struct text link,
	struct text link_words)
{
	struct portal_page page;

	portal_page_init(&page);
	portal_page_notice(&page, title, words, link, link_words);
	portal_answer_page(visit, status, PORTAL_POLICY_PAGE, &page);
}

void
portal_answer_away(struct portal_visit *visit)
{
	portal_answer_notice(visit, 503, TEXT("Not available now"),
	    TEXT("Messages cannot be opened at this moment. Nothing is lost; "
	    "try again in a few minutes."), TEXT_EMPTY, TEXT_EMPTY);
}

void
portal_answer_broken_link(struct portal_visit *visit)
{
	portal_answer_notice(visit, 400, TEXT("This link is not complete"),
	    TEXT("Open the message from its mail or file once more."),
	    TEXT("/"), TEXT("Type the reference"));
}

void
portal_answer_no_cookies(struct portal_visit *visit)
{
	bool has_message = visit->id[0] != '\0';

	portal_answer_notice(visit, 403, TEXT("Please begin once more"),
	    TEXT("This page was open too long, or your browser keeps no "
	    "cookies for this address; it needs one until the message is "
	    "open."), has_message ? text_from(visit->again) : TEXT("/"),
	    TEXT("Begin once more"));
}

void
portal_answer_paused(struct portal_visit *visit, uint32_t wait_s)
{
	bool has_message = visit->id[0] != '\0';
	char words[160];

	(void)snprintf(words, sizeof(words), "Mails were asked for too often "
	    "from your network. Try again in %u minute%s.",
	    (wait_s + 59) / 60, wait_s <= 60 ? "" : "s");
	portal_answer_notice(visit, 429, TEXT("A short pause"),
	    text_from(words), has_message ? text_from(visit->again) :
	    TEXT("/"), TEXT("Go back"));
}

void
portal_answer_state(struct portal_visit *visit,
	enum frame_envelope_state state, struct text sender,
	int64_t expires_us)
{
	bool unknown = state != FRAME_ENVELOPE_EXPIRED &&
	    state != FRAME_ENVELOPE_LOCKED;
	struct portal_page page;

	portal_page_init(&page);
	portal_page_state(&page, state, sender, expires_us);
	portal_answer_page(visit, unknown ? 404 : 403, PORTAL_POLICY_PAGE,
	    &page);
}
