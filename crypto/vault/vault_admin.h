/*
 * What operators ask and do.
 */
#ifndef CRYPTO_VAULT_VAULT_ADMIN_H
#define CRYPTO_VAULT_VAULT_ADMIN_H

#include "gateway/protocol/frame_vault_admin.h"

struct vault;

/* The change is durable on return; texts borrow from the vault's arena. */
void vault_admin_act(struct vault *vault,
	const struct frame_vault_act_ask *ask, struct frame_vault_act *out);

#endif
