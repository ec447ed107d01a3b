/*
 * JSON between gateways and the key service (PROTOCOL.keyservice 1).
 */
#include "crypto/key_service_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "crypto/json_bounds.h"
#include "gateway/base/hex.h"
#include "gateway/base/memory.h"
#include "gateway/mail/envelope.h"
#include "gateway/mail/utf8.h"

#define VERSION 1
#define DEPTH_MAX 5
#define SIGNS_MAX 400000u	/* brackets, colons, commas */
#define WORD_MAX 256u		/* organisation, profile */
#define ID_HEX HEX_SIZE(SECURE_ENVELOPE_ID_LEN)
#define SHARE_HEX HEX_SIZE(SECURE_ENVELOPE_SHARE_LEN)
/* "version", "results" and all around, and each result, at most. */
#define ANSWER_MAX (256 + KEY_SERVICE_BATCH_MAX * 256)

static const char *const outcome_words[] = {
	[KEY_SERVICE_REGISTERED] = "registered",
	[KEY_SERVICE_CONFLICT] = "conflict",
	[KEY_SERVICE_REFUSED] = "refused",
};
#define OUTCOMES (sizeof(outcome_words) / sizeof(outcome_words[0]))

void
key_service_message_prepare(void)
{
	json_object_seed(0);
}

/* ---- writing ------------------------------------------------------------- */

static int
add_piece(const char *piece, size_t len, void *out)
{
	return buffer_add(out, piece, len) == 0 ? 0 : -1;
}

static json_t *
text_value(struct text t)
{
	return json_stringn(t.data == NULL ? "" : t.data, t.len);
}

static json_t *
hex_value(const uint8_t *bytes, size_t len)
{
	char digits[SHARE_HEX];
	json_t *value;

	require(HEX_SIZE(len) <= sizeof(digits));
	hex_encode(bytes, len, digits);
	value = json_string(digits);
	memory_wipe(digits, sizeof(digits));
	return value;
}

/* The library copies and keeps strings: a share is overwritten behind use. */
static void
wipe_share(const json_t *envelope)
{
	json_t *share = json_object_get(envelope, "share");
	const char *digits = json_string_value(share);

	if (digits != NULL)
		memory_wipe((char *)(uintptr_t)digits,
		    json_string_length(share));
}

