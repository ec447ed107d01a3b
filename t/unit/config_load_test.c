/*
 * Loading what is right: defaults, every kind of value, files, relative
 * paths; printing and loading again; parts by path.
 */
#include "t/unit/config_fixture.h"

#include <string.h>
#include <time.h>

#include "gateway/base/log.h"

static void
assert_text(struct text t, const char *expected)
{
	if (!text_equal(t, text_from(expected)))
		fail_msg("expected \"%s\", not \"%.*s\"", expected,
		    TEXT_ARG(t));
}

static void
a_small_file_has_every_default(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));
	const struct config *config = &fixture->config;
	const struct config_bounce_profile *profile;

	(void)state;
	assert_text(config->hostname, "gw.example.org");
	assert_int_equal(config->listener_count, 1);
	assert_text(config->listeners[0].name, "public");
	assert_int_equal(config->listeners[0].tls, CONFIG_LISTENER_TLS_OFF);
	assert_int_equal(config->listeners[0].max_connections, 10000);
	assert_text(config->listeners[0].banner, "ESMTP");
	assert_int_equal(config->flow_policies[0].tls,
	    CONFIG_FLOW_TLS_PREFERRED);
	assert_int_equal(config->recipient_access_count, 0);
	assert_int_equal(config->destination_count, 1);
	assert_int_equal(config->destinations[0].domain_count, 1);
	assert_text(config->destinations[0].domains[0], "all");
	assert_int_equal(config->destinations[0].tls,
	    CONFIG_DESTINATION_TLS_PREFERRED);
	assert_int_equal(config->destinations[0].concurrency, 20);
	assert_int_equal(config->destinations[0].messages_per_connection, 100);
	assert_text(config->destinations[0].bounce_profile, "default");
	profile = config_bounce_profile_find(config, TEXT("default"));
	assert_non_null(profile);
	assert_int_equal(profile->retry_initial_ms, 60000);
	assert_int_equal(profile->retry_max_ms, 3600000);
	assert_int_equal(profile->lifetime_ms, 72 * 3600000);
	assert_int_equal(profile->delay_warning_ms, 0);
	assert_int_equal(profile->send_bounces, 1);
	assert_int_equal(config->limits.message_size, 50 << 20);
	assert_int_equal(config->limits.in_flight, 256 << 20);
	assert_int_equal(config->limits.segment_size, 16 << 20);
	assert_int_equal(config->limits.segment_pool, 8);
	assert_int_equal(config->limits.received_count, 100);
	assert_int_equal(config->limits.line_length, 64 << 10);
	assert_int_equal(config->limits.command_timeout_ms, 300000);
	assert_int_equal(config->dns.port, 53);
	assert_int_equal(config->logs.level, LOG_INFO_LEVEL);
	assert_int_equal(config->logs.syslog_facility, 2);
	assert_text(config->processes.users.keys, "postern-keys");
	assert_int_equal(config->retention.event_log_ms,
	    INT64_C(7) * 86400000);
	fixture_free(fixture);
}

