/*
 * The envelope's cryptography: PROTOCOL.envelope's test vectors, every
 * changed byte noticed, nothing used twice; references; the hand-back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

/* Its one-off key is given by the test. */
#include "crypto/secure_envelope_hand_back.c"

#include "gateway/base/hex.h"

#define HEADER_HEX \
	"5053544501010000000102030405060708090a0b0c0d0e0f1011121314151617" \
	"18191a1b1c1d1e1fe4d7c68c53576ae0c00a55401cd532d2833963f6f8124c4a" \
	"000a61ec65663f1200305055f060060000708dd44b630600070064656661756c" \
	"741100616c696365406578616d706c652e636f6d0b004578616d706c65204c74" \
	"64170068747470733a2f2f6d73672e6578616d706c652e636f6d"
#define PAYLOAD_HEX "7aa6273302c6246cff4eca3521ecae2b56e4624b3c1ccf"
#define RECIPIENTS_HEX \
	"e4d7c68c53576ae0c00a55401cd532d2833963f6f8124c4a000a61ec65663f12"
#define WRAPPED_HEX \
	"01041f140146bfb1b251f84f4ddbe0d4cdcfd77afd984a9520e35794021f8312" \
	"bb9eec995a08b1fa7704df3dcc0b50a9665263fb7711f95f9f8a449c5096e47c" \
	"892b475a9928d05ab2c7f6cb3133e6d7d32cb807078a7384b3511bd16b11b1d1" \
	"d421d586a914919b570761d611e87050e633"

struct fixture {
	struct secure_envelope_header header;
	struct secure_envelope_shares shares;
	struct buffer bytes;	/* of the header */
	struct buffer out;
};

static void
count_up(uint8_t *out, size_t len, uint8_t first)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(first + i);
}

static void
expect_hex(struct text bytes, const char *hex)
{
	char *got = calloc(1, HEX_SIZE(bytes.len));

	hex_encode((const uint8_t *)bytes.data, bytes.len, got);
	assert_string_equal(got, hex);
	free(got);
}

static void
fixture_init(struct fixture *fixture)
{
	struct secure_envelope_header *header = &fixture->header;
	const struct text recipients[] = {
		TEXT_INIT("bob@partner.example"),
		TEXT_INIT("Carol@Partner.Example"),
		TEXT_INIT("bob@PARTNER.example"),
	};

	memset(fixture, 0, sizeof(*fixture));
	count_up(header->id, sizeof(header->id), 0);
	count_up(header->key_id, sizeof(header->key_id), 0x10);
	count_up(fixture->shares.envelope, 32, 0x40);
	count_up(fixture->shares.service, 32, 0x80);
	secure_envelope_recipients(recipients, 3, header->recipients_sha256);
	header->profile = TEXT("default");
	header->sender = TEXT("alice@example.com");
	header->organisation = TEXT("Example Ltd");
	header->portal_url = TEXT("https://msg.example.com");
	header->created_us = INT64_C(1795435200000000);
	header->expires_us = INT64_C(1798027200000000);
	buffer_init(&fixture->bytes, 4096);
	buffer_init(&fixture->out, 65536);
	assert_int_equal(secure_envelope_header_encode(header,
		&fixture->bytes), 0);
}

static void
fixture_clear(struct fixture *fixture)
{
	buffer_clear(&fixture->bytes);
	buffer_clear(&fixture->out);
}

static void
writes_the_vectors(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	expect_hex(text_of(f.header.recipients_sha256, 32), RECIPIENTS_HEX);
	expect_hex(buffer_text(&f.bytes), HEADER_HEX);
	assert_int_equal(secure_envelope_seal(buffer_text(&f.bytes),
		&f.shares, TEXT("package"), &f.out), 0);
	expect_hex(buffer_text(&f.out), PAYLOAD_HEX);
	fixture_clear(&f);
}

