/*
 * The configuration as every process reads it: plain data, filled from the
 * YAML tree by the schema and carried as a record in a sealed memfd.
 *
 * Sizes are in bytes, times in milliseconds, counts plain.  Names are unique
 * within their list.  The schema (config_schema.h) gives ranges and
 * defaults; config_check.h what must hold between settings.
 */
#ifndef GATEWAY_CONFIG_CONFIG_H
#define GATEWAY_CONFIG_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"
#include "gateway/config/config_dictionary.h"
#include "gateway/config/config_directory.h"
#include "gateway/config/config_mail_policy.h"
#include "gateway/config/config_protection.h"
#include "gateway/config/config_text_resource.h"

enum config_listener_tls {
	CONFIG_LISTENER_TLS_OFF,
	CONFIG_LISTENER_TLS_STARTTLS,	/* offered where the policy allows */
	CONFIG_LISTENER_TLS_IMPLICIT,	/* RFC 8314 3.3 */
};

/* listeners: NAME: ... */
struct config_listener {
	struct text name;
	struct text address;		/* printed IP, 0.0.0.0 or :: for all */
	uint16_t port;
	uint8_t tls;			/* enum config_listener_tls */
	struct text certificate;	/* name in tls.certificates */
	uint32_t max_connections;	/* over all smtp processes */
	uint32_t max_connections_per_client;	/* per address, or /64 */
	struct text banner;		/* behind "220 HOSTNAME "; may be "" */
};

/* sender_groups: an ordered list; the first that matches decides */
struct config_sender_group {
	struct text name;
	struct text *listeners;		/* names; none: all listeners */
	size_t listener_count;
	struct text *addresses;		/* "192.0.2.0/24", "2001:db8::1", "all" */
	size_t address_count;
	struct text flow_policy;	/* name in mail_flow_policies */
};

enum config_flow_action {
	CONFIG_FLOW_ACCEPT,	/* mail for recipient_access only */
	CONFIG_FLOW_RELAY,	/* mail for anybody: outgoing */
	CONFIG_FLOW_REJECT,	/* 554 at connection */
};

enum config_flow_tls {
	CONFIG_FLOW_TLS_OFF,
	CONFIG_FLOW_TLS_PREFERRED,
	CONFIG_FLOW_TLS_REQUIRED,
};

/* mail_flow_policies: NAME: ... */
struct config_flow_policy {
	struct text name;
	uint8_t action;			/* enum config_flow_action */
	uint8_t tls;			/* enum config_flow_tls */
	uint64_t max_message_size;	/* 0: limits.message_size */
	uint32_t max_recipients;	/* per message */
	uint32_t max_messages;		/* per connection */
	uint32_t max_invalid_recipients;	/* per connection, then 421 */
	uint32_t max_errors;		/* bad commands per connection */
	uint64_t messages_per_hour;	/* per client address; 0: no limit */
	uint64_t recipients_per_hour;	/* per client address; 0: no limit */
	struct text reject_text;	/* behind the code when rejecting */
};

enum config_access_action { CONFIG_ACCESS_ACCEPT, CONFIG_ACCESS_REJECT };

/*
 * recipient_access: an ordered list; the first that matches decides, none:
 * rejected.  Patterns: "user@domain", "domain", ".domain" (all below it),
 * "user@" (that local part anywhere), "all".
 */
struct config_recipient_access {
	struct text *patterns;
	size_t pattern_count;
	uint8_t action;			/* enum config_access_action */
	uint16_t reply;			/* of a rejection, 450-599 */
	struct text text;
};

enum config_destination_tls {
	CONFIG_DESTINATION_TLS_NONE,
	CONFIG_DESTINATION_TLS_PREFERRED,
	CONFIG_DESTINATION_TLS_REQUIRED,	/* any certificate */
	CONFIG_DESTINATION_TLS_VERIFIED,	/* name and chain */
};

/*
 * destinations: an ordered list; the first whose domain pattern ("domain",
 * ".domain", "all") matches decides.  The schema supplies a last entry
 * "all" with the defaults where none is given.
 */
struct config_destination {
	struct text *domains;
	size_t domain_count;
	uint8_t tls;			/* enum config_destination_tls */
	struct text *tls_names;		/* names accepted in the certificate
					   besides the MX host's; "" none */
	size_t tls_name_count;
	uint32_t concurrency;		/* connections at once */
	uint32_t messages_per_connection;
	struct text bounce_profile;
};

/* smtp_routes: an ordered list; none matches: MX look-up */
struct config_route {
	struct text *domains;		/* as in destinations */
	size_t domain_count;
	struct text *hosts;		/* "host", "host:port", "[::1]:port",
					   in order of preference */
	size_t host_count;
};

/* bounce_profiles: NAME: ...; "default" always exists */
struct config_bounce_profile {
	struct text name;
	uint64_t retry_initial_ms;	/* 60 s; doubles */
	uint64_t retry_max_ms;		/* 1 h */
	uint64_t lifetime_ms;		/* 72 h */
	uint64_t delay_warning_ms;	/* 0: no warnings */
	uint8_t send_bounces;
};

struct config_certificate {
	struct text name;
	struct text certificate_file;	/* PEM, leaf first */
	struct text key_file;		/* PEM; only keys reads it */
	struct text certificate_pem;	/* content, read at load */
};