#define FULL \
	"# every section\n" \
	"hostname: 'gw.example.org'\n" \
	"listeners:\n" \
	"  public: { address: 0.0.0.0, tls: starttls, certificate: main }\n" \
	"  submission:\n" \
	"    address: \"::1\"\n" \
	"    port: \"465\"\n" \
	"    tls: implicit\n" \
	"    certificate: main\n" \
	"    banner: \"say \\\"hello\\\" \\\\ now\"\n" \
	"mail_flow_policies:\n" \
	"  incoming:\n" \
	"    action: accept\n" \
	"    max_message_size: 10MB\n" \
	"    messages_per_hour: 1000\n" \
	"  outgoing: { action: relay, tls: required }\n" \
	"  nobody: { action: reject, reject_text: no }\n" \
	"sender_groups:\n" \
	"- name: bad\n" \
	"  addresses: [ 198.51.100.0/24, \"2001:db8:bad::/48\" ]\n" \
	"  mail_flow_policy: nobody\n" \
	"- name: inside\n" \
	"  listeners: [ submission ]\n" \
	"  addresses: [ all ]\n" \
	"  mail_flow_policy: outgoing\n" \
	"- name: world\n" \
	"  addresses: [ all ]\n" \
	"  mail_flow_policy: incoming\n" \
	"recipient_access:\n" \
	"  - patterns: [ spam@example.org, root@ ]\n" \
	"    action: reject\n" \
	"    reply: 551\n" \
	"    text: gone away\n" \
	"  - patterns: [ example.org, .example.org ]\n" \
	"    action: accept\n" \
	"destinations:\n" \
	"  - domains: [ partner.example ]\n" \
	"    tls: verified\n" \
	"    tls_names: [ mx.partner.example ]\n" \
	"    bounce_profile: quick\n" \
	"smtp_routes:\n" \
	"  - domains: [ example.org ]\n" \
	"    hosts: [ mail.example.org, \"10.1.2.3:2525\", " \
	"\"[2001:db8::1]:25\" ]\n" \
	"bounce_profiles:\n" \
	"  quick: { retry_initial: 500 ms, retry_max: 2 s, lifetime: 10 s,\n" \
	"    delay_warning: 1 s, send_bounces: false }\n" \
	"tls:\n" \
	"  certificates:\n" \
	"    main: { certificate: good.pem, key: ./good.key }\n" \
	"  trust: { system: false, files: [ good.pem, ./good.pem ] }\n" \
	"dns: { forwarders: [ \"127.0.0.1@5353\" ], trust_anchor: anchor }\n" \
	"processes:\n" \
	"  smtp: 2\n" \
	"  queue_directory: spool\n" \
	"  users: { smtp: nobody }\n" \
	"logs: { level: debug, syslog: true, syslog_facility: local7,\n" \
	"  file: log/events.log }\n" \
	"limits: { message_size: 20 MB, refuse_nul: false, data_rate: 0 }\n" \
	"management:\n" \
	"retention: { event_log: 14 d }\n"

static struct fixture *
full_loaded(void)
{
	return fixture_loaded(TEXT(FULL));
}

static void
every_kind_of_value_is_read(void **state)
{
	struct fixture *fixture = full_loaded();
	const struct config *config = &fixture->config;

	(void)state;
	assert_int_equal(config->listener_count, 2);
	assert_int_equal(config->listeners[1].port, 465);
	assert_text(config->listeners[1].banner, "say \"hello\" \\ now");
	assert_int_equal(config->flow_policies[0].max_message_size, 10 << 20);
	assert_text(config->flow_policies[2].reject_text, "no");
	assert_int_equal(config->sender_group_count, 3);
	assert_text(config->sender_groups[0].addresses[1],
	    "2001:db8:bad::/48");
	assert_text(config->sender_groups[1].listeners[0], "submission");
	assert_int_equal(config->recipient_access[0].reply, 551);
	assert_int_equal(config->destination_count, 2);
	assert_text(config->destinations[0].tls_names[0],
	    "mx.partner.example");
	assert_text(config->destinations[1].domains[0], "all");
	assert_int_equal(config->bounce_profile_count, 2);
	assert_int_equal(config->bounce_profiles[0].retry_initial_ms, 500);
	assert_int_equal(config->bounce_profiles[0].send_bounces, 0);
	assert_text(config->tls.certificates[0].certificate_pem, CERTIFICATE);
	assert_text(config->tls.trust_pem, CERTIFICATE "\n" CERTIFICATE "\n");
	assert_text(config->dns.trust_anchor, ". IN DS 20326 8 2 E06D44B8\n");
	assert_int_equal(config->processes.smtp, 2);
	assert_text(config->processes.users.smtp, "nobody");
	assert_int_equal(config->logs.syslog_facility, 23);
	assert_int_equal(config->limits.data_rate, 0);
	fixture_free(fixture);
}

