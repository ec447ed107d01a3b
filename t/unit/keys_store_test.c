/* Which key files are taken, what policy allows, how fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/keys/keys_policy.h"
#include "crypto/keys/keys_rate.h"
#include "crypto/keys/keys_store.h"
#include "t/unit/certificate_fixture.h"

static char folder[] = "/tmp/postern-keys-XXXXXX";
static char key_path[sizeof(folder) + 16];

static int
load_role(struct keys_store *store, const char *name, struct text pem,
	enum keys_role role, struct reason *why)
{
	const struct config_certificate certificate = {
		.name = text_from(name),
		.key_file = text_from(key_path),
		.certificate_pem = pem,
	};

	return keys_store_load(store, &certificate, role, why);
}

static int
load(struct keys_store *store, const char *name, struct text pem,
	struct reason *why)
{
	return load_role(store, name, pem, KEYS_ROLE_TLS_SERVER, why);
}

static void
serves_three_kinds(void **state)
{
	static const struct {
		struct fixture_order order;
		int error;
	} cases[] = {
		{ { .kind = "RSA" }, 0 },
		{ { .kind = "EC" }, 0 },
		{ { .kind = "EC", .curve = "P-384" }, 0 },
		{ { .kind = "ED25519" }, 0 },
		{ { .kind = "RSA", .bits = 1024 }, ERROR_REFUSED },
		{ { .kind = "EC", .curve = "P-521" }, ERROR_REFUSED },
		{ { .kind = "ED448" }, ERROR_REFUSED },
	};
	struct keys_store *store = keys_store_new(8);
	struct fixture_order order;
	struct fixture fixture;
	struct reason why;
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		order = cases[i].order;
		order.common_name = "mx.example.org";
		order.issuer = *state;
		fixture = fixture_new(&order);
		fixture_write_key(key_path, fixture.key, 0600, NULL);
		(void)snprintf(name, sizeof(name), "key%zu", i);
		assert_int_equal(load(store, name, fixture.pem, &why),
			cases[i].error);
		assert_true((keys_store_find(store, text_from(name)) != NULL)
			== (cases[i].error == 0));
		fixture_clear(&fixture);
	}
	assert_int_equal(keys_store_count(store), 4);
	(void)unlink(key_path);
	keys_store_free(store);
}

static void
looks_at_owner_and_mode(void **state)
{
	static const struct {
		unsigned int mode;
		int error;
	} cases[] = {
		{ 0600, 0 }, { 0400, 0 }, { 0640, 0 }, { 0440, 0 },
		{ 0644, ERROR_REFUSED }, { 0660, ERROR_REFUSED },
		{ 0604, ERROR_REFUSED }, { 0700, ERROR_REFUSED },
		{ 04600, ERROR_REFUSED },
	};
	const struct fixture_order order = { .kind = "EC",
		.common_name = "mx", .issuer = *state };
	struct fixture fixture = fixture_new(&order);
	struct keys_store *store;
	struct reason why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		store = keys_store_new(8);
		(void)unlink(key_path);
		fixture_write_key(key_path, fixture.key, cases[i].mode, NULL);
		assert_int_equal(load(store, "mx", fixture.pem, &why),
			cases[i].error);
		keys_store_free(store);
	}
	store = keys_store_new(8);
	if (geteuid() == 0) {
		(void)chmod(key_path, 0600);
		assert_int_equal(chown(key_path, 65534, 65534), 0);
		assert_int_equal(load(store, "mx", fixture.pem, &why),
			ERROR_REFUSED);
	}
	(void)unlink(key_path);
	assert_int_equal(load(store, "mx", fixture.pem, &why), ERROR_SYSTEM);
	assert_int_equal(mkfifo(key_path, 0600), 0);
	assert_int_equal(load(store, "mx", fixture.pem, &why), ERROR_REFUSED);
	(void)unlink(key_path);
	keys_store_free(store);
	fixture_clear(&fixture);
}

static void
refuses_what_does_not_fit(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "mx", .issuer = *state };
	struct fixture one = fixture_new(&order);
	struct fixture other = fixture_new(&order);
	struct keys_store *store = keys_store_new(8);
	struct reason why;
	int descriptor;

	fixture_write_key(key_path, one.key, 0600, NULL);
	assert_int_equal(load(store, "mx", other.pem, &why), ERROR_MISMATCH);
	assert_int_equal(load(store, "mx", TEXT("no PEM"), &why),
		ERROR_MALFORMED);
	assert_int_equal(load(store, "mx", one.pem, &why), 0);
	assert_int_equal(load(store, "mx", one.pem, &why), ERROR_STATE);
	fixture_write_key(key_path, one.key, 0600, "secret");
	assert_int_equal(load(store, "locked", one.pem, &why),
		ERROR_MALFORMED);
	assert_string_equal(why.text, "has a passphrase, must have none");
	descriptor = open(key_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(ftruncate(descriptor, 65537), 0);
	assert_int_equal(load(store, "large", one.pem, &why), ERROR_LIMIT);
	assert_int_equal(ftruncate(descriptor, 0), 0);
	assert_int_equal(load(store, "empty", one.pem, &why),
		ERROR_MALFORMED);
	(void)close(descriptor);
	(void)unlink(key_path);
	keys_store_free(store);
	fixture_clear(&one);
	fixture_clear(&other);
}

/* ---- policy ---- */

