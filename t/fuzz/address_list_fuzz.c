/*
 * mail/address_list: what is found looks like an address, and a list made of
 * the found is read again the same.
 */
#include "gateway/base/buffer.h"
#include "gateway/mail/address_list.h"

#define LIST_MAX (4u * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_one(struct text address)
{
	size_t at = text_find_byte(address, '@');

	require(address.len >= 3 && address.len <= ENVELOPE_ADDRESS_MAX);
	require(at > 0 && at < address.len);
	require(address.data[address.len - 1] != '@');
	require(text_find_byte(address, '\n') == address.len);
	require(text_find_byte(address, '\r') == address.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_list list;
	struct address_list again;
	struct text address;
	struct text other;
	struct buffer joined;

	buffer_init(&joined, LIST_MAX);
	address_list_init(&list, text_of(data, size));
	while (address_list_next(&list, &address)) {
		check_one(address);
		require(buffer_add_text(&joined, TEXT("N (c) <")) == 0 &&
			buffer_add_text(&joined, address) == 0 &&
			buffer_add_text(&joined, TEXT(">,\r\n ")) == 0);
	}
	address_list_init(&list, text_of(data, size));
	address_list_init(&again, buffer_text(&joined));
	while (address_list_next(&list, &address)) {
		require(address_list_next(&again, &other));
		require(text_equal(address, other));
	}
	require(!address_list_next(&again, &other));
	buffer_clear(&joined);
	return 0;
}
