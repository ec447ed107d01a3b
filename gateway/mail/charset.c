/*
 * Charsets.  UTF-8 and US-ASCII are ours, the rest is ICU's; names are
 * looked up in our own table, never in ICU's.
 */
#include "gateway/mail/charset.h"

#include <stdint.h>
#include <string.h>

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucnv_err.h>

#include "gateway/mail/fill_private.h"
#include "gateway/mail/utf8.h"

#define NAME_MAX_LEN 40
#define CHUNK 4096
#define REPLACEMENT TEXT("\xef\xbf\xbd")

enum charset_kind {
	CHARSET_UTF8,
	CHARSET_ASCII,
	CHARSET_OVER_ASCII,	/* bytes below 128 are ASCII */
	CHARSET_STATEFUL,	/* escapes: ASCII bytes may mean other things */
	CHARSET_WIDE,		/* units of two or four bytes */
};

/*
 * Names in lower case without "-", "_" and the like.  Where writers label a
 * set by the name of its smaller ancestor, the larger one is opened.
 */
struct charset_entry {
	enum charset_kind kind;
	const char *converter;	/* of ICU */
	const char *names;
};

static const struct charset_entry entries[] = {
	{ CHARSET_UTF8, NULL, "utf8 unicode11utf8 unicode20utf8" },
	{ CHARSET_ASCII, NULL, "usascii ascii ansix341968 ansix341986 "
		"iso646us iso646irv1991 us 646" },
	{ CHARSET_OVER_ASCII, "windows-1252", "iso88591 latin1 l1 88591 "
		"windows1252 cp1252 xcp1252 iso885911987" },
	{ CHARSET_OVER_ASCII, "iso-8859-2", "iso88592 latin2 l2 88592" },
	{ CHARSET_OVER_ASCII, "iso-8859-3", "iso88593 latin3 l3" },
	{ CHARSET_OVER_ASCII, "iso-8859-4", "iso88594 latin4 l4" },
	{ CHARSET_OVER_ASCII, "iso-8859-5", "iso88595 cyrillic" },
	{ CHARSET_OVER_ASCII, "iso-8859-6", "iso88596 arabic iso88596i "
		"iso88596e" },
	{ CHARSET_OVER_ASCII, "iso-8859-7", "iso88597 greek greek8" },
	{ CHARSET_OVER_ASCII, "iso-8859-8", "iso88598 hebrew iso88598i "
		"iso88598e visual logical" },
	{ CHARSET_OVER_ASCII, "windows-1254", "iso88599 latin5 l5 "
		"windows1254 cp1254" },
	{ CHARSET_OVER_ASCII, "iso-8859-10", "iso885910 latin6 l6" },
	{ CHARSET_OVER_ASCII, "windows-874", "iso885911 tis620 windows874 "
		"cp874 dos874" },
	{ CHARSET_OVER_ASCII, "iso-8859-13", "iso885913 latin7" },
	{ CHARSET_OVER_ASCII, "iso-8859-14", "iso885914 latin8" },
	{ CHARSET_OVER_ASCII, "iso-8859-15", "iso885915 latin9 l9" },
	{ CHARSET_OVER_ASCII, "windows-1250", "windows1250 cp1250" },
	{ CHARSET_OVER_ASCII, "windows-1251", "windows1251 cp1251" },
	{ CHARSET_OVER_ASCII, "windows-1253", "windows1253 cp1253" },
	{ CHARSET_OVER_ASCII, "windows-1255", "windows1255 cp1255" },
	{ CHARSET_OVER_ASCII, "windows-1256", "windows1256 cp1256" },
	{ CHARSET_OVER_ASCII, "windows-1257", "windows1257 cp1257" },
	{ CHARSET_OVER_ASCII, "windows-1258", "windows1258 cp1258" },
	{ CHARSET_OVER_ASCII, "koi8-r", "koi8r koi8 koi" },
	{ CHARSET_OVER_ASCII, "koi8-u", "koi8u koi8ru" },
	{ CHARSET_OVER_ASCII, "macintosh", "macintosh macroman xmacroman" },
	{ CHARSET_OVER_ASCII, "ibm-437", "ibm437 cp437 437" },
	{ CHARSET_OVER_ASCII, "ibm-850", "ibm850 cp850 850" },
	{ CHARSET_OVER_ASCII, "ibm-852", "ibm852 cp852 852" },
	{ CHARSET_OVER_ASCII, "ibm-866", "ibm866 cp866 866" },
	{ CHARSET_OVER_ASCII, "windows-31j", "shiftjis sjis xsjis mskanji "
		"windows31j cswindows31j cp932 ms932 windows932" },
	{ CHARSET_OVER_ASCII, "euc-jp", "eucjp xeucjp" },
	{ CHARSET_OVER_ASCII, "gb18030", "gb2312 gbk gb18030 cp936 xgbk "
		"gb231280 xeuccn euccn windows936 ms936" },
	{ CHARSET_OVER_ASCII, "big5-hkscs", "big5 big5hkscs cnbig5 xbig5 "
		"cp950 windows950" },
	{ CHARSET_OVER_ASCII, "windows-949", "euckr ksc56011987 ksc5601 "
		"ksc56011989 korean windows949 cp949 uhc" },
	{ CHARSET_OVER_ASCII, "euc-tw", "euctw" },
	{ CHARSET_STATEFUL, "iso-2022-jp", "iso2022jp csiso2022jp" },
	{ CHARSET_STATEFUL, "iso-2022-jp-2", "iso2022jp2 iso2022jp1" },
	{ CHARSET_STATEFUL, "iso-2022-kr", "iso2022kr" },
	{ CHARSET_STATEFUL, "iso-2022-cn", "iso2022cn" },
	{ CHARSET_STATEFUL, "hz-gb-2312", "hzgb2312 hz" },
	{ CHARSET_STATEFUL, "utf-7", "utf7 unicode11utf7" },
	/* EBCDIC: no byte means what it does in ASCII. */
	{ CHARSET_WIDE, "ibm-37", "ibm037 cp037 37 ebcdiccpus ebcdic" },
	{ CHARSET_WIDE, "ibm-273", "ibm273 cp273 273" },
	{ CHARSET_WIDE, "ibm-500", "ibm500 cp500 500" },
	{ CHARSET_WIDE, "ibm-1047", "ibm1047 cp1047 1047" },
	{ CHARSET_WIDE, "ibm-1140", "ibm1140 cp1140 1140" },
	{ CHARSET_WIDE, "utf-16", "utf16 ucs2 iso10646ucs2 unicode" },
	{ CHARSET_WIDE, "utf-16be", "utf16be" },
	{ CHARSET_WIDE, "utf-16le", "utf16le" },
	{ CHARSET_WIDE, "utf-32", "utf32 ucs4 iso10646ucs4" },
	{ CHARSET_WIDE, "utf-32be", "utf32be" },
	{ CHARSET_WIDE, "utf-32le", "utf32le" },
};
#define ENTRY_COUNT (sizeof(entries) / sizeof(*entries))

