/*
 * HTTPS requests against servers that behave, and against a dozen that do
 * not (abuse cases K13, K14): each is a process of its own with a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "gateway/base/https_fetch.h"
#include "gateway/base/https_hosts.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "t/unit/https_fixture.h"

#define GUARD_MS 10000
#define TIMEOUT_MS 1000
#define JSON "{\"answer\":true}"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 15\r\n\r\n" JSON

static struct fixture authority;
static struct fixture stranger;
static struct fixture other;	/* of another name */
static struct fixture expired;
static struct fixture unknown;	/* of the stranger */

/* ---- scripts of servers ---- */

static void
answer_well(SSL *ssl)
{
	bool good_request;

	while (read_request(ssl)) {
		good_request = strncmp(request, "POST /v1/x HTTP/1.1\r\n",
			21) == 0 && strstr(request, "\r\nContent-Type: "
			"application/json\r\n") != NULL &&
		    strstr(request, "Expect") == NULL &&
		    strstr(request, "\r\n\r\nquestion") != NULL;
		say(ssl, good_request ? OK_ANSWER :
			"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
	}
}

/* The how many-th on this connection it is. */
static void
count_requests(SSL *ssl)
{
	char words[64];
	unsigned int count = 0;

	while (read_request(ssl)) {
		(void)snprintf(words, sizeof(words), "HTTP/1.1 200 OK\r\n"
			"Content-Length: 1\r\n\r\n%u", ++count % 10);
		say(ssl, words);
	}
}

static void
answer_words(SSL *ssl, const char *words)
{
	if (read_request(ssl))
		say(ssl, words);
}

static void
redirect_to_file(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 302 Found\r\nLocation: "
		"file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
}

static void
redirect_to_metadata(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 307 Moved\r\nLocation: "
		"http://169.254.169.254/latest/\r\n"
		"Content-Length: 0\r\n\r\n");
}

static void
fail_with_500(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\n"
		"oops");
}

static void
answer_html(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
		"Content-Length: 6\r\n\r\n<html>");
}

static void
announce_much(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 200 OK\r\n"
		"Content-Length: 10000000000\r\n\r\n");
}

static void
send_without_end(SSL *ssl)
{
	char block[4096];

	memset(block, 'x', sizeof(block) - 1);
	block[sizeof(block) - 1] = '\0';
	answer_words(ssl, "HTTP/1.1 200 OK\r\n\r\n");
	while (SSL_write(ssl, block, (int)sizeof(block)) > 0)
		continue;
}

static void
send_fields_without_end(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 200 OK\r\n");
	while (SSL_write(ssl, "X-Field: something\r\n", 20) > 0)
		continue;
}

static void
drip(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	while (SSL_write(ssl, "x", 1) > 0)
		(void)usleep(50000);
}

static void
say_nothing(SSL *ssl)
{
	(void)read_request(ssl);
	for (;;)
		(void)pause();
}

static void
talk_garbage(SSL *ssl)
{
	answer_words(ssl, "\x01\x02\xff\xfe no HTTP at all\r\n\r\n");
}

