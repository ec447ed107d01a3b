/*
 * Visits: from a request to its handler, and what handlers share.  portal
 * process.
 */
#include "webui/server/portal_visit.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"
#include "webui/http/http_form.h"
#include "webui/server/portal_answer.h"
#include "webui/server/portal_cookie.h"
#include "webui/server/portal_receive.h"

#define ADDRESS_MAX 320		/* RFC 5321 4.5.3.1: 64 + 1 + 255 */
#define FIELD_MAX 512

const portal_visit_handler portal_visit_handlers[PORTAL_ROUTES] = {
	[PORTAL_ROUTE_HOME] = portal_visit_home,
	[PORTAL_ROUTE_FIND] = portal_visit_find,
	[PORTAL_ROUTE_ABOUT] = portal_visit_about,
	[PORTAL_ROUTE_STYLE] = portal_visit_style,
	[PORTAL_ROUTE_SIGNOUT] = portal_visit_signout,
	[PORTAL_ROUTE_UPLOAD] = portal_visit_upload,
	[PORTAL_ROUTE_MESSAGE] = portal_visit_message,
	[PORTAL_ROUTE_CODE] = portal_visit_code,
	[PORTAL_ROUTE_VERIFY] = portal_visit_verify,
	[PORTAL_ROUTE_OPEN] = portal_visit_open,
	[PORTAL_ROUTE_PAGE] = portal_visit_opened,
	[PORTAL_ROUTE_PART] = portal_visit_opened,
	[PORTAL_ROUTE_WHOLE] = portal_visit_opened,
};

/* ---- beginning and end ---- */

static struct portal_visit *
visit_new(struct portal *portal, struct http_exchange *exchange)
{
	struct portal_visit *visit = memory_new(sizeof(*visit));

	visit->portal = portal;
	visit->exchange = exchange;
	http_exchange_set_context(exchange, visit);
	portal_route_parse(http_exchange_path(exchange), &visit->route);
	portal_client_find(http_exchange_client(exchange),
	    http_exchange_field(exchange, "X-Forwarded-For"),
	    !portal->is_secure, &visit->client);
	return visit;
}

void
portal_visit_free(struct portal_visit *visit)
{
	if (visit->link != NULL)
		portal_link_cancel(visit->link, visit->asked);
	portal_receive_free(visit->receive);
	memory_wipe(visit, sizeof(*visit));
	free(visit);
}

/* ---- the browser ---- */

static bool
is_hex(struct text t, size_t bytes)
{
	uint8_t scratch[64];

	require(bytes <= sizeof(scratch));
	return hex_decode(t, scratch, bytes) == 0;
}

/*
 * The cookie that names this browser: forms carry a proof made of it, which
 * no other site can know.
 */
static void
meet_browser(struct portal_visit *visit)
{
	struct portal *portal = visit->portal;
	uint8_t fresh[PORTAL_VISIT_LEN];
	struct text known = portal_cookie_get(visit->exchange,
	    portal->is_secure, PORTAL_COOKIE_VISIT);
	bool reads = http_exchange_method(visit->exchange) != HTTP_POST;

	if (is_hex(known, PORTAL_VISIT_LEN)) {
		require(text_to_string(known, visit->browser,
		    sizeof(visit->browser)) == 0);
	} else if (reads && visit->route.kind != PORTAL_ROUTE_STYLE) {
		portal_secret_random(fresh, sizeof(fresh));
		hex_encode(fresh, sizeof(fresh), visit->browser);
		portal_cookie_set(visit->exchange, portal->is_secure,
		    PORTAL_COOKIE_VISIT, text_from(visit->browser), 0);
	}
	if (visit->browser[0] != '\0')
		portal_secret_prove(&portal->secret, TEXT("form"),
		    text_from(visit->browser), visit->token);
}

bool
portal_visit_has_token(const struct portal_visit *visit)
{
	char field[FIELD_MAX];
	struct text value;

	return visit->token[0] != '\0' &&
	    http_form_find(http_exchange_body(visit->exchange), "token",
	    field, sizeof(field), &value) == 0 &&
	    text_equal_secret(value, text_from(visit->token));
}

bool
portal_visit_session(const struct portal_visit *visit,
	uint8_t token[FRAME_TOKEN_LEN])
{
	return hex_decode(portal_cookie_get(visit->exchange,
	    visit->portal->is_secure, PORTAL_COOKIE_SESSION), token,
	    FRAME_TOKEN_LEN) == 0;
}

/* ---- the message ---- */

void
portal_visit_name(struct portal_visit *visit,
	const uint8_t id[PORTAL_ID_LEN])
{
	struct buffer again;

	hex_encode(id, PORTAL_ID_LEN, visit->id);
	secure_envelope_reference(id, visit->reference);
	buffer_init(&again, sizeof(visit->again) - 1);
	require(buffer_printf(&again, "/m/%s", visit->id) == 0);
	require(portal_intent_print_query(&visit->intent, &again) == 0);
	require(buffer_printf(&again, "%cother=1",
	    visit->intent.has_handback || visit->intent.has_upload ? '&' :
	    '?') == 0);
	require(text_to_string(buffer_text(&again), visit->again,
	    sizeof(visit->again)) == 0);
	buffer_clear(&again);
}

