/*
 * TLS sessions under streams: versions, kinds of keys, names, and how a
 * connection may begin, fail and end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_session.c"

#include "t/unit/tls_fixture.h"

static void
serves_every_kind_in_both_versions(void **state)
{
	static const struct {
		int version;
		const char *beginning;
	} versions[] = {
		{ TLS1_2_VERSION, "TLSv1.2 ECDHE-" },
		{ TLS1_3_VERSION, "TLSv1.3 TLS_" },
	};
	struct tls_context *side;
	size_t key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		for (key = 0; key < KEY_COUNT; key++) {
			open_pair();
			side = client_context(authority.pem);
			SSL_CTX_set_max_proto_version(side->ssl_context,
				versions[i].version);
			shake(server_context(leaves[key].pem,
				key_names[key]), side, HOST, true);
			assert_int_equal(client.error, 0);
			assert_int_equal(server.error, 0);
			assert_true(text_starts(tls_session_describe(
				server.session),
				text_from(versions[i].beginning)));
			assert_true(tls_session_is_verified(client.session));
			assert_false(tls_session_is_verified(server.session));
			assert_int_equal(tls_session_failure(client.session,
				NULL), TLS_FAILURE_NONE);
			talks();
			close_pair();
		}
	}
}

/* Older versions, static RSA and CBC are not there. */
static void
refuses_what_is_old(void **state)
{
	static const struct {
		int version;
		const char *ciphers;
	} cases[] = {
		{ TLS1_1_VERSION, "ALL:@SECLEVEL=0" },
		{ TLS1_2_VERSION, "AES256-GCM-SHA384:@SECLEVEL=0" },
		{ TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA:@SECLEVEL=0" },
		{ TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0" },
	};
	struct tls_context *side;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_pair();
		side = client_context(authority.pem);
		SSL_CTX_set_min_proto_version(side->ssl_context,
			TLS1_VERSION);
		SSL_CTX_set_max_proto_version(side->ssl_context,
			cases[i].version);
		assert_int_equal(SSL_CTX_set_cipher_list(side->ssl_context,
			cases[i].ciphers), 1);
		shake(server_context(leaves[KEY_RSA].pem, "rsa"), side, HOST,
			false);
		assert_int_equal(server.error, ERROR_REFUSED);
		assert_int_equal(tls_session_failure(server.session, NULL),
			TLS_FAILURE_ALERT);
		assert_int_equal(tls_session_failure(client.session, NULL),
			TLS_FAILURE_ALERT);
		close_pair();
	}
}

/* No tickets and no resumption at all. */
static void
never_resumes(void **state)
{
	SSL_SESSION *session;

	(void)state;
	shake_ec();
	talks();
	session = SSL_get0_session(client.session->ssl);
	assert_false(SSL_SESSION_is_resumable(session) &&
		SSL_SESSION_has_ticket(session));
	assert_int_equal(SSL_session_reused(server.session->ssl), 0);
	close_pair();
}

struct name_case {
	const char *common_name;
	const char *san;
	const char *wanted;
	bool expired;
	bool self_signed;
	bool verified;
	const char *reason;
};

static const struct name_case name_cases[] = {
	{ HOST, "DNS:" HOST, HOST, .verified = true },
	{ "other", "DNS:a.example,DNS:" HOST, HOST, .verified = true },
	{ "other", "DNS:" HOST, "MX.Example.ORG", .verified = true },
	{ "other", "DNS:" HOST, HOST ".", .verified = true },
	{ "other", "DNS:*.example.org", HOST, .verified = true },
	{ "other", "IP:192.0.2.1", "192.0.2.1", .verified = true },
	{ "other", "IP:2001:db8::1", "2001:db8::1", .verified = true },
	{ HOST, "DNS:mx.example.net", HOST, .reason = "ostname mismatch" },
	{ HOST, NULL, HOST, .reason = "ostname mismatch" },
	{ HOST, "email:me@example.org", HOST, .reason = "ostname mismatch" },
	{ "other", "DNS:m*.example.org", HOST,
	    .reason = "ostname mismatch" },
	{ "other", "DNS:*.example.org", "a.mx.example.org",
	    .reason = "ostname mismatch" },
	{ "other", "DNS:*.org", "example.net",
	    .reason = "ostname mismatch" },
	{ "192.0.2.1", "DNS:192.0.2.1", "192.0.2.1",
	    .reason = "IP address mismatch" },
	{ HOST, "DNS:" HOST, HOST, .expired = true, .reason = "expired" },
	{ HOST, "DNS:" HOST, HOST, .self_signed = true, .reason = "self" },
};

/* The server's key is at hand here: names are the client's matter. */
static struct tls_context *
local_context(const struct fixture *fixture)
{
	struct tls_context *context = server_context(leaves[KEY_EC].pem,
		"ec");
	SSL_CTX *ssl_context = context->ssl_context;

	assert_int_equal(SSL_CTX_use_certificate(ssl_context,
		fixture->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ssl_context, fixture->key), 1);
	return context;
}

static void
check_name(const struct name_case *row, bool verify)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = row->common_name, .san = row->san,
		.expired = row->expired,
		.issuer = row->self_signed ? NULL : &authority };
	struct fixture fixture = fixture_new(&order);
	struct reason why = { 0 };
	bool fails = verify && !row->verified;

	open_pair();
	shake(local_context(&fixture), client_context(authority.pem),
		row->wanted, verify);
	assert_int_equal(client.error, fails ? ERROR_REFUSED : 0);
	assert_int_equal(tls_session_failure(client.session, &why),
		fails ? TLS_FAILURE_CERTIFICATE : TLS_FAILURE_NONE);
	if (fails && strstr(why.text, row->reason) == NULL)
		fail_msg("%s for %s: %s", row->san, row->wanted, why.text);
	assert_true(tls_session_is_verified(client.session) ==
		row->verified);
	close_pair();
	fixture_clear(&fixture);
}

