/*
 * Handlers from a message's link to the proof of a mailbox.  portal process.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "webui/http/http_form.h"
#include "webui/server/portal_answer.h"
#include "webui/server/portal_cookie.h"

#define FIELD_MAX 1024
#define CODE_MAX 64		/* frame_vault.h */

/* ---- where the proof leads ---- */

static void
go_on(struct portal_visit *visit)
{
	char id[HEX_SIZE(PORTAL_ID_LEN)];
	struct buffer path;

	buffer_init(&path, 512);
	if (visit->intent.has_upload) {
		hex_encode(visit->intent.upload, PORTAL_ID_LEN, id);
		require(buffer_printf(&path, "/opened/%s/", id) == 0);
	} else {
		require(buffer_printf(&path, "/m/%s/open", visit->id) == 0);
		require(portal_intent_print_query(&visit->intent, &path) ==
		    0);
	}
	portal_answer_redirect(visit, buffer_text(&path));
	buffer_clear(&path);
}

/* ---- the message's page ---- */

static void
on_found(void *context, const void *value, int descriptor)
{
	const struct frame_vault_find *find = value;
	struct portal_visit *visit = context;
	uint8_t session[FRAME_TOKEN_LEN];
	struct portal_page_view view;
	struct portal_page page;

	(void)descriptor;
	portal_visit_answered(visit);
	if (find == NULL) {
		portal_answer_away(visit);
		return;
	}
	if (find->state != FRAME_ENVELOPE_OPEN) {
		portal_answer_state(visit, find->state, find->sender,
		    find->expires_us);
		return;
	}
	if (visit->error == NULL && !visit->intent.wants_other &&
	    portal_visit_session(visit, session)) {
		memory_wipe(session, sizeof(session));
		go_on(visit);
		return;
	}
	portal_visit_view(visit, &view);
	portal_page_init(&page);
	portal_page_message(&page, &view, find);
	portal_answer_page(visit, visit->error == NULL ? 200 : 422,
	    PORTAL_POLICY_PAGE, &page);
}

void
portal_visit_message(struct portal_visit *visit)
{
	struct frame_vault_find_ask ask = { 0 };

	memcpy(ask.envelope_id, visit->route.id, sizeof(ask.envelope_id));
	portal_visit_ask(visit, visit->portal->vault, FRAME_VAULT_FIND_ASK,
	    &ask, -1, FRAME_VAULT_FIND, on_found);
}

/* ---- asking for a code ---- */

static void
prove_challenge(const struct portal_visit *visit, const char *challenge,
	char proof[PORTAL_SECRET_PROOF_SIZE])
{
	char token[256];

	(void)snprintf(token, sizeof(token), "%s %s %s", visit->browser,
	    visit->id, challenge);
	portal_secret_prove(&visit->portal->secret, TEXT("challenge"),
	    text_from(token), proof);
}

static void
show_code(struct portal_visit *visit, unsigned int status)
{
	char proof[PORTAL_SECRET_PROOF_SIZE];
	const struct config *config = visit->portal->config;
	struct portal_page_challenge challenge = {
		.challenge = text_from(visit->challenge),
		.lifetime_s = config->key_service.code_lifetime_ms / 1000,
	};
	struct portal_page_view view;
	struct portal_page page;

	prove_challenge(visit, visit->challenge, proof);
	challenge.proof = text_from(proof);
	portal_visit_view(visit, &view);
	portal_page_init(&page);
	portal_page_code(&page, &view, &challenge);
	portal_answer_page(visit, status, PORTAL_POLICY_PAGE, &page);
}

static void
on_code(void *context, const void *value, int descriptor)
{
	const struct frame_vault_code *answer = value;
	struct portal_visit *visit = context;

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
	hex_encode(answer->challenge, sizeof(answer->challenge),
	    visit->challenge);
	show_code(visit, 200);
}

/* Of the list, or the address typed; ERROR_MALFORMED: neither. */
static int
read_choice(struct text body, char *field, size_t size,
	struct frame_vault_code_ask *ask)
{
	struct text value;
	uint64_t choice = 0;

	if (http_form_find(body, "choice", field, size, &value) == 0 &&
	    text_parse_u64(value, FRAME_VAULT_RECIPIENTS_MAX, &choice) < 0)
		return ERROR_MALFORMED;
	ask->choice = (uint32_t)choice;
	if (choice > 0)
		return 0;
	if (http_form_find(body, "address", field, size, &value) < 0)
		return ERROR_MALFORMED;
	return portal_visit_address(value, &ask->address);
}

