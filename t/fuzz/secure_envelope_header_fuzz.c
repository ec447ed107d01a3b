/*
 * Arbitrary bytes as an envelope's header, and as a reference that somebody
 * typed.
 *
 * Asserted: what decodes lies inside, keeps its limits and makes the same
 * bytes again; a reference that is taken is taken again as it is printed.
 */
#include <stdint.h>
#include <string.h>

#include "crypto/secure_envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_header(struct text bytes)
{
	struct secure_envelope_header header;
	struct buffer again;

	if (secure_envelope_header_decode(bytes, &header) != 0)
		return;
	require(header.portal_url.len > 0);
	require(header.sender.data >= bytes.data &&
		header.sender.data + header.sender.len <=
		bytes.data + bytes.len);
	buffer_init(&again, bytes.len);
	require(secure_envelope_header_encode(&header, &again) == 0);
	require(text_equal(buffer_text(&again), bytes));
	buffer_clear(&again);
}

static void
try_reference(struct text typed)
{
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	char again[SECURE_ENVELOPE_REFERENCE_SIZE];

	if (secure_envelope_reference_parse(typed, reference) != 0)
		return;
	require(secure_envelope_reference_parse(text_from(reference),
		again) == 0);
	require(strcmp(reference, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = text_of(data, size);

	try_header(bytes);
	try_reference(bytes);
	return 0;
}
