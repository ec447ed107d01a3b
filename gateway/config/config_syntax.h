/*
 * The grammar of single values: names, addresses, patterns.  Pure
 * questions about texts, used by the type table.
 */
#ifndef GATEWAY_CONFIG_CONFIG_SYNTAX_H
#define GATEWAY_CONFIG_CONFIG_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* An IP address with the length of its prefix; whole addresses have all. */
struct config_network {
	uint8_t bytes[16];	/* 4 used for IPv4 */
	unsigned int bits;	/* prefix */
	unsigned int width;	/* 32 or 128 */
};

/*
 * "192.0.2.1", "192.0.2.0/24", "2001:db8::/32".  ERROR_MALFORMED for
 * anything else, for zone ids and for IPv4 written as IPv6.
 */
int config_network_parse(struct text t, struct config_network *out)
	MUST_CHECK;
/* Whether bits behind the prefix are set; clears them. */
bool config_network_mask(struct config_network *network);
/* Whether inner lies in outer. */
bool config_network_contains(const struct config_network *outer,
	const struct config_network *inner);
/* Loopback (127.0.0.0/8, ::1). */
bool config_network_is_loopback(const struct config_network *network);
/* Loopback, private (RFC 1918, RFC 4193) or link-local. */
bool config_network_is_private(const struct config_network *network);

/* Printable UTF-8 without controls and line separators. */
bool config_text_is_printable(struct text t);
/* The same with LF and tab. */
bool config_text_is_lines(struct text t);
bool config_code_is_printable(uint32_t code);
bool config_text_is_ascii(struct text t);	/* 0x20 to 0x7e */
/* Decode one code point; ERROR_MALFORMED unless well formed (RFC 3629 3). */
int config_utf8_next(struct text *rest, uint32_t *code) MUST_CHECK;

bool config_name_is_valid(struct text t);
bool config_user_is_valid(struct text t);
bool config_domain_is_valid(struct text t);	/* RFC 5321 2.3.5 */
bool config_hostname_is_valid(struct text t);	/* with a dot */
bool config_address_is_valid(struct text t);
bool config_address_range_is_valid(struct text t);
bool config_resolver_is_valid(struct text t);
bool config_domain_pattern_is_valid(struct text t);
bool config_mail_pattern_is_valid(struct text t);
/* A mail pattern, or "@" before a domain or ".domain". */
bool config_party_pattern_is_valid(struct text t);
bool config_host_port_is_valid(struct text t);
/* "https://host" or "https://host:port", nothing behind. */
bool config_url_is_valid(struct text t);
/* "ldap://host", "ldaps://host:port", nothing behind. */
bool config_ldap_url_is_valid(struct text t);

#endif
