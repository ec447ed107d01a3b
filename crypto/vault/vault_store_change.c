/*
 * vault.db: what is changed, each time with its row in the audit.  vault
 * process.
 */
#include <string.h>

#include "crypto/vault/vault_store_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/memory.h"

/* ---- registration -------------------------------------------------------- */

static uint64_t
count_of(struct vault_store *store, enum vault_statement which,
    struct text id)
{
	struct database_statement *s = store->statements[which];
	uint64_t count = 0;

	database_bind_blob(s, 1, id);
	if (database_step(s)) {
		count = database_u64(s, 0);
		database_reset(s);
	}
	return count;
}

/* Whether the envelope is there, and this gateway's. */
static int
find_owner(struct vault_store *store, struct text gateway, struct text id)
{
	struct database_statement *s = store->statements[VAULT_ENVELOPE_GET];
	int r;

	database_bind_blob(s, 1, id);
	if (!database_step(s))
		return ERROR_NOT_FOUND;
	r = text_equal(database_text(s, 1), gateway) ? 0 : ERROR_REFUSED;
	database_reset(s);
	return r;
}

static int
read_share(struct vault_store *store, const uint8_t *id,
    const uint8_t *key_id, uint8_t share[SECURE_ENVELOPE_SHARE_LEN])
{
	struct database_statement *s = store->statements[VAULT_KEY_GET];
	int r;

	database_bind_blob(s, 1, vault_id_text(id));
	database_bind_blob(s, 2, vault_id_text(key_id));
	if (!database_step(s))
		return ERROR_NOT_FOUND;
	r = vault_master_key_unwrap(store->key, id, key_id,
	    database_text(s, 0), share);
	database_reset(s);
	return r;
}

static void
add_envelope(struct vault_store *store, struct text gateway,
    const struct key_service_envelope *envelope)
{
	struct database_statement *s = store->statements[VAULT_ENVELOPE_ADD];
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];

	secure_envelope_reference(envelope->id, reference);
	database_bind_blob(s, 1, vault_id_text(envelope->id));
	database_bind_text(s, 2, gateway);
	database_bind_u64(s, 3, envelope->mid);
	database_bind_text(s, 4, envelope->sender);
	database_bind_text(s, 5, envelope->organisation);
	database_bind_text(s, 6, envelope->profile);
	database_bind_text(s, 7, text_from(reference));
	database_bind_i64(s, 8, envelope->sent_us);
	database_bind_i64(s, 9, envelope->expires_us);
	database_bind_i64(s, 10, clock_now_us());
	database_run(s);
}

static void
add_recipients(struct vault_store *store,
    const struct key_service_envelope *envelope)
{
	struct database_statement *s = store->statements[VAULT_RECIPIENT_ADD];
	struct text folded;

	for (size_t i = 0; i < envelope->recipient_count; i++) {
		struct text address = envelope->recipients[i];

		/* The reader of requests bounds addresses. */
		require(vault_store_fold(store, address, &folded) == 0);
		database_bind_blob(s, 1, vault_id_text(envelope->id));
		database_bind_text(s, 2, folded);
		database_bind_text(s, 3, address);
		database_bind_i64(s, 4, envelope->is_named[i] != 0);
		database_run(s);
	}
}

static void
add_key(struct vault_store *store, struct text gateway,
    const struct key_service_envelope *envelope)
{
	struct database_statement *s = store->statements[VAULT_KEY_ADD];
	uint8_t wrapped[VAULT_WRAPPED_LEN];
	struct text id = vault_id_text(envelope->id);

	vault_master_key_wrap(store->key, envelope->id, envelope->key_id,
	    envelope->share, wrapped);
	database_bind_blob(s, 1, id);
	database_bind_blob(s, 2, vault_id_text(envelope->key_id));
	database_bind_blob(s, 3, text_of(wrapped, sizeof(wrapped)));
	database_run(s);
	vault_audit_add(store, &(struct vault_audit){ .what = "registered",
	    .envelope = id, .address = envelope->sender, .client = gateway });
}

/* How many of its recipients are not there yet. */
static uint64_t
count_new(struct vault_store *store,
    const struct key_service_envelope *envelope)
{
	struct database_statement *s = store->statements[VAULT_RECIPIENT_GET];
	struct text folded;
	uint64_t count = 0;

	for (size_t i = 0; i < envelope->recipient_count; i++) {
		require(vault_store_fold(store, envelope->recipients[i],
		    &folded) == 0);
		database_bind_blob(s, 1, vault_id_text(envelope->id));
		database_bind_text(s, 2, folded);
		if (database_step(s))
			database_reset(s);
		else
			count++;
	}
	return count;
}

/* With this request more than there may be. */
static bool
is_too_many(struct vault_store *store,
    const struct key_service_envelope *envelope)
{
	struct text id = vault_id_text(envelope->id);

	return count_of(store, VAULT_KEY_COUNT, id) >= VAULT_KEYS_MAX ||
	    count_of(store, VAULT_RECIPIENT_COUNT, id) +
	    count_new(store, envelope) > KEY_SERVICE_RECIPIENTS_MAX;
}

