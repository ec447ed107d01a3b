/*
 * Networks of clients.  vault process.
 */
#include "crypto/vault/vault_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define IPV4_PREFIX 3	/* bytes */
#define IPV6_PREFIX 8
#define MAPPED_SKIP 12

struct vault_network
vault_network_of(struct text client)
{
	struct vault_network network = { { 0 } };
	char printed[INET6_ADDRSTRLEN + 1];
	struct in6_addr six;
	struct in_addr four;

	if (text_to_string(client, printed, sizeof(printed)) != 0)
		return network;
	if (inet_pton(AF_INET, printed, &four) == 1) {
		network.bytes[0] = 4;
		memcpy(network.bytes + 1, &four, IPV4_PREFIX);
	} else if (inet_pton(AF_INET6, printed, &six) == 1) {
		bool is_mapped = IN6_IS_ADDR_V4MAPPED(&six);

		network.bytes[0] = is_mapped ? 4 : 6;
		memcpy(network.bytes + 1,
		    six.s6_addr + (is_mapped ? MAPPED_SKIP : 0),
		    is_mapped ? IPV4_PREFIX : IPV6_PREFIX);
	}
	return network;
}

struct text
vault_network_text(const struct vault_network *network)
{
	return text_of(network->bytes, sizeof(network->bytes));
}
