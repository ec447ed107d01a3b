/*
 * Certificates of clients: servers that demand one, clients whose key is
 * with keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_session.c"

#include "t/unit/tls_client_fixture.h"

/* ---- handshakes ---- */

static struct tls_context *
demanding_context(struct text trust)
{
	struct tls_context *context = server_context(leaves[KEY_EC].pem,
		"ec");
	struct reason why = { 0 };

	assert_int_equal(tls_context_demand_client(context, trust, &why), 0);
	return context;
}

static struct tls_context *
equipped_context(struct text pem, const char *name)
{
	struct tls_context *context = client_context(TEXT_EMPTY);
	struct reason why = { 0 };

	if (tls_context_equip_client(context->ssl_context, pem,
	    client_channel, text_from(name), authority.pem, &why) != 0)
		fail_msg("%s", why.text);
	return context;
}

static void
shake_equipped(struct text pem, const char *name, struct text trust)
{
	open_pair();
	shake(demanding_context(trust), equipped_context(pem, name), HOST,
		true);
}

static void
shows_every_kind_of_certificate(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < KEY_COUNT; i++) {
		start_client_keys(key_names[i]);
		shake_equipped(leaves[i].pem, key_names[i], authority.pem);
		assert_int_equal(client.error, 0);
		assert_int_equal(server.error, 0);
		assert_true(text_starts(tls_session_describe(server.session),
			TEXT("TLSv1.3 ")));
		assert_true(text_equal(tls_session_peer_name(server.session),
			TEXT(HOST)));
		assert_true(tls_session_is_verified(server.session));
		assert_true(tls_session_is_verified(client.session));
		assert_int_equal(tls_session_peer_name(client.session).len,
			0);
		talks();
		close_pair();
		stop_client_keys();
	}
}

/* Without a DNS name; and where a NUL would cut it. */
static void
names_clients_by_their_subject(void **state)
{
	static const struct {
		struct text subject;
		const char *name;
	} cases[] = {
		{ TEXT_INIT("gw.example.org"), "gw.example.org" },
		{ TEXT_INIT("gw.example.org\0.evil.example"), "" },
	};
	const struct fixture_order order = { .kind = "EC",
		.common_name = "x", .issuer = &authority };
	struct tls_session session = { 0 };
	struct fixture made;
	X509_NAME *name;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		made = fixture_new(&order);
		name = X509_get_subject_name(made.certificate);
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN",
			MBSTRING_UTF8, (const unsigned char *)
			cases[i].subject.data, (int)cases[i].subject.len, -1,
			0), 1);
		session.peer_name[0] = '\0';
		assert_int_equal(name_of_subject(made.certificate,
			session.peer_name), cases[i].name[0] != '\0');
		assert_string_equal(session.peer_name, cases[i].name);
		assert_false(name_of_san(made.certificate,
			session.peer_name));
		fixture_clear(&made);
	}
}

static void
refuses_who_shows_none(void **state)
{
	(void)state;
	open_pair();
	shake(demanding_context(authority.pem),
		client_context(authority.pem), HOST, true);
	assert_int_equal(server.error, ERROR_REFUSED);
	assert_false(tls_session_is_verified(server.session));
	assert_int_equal(tls_session_peer_name(server.session).len, 0);
	close_pair();
}

static void
refuses_who_is_a_stranger(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "authority", .authority = true };
	struct fixture stranger = fixture_new(&order);

	(void)state;
	start_client_keys("rsa");
	shake_equipped(leaves[KEY_RSA].pem, "rsa", stranger.pem);
	assert_int_equal(server.error, ERROR_REFUSED);
	assert_int_equal(tls_session_failure(server.session, NULL),
		TLS_FAILURE_CERTIFICATE);
	close_pair();
	stop_client_keys();
	fixture_clear(&stranger);
}

/* What keys signs for a client is a handshake of TLS 1.3. */
static void
speaks_the_newest_version_only(void **state)
{
	struct tls_context *side = demanding_context(authority.pem);

	(void)state;
	assert_int_equal(SSL_CTX_set_max_proto_version(side->ssl_context,
		TLS1_2_VERSION), 1);
	start_client_keys("rsa");
	open_pair();
	shake(side, equipped_context(leaves[KEY_RSA].pem, "rsa"), HOST, true);
	assert_int_equal(client.error, ERROR_REFUSED);
	close_pair();
	stop_client_keys();
}

/* One key, one role. */
static void
cannot_show_a_server_certificate(void **state)
{
	(void)state;
	start_client_keys("rsa");
	shake_equipped(leaves[KEY_EC].pem, "ec", authority.pem);
	assert_int_equal(client.error, ERROR_REFUSED);
	close_pair();
	stop_client_keys();
}

static void
fails_without_keys(void **state)
{
	(void)state;
	start_client_keys("rsa");
	kill_client_keys();
	shake_equipped(leaves[KEY_RSA].pem, "rsa", authority.pem);
	assert_int_equal(client.error, ERROR_REFUSED);
	close_pair();
	remote_key_channel_free(client_channel);
	client_channel = NULL;
}

static void
knows_bad_settings(void **state)
{
	struct tls_context *side = server_context(leaves[KEY_EC].pem, "ec");
	struct tls_context *own = client_context(TEXT_EMPTY);
	struct reason why = { 0 };

	(void)state;
	start_client_keys("rsa");
	assert_int_equal(tls_context_demand_client(side, TEXT_EMPTY, &why),
		ERROR_MALFORMED);
	assert_int_equal(tls_context_equip_client(own->ssl_context,
		TEXT("no PEM"), client_channel, TEXT("rsa"), authority.pem,
		&why), ERROR_MALFORMED);
	assert_int_equal(tls_context_equip_client(own->ssl_context,
		leaves[KEY_EC].pem, client_channel, TEXT("rsa"),
		authority.pem, &why), ERROR_MISMATCH);
	assert_int_equal(tls_context_equip_client(own->ssl_context,
		leaves[KEY_EC].pem, client_channel, TEXT("nobody"),
		authority.pem, &why), ERROR_NOT_FOUND);
	stop_client_keys();
	tls_context_release(&side);
	tls_context_release(&own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_every_kind_of_certificate),
		cmocka_unit_test(names_clients_by_their_subject),
		cmocka_unit_test(refuses_who_shows_none),
		cmocka_unit_test(refuses_who_is_a_stranger),
		cmocka_unit_test(speaks_the_newest_version_only),
		cmocka_unit_test(cannot_show_a_server_certificate),
		cmocka_unit_test(fails_without_keys),
		cmocka_unit_test(knows_bad_settings),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
