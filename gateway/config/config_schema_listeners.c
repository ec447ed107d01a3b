/*
 * Schema: listeners.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_word tls_words[] = {
	{ "off", CONFIG_LISTENER_TLS_OFF },
	{ "starttls", CONFIG_LISTENER_TLS_STARTTLS },
	{ "implicit", CONFIG_LISTENER_TLS_IMPLICIT },
	{ NULL, 0 },
};

static const struct config_row rows[] = {
	{ .name = "address", .kind = CONFIG_KIND_ADDRESS,
	  CONFIG_AT(config_listener, address), .fallback = "0.0.0.0",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Address to listen on; 0.0.0.0 and :: stand for every "
		  "address of their family." },
	{ .name = "port", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_listener, port), .least = 1, .most = 65535,
	  .fallback = "25", .effect = CONFIG_EFFECT_RELOAD,
	  .help = "TCP port to listen on." },
	{ .name = "tls", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(config_listener, tls), .words = tls_words,
	  .fallback = "off", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Whether TLS is absent, offered by STARTTLS, or spoken from "
		  "the first byte." },
	{ .name = "certificate", .kind = CONFIG_KIND_NAME,
	  CONFIG_AT(config_listener, certificate), .fallback = "",
	  .target = CONFIG_TARGET_CERTIFICATE,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Certificate shown to clients, one of tls.certificates; "
		  "needed unless tls is off." },
	{ .name = "max_connections", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_listener, max_connections), .least = 1,
	  .most = 1000000, .fallback = "10000", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Connections at once, over all processes." },
	{ .name = "max_connections_per_client", .kind = CONFIG_KIND_NUMBER,
	  CONFIG_AT(config_listener, max_connections_per_client), .least = 1,
	  .most = 1000000, .fallback = "50", .effect = CONFIG_EFFECT_LIVE,
	  .help = "Connections at once from one IPv4 address or one IPv6 /64 "
		  "network." },
	{ .name = "banner", .kind = CONFIG_KIND_TEXT,
	  CONFIG_AT(config_listener, banner), .most = 200, .fallback = "ESMTP",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Text of the greeting behind code and hostname." },
};

const struct config_section config_schema_listener = {
	CONFIG_ROWS(rows),
	.shape = &config_listener_shape,
	.is_named = true,
	.help = "A socket on which mail is received.",
};
