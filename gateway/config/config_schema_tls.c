/*
 * Schema: tls.  The members of tls.trust lie in struct config_tls itself.
 */
#include "gateway/config/config_schema.h"
#include "gateway/config/config_shape.h"

static const struct config_row certificate_rows[] = {
	{ .name = "certificate", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_certificate, certificate_file),
	  .is_required = true, .effect = CONFIG_EFFECT_RELOAD,
	  .help = "PEM file with the certificate and its chain, leaf first, "
		  "without the key." },
	{ .name = "key", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(config_certificate, key_file), .is_required = true,
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "PEM file with the private key; only the key process opens "
		  "it." },
};

static const struct config_section certificate_section = {
	CONFIG_ROWS(certificate_rows),
	.shape = &config_certificate_shape,
	.is_named = true,
	.help = "A certificate of this gateway.",
};

static const struct config_row trust_rows[] = {
	{ .name = "system", .kind = CONFIG_KIND_BOOLEAN,
	  CONFIG_AT(config_tls, trust_system), .fallback = "true",
	  .effect = CONFIG_EFFECT_RELOAD,
	  .help = "Whether the system's authorities "
		  "(/etc/ssl/certs/ca-certificates.crt) are trusted." },
	{ .name = "files", .kind = CONFIG_KIND_FILE,
	  CONFIG_LIST_AT(config_tls, trust_files, trust_file_count),
	  .most = 50, .effect = CONFIG_EFFECT_RELOAD,
	  .help = "PEM files with further authorities." },
};

static const struct config_section trust_section = {
	CONFIG_ROWS(trust_rows),
	.shape = &config_tls_shape,
	.help = "Authorities by which next hops are verified.",
};

static const struct config_row tls_rows[] = {
	{ .name = "certificates", .kind = CONFIG_KIND_MAP,
	  CONFIG_ARRAY_AT(config_tls, certificates, certificate_count),
	  .most = 500, .effect = CONFIG_EFFECT_RELOAD,
	  .section = &certificate_section,
	  .help = "Certificates of this gateway, by name." },
	{ .name = "trust", .kind = CONFIG_KIND_SECTION, .offset = 0,
	  .width = sizeof(struct config_tls),
	  .effect = CONFIG_EFFECT_RELOAD, .section = &trust_section,
	  .help = "Authorities by which next hops are verified." },
};

const struct config_section config_schema_tls = {
	CONFIG_ROWS(tls_rows),
	.shape = &config_tls_shape,
	.help = "Certificates of this gateway and authorities that it "
		"trusts.",
};
