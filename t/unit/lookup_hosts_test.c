/*
 * Where mail goes, asked of a real name server (nsd) on loopback, with every
 * shape of answer that RFC 5321 5.1 and RFC 7505 speak of (T10).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/lookup/lookup_address.h"
#include "gateway/lookup/lookup_hosts.h"

#define NSD "/usr/sbin/nsd"

static const char zone_head[] =
    "$TTL 300\n"
    "@ IN SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n"
    "@ IN NS ns.test.\n"
    "ns IN A 127.0.0.1\n"
    "ordered IN MX 30 c\nordered IN MX 10 a\nordered IN MX 20 b\n"
    "a IN A 192.0.2.1\nb IN A 192.0.2.2\nb 60 IN AAAA 2001:db8::2\n"
    "c IN A 192.0.2.3\n"
    "equal IN MX 10 a\nequal IN MX 10 b\nequal IN MX 10 c\n"
    "null IN MX 0 .\n"
    "implicit IN A 192.0.2.9\n"
    "nothing IN TXT \"no mail here\"\n"
    "alias IN CNAME ordered\n"
    "aliashost IN MX 10 aliased\naliased IN CNAME a\n"
    "selfbest IN MX 10 gateway\nselfbest IN MX 20 a\n"
    "selfworse IN MX 10 a\nselfworse IN MX 20 gateway\n"
    "selfworse IN MX 30 b\n"
    "gateway IN A 192.0.2.99\n"
    "selfaddress IN MX 10 other\nselfaddress IN MX 20 a\n"
    "other IN A 198.51.100.1\n"
    "strange IN MX 10 127.0.0.1\nstrange IN MX 20 localhost.\n"
    "strange IN MX 30 a\n"
    "onlystrange IN MX 10 127.0.0.1.\n"
    "loopback IN MX 10 inside\ninside IN A 127.0.0.1\n"
    "nowhere IN MX 10 multi\nmulti IN A 224.0.0.1\nmulti IN A 0.0.0.0\n"
    "circle IN CNAME circle2\ncircle2 IN CNAME circle\n"
    "viabroken IN MX 10 circle\n"
    "partly IN MX 10 circle\npartly IN MX 20 a\n"
    "xn--mnchen-3ya IN MX 10 a\n";

static struct {
	char folder[64];
	pid_t pid;
	uint16_t port;
	const char *skip;
	struct loop *loop;
	struct lookup_self *self;
} world;

/* The last answer, copied out of the callback. */
static struct {
	unsigned int count;
	uint8_t outcome;
	uint32_t ttl_s;
	size_t host_count;
	char names[FRAME_HOSTS_MAX][64];
	size_t address_counts[FRAME_HOSTS_MAX];
	struct frame_address first[FRAME_HOSTS_MAX];
	bool temporary[FRAME_HOSTS_MAX];
	char reason[256];
} answer;

static void
answered(void *context, const struct frame_hosts *hosts)
{
	size_t i;

	answer.count++;
	answer.outcome = hosts->outcome;
	answer.ttl_s = hosts->ttl_s;
	answer.host_count = hosts->host_count;
	snprintf(answer.reason, sizeof(answer.reason), "%.*s",
	    TEXT_ARG(hosts->reason));
	for (i = 0; i < hosts->host_count; i++) {
		snprintf(answer.names[i], sizeof(answer.names[i]), "%.*s",
		    TEXT_ARG(hosts->hosts[i].name));
		answer.address_counts[i] = hosts->hosts[i].address_count;
		answer.temporary[i] = hosts->hosts[i].temporary != 0;
		if (hosts->hosts[i].address_count > 0)
			answer.first[i] = hosts->hosts[i].addresses[0];
	}
	loop_stop(context);
}

static bool
port_is_free(uint16_t port, int type)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int s = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;
	bool is_free;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	is_free = bind(s, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(s);
	return is_free;
}

/* Below the range that connections take theirs from. */
static uint16_t
free_port(void)
{
	uint16_t port;

	do {
		port = (uint16_t)(20000 + arc4random_uniform(12000));
	} while (!port_is_free(port, SOCK_DGRAM) ||
	    !port_is_free(port, SOCK_STREAM));
	return port;
}

