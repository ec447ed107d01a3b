/*
 * mail/delivery_status: whatever the next hop said and the original holds,
 * the notification is well-formed, has our header fields and no others, no
 * line over 998, passes the encoder, and is 7-bit where it says so.
 */
#include <string.h>

#include "gateway/mail/address.h"
#include "gateway/mail/data_encode.h"
#include "gateway/mail/data_stream.h"
#include "gateway/mail/delivery_status.h"
#include "gateway/mail/header_scan.h"
#include "gateway/mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next part of the input: up to a 0xfe byte. */
static struct text
take(struct text *rest)
{
	struct text part = TEXT_EMPTY;

	(void)text_split(rest, (char)0xfe, &part);
	return part;
}

static void
check_message(struct text message, const struct delivery_status_needs *needs)
{
	struct header_scan scan;
	struct data_stream stream;
	struct data_encode encoder;
	struct text rest = message;
	struct text piece;
	int error = 0;

	data_stream_init(&stream, DATA_STREAM_CHUNKS, 998, false);
	while (data_stream_next(&stream, &rest, &piece))
		continue;
	data_stream_finish(&stream);
	require(stream.faults == 0);
	data_encode_init(&encoder);
	rest = message;
	while ((error = data_encode_next(&encoder, &rest, &piece)) == 0)
		continue;
	require(error == ERROR_AGAIN);
	require(data_encode_finish(&encoder, &piece) == 0);
	require(text_equal(piece, TEXT(".\r\n")));
	header_scan_init(&scan, TEXT("gate.example"), NULL);
	require(header_scan_feed(&scan, message) == 0);
	require(scan.is_over && !scan.has_bad_line && !scan.has_mbox_line);
	require(scan.field_count == (needs->eightbit ? 9 : 8));
	require(scan.received_count == 0);
	require(!scan.has_8bit_header || needs->smtputf8);
	require(utf8_is_ascii(message) || needs->eightbit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	struct text rest = text_of(data + 4, size - 4);
	struct delivery_status_recipient recipients[2] = { 0 };
	struct delivery_status status = {
		.mid = data[0], .now_us = 1000000, .hostname =
		TEXT_INIT("gate.example"), .is_smtputf8 = data[1] & 1,
		.want_full = (data[1] & 2) != 0,
		.is_original_whole = (data[1] & 4) != 0,
		.recipients = recipients,
		.recipient_count = 1 + (data[1] >> 3 & 1) };
	struct delivery_status_needs needs;
	struct address address;
	struct buffer out;

	for (size_t i = 0; i < 2; i++) {
		recipients[i].address = take(&rest);
		recipients[i].action = (enum delivery_status_action)
			(data[2 + i] % DELIVERY_STATUS_ACTION_COUNT);
		recipients[i].status[0] = data[2 + i] & 7;
		recipients[i].status[1] = data[2 + i] >> 4;
		recipients[i].status[2] = data[2 + i] & 3;
		recipients[i].orcpt = take(&rest);
		recipients[i].diagnostic = take(&rest);
		recipients[i].remote_mta = take(&rest);
	}
	status.sender = take(&rest);
	status.envid = take(&rest);
	status.original = rest;
	/* Only addresses that SMTP took get here. */
	if (address_parse(status.sender, ADDRESS_ALLOW_UTF8, &address,
	    NULL) != 0)
		status.sender = data[1] & 16 ? TEXT("a@b.example") :
			TEXT("\xc3\xbc@b.example");
	buffer_init(&out, 4u * 1024u * 1024u);
	require(delivery_status_write(&status, &out, &needs) == 0);
	check_message(buffer_text(&out), &needs);
	buffer_clear(&out);
	return 0;
}
