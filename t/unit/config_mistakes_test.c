/*
 * Mistakes in a configuration: each is refused with its line, the path of
 * the setting, and words that tell what was expected (Y01, Y02).
 */
#include "t/unit/config_fixture.h"

#include <string.h>

struct mistake {
	const char *yaml;
	unsigned int line;
	const char *path;
	const char *words;
};

#define CERTIFICATES "tls:\n  certificates:\n" \
	"    main: { certificate: good.pem, key: good.key }\n"
#define LISTENER(settings) HOSTNAME "listeners:\n  public: {" settings "}\n" \
	POLICIES GROUPS
#define GROUP(settings) HOSTNAME LISTENERS POLICIES \
	"sender_groups:\n  - {" settings "}\n"
#define RELAY "mail_flow_policies:\n  incoming: { action: relay }\n"

#define POLICY_AT "mail_policies:\n  incoming: [ { name: p, "

static const struct mistake mistakes[] = {
	/* the file */
	{ "", 1, "", "the file holds no settings" },
	{ "# nothing\n", 1, "", "the file holds no settings" },
	{ "just words\n", 1, "", "expected settings, such as" },
	{ "- a\n- b\n", 1, "", "expected settings, such as" },
	{ BASE "--- \nhostname: b.example.org\n", 8, "", "a second document" },
	{ BASE "limits: { message_size: 1 MB\n", 9, "", "not valid YAML" },
	{ BASE "limits:\n\tmessage_size: 1 MB\n", 9, "",
	  "a tab in the indentation; use spaces" },
	{ BASE "dns: \xff\xfe\n", 8, "", "the file is not UTF-8" },
	{ BASE "dns: \xc0\x80\n", 8, "", "the file is not UTF-8" },
	{ BASE "dns: \x01\n", 8, "", "a control character" },
	{ BASE "dns: &a { port: 53 }\n", 8, "",
	  "anchors and aliases are not allowed" },
	{ BASE "dns: *a\n", 8, "", "anchors and aliases are not allowed" },
	{ BASE "dns: { port: !!int 53 }\n", 8, "", "tags are not allowed" },
	{ BASE "dns: ! { port: 53 }\n", 8, "", "tags are not allowed" },
	{ BASE "dns: { <<: { port: 53 } }\n", 8, "",
	  "merge keys are not allowed" },
	{ BASE "dns: { ? [ a ] : b }\n", 8, "", "a key must be a word" },
	{ BASE "dns: { \"\": b }\n", 8, "", "a key is missing" },
	{ BASE "dns:\n  port: 53\n  timeout: 1 s\n  port: 54\n", 11, "",
	  "\"port\" is given twice, first on line 9" },
	{ BASE "hostname: b.example.org\n", 8, "",
	  "\"hostname\" is given twice, first on line 1" },

	/* unknown, missing, of the wrong kind */
	{ BASE "limit: {}\n", 8, "limit",
	  "unknown setting; did you mean limits?" },
	{ BASE "limits: { mesage_size: 1 MB }\n", 8, "limits.mesage_size",
	  "unknown setting; did you mean message_size?" },
	{ BASE "Logs: {}\n", 8, "Logs", "did you mean logs?" },
	{ BASE "nonsense_at_all: 1\n", 8, "nonsense_at_all",
	  "unknown setting" },
	{ BASE "dlp: {}\n", 8, "dlp",
	  "needs data loss prevention, which is not built yet" },
	{ BASE "message_filters: nowhere\n", 8, "message_filters",
	  "cannot read" },
	{ BASE POLICY_AT "recipients: [ 'a b' ], content_filters: [] } ]\n", 9,
	  "mail_policies.incoming[1].recipients[1]", "expected user@domain, "
	  "user@, @domain, domain, .domain, or all, at most 320 bytes, not "
	  "\"a b\"" },
	{ BASE POLICY_AT "senders: [ '@.' ], content_filters: [] } ]\n", 9,
	  "mail_policies.incoming[1].senders[1]", "expected user@domain" },
	{ BASE POLICY_AT "senders: [ all ] } ]\n", 9,
	  "mail_policies.incoming[1].content_filters",
	  "the setting is missing" },
	{ BASE POLICY_AT "content_filters: [] } ]\n", 9,
	  "mail_policies.incoming[1]", "says of no sender and no recipient" },
	{ BASE POLICY_AT "senders: [ all ], content_filters: [ x ] } ]\n", 9,
	  "mail_policies.incoming[1].content_filters[1]",
	  "there is no filter \"x\" in content_filters.incoming" },
	{ BASE POLICY_AT "senders: [ all ], content_filters: [ ab ] } ]\n"
	  "content_filters: { incoming: [ { name: abc, "
	  "actions: [ 'drop()' ] } ] }\n", 9,
	  "mail_policies.incoming[1].content_filters[1]",
	  "did you mean abc?" },
	{ BASE POLICY_AT "senders: [ all ], content_filters: [ all, x ] } ]\n"
	  "content_filters: { incoming: [ { name: x, "
	  "actions: [ 'drop()' ] } ] }\n", 9,
	  "mail_policies.incoming[1].content_filters[1]",
	  "\"all\" stands alone" },
	{ BASE POLICY_AT "senders: [ all ], sender_fields: [ to ], "
	  "content_filters: [] } ]\n", 9,
	  "mail_policies.incoming[1].sender_fields[1]",
	  "expected envelope, from, reply_to or sender" },
	{ BASE POLICY_AT "sender_groups: [ staff ], "
	  "content_filters: [] } ]\n", 9,
	  "mail_policies.incoming[1].sender_groups[1]",
	  "expected directory.query:group" },
	{ BASE "mail_policies:\n  outgoing: [ { name: default, "
	  "content_filters: [] }, { name: p, senders: [ all ], "
	  "content_filters: [] } ]\n", 9, "mail_policies.outgoing[1]",
	  "\"default\" must be the last policy" },
	{ BASE "mail_policies:\n  outgoing: [ { name: default, "
	  "recipients: [ all ], content_filters: [] } ]\n", 9,
	  "mail_policies.outgoing[1]", "names nobody" },
	{ BASE "mail_policies:\n  outgoing: [ { name: default, "
	  "active: false, content_filters: [] } ]\n", 9,
	  "mail_policies.outgoing[1].active", "cannot be switched off" },
	{ BASE "content_filters: { outgoing: [ { name: all, "
	  "actions: [ 'drop()' ] } ] }\n", 8,
	  "content_filters.outgoing[1].name",
	  "means every filter where policies name them" },
	{ BASE "dkim:\n  selector: a\n", 8, "dkim",
	  "needs DKIM signing, which is not built yet" },
	{ LISTENERS POLICIES GROUPS, 1, "hostname",
	  "the setting is missing" },
	{ HOSTNAME POLICIES GROUPS, 1, "listeners", "the setting is missing" },
	{ HOSTNAME "listeners: {}\n" POLICIES GROUPS, 2, "listeners",
	  "expected at least 1 of them" },
	{ HOSTNAME "listeners:\n" POLICIES GROUPS, 2, "listeners",
	  "expected at least 1 of them" },
	{ GROUP("name: a, addresses: [ all ]"), 7,
	  "sender_groups[1].mail_flow_policy", "the setting is missing" },
	{ BASE "limits: [ 1 MB ]\n", 8, "limits",
	  "expected settings by name, not a list" },
	{ BASE "smtp_routes: { a: b }\n", 8, "smtp_routes",
	  "expected a list of sections, not settings by name" },
	{ GROUP("name: a, mail_flow_policy: incoming, addresses: all"), 7,
	  "sender_groups[1].addresses",
	  "expected a list, such as [a, b], not a single value" },
	{ BASE "dns: { port: [ 53 ] }\n", 8, "dns.port",
	  "expected number, not a list" },
	{ BASE "dns: { port: }\n", 8, "dns.port",
	  "the value is missing; expected a whole number from 1 to 65535" },
	{ HOSTNAME "listeners:\n  pub lic: {}\n" POLICIES GROUPS, 3,
	  "listeners.pub lic", "expected a name of letters" },

	/* values */
	{ LISTENER("port: 0"), 3, "listeners.public.port",
	  "expected a whole number from 1 to 65535, not \"0\"" },
	{ LISTENER("port: 65536"), 3, "listeners.public.port",
	  "expected a whole number from 1 to 65535, not \"65536\"" },
	{ LISTENER("port: 1e3"), 3, "listeners.public.port", "not \"1e3\"" },
	{ LISTENER("port: 0777"), 3, "listeners.public.port",
	  "not \"0777\"" },
	{ LISTENER("port: 0x19"), 3, "listeners.public.port",
	  "not \"0x19\"" },
	{ LISTENER("port: -25"), 3, "listeners.public.port", "not \"-25\"" },
	{ LISTENER("port: 99999999999999999999"), 3, "listeners.public.port",
	  "expected a whole number" },
	{ LISTENER("address: 192.0.2"), 3, "listeners.public.address",
	  "expected an IPv4 or IPv6 address" },
	{ LISTENER("address: 'fe80::1%eth0'"), 3, "listeners.public.address",
	  "expected an IPv4 or IPv6 address" },
	{ LISTENER("address: ''"), 3, "listeners.public.address",
	  "expected an IPv4 or IPv6 address" },
	{ LISTENER("tls: startls"), 3, "listeners.public.tls",
	  "expected off, starttls or implicit, not \"startls\"; did you mean "
	  "starttls?" },
	{ LISTENER("banner: \"a\\nb\""), 3, "listeners.public.banner",
	  "expected one line of printable ASCII, at most 200 bytes, not "
	  "\"a?b\"" },
	{ BASE "logs: { syslog: NO }\n", 8, "logs.syslog",
	  "expected true or false, not \"NO\"" },
	{ BASE "logs: { syslog: yes }\n", 8, "logs.syslog",
	  "expected true or false" },
	{ BASE "logs: { syslog: True }\n", 8, "logs.syslog",
	  "expected true or false" },
	{ BASE "limits: { message_size: 50 }\n", 8, "limits.message_size",
	  "expected a size from 1 KB to 1 GB (B, KB, MB, GB), not \"50\"" },
	{ BASE "limits: { message_size: 50 Mb }\n", 8, "limits.message_size",
	  "expected a size" },
	{ BASE "limits: { message_size: 1.5 MB }\n", 8, "limits.message_size",
	  "expected a size" },
	{ BASE "limits: { message_size: 2 GB }\n", 8, "limits.message_size",
	  "expected a size from 1 KB to 1 GB" },
	{ BASE "limits: { message_size: 18446744073709551615 GB }\n", 8,
	  "limits.message_size", "expected a size" },
	{ BASE "limits: { segment_size: 1023 KB }\n", 8,
	  "limits.segment_size", "expected a size from 1 MB to 1 GB" },
	{ BASE "limits: { data_timeout: 5 minutes }\n", 8,
	  "limits.data_timeout", "expected a time from 100 ms to 1 h" },
	{ BASE "retention: { event_log: 7 }\n", 8, "retention.event_log",
	  "expected a time from 1 h to 3650 d" },
	{ "hostname: gateway\n" LISTENERS POLICIES GROUPS, 1, "hostname",
	  "expected a fully qualified host name" },
	{ "hostname: 192.0.2.1\n" LISTENERS POLICIES GROUPS, 1, "hostname",
	  "expected a fully qualified host name" },
	{ "hostname: -a.example.org\n" LISTENERS POLICIES GROUPS, 1,
	  "hostname", "expected a fully qualified host name" },
	{ BASE "processes: { users: { smtp: Root! } }\n", 8,
	  "processes.users.smtp", "expected the name of a user" },
	{ BASE "dns: { forwarders: [ 192.0.2.1:53 ] }\n", 8,
	  "dns.forwarders[1]", "expected an IP address, or address@port" },
	{ BASE "smtp_routes:\n  - domains: [ a.example ]\n"
	  "    hosts: [ mx.example, \"mx.example:0\" ]\n", 10,
	  "smtp_routes[1].hosts[2]",
	  "expected a host, host:port, or [IPv6]:port" },
	{ BASE "smtp_routes:\n  - domains: [ a.example ]\n"
	  "    hosts: [ \"2001:db8::1\" ]\n", 10,
	  "smtp_routes[1].hosts[1]", "expected a host" },
	{ BASE "destinations:\n  - domains: [ \"*.example.org\" ]\n", 9,
	  "destinations[1].domains[1]",
	  "expected a domain, .domain for all below it, or all" },
	{ BASE "recipient_access:\n  - patterns:\n      - a@b@example.org\n"
	  "    action: accept\n", 10, "recipient_access[1].patterns[1]",
	  "expected user@domain, user@, domain, .domain, or all" },

	/* names that lead nowhere, names twice */
	{ GROUP("name: a, addresses: [ all ], mail_flow_policy: incomming"), 7,
	  "sender_groups[1].mail_flow_policy", "there is no mail flow policy "
	  "\"incomming\" in mail_flow_policies; did you mean incoming?" },
	{ GROUP("name: a, addresses: [ all ], mail_flow_policy: incoming, "
	  "listeners: [ nowhere ]"), 7, "sender_groups[1].listeners[1]",
	  "there is no listener \"nowhere\" in listeners" },
	{ LISTENER("tls: starttls, certificate: main"), 3,
	  "listeners.public.certificate",
	  "there is no certificate \"main\" in tls.certificates" },
	{ BASE "destinations:\n"
	  "  - { domains: [ all ], bounce_profile: slow }\n", 9,
	  "destinations[1].bounce_profile",
	  "there is no bounce profile \"slow\" in bounce_profiles" },
	{ HOSTNAME LISTENERS POLICIES "sender_groups:\n"
	  "  - { name: a, addresses: [ 192.0.2.9 ], "
	  "mail_flow_policy: incoming }\n"
	  "  - { name: a, addresses: [ all ], "
	  "mail_flow_policy: incoming }\n", 8,
	  "sender_groups[2].name",
	  "the name \"a\" is given twice, first to entry 1" },

	/* contradictions */
	{ HOSTNAME LISTENERS "mail_flow_policies:\n"
	  "  incoming: { action: accept, tls: required }\n" GROUPS, 7,
	  "sender_groups[1].mail_flow_policy",
	  "policy \"incoming\" requires TLS, but it is off on listener "
	  "\"public\"" },
	{ LISTENER("tls: starttls"), 3, "listeners.public.certificate",
	  "the listener speaks TLS and needs one of tls.certificates" },
	{ LISTENER("certificate: main") CERTIFICATES, 3,
	  "listeners.public.certificate", "a certificate, but tls is off" },
	{ HOSTNAME "listeners:\n  a: { address: 192.0.2.1 }\n"
	  "  b: { address: 192.0.2.1, port: 25 }\n" POLICIES GROUPS, 4,
	  "listeners.b", "address and port are taken by listener \"a\"" },
	{ HOSTNAME "listeners:\n  a: { address: \"::\" }\n"
	  "  b: { address: \"2001:db8::1\" }\n" POLICIES GROUPS, 4,
	  "listeners.b", "address and port are taken by listener \"a\"" },
	{ BASE "limits: { message_size: 1 GB }\n", 8, "limits.in_flight",
	  "smaller than limits.message_size" },
	{ HOSTNAME LISTENERS "mail_flow_policies:\n"
	  "  incoming: { action: accept, max_message_size: 51 MB }\n" GROUPS,
	  5, "mail_flow_policies.incoming.max_message_size",
	  "larger than limits.message_size" },
	{ BASE "bounce_profiles:\n  a: { retry_initial: 2 h }\n", 9,
	  "bounce_profiles.a.retry_initial", "longer than retry_max" },
	{ BASE "bounce_profiles:\n  a: { lifetime: 30 min }\n", 9,
	  "bounce_profiles.a.retry_max", "longer than lifetime" },
	{ BASE "bounce_profiles:\n  a: { delay_warning: 3 d }\n", 9,
	  "bounce_profiles.a.delay_warning",
	  "not before the end of lifetime" },
	{ BASE "tls: { trust: { system: false } }\n"
	  "destinations:\n  - { domains: [ all ], tls: verified }\n", 10,
	  "destinations[1].tls", "verified, but no authority is trusted" },
	{ BASE "destinations:\n  - domains: [ all ]\n    tls: required\n"
	  "    tls_names: [ a.example ]\n", 11, "destinations[1].tls_names",
	  "have no effect unless tls is verified or preferred" },
	{ BASE "dns: { forwarders: [ 192.0.2.1 ], "
	  "root_hints: [ 192.0.2.2 ] }\n", 8, "dns.root_hints",
	  "have no effect beside dns.forwarders" },
	{ BASE "recipient_access:\n"
	  "  - { patterns: [ all ], action: reject, reply: 499 }\n", 9,
	  "recipient_access[1].reply", "not a reply code of SMTP" },
	{ BASE "management: { control_socket: /123456789/123456789/123456789/"
	  "123456789/123456789/123456789/123456789/123456789/123456789/"
	  "123456789/12345678 }\n", 8, "management.control_socket",
	  "the path of a socket has at most 107 bytes" },

	/* what can never match */
	{ BASE "  - { name: b, addresses: [ 192.0.2.9 ], "
	  "mail_flow_policy: incoming }\n", 8, "sender_groups[2]",
	  "can never match: a group before it takes all addresses" },
	{ BASE "recipient_access:\n"
	  "  - { patterns: [ all ], action: accept }\n"
	  "  - { patterns: [ a.example ], action: accept }\n", 10,
	  "recipient_access[2]", "can never match" },
	{ BASE "destinations:\n  - { domains: [ all ] }\n"
	  "  - { domains: [ a.example ] }\n", 10, "destinations[2]",
	  "can never match" },
	{ BASE "smtp_routes:\n  - { domains: [ all ], hosts: [ a.example ] }\n"
	  "  - { domains: [ b.example ], hosts: [ a.example ] }\n", 10,
	  "smtp_routes[2]", "can never match" },

	/* networks */
	{ GROUP("name: a, addresses: [ 192.0.2.1/24 ], "
	  "mail_flow_policy: incoming"), 7, "sender_groups[1].addresses[1]",
	  "bits behind the prefix are set; the network is 192.0.2.0/24" },
	{ GROUP("name: a, addresses: [ 192.0.2.0/33 ], "
	  "mail_flow_policy: incoming"), 7, "sender_groups[1].addresses[1]",
	  "expected an IP address, a network such as 192.0.2.0/24, or all" },
	{ GROUP("name: a, addresses: [ \"::ffff:192.0.2.1\" ], "
	  "mail_flow_policy: incoming"), 7, "sender_groups[1].addresses[1]",
	  "expected an IP address" },
	{ HOSTNAME LISTENERS RELAY GROUPS, 7, "sender_groups[1].addresses[1]",
	  "an open relay: policy \"incoming\" relays to anybody" },
	{ HOSTNAME LISTENERS RELAY "sender_groups:\n"
	  "  - { name: a, addresses: [ 10.0.0.0/8, 128.0.0.0/1 ], "
	  "mail_flow_policy: incoming }\n", 7, "sender_groups[1].addresses[2]",
	  "an open relay" },

	/* files */
	{ BASE "tls:\n  certificates:\n    a:\n      certificate: none.pem\n"
	  "      key: good.key\n", 11, "tls.certificates.a.certificate",
	  "cannot read none.pem: No such file or directory" },
	{ BASE "tls:\n  certificates:\n    a:\n      certificate: folder\n"
	  "      key: good.key\n", 11, "tls.certificates.a.certificate",
	  "cannot read folder: not a regular file" },
	{ BASE "tls:\n  certificates:\n    a:\n      certificate: text.pem\n"
	  "      key: good.key\n", 11, "tls.certificates.a.certificate",
	  "text.pem holds no certificate; expected PEM" },
	{ BASE "tls:\n  certificates:\n    a:\n      certificate: cut.pem\n"
	  "      key: good.key\n", 11, "tls.certificates.a.certificate",
	  "cut.pem not valid PEM" },
	{ BASE "tls:\n  certificates:\n    a:\n      certificate: both.pem\n"
	  "      key: good.key\n", 11, "tls.certificates.a.certificate",
	  "both.pem holds a private key" },
	{ BASE "tls:\n  certificates:\n    a:\n      certificate: good.pem\n"
	  "      key: none.key\n", 12, "tls.certificates.a.key",
	  "no key in none.key: No such file or directory" },
	{ BASE "tls: { trust: { files: [ good.pem, none.pem ] } }\n", 8,
	  "tls.trust.files[2]", "cannot read none.pem" },
	{ BASE "dns: { trust_anchor: none }\n", 8, "dns.trust_anchor",
	  "cannot read none" },
	/* filters, encryption, the key service */
	{ BASE "content_filters: { outgoing: [{ name: a }] }\n", 8,
	  "content_filters.outgoing[1].actions", "the setting is missing" },
	{ BASE "content_filters: { outgoing: [{ name: a, actions: [] }] }\n",
	  8, "content_filters.outgoing[1].actions", "expected" },
	{ BASE "content_filters: { both: [] }\n", 8, "content_filters.both",
	  "unknown setting" },
	/* X13: nothing of an envelope ever goes by plain HTTP */
	{ BASE "encryption: { profiles: { a: { portal_url: "
	  "\"http://msg.example.org\" } } }\n", 8,
	  "encryption.profiles.a.portal_url", "without a path" },
	{ BASE "encryption: { global: { max_message_size: 26 MB } }\n", 8,
	  "encryption.global.max_message_size", "a size from 1 KB to 25 MB" },
	{ BASE "encryption: { profiles: { a: { form: link } } }\n", 8,
	  "encryption.profiles.a.form", "attachment_and_link or attachment" },
	{ BASE "encryption: { global: { client_certificate: none } }\n", 8,
	  "encryption.global.client_certificate", "certificate" },
	{ BASE "key_service: { code_lifetime: 5 s }\n", 8,
	  "key_service.code_lifetime", "a time from 1 min to 1 d" },
	{ BASE "key_service: { portal: { port: 0 } }\n", 8,
	  "key_service.portal.port", "from 1 to 65535" },
};