void
portal_visit_code(struct portal_visit *visit)
{
	struct frame_vault_code_ask ask = { 0 };
	char field[FIELD_MAX];

	if (!portal_visit_has_token(visit)) {
		portal_answer_no_cookies(visit);
		return;
	}
	if (read_choice(http_exchange_body(visit->exchange), field,
	    sizeof(field), &ask) < 0) {
		visit->error = "This is not a complete e-mail address.";
		portal_visit_message(visit);
		return;
	}
	memcpy(ask.envelope_id, visit->route.id, sizeof(ask.envelope_id));
	ask.client = text_from(visit->client.address);
	visit->portal->counters.codes_asked++;
	portal_visit_ask(visit, visit->portal->vault, FRAME_VAULT_CODE_ASK,
	    &ask, -1, FRAME_VAULT_CODE, on_code);
}

/* ---- verifying one ---- */

static void
proved(struct portal_visit *visit, const struct frame_vault_verify *answer)
{
	char session[HEX_SIZE(FRAME_TOKEN_LEN)];

	visit->portal->counters.proofs++;
	log_event(LOG_INFO_LEVEL, 0, "mailbox_proved",
	    LOG_STRING("reference", visit->reference),
	    LOG_STRING("client", visit->client.address));
	hex_encode(answer->token, sizeof(answer->token), session);
	portal_cookie_set(visit->exchange, visit->portal->is_secure,
	    PORTAL_COOKIE_SESSION, text_from(session),
	    (int64_t)answer->lifetime_s);
	memory_wipe(session, sizeof(session));
	go_on(visit);
}

static void
wrong(struct portal_visit *visit, uint32_t tries_left)
{
	char words[80];

	(void)snprintf(words, sizeof(words),
	    "That code is not correct. Tries left: %u.", tries_left);
	visit->error = words;
	show_code(visit, 422);
}

static void
on_verified(void *context, const void *value, int descriptor)
{
	const struct frame_vault_verify *answer = value;
	struct portal_visit *visit = context;
	bool exhausted;

	(void)descriptor;
	portal_visit_answered(visit);
	if (answer == NULL) {
		portal_answer_away(visit);
		return;
	}
	if (answer->outcome == FRAME_CODE_OK) {
		proved(visit, answer);
		return;
	}
	visit->portal->counters.proofs_failed++;
	log_event(LOG_INFO_LEVEL, 0, "mailbox_not_proved",
	    LOG_STRING("reference", visit->reference),
	    LOG_STRING("client", visit->client.address),
	    LOG_NUMBER("outcome", answer->outcome));
	if (answer->outcome == FRAME_CODE_WRONG) {
		wrong(visit, answer->tries_left);
		return;
	}
	exhausted = answer->outcome == FRAME_CODE_EXHAUSTED;
	portal_answer_notice(visit, 403, TEXT("This code is over"),
	    exhausted ? TEXT("There were too many tries. Ask for a new code.") :
	    TEXT("It was used already, or its time is over. Ask for a new "
	    "code."), text_from(visit->again), TEXT("E-mail me a new code"));
}

/* The challenge as our own page has it, for this browser alone. */
static bool
read_challenge(struct portal_visit *visit, struct text body,
	uint8_t out[FRAME_TICKET_LEN])
{
	char field[FIELD_MAX], proof[PORTAL_SECRET_PROOF_SIZE];
	struct text value;

	if (!portal_visit_has_token(visit) ||
	    http_form_find(body, "challenge", field, sizeof(field),
	    &value) < 0 || hex_decode(value, out, FRAME_TICKET_LEN) < 0)
		return false;
	hex_encode(out, FRAME_TICKET_LEN, visit->challenge);
	prove_challenge(visit, visit->challenge, proof);
	return http_form_find(body, "proof", field, sizeof(field),
	    &value) == 0 && text_equal_secret(value, text_from(proof));
}

void
portal_visit_verify(struct portal_visit *visit)
{
	struct text body = http_exchange_body(visit->exchange);
	struct frame_vault_verify_ask ask = { 0 };
	char field[CODE_MAX];

	if (!read_challenge(visit, body, ask.challenge)) {
		portal_answer_no_cookies(visit);
		return;
	}
	if (http_form_find(body, "code", field, sizeof(field),
	    &ask.code) < 0 || text_trim(ask.code).len == 0) {
		visit->error = "Type the eight digits of the code.";
		show_code(visit, 422);
		return;
	}
	ask.client = text_from(visit->client.address);
	portal_visit_ask(visit, visit->portal->vault,
	    FRAME_VAULT_VERIFY_ASK, &ask, -1, FRAME_VAULT_VERIFY,
	    on_verified);
	memory_wipe(field, sizeof(field));
}
