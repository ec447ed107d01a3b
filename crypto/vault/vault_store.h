/*
 * vault.db: envelopes, wrapped keys, recipients, audit (PROTOCOL.keyservice
 * 2).  Every change is durable when the function returns.
 */
#ifndef CRYPTO_VAULT_VAULT_STORE_H
#define CRYPTO_VAULT_VAULT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/key_service_message.h"
#include "crypto/vault/vault_master_key.h"
#include "gateway/base/arena.h"

#define VAULT_KEYS_MAX 64	/* of one envelope */
#define VAULT_REFERENCE_MATCHES_MAX 16

struct vault_store;

/* The bytes of an id, borrowed. */
struct text vault_id_text(const uint8_t id[SECURE_ENVELOPE_ID_LEN]);

struct vault_envelope {
	uint8_t id[SECURE_ENVELOPE_ID_LEN];
	struct text gateway;	/* name in the certificate that registered */
	uint64_t mid;
	struct text sender;
	struct text organisation;
	struct text profile;
	struct text reference;
	int64_t sent_us;
	int64_t expires_us;	/* 0: never */
	bool is_locked;
};

struct vault_recipient {
	struct text address;	/* as registered */
	bool is_named;
	int64_t first_opened_us;	/* 0: not yet */
	uint32_t opened;
};

/*
 * Open or create; the key is borrowed.  ERROR_REFUSED: made under another
 * master key; else as database_open().
 */
int vault_store_open(const char *path, const struct vault_master_key *key,
	struct vault_store **out, struct reason *why) MUST_CHECK;
/* NULL is allowed. */
void vault_store_close(struct vault_store *store);

/*
 * Register for a gateway, all in one transaction; results has room for
 * count.
 */
void vault_store_register(struct vault_store *store, struct text gateway,
	const struct key_service_envelope *envelopes, size_t count,
	struct key_service_result *results);

/* Texts lie in the arena.  ERROR_NOT_FOUND, ERROR_LIMIT. */
int vault_store_find(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct arena *arena,
	struct vault_envelope *out) MUST_CHECK;
/*
 * All with that reference ("K7QD-24MF"), at most
 * VAULT_REFERENCE_MATCHES_MAX: references are short, and may meet.
 */
int vault_store_find_reference(struct vault_store *store,
	struct text reference, struct arena *arena,
	struct vault_envelope **out, size_t *count) MUST_CHECK;
/* Newest first, at most limit. */
int vault_store_list(struct vault_store *store, uint32_t limit,
	struct arena *arena, struct vault_envelope **out, size_t *count)
	MUST_CHECK;
/* In the order of registration. */
int vault_store_recipients(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct arena *arena,
	struct vault_recipient **out, size_t *count) MUST_CHECK;
/*
 * Whether address is a recipient, without regard to case; *registered is
 * the address as the gateway gave it.  ERROR_NOT_FOUND, ERROR_LIMIT.
 */
int vault_store_match(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct text address,
	struct arena *arena, struct text *registered) MUST_CHECK;

/*
 * Unwrap a share to be released: the audit row is durable on return.
 * counts: this opening is a new one of this reader.  The caller has checked
 * that it may be released.  ERROR_NOT_FOUND: no such key; ERROR_MISMATCH:
 * the row was changed from outside.
 */
int vault_store_release(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN],
	const uint8_t key_id[SECURE_ENVELOPE_ID_LEN], struct text address,
	struct text client, bool counts,
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN]) MUST_CHECK;
/* An audit row: this address was proved from that client. */
void vault_store_proved(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct text address,
	struct text client);

/* Operators' acts; actor goes into the audit.  ERROR_NOT_FOUND. */
int vault_store_lock(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN], bool is_locked,
	struct text actor) MUST_CHECK;
int vault_store_expire(struct vault_store *store,
	const uint8_t id[SECURE_ENVELOPE_ID_LEN], int64_t expires_us,
	struct text actor) MUST_CHECK;

/*
 * Remove at most max envelopes that expired before that time; how many were
 * removed.
 */
size_t vault_store_purge(struct vault_store *store, int64_t before_us,
	size_t max);

uint64_t vault_store_count(struct vault_store *store);

#endif
