/*
 * The grammar of single values.
 */
#include "gateway/config/config_syntax.h"

#include <arpa/inet.h>
#include <string.h>

#define LABEL_MAX 63
#define DOMAIN_MAX 253
#define LOCAL_PART_MAX 64
#define PORT_MAX 65535
#define USER_ID_MAX (UINT32_MAX - 1)	/* the last one stands for none */

static int
address_parse(struct text t, struct config_network *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char string[INET6_ADDRSTRLEN];

	*out = (struct config_network){ .bits = 0 };
	if (text_is_empty(t) || text_to_string(t, string, sizeof(string)) != 0)
		return ERROR_MALFORMED;
	if (inet_pton(AF_INET, string, out->bytes) == 1) {
		out->bits = out->width = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, string, out->bytes) != 1)
		return ERROR_MALFORMED;
	if (memcmp(out->bytes, mapped, sizeof(mapped)) == 0)
		return ERROR_MALFORMED;
	out->bits = out->width = 128;
	return 0;
}

/* Digits without leading zeros. */
static int
number_parse(struct text t, uint64_t max, uint64_t *out)
{
	if (t.len > 1 && t.data[0] == '0')
		return ERROR_MALFORMED;
	return text_parse_u64(t, max, out);
}

int
config_network_parse(struct text t, struct config_network *out)
{
	size_t slash = text_find_byte(t, '/');
	uint64_t bits;
	int rc;

	rc = address_parse(text_slice(t, 0, slash), out);
	if (rc != 0 || slash == t.len)
		return rc;
	if (number_parse(text_skip(t, slash + 1), out->width, &bits) != 0)
		return ERROR_MALFORMED;
	out->bits = (unsigned int)bits;
	return 0;
}

static uint8_t
mask_byte(unsigned int bits, size_t at)
{
	if (bits >= 8 * (at + 1))
		return 0xff;
	if (bits <= 8 * at)
		return 0;
	return (uint8_t)(0xff << (8 - (bits - 8 * at)));
}

bool
config_network_mask(struct config_network *network)
{
	bool changed = false;
	size_t i;

	for (i = 0; i < network->width / 8; i++) {
		uint8_t mask = mask_byte(network->bits, i);

		if ((network->bytes[i] & mask) != network->bytes[i])
			changed = true;
		network->bytes[i] &= mask;
	}
	return changed;
}

bool
config_network_contains(const struct config_network *outer,
	const struct config_network *inner)
{
	size_t i;

	if (outer->width != inner->width || outer->bits > inner->bits)
		return false;
	for (i = 0; i < outer->width / 8; i++) {
		uint8_t mask = mask_byte(outer->bits, i);

		if ((outer->bytes[i] & mask) != (inner->bytes[i] & mask))
			return false;
	}
	return true;
}

static bool
network_in_any(const struct config_network *network,
	const struct config_network *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (config_network_contains(&list[i], network))
			return true;
	return false;
}

bool
config_network_is_loopback(const struct config_network *network)
{
	static const struct config_network loopback[] = {
		{ .bytes = { 127 }, .bits = 8, .width = 32 },
		{ .bytes = { [15] = 1 }, .bits = 128, .width = 128 },
	};

	return network_in_any(network, loopback,
	    sizeof(loopback) / sizeof(loopback[0]));
}

bool
config_network_is_private(const struct config_network *network)
{
	static const struct config_network private[] = {
		{ .bytes = { 10 }, .bits = 8, .width = 32 },
		{ .bytes = { 172, 16 }, .bits = 12, .width = 32 },
		{ .bytes = { 192, 168 }, .bits = 16, .width = 32 },
		{ .bytes = { 169, 254 }, .bits = 16, .width = 32 },
		{ .bytes = { 0xfc }, .bits = 7, .width = 128 },
		{ .bytes = { 0xfe, 0x80 }, .bits = 10, .width = 128 },
	};

	return config_network_is_loopback(network) ||
	    network_in_any(network, private,
	    sizeof(private) / sizeof(private[0]));
}

/* What the first byte of a UTF-8 sequence says. */
static size_t
utf8_len(uint8_t first, uint32_t *bits, uint32_t *least)
{
	static const struct {
		uint8_t mask, mark;
		size_t len;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 1, 0 },
		{ 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((first & forms[i].mask) != forms[i].mark)
			continue;
		*bits = first & (uint8_t)~forms[i].mask;
		*least = forms[i].least;
		return forms[i].len;
	}
	return 0;
}

