/*
 * Networks and ranges of host addresses.
 */
#include "policy/host_network.h"

#include <string.h>

/* Up to the last address that shares so many bits. */
static int
spread(struct host_network *network, unsigned int prefix)
{
	unsigned int bit, bits = host_address_bits(&network->first);

	network->last = network->first;
	for (bit = prefix; bit < bits; bit++) {
		uint8_t mask = (uint8_t)(0x80u >> (bit % 8));

		if ((network->first.bytes[bit / 8] & mask) != 0)
			return ERROR_MALFORMED;
		network->last.bytes[bit / 8] |= mask;
	}
	return 0;
}

int
host_network_parse(struct text t, struct host_network *out)
{
	struct text rest = t, address;
	uint64_t prefix;

	memset(out, 0, sizeof(*out));
	if (!text_split(&rest, '/', &address) ||
	    host_address_parse(address, &out->first) != 0)
		return ERROR_MALFORMED;
	out->last = out->first;
	if (rest.data == NULL)
		return 0;
	/* A mapped address with a prefix would be counted in other bits. */
	if ((text_find_byte(address, ':') < address.len) !=
	    (out->first.family == 6) ||
	    text_parse_u64(rest, host_address_bits(&out->first),
	    &prefix) != 0)
		return ERROR_MALFORMED;
	return spread(out, (unsigned int)prefix);
}

/* "20" stands for the last byte of an IPv4 address. */
static int
parse_end(struct text t, struct host_network *out)
{
	uint64_t byte;

	if (out->first.family != 4 || text_parse_u64(t, 255, &byte) != 0)
		return host_address_parse(t, &out->last);
	out->last = out->first;
	out->last.bytes[3] = (uint8_t)byte;
	return 0;
}

int
host_network_parse_range(struct text t, struct host_network *out)
{
	size_t dash = text_find_byte(t, '-');
	int error;

	if (dash == t.len)
		return host_network_parse(t, out);
	error = host_address_parse(text_trim(text_slice(t, 0, dash)),
	    &out->first);
	if (error == 0)
		error = parse_end(text_trim(text_skip(t, dash + 1)), out);
	if (error != 0 || out->first.family != out->last.family ||
	    memcmp(out->first.bytes, out->last.bytes,
	    sizeof(out->first.bytes)) > 0)
		return ERROR_MALFORMED;
	return 0;
}

bool
host_network_contains(const struct host_network *network,
	const struct host_address *address)
{
	return network->first.family == address->family &&
	    memcmp(network->first.bytes, address->bytes,
	    sizeof(address->bytes)) <= 0 &&
	    memcmp(address->bytes, network->last.bytes,
	    sizeof(address->bytes)) <= 0;
}
