/*
 * mail/address: what is accepted holds no dangerous byte, is read again the
 * same, and is never accepted with less allowed than it needs.
 */
#include <string.h>

#include "gateway/mail/address.h"
#include "gateway/mail/envelope.h"
#include "gateway/mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_accepted(const struct address *address, unsigned int allow)
{
	struct text whole = address->whole;
	struct address again;
	struct buffer out;
	struct text rest;

	for (size_t i = 0; i < whole.len; i++)
		require((unsigned char)whole.data[i] >= ' ' &&
			whole.data[i] != 127);
	require(utf8_is_valid(whole));
	require(address->is_utf8 == !utf8_is_ascii(whole));
	require(!address->is_utf8 || (allow & ADDRESS_ALLOW_UTF8) != 0);
	require(text_equal(address_local(whole), address->local));
	require(text_equal(address_domain(whole), address->domain));
	buffer_init(&out, ENVELOPE_ADDRESS_MAX);
	require(address_print_path(whole, &out) == 0);
	require(address_parse_path(buffer_text(&out), allow, &again, &rest,
		NULL) == 0);
	require(text_equal(again.whole, whole) && rest.len == 0);
	require(again.is_literal == address->is_literal);
	if (!address->is_null)
		require(address_parse(whole, allow, &again, NULL) == 0);
	if (address->domain.len > 0)
		require(address_check_domain(address->domain, allow) == 0);
	buffer_reset(&out);
	require(address_canonical(whole, &out) == 0);
	require(buffer_len(&out) == whole.len);
	buffer_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	unsigned int allow = data[0] & 7u;
	struct text line = text_of(data + 1, size - 1);
	struct reason why = { 0 };
	struct address address;
	struct text rest;

	if (address_parse_path(line, allow, &address, &rest, &why) == 0) {
		require(address_parse_path(line, allow | 7u, &address, &rest,
			NULL) == 0);
		check_accepted(&address, allow);
	} else {
		require(why.reply == 501 || why.reply == 553);
	}
	if (address_parse(line, allow, &address, NULL) == 0)
		check_accepted(&address, allow);
	return 0;
}
