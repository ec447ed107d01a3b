/*
 * Base64.  Quads of clean characters go through a table in one step; what
 * is no such quad (line ends, padding, junk) byte by byte.
 */
#include "gateway/mail/base64.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gateway/mail/fill_private.h"

enum {
	CLASS_JUNK = 0x80,	/* above all values */
	CLASS_SPACE = 0x81,
	CLASS_PAD = 0x82,
	CLASS_HIGH = 0x80,
};

#define QUAD_BAD 0xff000000u
#define CHUNK ((size_t)1 << 20)		/* decoded at a time */
#define SMALL 64

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define ROW_16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
#define HIGH_HALF ROW_16(0x80), ROW_16(0x80), ROW_16(0x80), ROW_16(0x80), \
	ROW_16(0x80), ROW_16(0x80), ROW_16(0x80), ROW_16(0x80)
#define CAPITALS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, \
	17, 18, 19, 20, 21, 22, 23, 24, 25
#define SMALLS 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, \
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51
#define DIGITS 52, 53, 54, 55, 56, 57, 58, 59, 60, 61
#define J 0x80
#define S 0x81
#define P 0x82

static const uint8_t classes[256] = {
	J, J, J, J, J, J, J, J, J, S, S, J, J, S, J, J, ROW_16(J),
	S, J, J, J, J, J, J, J, J, J, J, 62, J, J, J, 63,
	DIGITS, J, J, J, P, J, J,
	J, CAPITALS, J, J, J, J, J, J, SMALLS, J, J, J, J, J,
	HIGH_HALF,
};
static const uint8_t classes_url[256] = {
	ROW_16(J), ROW_16(J),
	J, J, J, J, J, J, J, J, J, J, J, J, J, 62, J, J,
	DIGITS, J, J, J, J, J, J,
	J, CAPITALS, J, J, J, J, 63, J, SMALLS, J, J, J, J, J,
	HIGH_HALF,
};
#undef J
#undef S
#undef P

struct base64_decoder {
	const uint8_t *classes;
	uint32_t bits;
	unsigned int count;	/* characters of the current quad so far */
	unsigned int pads;	/* still wanted for the quad before */
	unsigned int flags;	/* set of enum base64_flag */
	bool is_padded;		/* padding has been seen */
};

/*
 * Tables for whole quads, made from those above at first use: the bits of a
 * character at each of its four places, and two characters at a time.
 */
static uint32_t quad_bits[4][256];
static uint8_t classes_unpadded[256];
static uint16_t letter_pairs[2][4096];

static void
make_tables(void)
{
	for (unsigned int place = 0; place < 4; place++)
		for (unsigned int byte = 0; byte < 256; byte++) {
			uint32_t value = classes[byte];
			quad_bits[place][byte] =
				(value & CLASS_HIGH) != 0 ? QUAD_BAD :
				value << (18 - 6 * place);
		}
	for (unsigned int pair = 0; pair < 4096; pair++) {
		char plain[] = { alphabet[pair >> 6], alphabet[pair & 63] };
		char url[] = { alphabet_url[pair >> 6],
			alphabet_url[pair & 63] };
		memcpy(&letter_pairs[0][pair], plain, sizeof(plain));
		memcpy(&letter_pairs[1][pair], url, sizeof(url));
	}
}

static void
need_tables(void)
{
	if (quad_bits[0]['B'] == 0)
		make_tables();
}

static char *
encode_quad(const uint16_t *pairs, const uint8_t *from, char *to)
{
	uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 |
		from[2];

	memcpy(to, &pairs[bits >> 12], 2);
	memcpy(to + 2, &pairs[bits & 4095], 2);
	return to + 4;
}

/* All bytes; the last quad has its padding. */
static char *
encode_run(const uint16_t *pairs, const uint8_t *from, size_t len, char *to)
{
	uint8_t last[3] = { 0 };

	for (; len >= 3; from += 3, len -= 3)
		to = encode_quad(pairs, from, to);
	if (len == 0)
		return to;
	memcpy(last, from, len);
	to = encode_quad(pairs, last, to);
	memset(to - (3 - len), '=', 3 - len);
	return to;
}