#define TLS13_CLIENT \
	SPACES SPACES "TLS 1.3, client CertificateVerify\0"
#define SPACES "                                "
#define TLS13 SPACES SPACES "TLS 1.3, server CertificateVerify\0"
#define HASH "0123456789abcdef0123456789abcdef"
#define POINT32 "\x03\0\x1d\x20" HASH
#define POINT65 "\x03\0\x17\x41\x04" HASH HASH

static const struct {
	struct text message;
	uint16_t scheme;
	uint8_t operation;
	enum process_kind caller;
	int error;
} policies[] = {
	{ TEXT_INIT(TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP, 0 },
	{ TEXT_INIT(TLS13 HASH "0123456789abcdef"), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_SMTP, 0 },
	{ TEXT_INIT(HASH HASH POINT32), 0x0503, REMOTE_KEY_SIGN,
	    PROCESS_SMTP, 0 },
	{ TEXT_INIT(HASH HASH POINT65), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_SMTP, 0 },
	{ TEXT_INIT(""), 0, REMOTE_KEY_PUBLIC, PROCESS_SMTP, 0 },
	{ TEXT_INIT(TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_VAULT, 0 },
	{ TEXT_INIT(HASH HASH POINT65), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_PORTAL, 0 },
	/* nobody else */
	{ TEXT_INIT(TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_PROTECT,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13_CLIENT HASH), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_PROTECT, ERROR_REFUSED },
	{ TEXT_INIT(""), 0, REMOTE_KEY_PUBLIC, PROCESS_PROTECT,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_DELIVER,
	    ERROR_REFUSED },
	{ TEXT_INIT(""), 0, REMOTE_KEY_PUBLIC, PROCESS_QUEUE,
	    ERROR_REFUSED },
	/* scheme of another key, none, one that does not exist */
	{ TEXT_INIT(TLS13 HASH), 0x0804, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13 HASH), 0, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13 HASH), 0x0203, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(""), 0x0403, REMOTE_KEY_PUBLIC, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT("x"), 0, REMOTE_KEY_PUBLIC, PROCESS_SMTP,
	    ERROR_REFUSED },
	/* shapes */
	{ TEXT_INIT(""), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13 HASH "x"), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(" " TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(TLS13_CLIENT HASH), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_SMTP, ERROR_REFUSED },
	{ TEXT_INIT(HASH HASH "\x03\0\x1d\x20" HASH "x"), 0x0403,
	    REMOTE_KEY_SIGN, PROCESS_SMTP, ERROR_REFUSED },
	{ TEXT_INIT(HASH HASH "\x03\0\x17\x20" HASH), 0x0403,
	    REMOTE_KEY_SIGN, PROCESS_SMTP, ERROR_REFUSED },
	{ TEXT_INIT(HASH HASH "\x03\0\x17\x41\x02" HASH HASH), 0x0403,
	    REMOTE_KEY_SIGN, PROCESS_SMTP, ERROR_REFUSED },
	{ TEXT_INIT(HASH HASH "\x01\0\x1d\x20" HASH), 0x0403,
	    REMOTE_KEY_SIGN, PROCESS_SMTP, ERROR_REFUSED },
	{ TEXT_INIT(HASH HASH "\x03\0"), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_SMTP, ERROR_REFUSED },
};

static void
allows_what_the_table_says(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "mx", .issuer = *state };
	struct fixture fixture = fixture_new(&order);
	struct keys_store *store = keys_store_new(8);
	struct remote_key_request request = { .name = TEXT("mx") };
	struct reason why;
	size_t i;

	fixture_write_key(key_path, fixture.key, 0600, NULL);
	assert_int_equal(load(store, "mx", fixture.pem, &why), 0);
	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		request.operation = policies[i].operation;
		request.scheme = policies[i].scheme;
		request.message = policies[i].message;
		if (keys_policy_check(policies[i].caller,
		    keys_store_find(store, TEXT("mx")), &request, &why) !=
		    policies[i].error)
			fail_msg("row %zu", i);
	}
	assert_true(keys_policy_serves(PROCESS_SMTP));
	assert_false(keys_policy_serves(PROCESS_DELIVER));
	assert_false(keys_policy_serves(PROCESS_NONE));
	keys_store_free(store);
	fixture_clear(&fixture);
	(void)unlink(key_path);
}