/* One converter an entry, opened once; and the one that writes UTF-8. */
static UConverter *converters[ENTRY_COUNT];
static UConverter *utf8_writer;

/* Told by ICU through a pointer. */
struct trouble {
	bool is_invalid;
	bool is_wide;
};

/* The name in lower case, letters and digits only, up to other rubbish. */
static struct text
plain_name(struct text charset, char *out)
{
	static const char skipped[] = "-_ .:+()";
	size_t len = 0;

	for (size_t i = 0; i < charset.len && len < NAME_MAX_LEN; i++) {
		char c = text_lower_byte(charset.data[i]);
		if (text_is_alnum(c))
			out[len++] = c;
		else if (memchr(skipped, c, sizeof(skipped) - 1) == NULL)
			break;
	}
	return text_of(out, len);
}

static size_t
find(struct text charset)
{
	char plain[NAME_MAX_LEN];
	struct text name = plain_name(text_trim(charset), plain);
	struct text one;

	for (size_t i = 0; name.len > 0 && i < ENTRY_COUNT; i++) {
		struct text names = text_from(entries[i].names);
		while (text_split(&names, ' ', &one))
			if (text_equal(one, name))
				return i;
	}
	return ENTRY_COUNT;
}

/*
 * What cannot be read: U+FFFD for its first byte; what stands behind it and
 * is ASCII is a neighbour and stays.
 */