static int
encode(const uint16_t *pairs, size_t line, struct text bytes,
	struct buffer *out)
{
	size_t chars = BASE64_SIZE(bytes.len);
	size_t piece = line == 0 ? bytes.len : line / 4 * 3;
	size_t ends = line == 0 ? 0 : (chars + line - 1) / line * 2;
	char *to;

	if (bytes.len == 0)
		return 0;
	need_tables();
	if (bytes.len > SIZE_MAX / 4 ||
	    buffer_reserve(out, chars + ends, &to) != 0)
		return ERROR_LIMIT;
	for (size_t at = 0; at < bytes.len; at += piece) {
		struct text one = text_slice(bytes, at, piece);
		to = encode_run(pairs, (const uint8_t *)one.data, one.len,
			to);
		if (line > 0) {
			*to++ = '\r';
			*to++ = '\n';
		}
	}
	buffer_commit(out, chars + ends);
	return 0;
}

int
base64_encode(struct text bytes, size_t line, struct buffer *out)
{
	require(line % 4 == 0);
	return encode(letter_pairs[0], line, bytes, out);
}

int
base64_url_encode(struct text bytes, struct buffer *out)
{
	size_t before = buffer_len(out);
	size_t unused = (3 - bytes.len % 3) % 3;
	int error = encode(letter_pairs[1], 0, bytes, out);

	if (error == 0 && bytes.len > 0)
		buffer_truncate(out, before + BASE64_SIZE(bytes.len) - unused);
	return error;
}

/*
 * Whole quads of clean characters, and the line ends between them.  Each
 * writes one byte more than it is worth, which the next one covers.
 */
static const uint8_t *
decode_quads(const uint8_t *at, const uint8_t *end, uint8_t **to)
{
	uint8_t *out = *to;

	while (end - at >= 4) {
		uint32_t bits = quad_bits[0][at[0]] | quad_bits[1][at[1]] |
			quad_bits[2][at[2]] | quad_bits[3][at[3]];
		if ((bits & QUAD_BAD) == 0) {
			bits = htobe32(bits << 8);
			memcpy(out, &bits, sizeof(bits));
			out += 3;
			at += 4;
		} else if (at[0] == '\r' && at[1] == '\n') {
			at += 2;
		} else {
			break;
		}
	}
	*to = out;
	return at;
}

/* The bytes of an incomplete quad; bits left over must be zero. */
static uint8_t *
flush(struct base64_decoder *decoder, uint8_t *to)
{
	unsigned int bytes = decoder->count > 0 ? decoder->count - 1 : 0;
	uint32_t bits = decoder->bits << (4 - decoder->count) * 6;

	if (decoder->count == 1 || (bits & (bytes == 1 ? 0xffff : 0xff)) != 0)
		decoder->flags |= BASE64_JUNK;
	for (unsigned int i = 0; i < bytes; i++)
		*to++ = (uint8_t)(bits >> (16 - i * 8));
	decoder->bits = 0;
	decoder->count = 0;
	return to;
}

static uint8_t *
decode_pad(struct base64_decoder *decoder, uint8_t *to)
{
	if (decoder->pads > 0) {
		decoder->pads--;
		return to;
	}
	if (decoder->count < 2)
		decoder->flags |= BASE64_JUNK;
	else
		decoder->pads = 3 - decoder->count;
	decoder->is_padded = true;
	return decoder->count > 0 ? flush(decoder, to) : to;
}

