/*
 * Schema: encryption, key_service.  The members of encryption.global lie in
 * struct config_encryption itself.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_word form_words[] = {
	{ "attachment_and_link", CONFIG_ENVELOPE_ATTACHMENT_AND_LINK },
	{ "attachment", CONFIG_ENVELOPE_ATTACHMENT },
	{ NULL, 0 },
};

static const struct config_row profile_rows[] = {
	{ .name = "key_service_url", .kind = CONFIG_KIND_URL,
	  CONFIG_AT(config_encryption_profile, key_service_url),
	  .fallback = "", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Management address of the key service; empty for the "
		  "gateway's own." },
	{ .name = "portal_url", .kind = CONFIG_KIND_URL,
	  CONFIG_AT(config_encryption_profile, portal_url), .fallback = "",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Where recipients open messages; empty for the gateway's "
		  "own key_service.portal.url." },
	{ .name = "organisation", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_encryption_profile, organisation),
	  .fallback = "", .most = 200, .effect = CONFIG_EFFECT_LIVE,
	  .help = "Name that stands beside the sender's address." },
	{ .name = "form", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_encryption_profile, form), .words = form_words,
	  .fallback = "attachment_and_link", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether the mail carries a link beside the envelope." },
	{ .name = "tls_verified", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_encryption_profile, tls_verified),
	  .fallback = "false", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether TLS in place of an envelope needs a verified "
		  "certificate where the destination merely prefers TLS." },
	{ .name = "expires", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_encryption_profile, expires_ms), .least = 0,
	  .most = 3650 * CONFIG_DAY, .fallback = "0",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "How long messages can be opened; 0 for ever." },
	{ .name = "timeout", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_encryption_profile, timeout_ms),
	  .least = CONFIG_SECOND, .most = 30 * CONFIG_DAY,
	  .fallback = "4 h", .effect = CONFIG_EFFECT_LIVE,
	  .help = "How long a message waits to be encrypted before its "
		  "sender is told that it could not be." },
	{ .name = "failure_subject", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(config_encryption_profile, failure_subject),
	  .fallback = "Message could not be encrypted", .most = 200,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Subject of the notice that tells so." },
};

static const struct config_section profile_section = {
	CONFIG_ROWS(profile_rows),
	.shape = &config_encryption_profile_shape,
	.is_named = true,
	.help = "How messages are put into envelopes.",
};

static const struct config_row global_rows[] = {
	{ .name = "max_message_size", .kind = CONFIG_KIND_SIZE,
	  CONFIG_AT(config_encryption, max_message_size),
	  .least = CONFIG_KB, .most = 25 * CONFIG_MB, .fallback = "10 MB",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Largest message that is put into an envelope; a larger "
		  "one goes back to its sender." },
	{ .name = "client_certificate", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_encryption, client_certificate), .fallback = "",
	  .target = CONFIG_TARGET_CERTIFICATE,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Certificate by which the gateway shows itself to the key "
		  "service; used for nothing else." },
	{ .name = "trust", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_encryption, trust_file), .fallback = "",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "PEM file with the authorities that may vouch for the key "
		  "service." },
};

static const struct config_section global_section = {
	CONFIG_ROWS(global_rows),
	.shape = &config_encryption_shape,
	.help = "What all profiles share.",
};

static const struct config_row encryption_rows[] = {
	{ .name = "global", .kind = CONFIG_KIND_SECTION, .offset = 0,
	  .width = sizeof(struct config_encryption),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &global_section,
	  .help = "What all profiles share." },
	{ .name = "profiles", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config_encryption, profiles, profile_count),
	  .most = 100, .effect = CONFIG_EFFECT_LIVE,
	  .section = &profile_section,
	  .help = "Encryption profiles, by the name that filters use." },
};

const struct config_section config_schema_encryption = {
	CONFIG_ROWS(encryption_rows),
	.shape = &config_encryption_shape,
	.help = "Encrypted envelopes.",
};

static const struct config_row management_rows[] = {
	{ .name = "address", .kind = CONFIG_KIND_ADDRESS,
	  CONFIG_AT(config_service_listener, address),
	  .fallback = "127.0.0.1", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Address on which gateways register keys." },
	{ .name = "port", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_service_listener, port), .least = 1,
	  .most = 65535, .fallback = "4180",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "TCP port of that address." },
	{ .name = "certificate", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_service_listener, certificate), .fallback = "",
	  .target = CONFIG_TARGET_CERTIFICATE,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Certificate that is shown to gateways." },
};

static const struct config_section management_section = {
	CONFIG_ROWS(management_rows),
	.shape = &config_service_listener_shape,
	.help = "Where gateways register keys, always with mutual TLS.",
};

static const struct config_row portal_rows[] = {
	{ .name = "address", .kind = CONFIG_KIND_ADDRESS,
	  CONFIG_AT(config_portal, address), .fallback = "::",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Address on which recipients are served." },
	{ .name = "port", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_portal, port), .least = 1,
	  .most = 65535, .fallback = "443", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "TCP port of that address." },
	{ .name = "certificate", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_portal, certificate), .fallback = "",
	  .target = CONFIG_TARGET_CERTIFICATE,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Certificate that is shown to recipients; without one the "
		  "portal speaks plain HTTP and must listen on loopback, "
		  "behind a server that speaks HTTPS." },
	{ .name = "url", .kind = CONFIG_KIND_URL,
	  CONFIG_AT(config_portal, url), .fallback = "",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "The portal as recipients reach it, such as "
		  "https://msg.example.com." },
};

static const struct config_section portal_section = {
	CONFIG_ROWS(portal_rows),
	.shape = &config_portal_shape,
	.help = "Where recipients open messages.",
};

static const struct config_row key_service_rows[] = {
	{ .name = "enabled", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_key_service, enabled), .fallback = "false",
	  .effect = CONFIG_EFFECT_RESTART,
	  .help = "Whether this machine runs a key service." },
	{ .name = "directory", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_key_service, directory),
	  .fallback = "/var/lib/postern/vault",
	  .effect = CONFIG_EFFECT_RESTART,
	  .help = "Folder of its database." },
	{ .name = "master_key", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_key_service, master_key_file), .fallback = "",
	  .effect = CONFIG_EFFECT_RESTART,
	  .help = "File with the master key, 64 hexadecimal digits, that no "
		  "one else may read; \"postern key-service make-key\" makes "
		  "one." },
	{ .name = "management", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config_key_service, management),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &management_section,
	  .help = "Where gateways register keys." },
	{ .name = "client_trust", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_key_service, client_trust_file), .fallback = "",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "PEM file with the authorities that may vouch for "
		  "gateways." },
	{ .name = "portal", .kind = CONFIG_KIND_SECTION,
	  CONFIG_AT(config_key_service, portal),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &portal_section,
	  .help = "Where recipients open messages." },
	{ .name = "sender", .kind = CONFIG_KIND_TEXT,
	  CONFIG_AT(config_key_service, sender), .fallback = "",
	  .most = 320, .effect = CONFIG_EFFECT_LIVE,
	  .help = "From address of mails with codes; empty for "
		  "postmaster@HOSTNAME." },
	{ .name = "code_lifetime", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_key_service, code_lifetime_ms),
	  .least = CONFIG_MINUTE, .most = CONFIG_DAY, .fallback = "15 min",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "How long a one-time code can be used." },
	{ .name = "session_lifetime", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_key_service, session_lifetime_ms),
	  .least = CONFIG_MINUTE, .most = CONFIG_DAY, .fallback = "30 min",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "How long a browser that proved a mailbox may open its "
		  "messages." },
	{ .name = "upload_memory", .kind = CONFIG_KIND_SIZE,
	  CONFIG_AT(config_key_service, upload_memory),
	  .least = 64 * CONFIG_MB, .most = 16 * CONFIG_GB,
	  .fallback = "512 MB", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Memory for encrypted envelopes that are being opened "
		  "without script." },
	{ .name = "retention", .kind = CONFIG_KIND_DURATION,
	  CONFIG_AT(config_key_service, retention_ms), .least = 0,
	  .most = 3650 * CONFIG_DAY, .fallback = "30 d",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "How long keys stay behind their expiry." },
};

const struct config_section config_schema_key_service = {
	CONFIG_ROWS(key_service_rows),
	.shape = &config_key_service_shape,
	.help = "The key service: it keeps the keys of envelopes and lets "
		"recipients open them in a browser.",
};