static void
write_file(const char *name, const char *content, const char *tail)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", world.folder, name);
	require((file = fopen(path, "w")) != NULL);
	require(fputs(content, file) >= 0 && fputs(tail, file) >= 0);
	require(fclose(file) == 0);
}

/* 150 exchangers in one answer: only the best 100 are asked for. */
static char *
many_exchangers(void)
{
	char *text = calloc(1, 64 * 1024);
	size_t len = 0;
	int i;

	require(text != NULL);
	for (i = 150; i > 0; i--)
		len += (size_t)snprintf(text + len, 64 * 1024 - len,
		    "many IN MX %d m%d\nm%d IN A 192.0.2.50\n", i, i, i);
	return text;
}

static void
write_site(void)
{
	char *many = many_exchangers();
	char config[1024];

	write_file("test.zone", zone_head, many);
	free(many);
	snprintf(config, sizeof(config),
	    "server:\n ip-address: 127.0.0.1@%u\n zonesdir: \"%s\"\n"
	    " database: \"\"\n pidfile: \"%s/pid\"\n username: \"\"\n"
	    " logfile: \"%s/log\"\n server-count: 1\n"
	    " xfrdfile: \"%s/xfrd\"\n zonelistfile: \"%s/zones\"\n"
	    "remote-control:\n control-enable: no\n"
	    "zone:\n name: test\n zonefile: test.zone\n", world.port,
	    world.folder, world.folder, world.folder, world.folder,
	    world.folder);
	write_file("nsd.conf", config, "");
}