static void
end_in_the_middle(SSL *ssl)
{
	answer_words(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{");
}

static void
hang_up(SSL *ssl)
{
	(void)read_request(ssl);
}

static void
name_the_client(SSL *ssl)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	answer_words(ssl, certificate == NULL ?
		"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" : OK_ANSWER);
}

/* ---- our side ---- */

static struct loop *loop;
static struct https_hosts *hosts;
static unsigned int expected;
static unsigned int told;
static bool guarded;

static struct {
	int error;
	unsigned int status;
	bool unconnected;
	size_t len;
	char body[64];
	char words[512];
} last;

static void
on_done(void *context, const struct https_fetch_answer *answer)
{
	(void)context;
	told++;
	last.error = answer->error;
	last.status = answer->status;
	last.unconnected = answer->unconnected;
	last.len = answer->body.len;
	(void)snprintf(last.body, sizeof(last.body), "%.*s",
		TEXT_ARG(answer->body));
	(void)snprintf(last.words, sizeof(last.words), "%s", answer->words);
	if (told == expected)
		loop_stop(loop);
}

static void
on_guard(void *context)
{
	(void)context;
	guarded = true;
	loop_stop(loop);
}

static void
run(unsigned int count)
{
	struct loop_timer *guard = loop_timer_new(loop, on_guard, NULL);

	loop_timer_set(guard, GUARD_MS);
	expected = count;
	guarded = false;
	if (told < expected)
		loop_run(loop);
	loop_timer_free(guard);
	assert_false(guarded);
	assert_int_equal(told, count);
	told = 0;
}

static int (*equip)(void *ssl_context, void *context);

static struct https_fetch_pool *
pool_new(void)
{
	const struct https_fetch_settings settings = {
		.hosts = hosts,
		.trust_pem = authority.pem,
		.equip = equip,
		.connect_timeout_ms = TIMEOUT_MS,
		.timeout_ms = TIMEOUT_MS,
	};

	memset(&last, 0, sizeof(last));
	return https_fetch_pool_new(loop, &settings);
}

static int
post(struct https_fetch_pool *pool, const char *url)
{
	struct https_fetch *fetch = NULL;
	struct reason why = { 0 };

	return https_fetch_post(pool, text_from(url),
		TEXT("application/json"), TEXT("question"), on_done, NULL,
		&fetch, &why);
}

static void
ask(const struct manners *manners)
{
	struct server server = server_start(manners);
	struct https_fetch_pool *pool = pool_new();

	assert_int_equal(post(pool, server.url), 0);
	assert_int_equal(told, 0);
	run(1);
	assert_int_equal(https_fetch_pool_count(pool), 0);
	https_fetch_pool_free(pool);
	server_stop(&server);
}

static void
asks(void **state)
{
	(void)state;
	ask(&(struct manners){ .script = answer_well });
	assert_string_equal(last.words, "");
	assert_int_equal(last.error, 0);
	assert_int_equal(last.status, 200);
	assert_string_equal(last.body, JSON);
}

static void
keeps_its_connection(void **state)
{
	struct server server = server_start(&(struct manners){
		.script = count_requests });
	struct https_fetch_pool *pool = pool_new();
	char expected_body[] = "1";

	(void)state;
	for (; expected_body[0] <= '3'; expected_body[0]++) {
		assert_int_equal(post(pool, server.url), 0);
		run(1);
		assert_string_equal(last.body, expected_body);
	}
	https_fetch_pool_free(pool);
	server_stop(&server);
}

/* What the environment says about proxies and key logs is not heard. */
static void
ignores_the_environment(void **state)
{
	(void)state;
	(void)setenv("https_proxy", "http://127.0.0.1:1/", 1);
	(void)setenv("ALL_PROXY", "socks5://127.0.0.1:1/", 1);
	(void)setenv("SSL_CERT_FILE", "/nowhere", 1);
	ask(&(struct manners){ .script = answer_well });
	assert_int_equal(last.error, 0);
	assert_int_equal(last.status, 200);
	(void)unsetenv("https_proxy");
	(void)unsetenv("ALL_PROXY");
	(void)unsetenv("SSL_CERT_FILE");
}

/* Abuse case K14. */
static void
follows_no_redirect(void **state)
{
	(void)state;
	ask(&(struct manners){ .script = redirect_to_file });
	assert_int_equal(last.error, 0);
	assert_int_equal(last.status, 302);
	assert_int_equal(last.len, 0);
	ask(&(struct manners){ .script = redirect_to_metadata });
	assert_int_equal(last.error, 0);
	assert_int_equal(last.status, 307);
}

/* Abuse case K14. */
static void
demands_name_chain_and_time(void **state)
{
	(void)state;
	ask(&(struct manners){ .script = answer_well,
		.certificate = &other });
	assert_int_equal(last.error, ERROR_REFUSED);
	assert_false(last.unconnected);
	ask(&(struct manners){ .script = answer_well,
		.certificate = &unknown });
	assert_int_equal(last.error, ERROR_REFUSED);
	ask(&(struct manners){ .script = answer_well,
		.certificate = &expired });
	assert_int_equal(last.error, ERROR_REFUSED);
	ask(&(struct manners){ .script = answer_well,
		.version_max = TLS1_1_VERSION });
	assert_int_equal(last.error, ERROR_REFUSED);
	ask(&(struct manners){ .plain = true });
	assert_int_equal(last.error, ERROR_REFUSED);
}

/* Abuse case K13. */
static void
bounds_what_comes(void **state)
{
	(void)state;
	ask(&(struct manners){ .script = announce_much });
	assert_int_equal(last.error, ERROR_LIMIT);
	assert_string_equal(last.words, "the answer is larger than allowed");
	ask(&(struct manners){ .script = send_without_end });
	assert_int_equal(last.error, ERROR_LIMIT);
	ask(&(struct manners){ .script = send_fields_without_end });
	assert_int_equal(last.error, ERROR_LIMIT);
	ask(&(struct manners){ .script = drip });
	assert_int_equal(last.error, ERROR_TEMPORARY);
	ask(&(struct manners){ .script = say_nothing });
	assert_int_equal(last.error, ERROR_TEMPORARY);
	ask(&(struct manners){ .silent = true });
	assert_int_equal(last.error, ERROR_TEMPORARY);
	assert_true(last.unconnected);
}

/* Abuse case K13. */
static void
tells_bad_answers(void **state)
{
	(void)state;
	ask(&(struct manners){ .script = fail_with_500 });
	assert_int_equal(last.error, 0);
	assert_int_equal(last.status, 500);
	ask(&(struct manners){ .script = answer_html });
	assert_int_equal(last.status, 200);
	assert_string_equal(last.body, "<html>");
	ask(&(struct manners){ .script = talk_garbage });
	assert_int_equal(last.error, ERROR_MALFORMED);
	ask(&(struct manners){ .script = end_in_the_middle });
	assert_int_equal(last.error, ERROR_CLOSED);
	ask(&(struct manners){ .script = hang_up });
	assert_int_equal(last.error, ERROR_CLOSED);
}

static void
tells_that_nobody_is_there(void **state)
{
	struct server server = server_start(&(struct manners){
		.script = answer_well });
	struct https_fetch_pool *pool = pool_new();

	(void)state;
	server_stop(&server);
	assert_int_equal(post(pool, server.url), 0);
	run(1);
	assert_int_equal(last.error, ERROR_CLOSED);
	assert_true(last.unconnected);
	assert_true(strlen(last.words) > 0);
	https_fetch_pool_free(pool);
}

/* Abuse case K14. */
static void
asks_only_where_it_may(void **state)
{
	static const char *const urls[] = { "http://127.0.0.1/",
		"file:///etc/passwd", "https://", "https://u@127.0.0.1/",
		"https://127.1/", "https://2130706433/", "https://0x7f.1/",
		"https://[::1", "https://[::1]x/", "https://a..b/",
		"https://-a.example/", "https://127.0.0.1:0/",
		"https://127.0.0.1:65536/", "https://127.0.0.1:x/",
		"https://a b/", "https://127.0.0.1?x/", "https://a\\b/",
		"HTTPS://127.0.0.1/", "gopher://127.0.0.1/" };
	struct https_fetch_pool *pool = pool_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		if (post(pool, urls[i]) != ERROR_MALFORMED)
			fail_msg("%s", urls[i]);
	}
	assert_int_equal(post(pool, "https://key.example/"),
		ERROR_NOT_FOUND);
	assert_int_equal(post(pool, "https://169.254.169.254/"), 0);
	run(1);
	assert_string_equal(last.words, "its address is none that is "
		"connected to");
	assert_int_equal(post(pool, "https://[fe80::1]/"), 0);
	run(1);
	assert_string_equal(last.words, "its address is none that is "
		"connected to");
	assert_int_equal(post(pool, "https://[::ffff:169.254.1.1]/"), 0);
	run(1);
	assert_string_equal(last.words, "its address is none that is "
		"connected to");
	https_fetch_pool_free(pool);
}