static void
names_are_found(void **state)
{
	struct fixture *fixture = full_loaded();
	const struct config *config = &fixture->config;

	(void)state;
	assert_ptr_equal(config_listener_find(config, TEXT("submission")),
	    &config->listeners[1]);
	assert_ptr_equal(config_flow_policy_find(config, TEXT("outgoing")),
	    &config->flow_policies[1]);
	assert_ptr_equal(config_certificate_find(config, TEXT("main")),
	    &config->tls.certificates[0]);
	assert_ptr_equal(config_bounce_profile_find(config, TEXT("default")),
	    &config->bounce_profiles[1]);
	assert_null(config_listener_find(config, TEXT("submissio")));
	fixture_free(fixture);
}

/* Print, load, print: the same, in both forms. */
static void
assert_round_trip(const struct config *config)
{
	struct buffer yaml, json, again;
	struct fixture *other;

	buffer_init(&yaml, 1 << 22);
	buffer_init(&json, 1 << 22);
	buffer_init(&again, 1 << 22);
	assert_int_equal(config_print_yaml(config, &yaml), 0);
	assert_int_equal(config_print_json(config, &json), 0);
	other = fixture_loaded(buffer_text(&yaml));
	assert_int_equal(config_print_yaml(&other->config, &again), 0);
	assert_true(text_equal(buffer_text(&yaml), buffer_text(&again)));
	fixture_free(other);
	/* JSON is YAML too. */
	buffer_reset(&again);
	other = fixture_loaded(buffer_text(&json));
	assert_int_equal(config_print_yaml(&other->config, &again), 0);
	assert_true(text_equal(buffer_text(&yaml), buffer_text(&again)));
	fixture_free(other);
	buffer_clear(&yaml);
	buffer_clear(&json);
	buffer_clear(&again);
}

static void
what_is_printed_loads_again(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE));

	(void)state;
	assert_round_trip(&fixture->config);
	fixture_free(fixture);
	fixture = full_loaded();
	assert_round_trip(&fixture->config);
	fixture_free(fixture);
}

static void
assert_path(const struct config *config, const char *path, int as_json,
	const char *expected)
{
	struct buffer out;

	buffer_init(&out, 1 << 20);
	assert_int_equal(config_print_path(config, text_from(path), as_json,
	    &out), 0);
	assert_text(buffer_text(&out), expected);
	buffer_clear(&out);
}

static void
parts_are_printed_by_path(void **state)
{
	struct fixture *fixture = full_loaded();
	const struct config *config = &fixture->config;

	(void)state;
	assert_path(config, "hostname", 0, "gw.example.org\n");
	assert_path(config, "hostname", 1, "\"gw.example.org\"\n");
	assert_path(config, "limits.message_size", 0, "20 MB\n");
	assert_path(config, "limits.message_size", 1, "\"20 MB\"\n");
	assert_path(config, "limits.data_rate", 0, "0\n");
	assert_path(config, "limits.refuse_nul", 1, "false\n");
	assert_path(config, "listeners.submission.port", 1, "465\n");
	assert_path(config, "listeners.public.address", 0, "\"0.0.0.0\"\n");
	assert_path(config, "sender_groups[2].listeners", 0,
	    "- submission\n");
	assert_path(config, "sender_groups[2].listeners[1]", 0,
	    "submission\n");
	assert_path(config, "sender_groups[3].listeners", 0, "[]\n");
	assert_path(config, "sender_groups[3].listeners", 1, "[]\n");
	assert_path(config, "tls.trust.system", 0, "false\n");
	assert_path(config, "mail_flow_policies.nobody.reject_text", 0,
	    "\"no\"\n");
	assert_path(config, "bounce_profiles.default", 0,
	    "retry_initial: 1 min\nretry_max: 1 h\nlifetime: 3 d\n"
	    "delay_warning: 0\nsend_bounces: true\n");
	assert_path(config, "smtp_routes", 0,
	    "- domains:\n    - example.org\n  hosts:\n"
	    "    - mail.example.org\n    - \"10.1.2.3:2525\"\n"
	    "    - \"[2001:db8::1]:25\"\n");
	assert_path(config, "retention", 1,
	    "{\n  \"event_log\": \"14 d\"\n}\n");
	assert_path(config, "tls.certificates.main.certificate", 0,
	    "good.pem\n");
	fixture_free(fixture);
}

