/*
 * The audit chain: each row holds the hash of the one before.  vault
 * process.
 */
#include <string.h>

#include "crypto/vault/vault_store_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/log.h"

/* Rows looked at when the process starts. */
#define CHECK_AT_START 1000

/* One row, as it is hashed. */
struct vault_audit_row {
	uint64_t seq;
	int64_t time_us;
	struct text what;
	struct text envelope;
	struct text address;
	struct text client;
};

static void
add_number(struct digest *digest, uint64_t number, size_t len)
{
	char bytes[8];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(number >> (8 * (len - 1 - i)) & 0xff);
	digest_add(digest, text_of(bytes, len));
}

static void
add_text(struct digest *digest, struct text t)
{
	add_number(digest, t.len, 4);
	digest_add(digest, t);
}

static void
hash_row(struct vault_store *store, const uint8_t *previous,
    const struct vault_audit_row *row, uint8_t out[DIGEST_SIZE])
{
	digest_add(store->digest, text_of(previous, DIGEST_SIZE));
	add_number(store->digest, row->seq, 8);
	add_number(store->digest, (uint64_t)row->time_us, 8);
	add_text(store->digest, row->what);
	add_text(store->digest, row->envelope);
	add_text(store->digest, row->address);
	add_text(store->digest, row->client);
	digest_finish(store->digest, out);
}

static void
insert_row(struct vault_store *store, const struct vault_audit_row *row,
    const uint8_t hash[DIGEST_SIZE])
{
	struct database_statement *s = store->statements[VAULT_AUDIT_ADD];

	database_bind_u64(s, 1, row->seq);
	database_bind_i64(s, 2, row->time_us);
	database_bind_text(s, 3, row->what);
	database_bind_blob(s, 4, row->envelope);
	database_bind_text(s, 5, row->address);
	database_bind_text(s, 6, row->client);
	database_bind_blob(s, 7, text_of(store->audit_hash, DIGEST_SIZE));
	database_bind_blob(s, 8, text_of(hash, DIGEST_SIZE));
	database_run(s);
}

void
vault_audit_add(struct vault_store *store, const struct vault_audit *entry)
{
	struct vault_audit_row row = {
		.seq = store->audit_seq + 1,
		.time_us = clock_now_us(),
		.what = text_from(entry->what),
		.envelope = entry->envelope,
		.address = entry->address,
		.client = entry->client,
	};
	uint8_t hash[DIGEST_SIZE];
	char digits[HEX_SIZE(DIGEST_SIZE)];

	hash_row(store, store->audit_hash, &row, hash);
	insert_row(store, &row, hash);
	memcpy(store->audit_hash, hash, sizeof(hash));
	store->audit_seq = row.seq;
	hex_encode(hash, sizeof(hash), digits);
	log_event(LOG_INFO_LEVEL, 0, "vault_audit", LOG_NUMBER("seq", row.seq),
	    LOG_TEXT("what", row.what), LOG_TEXT("address", row.address),
	    LOG_TEXT("client", row.client), LOG_STRING("hash", digits));
}

/* The row at hand fits behind previous; *hash is its own. */
static bool
row_fits(struct vault_store *store, struct database_statement *s,
    const uint8_t *previous, uint8_t hash[DIGEST_SIZE])
{
	struct vault_audit_row row = {
		.seq = database_u64(s, 0),
		.time_us = database_i64(s, 1),
		.what = database_text(s, 2),
		.envelope = database_text(s, 3),
		.address = database_text(s, 4),
		.client = database_text(s, 5),
	};
	struct text stored = database_text(s, 6);

	hash_row(store, previous, &row, hash);
	return text_equal(stored, text_of(previous, DIGEST_SIZE)) &&
	    text_equal(database_text(s, 7), text_of(hash, DIGEST_SIZE));
}

uint64_t
vault_audit_check(struct vault_store *store, uint64_t seq)
{
	struct database_statement *s = store->statements[VAULT_AUDIT_FROM];
	uint8_t previous[DIGEST_SIZE] = { 0 };
	uint8_t hash[DIGEST_SIZE];
	uint64_t expected = seq, bad = 0;

	database_bind_u64(s, 1, seq);
	while (bad == 0 && database_step(s)) {
		struct text stored = database_text(s, 6);

		/* The first row looked at vouches for the one before it. */
		if (expected == seq && seq > 1 && stored.len == DIGEST_SIZE)
			memcpy(previous, stored.data, DIGEST_SIZE);
		if (database_u64(s, 0) != expected ||
		    !row_fits(store, s, previous, hash))
			bad = expected;
		memcpy(previous, hash, sizeof(hash));
		expected++;
	}
	database_reset(s);
	/* Rows cut off at the end show in what the chain was when opened. */
	if (bad == 0 && expected <= store->audit_seq)
		bad = expected;
	return bad;
}

void
vault_audit_open(struct vault_store *store)
{
	struct database_statement *s = store->statements[VAULT_AUDIT_LAST];
	struct text hash;
	uint64_t bad;

	if (database_step(s)) {
		store->audit_seq = database_u64(s, 0);
		hash = database_text(s, 1);
		if (hash.len == DIGEST_SIZE)
			memcpy(store->audit_hash, hash.data, DIGEST_SIZE);
		database_reset(s);
	}
	bad = vault_audit_check(store, store->audit_seq > CHECK_AT_START ?
	    store->audit_seq - CHECK_AT_START : 1);
	if (bad != 0)
		log_event(LOG_ERROR_LEVEL, 0, "vault_audit_broken",
		    LOG_NUMBER("seq", bad));
}
