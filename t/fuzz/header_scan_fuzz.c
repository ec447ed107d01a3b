/*
 * mail/header_scan: one piece or byte by byte gives the same counts, and
 * the size of the section agrees with a plain search for its end.
 */
#include <string.h>

#include "gateway/mail/header_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
scan_all(struct header_scan *scan, struct text message, size_t step,
	const struct header_scan_limits *limits)
{
	int error = 0;

	memset(scan, 0, sizeof(*scan));
	header_scan_init(scan, TEXT("gate.example"), limits);
	for (size_t at = 0; at < message.len;) {
		struct text piece = text_slice(message, at, step);
		error = header_scan_feed(scan, piece);
		at += piece.len;
	}
	header_scan_finish(scan);
	return error;
}

/* The section ends behind the first line that is empty but for its end. */
static size_t
find_section_end(struct text message)
{
	size_t at = 0;

	while (at < message.len) {
		struct text rest = text_skip(message, at);
		size_t len = text_find_byte(rest, '\n');
		bool empty = len == 0 || (len == 1 && rest.data[0] == '\r');
		if (len == rest.len)
			return message.len;
		at += len + 1;
		if (empty)
			break;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct header_scan_limits limits = { .fields = 20,
		.section_bytes = 300, .field_bytes = 100 };
	struct header_scan whole;
	struct header_scan bytewise;
	struct text message = text_of(data, size);
	struct reason why;

	int error = scan_all(&whole, message, SIZE_MAX, &limits);
	require(scan_all(&bytewise, message, 1, &limits) == error);
	require(memcmp(&whole, &bytewise, sizeof(whole)) == 0);
	require(whole.section_bytes == find_section_end(message));
	require(whole.own_count == 0 || whole.received_count > 0);
	require(whole.received_count <= whole.field_count);
	require(whole.is_over);
	if (error != 0)
		header_scan_explain(&whole, &why);
	return 0;
}
