/*
 * Inside vault's store: statements and the audit chain.
 */
#ifndef CRYPTO_VAULT_VAULT_STORE_PRIVATE_H
#define CRYPTO_VAULT_VAULT_STORE_PRIVATE_H

#include "crypto/digest.h"
#include "crypto/vault/vault_store.h"
#include "gateway/base/buffer.h"
#include "gateway/store/database.h"

enum vault_statement {
	VAULT_FACT_GET,
	VAULT_FACT_PUT,
	VAULT_ENVELOPE_GET,
	VAULT_ENVELOPE_BY_REFERENCE,
	VAULT_ENVELOPE_LIST,
	VAULT_ENVELOPE_ADD,
	VAULT_ENVELOPE_LOCK,
	VAULT_ENVELOPE_EXPIRE,
	VAULT_ENVELOPE_COUNT,
	VAULT_ENVELOPE_PURGEABLE,
	VAULT_ENVELOPE_REMOVE,
	VAULT_KEY_GET,
	VAULT_KEY_ADD,
	VAULT_KEY_COUNT,
	VAULT_RECIPIENT_LIST,
	VAULT_RECIPIENT_GET,
	VAULT_RECIPIENT_ADD,
	VAULT_RECIPIENT_COUNT,
	VAULT_RECIPIENT_OPENED,
	VAULT_AUDIT_LAST,
	VAULT_AUDIT_ADD,
	VAULT_AUDIT_FROM,
	VAULT_STATEMENTS
};

struct vault_store {
	struct database *database;
	const struct vault_master_key *key;	/* borrowed */
	struct database_statement *statements[VAULT_STATEMENTS];
	struct digest *digest;
	struct buffer folded;		/* an address in lower case */
	uint64_t audit_seq;		/* of the last row */
	uint8_t audit_hash[DIGEST_SIZE];
};

/* The tables; vault_schema.c. */
extern const struct database_migration vault_migrations[];
extern const unsigned int vault_migration_count;
extern const char *const vault_statement_texts[VAULT_STATEMENTS];

/*
 * The address as recipients compare; borrowed until the next call.
 * ERROR_LIMIT.
 */
int vault_store_fold(struct vault_store *store, struct text address,
	struct text *out) MUST_CHECK;
/* One row of VAULT_ENVELOPE_*, copied into the arena. */
int vault_envelope_read(struct database_statement *s, struct arena *arena,
	struct vault_envelope *out) MUST_CHECK;

/* ---- the audit chain; vault_audit.c --------------------------------------- */

/* What a row tells; texts may be empty. */
struct vault_audit {
	const char *what;
	struct text envelope;	/* id, 16 bytes */
	struct text address;
	struct text client;	/* network address, gateway or operator */
};

/* Find the end of the chain, and check the newest rows of it. */
void vault_audit_open(struct vault_store *store);
/* Inside a transaction. */
void vault_audit_add(struct vault_store *store,
	const struct vault_audit *entry);
/* Number of the first row from seq on that does not fit, or 0. */
uint64_t vault_audit_check(struct vault_store *store, uint64_t seq);

#endif