static void
header_comes_back(void **state)
{
	struct secure_envelope_header again;
	struct fixture f;
	struct text bytes;

	(void)state;
	fixture_init(&f);
	bytes = buffer_text(&f.bytes);
	assert_int_equal(secure_envelope_header_decode(bytes, &again), 0);
	assert_memory_equal(again.id, f.header.id, sizeof(again.id));
	assert_memory_equal(again.key_id, f.header.key_id,
		sizeof(again.key_id));
	assert_true(text_equal(again.sender, f.header.sender));
	assert_true(text_equal(again.portal_url, f.header.portal_url));
	assert_int_equal(again.created_us, f.header.created_us);
	assert_int_equal(again.expires_us, f.header.expires_us);
	for (size_t i = 0; i < bytes.len; i++)
		assert_int_not_equal(secure_envelope_header_decode(
			text_slice(bytes, 0, i), &again), 0);
	fixture_clear(&f);
}

static void
header_refuses_bad_texts(void **state)
{
	static const struct text urls[] = {
		TEXT_INIT(""), TEXT_INIT("https://"),
		TEXT_INIT("http://msg.example.com"),
		TEXT_INIT("http://localhost.example.com"),
		TEXT_INIT("https://msg.example.com/"),
		TEXT_INIT("https://msg.example.com;script-src *"),
		TEXT_INIT("https://a\" onclick=\"b"),
		TEXT_INIT("https://user@msg.example.com"),
		TEXT_INIT("javascript:alert(1)"),
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		f.header.portal_url = urls[i];
		assert_int_equal(secure_envelope_header_encode(&f.header,
			&f.out), ERROR_MALFORMED);
	}
	f.header.portal_url = TEXT("http://127.0.0.1:8443/secure");
	assert_int_equal(secure_envelope_header_encode(&f.header, &f.out), 0);
	f.header.sender = TEXT("a\r\nb@example.com");
	assert_int_equal(secure_envelope_header_encode(&f.header, &f.out),
		ERROR_MALFORMED);
	f.header.sender = TEXT("a\xff@example.com");
	assert_int_equal(secure_envelope_header_encode(&f.header, &f.out),
		ERROR_MALFORMED);
	fixture_clear(&f);
}

/* One wrong byte anywhere, and there is one answer. */
static void
expect_closed(struct fixture *f, struct text header,
	const struct secure_envelope_shares *shares, struct text payload)
{
	size_t before = buffer_len(&f->out);

	assert_int_equal(secure_envelope_open(header, shares, payload,
		&f->out), ERROR_MISMATCH);
	assert_int_equal(buffer_len(&f->out), before);
}

/* X02 */
static void
notices_every_changed_byte(void **state)
{
	struct fixture f;
	struct buffer payload;
	struct text header;
	struct text sealed;

	(void)state;
	fixture_init(&f);
	buffer_init(&payload, 4096);
	header = buffer_text(&f.bytes);
	assert_int_equal(secure_envelope_seal(header, &f.shares,
		TEXT("Subject: x\r\n\r\nThe quick brown fox"), &payload), 0);
	sealed = buffer_text(&payload);
	for (size_t i = 0; i < header.len; i++) {
		f.bytes.bytes[i] ^= 1;
		expect_closed(&f, header, &f.shares, sealed);
		f.bytes.bytes[i] ^= 1;
	}
	for (size_t i = 0; i < sealed.len; i++) {
		payload.bytes[i] = (char)(payload.bytes[i] ^ 0x80);
		expect_closed(&f, header, &f.shares, sealed);
		payload.bytes[i] = (char)(payload.bytes[i] ^ 0x80);
		expect_closed(&f, header, &f.shares,
			text_slice(sealed, 0, i));
	}
	for (size_t i = 0; i < sizeof(f.shares); i++) {
		((uint8_t *)&f.shares)[i] ^= 4;
		expect_closed(&f, header, &f.shares, sealed);
		((uint8_t *)&f.shares)[i] ^= 4;
	}
	assert_int_equal(secure_envelope_open(header, &f.shares, sealed,
		&f.out), 0);
	assert_true(text_equal(buffer_text(&f.out),
		TEXT("Subject: x\r\n\r\nThe quick brown fox")));
	buffer_clear(&payload);
	fixture_clear(&f);
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, SECURE_ENVELOPE_SHARE_LEN);
}

