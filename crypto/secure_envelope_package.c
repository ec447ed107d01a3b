/*
 * The package: manifest and message in one text (PROTOCOL.envelope 5).
 */
#include <endian.h>
#include <string.h>

#include "crypto/secure_envelope_private.h"

#define VERSION 1

struct start {
	char magic[4];
	uint8_t version;
	uint8_t zero[3];
	uint32_t manifest_len;
	uint32_t message_len;
};
_Static_assert(sizeof(struct start) == SECURE_ENVELOPE_PACKAGE_START,
	"no padding");

static const char magic[4] = "PSTP";

void
secure_envelope_package_start(size_t manifest_len, size_t message_len,
	char out[SECURE_ENVELOPE_PACKAGE_START])
{
	struct start start = {
		.version = VERSION,
		.manifest_len = htole32((uint32_t)manifest_len),
		.message_len = htole32((uint32_t)message_len),
	};

	require(manifest_len <= SECURE_ENVELOPE_MANIFEST_MAX);
	require(message_len <= SECURE_ENVELOPE_MESSAGE_MAX);
	memcpy(start.magic, magic, sizeof(magic));
	memcpy(out, &start, sizeof(start));
}

int
secure_envelope_package(struct text message, struct arena *arena,
	struct buffer *out)
{
	char start[SECURE_ENVELOPE_PACKAGE_START];
	struct mime_message parsed;
	struct buffer manifest;
	size_t before = buffer_len(out);
	int error;

	if (message.len > SECURE_ENVELOPE_MESSAGE_MAX)
		return ERROR_LIMIT;
	error = mime_message_parse(message, &mime_limits_default, arena,
		&parsed);
	if (error != 0)
		return error;
	buffer_init(&manifest, SECURE_ENVELOPE_MANIFEST_MAX);
	error = secure_envelope_manifest_write(&parsed, arena, &manifest);
	if (error == 0) {
		secure_envelope_package_start(buffer_len(&manifest),
			message.len, start);
		error = buffer_add(out, start, sizeof(start));
	}
	if (error == 0)
		error = buffer_add_text(out, buffer_text(&manifest));
	if (error == 0)
		error = buffer_add_text(out, message);
	if (error != 0)
		buffer_truncate(out, before);
	buffer_clear(&manifest);
	return error;
}

int
secure_envelope_unpack(struct text package, struct text *manifest,
	struct text *message)
{
	static const struct start zero;
	struct text rest = text_skip(package, sizeof(struct start));
	struct start start;

	if (package.len < sizeof(start))
		return ERROR_MALFORMED;
	memcpy(&start, package.data, sizeof(start));
	if (memcmp(start.magic, magic, sizeof(magic)) != 0 ||
	    start.version != VERSION ||
	    memcmp(start.zero, zero.zero, sizeof(zero.zero)) != 0)
		return ERROR_MALFORMED;
	start.manifest_len = le32toh(start.manifest_len);
	start.message_len = le32toh(start.message_len);
	if (start.manifest_len > SECURE_ENVELOPE_MANIFEST_MAX ||
	    start.message_len > SECURE_ENVELOPE_MESSAGE_MAX ||
	    (uint64_t)start.manifest_len + start.message_len != rest.len)
		return ERROR_MALFORMED;
	*manifest = text_slice(rest, 0, start.manifest_len);
	*message = text_skip(rest, start.manifest_len);
	return 0;
}
