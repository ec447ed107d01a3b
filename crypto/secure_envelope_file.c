/*
 * The file that people open: the shell with its values, header, share and
 * payload in base64, and found again.
 */
#include "crypto/secure_envelope_file.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/secure_envelope_private.h"
#include "crypto/secure_envelope_shell.h"
#include "gateway/mail/base64.h"

#define HASH_TEXT_MAX 64	/* of a SHA-256 in base64 */
#define SHELL_MAX (128u * 1024)	/* all but the payload */
#define HEADER_MAX 4096		/* bytes of a header, more than any has */
#define VALUES (SECURE_ENVELOPE_FACTS + 6)

/* What stands in the shell, with the policy's hashes over those very bytes. */
struct shell {
	struct text start;	/* up to the payload */
	struct text end;
	struct buffer style_hash;
	struct buffer script_hash;
};

static void
hash_text(struct text t, struct buffer *out)
{
	struct digest *digest = digest_new();
	uint8_t hash[DIGEST_SIZE];

	digest_add(digest, t);
	digest_finish(digest, hash);
	digest_free(digest);
	buffer_init(out, HASH_TEXT_MAX);
	require(base64_encode(text_of(hash, sizeof(hash)), 0, out) == 0);
}

/*
 * An element's text begins right behind its tag: with the line end that
 * stands there.
 */
static void
hash_element(struct text t, struct buffer *out)
{
	struct buffer whole;

	buffer_init(&whole, SHELL_MAX);
	require(buffer_add_byte(&whole, '\n') == 0);
	require(buffer_add_text(&whole, t) == 0);
	hash_text(buffer_text(&whole), out);
	buffer_clear(&whole);
}

static const struct shell *
shell_once(void)
{
	static struct shell shell;
	static const struct text place = TEXT_INIT("{{payload}}");
	struct text page = secure_envelope_shell_page;
	size_t at;

	if (shell.start.len > 0)
		return &shell;
	at = text_find(page, place);
	require(at < page.len);
	shell.start = text_slice(page, 0, at);
	shell.end = text_skip(page, at + place.len);
	hash_element(secure_envelope_shell_style, &shell.style_hash);
	hash_element(secure_envelope_shell_script, &shell.script_hash);
	return &shell;
}

size_t
secure_envelope_file_size(size_t payload_len)
{
	size_t chars = BASE64_SIZE(payload_len);

	return chars + (chars / SECURE_ENVELOPE_LINE + 1) * 2 + SHELL_MAX;
}

/* facts, and what only the file needs; values has VALUES places. */
static size_t
join_values(const struct secure_envelope_facts *facts,
	struct text header, struct text share,
	struct secure_envelope_value *values)
{
	const struct shell *shell = shell_once();
	const struct secure_envelope_value own[] = {
		{ "header", header, true },
		{ "share", share, true },
		{ "style", secure_envelope_shell_style, true },
		{ "script", secure_envelope_shell_script, true },
		{ "style_hash", buffer_text(&shell->style_hash), true },
		{ "script_hash", buffer_text(&shell->script_hash), true },
	};
	_Static_assert(SECURE_ENVELOPE_FACTS + sizeof(own) / sizeof(*own) ==
		VALUES, "places for all");

	memcpy(values, own, sizeof(own));
	memcpy(values + sizeof(own) / sizeof(*own), facts->values,
		facts->count * sizeof(*values));
	return sizeof(own) / sizeof(*own) + facts->count;
}

int
secure_envelope_file_write(const struct secure_envelope_facts *facts,
	struct text header_bytes, struct text envelope_share,
	struct text payload, struct buffer *out)
{
	const struct shell *shell = shell_once();
	struct secure_envelope_value values[VALUES];
	struct secure_envelope_template fill = { .values = values,
		.is_html = true };
	struct buffer header;
	struct buffer share;
	int error;

	buffer_init(&header, 2 * HEADER_MAX);
	buffer_init(&share, 2 * SECURE_ENVELOPE_SHARE_LEN);
	error = base64_encode(header_bytes, SECURE_ENVELOPE_LINE, &header);
	if (error == 0)
		error = base64_encode(envelope_share, SECURE_ENVELOPE_LINE,
			&share);
	if (error == 0) {
		fill.count = join_values(facts, buffer_text(&header),
			buffer_text(&share), values);
		error = secure_envelope_template_fill(&fill, shell->start,
			out);
	}
	if (error == 0)
		error = base64_encode(payload, SECURE_ENVELOPE_LINE, out);
	if (error == 0)
		error = secure_envelope_template_fill(&fill, shell->end, out);
	buffer_clear(&header);
	buffer_wipe(&share);
	return error;
}

/* ---- reading ---- */

/* Take what stands between start and end; both go. */
static bool
take_between(struct text *rest, struct text start, struct text end,
	struct text *out)
{
	size_t at = text_find(*rest, start);

	if (at == rest->len)
		return false;
	*rest = text_skip(*rest, at + start.len);
	at = text_find(*rest, end);
	if (at == rest->len)
		return false;
	*out = text_slice(*rest, 0, at);
	*rest = text_skip(*rest, at + end.len);
	return true;
}

/* Decode into the arena; at most max bytes. */
static int
decode(struct text encoded, size_t max, struct arena *arena,
	struct text *out)
{
	struct buffer bytes;
	int error;

	buffer_init(&bytes, max);
	error = base64_decode(encoded, &bytes);
	if (error == 0)
		error = arena_copy(arena, buffer_text(&bytes), out);
	buffer_clear(&bytes);
	return error;
}

int
secure_envelope_file_read(struct text file, struct arena *arena,
	struct secure_envelope_file *out)
{
	const size_t payload_max = (size_t)SECURE_ENVELOPE_MESSAGE_MAX +
		SECURE_ENVELOPE_MANIFEST_MAX + 4096;
	struct text header = TEXT_EMPTY;
	struct text share = TEXT_EMPTY;
	struct text payload = TEXT_EMPTY;
	struct text attributes = TEXT_EMPTY;
	int error;

	memset(out, 0, sizeof(*out));
	if (!take_between(&file, TEXT("name=\"header\" value=\""),
	    TEXT("\""), &header))
		return ERROR_NOT_FOUND;
	if (!take_between(&file, TEXT("name=\"share\" value=\""), TEXT("\""),
	    &share) ||
	    !take_between(&file, TEXT("name=\"payload\""), TEXT(">"),
	    &attributes) ||
	    !take_between(&file, TEXT_EMPTY, TEXT("<"), &payload))
		return ERROR_MALFORMED;
	error = decode(header, HEADER_MAX, arena, &out->header);
	if (error == 0)
		error = decode(share, SECURE_ENVELOPE_SHARE_LEN + 1, arena,
			&share);
	if (error == 0 && share.len != SECURE_ENVELOPE_SHARE_LEN)
		error = ERROR_MALFORMED;
	if (error != 0)
		return error;
	memcpy(out->share, share.data, sizeof(out->share));
	return decode(payload, payload_max, arena, &out->payload);
}
