/*
 * The tables of vault.db and every statement on them.
 */
#include "crypto/vault/vault_store_private.h"

const struct database_migration vault_migrations[] = {
	{ .sql =
	    "CREATE TABLE facts ("
	    " name TEXT PRIMARY KEY,"
	    " value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	    "CREATE TABLE envelopes ("
	    " number INTEGER PRIMARY KEY,"
	    " id BLOB NOT NULL UNIQUE,"
	    " gateway TEXT NOT NULL,"
	    " mid INTEGER NOT NULL,"
	    " sender TEXT NOT NULL,"
	    " organisation TEXT NOT NULL,"
	    " profile TEXT NOT NULL,"
	    " reference TEXT NOT NULL,"
	    " sent INTEGER NOT NULL,"
	    " expires INTEGER NOT NULL,"
	    " locked INTEGER NOT NULL,"
	    " created INTEGER NOT NULL) STRICT;"
	    "CREATE INDEX envelopes_reference ON envelopes (reference);"
	    "CREATE INDEX envelopes_expires ON envelopes (expires)"
	    " WHERE expires > 0;"
	    "CREATE TABLE keys ("
	    " envelope BLOB NOT NULL REFERENCES envelopes (id)"
	    " ON DELETE CASCADE,"
	    " key BLOB NOT NULL,"
	    " wrapped BLOB NOT NULL,"
	    " PRIMARY KEY (envelope, key)) STRICT, WITHOUT ROWID;"
	    "CREATE TABLE recipients ("
	    " number INTEGER PRIMARY KEY,"
	    " envelope BLOB NOT NULL REFERENCES envelopes (id)"
	    " ON DELETE CASCADE,"
	    " folded TEXT NOT NULL,"
	    " address TEXT NOT NULL,"
	    " is_named INTEGER NOT NULL,"
	    " first_opened INTEGER NOT NULL,"
	    " opened INTEGER NOT NULL,"
	    " UNIQUE (envelope, folded)) STRICT;"
	    "CREATE TABLE audit ("
	    " seq INTEGER PRIMARY KEY,"
	    " time INTEGER NOT NULL,"
	    " what TEXT NOT NULL,"
	    " envelope BLOB NOT NULL,"
	    " address TEXT NOT NULL,"
	    " client TEXT NOT NULL,"
	    " previous BLOB NOT NULL,"
	    " hash BLOB NOT NULL) STRICT;" },
};
const unsigned int vault_migration_count =
    sizeof(vault_migrations) / sizeof(vault_migrations[0]);

#define ENVELOPE_COLUMNS \
	"SELECT id, gateway, mid, sender, organisation, profile, reference," \
	" sent, expires, locked FROM envelopes "

const char *const vault_statement_texts[VAULT_STATEMENTS] = {
	[VAULT_FACT_GET] = "SELECT value FROM facts WHERE name = ?1",
	[VAULT_FACT_PUT] = "INSERT INTO facts (name, value) VALUES (?1, ?2)",
	[VAULT_ENVELOPE_GET] = ENVELOPE_COLUMNS "WHERE id = ?1",
	[VAULT_ENVELOPE_BY_REFERENCE] = ENVELOPE_COLUMNS
	    "WHERE reference = ?1 ORDER BY number DESC LIMIT ?2",
	[VAULT_ENVELOPE_LIST] = ENVELOPE_COLUMNS
	    "ORDER BY number DESC LIMIT ?1",
	[VAULT_ENVELOPE_ADD] = "INSERT INTO envelopes (id, gateway, mid,"
	    " sender, organisation, profile, reference, sent, expires,"
	    " locked, created)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10)",
	[VAULT_ENVELOPE_LOCK] =
	    "UPDATE envelopes SET locked = ?2 WHERE id = ?1",
	[VAULT_ENVELOPE_EXPIRE] =
	    "UPDATE envelopes SET expires = ?2 WHERE id = ?1",
	[VAULT_ENVELOPE_COUNT] = "SELECT count(*) FROM envelopes",
	[VAULT_ENVELOPE_PURGEABLE] = "SELECT id FROM envelopes"
	    " WHERE expires > 0 AND expires < ?1 ORDER BY expires LIMIT 1",
	[VAULT_ENVELOPE_REMOVE] = "DELETE FROM envelopes WHERE id = ?1",
	[VAULT_KEY_GET] = "SELECT wrapped FROM keys"
	    " WHERE envelope = ?1 AND key = ?2",
	[VAULT_KEY_ADD] = "INSERT INTO keys (envelope, key, wrapped)"
	    " VALUES (?1, ?2, ?3)",
	[VAULT_KEY_COUNT] = "SELECT count(*) FROM keys WHERE envelope = ?1",
	[VAULT_RECIPIENT_LIST] = "SELECT address, is_named, first_opened,"
	    " opened FROM recipients WHERE envelope = ?1 ORDER BY number"
	    " LIMIT ?2",
	[VAULT_RECIPIENT_GET] = "SELECT address FROM recipients"
	    " WHERE envelope = ?1 AND folded = ?2",
	[VAULT_RECIPIENT_ADD] = "INSERT INTO recipients (envelope, folded,"
	    " address, is_named, first_opened, opened)"
	    " VALUES (?1, ?2, ?3, ?4, 0, 0)"
	    " ON CONFLICT (envelope, folded)"
	    " DO UPDATE SET is_named = max(is_named, excluded.is_named)",
	[VAULT_RECIPIENT_COUNT] =
	    "SELECT count(*) FROM recipients WHERE envelope = ?1",
	[VAULT_RECIPIENT_OPENED] = "UPDATE recipients SET opened = opened + 1,"
	    " first_opened = iif(first_opened = 0, ?3, first_opened)"
	    " WHERE envelope = ?1 AND folded = ?2",
	[VAULT_AUDIT_LAST] =
	    "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
	[VAULT_AUDIT_ADD] = "INSERT INTO audit (seq, time, what, envelope,"
	    " address, client, previous, hash)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[VAULT_AUDIT_FROM] = "SELECT seq, time, what, envelope, address,"
	    " client, previous, hash FROM audit WHERE seq >= ?1 ORDER BY seq",
};
