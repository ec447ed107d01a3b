/*
 * What portal asks, and what vault decides: who may have a code, a session,
 * a key.  Answers borrow from the vault's arena.
 */
#ifndef CRYPTO_VAULT_VAULT_ASK_H
#define CRYPTO_VAULT_VAULT_ASK_H

#include "gateway/protocol/frame_vault.h"

struct vault;

void vault_ask_find(struct vault *vault,
	const struct frame_vault_find_ask *ask, struct frame_vault_find *out);
/* Alike for recipients and strangers; the caller delays the answer. */
void vault_ask_code(struct vault *vault,
	const struct frame_vault_code_ask *ask, struct frame_vault_code *out);
void vault_ask_link(struct vault *vault,
	const struct frame_vault_link_ask *ask, struct frame_vault_code *out);
void vault_ask_verify(struct vault *vault,
	const struct frame_vault_verify_ask *ask,
	struct frame_vault_verify *out);
/* Sends the share to unseal itself, where it is to go there. */
void vault_ask_release(struct vault *vault,
	const struct frame_vault_release_ask *ask,
	struct frame_vault_release *out);

#endif