static void
expect_error(const struct config_errors *errors, struct text yaml,
	const struct mistake *mistake)
{
	const struct config_error *error = &errors->items[0];

	if (errors->count == 1 && error->line == mistake->line &&
	    text_equal(error->path, text_from(mistake->path)) &&
	    text_find(error->message, text_from(mistake->words)) <
	    error->message.len && text_equal(error->file,
	    TEXT("test.yaml")) && error->column > 0)
		return;
	fail_msg("for <<%.*s>> expected %u %s \"%s\", got %zu errors, %u "
	    "%.*s \"%.*s\"", TEXT_ARG(yaml), mistake->line, mistake->path,
	    mistake->words, errors->count, error->line, TEXT_ARG(error->path),
	    TEXT_ARG(error->message));
}

static void
every_mistake_is_refused_at_its_place(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct fixture *fixture = fixture_new();
		struct text yaml = text_from(mistakes[i].yaml);

		assert_int_not_equal(fixture_load(fixture, yaml), 0);
		expect_error(&fixture->errors, yaml, &mistakes[i]);
		fixture_free(fixture);
	}
}

static void
refuse_bytes(struct text yaml, unsigned int line, const char *words)
{
	struct fixture *fixture = fixture_new();
	struct mistake mistake = { "", line, "", words };

	assert_int_not_equal(fixture_load(fixture, yaml), 0);
	assert_int_equal(fixture->errors.count, 1);
	if (line > 0)
		expect_error(&fixture->errors, TEXT("(bytes)"), &mistake);
	else
		assert_true(text_find(fixture->errors.items[0].message,
		    text_from(words)) <
		    fixture->errors.items[0].message.len);
	fixture_free(fixture);
}

