/*
 * mail/mime_decode, base64 and charset.  The first byte chooses.  Strict and
 * lenient base64 agree where strict accepts, what is encoded decodes to the
 * same, text is UTF-8, and little room gives the beginning of what much
 * gives.
 */
#include <string.h>

#include "gateway/mail/base64.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/mime_decode.h"
#include "gateway/mail/utf8.h"

#define ROOM ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const charsets[] = { "utf-8", "us-ascii", "iso-8859-1",
	"iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312", "utf-7",
	"utf-16", "utf-16le", "utf-32", "shift_jis", "euc-jp", "gb18030",
	"big5", "euc-kr", "koi8-r", "none", "", "windows-1251" };

static void
check_base64(struct text t)
{
	struct buffer strict;
	struct buffer lenient;
	struct buffer coded;
	unsigned int flags;

	buffer_init(&strict, ROOM);
	buffer_init(&lenient, ROOM);
	buffer_init(&coded, ROOM);
	require(base64_decode_lenient(t, &lenient, &flags) == 0);
	if (base64_decode(t, &strict) == 0) {
		require(flags == 0);
		require(text_equal(buffer_text(&strict),
			buffer_text(&lenient)));
	} else {
		require(flags != 0 && buffer_len(&strict) == 0);
	}
	buffer_reset(&strict);
	require(base64_encode(t, 76, &coded) == 0);
	require(base64_decode(buffer_text(&coded), &strict) == 0);
	require(text_equal(buffer_text(&strict), t));
	buffer_reset(&strict);
	buffer_reset(&coded);
	require(base64_url_encode(t, &coded) == 0);
	require(base64_url_decode(buffer_text(&coded), &strict) == 0);
	require(text_equal(buffer_text(&strict), t));
	/* One text, one value: what decodes is what would be written. */
	buffer_reset(&strict);
	buffer_reset(&coded);
	if (base64_url_decode(t, &strict) == 0) {
		require(base64_url_encode(buffer_text(&strict), &coded) == 0);
		require(text_equal(buffer_text(&coded), t));
	}
	buffer_clear(&strict);
	buffer_clear(&lenient);
	buffer_clear(&coded);
}

static void
check_part(const struct mime_part *part)
{
	struct buffer whole;
	struct buffer few;
	unsigned int flags;

	buffer_init(&whole, ROOM);
	require(mime_decode(part, &whole, &flags) == 0);
	if (buffer_len(&whole) > 1) {
		buffer_init(&few, buffer_len(&whole) / 2);
		require(mime_decode(part, &few, NULL) == ERROR_LIMIT);
		require(buffer_len(&few) == buffer_len(&whole) / 2);
		require(text_starts(buffer_text(&whole), buffer_text(&few)));
		buffer_clear(&few);
	}
	buffer_reset(&whole);
	int error = mime_decode_text(part, &whole, &flags);
	require(error == 0 || part->encoding == MIME_ENCODING_UUENCODE);
	require(utf8_is_valid(buffer_text(&whole)));
	if (buffer_len(&whole) > 1) {
		buffer_init(&few, buffer_len(&whole) / 2);
		require(mime_decode_text(part, &few, NULL) == ERROR_LIMIT);
		require(utf8_is_valid(buffer_text(&few)));
		require(text_starts(buffer_text(&whole), buffer_text(&few)));
		buffer_clear(&few);
	}
	buffer_clear(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t charset_count =
		sizeof(charsets) / sizeof(*charsets);
	struct mime_parameter charset = { .name = TEXT_INIT("charset") };
	struct mime_part part = { .parameters = &charset,
		.parameter_count = 1 };

	if (size < 2 || size > 65536)
		return 0;
	part.encoding = data[0] % (MIME_ENCODING_UNKNOWN + 1);
	charset.value = text_from(charsets[data[1] % charset_count]);
	part.body = text_of(data + 2, size - 2);
	part.type = TEXT("text");
	part.subtype = TEXT("plain");
	check_part(&part);
	check_base64(part.body);
	return 0;
}