static void
paths_to_nothing_are_not_found(void **state)
{
	static const char *const paths[] = { "nothing", "limits.nothing",
		"hostname.more", "hostname[1]", "listeners.nobody",
		"listeners[1]", "sender_groups[0]", "sender_groups[4]",
		"sender_groups.bad", "sender_groups[1", "sender_groups[x]",
		"limits..message_size", "limits.", "sender_groups[1].name[1]",
		"sender_groups[2].listeners[2]", "[1]",
		"sender_groups[2].listeners[1].x",
		"sender_groups[99999999999999999999]" };
	struct fixture *fixture = full_loaded();
	struct buffer out;
	size_t i;

	(void)state;
	buffer_init(&out, 1 << 20);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (config_print_path(&fixture->config, text_from(paths[i]),
		    0, &out) != ERROR_NOT_FOUND)
			fail_msg("%s was found", paths[i]);
	assert_int_equal(buffer_len(&out), 0);
	buffer_clear(&out);
	fixture_free(fixture);
}

static void
relative_paths_stand_on_the_folder_of_the_file(void **state)
{
	struct fixture *fixture = fixture_new();
	char folder[256], expected[300];

	(void)state;
	assert_non_null(getcwd(folder, sizeof(folder)));
	fixture_write("postern.yaml", BASE "dns: { trust_anchor: anchor }\n"
	    "tls: { trust: { files: [ folder/../good.pem ] } }\n"
	    "logs: { file: /var/log/events, syslog_socket: log }\n");
	assert_int_equal(chdir("folder"), 0);
	assert_int_equal(config_load_file("../postern.yaml", fixture->arena,
	    &fixture->config, &fixture->errors), 0);
	assert_int_equal(chdir(".."), 0);
	(void)snprintf(expected, sizeof(expected), "%s/anchor", folder);
	assert_text(fixture->config.dns.trust_anchor_file, expected);
	(void)snprintf(expected, sizeof(expected), "%s/folder/../good.pem",
	    folder);
	assert_text(fixture->config.tls.trust_files[0], expected);
	(void)snprintf(expected, sizeof(expected), "%s/log", folder);
	assert_text(fixture->config.logs.syslog_socket, expected);
	assert_text(fixture->config.logs.file, "/var/log/events");
	assert_text(fixture->config.management.control_socket, "");
	fixture_free(fixture);
}

static void
texts_are_never_taken_for_something_else(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(HOSTNAME LISTENERS
	    "mail_flow_policies:\n"
	    "  NO: { action: reject, reject_text: 0777 }\n"
	    "  1e3: { action: reject, reject_text: true }\n"
	    "  null: { action: accept, reject_text: ~ }\n"
	    "sender_groups:\n"
	    "  - { name: NO, addresses: [ all ], mail_flow_policy: 1e3 }\n"));

	(void)state;
	assert_text(fixture->config.flow_policies[0].name, "NO");
	assert_text(fixture->config.flow_policies[0].reject_text, "0777");
	assert_text(fixture->config.flow_policies[1].reject_text, "true");
	assert_text(fixture->config.flow_policies[2].reject_text, "~");
	assert_round_trip(&fixture->config);
	fixture_free(fixture);
}