static void
nul_bytes_are_refused(void **state)
{
	(void)state;
	refuse_bytes(TEXT(HOSTNAME "a: \0b\n"), 2, "a NUL byte");
	/* Written as an escape it reaches the type, which refuses it. */
	refuse_bytes(TEXT("hostname: \"a.example\\0\"\n" LISTENERS POLICIES
	    GROUPS), 0, "expected a fully qualified host name");
	refuse_bytes(TEXT(BASE "logs: { file: \"a\\0b\" }\n"), 0,
	    "expected the path of a file");
}

static void
depth_is_bounded(void **state)
{
	static char deep[10000];

	(void)state;
	memset(deep, '[', sizeof(deep));
	refuse_bytes(text_of(deep, sizeof(deep)), 1,
	    "nested more than 32 levels deep");
}

static void
alias_bombs_are_refused(void **state)
{
	(void)state;
	refuse_bytes(TEXT("a: &a [ x, x ]\nb: &b [ *a, *a ]\n"), 1,
	    "anchors and aliases are not allowed");
}

static void
size_is_bounded(void **state)
{
	size_t size = 16u * 1024 * 1024 + 1;
	char *large = malloc(size);

	(void)state;
	assert_non_null(large);
	memset(large, 'a', size);
	refuse_bytes(text_of(large, size), 0,
	    "the file is larger than 16777216 bytes");
	free(large);
}