struct config_tls {
	struct config_certificate *certificates;
	size_t certificate_count;
	uint8_t trust_system;		/* Debian's bundle */
	struct text *trust_files;
	size_t trust_file_count;
	struct text trust_pem;		/* content of all, read at load */
};

struct config_dns {
	struct text *forwarders;	/* "IP" or "IP@port"; none: resolve */
	size_t forwarder_count;
	uint16_t port;			/* asked on authoritative servers */
	struct text *root_hints;	/* "IP" of own root servers, for tests
					   and closed networks */
	size_t root_hint_count;
	struct text trust_anchor_file;
	struct text trust_anchor;	/* content, read at load */
	uint64_t timeout_ms;		/* whole look-up */
	uint64_t list_timeout_ms;	/* facts about a client */
	uint8_t list_on_failure;	/* enum config_on_failure */
};

struct config_users {
	struct text smtp;
	struct text queue;
	struct text lookup;
	struct text deliver;
	struct text keys;
	struct text admin;
	struct text scan;
	struct text protect;
	struct text vault;
	struct text portal;
	struct text unseal;
	struct text inspect;
};

struct config_processes {
	uint32_t smtp;			/* 0: one per core */
	uint32_t deliver;		/* 0: one per core */
	uint32_t scan;			/* 0: one per core */
	uint32_t keys;			/* 0: one per core */
	uint32_t inspect;
	struct text queue_directory;
	struct text run_directory;	/* control socket, lease file */
	struct config_users users;	/* used when started as root */
};

struct config_logs {
	uint8_t level;			/* enum log_level */
	uint8_t to_stderr;
	struct text file;		/* event log; "" none */
	uint8_t syslog;
	struct text syslog_socket;
	uint8_t syslog_facility;	/* RFC 5424 6.2.1 number */
};

struct config_limits {
	uint64_t message_size;		/* 50 MB, at most 1 GB */
	uint64_t in_flight;		/* 256 MB */
	uint64_t hot_bodies;		/* bodies kept in memory by queue */
	uint64_t segment_size;		/* 16 MB */
	uint32_t segment_pool;		/* 8 */
	uint64_t free_space_reserve;	/* disk; below it 452 4.3.1 */
	uint64_t header_size;		/* of one message */
	uint32_t header_count;
	uint64_t line_length;		/* 64 KB */
	uint32_t received_count;	/* loop limit, 100 */
	uint8_t refuse_nul;
	uint64_t command_timeout_ms;	/* a whole command, 5 min */
	uint64_t data_timeout_ms;	/* between reads in DATA or BDAT */
	uint64_t data_rate;		/* least bytes/s over a minute */
	uint64_t session_timeout_ms;	/* a whole session */
	uint64_t connect_timeout_ms;	/* outbound */
	uint64_t reply_timeout_ms;	/* outbound, most commands */
	uint64_t final_reply_timeout_ms;	/* outbound, behind the dot */
	uint64_t idle_connection_ms;	/* outbound, kept for reuse */
};

struct config_management {
	struct text control_socket;	/* "" : RUN_DIRECTORY/control */
	struct text policy_tests;	/* file of cases; empty: none */
};

struct config_retention {
	uint64_t event_log_ms;		/* 7 days */
};

struct config {
	struct text hostname;
	struct config_listener *listeners;
	size_t listener_count;
	struct config_sender_group *sender_groups;
	size_t sender_group_count;
	struct config_flow_policy *flow_policies;
	size_t flow_policy_count;
	struct config_recipient_access *recipient_access;
	size_t recipient_access_count;
	struct config_destination *destinations;
	size_t destination_count;
	struct config_route *routes;
	size_t route_count;
	struct config_bounce_profile *bounce_profiles;
	size_t bounce_profile_count;
	struct text message_filters_file;
	struct text message_filters_text;	/* content, read at load */
	struct config_mail_policies mail_policies;
	struct config_content_filters content_filters;
	struct config_dictionary *dictionaries;
	size_t dictionary_count;
	struct config_quarantine *quarantines;
	size_t quarantine_count;
	struct config_directory *directories;
	size_t directory_count;
	struct config_text_resource *text_resources;
	size_t text_resource_count;
	struct config_encryption encryption;
	struct config_key_service key_service;
	struct config_tls tls;
	struct config_dns dns;
	struct config_processes processes;
	struct config_logs logs;
	struct config_limits limits;
	struct config_management management;
	struct config_retention retention;
};

extern const struct record_shape config_shape;

/* By name; NULL where there is none. */
const struct config_listener *config_listener_find(
	const struct config *config, struct text name);
const struct config_flow_policy *config_flow_policy_find(
	const struct config *config, struct text name);
const struct config_certificate *config_certificate_find(
	const struct config *config, struct text name);
const struct config_bounce_profile *config_bounce_profile_find(
	const struct config *config, struct text name);
const struct config_quarantine *config_quarantine_find(
	const struct config *config, struct text name);
const struct config_dictionary *config_dictionary_find(
	const struct config *config, struct text name);
const struct config_text_resource *config_text_resource_find(
	const struct config *config, struct text name);
const struct config_encryption_profile *config_encryption_profile_find(
	const struct config *config, struct text name);

#endif