int
config_utf8_next(struct text *rest, uint32_t *code)
{
	uint32_t least = 0;
	size_t len, i;

	if (text_is_empty(*rest))
		return ERROR_MALFORMED;
	len = utf8_len((uint8_t)rest->data[0], code, &least);
	if (len == 0 || len > rest->len)
		return ERROR_MALFORMED;
	for (i = 1; i < len; i++) {
		uint8_t byte = (uint8_t)rest->data[i];

		if ((byte & 0xc0) != 0x80)
			return ERROR_MALFORMED;
		*code = *code << 6 | (byte & 0x3f);
	}
	/* RFC 3629 3: shortest form only, no surrogates. */
	if (*code < least || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return ERROR_MALFORMED;
	*rest = text_skip(*rest, len);
	return 0;
}

bool
config_code_is_printable(uint32_t code)
{
	return code >= 0x20 && code != 0x7f && (code < 0x80 || code >= 0xa0) &&
	    code != 0x2028 && code != 0x2029 && code != 0xfeff &&
	    (code & 0xfffe) != 0xfffe;
}

bool
config_text_is_printable(struct text t)
{
	uint32_t code = 0;

	while (!text_is_empty(t))
		if (config_utf8_next(&t, &code) != 0 ||
		    !config_code_is_printable(code))
			return false;
	return true;
}

bool
config_text_is_lines(struct text t)
{
	uint32_t code = 0;

	while (!text_is_empty(t))
		if (config_utf8_next(&t, &code) != 0 || (code != '\n' &&
		    code != '\t' && !config_code_is_printable(code)))
			return false;
	return true;
}

bool
config_text_is_ascii(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (t.data[i] < 0x20 || t.data[i] > 0x7e)
			return false;
	return true;
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

bool
config_name_is_valid(struct text t)
{
	size_t i;

	if (text_is_empty(t) || !text_is_alnum(t.data[0]))
		return false;
	for (i = 1; i < t.len; i++)
		if (!text_is_alnum(t.data[i]) && !is_one_of(t.data[i], "-_"))
			return false;
	return true;
}

bool
config_user_is_valid(struct text t)
{
	uint64_t id;
	size_t i;

	if (number_parse(t, USER_ID_MAX, &id) == 0)
		return true;
	for (i = 0; i < t.len; i++) {
		char c = t.data[i];
		bool letter = (c >= 'a' && c <= 'z') || c == '_';

		if (!letter && (i == 0 ||
		    (!text_is_digit(c) && c != '-')))
			return false;
	}
	return t.len > 0;
}

static bool
label_is_valid(struct text label)
{
	size_t i;

	if (text_is_empty(label) || label.len > LABEL_MAX ||
	    label.data[0] == '-' || label.data[label.len - 1] == '-')
		return false;
	/* Underscores occur in names of real hosts, whatever RFC 1123 says. */
	for (i = 0; i < label.len; i++)
		if (!text_is_alnum(label.data[i]) &&
		    !is_one_of(label.data[i], "-_"))
			return false;
	return true;
}

static bool
is_all_digits(struct text t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (!text_is_digit(t.data[i]))
			return false;
	return true;
}

bool
config_domain_is_valid(struct text t)
{
	struct text rest = t, label = TEXT_EMPTY;

	if (text_is_empty(t) || t.len > DOMAIN_MAX)
		return false;
	while (text_split(&rest, '.', &label))
		if (!label_is_valid(label))
			return false;
	/* A top-level domain of digits alone would be an address. */
	return !is_all_digits(label);
}

bool
config_hostname_is_valid(struct text t)
{
	return config_domain_is_valid(t) && text_find_byte(t, '.') < t.len;
}

bool
config_address_is_valid(struct text t)
{
	struct config_network network;

	return address_parse(t, &network) == 0;
}

static bool
is_all(struct text t)
{
	return text_equal(t, TEXT("all"));
}

bool
config_address_range_is_valid(struct text t)
{
	struct config_network network;

	return is_all(t) || config_network_parse(t, &network) == 0;
}

static bool
port_is_valid(struct text t)
{
	uint64_t port;

	return number_parse(t, PORT_MAX, &port) == 0 && port > 0;
}

bool
config_resolver_is_valid(struct text t)
{
	size_t at = text_find_byte(t, '@');

	if (!config_address_is_valid(text_slice(t, 0, at)))
		return false;
	return at == t.len || port_is_valid(text_skip(t, at + 1));
}

bool
config_domain_pattern_is_valid(struct text t)
{
	if (is_all(t))
		return true;
	if (!text_is_empty(t) && t.data[0] == '.')
		t = text_skip(t, 1);
	return config_domain_is_valid(t);
}

/* RFC 5321 4.1.2 Dot-string, with RFC 6531 3.3 in it. */
static bool
local_part_is_valid(struct text t)
{
	struct text rest = t, atom = TEXT_EMPTY;
	size_t i;

	if (text_is_empty(t) || t.len > LOCAL_PART_MAX ||
	    !config_text_is_printable(t))
		return false;
	while (text_split(&rest, '.', &atom))
		if (text_is_empty(atom))
			return false;
	for (i = 0; i < t.len; i++)
		if (is_one_of(t.data[i], " ()<>[]:;@\\,\""))
			return false;
	return true;
}

bool
config_mail_pattern_is_valid(struct text t)
{
	size_t at = text_find_byte(t, '@');

	if (at == t.len)
		return config_domain_pattern_is_valid(t);
	if (!local_part_is_valid(text_slice(t, 0, at)))
		return false;
	t = text_skip(t, at + 1);
	return text_is_empty(t) || config_domain_is_valid(t);
}

bool
config_party_pattern_is_valid(struct text t)
{
	if (t.len < 2 || t.data[0] != '@')
		return config_mail_pattern_is_valid(t);
	t = text_skip(t, 1);
	if (t.data[0] == '.')
		t = text_skip(t, 1);
	return config_domain_is_valid(t);
}

/* "[2001:db8::1]" with or without ":port" behind it. */
static bool
bracketed_is_valid(struct text t)
{
	size_t end = text_find_byte(t, ']');
	struct text inside = text_slice(t, 1, end - 1);
	struct config_network network;

	if (end == t.len || address_parse(inside, &network) != 0 ||
	    network.width != 128)
		return false;
	t = text_skip(t, end + 1);
	return text_is_empty(t) ||
	    (t.data[0] == ':' && port_is_valid(text_skip(t, 1)));
}

bool
config_host_port_is_valid(struct text t)
{
	size_t colon = text_find_byte(t, ':');
	struct text host = text_slice(t, 0, colon);

	if (!text_is_empty(t) && t.data[0] == '[')
		return bracketed_is_valid(t);
	if (!config_address_is_valid(host) && !config_domain_is_valid(host))
		return false;
	return colon == t.len || port_is_valid(text_skip(t, colon + 1));
}

bool
config_url_is_valid(struct text t)
{
	struct text scheme = TEXT("https://");

	return text_starts(t, scheme) &&
	    config_host_port_is_valid(text_skip(t, scheme.len));
}