static void
number_of_values_is_bounded(void **state)
{
	size_t i, count = 600000, size = 2 * count + 1;
	char *large = malloc(size);

	(void)state;
	assert_non_null(large);
	large[0] = '[';
	for (i = 0; i < count; i++) {
		large[1 + 2 * i] = 'a';
		large[2 + 2 * i] = ',';
	}
	refuse_bytes(text_of(large, size), 1, "more memory");
	free(large);
}

static void
a_small_arena_is_an_error(void **state)
{
	struct fixture *fixture = fixture_new();
	struct arena *arena;
	size_t max;

	(void)state;
	for (max = 64; max < 16384; max += 61) {
		arena = arena_new(max);
		if (config_load_text(TEXT(BASE
		    "tls: { trust: { system: false } }\n"),
		    TEXT("test.yaml"), arena, &fixture->config,
		    &fixture->errors) != 0)
			assert_true(fixture->errors.count > 0);
		arena_free(arena);
	}
	fixture_free(fixture);
}

static void
many_errors_are_told_up_to_a_limit(void **state)
{
	struct fixture *fixture = fixture_new();
	struct buffer yaml, words;
	int i;

	(void)state;
	buffer_init(&yaml, 1 << 20);
	buffer_init(&words, 1 << 20);
	assert_int_equal(buffer_printf(&yaml, "%s", BASE), 0);
	for (i = 0; i < 200; i++)
		assert_int_equal(buffer_printf(&yaml, "wrong%d: 1\n", i), 0);
	assert_int_equal(fixture_load(fixture, buffer_text(&yaml)),
	    ERROR_MALFORMED);
	assert_int_equal(fixture->errors.count, CONFIG_ERRORS_MAX);
	assert_int_equal(config_errors_print(&fixture->errors, &words), 0);
	assert_true(text_starts(buffer_text(&words),
	    TEXT("test.yaml:8:1: wrong0: unknown setting\n")));
	buffer_clear(&yaml);
	buffer_clear(&words);
	fixture_free(fixture);
}

static void
files_that_cannot_be_read_are_told(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	assert_int_equal(config_load_file("nowhere.yaml", fixture->arena,
	    &fixture->config, &fixture->errors), ERROR_SYSTEM);
	assert_true(text_equal(fixture->errors.items[0].message,
	    TEXT("cannot be read: No such file or directory")));
	assert_int_equal(config_load_file("folder", fixture->arena,
	    &fixture->config, &fixture->errors), ERROR_REFUSED);
	assert_int_equal(config_load_file("/dev/zero", fixture->arena,
	    &fixture->config, &fixture->errors), ERROR_REFUSED);
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_refused_at_its_place),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(alias_bombs_are_refused),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(number_of_values_is_bounded),
		cmocka_unit_test(a_small_arena_is_an_error),
		cmocka_unit_test(many_errors_are_told_up_to_a_limit),
		cmocka_unit_test(files_that_cannot_be_read_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_folder,
	    fixture_folder_remove);
}
