/*
 * vault.db: registration, what a stolen copy holds, the master key, the
 * audit chain, operators, removal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/vault/vault_store_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/log.h"

#define GATEWAY TEXT("gw.example.com")

static char path[64];
static const uint8_t master[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const uint8_t other_master[32] = { 9 };

struct fixture {
	struct vault_master_key *key;
	struct vault_store *store;
	struct arena *arena;
};

static void
open_store(struct fixture *fixture)
{
	struct reason why;

	assert_int_equal(vault_store_open(path, fixture->key,
	    &fixture->store, &why), 0);
}

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	snprintf(path, sizeof(path), "/tmp/vault_store_test.%d.db",
	    (int)getpid());
	assert_int_equal(database_remove(path), 0);
	fixture->key = vault_master_key_new(master);
	fixture->arena = arena_new(8u * 1024 * 1024);
	open_store(fixture);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	vault_store_close(fixture->store);
	vault_master_key_free(fixture->key);
	arena_free(fixture->arena);
	free(fixture);
	return database_remove(path);
}

static struct text bob[] = { TEXT_INIT("Bob@Partner.example"),
	TEXT_INIT("carol@partner.example") };
static uint8_t named[] = { 1, 0 };

static struct key_service_envelope
an_envelope(uint8_t number, uint8_t attempt)
{
	struct key_service_envelope envelope = {
		.mid = number,
		.sender = TEXT("anna@example.com"),
		.organisation = TEXT("Example Ltd"),
		.profile = TEXT("default"),
		.sent_us = 1000,
		.expires_us = 5000,
		.recipients = bob,
		.is_named = named,
		.recipient_count = 2,
	};

	memset(envelope.id, number, sizeof(envelope.id));
	memset(envelope.key_id, attempt, sizeof(envelope.key_id));
	for (size_t i = 0; i < sizeof(envelope.share); i++)
		envelope.share[i] = (uint8_t)(0x80 + number * 31u +
		    attempt * 7u + i * 3u);
	return envelope;
}

static enum key_service_outcome
register_one(struct fixture *fixture, struct text gateway,
    const struct key_service_envelope *envelope)
{
	struct key_service_result result;

	vault_store_register(fixture->store, gateway, envelope, 1, &result);
	assert_memory_equal(result.id, envelope->id, sizeof(result.id));
	return (enum key_service_outcome)result.outcome;
}

static void
registers_once(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope envelope = an_envelope(1, 1);
	struct vault_envelope found;
	struct vault_recipient *recipients;
	uint8_t share[32];
	size_t count;

	assert_int_equal(register_one(fixture, GATEWAY, &envelope),
	    KEY_SERVICE_REGISTERED);
	assert_int_equal(register_one(fixture, GATEWAY, &envelope),
	    KEY_SERVICE_REGISTERED);
	envelope.share[5] ^= 1;
	assert_int_equal(register_one(fixture, GATEWAY, &envelope),
	    KEY_SERVICE_CONFLICT);
	envelope.share[5] ^= 1;
	assert_int_equal(register_one(fixture, TEXT("evil.example"),
	    &envelope), KEY_SERVICE_REFUSED);
	assert_int_equal(vault_store_find(fixture->store, envelope.id,
	    fixture->arena, &found), 0);
	assert_true(text_equal(found.sender, TEXT("anna@example.com")));
	assert_true(text_equal(found.gateway, GATEWAY));
	assert_int_equal(found.reference.len, 9);
	assert_int_equal(vault_store_recipients(fixture->store, envelope.id,
	    fixture->arena, &recipients, &count), 0);
	assert_int_equal(count, 2);
	assert_true(text_equal(recipients[0].address, bob[0]));
	assert_true(recipients[0].is_named && !recipients[1].is_named);
	assert_int_equal(vault_store_release(fixture->store, envelope.id,
	    envelope.key_id, bob[0], TEXT("192.0.2.1"), true, share), 0);
	assert_memory_equal(share, envelope.share, sizeof(share));
	assert_int_equal(vault_store_recipients(fixture->store, envelope.id,
	    fixture->arena, &recipients, &count), 0);
	assert_int_equal(recipients[0].opened, 1);
	assert_true(recipients[0].first_opened_us > 0);
}

static void
keeps_attempts_apart(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope first = an_envelope(1, 1);
	struct key_service_envelope second = an_envelope(1, 2);
	static struct text dave[] = { TEXT_INIT("dave@partner.example") };
	struct vault_recipient *recipients;
	uint8_t share[32];
	size_t count;

	second.recipients = dave;
	second.recipient_count = 1;
	assert_int_equal(register_one(fixture, GATEWAY, &first), 0);
	assert_int_equal(register_one(fixture, GATEWAY, &second), 0);
	assert_int_equal(vault_store_release(fixture->store, first.id,
	    second.key_id, bob[0], TEXT("c"), false, share), 0);
	assert_memory_equal(share, second.share, sizeof(share));
	assert_int_equal(vault_store_release(fixture->store, first.id,
	    first.key_id, bob[0], TEXT("c"), false, share), 0);
	assert_memory_equal(share, first.share, sizeof(share));
	assert_int_equal(vault_store_recipients(fixture->store, first.id,
	    fixture->arena, &recipients, &count), 0);
	assert_int_equal(count, 3);
	for (uint8_t i = 3; i <= VAULT_KEYS_MAX; i++) {
		struct key_service_envelope more = an_envelope(1, i);

		assert_int_equal(register_one(fixture, GATEWAY, &more), 0);
	}
	first = an_envelope(1, VAULT_KEYS_MAX + 1);
	assert_int_equal(register_one(fixture, GATEWAY, &first),
	    KEY_SERVICE_REFUSED);
}

static void
matches_without_case(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope envelope = an_envelope(1, 1);
	struct text registered;

	assert_int_equal(register_one(fixture, GATEWAY, &envelope), 0);
	assert_int_equal(vault_store_match(fixture->store, envelope.id,
	    TEXT("bOB@pArtner.EXAMPLE"), fixture->arena, &registered), 0);
	assert_true(text_equal(registered, bob[0]));
	assert_int_equal(vault_store_match(fixture->store, envelope.id,
	    TEXT("eve@partner.example"), fixture->arena, &registered),
	    ERROR_NOT_FOUND);
	envelope.id[0] ^= 1;
	assert_int_equal(vault_store_match(fixture->store, envelope.id,
	    bob[0], fixture->arena, &registered), ERROR_NOT_FOUND);
}

/* ---- a stolen copy (K07) ------------------------------------------------- */