/* X03: keys and ids of many envelopes, all different. */
static void
makes_nothing_twice(void **state)
{
	enum { COUNT = 100000 };
	uint8_t (*shares)[SECURE_ENVELOPE_SHARE_LEN] = calloc(2 * COUNT,
		sizeof(*shares));
	struct secure_envelope_header header = { 0 };
	struct secure_envelope_shares made;
	uint8_t last[SECURE_ENVELOPE_ID_LEN] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		secure_envelope_make_keys(&header, &made);
		assert_memory_not_equal(last, header.key_id, sizeof(last));
		memcpy(last, header.key_id, sizeof(last));
		memcpy(shares[2 * i], made.envelope, sizeof(made.envelope));
		memcpy(shares[2 * i + 1], made.service, sizeof(made.service));
	}
	qsort(shares, 2 * COUNT, sizeof(*shares), by_bytes);
	for (size_t i = 1; i < 2 * COUNT; i++)
		assert_int_not_equal(by_bytes(shares[i - 1], shares[i]), 0);
	free(shares);
}

static void
references_are_checked(void **state)
{
	char out[SECURE_ENVELOPE_REFERENCE_SIZE];
	char again[SECURE_ENVELOPE_REFERENCE_SIZE];
	char typed[SECURE_ENVELOPE_REFERENCE_SIZE];
	uint8_t id[SECURE_ENVELOPE_ID_LEN];

	(void)state;
	count_up(id, sizeof(id), 0);
	secure_envelope_reference(id, out);
	assert_string_equal(out, "NAVS-N0VW");
	assert_int_equal(secure_envelope_reference_parse(
		TEXT(" navs n-O VW"), again), 0);
	assert_string_equal(again, out);
	for (size_t i = 0; i < 9; i++)
		for (const char *c = "0123456789ABCDEFGHJKMNPQRSTVWXYZU*";
		    *c != '\0'; c++) {
			memcpy(typed, out, sizeof(typed));
			if (i == 4 || typed[i] == *c)
				continue;
			typed[i] = *c;
			assert_int_equal(secure_envelope_reference_parse(
				text_from(typed), again), ERROR_MALFORMED);
		}
	for (size_t i = 0; i + 1 < 9; i++) {
		memcpy(typed, out, sizeof(typed));
		typed[i] = out[i + 1];
		typed[i + 1] = out[i];
		if (i == 3 || i == 4 || out[i] == out[i + 1])
			continue;
		assert_int_equal(secure_envelope_reference_parse(
			text_from(typed), again), ERROR_MALFORMED);
	}
	assert_int_equal(secure_envelope_reference_parse(TEXT("NAVS-N0V"),
		again), ERROR_MALFORMED);
	assert_int_equal(secure_envelope_reference_parse(TEXT("NAVS-N0VW0"),
		again), ERROR_MALFORMED);
}

/* The key whose private half counts up from first. */
static EVP_PKEY *
known_key(uint8_t first, const char *public_hex)
{
	uint8_t public_key[POINT_LEN];
	uint8_t number[32];
	char curve[] = "P-256";
	EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM parameters[4];

	/* Little endian, as OpenSSL's numbers are here. */
	for (size_t i = 0; i < 32; i++)
		number[31 - i] = (uint8_t)(first + i);
	assert_int_equal(hex_decode(text_from(public_hex), public_key,
		sizeof(public_key)), 0);
	parameters[0] = OSSL_PARAM_construct_utf8_string(
		OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
	parameters[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY,
		number, sizeof(number));
	parameters[2] = OSSL_PARAM_construct_octet_string(
		OSSL_PKEY_PARAM_PUB_KEY, public_key, sizeof(public_key));
	parameters[3] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_PKEY_fromdata_init(state), 1);
	assert_int_equal(EVP_PKEY_fromdata(state, &key, EVP_PKEY_KEYPAIR,
		parameters), 1);
	EVP_PKEY_CTX_free(state);
	return key;
}

static const char browser_hex[] =
	"04515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b403"
	"5f4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f93"
	"54";
static const char own_hex[] =
	"041f140146bfb1b251f84f4ddbe0d4cdcfd77afd984a9520e35794021f8312bb"
	"9eec995a08b1fa7704df3dcc0b50a9665263fb7711f95f9f8a449c5096e47c89"
	"2b";

