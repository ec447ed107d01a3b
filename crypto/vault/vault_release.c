/*
 * Codes to sessions, sessions to keys.  vault process.
 */
#include <string.h>

#include "crypto/vault/vault.h"
#include "crypto/vault/vault_ask.h"
#include "crypto/vault/vault_ask_private.h"
#include "crypto/vault/vault_channel.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/frame_unseal.h"

#define WRAPPED_MAX 256
#define POINT_UNCOMPRESSED 4	/* SEC 1 2.3.3 */

/* ---- codes to sessions --------------------------------------------------- */

void
vault_ask_verify(struct vault *vault,
    const struct frame_vault_verify_ask *ask, struct frame_vault_verify *out)
{
	uint64_t lifetime_ms =
	    vault_config(vault)->key_service.session_lifetime_ms;
	int64_t now_ms = clock_monotonic_ms();
	struct vault_proof proof = { 0 };
	enum frame_code_outcome outcome;

	*out = (struct frame_vault_verify){ .id = ask->id };
	outcome = vault_challenge_try(vault->challenges, ask->challenge,
	    ask->code, now_ms, &out->tries_left, &proof);
	out->outcome = (uint8_t)outcome;
	if (outcome != FRAME_CODE_OK) {
		vault->counts.codes_wrong++;
		log_event(LOG_INFO_LEVEL, 0, "vault_code_refused",
		    LOG_TEXT("client", ask->client),
		    LOG_NUMBER("tries_left", out->tries_left));
		return;
	}
	vault_store_proved(vault->store, proof.envelope_id, proof.address,
	    ask->client);
	vault_session_add(vault->sessions, proof.address, now_ms,
	    (int64_t)lifetime_ms, out->token);
	out->lifetime_s = (uint32_t)(lifetime_ms / 1000);
	vault->counts.proved++;
	vault_proof_clear(&proof);
}

/* ---- sessions to keys ---------------------------------------------------- */

static const enum frame_release_outcome state_outcomes[] = {
	[FRAME_ENVELOPE_UNKNOWN] = FRAME_RELEASE_NOT_YOURS,
	[FRAME_ENVELOPE_OPEN] = FRAME_RELEASE_OK,
	[FRAME_ENVELOPE_EXPIRED] = FRAME_RELEASE_EXPIRED,
	[FRAME_ENVELOPE_LOCKED] = FRAME_RELEASE_LOCKED,
};

/* Whether the key may go, and that there is somewhere for it to go. */
static enum frame_release_outcome
judge(struct vault *vault, const struct frame_vault_release_ask *ask,
    struct text address)
{
	struct vault_envelope envelope;
	struct text registered;
	struct text point = ask->public_key;

	/* No such envelope, and not his: one answer. */
	if (vault_store_find(vault->store, ask->envelope_id, vault->arena,
	    &envelope) != 0 || vault_store_match(vault->store,
	    ask->envelope_id, address, vault->arena, &registered) != 0)
		return FRAME_RELEASE_NOT_YOURS;
	if (text_is_empty(point) && !vault_channel_is_open(vault,
	    PROCESS_UNSEAL, ask->unseal))
		return FRAME_RELEASE_TRY_LATER;
	if (!text_is_empty(point) && (point.len != FRAME_PUBLIC_KEY_LEN ||
	    point.data[0] != POINT_UNCOMPRESSED))
		return FRAME_RELEASE_NOT_YOURS;
	return state_outcomes[vault_envelope_state(&envelope)];
}

static enum frame_release_outcome
hand_back(struct vault *vault, const struct frame_vault_release_ask *ask,
    const uint8_t *share, struct text *wrapped)
{
	struct buffer out;
	int r;

	buffer_init(&out, WRAPPED_MAX);
	r = secure_envelope_hand_back(ask->envelope_id, share,
	    ask->public_key, &out);
	if (r == 0)
		r = arena_copy(vault->arena, buffer_text(&out), wrapped);
	buffer_clear(&out);
	return r == 0 ? FRAME_RELEASE_OK : FRAME_RELEASE_NOT_YOURS;
}

static enum frame_release_outcome
send_to_unseal(struct vault *vault, const struct frame_vault_release_ask *ask,
    const uint8_t *share, struct text address)
{
	struct frame_unseal_key key = { .address = address };
	bool is_sent;

	memcpy(key.ticket, ask->ticket, sizeof(key.ticket));
	memcpy(key.share, share, sizeof(key.share));
	is_sent = vault_channel_send_to(vault, PROCESS_UNSEAL, ask->unseal,
	    FRAME_UNSEAL_KEY, &key);
	memory_wipe(&key, sizeof(key));
	return is_sent ? FRAME_RELEASE_OK : FRAME_RELEASE_TRY_LATER;
}

/* The audit row is durable before the share leaves this function. */
static enum frame_release_outcome
release(struct vault *vault, const struct frame_vault_release_ask *ask,
    struct text address, struct text *wrapped)
{
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN];
	bool counts = vault_session_opens(vault->sessions, ask->token,
	    ask->envelope_id);
	enum frame_release_outcome outcome;
	int r = vault_store_release(vault->store, ask->envelope_id,
	    ask->key_id, address, ask->client, counts, share);

	if (r == ERROR_MISMATCH)
		log_event(LOG_ERROR_LEVEL, 0, "vault_key_damaged",
		    LOG_TEXT("client", ask->client));
	if (r != 0)
		return FRAME_RELEASE_NOT_YOURS;
	outcome = text_is_empty(ask->public_key) ?
	    send_to_unseal(vault, ask, share, address) :
	    hand_back(vault, ask, share, wrapped);
	memory_wipe(share, sizeof(share));
	return outcome;
}

static const char *const outcome_words[] = {
	[FRAME_RELEASE_OK] = "released",
	[FRAME_RELEASE_NO_SESSION] = "no session",
	[FRAME_RELEASE_NOT_YOURS] = "not a recipient, or no such key",
	[FRAME_RELEASE_EXPIRED] = "expired",
	[FRAME_RELEASE_LOCKED] = "locked",
	[FRAME_RELEASE_TRY_LATER] = "unseal is away",
};

void
vault_ask_release(struct vault *vault,
    const struct frame_vault_release_ask *ask,
    struct frame_vault_release *out)
{
	struct text address = TEXT_EMPTY;
	enum frame_release_outcome outcome = FRAME_RELEASE_NO_SESSION;
	char digits[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];

	*out = (struct frame_vault_release){ .id = ask->id };
	if (vault_session_find(vault->sessions, ask->token,
	    clock_monotonic_ms(), &address) == 0)
		outcome = judge(vault, ask, address);
	if (outcome == FRAME_RELEASE_OK)
		outcome = release(vault, ask, address, &out->wrapped);
	out->outcome = (uint8_t)outcome;
	out->address = address;
	if (outcome == FRAME_RELEASE_OK) {
		vault->counts.released++;
		return;
	}
	vault->counts.refused++;
	hex_encode(ask->envelope_id, sizeof(ask->envelope_id), digits);
	log_event(LOG_INFO_LEVEL, 0, "vault_release_refused",
	    LOG_STRING("envelope", digits), LOG_TEXT("address", address),
	    LOG_TEXT("client", ask->client),
	    LOG_STRING("why", outcome_words[outcome]));
}