static void
expect_absent(const char *name, struct text needle)
{
	struct buffer content;
	char piece[65536];
	FILE *file = fopen(name, "rb");
	size_t n;

	if (file == NULL)
		return;
	buffer_init(&content, 64u * 1024 * 1024);
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		assert_int_equal(buffer_add(&content, piece, n), 0);
	fclose(file);
	assert_int_equal(text_find(buffer_text(&content), needle),
	    buffer_len(&content));
	buffer_clear(&content);
}

static void
holds_no_share_in_clear(void **state)
{
	struct fixture *fixture = *state;
	char wal[80], digits[HEX_SIZE(32)];

	snprintf(wal, sizeof(wal), "%s-wal", path);
	for (uint8_t i = 1; i < 20; i++) {
		struct key_service_envelope envelope = an_envelope(i, 1);

		assert_int_equal(register_one(fixture, GATEWAY, &envelope),
		    0);
		hex_encode(envelope.share, 32, digits);
		expect_absent(path, text_of(envelope.share, 32));
		expect_absent(wal, text_of(envelope.share, 32));
		expect_absent(wal, text_of(digits, 64));
		expect_absent(wal, text_of(master, 32));
	}
	database_checkpoint(fixture->store->database);
	for (uint8_t i = 1; i < 20; i++) {
		struct key_service_envelope envelope = an_envelope(i, 1);

		/* Not a part of it either. */
		expect_absent(path, text_of(envelope.share, 8));
	}
	expect_absent(path, text_of(master, 32));
}

static void
needs_its_master_key(void **state)
{
	struct fixture *fixture = *state;
	struct vault_master_key *wrong = vault_master_key_new(other_master);
	struct key_service_envelope envelope = an_envelope(1, 1);
	struct vault_store *store = NULL;
	struct reason why;
	uint8_t share[32];

	assert_int_equal(register_one(fixture, GATEWAY, &envelope), 0);
	vault_store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(vault_store_open(path, wrong, &store, &why),
	    ERROR_REFUSED);
	assert_null(store);
	vault_master_key_free(wrong);
	open_store(fixture);
	assert_int_equal(vault_store_release(fixture->store, envelope.id,
	    envelope.key_id, bob[0], TEXT("c"), false, share), 0);
	assert_memory_equal(share, envelope.share, 32);
}

