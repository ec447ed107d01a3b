/*
 * Schema: dns, processes, logs, management, retention: how the gateway
 * itself is run.
 */
#include "gateway/base/log.h"
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_row dns_rows[] = {
	{ .name = "forwarders", .kind = CONFIG_KIND_RESOLVER,
	  CONFIG_LIST_AT(config_dns, forwarders, forwarder_count), .most = 16,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Resolvers to ask; none lets the gateway resolve by "
		  "itself." },
	{ .name = "port", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_dns, port), .least = 1, .most = 65535,
	  .fallback = "53", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Port on which authoritative servers are asked." },
	{ .name = "root_hints", .kind = CONFIG_KIND_ADDRESS,
	  CONFIG_LIST_AT(config_dns, root_hints, root_hint_count), .most = 32,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Own root servers of a closed network." },
	{ .name = "trust_anchor", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_dns, trust_anchor_file), .fallback = "",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "File with the DNSSEC trust anchor, DS or DNSKEY records; "
		  "without one nothing is validated." },
	{ .name = "timeout", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_dns, timeout_ms), .least = 100,
	  .most = 5 * CONFIG_MINUTE, .fallback = "30 s",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Time for a whole look-up." },
	{ .name = "list_timeout", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_dns, list_timeout_ms), .least = 100,
	  .most = CONFIG_MINUTE, .fallback = "10 s",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Time to find out for filters whether a client is on a DNS "
		  "list and what its verified names are." },
	{ .name = "list_on_failure", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_dns, list_on_failure),
	  .words = config_on_failure_words, .fallback = "unknown",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "What a message becomes whose filters need that and cannot "
		  "have it: set aside (hold), or judged with conditions "
		  "about it false (unknown)." },
};

const struct config_section config_schema_dns = {
	CONFIG_ROWS(dns_rows),
	.shape = &config_dns_shape,
	.help = "How names are resolved.",
};

#define USER_ROW(process, about) \
	{ .name = #process, .kind = CONFIG_KIND_USER, \
	  CONFIG_AT(config_users, process), \
	  .fallback = "postern-" #process, \
	  .effect = CONFIG_EFFECT_RESTART, .help = about }

static const struct config_row user_rows[] = {
	USER_ROW(smtp, "User of the processes that receive mail."),
	USER_ROW(queue, "User of the process that owns the queue."),
	USER_ROW(lookup, "User of the process that resolves names."),
	USER_ROW(deliver, "User of the processes that send mail."),
	USER_ROW(keys, "User of the processes that hold private keys."),
	USER_ROW(admin, "User of the process that manages the gateway."),
	USER_ROW(scan, "User of the processes that judge messages."),
	USER_ROW(protect, "User of the process that encrypts messages."),
	USER_ROW(vault, "User of the process that keeps envelope keys."),
	USER_ROW(portal, "User of the process that serves recipients."),
	USER_ROW(unseal, "User of the process that opens envelopes."),
	USER_ROW(inspect, "User of the processes that ask directories."),
};

static const struct config_section user_section = {
	CONFIG_ROWS(user_rows),
	.shape = &config_users_shape,
	.help = "Users of the processes, where the gateway is started as "
		"root.",
};

