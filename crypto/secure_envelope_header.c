/*
 * The header's bytes (PROTOCOL.envelope 2).
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/secure_envelope.h"
#include "gateway/base/memory.h"
#include "gateway/mail/address.h"
#include "gateway/mail/utf8.h"

#define VERSION 1
#define ALGORITHM 1	/* HKDF-SHA256, AES-256-GCM */
#define TEXTS 4

struct fixed {
	char magic[4];
	uint8_t version;
	uint8_t algorithm;
	uint16_t zero;
	uint8_t id[SECURE_ENVELOPE_ID_LEN];
	uint8_t key_id[SECURE_ENVELOPE_ID_LEN];
	uint8_t recipients[32];
	uint64_t created_us;
	uint64_t expires_us;
};
_Static_assert(sizeof(struct fixed) == 88, "no padding");

static const char magic[4] = "PSTE";

static const struct {
	size_t least;
	size_t most;
	size_t offset;		/* in struct secure_envelope_header */
} texts[TEXTS] = {
	{ 0, 255, offsetof(struct secure_envelope_header, profile) },
	{ 0, 1000, offsetof(struct secure_envelope_header, sender) },
	{ 0, 1000, offsetof(struct secure_envelope_header, organisation) },
	{ 1, 255, offsetof(struct secure_envelope_header, portal_url) },
};

static bool
is_plain_utf8(struct text t)
{
	uint32_t point = 0;
	size_t len;

	for (; t.len > 0; t = text_skip(t, len)) {
		len = utf8_next(t, &point);
		if (len == 0 || point < 32 || (point >= 127 && point < 160))
			return false;
	}
	return true;
}

/* Behind the scheme: the bytes that may stand in an address of a page. */
static bool
is_url_rest(struct text rest)
{
	static const struct text marks = TEXT_INIT("-._~:[]/%");

	if (rest.len == 0 || rest.data[0] == '/' ||
	    rest.data[rest.len - 1] == '/')
		return false;
	for (size_t i = 0; i < rest.len; i++)
		if (!text_is_alnum(rest.data[i]) &&
		    text_find_byte(marks, rest.data[i]) == marks.len)
			return false;
	return true;
}

/* The same machine: nothing travels that others could read. */
static bool
is_loopback(struct text rest)
{
	static const struct text names[] = {
		TEXT_INIT("127.0.0.1"), TEXT_INIT("[::1]"),
		TEXT_INIT("localhost"),
	};
	struct text after;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!text_starts(rest, names[i]))
			continue;
		after = text_skip(rest, names[i].len);
		if (after.len == 0 || after.data[0] == ':' ||
		    after.data[0] == '/')
			return true;
	}
	return false;
}

static bool
is_portal(struct text url)
{
	static const struct text secure = TEXT_INIT("https://");
	static const struct text plain = TEXT_INIT("http://");

	if (text_starts(url, secure))
		return is_url_rest(text_skip(url, secure.len));
	return text_starts(url, plain) &&
		is_url_rest(text_skip(url, plain.len)) &&
		is_loopback(text_skip(url, plain.len));
}

static struct text
header_text(const struct secure_envelope_header *header, size_t number)
{
	return *(const struct text *)((const char *)header +
		texts[number].offset);
}

static int
header_check(const struct secure_envelope_header *header)
{
	for (size_t i = 0; i < TEXTS; i++) {
		struct text t = header_text(header, i);
		if (t.len > texts[i].most)
			return ERROR_LIMIT;
		if (t.len < texts[i].least || !is_plain_utf8(t))
			return ERROR_MALFORMED;
	}
	if (header->created_us < 0 || header->expires_us < 0 ||
	    !is_portal(header->portal_url))
		return ERROR_MALFORMED;
	return 0;
}

int
secure_envelope_header_encode(const struct secure_envelope_header *header,
	struct buffer *out)
{
	struct fixed fixed = {
		.version = VERSION,
		.algorithm = ALGORITHM,
		.created_us = htole64((uint64_t)header->created_us),
		.expires_us = htole64((uint64_t)header->expires_us),
	};
	size_t before = buffer_len(out);
	int error = header_check(header);