static void
wraps_for_one_row(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope envelope = an_envelope(1, 2);
	uint8_t wrapped[VAULT_WRAPPED_LEN], again[VAULT_WRAPPED_LEN];
	uint8_t share[32], zeros[32] = { 0 };
	struct text t = text_of(wrapped, sizeof(wrapped));

	vault_master_key_wrap(fixture->key, envelope.id, envelope.key_id,
	    envelope.share, wrapped);
	vault_master_key_wrap(fixture->key, envelope.id, envelope.key_id,
	    envelope.share, again);
	assert_memory_not_equal(wrapped, again, sizeof(wrapped));
	assert_int_equal(vault_master_key_unwrap(fixture->key, envelope.id,
	    envelope.key_id, t, share), 0);
	assert_memory_equal(share, envelope.share, 32);
	assert_int_equal(vault_master_key_unwrap(fixture->key,
	    envelope.key_id, envelope.id, t, share), ERROR_MISMATCH);
	assert_memory_equal(share, zeros, 32);
	for (size_t i = 0; i < sizeof(wrapped); i++) {
		wrapped[i] ^= 0x10;
		assert_int_equal(vault_master_key_unwrap(fixture->key,
		    envelope.id, envelope.key_id, t, share),
		    ERROR_MISMATCH);
		wrapped[i] ^= 0x10;
	}
	assert_int_equal(vault_master_key_unwrap(fixture->key, envelope.id,
	    envelope.key_id, text_slice(t, 0, t.len - 1), share),
	    ERROR_MISMATCH);
}

/* ---- the master key's file ----------------------------------------------- */

static int
load(const char *content, mode_t mode)
{
	struct vault_master_key *key = NULL;
	char name[] = "/tmp/vault_master_key.XXXXXX";
	int descriptor = mkstemp(name);
	struct reason why = { 0 };
	int r;

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, content, strlen(content)),
	    (ssize_t)strlen(content));
	assert_int_equal(fchmod(descriptor, mode), 0);
	close(descriptor);
	r = vault_master_key_load(text_from(name), &key, &why);
	if (r != 0)
		assert_int_equal(text_find(text_from(why.text),
		    TEXT("0011")), strlen(why.text));
	vault_master_key_free(key);
	unlink(name);
	return r;
}

#define DIGITS "00112233445566778899aabbccddeeff" \
	"ffeeddccbbaa99887766554433221100"

static void
reads_a_key_that_nobody_else_may(void **state)
{
	(void)state;
	assert_int_equal(load(DIGITS, 0600), 0);
	assert_int_equal(load(DIGITS "\n", 0400), 0);
	assert_int_equal(load(DIGITS "\r\n", 0640), 0);
	assert_int_equal(load(DIGITS, 0644), ERROR_REFUSED);
	assert_int_equal(load(DIGITS, 0660), ERROR_REFUSED);
	assert_int_equal(load(DIGITS "00", 0600), ERROR_MALFORMED);
	assert_int_equal(load(DIGITS " ", 0600), ERROR_MALFORMED);
	assert_int_equal(load("", 0600), ERROR_MALFORMED);
	assert_int_equal(load("0011", 0600), ERROR_MALFORMED);
}

/* ---- audit (K08) --------------------------------------------------------- */

static void
run_sql(struct fixture *fixture, const char *sql)
{
	database_begin(fixture->store->database);
	database_run(database_prepare(fixture->store->database, sql));
	database_commit(fixture->store->database);
}

