/*
 * Sessions: who has proved which mailbox.  In memory, bounded; tokens are
 * kept as their SHA-256 only.
 */
#ifndef CRYPTO_VAULT_VAULT_SESSION_H
#define CRYPTO_VAULT_VAULT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/text.h"
#include "gateway/protocol/frame_vault.h"

#define VAULT_SESSIONS_MAX 20000

struct vault_session_set;

struct vault_session_set *vault_session_set_new(void);
void vault_session_set_free(struct vault_session_set *set);

/* A new session for that address; the token is 256 random bits. */
void vault_session_add(struct vault_session_set *set, struct text address,
	int64_t now_ms, int64_t lifetime_ms, uint8_t token[FRAME_TOKEN_LEN]);
/*
 * The address that the token stands for, borrowed until the next call.
 * ERROR_NOT_FOUND: none, or over.
 */
int vault_session_find(struct vault_session_set *set,
	const uint8_t token[FRAME_TOKEN_LEN], int64_t now_ms,
	struct text *address) MUST_CHECK;
/*
 * Note that this envelope is opened: whether it was not the one opened last
 * under this token (saving its attachments opens no further one).
 */
bool vault_session_opens(struct vault_session_set *set,
	const uint8_t token[FRAME_TOKEN_LEN],
	const uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN]);
size_t vault_session_count(const struct vault_session_set *set);

#endif
