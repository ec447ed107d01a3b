/*
 * Finding, codes and links.  vault process.
 */
#include "crypto/vault/vault_ask.h"

#include <string.h>

#include "crypto/vault/vault.h"
#include "crypto/vault/vault_ask_private.h"
#include "crypto/vault/vault_mail.h"
#include "crypto/vault/vault_network.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/address.h"
#include "gateway/mail/utf8.h"

#define ASKS_PER_NETWORK 100	/* an hour, over all envelopes */
#define MAILS_PER_ADDRESS 20	/* an hour */
#define MAILS_PER_ADDRESS_MOST 100	/* first asks of networks, too */
#define LINK_LIFETIME_MS INT64_C(3600000)	/* in the outbox */
#define KEY_MAX 1280
#define PORTAL_LINK_MAX 512

enum frame_envelope_state
vault_envelope_state(const struct vault_envelope *envelope)
{
	if (envelope->is_locked)
		return FRAME_ENVELOPE_LOCKED;
	if (envelope->expires_us != 0 &&
	    clock_now_us() >= envelope->expires_us)
		return FRAME_ENVELOPE_EXPIRED;
	return FRAME_ENVELOPE_OPEN;
}

/* ---- find ---------------------------------------------------------------- */

/* "b***@partner.example" */
static struct text
mask(struct vault *vault, struct text address)
{
	struct text local = address_local(address);
	struct text domain = address_domain(address);
	uint32_t point;
	size_t first = utf8_next(local, &point);

	if (first == 0)
		first = text_is_empty(local) ? 0 : 1;
	return arena_printf(vault->arena, "%.*s***@%.*s",
	    TEXT_ARG(text_slice(local, 0, first)), TEXT_ARG(domain));
}

/* Those that pages may show; the order numbers them from 1. */
static size_t
named_recipients(struct vault *vault, const uint8_t *id, struct text **out,
    size_t *all)
{
	struct vault_recipient *rows = NULL;
	struct text *named;
	size_t count = 0;

	*all = 0;
	if (vault_store_recipients(vault->store, id, vault->arena, &rows,
	    all) != 0)
		return 0;
	named = arena_array(vault->arena, *all + 1, sizeof(*named));
	if (named == NULL)
		return 0;
	for (size_t i = 0; i < *all; i++)
		if (rows[i].is_named)
			named[count++] = rows[i].address;
	*out = named;
	return count;
}

void
vault_ask_find(struct vault *vault, const struct frame_vault_find_ask *ask,
    struct frame_vault_find *out)
{
	struct vault_envelope envelope;
	struct text *named = NULL;
	size_t all;

	*out = (struct frame_vault_find){ .id = ask->id,
		.state = FRAME_ENVELOPE_UNKNOWN };
	if (vault_store_find(vault->store, ask->envelope_id, vault->arena,
	    &envelope) != 0)
		return;
	out->state = (uint8_t)vault_envelope_state(&envelope);
	out->sender = envelope.sender;
	out->organisation = envelope.organisation;
	out->reference = envelope.reference;
	out->sent_us = envelope.sent_us;
	out->expires_us = envelope.expires_us;
	out->recipient_count = named_recipients(vault, ask->envelope_id,
	    &named, &all);
	out->recipients = named;
	out->hides_some = out->recipient_count < all;
	for (size_t i = 0; i < out->recipient_count; i++)
		named[i] = mask(vault, named[i]);
}

/* ---- how often ----------------------------------------------------------- */

/* A key of the rate table: what is counted, and for whom. */
static struct text
rate_key(struct vault *vault, const char *what, struct text a, struct text b)
{
	struct buffer key;
	struct text copy = TEXT_EMPTY;

	buffer_init(&key, KEY_MAX);
	/* Kept short by the frames' limits; the rest tells nothing apart. */
	if (buffer_add_text(&key, text_from(what)) != 0 ||
	    buffer_add_text(&key, a) != 0 || buffer_add_text(&key, b) != 0 ||
	    arena_copy(vault->arena, buffer_text(&key), &copy) != 0)
		copy = text_from(what);
	buffer_clear(&key);
	return copy;
}