static void
chains_its_audit(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope envelope = an_envelope(1, 1);
	uint8_t share[32];

	assert_int_equal(vault_audit_check(fixture->store, 1), 0);
	assert_int_equal(register_one(fixture, GATEWAY, &envelope), 0);
	vault_store_proved(fixture->store, envelope.id, bob[0], TEXT("::1"));
	assert_int_equal(vault_store_release(fixture->store, envelope.id,
	    envelope.key_id, bob[0], TEXT("::1"), true, share), 0);
	assert_int_equal(vault_store_lock(fixture->store, envelope.id, true,
	    TEXT("root")), 0);
	assert_int_equal(fixture->store->audit_seq, 4);
	assert_int_equal(vault_audit_check(fixture->store, 1), 0);
	assert_int_equal(vault_audit_check(fixture->store, 3), 0);
	vault_store_close(fixture->store);
	open_store(fixture);
	assert_int_equal(fixture->store->audit_seq, 4);
	assert_int_equal(vault_store_lock(fixture->store, envelope.id, false,
	    TEXT("root")), 0);
	assert_int_equal(vault_audit_check(fixture->store, 1), 0);
	run_sql(fixture, "UPDATE audit SET client = 'x' WHERE seq = 3");
	assert_int_equal(vault_audit_check(fixture->store, 1), 3);
	run_sql(fixture, "UPDATE audit SET client = '::1' WHERE seq = 3");
	assert_int_equal(vault_audit_check(fixture->store, 1), 0);
	run_sql(fixture, "DELETE FROM audit WHERE seq = 2");
	assert_int_equal(vault_audit_check(fixture->store, 1), 2);
	run_sql(fixture, "DELETE FROM audit WHERE seq = 5");
	assert_int_equal(vault_audit_check(fixture->store, 3), 5);
}

/* ---- operators and removal ----------------------------------------------- */

static void
obeys_operators(void **state)
{
	struct fixture *fixture = *state;
	struct key_service_envelope envelope = an_envelope(1, 1);
	struct vault_envelope found, *list;
	size_t count;

	assert_int_equal(vault_store_lock(fixture->store, envelope.id, true,
	    TEXT("root")), ERROR_NOT_FOUND);
	assert_int_equal(register_one(fixture, GATEWAY, &envelope), 0);
	assert_int_equal(vault_store_lock(fixture->store, envelope.id, true,
	    TEXT("root")), 0);
	assert_int_equal(vault_store_expire(fixture->store, envelope.id, 77,
	    TEXT("root")), 0);
	assert_int_equal(vault_store_find(fixture->store, envelope.id,
	    fixture->arena, &found), 0);
	assert_true(found.is_locked);
	assert_true(found.expires_us == 77);
	assert_int_equal(vault_store_find_reference(fixture->store,
	    found.reference, fixture->arena, &list, &count), 0);
	assert_int_equal(count, 1);
	envelope = an_envelope(2, 1);
	assert_int_equal(register_one(fixture, GATEWAY, &envelope), 0);
	assert_int_equal(vault_store_list(fixture->store, 10, fixture->arena,
	    &list, &count), 0);
	assert_int_equal(count, 2);
	assert_memory_equal(list[0].id, envelope.id, 16);
}

static void
purges_in_slices(void **state)
{
	struct fixture *fixture = *state;
	struct text registered;
	struct key_service_envelope envelope;
	uint8_t share[32];

	for (uint8_t i = 0; i < 10; i++) {
		envelope = an_envelope(i, 1);
		envelope.expires_us = i == 9 ? 0 : 1000 + i;
		assert_int_equal(register_one(fixture, GATEWAY, &envelope),
		    0);
	}
	assert_int_equal(vault_store_purge(fixture->store, 1008, 5), 5);
	assert_int_equal(vault_store_purge(fixture->store, 1008, 5), 3);
	assert_int_equal(vault_store_purge(fixture->store, 1008, 5), 0);
	assert_int_equal(vault_store_count(fixture->store), 2);
	envelope = an_envelope(3, 1);
	assert_int_equal(vault_store_release(fixture->store, envelope.id,
	    envelope.key_id, bob[0], TEXT("c"), false, share),
	    ERROR_NOT_FOUND);
	assert_int_equal(vault_store_match(fixture->store, envelope.id,
	    bob[0], fixture->arena, &registered), ERROR_NOT_FOUND);
	envelope = an_envelope(9, 1);
	assert_int_equal(vault_store_release(fixture->store, envelope.id,
	    envelope.key_id, bob[0], TEXT("c"), false, share), 0);
	assert_int_equal(vault_audit_check(fixture->store, 1), 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_once),
		TEST(keeps_attempts_apart),
		TEST(matches_without_case),
		TEST(holds_no_share_in_clear),
		TEST(needs_its_master_key),
		TEST(wraps_for_one_row),
		cmocka_unit_test(reads_a_key_that_nobody_else_may),
		TEST(chains_its_audit),
		TEST(obeys_operators),
		TEST(purges_in_slices),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