static void
verifies_names_in_the_san_only(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
		check_name(&name_cases[i], true);
		check_name(&name_cases[i], false);
	}
}

/* Any of several names will do; with none that can be one, nothing does. */
static void
takes_any_of_the_names(void **state)
{
	const struct text names[] = { TEXT("mx.other.example"), TEXT(HOST),
		TEXT("a\0b") };
	struct tls_expectation expectation = { .verify = true,
		.names = names, .name_count = 3 };
	struct tls_context *side = client_context(authority.pem);
	struct tls_context *other = server_context(leaves[KEY_EC].pem, "ec");

	(void)state;
	open_pair();
	server.session = tls_session_accept(other, server.stream);
	client.session = tls_session_connect(side, client.stream,
		&expectation);
	stream_handshake(server.stream);
	stream_handshake(client.stream);
	run_until(both_shaken);
	assert_int_equal(client.error, 0);
	assert_string_equal(SSL_get_servername(server.session->ssl,
		TLSEXT_NAMETYPE_host_name), "mx.other.example");
	close_pair();

	open_pair();
	expectation.names = &names[2];
	expectation.name_count = 1;
	client.session = tls_session_connect(side, client.stream,
		&expectation);
	stream_handshake(client.stream);
	run_until(client_shaken);
	assert_int_equal(client.error, ERROR_REFUSED);
	assert_int_equal(tls_session_failure(client.session, NULL),
		TLS_FAILURE_CERTIFICATE);
	close_pair();
	tls_context_release(&side);
	tls_context_release(&other);
}

static void
trusts_nobody_without_authorities(void **state)
{
	(void)state;
	open_pair();
	shake(server_context(leaves[KEY_EC].pem, "ec"),
		client_context(TEXT_EMPTY), HOST, true);
	assert_int_equal(tls_session_failure(client.session, NULL),
		TLS_FAILURE_CERTIFICATE);
	assert_int_equal(tls_session_failure(server.session, NULL),
		TLS_FAILURE_ALERT);
	close_pair();
}

/* ---- the connection ---- */

/* RFC 3207 5: what came in clear is gone. */
static void
forgets_what_came_in_clear(void **state)
{
	(void)state;
	open_pair();
	assert_int_equal(stream_write(client.stream,
		TEXT("STARTTLS\r\nMAIL FROM:<injected>\r\n")), 0);
	run_until(server_has_input);
	shake(server_context(leaves[KEY_EC].pem, "ec"),
		client_context(authority.pem), HOST, true);
	assert_int_equal(server.error, 0);
	assert_int_equal(stream_input(server.stream).len, 0);
	assert_int_equal(stream_write(client.stream, TEXT("QUIT\r\n")), 0);
	run_until(server_has_input);
	expect_text(server.stream, "QUIT\r\n");
	close_pair();
}

