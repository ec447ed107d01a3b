/*
 * Handlers behind the proof: the key for a file, or an upload opened by an
 * unseal process.  portal process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/base64.h"
#include "gateway/protocol/frame_unseal.h"
#include "webui/server/portal_answer.h"
#include "webui/server/portal_cookie.h"
#include "webui/server/portal_filename.h"

#define FIELD_MAX 4096
#define SEALS_NEEDED (F_SEAL_WRITE | F_SEAL_SHRINK)

/* ---- when a key is not released ---- */

static void
forget_session(struct portal_visit *visit)
{
	char path[sizeof(visit->again)];

	portal_cookie_set(visit->exchange, visit->portal->is_secure,
	    PORTAL_COOKIE_SESSION, TEXT_EMPTY, -1);
	memcpy(path, visit->again, sizeof(path));
	portal_answer_redirect(visit, text_from(path));
}

/* K05: the same words whether or not such a message exists. */
static void
say_not_yours(struct portal_visit *visit)
{
	portal_answer_notice(visit, 404, TEXT("Not for this address"),
	    TEXT("There is no such message for the address that you have "
	    "proved. It may have been sent to another address of yours."),
	    text_from(visit->again), TEXT("I have another address"));
}

static void
say_expired(struct portal_visit *visit)
{
	portal_answer_notice(visit, 403, TEXT("This message has expired"),
	    TEXT("Ask the sender to send it again."), TEXT_EMPTY,
	    TEXT_EMPTY);
}

static void
say_locked(struct portal_visit *visit)
{
	portal_answer_state(visit, FRAME_ENVELOPE_LOCKED, TEXT_EMPTY, 0);
}

static const portal_visit_handler refusals[] = {
	[FRAME_RELEASE_OK] = NULL,
	[FRAME_RELEASE_NO_SESSION] = forget_session,
	[FRAME_RELEASE_NOT_YOURS] = say_not_yours,
	[FRAME_RELEASE_EXPIRED] = say_expired,
	[FRAME_RELEASE_LOCKED] = say_locked,
	[FRAME_RELEASE_TRY_LATER] = portal_answer_away,
};

/* True: the answer says no, and the visit has ended. */
static bool
is_refused(struct portal_visit *visit,
	const struct frame_vault_release *answer)
{
	size_t outcome = answer == NULL ? FRAME_RELEASE_TRY_LATER :
	    answer->outcome;

	if (outcome == FRAME_RELEASE_OK) {
		visit->portal->counters.releases++;
		log_event(LOG_INFO_LEVEL, 0, "key_released",
		    LOG_STRING("reference", visit->reference),
		    LOG_TEXT("to", answer->address),
		    LOG_STRING("client", visit->client.address));
		return false;
	}
	log_event(LOG_INFO_LEVEL, 0, "key_not_released",
	    LOG_STRING("reference", visit->reference),
	    LOG_NUMBER("outcome", outcome),
	    LOG_STRING("client", visit->client.address));
	if (outcome >= sizeof(refusals) / sizeof(refusals[0]))
		outcome = FRAME_RELEASE_TRY_LATER;
	refusals[outcome](visit);
	return true;
}

/* ---- hand-back ---- */

static void
on_wrapped(void *context, const void *value, int descriptor)
{
	const struct frame_vault_release *answer = value;
	struct portal_visit *visit = context;
	struct portal_page_view view;
	struct portal_page page;
	struct buffer wrapped;

	(void)descriptor;
	portal_visit_answered(visit);
	if (is_refused(visit, answer))
		return;
	buffer_init(&wrapped, 1024);
	require(base64_url_encode(answer->wrapped, &wrapped) == 0);
	portal_visit_view(visit, &view);
	portal_page_init(&page);
	portal_page_handback(&page, &view, buffer_text(&wrapped));
	buffer_wipe(&wrapped);
	portal_answer_page(visit, 200, PORTAL_POLICY_SCRIPT, &page);
}

static void
ask_release(struct portal_visit *visit, struct frame_vault_release_ask *ask,
	portal_link_answer answer)
{
	ask->client = text_from(visit->client.address);
	portal_visit_ask(visit, visit->portal->vault,
	    FRAME_VAULT_RELEASE_ASK, ask, -1, FRAME_VAULT_RELEASE, answer);
	memory_wipe(ask, sizeof(*ask));
}

void
portal_visit_open(struct portal_visit *visit)
{
	struct frame_vault_release_ask ask = { 0 };
	struct portal_page_view view;
	struct portal_page page;

	if (!portal_visit_session(visit, ask.token)) {
		portal_answer_redirect(visit, text_from(visit->again));
		return;
	}
	if (!visit->intent.has_handback) {
		portal_visit_view(visit, &view);
		portal_page_init(&page);
		portal_page_upload(&page, &view);
		portal_answer_page(visit, 200, PORTAL_POLICY_PAGE, &page);
		return;
	}
	memcpy(ask.envelope_id, visit->route.id, sizeof(ask.envelope_id));
	memcpy(ask.key_id, visit->intent.key_id, sizeof(ask.key_id));
	ask.public_key = text_of(visit->intent.public_key,
	    sizeof(visit->intent.public_key));
	ask_release(visit, &ask, on_wrapped);
}

/* ---- an upload ---- */

/* NULL: gone, or of another browser. */
static struct portal_upload *
find_upload(const struct portal_visit *visit)
{
	struct portal_upload *upload = portal_uploads_find(
	    visit->portal->uploads, visit->route.id);
	char token[HEX_SIZE(PORTAL_ID_LEN)], purpose[24];

	hex_encode(visit->route.id, PORTAL_ID_LEN, token);
	(void)snprintf(purpose, sizeof(purpose), "-%.16s", token);
	if (upload == NULL || !text_equal_secret(portal_cookie_get(
	    visit->exchange, visit->portal->is_secure, text_from(purpose)),
	    text_from(upload->secret)))
		return NULL;
	return upload;
}

