/*
 * Arbitrary bytes as securedoc.html.
 *
 * Asserted: what is found is found again in a file written of it.
 */
#include <stdint.h>
#include <string.h>

#include "crypto/secure_envelope_mail.h"
#include "gateway/mail/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_fields(const struct secure_envelope_file *found, struct buffer *out)
{
	require(buffer_add_text(out, TEXT("name=\"header\" value=\"\r\n")) ==
		0);
	require(base64_encode(found->header, 76, out) == 0);
	require(buffer_add_text(out,
		TEXT("\">\r\n<input name=\"share\" value=\"")) == 0);
	require(base64_encode(text_of(found->share, sizeof(found->share)), 0,
		out) == 0);
	require(buffer_add_text(out,
		TEXT("\">\r\n<textarea name=\"payload\" hidden>\r\n")) == 0);
	require(base64_encode(found->payload, 76, out) == 0);
	require(buffer_add_text(out, TEXT("</textarea>")) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(16 * 1024 * 1024);
	struct secure_envelope_file found;
	struct secure_envelope_file again;
	struct buffer file;

	if (secure_envelope_file_read(text_of(data, size), arena, &found) ==
	    0) {
		buffer_init(&file, 4 * size + 4096);
		write_fields(&found, &file);
		require(secure_envelope_file_read(buffer_text(&file), arena,
			&again) == 0);
		require(text_equal(found.header, again.header));
		require(text_equal(found.payload, again.payload));
		require(memcmp(found.share, again.share,
			sizeof(found.share)) == 0);
		buffer_clear(&file);
	}
	arena_free(arena);
	return 0;
}
