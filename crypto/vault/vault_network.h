/*
 * The network of a client, as limits count it: a /24 of IPv4, a /64 of IPv6.
 */
#ifndef CRYPTO_VAULT_VAULT_NETWORK_H
#define CRYPTO_VAULT_VAULT_NETWORK_H

#include "gateway/base/text.h"

struct vault_network {
	char bytes[9];	/* 4 or 6, then the prefix; zeros: unknown */
};

/* Of a printed address; IPv4 in IPv6 counts as IPv4. */
struct vault_network vault_network_of(struct text client);
struct text vault_network_text(const struct vault_network *network);

#endif