/* Whether this client may ask now; else the answer is filled in. */
static bool
may_ask(struct vault *vault, struct text client, struct text about,
    bool *is_first, struct frame_vault_code *out)
{
	struct vault_network network = vault_network_of(client);
	struct text who = vault_network_text(&network);
	int64_t now_ms = clock_monotonic_ms();
	int64_t wait_ms = vault_rate_pause(vault->rate, rate_key(vault,
	    "pause ", who, about), now_ms, is_first);

	if (wait_ms == 0)
		wait_ms = vault_rate_count(vault->rate, rate_key(vault,
		    "network ", who, TEXT_EMPTY), ASKS_PER_NETWORK, now_ms);
	if (wait_ms == 0)
		return true;
	out->outcome = FRAME_CODE_PAUSED;
	out->wait_s = (uint32_t)((wait_ms + 999) / 1000);
	return false;
}

/* So many mails a mailbox can bear, from whoever asks. */
static bool
may_mail(struct vault *vault, struct text address, bool is_first)
{
	struct text lower = TEXT_EMPTY;

	if (arena_copy(vault->arena, address, &lower) != 0)
		return false;
	for (size_t i = 0; i < lower.len; i++)
		((char *)(uintptr_t)lower.data)[i] =
		    text_lower_byte(lower.data[i]);
	if (vault_rate_count(vault->rate, rate_key(vault, "mails ", lower,
	    TEXT_EMPTY), is_first ? MAILS_PER_ADDRESS_MOST :
	    MAILS_PER_ADDRESS, clock_monotonic_ms()) == 0)
		return true;
	log_event(LOG_WARNING_LEVEL, 0, "vault_mails_too_many",
	    LOG_TEXT("address", address));
	return false;
}

/* ---- mails --------------------------------------------------------------- */

static struct vault_mail
mail_about(struct vault *vault, const struct vault_envelope *envelope,
    struct text to)
{
	const struct config *config = vault_config(vault);
	struct text from = config->key_service.sender;

	if (text_is_empty(from))
		from = arena_printf(vault->arena, "postmaster@%.*s",
		    TEXT_ARG(config->hostname));
	return (struct vault_mail){
		.from = from,
		.to = to,
		.hostname = config->hostname,
		.sender = envelope->sender,
		.organisation = envelope->organisation,
		.reference = envelope->reference,
		.portal_url = config->key_service.portal.url,
		.now_us = clock_now_us(),
	};
}

static void
hand_over(struct vault *vault, int written, struct buffer *mail,
    struct text to, int64_t lifetime_ms)
{
	if (written == 0)
		written = vault_outbox_add(vault->outbox, buffer_text(mail),
		    to, config_snapshot_version(vault->snapshot),
		    lifetime_ms);
	if (written != 0)
		log_event(LOG_ERROR_LEVEL, 0, "vault_mail_failed",
		    LOG_TEXT("address", to),
		    LOG_STRING("reason", error_name(written)));
	buffer_wipe(mail);
}

static void
mail_code(struct vault *vault, const struct vault_envelope *envelope,
    struct text to, const char *code)
{
	uint64_t lifetime_ms =
	    vault_config(vault)->key_service.code_lifetime_ms;
	struct vault_mail mail = mail_about(vault, envelope, to);
	struct buffer out;

	buffer_init(&out, VAULT_MAIL_MAX);
	hand_over(vault, vault_mail_write_code(&mail, text_from(code),
	    lifetime_ms, &out), &out, to, (int64_t)lifetime_ms);
}

static void
mail_link(struct vault *vault, const struct vault_envelope *envelope,
    struct text to)
{
	struct vault_mail mail = mail_about(vault, envelope, to);
	char digits[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];
	struct text link;
	struct buffer out;

	hex_encode(envelope->id, sizeof(envelope->id), digits);
	link = arena_printf(vault->arena, "%.*s/m/%s",
	    TEXT_ARG(text_slice(mail.portal_url, 0, PORTAL_LINK_MAX)),
	    digits);
	buffer_init(&out, VAULT_MAIL_MAX);
	hand_over(vault, vault_mail_write_link(&mail, link, &out), &out, to,
	    LINK_LIFETIME_MS);
}

