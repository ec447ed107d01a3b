/*
 * vault.db: opening, and what is read.  vault process.
 */
#include "crypto/vault/vault_store.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/vault/vault_store_private.h"
#include "gateway/base/memory.h"
#include "gateway/mail/envelope.h"

#define KEY_CHECK TEXT("master_key_check")

struct text
vault_id_text(const uint8_t id[SECURE_ENVELOPE_ID_LEN])
{
	return text_of(id, SECURE_ENVELOPE_ID_LEN);
}

/* ---- opening ------------------------------------------------------------- */

static void
write_key_check(struct vault_store *store)
{
	static const uint8_t zeros[SECURE_ENVELOPE_SHARE_LEN];
	struct database_statement *s = store->statements[VAULT_FACT_PUT];
	uint8_t wrapped[VAULT_WRAPPED_LEN];

	vault_master_key_wrap(store->key, zeros, zeros, zeros, wrapped);
	database_begin(store->database);
	database_bind_text(s, 1, KEY_CHECK);
	database_bind_blob(s, 2, text_of(wrapped, sizeof(wrapped)));
	database_run(s);
	database_commit(store->database);
}

/* A wrong master key would only show when somebody wants to read. */
static int
check_key(struct vault_store *store, struct reason *why)
{
	static const uint8_t zeros[SECURE_ENVELOPE_ID_LEN];
	struct database_statement *s = store->statements[VAULT_FACT_GET];
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN];
	int r;

	database_bind_text(s, 1, KEY_CHECK);
	if (!database_step(s)) {
		write_key_check(store);
		return 0;
	}
	r = vault_master_key_unwrap(store->key, zeros, zeros,
	    database_text(s, 0), share);
	database_reset(s);
	if (r == 0)
		return 0;
	reason_set(why, "it was made under another master key");
	return ERROR_REFUSED;
}

int
vault_store_open(const char *path, const struct vault_master_key *key,
    struct vault_store **out, struct reason *why)
{
	struct vault_store *store = memory_new(sizeof(*store));
	int r;

	store->key = key;
	store->digest = digest_new();
	buffer_init(&store->folded, ENVELOPE_ADDRESS_MAX);
	r = database_open(path, DATABASE_SYNC_FULL, vault_migrations,
	    vault_migration_count, &store->database, why);
	if (r == 0) {
		for (size_t i = 0; i < VAULT_STATEMENTS; i++)
			store->statements[i] = database_prepare(
			    store->database, vault_statement_texts[i]);
		r = check_key(store, why);
	}
	if (r != 0) {
		vault_store_close(store);
		return r;
	}
	/* What a kill left in the page cache is made durable first. */
	database_checkpoint(store->database);
	vault_audit_open(store);
	*out = store;
	return 0;
}

void
vault_store_close(struct vault_store *store)
{
	if (store == NULL)
		return;
	database_close(store->database);
	digest_free(store->digest);
	buffer_clear(&store->folded);
	free(store);
}

/* ---- reading ------------------------------------------------------------- */

int
vault_store_fold(struct vault_store *store, struct text address,
    struct text *out)
{
	char *place;

	buffer_reset(&store->folded);
	if (buffer_reserve(&store->folded, address.len, &place) != 0)
		return ERROR_LIMIT;
	for (size_t i = 0; i < address.len; i++)
		place[i] = text_lower_byte(address.data[i]);
	buffer_commit(&store->folded, address.len);
	*out = buffer_text(&store->folded);
	return 0;
}

int
vault_envelope_read(struct database_statement *s, struct arena *arena,
    struct vault_envelope *out)
{
	struct text id = database_text(s, 0);
	struct text *const texts[] = { &out->gateway, &out->sender,
		&out->organisation, &out->profile, &out->reference };
	static const int columns[] = { 1, 3, 4, 5, 6 };
	int r = 0;