static uint8_t *
decode_byte(struct base64_decoder *decoder, uint8_t byte, uint8_t *to)
{
	uint8_t class = decoder->classes[byte];

	if (class == CLASS_SPACE)
		return to;
	if (class == CLASS_PAD)
		return decode_pad(decoder, to);
	if (class == CLASS_JUNK) {
		decoder->flags |= BASE64_JUNK;
		return to;
	}
	if (decoder->pads > 0)
		decoder->flags |= BASE64_CUT;
	if (decoder->is_padded)
		decoder->flags |= BASE64_MORE;
	decoder->pads = 0;
	decoder->bits = decoder->bits << 6 | class;
	if (++decoder->count < 4)
		return to;
	*to++ = (uint8_t)(decoder->bits >> 16);
	*to++ = (uint8_t)(decoder->bits >> 8);
	*to++ = (uint8_t)decoder->bits;
	decoder->bits = 0;
	decoder->count = 0;
	return to;
}

/* At most DECODED(len) bytes come out. */
#define DECODED(len) ((len) / 4 * 3 + 6)

static size_t
decode_piece(struct base64_decoder *decoder, struct text piece, char *out)
{
	const uint8_t *at = (const uint8_t *)piece.data;
	const uint8_t *end = at + piece.len;
	uint8_t *to = (uint8_t *)out;

	while (at < end) {
		if (decoder->count == 0 && !decoder->is_padded &&
		    decoder->classes == classes)
			at = decode_quads(at, end, &to);
		if (at < end)
			to = decode_byte(decoder, *at++, to);
	}
	return (size_t)(to - (uint8_t *)out);
}

/* Where out has little room: what fits is added. */
static int
decode_small(struct base64_decoder *decoder, struct text piece,
	struct buffer *out)
{
	char few[DECODED(SMALL)];

	return fill_add(out, text_of(few, decode_piece(decoder, piece, few)));
}

static int
decode_all(struct base64_decoder *decoder, struct text t, struct buffer *out)
{
	char few[4];
	char *to;
	int error = 0;

	need_tables();
	while (error == 0 && t.len > 0) {
		struct text piece = text_slice(t, 0, CHUNK);
		if (buffer_reserve(out, DECODED(piece.len), &to) == 0) {
			buffer_commit(out, decode_piece(decoder, piece, to));
		} else {
			piece = text_slice(t, 0, SMALL);
			error = decode_small(decoder, piece, out);
		}
		t = text_skip(t, piece.len);
	}
	if (error != 0)
		return error;
	if (decoder->count > 0 || decoder->pads > 0)
		decoder->flags |= BASE64_CUT;
	if (decoder->count == 0)
		return 0;
	to = (char *)flush(decoder, (uint8_t *)few);
	return fill_add(out, text_of(few, (size_t)(to - few)));
}

int
base64_decode_lenient(struct text t, struct buffer *out, unsigned int *flags)
{
	struct base64_decoder decoder = { .classes = classes };
	int error = decode_all(&decoder, t, out);

	*flags = decoder.flags;
	return error;
}

int
base64_decode_beginning(struct text t, struct buffer *out)
{
	unsigned int unused;
	size_t len = 0;

	while (len < t.len && classes[(uint8_t)t.data[len]] != CLASS_PAD &&
	    classes[(uint8_t)t.data[len]] != CLASS_JUNK)
		len++;
	return base64_decode_lenient(text_slice(t, 0, len), out, &unused);
}

int
base64_decode_unpadded(struct text t, struct buffer *out)
{
	struct base64_decoder decoder = { .classes = classes_unpadded };

	memcpy(classes_unpadded, classes, sizeof(classes));
	classes_unpadded['='] = CLASS_JUNK;
	return decode_all(&decoder, t, out);
}

/* allowed: flags that are no fault here. */
static int
decode_strict(const uint8_t *table, unsigned int allowed, struct text t,
	struct buffer *out)
{
	struct base64_decoder decoder = { .classes = table };
	size_t before = buffer_len(out);
	int error = decode_all(&decoder, t, out);

	if ((decoder.flags & ~allowed) != 0)
		error = ERROR_MALFORMED;
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}

int
base64_decode(struct text t, struct buffer *out)
{
	return decode_strict(classes, 0, t, out);
}

int
base64_url_decode(struct text t, struct buffer *out)
{
	return decode_strict(classes_url, BASE64_CUT, t, out);
}