/* Names go to the addresses that they had at the start. */
static void
uses_names_that_were_looked_up(void **state)
{
	struct server server = server_start(&(struct manners){
		.script = answer_well });
	struct https_fetch_pool *pool = pool_new();
	struct reason why = { 0 };
	char url[64];

	(void)state;
	(void)snprintf(url, sizeof(url), "https://localhost:%u/v1/x",
		server.port);
	assert_int_equal(post(pool, url), ERROR_NOT_FOUND);
	assert_int_equal(https_hosts_look_up(hosts, text_from(url), &why), 0);
	assert_int_equal(https_hosts_look_up(hosts, text_from(url), &why), 0);
	assert_int_equal(post(pool, url), 0);
	run(1);
	assert_string_equal(last.words, "");
	assert_int_equal(last.status, 200);
	assert_int_equal(https_hosts_look_up(hosts, TEXT("http://x/"), &why),
		ERROR_MALFORMED);
	assert_int_equal(https_hosts_look_up(hosts,
		TEXT("https://nobody.invalid/"), &why), ERROR_NOT_FOUND);
	https_fetch_pool_free(pool);
	server_stop(&server);
}

static int
equip_badly(void *ssl_context, void *context)
{
	(void)ssl_context;
	(void)context;
	return ERROR_NOT_FOUND;
}