static void
texts_of_several_lines_keep_them(void **state)
{
	struct fixture *fixture = fixture_loaded(TEXT(BASE
	    "text_resources:\n"
	    "  legal:\n"
	    "    type: disclaimer\n"
	    "    text: |\n"
	    "      one: \"gr\xc3\xbcn\" \\\n"
	    "\n"
	    "        two\n"
	    "    html: |-\n"
	    "      <p>\n"
	    "      x</p>\n"));
	const struct config_text_resource *legal;

	(void)state;
	legal = config_text_resource_find(&fixture->config, TEXT("legal"));
	assert_non_null(legal);
	assert_text(legal->plain, "one: \"gr\xc3\xbcn\" \\\n\n  two\n");
	assert_text(legal->html, "<p>\nx</p>");
	assert_round_trip(&fixture->config);
	fixture_free(fixture);
}

static void
relays_for_own_networks_and_loopback_are_allowed(void **state)
{
	static const char *const groups[] = {
		"10.0.0.0/8", "127.0.0.0/8", "\"fc00::/7\"", "192.0.2.0/24",
		"172.16.0.0/12, 192.168.0.0/16, \"::1\"",
	};
	struct buffer yaml;
	size_t i;

	(void)state;
	buffer_init(&yaml, 1 << 16);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		buffer_reset(&yaml);
		assert_int_equal(buffer_printf(&yaml, HOSTNAME LISTENERS
		    "mail_flow_policies:\n  out: { action: relay }\n"
		    "sender_groups:\n  - { name: a, addresses: [ %s ], "
		    "mail_flow_policy: out }\n", groups[i]), 0);
		fixture_free(fixture_loaded(buffer_text(&yaml)));
	}
	buffer_clear(&yaml);
	fixture_free(fixture_loaded(TEXT(HOSTNAME
	    "listeners:\n  a: { address: 127.0.0.1, port: 2525 }\n"
	    "  b: { address: \"::1\", port: 2525 }\n"
	    "mail_flow_policies:\n  out: { action: relay }\n"
	    "sender_groups:\n  - { name: a, addresses: [ all ], "
	    "mail_flow_policy: out }\n")));
}

static void
a_byte_order_mark_is_allowed(void **state)
{
	(void)state;
	fixture_free(fixture_loaded(TEXT("\xef\xbb\xbf" BASE)));
}

/* 50 ms are the goal; the bound leaves room for a busy machine. */
static void
loading_is_quick(void **state)
{
	struct timespec before, after;
	struct buffer yaml;
	struct fixture *fixture;
	long long ms;
	int i;

	(void)state;
	buffer_init(&yaml, 1 << 22);
	assert_int_equal(buffer_printf(&yaml, "%s", BASE
	    "recipient_access:\n  - action: accept\n    patterns:\n"), 0);
	for (i = 0; i < 5000; i++)
		assert_int_equal(buffer_printf(&yaml,
		    "      - user%d@example.org\n", i), 0);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	fixture = fixture_loaded(buffer_text(&yaml));
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	ms = (after.tv_sec - before.tv_sec) * 1000LL +
	    (after.tv_nsec - before.tv_nsec) / 1000000;
	print_message("# loaded 5000 recipients in %lld ms\n", ms);
	assert_true(ms < 2000);
	assert_int_equal(fixture->config.recipient_access[0].pattern_count,
	    5000);
	fixture_free(fixture);
	buffer_clear(&yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_file_has_every_default),
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(what_is_printed_loads_again),
		cmocka_unit_test(texts_of_several_lines_keep_them),
		cmocka_unit_test(parts_are_printed_by_path),
		cmocka_unit_test(paths_to_nothing_are_not_found),
		cmocka_unit_test(
		    relative_paths_stand_on_the_folder_of_the_file),
		cmocka_unit_test(texts_are_never_taken_for_something_else),
		cmocka_unit_test(
		    relays_for_own_networks_and_loopback_are_allowed),
		cmocka_unit_test(a_byte_order_mark_is_allowed),
		cmocka_unit_test(loading_is_quick),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_folder,
	    fixture_folder_remove);
}