/* ---- codes --------------------------------------------------------------- */

/* The address that is meant: typed, or chosen from the page's list. */
static struct text
asked_address(struct vault *vault, const struct frame_vault_code_ask *ask)
{
	struct text *named = NULL;
	size_t all, count;

	if (ask->choice == 0)
		return text_trim(ask->address);
	count = named_recipients(vault, ask->envelope_id, &named, &all);
	return ask->choice <= count ? named[ask->choice - 1] : TEXT_EMPTY;
}

/* Whether this address may open the envelope, by the book and the clock. */
static bool
is_rightful(struct vault *vault, const uint8_t *id, struct text address,
    struct vault_envelope *envelope, struct text *registered)
{
	int found = vault_store_find(vault->store, id, vault->arena,
	    envelope);
	/* Asked for everybody: the same work. */
	int matched = vault_store_match(vault->store, id, address,
	    vault->arena, registered);

	return found == 0 && matched == 0 &&
	    vault_envelope_state(envelope) == FRAME_ENVELOPE_OPEN;
}

void
vault_ask_code(struct vault *vault, const struct frame_vault_code_ask *ask,
    struct frame_vault_code *out)
{
	const struct config_key_service *service =
	    &vault_config(vault)->key_service;
	struct text address = asked_address(vault, ask);
	struct text registered = TEXT_EMPTY;
	struct vault_envelope envelope;
	struct vault_challenge_order order = {
		.address = address,
		.envelope_id = ask->envelope_id,
		.now_ms = clock_monotonic_ms(),
		.lifetime_ms = (int64_t)service->code_lifetime_ms,
	};
	char code[VAULT_CODE_DIGITS + 1];
	bool is_first;

	*out = (struct frame_vault_code){ .id = ask->id,
		.outcome = FRAME_CODE_OK,
		.lifetime_s = (uint32_t)(service->code_lifetime_ms / 1000) };
	if (!may_ask(vault, ask->client, vault_id_text(ask->envelope_id),
	    &is_first, out))
		return;
	vault->counts.codes_asked++;
	order.is_decoy = !is_rightful(vault, ask->envelope_id, address,
	    &envelope, &registered) || !may_mail(vault, registered, is_first);
	if (!order.is_decoy)
		order.address = registered;
	vault_challenge_add(vault->challenges, &order, out->challenge, code);
	if (!order.is_decoy)
		mail_code(vault, &envelope, registered, code);
	memory_wipe(code, sizeof(code));
	log_event(LOG_INFO_LEVEL, 0, "vault_code_asked",
	    LOG_TEXT("client", ask->client),
	    LOG_TEXT("address", address),
	    LOG_STRING("mailed", order.is_decoy ? "no" : "yes"));
}

/* ---- links --------------------------------------------------------------- */

void
vault_ask_link(struct vault *vault, const struct frame_vault_link_ask *ask,
    struct frame_vault_code *out)
{
	struct vault_envelope *found = NULL;
	struct vault_envelope envelope;
	struct text registered = TEXT_EMPTY;
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE] = "";
	size_t count = 0, mailed = 0;
	bool is_first;
	/* However it is typed, it counts as the same. */
	bool is_reference = secure_envelope_reference_parse(ask->reference,
	    reference) == 0;

	*out = (struct frame_vault_code){ .id = ask->id,
		.outcome = FRAME_CODE_OK };
	if (!may_ask(vault, ask->client, text_from(is_reference ? reference :
	    ""), &is_first, out))
		return;
	if (!is_reference || vault_store_find_reference(vault->store,
	    text_from(reference), vault->arena, &found, &count) != 0)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!is_rightful(vault, found[i].id,
		    text_trim(ask->address), &envelope, &registered) ||
		    !may_mail(vault, registered, is_first))
			continue;
		mail_link(vault, &envelope, registered);
		mailed++;
	}
	log_event(LOG_INFO_LEVEL, 0, "vault_link_asked",
	    LOG_TEXT("client", ask->client), LOG_STRING("reference",
	    reference), LOG_TEXT("address", ask->address),
	    LOG_NUMBER("mailed", mailed));
}