static void
say_over(struct portal_visit *visit)
{
	portal_answer_notice(visit, 404, TEXT("This is over"),
	    TEXT("An opened message is forgotten after 15 minutes, or when "
	    "the browser keeps no cookies. Open the file from the mail once "
	    "more."), TEXT_EMPTY, TEXT_EMPTY);
}

/* What came from unseal must not change under us, nor be short. */
static bool
is_good(int descriptor, uint64_t size)
{
	struct stat status;
	int seals = descriptor == -1 ? -1 : fcntl(descriptor, F_GET_SEALS);

	return seals != -1 && (seals & SEALS_NEEDED) == SEALS_NEEDED &&
	    fstat(descriptor, &status) == 0 && status.st_size >= 0 &&
	    (uint64_t)status.st_size >= size;
}

static void
answer_part(struct portal_visit *visit, const struct frame_unseal *answer,
	int descriptor)
{
	bool whole = visit->route.kind == PORTAL_ROUTE_WHOLE;
	struct buffer disposition;

	visit->portal->counters.opened++;
	if (visit->route.kind == PORTAL_ROUTE_PAGE) {
		portal_answer_file(visit, PORTAL_POLICY_MAIL,
		    "text/html; charset=utf-8", descriptor, answer->size);
		return;
	}
	buffer_init(&disposition, FIELD_MAX);
	portal_filename_print(whole ? TEXT("message.eml") :
	    answer->filename, &disposition);
	http_exchange_add_field(visit->exchange, "Content-Disposition",
	    buffer_text(&disposition));
	buffer_clear(&disposition);
	portal_answer_file(visit, PORTAL_POLICY_MAIL,
	    whole ? "message/rfc822" : "application/octet-stream",
	    descriptor, answer->size);
}

static void
on_unsealed(void *context, const void *value, int descriptor)
{
	const struct frame_unseal *answer = value;
	struct portal_visit *visit = context;
	bool ok = answer != NULL && answer->outcome == FRAME_UNSEAL_OK;

	portal_visit_answered(visit);
	if (ok && is_good(descriptor, answer->size)) {
		answer_part(visit, answer, descriptor);
		return;
	}
	if (descriptor != -1)
		(void)close(descriptor);
	if (answer == NULL || answer->outcome != FRAME_UNSEAL_DAMAGED) {
		portal_answer_away(visit);
		return;
	}
	portal_answer_notice(visit, 422, TEXT("This cannot be opened"),
	    TEXT("The message was damaged on its way, or there is no such "
	    "part of it. Ask the sender to send it again."), TEXT_EMPTY,
	    TEXT_EMPTY);
}

static const uint32_t parts[PORTAL_ROUTES] = {
	[PORTAL_ROUTE_PAGE] = FRAME_UNSEAL_PAGE,
	[PORTAL_ROUTE_WHOLE] = FRAME_UNSEAL_MESSAGE,
};

static void
on_released(void *context, const void *value, int descriptor)
{
	struct portal_visit *visit = context;
	struct portal_upload *upload = find_upload(visit);
	char token[HEX_SIZE(PORTAL_ID_LEN)], path[80];
	struct frame_unseal_ask ask = { 0 };

	(void)descriptor;
	portal_visit_answered(visit);
	if (is_refused(visit, value))
		return;
	if (upload == NULL) {
		say_over(visit);
		return;
	}
	hex_encode(visit->route.id, PORTAL_ID_LEN, token);
	(void)snprintf(path, sizeof(path), "/opened/%s/", token);
	memcpy(ask.ticket, visit->ticket, sizeof(ask.ticket));
	ask.header = buffer_text(&upload->header);
	ask.share = buffer_text(&upload->share);
	ask.payload_size = upload->size;
	ask.part = visit->route.kind == PORTAL_ROUTE_PART ?
	    visit->route.part : parts[visit->route.kind];
	ask.parts_path = text_from(path);
	portal_visit_ask(visit, visit->portal->unseals[visit->unseal],
	    FRAME_UNSEAL_ASK, &ask, fcntl(upload->descriptor,
	    F_DUPFD_CLOEXEC, 0), FRAME_UNSEAL, on_unsealed);
}

void
portal_visit_opened(struct portal_visit *visit)
{
	struct portal_upload *upload = find_upload(visit);
	struct frame_vault_release_ask ask = { 0 };

	if (upload == NULL) {
		say_over(visit);
		return;
	}
	visit->intent.has_upload = true;
	memcpy(visit->intent.upload, visit->route.id, PORTAL_ID_LEN);
	portal_visit_name(visit, upload->envelope_id);
	if (!portal_visit_session(visit, ask.token)) {
		portal_answer_redirect(visit, text_from(visit->again));
		return;
	}
	if (portal_choose_unseal(visit->portal, &visit->unseal) < 0) {
		portal_answer_away(visit);
		return;
	}
	portal_secret_random(visit->ticket, sizeof(visit->ticket));
	memcpy(ask.envelope_id, upload->envelope_id, PORTAL_ID_LEN);
	memcpy(ask.key_id, upload->key_id, PORTAL_ID_LEN);
	memcpy(ask.ticket, visit->ticket, sizeof(ask.ticket));
	ask.unseal = visit->unseal;
	ask_release(visit, &ask, on_released);
}