/* Clear text that is still in the socket is no handshake either. */
static void
fails_on_clear_text_in_the_handshake(void **state)
{
	struct tls_context *side = server_context(leaves[KEY_EC].pem, "ec");

	(void)state;
	open_pair();
	server.session = tls_session_accept(side, server.stream);
	stream_handshake(server.stream);
	assert_int_equal(stream_write(client.stream,
		TEXT("MAIL FROM:<injected@example.org>\r\n")), 0);
	run_until(server_shaken);
	assert_int_equal(server.error, ERROR_REFUSED);
	assert_int_equal(tls_session_failure(server.session, NULL),
		TLS_FAILURE_ALERT);
	assert_false(server_has_input());
	close_pair();
	tls_context_release(&side);
}

static void
ends_in_order_at_close_notify(void **state)
{
	int descriptor;

	(void)state;
	shake_ec();
	descriptor = stream_descriptor(client.stream);
	assert_int_equal(stream_write(client.stream, TEXT("BDAT 100\r\n")), 0);
	stream_flush(client.stream);
	(void)SSL_shutdown(client.session->ssl);
	assert_int_equal(send(descriptor, "x\r\n", 3, MSG_NOSIGNAL), 3);
	run_until(server_ended);
	assert_int_equal(server.end_error, 0);
	expect_text(server.stream, "BDAT 100\r\n");
	assert_int_equal(session_read(server.session, (char[8]){ 0 }, 8,
		&(unsigned int){ 0 }), 0);
	close_pair();
}

static void
tells_a_cut_from_an_end(void **state)
{
	(void)state;
	shake_ec();
	assert_int_equal(shutdown(stream_descriptor(client.stream), SHUT_WR),
		0);
	run_until(server_ended);
	assert_int_equal(server.end_error, ERROR_CLOSED);
	close_pair();
}

static void
tells_a_reset_from_an_answer(void **state)
{
	static const struct {
		struct text answer;
		enum tls_failure failure;
	} cases[] = {
		{ TEXT_INIT(""), TLS_FAILURE_CONNECTION },
		/* handshake_failure, fatal */
		{ TEXT_INIT("\x15\x03\x03\0\x02\x02\x28"),
		    TLS_FAILURE_ALERT },
		{ TEXT_INIT("220 I speak SMTP here\r\n"),
		    TLS_FAILURE_ALERT },
	};
	const struct text names[] = { TEXT(HOST) };
	const struct tls_expectation expectation = { .names = names,
		.name_count = 1 };
	struct tls_context *side = client_context(authority.pem);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_pair();
		client.session = tls_session_connect(side, client.stream,
			&expectation);
		stream_handshake(client.stream);
		run_until(server_has_input);
		if (cases[i].answer.len > 0)
			assert_int_equal(stream_write(server.stream,
				cases[i].answer), 0);
		stream_finish(server.stream);
		run_until(client_shaken);
		assert_int_equal(tls_session_failure(client.session, NULL),
			cases[i].failure);
		close_pair();
	}
	tls_context_release(&side);
}

static size_t received;

static bool
all_received(void)
{
	struct text input = stream_input(server.stream);
	size_t i;

	for (i = 0; i < input.len; i++)
		assert_int_equal((unsigned char)input.data[i],
			(unsigned char)((received + i) * 31 / 7));
	received += input.len;
	stream_consume(server.stream, input.len);
	return received == STREAM_MAX;
}

static void
carries_much(void **state)
{
	char *bytes = memory_new(STREAM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < STREAM_MAX; i++)
		bytes[i] = (char)(i * 31 / 7);
	shake_ec();
	received = 0;
	assert_int_equal(stream_write(client.stream,
		text_of(bytes, STREAM_MAX)), 0);
	run_until(all_received);
	free(bytes);
	close_pair();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_every_kind_in_both_versions),
		cmocka_unit_test(refuses_what_is_old),
		cmocka_unit_test(never_resumes),
		cmocka_unit_test(verifies_names_in_the_san_only),
		cmocka_unit_test(takes_any_of_the_names),
		cmocka_unit_test(trusts_nobody_without_authorities),
		cmocka_unit_test(forgets_what_came_in_clear),
		cmocka_unit_test(fails_on_clear_text_in_the_handshake),
		cmocka_unit_test(ends_in_order_at_close_notify),
		cmocka_unit_test(tells_a_cut_from_an_end),
		cmocka_unit_test(tells_a_reset_from_an_answer),
		cmocka_unit_test(carries_much),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
