/*
 * IP addresses as text and as the protocol carries them, and which of them
 * mail must not be sent to because a look-up said so.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_ADDRESS_H
#define GATEWAY_LOOKUP_LOOKUP_ADDRESS_H

#include <stdbool.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/protocol/frame_lookup.h"

/* "192.0.2.1" or "2001:db8::1".  ERROR_MALFORMED for anything else. */
int lookup_address_parse(struct text t, struct frame_address *out)
	MUST_CHECK;
/*
 * An address literal of RFC 5321 4.1.3, "[192.0.2.1]" or
 * "[IPv6:2001:db8::1]".  ERROR_MALFORMED for anything else.
 */
int lookup_address_parse_literal(struct text t, struct frame_address *out)
	MUST_CHECK;

/* IPv4 inside IPv6 (::ffff:0:0/96) becomes IPv4. */
void lookup_address_unmap(struct frame_address *address);
bool lookup_address_equal(const struct frame_address *a,
	const struct frame_address *b);
/* 127.0.0.0/8, ::1, and the former inside ::ffff:0:0/96. */
bool lookup_address_is_loopback(const struct frame_address *address);
/*
 * Unspecified, "this network", link-local, multicast or broadcast: never a
 * mail host, whoever says so (RFC 6890).  Mapped IPv4 counts as IPv4.
 */
bool lookup_address_is_nowhere(const struct frame_address *address);

#endif