static const struct {
	struct text message;
	uint16_t scheme;
	uint8_t operation;
	enum process_kind caller;
	int error;
} client_policies[] = {
	{ TEXT_INIT(""), 0, REMOTE_KEY_PUBLIC, PROCESS_PROTECT, 0 },
	{ TEXT_INIT(TLS13_CLIENT HASH), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_PROTECT, 0 },
	{ TEXT_INIT(TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_PROTECT,
	    ERROR_REFUSED },
	{ TEXT_INIT(HASH HASH POINT32), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_PROTECT, ERROR_REFUSED },
	{ TEXT_INIT(TLS13_CLIENT HASH), 0x0403, REMOTE_KEY_SIGN,
	    PROCESS_SMTP, ERROR_REFUSED },
	{ TEXT_INIT(TLS13 HASH), 0x0403, REMOTE_KEY_SIGN, PROCESS_SMTP,
	    ERROR_REFUSED },
	{ TEXT_INIT(""), 0, REMOTE_KEY_PUBLIC, PROCESS_VAULT,
	    ERROR_REFUSED },
};

/* One key, one role: also where it has two names. */
static void
keeps_client_and_server_apart(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "gateway", .issuer = *state };
	struct fixture fixture = fixture_new(&order);
	struct keys_store *store = keys_store_new(8);
	struct remote_key_request request = { .name = TEXT("gateway") };
	struct reason why;
	size_t i;

	fixture_write_key(key_path, fixture.key, 0600, NULL);
	assert_int_equal(load_role(store, "gateway", fixture.pem,
		KEYS_ROLE_TLS_CLIENT, &why), 0);
	assert_int_equal(load(store, "mx", fixture.pem, &why),
		ERROR_REFUSED);
	for (i = 0; i < sizeof(client_policies) /
	    sizeof(client_policies[0]); i++) {
		request.operation = client_policies[i].operation;
		request.scheme = client_policies[i].scheme;
		request.message = client_policies[i].message;
		if (keys_policy_check(client_policies[i].caller,
		    keys_store_find(store, TEXT("gateway")), &request, &why)
		    != client_policies[i].error)
			fail_msg("row %zu", i);
	}
	keys_store_free(store);
	fixture_clear(&fixture);
	(void)unlink(key_path);
}

/* RFC 8446 4.2.3: no PKCS #1 v1.5 in TLS 1.3. */
static void
keeps_old_padding_out_of_tls13(void **state)
{
	const struct fixture_order order = { .kind = "RSA",
		.common_name = "mx", .issuer = *state };
	struct fixture fixture = fixture_new(&order);
	struct keys_store *store = keys_store_new(8);
	struct remote_key_request request = { .name = TEXT("mx"),
		.operation = REMOTE_KEY_SIGN, .scheme = 0x0401,
		.message = TEXT(TLS13 HASH) };
	const struct keys_key *key;
	struct reason why;

	fixture_write_key(key_path, fixture.key, 0600, NULL);
	assert_int_equal(load(store, "mx", fixture.pem, &why), 0);
	key = keys_store_find(store, TEXT("mx"));
	assert_int_equal(keys_policy_check(PROCESS_SMTP, key, &request, &why),
		ERROR_REFUSED);
	request.scheme = 0x0804;
	assert_int_equal(keys_policy_check(PROCESS_SMTP, key, &request, &why),
		0);
	request.message = TEXT(HASH HASH POINT32);
	request.scheme = 0x0401;
	assert_int_equal(keys_policy_check(PROCESS_SMTP, key, &request, &why),
		0);
	keys_store_free(store);
	fixture_clear(&fixture);
	(void)unlink(key_path);
}

static void
counts_by_the_second(void **state)
{
	struct keys_rate rate;
	unsigned int taken = 0;

	(void)state;
	keys_rate_init(&rate, 50);
	while (taken < 1000 && keys_rate_take(&rate))
		taken++;
	assert_in_range(taken, 50, 60);
	/* Time passes. */
	rate.seen_ms -= 100;
	for (taken = 0; taken < 1000 && keys_rate_take(&rate); )
		taken++;
	assert_in_range(taken, 5, 10);
	rate.seen_ms -= 3600 * 1000;
	for (taken = 0; taken < 1000 && keys_rate_take(&rate); )
		taken++;
	assert_in_range(taken, 50, 60);
}

static int
set_up(void **state)
{
	static struct fixture authority;
	const struct fixture_order order = { .kind = "RSA",
		.common_name = "authority", .authority = true };

	authority = fixture_new(&order);
	*state = &authority;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(key_path, sizeof(key_path), "%s/key", folder);
	return 0;
}

static int
tear_down(void **state)
{
	fixture_clear(*state);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_three_kinds),
		cmocka_unit_test(looks_at_owner_and_mode),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(allows_what_the_table_says),
		cmocka_unit_test(keeps_client_and_server_apart),
		cmocka_unit_test(keeps_old_padding_out_of_tls13),
		cmocka_unit_test(counts_by_the_second),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