static void
on_trouble(const void *context, UConverterToUnicodeArgs *args,
	const char *units, int32_t len, UConverterCallbackReason reason,
	UErrorCode *error)
{
	struct trouble *trouble = (struct trouble *)(uintptr_t)context;
	UChar out[8] = { 0xfffd };
	int32_t count = 1;

	if (reason > UCNV_IRREGULAR)
		return;
	*error = U_ZERO_ERROR;
	trouble->is_invalid = true;
	for (int32_t i = 1; !trouble->is_wide && i < len && count < 8; i++)
		out[count++] = (unsigned char)units[i] < 0x80 ?
			(UChar)units[i] : 0xfffd;
	ucnv_cbToUWriteUChars(args, out, count, 0, error);
}

static UConverter *
open_converter(const char *name)
{
	UErrorCode error = U_ZERO_ERROR;
	UConverter *converter = ucnv_open(name, &error);

	if (U_FAILURE(error))
		fatal("charset %s: %s", name, u_errorName(error));
	return converter;
}

static UConverter *
converter_of(size_t index)
{
	if (converters[index] == NULL)
		converters[index] = open_converter(entries[index].converter);
	if (utf8_writer == NULL)
		utf8_writer = open_converter("utf-8");
	return converters[index];
}

void
charset_prepare(void)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		if (entries[i].converter != NULL)
			(void)converter_of(i);
}

static int
add_utf8(struct text bytes, bool ascii, struct buffer *out, bool *invalid)
{
	int error = 0;

	while (error == 0 && bytes.len > 0) {
		uint32_t point;
		size_t len = 0;
		size_t one = utf8_next(bytes, &point);
		while (one > 0 && (!ascii || one == 1)) {
			len += one;
			one = utf8_next(text_skip(bytes, len), &point);
		}
		error = fill_add_utf8(out, text_slice(bytes, 0, len));
		bytes = text_skip(bytes, len);
		if (error != 0 || bytes.len == 0)
			break;
		*invalid = true;
		error = fill_add_utf8(out, REPLACEMENT);
		bytes = text_skip(bytes, 1);
	}
	return error;
}

/* ICU may have cut one between two pieces. */
static void
drop_cut_character(struct buffer *out, size_t before)
{
	struct text added = text_skip(buffer_text(out), before);
	uint32_t point;
	size_t back = 1;

	while (back < added.len &&
	    ((unsigned char)added.data[added.len - back] & 0xc0) == 0x80)
		back++;
	if (added.len > 0 &&
	    utf8_next(text_skip(added, added.len - back), &point) != back)
		buffer_truncate(out, before + added.len - back);
}

static int
convert(size_t index, struct text bytes, struct buffer *out, bool *invalid)
{
	UConverter *from = converter_of(index);
	struct trouble trouble = {
		.is_wide = entries[index].kind == CHARSET_WIDE };
	UChar pivot[CHUNK];
	UChar *pivot_from = pivot;
	UChar *pivot_to = pivot;
	const char *at = bytes.data;
	UErrorCode status = U_ZERO_ERROR;
	size_t before = buffer_len(out);
	int error = 0;

	ucnv_reset(from);
	ucnv_reset(utf8_writer);
	ucnv_setToUCallBack(from, on_trouble, &trouble, NULL, NULL, &status);
	require(U_SUCCESS(status));
	do {
		char piece[CHUNK];
		char *to = piece;
		status = U_ZERO_ERROR;
		ucnv_convertEx(utf8_writer, from, &to, piece + sizeof(piece),
			&at, bytes.data + bytes.len, pivot, &pivot_from,
			&pivot_to, pivot + CHUNK, false, true, &status);
		if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
			trouble.is_invalid = true;
		error = fill_add_utf8(out, text_of(piece,
			(size_t)(to - piece)));
	} while (error == 0 && status == U_BUFFER_OVERFLOW_ERROR);
	if (error != 0)
		drop_cut_character(out, before);
	if (trouble.is_invalid)
		*invalid = true;
	return error;
}