void
portal_visit_view(const struct portal_visit *visit,
	struct portal_page_view *view)
{
	*view = (struct portal_page_view){
		.id = text_from(visit->id),
		.reference = text_from(visit->reference),
		.token = text_from(visit->token),
		.again = text_from(visit->again),
		.intent = &visit->intent,
		.error = visit->error,
	};
}

int
portal_visit_address(struct text typed, struct text *out)
{
	struct text rest, t = text_trim(typed);
	size_t at = text_find_byte(t, '@'), len;
	uint32_t point;

	if (t.len > ADDRESS_MAX || at == 0 || at + 1 >= t.len)
		return ERROR_MALFORMED;
	for (rest = t; rest.len > 0; rest = text_skip(rest, len)) {
		len = utf8_next(rest, &point);
		if (len == 0 || point <= ' ' || utf8_is_unsafe(point))
			return ERROR_MALFORMED;
	}
	*out = t;
	return 0;
}

/* ---- questions ---- */

void
portal_visit_ask(struct portal_visit *visit, struct portal_link *link,
	enum frame_type type, void *frame, int descriptor,
	enum frame_type expected, portal_link_answer answer)
{
	require(visit->link == NULL);
	visit->link = link;
	visit->asked = portal_link_ask(link, type, frame, descriptor,
	    expected, answer, visit);
}

void
portal_visit_answered(struct portal_visit *visit)
{
	visit->link = NULL;
}

/* ---- from the server ---- */

static bool
is_message_route(enum portal_route_kind kind)
{
	return kind >= PORTAL_ROUTE_MESSAGE && kind <= PORTAL_ROUTE_OPEN;
}

static bool
is_form(const struct http_exchange *exchange)
{
	struct text type = http_exchange_field(exchange, "Content-Type");
	size_t end = text_find_byte(type, ';');

	return text_equal_nocase(text_trim(text_slice(type, 0, end)),
	    TEXT(HTTP_FORM_TYPE));
}

/* False: answered, for the request cannot be served. */
static bool
is_servable(struct portal_visit *visit)
{
	enum http_method method = http_exchange_method(visit->exchange);

	if (visit->route.kind == PORTAL_ROUTE_NONE) {
		portal_answer_notice(visit, 404, TEXT("No such page"),
		    TEXT("There is nothing at this address."), TEXT("/"),
		    TEXT("Type a reference"));
		return false;
	}
	if (!portal_route_allows(visit->route.kind, method)) {
		http_exchange_add_field(visit->exchange, "Allow",
		    portal_route_methods(visit->route.kind));
		portal_answer_notice(visit, 405, TEXT("Not this way"),
		    TEXT("This address is reached by the buttons of its "
		    "page."), TEXT("/"), TEXT("Type a reference"));
		return false;
	}
	if (method == HTTP_POST && visit->receive == NULL &&
	    !is_form(visit->exchange)) {
		portal_answer_notice(visit, 415, TEXT("Not this way"),
		    TEXT("This address takes forms only."), TEXT("/"),
		    TEXT("Type a reference"));
		return false;
	}
	return true;
}

/* False: answered, for the intent is broken. */
static bool
read_intent(struct portal_visit *visit)
{
	struct text form = http_exchange_query(visit->exchange);

	if (!is_message_route(visit->route.kind))
		return true;
	if (http_exchange_method(visit->exchange) == HTTP_POST)
		form = http_exchange_body(visit->exchange);
	if (portal_intent_parse(form, &visit->intent) < 0) {
		portal_answer_broken_link(visit);
		return false;
	}
	visit->is_wide_open = visit->intent.has_handback;
	portal_visit_name(visit, visit->route.id);
	return true;
}

/* Uploads are taken piece by piece; all others are small forms. */
static void
on_head(void *context, struct http_exchange *exchange)
{
	struct portal_visit *visit = visit_new(context, exchange);

	if (visit->route.kind == PORTAL_ROUTE_UPLOAD &&
	    http_exchange_method(exchange) == HTTP_POST)
		portal_receive_begin(visit);
}

static void
on_request(void *context, struct http_exchange *exchange)
{
	struct portal_visit *visit = http_exchange_context(exchange);
	struct portal *portal = context;

	portal->counters.requests++;
	if (!is_servable(visit))
		return;
	meet_browser(visit);
	if (read_intent(visit))
		portal_visit_handlers[visit->route.kind](visit);
}

static void
on_gone(void *context, struct http_exchange *exchange)
{
	(void)context;
	portal_visit_free(http_exchange_context(exchange));
}

const struct http_events portal_visit_events = {
	.head = on_head,
	.request = on_request,
	.gone = on_gone,
};