static void
hands_back_the_vector(void **state)
{
	EVP_PKEY *own = known_key(0x21, own_hex);
	uint8_t browser[POINT_LEN];
	char wrapped[WRAPPED_LEN];
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(hex_decode(text_from(browser_hex), browser,
		sizeof(browser)), 0);
	assert_int_equal(wrap(own, f.header.id, text_of(f.shares.service, 32),
		text_of(browser, sizeof(browser)), wrapped), 0);
	expect_hex(text_of(wrapped, sizeof(wrapped)), WRAPPED_HEX);
	EVP_PKEY_free(own);
	fixture_clear(&f);
}

/* What the file's script does, with its private key. */
static void
unwrap(EVP_PKEY *browser, const uint8_t *id, struct text wrapped,
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN])
{
	struct secure_envelope_secret secret;
	uint8_t shared[SHARED_LEN];
	char info[20 + 2 * POINT_LEN];
	EVP_PKEY *other = public_key_new(text_slice(wrapped, 1, POINT_LEN));

	assert_non_null(other);
	assert_int_equal(agree(browser, other, shared), 0);
	memcpy(info, label.data, label.len);
	memcpy(info + 20, wrapped.data + 1, POINT_LEN);
	assert_int_equal(hex_decode(text_from(browser_hex),
		(uint8_t *)info + 20 + POINT_LEN, POINT_LEN), 0);
	secure_envelope_derive(text_of(shared, sizeof(shared)),
		text_of(id, SECURE_ENVELOPE_ID_LEN),
		text_of(info, sizeof(info)), &secret);
	assert_int_equal(secure_envelope_decrypt(&secret,
		text_slice(wrapped, 0, START_LEN),
		text_skip(wrapped, START_LEN), (char *)share), 0);
	EVP_PKEY_free(other);
}

static void
hands_back_to_a_browser(void **state)
{
	EVP_PKEY *browser = known_key(0x01, browser_hex);
	uint8_t point[POINT_LEN];
	uint8_t share[SECURE_ENVELOPE_SHARE_LEN];
	struct fixture f;
	struct buffer second;

	(void)state;
	fixture_init(&f);
	buffer_init(&second, 4096);
	assert_int_equal(hex_decode(text_from(browser_hex), point,
		sizeof(point)), 0);
	assert_int_equal(secure_envelope_hand_back(f.header.id,
		f.shares.service, text_of(point, sizeof(point)), &f.out), 0);
	unwrap(browser, f.header.id, buffer_text(&f.out), share);
	assert_memory_equal(share, f.shares.service, sizeof(share));
	assert_int_equal(secure_envelope_hand_back(f.header.id,
		f.shares.service, text_of(point, sizeof(point)), &second), 0);
	assert_false(text_equal(buffer_text(&f.out), buffer_text(&second)));
	buffer_clear(&second);
	EVP_PKEY_free(browser);
	fixture_clear(&f);
}

static void
refuses_bad_points(void **state)
{
	uint8_t point[POINT_LEN];
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(hex_decode(text_from(browser_hex), point,
		sizeof(point)), 0);
	for (size_t i = 0; i < sizeof(point); i++) {
		point[i] ^= 1;
		assert_int_equal(secure_envelope_hand_back(f.header.id,
			f.shares.service, text_of(point, sizeof(point)),
			&f.out), ERROR_MALFORMED);
		assert_int_equal(secure_envelope_hand_back(f.header.id,
			f.shares.service, text_of(point, i), &f.out),
			ERROR_MALFORMED);
		point[i] ^= 1;
	}
	memset(point, 0, sizeof(point));
	assert_int_equal(secure_envelope_hand_back(f.header.id,
		f.shares.service, text_of(point, sizeof(point)), &f.out),
		ERROR_MALFORMED);
	point[0] = 4;
	assert_int_equal(secure_envelope_hand_back(f.header.id,
		f.shares.service, text_of(point, sizeof(point)), &f.out),
		ERROR_MALFORMED);
	assert_int_equal(buffer_len(&f.out), 0);
	fixture_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_vectors),
		cmocka_unit_test(header_comes_back),
		cmocka_unit_test(header_refuses_bad_texts),
		cmocka_unit_test(notices_every_changed_byte),
		cmocka_unit_test(makes_nothing_twice),
		cmocka_unit_test(references_are_checked),
		cmocka_unit_test(hands_back_the_vector),
		cmocka_unit_test(hands_back_to_a_browser),
		cmocka_unit_test(refuses_bad_points),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