	memset(out, 0, sizeof(*out));
	if (id.len != sizeof(out->id))
		return ERROR_MALFORMED;
	memcpy(out->id, id.data, id.len);
	out->mid = database_u64(s, 2);
	out->sent_us = database_i64(s, 7);
	out->expires_us = database_i64(s, 8);
	out->is_locked = database_i64(s, 9) != 0;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]) && r == 0;
	    i++)
		r = arena_copy(arena, database_text(s, columns[i]), texts[i]);
	return r;
}

int
vault_store_find(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct arena *arena,
    struct vault_envelope *out)
{
	struct database_statement *s = store->statements[VAULT_ENVELOPE_GET];
	int r;

	database_bind_blob(s, 1, vault_id_text(id));
	if (!database_step(s))
		return ERROR_NOT_FOUND;
	r = vault_envelope_read(s, arena, out);
	database_reset(s);
	return r;
}

/* All rows of a statement that is bound already. */
static int
read_rows(struct database_statement *s, size_t max, struct arena *arena,
    struct vault_envelope **out, size_t *count)
{
	struct vault_envelope *rows = arena_array(arena, max, sizeof(*rows));
	int r = rows == NULL ? ERROR_LIMIT : 0;

	*count = 0;
	while (r == 0 && *count < max && database_step(s)) {
		r = vault_envelope_read(s, arena, &rows[*count]);
		if (r == 0)
			(*count)++;
	}
	database_reset(s);
	*out = rows;
	return r;
}

int
vault_store_find_reference(struct vault_store *store, struct text reference,
    struct arena *arena, struct vault_envelope **out, size_t *count)
{
	struct database_statement *s =
	    store->statements[VAULT_ENVELOPE_BY_REFERENCE];

	database_bind_text(s, 1, reference);
	database_bind_i64(s, 2, VAULT_REFERENCE_MATCHES_MAX);
	return read_rows(s, VAULT_REFERENCE_MATCHES_MAX, arena, out, count);
}

int
vault_store_list(struct vault_store *store, uint32_t limit,
    struct arena *arena, struct vault_envelope **out, size_t *count)
{
	struct database_statement *s = store->statements[VAULT_ENVELOPE_LIST];

	database_bind_i64(s, 1, (int64_t)limit);
	return read_rows(s, limit, arena, out, count);
}

int
vault_store_recipients(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct arena *arena,
    struct vault_recipient **out, size_t *count)
{
	struct database_statement *s = store->statements[VAULT_RECIPIENT_LIST];
	struct vault_recipient *rows = arena_array(arena,
	    KEY_SERVICE_RECIPIENTS_MAX, sizeof(*rows));
	int r = rows == NULL ? ERROR_LIMIT : 0;

	*count = 0;
	database_bind_blob(s, 1, vault_id_text(id));
	database_bind_i64(s, 2, KEY_SERVICE_RECIPIENTS_MAX);
	while (r == 0 && database_step(s)) {
		struct vault_recipient *row = &rows[*count];

		r = arena_copy(arena, database_text(s, 0), &row->address);
		row->is_named = database_i64(s, 1) != 0;
		row->first_opened_us = database_i64(s, 2);
		row->opened = (uint32_t)database_u64(s, 3);
		(*count)++;
	}
	database_reset(s);
	*out = rows;
	return r;
}

int
vault_store_match(struct vault_store *store,
    const uint8_t id[SECURE_ENVELOPE_ID_LEN], struct text address,
    struct arena *arena, struct text *registered)
{
	struct database_statement *s = store->statements[VAULT_RECIPIENT_GET];
	struct text folded;
	int r;

	if (vault_store_fold(store, address, &folded) != 0)
		return ERROR_NOT_FOUND;
	database_bind_blob(s, 1, vault_id_text(id));
	database_bind_text(s, 2, folded);
	if (!database_step(s))
		return ERROR_NOT_FOUND;
	r = arena_copy(arena, database_text(s, 0), registered);
	database_reset(s);
	return r;
}

uint64_t
vault_store_count(struct vault_store *store)
{
	struct database_statement *s =
	    store->statements[VAULT_ENVELOPE_COUNT];
	uint64_t count = 0;

	if (database_step(s)) {
		count = database_u64(s, 0);
		database_reset(s);
	}
	return count;
}
