/*
 * Remote keys: what happens when the keys process hangs, dies or comes
 * back, what it refuses, and that both sides work in their jails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_session.c"

#include "crypto/digest.h"
#include "crypto/remote_key_private.h"
#include "t/unit/tls_fixture.h"

/* Contexts are made in the jail whenever the configuration changes. */
static void
work_jailed(void)
{
	uint8_t hash[DIGEST_SIZE];
	struct digest *digest;

	loop = loop_new();
	loop_on_turn_end(loop, on_turn_end, NULL);
	jail_drop(&(struct jail_user){ 0 }, NULL);
	jail_enter(JAIL_LOOP | JAIL_ACCEPT | JAIL_CONNECT);
	digest = digest_new();
	digest_finish(digest, hash);
	digest_free(digest);
	open_pair();
	shake(server_context(leaves[KEY_RSA].pem, "rsa"),
		client_context(authority.pem), HOST, true);
	talks();
	close_pair();
	_exit(client.error == 0 && server.error == 0 ? 0 : 1);
}

static void
works_in_the_jail(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		work_jailed();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- the keys process ---- */

static void
survives_the_death_of_keys(void **state)
{
	struct tls_context *side = server_context(leaves[KEY_EC].pem, "ec");
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	stop_keys();
	open_pair();
	shake(tls_context_ref(side), client_context(authority.pem), HOST,
		true);
	assert_int_equal(server.error, ERROR_REFUSED);
	assert_int_equal(tls_session_failure(server.session, NULL),
		TLS_FAILURE_ALERT);
	assert_int_equal(tls_session_failure(client.session, NULL),
		TLS_FAILURE_ALERT);
	assert_true(clock_monotonic_ms() - began_ms < KEYS_TIMEOUT_MS);
	close_pair();

	/* Made before, used after. */
	remote_key_channel_replace(channel, start_keys());
	open_pair();
	shake(side, client_context(authority.pem), HOST, true);
	assert_int_equal(server.error, 0);
	close_pair();
}

/* A context that is made while keys is away works once it is back. */
static void
makes_contexts_without_keys(void **state)
{
	struct tls_context *side;

	(void)state;
	stop_keys();
	side = server_context(leaves[KEY_RSA].pem, "rsa");
	remote_key_channel_replace(channel, start_keys());
	open_pair();
	shake(side, client_context(authority.pem), HOST, true);
	assert_int_equal(server.error, 0);
	close_pair();
}

static int
ask_public(const char *name)
{
	struct remote_key_request request = {
		.operation = REMOTE_KEY_PUBLIC,
		.name = text_from(name),
	};
	struct text result;

	return remote_key_channel_call(channel, &request, &result, NULL);
}

/* One call waits; those behind it do not, until keys is well again. */
static void
waits_once_for_keys_that_hangs(void **state)
{
	int64_t began_ms;
	int tries;

	(void)state;
	assert_int_equal(kill(keys_pid, SIGSTOP), 0);
	began_ms = clock_monotonic_ms();
	assert_int_equal(ask_public("ec"), ERROR_TEMPORARY);
	assert_in_range(clock_monotonic_ms() - began_ms, KEYS_TIMEOUT_MS,
		KEYS_TIMEOUT_MS * 3);
	began_ms = clock_monotonic_ms();
	assert_int_equal(ask_public("ec"), ERROR_TEMPORARY);
	assert_true(clock_monotonic_ms() - began_ms < KEYS_TIMEOUT_MS / 2);
	assert_int_equal(kill(keys_pid, SIGCONT), 0);
	for (tries = 0; tries < 1000 && ask_public("ec") != 0; tries++)
		(void)usleep(1000);
	assert_true(tries < 1000);
}

static void
knows_the_wrong_key(void **state)
{
	struct tls_context *context = NULL;
	struct reason why = { 0 };

	(void)state;
	assert_int_equal(tls_context_new_server(leaves[KEY_EC].pem, channel,
		TEXT("rsa"), TEXT("test"), &context, &why), ERROR_MISMATCH);
	assert_int_equal(tls_context_new_server(leaves[KEY_EC].pem, channel,
		TEXT("nobody"), TEXT("test"), &context, &why),
		ERROR_NOT_FOUND);
	assert_int_equal(tls_context_new_server(TEXT("no PEM"), channel,
		TEXT("ec"), TEXT("test"), &context, &why), ERROR_MALFORMED);
	assert_int_equal(tls_context_new_client(TEXT(
		"-----BEGIN CERTIFICATE-----\nMAA=\n"
		"-----END CERTIFICATE-----\n"), &context, &why),
		ERROR_MALFORMED);
	assert_int_equal(tls_certificate_check(leaves[KEY_EC].pem, &why), 0);
	assert_int_equal(tls_certificate_check(TEXT_EMPTY, &why),
		ERROR_MALFORMED);
	assert_null(context);
}

static int
ask_signature(const char *name, uint16_t scheme, struct text message)
{
	struct remote_key_request request = {
		.operation = REMOTE_KEY_SIGN,
		.scheme = scheme,
		.name = text_from(name),
		.message = message,
	};
	struct text result;

	return remote_key_channel_call(channel, &request, &result, NULL);
}

static void
is_refused_by_policy(void **state)
{
	char large[REMOTE_KEY_MESSAGE_MAX + 1];

	(void)state;
	memset(large, ' ', sizeof(large));
	assert_int_equal(ask_signature("ec", 0x0403, TEXT("anything")),
		ERROR_REFUSED);
	assert_int_equal(ask_signature("ec", 0x0403,
		text_of(large, sizeof(large) - 1)), ERROR_REFUSED);
	assert_int_equal(ask_signature("ec", 0x0403,
		text_of(large, sizeof(large))), ERROR_LIMIT);
	assert_int_equal(ask_signature("nobody", 0x0403, TEXT("anything")),
		ERROR_NOT_FOUND);
	assert_int_equal(ask_public("ec"), 0);
}

/* The provider asks for nothing but what TLS signs. */
static void
signs_nothing_but_tls(void **state)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *handle = NULL;
	unsigned char out[512];
	size_t len = sizeof(out);

	(void)state;
	assert_int_equal(remote_key_handle_new(leaves[KEY_RSA].key, channel,
		TEXT("rsa"), &handle, NULL), 0);
	assert_int_equal(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL,
		NULL, handle, NULL), 1);
	assert_int_equal(EVP_DigestSign(context, out, &len,
		(const unsigned char *)"mail", 4), 0);
	EVP_MD_CTX_free(context);
	context = EVP_MD_CTX_new();
	assert_true(EVP_DigestSignInit_ex(context, NULL, "SHA1", NULL, NULL,
		handle, NULL) <= 0);
	EVP_MD_CTX_free(context);
	assert_int_equal(EVP_PKEY_eq(handle, leaves[KEY_RSA].key), 1);
	assert_int_equal(EVP_PKEY_eq(handle, leaves[KEY_EC].key) == 1, 0);
	EVP_PKEY_free(handle);
	ERR_clear_error();
}

