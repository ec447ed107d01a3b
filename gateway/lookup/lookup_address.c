/*
 * IP addresses in the lookup process: parsing and judging, no I/O.
 */
#include "gateway/lookup/lookup_address.h"

#include <arpa/inet.h>
#include <string.h>

#define LOOKUP_ADDRESS_TEXT_MAX 64

int
lookup_address_parse(struct text t, struct frame_address *out)
{
	char string[LOOKUP_ADDRESS_TEXT_MAX];

	memset(out, 0, sizeof(*out));
	if (text_to_string(t, string, sizeof(string)) < 0)
		return ERROR_MALFORMED;
	if (inet_pton(AF_INET, string, out->bytes) == 1) {
		out->family = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, string, out->bytes) == 1) {
		out->family = 6;
		return 0;
	}
	return ERROR_MALFORMED;
}

int
lookup_address_parse_literal(struct text t, struct frame_address *out)
{
	static const struct text tag = TEXT_INIT("IPv6:");
	struct text inner;
	int error;

	if (t.len < 3 || t.data[0] != '[' || t.data[t.len - 1] != ']')
		return ERROR_MALFORMED;
	inner = text_slice(t, 1, t.len - 2);
	if (text_starts_nocase(inner, tag)) {
		error = lookup_address_parse(text_skip(inner, tag.len), out);
		return error == 0 && out->family != 6 ? ERROR_MALFORMED :
		    error;
	}
	error = lookup_address_parse(inner, out);
	return error == 0 && out->family != 4 ? ERROR_MALFORMED : error;
}

static size_t
lookup_address_size(const struct frame_address *address)
{
	return address->family == 4 ? 4 : 16;
}

bool
lookup_address_equal(const struct frame_address *a,
	const struct frame_address *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, lookup_address_size(a)) == 0;
}

/* The four bytes of an IPv4 address, mapped or not; NULL for true IPv6. */
static const uint8_t *
lookup_address_ipv4(const struct frame_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->family == 4)
		return address->bytes;
	if (memcmp(address->bytes, mapped, sizeof(mapped)) == 0)
		return address->bytes + sizeof(mapped);
	return NULL;
}

void
lookup_address_unmap(struct frame_address *address)
{
	const uint8_t *ipv4 = lookup_address_ipv4(address);
	struct frame_address out = { .family = 4 };

	if (ipv4 == NULL)
		return;
	memcpy(out.bytes, ipv4, 4);
	*address = out;
}

bool
lookup_address_is_loopback(const struct frame_address *address)
{
	static const uint8_t one[16] = { [15] = 1 };
	const uint8_t *ipv4 = lookup_address_ipv4(address);

	if (ipv4 != NULL)
		return ipv4[0] == 127;
	return memcmp(address->bytes, one, sizeof(one)) == 0;
}

bool
lookup_address_is_nowhere(const struct frame_address *address)
{
	static const uint8_t zero[16];
	const uint8_t *ipv4 = lookup_address_ipv4(address);

	if (ipv4 != NULL)
		return ipv4[0] == 0 || ipv4[0] >= 224 ||
		    (ipv4[0] == 169 && ipv4[1] == 254);
	return memcmp(address->bytes, zero, sizeof(zero)) == 0 ||
	    address->bytes[0] == 0xff ||
	    (address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80);
}
