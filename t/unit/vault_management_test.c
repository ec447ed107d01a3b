/*
 * Registration as gateways see it: paths, methods, types, names, bodies,
 * and that the same request twice is the same answer.  The HTTP server is
 * replaced by one exchange of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/vault/vault_management.c"

#include "gateway/store/database.h"

struct http_exchange {
	enum http_method method;
	struct text path;
	struct text type;
	struct text name;
	struct text body;
	unsigned int status;
	char answer[65536];
	size_t answer_len;
};

enum http_method
http_exchange_method(const struct http_exchange *exchange)
{
	return exchange->method;
}

struct text
http_exchange_path(const struct http_exchange *exchange)
{
	return exchange->path;
}

struct text
http_exchange_field(const struct http_exchange *exchange, const char *name)
{
	assert_string_equal(name, "Content-Type");
	return exchange->type;
}

struct text
http_exchange_body(const struct http_exchange *exchange)
{
	return exchange->body;
}

struct text
http_exchange_client_name(const struct http_exchange *exchange)
{
	return exchange->name;
}

void
http_exchange_add_field(struct http_exchange *exchange, const char *name,
    struct text value)
{
	(void)exchange;
	assert_string_equal(name, "Allow");
	assert_true(text_equal(value, TEXT("POST")));
}

void
http_exchange_answer(struct http_exchange *exchange, unsigned int status,
    const char *type, struct text body)
{
	assert_int_equal(exchange->status, 0);
	assert_string_equal(type, "application/json");
	assert_true(body.len < sizeof(exchange->answer));
	exchange->status = status;
	memcpy(exchange->answer, body.data, body.len);
	exchange->answer_len = body.len;
}

/* ---- rig ----------------------------------------------------------------- */

static char path[64];
static struct vault vault;
static struct vault_master_key *key;
static struct http_exchange exchange;

static int
setup(void **state)
{
	static const uint8_t master[32] = { 3 };
	struct reason why;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/vault_management_test.%d.db",
	    (int)getpid());
	assert_int_equal(database_remove(path), 0);
	key = vault_master_key_new(master);
	memset(&vault, 0, sizeof(vault));
	assert_int_equal(vault_store_open(path, key, &vault.store, &why), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	vault_store_close(vault.store);
	vault_master_key_free(key);
	return database_remove(path);
}

#define REQUEST(share) "{\"version\":1,\"envelopes\":[{" \
	"\"id\":\"00112233445566778899aabbccddeeff\"," \
	"\"key_id\":\"ffeeddccbbaa99887766554433221100\"," \
	"\"share\":\"" share "\",\"mid\":\"1\",\"sender\":\"a@x.example\"," \
	"\"organisation\":\"\",\"profile\":\"\",\"sent_us\":0," \
	"\"expires_us\":0,\"recipients\":[{\"address\":\"b@x.example\"," \
	"\"named\":true}]}]}"
#define ONE REQUEST("0f1e2d3c4b5a69788796a5b4c3d2e1f0" \
	"f0e1d2c3b4a5968778695a4b3c2d1e0f")
#define OTHER REQUEST("001e2d3c4b5a69788796a5b4c3d2e1f0" \
	"f0e1d2c3b4a5968778695a4b3c2d1e0f")

static void
prepare(void)
{
	memset(&exchange, 0, sizeof(exchange));
	exchange.method = HTTP_POST;
	exchange.path = TEXT("/v1/envelopes");
	exchange.type = TEXT("application/json");
	exchange.name = TEXT("gw.example.com");
	exchange.body = text_from(ONE);
}

static void
expect(unsigned int status, const char *words)
{
	struct text answer;

	vault_management_request(&vault, &exchange);
	answer = text_of(exchange.answer, exchange.answer_len);
	assert_int_equal(exchange.status, status);
	assert_true(text_find(answer, text_from(words)) < answer.len);
}

/* ---- tests --------------------------------------------------------------- */

static void
registers_again(void **state)
{
	(void)state;
	prepare();
	expect(200, "\"outcome\":\"registered\"");
	prepare();
	exchange.type = TEXT("Application/JSON; charset=utf-8");
	expect(200, "\"outcome\":\"registered\"");
	prepare();
	exchange.body = text_from(OTHER);
	expect(200, "\"outcome\":\"conflict\"");
	prepare();
	exchange.name = TEXT("other.example");
	expect(200, "\"outcome\":\"refused\"");
	assert_int_equal(vault_store_count(vault.store), 1);
	assert_int_equal(vault.counts.registered, 4);
}

static void
refuses_other_requests(void **state)
{
	(void)state;
	prepare();
	exchange.path = TEXT("/v1/keys");
	expect(404, "no such path");
	prepare();
	exchange.method = HTTP_GET;
	expect(405, "only POST");
	prepare();
	exchange.name = TEXT_EMPTY;
	expect(403, "certificate");
	prepare();
	exchange.type = TEXT("text/plain");
	expect(415, "application/json");
	prepare();
	exchange.type = TEXT("application/jsonp");
	expect(415, "application/json");
	prepare();
	exchange.body = TEXT("{\"a\": \"\\\"\x01\"");
	expect(400, "{\"error\": \"");
	prepare();
	exchange.body = TEXT("[[[[[[[[[[");
	expect(413, "too many");
	assert_int_equal(vault_store_count(vault.store), 0);
}

static void
waits_for_its_store(void **state)
{
	struct vault_store *store = vault.store;

	(void)state;
	vault.store = NULL;
	prepare();
	expect(503, "try again");
	vault.store = store;
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_again),
		TEST(refuses_other_requests),
		TEST(waits_for_its_store),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