int
charset_to_utf8(struct text charset, struct text bytes, struct buffer *out,
	bool *invalid)
{
	size_t index = find(charset);

	*invalid = false;
	if (index == ENTRY_COUNT)
		return ERROR_NOT_FOUND;
	if (bytes.len == 0)
		return 0;
	if (entries[index].kind <= CHARSET_OVER_ASCII && utf8_is_ascii(bytes))
		return fill_add(out, bytes);
	if (entries[index].kind <= CHARSET_ASCII)
		return add_utf8(bytes, entries[index].kind == CHARSET_ASCII,
			out, invalid);
	return convert(index, bytes, out, invalid);
}

int
charset_guess(struct text bytes, struct buffer *out)
{
	bool unused;

	if (utf8_is_valid(bytes))
		return fill_add_utf8(out, bytes);
	return charset_to_utf8(TEXT("windows-1252"), bytes, out, &unused);
}

/* ---- the other way ---- */

/* ISO 8859: what windows sets have there are controls. */
static bool
has_c1(struct text bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (((unsigned char)bytes.data[i] & 0xe0) == 0x80)
			return true;
	return false;
}

/* A set of ISO 8859 that was opened as its larger brother. */
static bool
is_opened_wider(size_t index, struct text charset)
{
	char plain[NAME_MAX_LEN];
	struct text name = plain_name(text_trim(charset), plain);

	return text_starts(text_from(entries[index].converter),
		TEXT("windows-125")) &&
		!text_starts(name, TEXT("windows")) &&
		text_find(name, TEXT("cp")) == name.len;
}

/* Whether the bytes are read as that text, and by every reader. */
static bool
says(size_t index, struct text charset, struct text bytes, struct text utf8)
{
	struct buffer back;
	bool invalid = false;
	bool same;

	if (is_opened_wider(index, charset) && has_c1(bytes))
		return false;
	buffer_init(&back, utf8.len + 1);
	same = charset_to_utf8(charset, bytes, &back, &invalid) == 0 &&
		!invalid && text_equal(buffer_text(&back), utf8);
	buffer_clear(&back);
	return same;
}

/* One byte for each character, so no more bytes than there were. */
static int
convert_back(size_t index, struct text charset, struct text utf8,
	struct buffer *out)
{
	UConverter *to = converter_of(index);
	UErrorCode status = U_ZERO_ERROR;
	size_t before = buffer_len(out);
	char *bytes = NULL;
	int32_t len;

	if (ucnv_getMaxCharSize(to) != 1 || utf8.len > INT32_MAX)
		return ERROR_NOT_FOUND;
	if (buffer_reserve(out, utf8.len, &bytes) != 0)
		return ERROR_LIMIT;
	ucnv_reset(to);
	len = ucnv_fromAlgorithmic(to, UCNV_UTF8, bytes, (int32_t)utf8.len,
		utf8.data, (int32_t)utf8.len, &status);
	if (U_FAILURE(status) || len < 0 || (size_t)len > utf8.len)
		return ERROR_NOT_FOUND;
	buffer_commit(out, (size_t)len);
	if (says(index, charset, text_skip(buffer_text(out), before), utf8))
		return 0;
	buffer_truncate(out, before);
	return ERROR_NOT_FOUND;
}

int
charset_from_utf8(struct text charset, struct text utf8, struct buffer *out)
{
	size_t index = find(charset);

	if (index == ENTRY_COUNT ||
	    entries[index].kind > CHARSET_OVER_ASCII)
		return ERROR_NOT_FOUND;
	if (entries[index].kind == CHARSET_UTF8 || utf8_is_ascii(utf8))
		return buffer_add_text(out, utf8);
	if (entries[index].kind == CHARSET_ASCII)
		return ERROR_NOT_FOUND;
	return convert_back(index, charset, utf8, out);
}