static enum key_service_outcome
register_one(struct vault_store *store, struct text gateway,
    const struct key_service_envelope *envelope)
{
	uint8_t there[SECURE_ENVELOPE_SHARE_LEN];
	int owner = find_owner(store, gateway, vault_id_text(envelope->id));
	bool is_same;
	int r;

	if (owner == ERROR_REFUSED)
		return KEY_SERVICE_REFUSED;
	r = read_share(store, envelope->id, envelope->key_id, there);
	if (r != ERROR_NOT_FOUND) {
		is_same = r == 0 && text_equal_secret(
		    text_of(there, sizeof(there)),
		    text_of(envelope->share, sizeof(envelope->share)));
		memory_wipe(there, sizeof(there));
		return is_same ? KEY_SERVICE_REGISTERED :
		    KEY_SERVICE_CONFLICT;
	}
	if (is_too_many(store, envelope))
		return KEY_SERVICE_REFUSED;
	if (owner == ERROR_NOT_FOUND)
		add_envelope(store, gateway, envelope);
	add_recipients(store, envelope);
	add_key(store, gateway, envelope);
	return KEY_SERVICE_REGISTERED;
}

void
vault_store_register(struct vault_store *store, struct text gateway,
    const struct key_service_envelope *envelopes, size_t count,
    struct key_service_result *results)
{
	database_begin(store->database);
	for (size_t i = 0; i < count; i++) {
		memcpy(results[i].id, envelopes[i].id, sizeof(results[i].id));
		memcpy(results[i].key_id, envelopes[i].key_id,
		    sizeof(results[i].key_id));
		results[i].outcome = (uint8_t)register_one(store, gateway,
		    &envelopes[i]);
	}
	database_commit(store->database);
}

/* ---- release ------------------------------------------------------------- */

int
vault_store_release(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN],
    const uint8_t key_id[SECURE_ENVELOPE_ID_LEN], struct text address,
    struct text client, bool counts,
    uint8_t share[SECURE_ENVELOPE_SHARE_LEN])
{
	struct database_statement *s =
	    store->statements[VAULT_RECIPIENT_OPENED];
	struct text folded;
	int r = read_share(store, id, key_id, share);

	if (r == 0)
		r = vault_store_fold(store, address, &folded);
	if (r != 0)
		return r;
	database_begin(store->database);
	if (counts) {
		database_bind_blob(s, 1, vault_id_text(id));
		database_bind_text(s, 2, folded);
		database_bind_i64(s, 3, clock_now_us());
		database_run(s);
	}
	vault_audit_add(store, &(struct vault_audit){ .what = "released",
	    .envelope = vault_id_text(id), .address = address,
	    .client = client });
	database_commit(store->database);
	return 0;
}

void
vault_store_proved(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct text address,
    struct text client)
{
	database_begin(store->database);
	vault_audit_add(store, &(struct vault_audit){ .what = "proved",
	    .envelope = vault_id_text(id), .address = address,
	    .client = client });
	database_commit(store->database);
}

/* ---- operators ----------------------------------------------------------- */

/* Set one number of an envelope, with its audit row. */
static int
set_number(struct vault_store *store, enum vault_statement which,
    const uint8_t *id, int64_t value, const struct vault_audit *entry)
{
	struct database_statement *s = store->statements[which];
	bool is_there;

	database_begin(store->database);
	database_bind_blob(s, 1, vault_id_text(id));
	database_bind_i64(s, 2, value);
	database_run(s);
	is_there = database_changes(store->database) > 0;
	if (is_there)
		vault_audit_add(store, entry);
	database_commit(store->database);
	return is_there ? 0 : ERROR_NOT_FOUND;
}

int
vault_store_lock(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN], bool is_locked,
    struct text actor)
{
	return set_number(store, VAULT_ENVELOPE_LOCK, id, is_locked,
	    &(struct vault_audit){ .what = is_locked ? "locked" : "unlocked",
	    .envelope = vault_id_text(id), .address = TEXT_EMPTY,
	    .client = actor });
}

int
vault_store_expire(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN], int64_t expires_us,
    struct text actor)
{
	return set_number(store, VAULT_ENVELOPE_EXPIRE, id, expires_us,
	    &(struct vault_audit){ .what = "expiry",
	    .envelope = vault_id_text(id), .address = TEXT_EMPTY,
	    .client = actor });
}

/* ---- removal ------------------------------------------------------------- */

/* One that may go; false when there is none. */
static bool
purge_one(struct vault_store *store, int64_t before_us)
{
	struct database_statement *find =
	    store->statements[VAULT_ENVELOPE_PURGEABLE];
	struct database_statement *remove =
	    store->statements[VAULT_ENVELOPE_REMOVE];
	uint8_t id[SECURE_ENVELOPE_ID_LEN] = { 0 };
	struct text found;

	database_bind_i64(find, 1, before_us);
	if (!database_step(find))
		return false;
	found = database_text(find, 0);
	require(found.len == sizeof(id));
	memcpy(id, found.data, sizeof(id));
	database_reset(find);
	database_bind_blob(remove, 1, vault_id_text(id));
	database_run(remove);
	vault_audit_add(store, &(struct vault_audit){ .what = "purged",
	    .envelope = vault_id_text(id), .address = TEXT_EMPTY,
	    .client = TEXT_EMPTY });
	return true;
}

size_t
vault_store_purge(struct vault_store *store, int64_t before_us, size_t max)
{
	size_t count = 0;

	database_begin(store->database);
	while (count < max && purge_one(store, before_us))
		count++;
	database_commit(store->database);
	return count;
}