	if (error != 0)
		return error;
	memcpy(fixed.magic, magic, sizeof(magic));
	memcpy(fixed.id, header->id, sizeof(fixed.id));
	memcpy(fixed.key_id, header->key_id, sizeof(fixed.key_id));
	memcpy(fixed.recipients, header->recipients_sha256,
		sizeof(fixed.recipients));
	error = buffer_add(out, &fixed, sizeof(fixed));
	for (size_t i = 0; i < TEXTS && error == 0; i++) {
		struct text t = header_text(header, i);
		uint16_t len = htole16((uint16_t)t.len);
		error = buffer_add(out, &len, sizeof(len));
		if (error == 0)
			error = buffer_add_text(out, t);
	}
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}

static int
take_text(struct text *rest, struct text *out)
{
	uint16_t len;

	if (rest->len < sizeof(len))
		return ERROR_MALFORMED;
	memcpy(&len, rest->data, sizeof(len));
	*rest = text_skip(*rest, sizeof(len));
	len = le16toh(len);
	if (rest->len < len)
		return ERROR_MALFORMED;
	*out = text_slice(*rest, 0, len);
	*rest = text_skip(*rest, len);
	return 0;
}

int
secure_envelope_header_decode(struct text bytes,
	struct secure_envelope_header *out)
{
	struct fixed fixed;
	struct text rest = text_skip(bytes, sizeof(fixed));

	memset(out, 0, sizeof(*out));
	if (bytes.len < sizeof(fixed))
		return ERROR_MALFORMED;
	memcpy(&fixed, bytes.data, sizeof(fixed));
	if (memcmp(fixed.magic, magic, sizeof(magic)) != 0 ||
	    fixed.version != VERSION || fixed.algorithm != ALGORITHM ||
	    fixed.zero != 0)
		return ERROR_MALFORMED;
	memcpy(out->id, fixed.id, sizeof(out->id));
	memcpy(out->key_id, fixed.key_id, sizeof(out->key_id));
	memcpy(out->recipients_sha256, fixed.recipients,
		sizeof(out->recipients_sha256));
	out->created_us = (int64_t)le64toh(fixed.created_us);
	out->expires_us = (int64_t)le64toh(fixed.expires_us);
	for (size_t i = 0; i < TEXTS; i++)
		if (take_text(&rest, (struct text *)((char *)out +
		    texts[i].offset)) != 0)
			return ERROR_MALFORMED;
	return rest.len != 0 ? ERROR_MALFORMED : header_check(out);
}

static int
by_bytes(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* Each once, in order. */
static void
digest_addresses(struct text *sorted, size_t count, uint8_t out[32])
{
	struct digest *digest = digest_new();

	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_bytes);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && text_equal(sorted[i], sorted[i - 1]))
			continue;
		digest_add(digest, sorted[i]);
		digest_add(digest, TEXT("\n"));
	}
	digest_finish(digest, out);
	digest_free(digest);
}

void
secure_envelope_recipients(const struct text *addresses, size_t count,
	uint8_t out[32])
{
	struct text *sorted = memory_array(count + 1, sizeof(*sorted));
	struct buffer all;
	size_t size = 1;
	size_t start;

	for (size_t i = 0; i < count; i++)
		size += addresses[i].len;
	buffer_init(&all, size);
	/* Lengths first: the buffer's place may change while it grows. */
	for (size_t i = 0; i < count; i++) {
		start = buffer_len(&all);
		require(address_canonical(addresses[i], &all) == 0);
		sorted[i].len = buffer_len(&all) - start;
	}
	start = 0;
	for (size_t i = 0; i < count; i++) {
		sorted[i] = text_slice(buffer_text(&all), start,
			sorted[i].len);
		start += sorted[i].len;
	}
	digest_addresses(sorted, count, out);
	buffer_clear(&all);
	free(sorted);
}