static json_t *
recipients_value(const struct key_service_envelope *envelope)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < envelope->recipient_count && list != NULL; i++) {
		json_t *one = json_pack("{s:o, s:b}", "address",
		    text_value(envelope->recipients[i]), "named",
		    envelope->is_named[i] != 0);

		if (one == NULL || json_array_append_new(list, one) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static json_t *
envelope_value(const struct key_service_envelope *envelope)
{
	char mid[24];

	(void)snprintf(mid, sizeof(mid), "%" PRIu64, envelope->mid);
	return json_pack("{s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:I,s:I,s:o}",
	    "id", hex_value(envelope->id, sizeof(envelope->id)),
	    "key_id", hex_value(envelope->key_id, sizeof(envelope->key_id)),
	    "share", hex_value(envelope->share, sizeof(envelope->share)),
	    "mid", mid,
	    "sender", text_value(envelope->sender),
	    "organisation", text_value(envelope->organisation),
	    "profile", text_value(envelope->profile),
	    "sent_us", (json_int_t)envelope->sent_us,
	    "expires_us", (json_int_t)envelope->expires_us,
	    "recipients", recipients_value(envelope));
}

/* {"version": 1, NAME: list}; the list is taken over. */
static int
write_whole(const char *name, json_t *list, size_t max, struct buffer *out)
{
	size_t before = buffer_len(out);
	json_t *root = list == NULL ? NULL :
	    json_pack("{s:i, s:O}", "version", VERSION, name, list);
	int r = 0;

	if (root == NULL)
		r = ERROR_MALFORMED;
	else if (json_dump_callback(root, add_piece, out, JSON_COMPACT) != 0 ||
	    buffer_len(out) - before > max)
		r = ERROR_LIMIT;
	if (r != 0)
		buffer_truncate(out, before);
	json_decref(root);
	return r;
}

int
key_service_request_write(const struct key_service_envelope *envelopes,
    size_t count, struct buffer *out)
{
	json_t *list;
	size_t i;
	int r = 0;

	if (count == 0 || count > KEY_SERVICE_BATCH_MAX)
		return ERROR_LIMIT;
	list = json_array();
	for (i = 0; i < count && r == 0; i++) {
		json_t *one = envelope_value(&envelopes[i]);

		/* A NULL here is a text that is no UTF-8, or no memory. */
		if (one == NULL || json_array_append_new(list, one) != 0)
			r = ERROR_MALFORMED;
	}
	if (r == 0)
		r = write_whole("envelopes", list, KEY_SERVICE_BODY_MAX, out);
	for (i = 0; i < json_array_size(list); i++)
		wipe_share(json_array_get(list, i));
	json_decref(list);
	return r;
}

int
key_service_answer_write(const struct key_service_result *results,
    size_t count, struct buffer *out)
{
	json_t *list = json_array();
	size_t i;
	int r = count > KEY_SERVICE_BATCH_MAX ? ERROR_LIMIT : 0;

	for (i = 0; i < count && r == 0; i++) {
		const struct key_service_result *result = &results[i];
		json_t *one;

		require(result->outcome < OUTCOMES);
		one = json_pack("{s:o, s:o, s:s}",
		    "id", hex_value(result->id, sizeof(result->id)),
		    "key_id", hex_value(result->key_id,
		    sizeof(result->key_id)),
		    "outcome", outcome_words[result->outcome]);
		if (one == NULL || json_array_append_new(list, one) != 0)
			r = ERROR_LIMIT;
	}
	if (r == 0)
		r = write_whole("results", list, ANSWER_MAX, out);
	json_decref(list);
	return r;
}

/* ---- reading ------------------------------------------------------------- */

static int
malformed(struct reason *why, const char *words)
{
	reason_set(why, "%s", words);
	return ERROR_MALFORMED;
}

/* The list called name of a whole message; borrowed from *root. */
static int
read_whole(struct text body, size_t max, const char *name, json_t **root,
    json_t **list, struct reason *why)
{
	json_error_t error;
	int version = 0;

	if (body.len > max) {
		reason_set(why, "over %zu bytes", max);
		return ERROR_LIMIT;
	}
	if (json_bounds_check(body, SIGNS_MAX, DEPTH_MAX) != 0) {
		reason_set(why, "too many brackets, colons or commas");
		return ERROR_LIMIT;
	}
	*root = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES,
	    &error);
	if (*root == NULL) {
		reason_set(why, "line %d: %s", error.line, error.text);
		return ERROR_MALFORMED;
	}
	if (json_unpack_ex(*root, &error, JSON_STRICT, "{s:i, s:o}",
	    "version", &version, name, list) != 0) {
		reason_set(why, "%s", error.text);
		return ERROR_MALFORMED;
	}
	if (version != VERSION)
		return malformed(why, "version must be 1");
	if (!json_is_array(*list) || json_array_size(*list) == 0)
		return malformed(why, "a list with entries is missing");
	if (json_array_size(*list) > KEY_SERVICE_BATCH_MAX) {
		reason_set(why, "more than %d entries", KEY_SERVICE_BATCH_MAX);
		return ERROR_LIMIT;
	}
	return 0;
}

/* A text from the library's memory into the arena. */
static int
keep_text(const char *data, size_t len, size_t max, struct arena *arena,
    struct text *out)
{
	struct text t = text_of(data, len);

	if (len > max || !utf8_is_valid(t) || memchr(data, '\0', len) != NULL)
		return ERROR_MALFORMED;
	return arena_copy(arena, t, out);
}

static int
read_recipients(const json_t *list, struct arena *arena,
    struct key_service_envelope *out, struct reason *why)
{
	size_t count = json_array_size(list);
	const char *address;
	size_t len;
	int is_named, r = 0;

	if (count == 0 || count > KEY_SERVICE_RECIPIENTS_MAX)
		return malformed(why, "recipients: 1 to 1000");
	out->recipients = arena_array(arena, count, sizeof(struct text));
	out->is_named = arena_array(arena, count, 1);
	if (out->recipients == NULL || out->is_named == NULL)
		return ERROR_LIMIT;
	out->recipient_count = count;
	for (size_t i = 0; i < count && r == 0; i++) {
		if (json_unpack_ex(json_array_get(list, i), NULL, JSON_STRICT,
		    "{s:s%, s:b}", "address", &address, &len, "named",
		    &is_named) != 0 || len == 0)
			return malformed(why, "recipients: an entry is bad");
		out->is_named[i] = (uint8_t)(is_named != 0);
		r = keep_text(address, len, ENVELOPE_ADDRESS_MAX, arena,
		    &out->recipients[i]);
	}
	if (r != 0)
		reason_set(why, "recipients: an address is bad");
	return r;
}

/* As the library gives them: borrowed from its tree. */
struct raw_envelope {
	struct text id, key_id, share, mid, sender, organisation, profile;
	json_int_t sent_us, expires_us;
	const json_t *recipients;
};

static int
read_raw(json_t *value, struct raw_envelope *raw, struct reason *why)
{
	json_error_t error;

	if (json_unpack_ex(value, &error, JSON_STRICT,
	    "{s:s%,s:s%,s:s%,s:s%,s:s%,s:s%,s:s%,s:I,s:I,s:o}",
	    "id", &raw->id.data, &raw->id.len,
	    "key_id", &raw->key_id.data, &raw->key_id.len,
	    "share", &raw->share.data, &raw->share.len,
	    "mid", &raw->mid.data, &raw->mid.len,
	    "sender", &raw->sender.data, &raw->sender.len,
	    "organisation", &raw->organisation.data, &raw->organisation.len,
	    "profile", &raw->profile.data, &raw->profile.len,
	    "sent_us", &raw->sent_us, "expires_us", &raw->expires_us,
	    "recipients", &raw->recipients) == 0 &&
	    json_is_array(raw->recipients))
		return 0;
	/* The library's words may quote a value: only its kind is told. */
	return malformed(why, "an envelope lacks a member, has another, or "
	    "one of another kind");
}

static int
read_envelope(json_t *value, struct arena *arena,
    struct key_service_envelope *out, struct reason *why)
{
	struct raw_envelope raw = { 0 };
	int r = read_raw(value, &raw, why);

	if (r != 0)
		return r;
	if (hex_decode(raw.id, out->id, sizeof(out->id)) != 0 ||
	    hex_decode(raw.key_id, out->key_id, sizeof(out->key_id)) != 0 ||
	    hex_decode(raw.share, out->share, sizeof(out->share)) != 0)
		return malformed(why, "id, key_id or share: not as many "
		    "hexadecimal digits as it has");
	if (text_parse_u64(raw.mid, INT64_MAX, &out->mid) != 0)
		return malformed(why, "mid: not a number");
	if (raw.sent_us < 0 || raw.expires_us < 0)
		return malformed(why, "a time is negative");
	out->sent_us = raw.sent_us;
	out->expires_us = raw.expires_us;
	if (keep_text(raw.sender.data, raw.sender.len, ENVELOPE_ADDRESS_MAX,
	    arena, &out->sender) != 0 ||
	    keep_text(raw.organisation.data, raw.organisation.len, WORD_MAX,
	    arena, &out->organisation) != 0 ||
	    keep_text(raw.profile.data, raw.profile.len, WORD_MAX, arena,
	    &out->profile) != 0)
		return malformed(why, "sender, organisation or profile: "
		    "too long");
	return read_recipients(raw.recipients, arena, out, why);
}

int
key_service_request_read(struct text body, struct arena *arena,
    struct key_service_envelope **envelopes, size_t *count,
    struct reason *why)
{
	struct key_service_envelope *found = NULL;
	json_t *root = NULL, *list = NULL;
	size_t i, n = 0;
	int r = read_whole(body, KEY_SERVICE_BODY_MAX, "envelopes", &root,
	    &list, why);

	if (r == 0) {
		n = json_array_size(list);
		found = arena_array(arena, n, sizeof(*found));
		r = found == NULL ? ERROR_LIMIT : 0;
	}
	for (i = 0; i < n && r == 0; i++)
		r = read_envelope(json_array_get(list, i), arena, &found[i],
		    why);
	for (i = 0; i < n; i++)
		wipe_share(json_array_get(list, i));
	json_decref(root);
	if (r != 0 && found != NULL)
		memory_wipe(found, n * sizeof(*found));
	if (r == 0) {
		*envelopes = found;
		*count = n;
	}
	return r;
}

static int
read_result(json_t *value, struct key_service_result *out,
    struct reason *why)
{
	struct text id, key_id, word;
	uint8_t i;

	if (json_unpack_ex(value, NULL, JSON_STRICT, "{s:s%, s:s%, s:s%}",
	    "id", &id.data, &id.len, "key_id", &key_id.data, &key_id.len,
	    "outcome", &word.data, &word.len) != 0 ||
	    hex_decode(id, out->id, sizeof(out->id)) != 0 ||
	    hex_decode(key_id, out->key_id, sizeof(out->key_id)) != 0)
		return malformed(why, "a result cannot be read");
	for (i = 0; i < OUTCOMES; i++) {
		if (text_equal(word, text_from(outcome_words[i]))) {
			out->outcome = i;
			return 0;
		}
	}
	return malformed(why, "an outcome is unknown");
}

int
key_service_answer_read(struct text body, struct arena *arena,
    struct key_service_result **results, size_t *count, struct reason *why)
{
	struct key_service_result *found = NULL;
	json_t *root = NULL, *list = NULL;
	size_t i, n = 0;
	int r = read_whole(body, ANSWER_MAX, "results", &root, &list, why);

	if (r == 0) {
		n = json_array_size(list);
		found = arena_array(arena, n, sizeof(*found));
		r = found == NULL ? ERROR_LIMIT : 0;
	}
	for (i = 0; i < n && r == 0; i++)
		r = read_result(json_array_get(list, i), &found[i], why);
	json_decref(root);
	if (r == 0) {
		*results = found;
		*count = n;
	}
	return r;
}