static int
equip_well(void *ssl_context, void *context)
{
	(void)context;
	return SSL_CTX_use_certificate(ssl_context,
		server_certificate.certificate) == 1 &&
	    SSL_CTX_use_PrivateKey(ssl_context,
		server_certificate.key) == 1 ? 0 :
	    ERROR_MALFORMED;
}

static void
lets_the_caller_equip_it(void **state)
{
	(void)state;
	equip = equip_badly;
	ask(&(struct manners){ .script = answer_well });
	assert_int_equal(last.error, ERROR_REFUSED);
	assert_string_equal(last.words,
		"our client certificate cannot be used");
	equip = equip_well;
	ask(&(struct manners){ .script = name_the_client });
	assert_int_equal(last.error, 0);
	equip = NULL;
}

static void
ends_without_telling(void **state)
{
	struct server server = server_start(&(struct manners){
		.script = say_nothing });
	struct https_fetch_pool *pool = pool_new();
	struct https_fetch *fetch = NULL;
	struct reason why = { 0 };
	int round;

	(void)state;
	for (round = 0; round < 3; round++)
		assert_int_equal(post(pool, server.url), 0);
	assert_int_equal(https_fetch_post(pool, text_from(server.url),
		TEXT("application/json"), TEXT("question"), on_done, NULL,
		&fetch, &why), 0);
	assert_int_equal(https_fetch_pool_count(pool), 4);
	https_fetch_cancel(fetch);
	assert_int_equal(https_fetch_pool_count(pool), 3);
	https_fetch_pool_free(pool);
	assert_int_equal(told, 0);
	server_stop(&server);
}

/* ---- the jail ---- */

static void
work_jailed(const struct server *server, const char *named)
{
	struct https_fetch_pool *pool;

	https_fetch_prepare();
	jail_drop(&(struct jail_user){ 0 }, NULL);
	jail_enter(JAIL_LOOP | JAIL_CONNECT | JAIL_MEMFD);
	loop = loop_new();
	pool = pool_new();
	if (post(pool, server->url) != 0 || post(pool, named) != 0)
		_exit(1);
	run(2);
	https_fetch_pool_free(pool);
	_exit(last.error == 0 && last.status == 200 ? 0 : 1);
}

static void
works_in_the_jail(void **state)
{
	struct server server = server_start(&(struct manners){
		.script = answer_html });
	struct reason why = { 0 };
	char url[64];
	int status = 0;
	pid_t pid;

	(void)state;
	(void)snprintf(url, sizeof(url), "https://localhost:%u/v1/x",
		server.port);
	assert_int_equal(https_hosts_look_up(hosts, text_from(url), &why), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		work_jailed(&server, url);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	server_stop(&server);
}

/* ---- before and after ---- */

static struct fixture
leaf(const char *san, const struct fixture *issuer, bool is_expired)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "key service", .san = san, .issuer = issuer,
		.expired = is_expired };

	return fixture_new(&order);
}

static int
set_up(void **state)
{
	const struct fixture_order order = { .kind = "EC",
		.common_name = "authority", .authority = true };

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	log_set_stderr(false);
	authority = fixture_new(&order);
	stranger = fixture_new(&order);
	server_certificate = leaf("IP:127.0.0.1,DNS:localhost", &authority,
		false);
	other = leaf("IP:127.0.0.2,DNS:other.example", &authority, false);
	expired = leaf("IP:127.0.0.1", &authority, true);
	unknown = leaf("IP:127.0.0.1", &stranger, false);
	hosts = https_hosts_new();
	loop = loop_new();
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *const all[] = { &authority, &stranger,
		&server_certificate, &other, &expired, &unknown };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		fixture_clear(all[i]);
	https_hosts_free(hosts);
	loop_free(loop);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks),
		cmocka_unit_test(keeps_its_connection),
		cmocka_unit_test(ignores_the_environment),
		cmocka_unit_test(follows_no_redirect),
		cmocka_unit_test(demands_name_chain_and_time),
		cmocka_unit_test(bounds_what_comes),
		cmocka_unit_test(tells_bad_answers),
		cmocka_unit_test(tells_that_nobody_is_there),
		cmocka_unit_test(asks_only_where_it_may),
		cmocka_unit_test(lets_the_caller_equip_it),
		cmocka_unit_test(ends_without_telling),
		cmocka_unit_test(uses_names_that_were_looked_up),
		cmocka_unit_test(works_in_the_jail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
