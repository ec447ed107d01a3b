/*
 * Arbitrary bytes as a message to be put into a package, and as a package.
 *
 * Asserted: the message comes out of its package byte for byte, its manifest
 * is JSON with every range inside the message, each part is shown or a file
 * with a name; what is taken as a package is exactly its two parts.
 */
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "crypto/secure_envelope_mail.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_part(json_t *part, size_t message_len)
{
	json_int_t offset = json_integer_value(json_object_get(part,
		"offset"));
	json_int_t size = json_integer_value(json_object_get(part, "size"));
	const json_t *name = json_object_get(part, "name");

	require(offset >= 0 && size >= 0);
	require((size_t)offset + (size_t)size <= message_len);
	require((json_object_get(part, "show") == NULL) == (name != NULL));
	require(name == NULL || json_string_length(name) > 0);
}

static void
check_manifest(struct text manifest, size_t message_len)
{
	json_error_t why;
	json_t *root = json_loadb(manifest.data, manifest.len,
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	json_t *part;
	size_t i;

	require(root != NULL);
	json_array_foreach(json_object_get(root, "parts"), i, part)
		check_part(part, message_len);
	json_decref(root);
}

static void
try_message(struct text message)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct buffer package;
	struct text manifest;
	struct text again;

	buffer_init(&package, ARENA_MAX);
	if (secure_envelope_package(message, arena, &package) == 0) {
		require(secure_envelope_unpack(buffer_text(&package),
			&manifest, &again) == 0);
		require(text_equal(again, message));
		check_manifest(manifest, message.len);
	}
	buffer_clear(&package);
	arena_free(arena);
}

static void
try_package(struct text package)
{
	struct text manifest;
	struct text message;

	if (secure_envelope_unpack(package, &manifest, &message) != 0)
		return;
	require(manifest.len + message.len < package.len);
	require(message.data + message.len == package.data + package.len);
	require(manifest.data + manifest.len == message.data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = text_of(data, size);

	try_message(bytes);
	try_package(bytes);
	return 0;
}