static const struct config_row process_rows[] = {
	{ .name = "smtp", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_processes, smtp), .least = 0, .most = 64,
	  .fallback = "0", .effect = CONFIG_EFFECT_RESTART,
	  .help = "Processes that receive mail; 0 starts one per core." },
	{ .name = "deliver", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_processes, deliver), .least = 0, .most = 64,
	  .fallback = "0", .effect = CONFIG_EFFECT_RESTART,
	  .help = "Processes that send mail; 0 starts one per core." },
	{ .name = "scan", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_processes, scan), .least = 0, .most = 64,
	  .fallback = "0", .effect = CONFIG_EFFECT_RESTART,
	  .help = "Processes that judge messages; 0 starts one per core." },
	{ .name = "keys", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_processes, keys), .least = 0, .most = 64,
	  .fallback = "0", .effect = CONFIG_EFFECT_RESTART,
	  .help = "Processes that hold private keys; 0 starts one per core." },
	{ .name = "inspect", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_processes, inspect), .least = 1, .most = 64,
	  .fallback = "2", .effect = CONFIG_EFFECT_RESTART,
	  .help = "Processes that ask directories, each one question at a "
		  "time; they run where directories are configured." },
	{ .name = "queue_directory", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_processes, queue_directory),
	  .fallback = "/var/lib/postern/queue",
	  .effect = CONFIG_EFFECT_RESTART,
	  .help = "Folder of the queue, on a disk that keeps what it "
		  "synced." },
	{ .name = "run_directory", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_processes, run_directory),
	  .fallback = "/run/postern", .effect = CONFIG_EFFECT_RESTART,
	  .help = "Folder of the control socket and of files that need not "
		  "survive a reboot." },
	{ .name = "users", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config_processes, users),
	  .effect = CONFIG_EFFECT_RESTART, .section = &user_section,
	  .help = "Users of the processes." },
};

const struct config_section config_schema_processes = {
	CONFIG_ROWS(process_rows),
	.shape = &config_processes_shape,
	.help = "Number, users and folders of the processes.",
};

static const struct config_word level_words[] = {
	{ "debug", LOG_DEBUG_LEVEL },
	{ "info", LOG_INFO_LEVEL },
	{ "warning", LOG_WARNING_LEVEL },
	{ "error", LOG_ERROR_LEVEL },
	{ NULL, 0 },
};

/* RFC 5424 6.2.1: numerical codes of the facilities. */
static const struct config_word facility_words[] = {
	{ "user", 1 }, { "mail", 2 }, { "daemon", 3 }, { "auth", 4 },
	{ "syslog", 5 }, { "authpriv", 10 }, { "local0", 16 },
	{ "local1", 17 }, { "local2", 18 }, { "local3", 19 },
	{ "local4", 20 }, { "local5", 21 }, { "local6", 22 },
	{ "local7", 23 }, { NULL, 0 },
};

static const struct config_row log_rows[] = {
	{ .name = "level", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_logs, level), .words = level_words,
	  .fallback = "info", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Least weight of the events that are written." },
	{ .name = "stderr", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_logs, to_stderr), .fallback = "true",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Whether events go to the standard error output." },
	{ .name = "file", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_logs, file), .fallback = "",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "File of the event log, read by \"postern message\"; empty "
		  "for none." },
	{ .name = "syslog", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_logs, syslog), .fallback = "false",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Whether events go to syslog." },
	{ .name = "syslog_socket", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_logs, syslog_socket), .fallback = "/dev/log",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Socket of the syslog service." },
	{ .name = "syslog_facility", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_logs, syslog_facility), .words = facility_words,
	  .fallback = "mail", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Facility under which syslog files the events." },
};

const struct config_section config_schema_logs = {
	CONFIG_ROWS(log_rows),
	.shape = &config_logs_shape,
	.help = "Where events are written.",
};

static const struct config_row management_rows[] = {
	{ .name = "control_socket", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_management, control_socket), .fallback = "",
	  .effect = CONFIG_EFFECT_RESTART,
	  .help = "Socket on which commands are taken; empty for control in "
		  "processes.run_directory." },
	{ .name = "policy_tests", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_management, policy_tests), .fallback = "",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "File of policy tests (postern-policy-tests(5)); a "
		  "configuration with which one fails is refused." },
};

const struct config_section config_schema_management = {
	CONFIG_ROWS(management_rows),
	.shape = &config_management_shape,
	.help = "How the gateway is managed.",
};

static const struct config_row retention_rows[] = {
	{ .name = "event_log", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_retention, event_log_ms), .least = CONFIG_HOUR,
	  .most = 3650 * CONFIG_DAY, .fallback = "7 d",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "How long rotated event logs are kept." },
};

const struct config_section config_schema_retention = {
	CONFIG_ROWS(retention_rows),
	.shape = &config_retention_shape,
	.help = "How long records are kept.",
};
