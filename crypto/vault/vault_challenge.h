/*
 * Challenges: a code was made for an address, and must come back with the
 * challenge of the browser that asked.  In memory, bounded.
 *
 * Everybody gets a challenge.  The one of somebody who is no recipient (a
 * decoy) is made, kept and compared alike, and never proves anything; decoys
 * can only push out decoys.
 */
#ifndef CRYPTO_VAULT_VAULT_CHALLENGE_H
#define CRYPTO_VAULT_VAULT_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/vault/vault_random.h"
#include "gateway/base/text.h"
#include "gateway/protocol/frame_vault.h"

#define VAULT_TRIES 5
#define VAULT_CHALLENGES_MAX 20000	/* of each kind */

struct vault_challenge_set;

struct vault_challenge_order {
	struct text address;	/* as registered, or as typed for a decoy */
	const uint8_t *envelope_id;	/* FRAME_ENVELOPE_ID_LEN */
	bool is_decoy;
	int64_t now_ms;		/* monotonic */
	int64_t lifetime_ms;
};

/* What a right code has proved; the address is freed by _proof_clear(). */
struct vault_proof {
	struct text address;
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
};

struct vault_challenge_set *vault_challenge_set_new(void);
void vault_challenge_set_free(struct vault_challenge_set *set);

/* Make one; the code is the caller's to mail and to wipe. */
void vault_challenge_add(struct vault_challenge_set *set,
	const struct vault_challenge_order *order,
	uint8_t challenge[FRAME_TICKET_LEN],
	char code[VAULT_CODE_DIGITS + 1]);
/*
 * Try a code as it was typed; spaces and dashes do not matter.  What is not
 * eight digits is WRONG and costs no try.  OK uses the challenge up.
 */
enum frame_code_outcome vault_challenge_try(struct vault_challenge_set *set,
	const uint8_t challenge[FRAME_TICKET_LEN], struct text typed,
	int64_t now_ms, uint32_t *tries_left, struct vault_proof *proof);
void vault_proof_clear(struct vault_proof *proof);
size_t vault_challenge_count(const struct vault_challenge_set *set);

#endif