static bool
server_answers(void)
{
	static const unsigned char query[] = { 0, 1, 0, 0, 0, 1, 0, 0, 0, 0,
		0, 0, 4, 't', 'e', 's', 't', 0, 0, 6, 0, 1 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	char packet[512];
	struct pollfd wait = { .events = POLLIN };
	bool good;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(world.port);
	wait.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	good = connect(wait.fd, (struct sockaddr *)&address,
	    sizeof(address)) == 0 &&
	    send(wait.fd, query, sizeof(query), 0) > 0 &&
	    poll(&wait, 1, 200) == 1 &&
	    recv(wait.fd, packet, sizeof(packet), 0) > 0;
	close(wait.fd);
	return good;
}

static void
start(void)
{
	char config[128];
	int i;

	world.loop = loop_new();
	world.self = lookup_self_new();
	if (access(NSD, X_OK) != 0) {
		world.skip = "nsd is not installed";
		return;
	}
	snprintf(world.folder, sizeof(world.folder),
	    "/tmp/lookup_hosts_XXXXXX");
	require(mkdtemp(world.folder) != NULL);
	world.port = free_port();
	write_site();
	snprintf(config, sizeof(config), "%s/nsd.conf", world.folder);
	world.pid = fork();
	if (world.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		execl(NSD, "nsd", "-d", "-c", config, (char *)NULL);
		_exit(127);
	}
	for (i = 0; i < 1000; i++) {
		if (server_answers())
			return;
		(void)poll(NULL, 0, 20);
	}
	world.skip = "nsd does not start";
}

static void
stop(void)
{
	static const char *const files[] = { "test.zone", "nsd.conf", "pid",
		"log", "xfrd", "zones" };
	char path[128];
	size_t i;

	if (world.pid > 0) {
		(void)kill(world.pid, SIGTERM);
		(void)waitpid(world.pid, NULL, 0);
	}
	for (i = 0; world.folder[0] != '\0' &&
	    i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", world.folder, files[i]);
		(void)unlink(path);
	}
	if (world.folder[0] != '\0')
		(void)rmdir(world.folder);
	lookup_self_free(world.self);
	loop_free(world.loop);
}

static void
ask_with(const char *name, bool address_only, bool loopback_allowed,
	uint16_t port)
{
	struct frame_hosts_ask ask = { .id = 7, .name = text_from(name),
		.address_only = address_only };
	struct lookup_hosts_setting setting = { .loop = world.loop,
		.self = world.self, .own_name = TEXT("gateway.test"),
		.loopback_allowed = loopback_allowed, .timeout_ms = 10000 };
	struct text root = TEXT("127.0.0.1");
	struct config_dns dns = { .root_hints = &root, .root_hint_count = 1,
		.port = port };
	struct config_listener listener = {
		.address = TEXT("198.51.100.1") };
	struct config config = { .listeners = &listener,
		.listener_count = 1 };
	struct reason why = { .text = "" };
	const char *path = "";

	lookup_self_configure(world.self, &config);
	memset(&answer, 0, sizeof(answer));
	if (lookup_resolver_new(world.loop, &dns, &setting.resolver, &path,
	    &why) < 0)
		fail_msg("%s: %s", path, why.text);
	(void)lookup_hosts_ask(&setting, &ask, answered, world.loop);
	assert_int_equal(answer.count, 0);
	loop_run(world.loop);
	assert_int_equal(answer.count, 1);
	lookup_resolver_free(setting.resolver);
}

static void
ask(const char *name)
{
	ask_with(name, false, false, world.port);
}

static void
expect_hosts(const char *name, const char *hosts)
{
	char found[512] = "";
	size_t i, len = 0;

	ask(name);
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	for (i = 0; i < answer.host_count && len < sizeof(found); i++)
		len += (size_t)snprintf(found + len, sizeof(found) - len,
		    "%s%s", i > 0 ? " " : "", answer.names[i]);
	assert_string_equal(found, hosts);
}

static void
test_order(void **state)
{
	(void)state;
	expect_hosts("ordered.test", "a.test b.test c.test");
	assert_int_equal(answer.address_counts[1], 2);
	assert_int_equal(answer.first[1].family, 6);
	assert_int_equal(answer.first[0].family, 4);
	assert_memory_equal(answer.first[0].bytes, "\300\0\2\1", 4);
	assert_int_equal(answer.ttl_s, 60);
	expect_hosts("ORDERED.Test.", "a.test b.test c.test");
}

static void
test_equal_are_spread(void **state)
{
	char first[64] = "";
	bool differ = false;
	int i;

	(void)state;
	for (i = 0; i < 40 && !differ; i++) {
		ask("equal.test");
		assert_int_equal(answer.host_count, 3);
		if (first[0] == '\0')
			snprintf(first, sizeof(first), "%s", answer.names[0]);
		differ = strcmp(first, answer.names[0]) != 0;
	}
	assert_true(differ);
}

static void
test_absences(void **state)
{
	(void)state;
	ask("null.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NULL_MX);
	ask("missing.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_DOMAIN);
	ask("nothing.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_ADDRESS);
	ask("not a name");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_DOMAIN);
	ask("a..b");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_DOMAIN);
}

static void
test_implicit_and_alias(void **state)
{
	(void)state;
	expect_hosts("implicit.test", "implicit.test");
	expect_hosts("alias.test", "a.test b.test c.test");
	expect_hosts("aliashost.test", "aliased.test");
	assert_int_equal(answer.address_counts[0], 1);
	expect_hosts("m\303\274nchen.test", "a.test");
	ask("circle.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_TEMPORARY);
}

static void
test_self(void **state)
{
	(void)state;
	ask("selfbest.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_SELF);
	expect_hosts("selfworse.test", "a.test");
	ask("selfaddress.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_SELF);
}

static void
test_refused_addresses(void **state)
{
	(void)state;
	ask("nowhere.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_ADDRESS);
	ask("loopback.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_ADDRESS);
	ask_with("loopback.test", false, true, world.port);
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	ask_with("inside.test", true, false, world.port);
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	ask("onlystrange.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_ADDRESS);
	ask("strange.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	assert_string_equal(answer.names[answer.host_count - 1], "a.test");
}

static void
test_limits(void **state)
{
	(void)state;
	ask("many.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	assert_int_equal(answer.host_count, FRAME_HOSTS_MAX);
	assert_string_equal(answer.names[0], "m1.test");
	assert_string_equal(answer.names[99], "m100.test");
}

static void
test_failures_are_temporary(void **state)
{
	(void)state;
	ask("viabroken.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_TEMPORARY);
	ask("partly.test");
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	assert_true(answer.temporary[0]);
	assert_int_equal(answer.address_counts[0], 0);
	assert_string_equal(answer.names[1], "a.test");
	/* Nobody there at all. */
	ask_with("ordered.test", false, false, free_port());
	assert_int_equal(answer.outcome, FRAME_HOSTS_TEMPORARY);
}

static void
test_literals(void **state)
{
	(void)state;
	ask("[192.0.2.7]");
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	assert_memory_equal(answer.first[0].bytes, "\300\0\2\7", 4);
	ask("[IPv6:2001:db8::7]");
	assert_int_equal(answer.outcome, FRAME_HOSTS_FOUND);
	assert_int_equal(answer.first[0].family, 6);
	ask("[127.0.0.1]");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_ADDRESS);
	ask("[::ffff:127.0.0.1]");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_DOMAIN);
	ask("[IPv6:::ffff:127.0.0.1]");
	assert_int_equal(answer.outcome, FRAME_HOSTS_NO_ADDRESS);
	ask("[198.51.100.1]");
	assert_int_equal(answer.outcome, FRAME_HOSTS_SELF);
}

static void
test_settings(void **state)
{
	static const char *const bad[] = { "example.com", "127.0.0.1@",
		"127.0.0.1@0", "127.0.0.1@70000", "" };
	struct lookup_resolver *resolver = NULL;
	struct reason why = { .text = "" };
	const char *path = "";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct text server = text_from(bad[i]);
		struct config_dns dns = { .forwarders = &server,
			.forwarder_count = 1 };

		assert_int_equal(lookup_resolver_new(world.loop, &dns,
		    &resolver, &path, &why), ERROR_MALFORMED);
		assert_string_equal(path, "dns.forwarders");
	}
	{
		struct config_dns dns = { .trust_anchor =
		    TEXT("; a comment\n. IN DS nonsense\n") };

		assert_int_equal(lookup_resolver_new(world.loop, &dns,
		    &resolver, &path, &why), ERROR_MALFORMED);
	}
	{
		struct config_dns dns = { .trust_anchor = TEXT("; root\n"
		    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E88040"
		    "9BBC683457104237C7F8EC8D\n") };

		assert_int_equal(lookup_resolver_new(world.loop, &dns,
		    &resolver, &path, &why), 0);
		lookup_resolver_free(resolver);
	}
}

static void
test_dropped(void **state)
{
	struct frame_hosts_ask ask = { .id = 1,
		.name = TEXT("ordered.test") };
	struct lookup_hosts_setting setting = { .loop = world.loop,
		.self = world.self, .timeout_ms = 10000 };
	struct text root = TEXT("127.0.0.1");
	struct config_dns dns = { .root_hints = &root, .root_hint_count = 1,
		.port = world.port };
	struct reason why;
	const char *path;
	int i;

	(void)state;
	assert_int_equal(lookup_resolver_new(world.loop, &dns,
	    &setting.resolver, &path, &why), 0);
	memset(&answer, 0, sizeof(answer));
	for (i = 0; i < 3; i++) {
		struct lookup_hosts *hosts = lookup_hosts_ask(&setting, &ask,
		    answered, world.loop);
		struct loop_timer *timer;

		if (i > 0) {
			timer = loop_timer_new(world.loop,
			    (loop_callback)loop_stop, world.loop);
			loop_timer_set(timer, 0);
			loop_run(world.loop);
			loop_timer_free(timer);
		}
		if (answer.count == 0)
			lookup_hosts_drop(hosts);
	}
	lookup_resolver_free(setting.resolver);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_equal_are_spread),
		cmocka_unit_test(test_absences),
		cmocka_unit_test(test_implicit_and_alias),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_refused_addresses),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_failures_are_temporary),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_dropped),
	};

	int failed = 0;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	clock_open();
	start();
	if (world.skip != NULL)
		printf("1..0 # SKIP %s\n", world.skip);
	else
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	stop();
	return failed;
}