static void
expect_reply(int descriptor, const void *packet, size_t len, uint32_t id,
	enum remote_key_status status)
{
	static char bytes[REMOTE_KEY_PACKET_MAX];
	struct remote_key_reply reply;
	ssize_t got;

	assert_int_equal(send(descriptor, packet, len, MSG_NOSIGNAL), len);
	got = recv(descriptor, bytes, sizeof(bytes), 0);
	assert_true(got > 0);
	assert_int_equal(remote_key_reply_decode(text_of(bytes, (size_t)got),
		&reply), 0);
	assert_int_equal(reply.id, id);
	assert_int_equal(reply.status, status);
}

/* What is not a request gets an answer, and the channel goes on. */
static void
answers_bad_packets(void **state)
{
	static char packet[REMOTE_KEY_PACKET_MAX * 2];
	const struct remote_key_request request = { .id = 7,
		.operation = REMOTE_KEY_PUBLIC, .name = TEXT("ec") };
	size_t len = 0;
	int descriptor;

	(void)state;
	stop_keys();
	descriptor = start_keys();
	assert_int_equal(remote_key_request_encode(&request, packet, &len), 0);
	expect_reply(descriptor, packet, 1, 0, REMOTE_KEY_MALFORMED);
	expect_reply(descriptor, packet, len - 1, 7, REMOTE_KEY_MALFORMED);
	expect_reply(descriptor, packet, len + 1, 7, REMOTE_KEY_MALFORMED);
	expect_reply(descriptor, packet, sizeof(packet), 7,
		REMOTE_KEY_MALFORMED);
	expect_reply(descriptor, packet, len, 7, REMOTE_KEY_OK);
	(void)close(descriptor);
	restart_keys();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(works_in_the_jail),
		cmocka_unit_test(survives_the_death_of_keys),
		cmocka_unit_test(makes_contexts_without_keys),
		cmocka_unit_test(waits_once_for_keys_that_hangs),
		cmocka_unit_test(knows_the_wrong_key),
		cmocka_unit_test(is_refused_by_policy),
		cmocka_unit_test(signs_nothing_but_tls),
		cmocka_unit_test(answers_bad_packets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
