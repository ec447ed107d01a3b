/*
 * Forms of text for comparing.  Looks are ICU's (UTS 39 4), asked character
 * by character and remembered: confusables map single characters, and what
 * follows from normalising across them is a matter of accents only.
 */
#include "gateway/mail/skeleton.h"

#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/uspoof.h>
#include <unicode/utf8.h>

#include "gateway/mail/utf8.h"

#define LOOK_MAX 64		/* bytes of one character's looks */
#define CACHE_SIZE 4096
#define CACHED_MAX 11
#define PLAIN_MAX 7		/* bytes that ASCII becomes */
#define LABEL_MAX 63		/* RFC 1035 2.3.4 */
#define PREFIX TEXT("xn--")

struct looks {
	uint32_t point;		/* 0: empty */
	uint8_t len;
	char bytes[CACHED_MAX];
};

/* Of each character of ASCII in each form. */
struct plain {
	uint8_t len;
	char bytes[PLAIN_MAX];
};

static USpoofChecker *checker;
static UIDNA *idna;
static struct looks cache[CACHE_SIZE];
static struct plain plains[SKELETON_FORMS][128];

/* ---- one character ---- */

static size_t
put_utf8(uint32_t point, char *out)
{
	uint8_t *bytes = (uint8_t *)out;
	size_t len = 0;

	U8_APPEND_UNSAFE(bytes, len, point);
	return len;
}

static uint32_t
fold(uint32_t point)
{
	return (uint32_t)u_foldCase((UChar32)point, U_FOLD_CASE_DEFAULT);
}

static size_t
ask_looks(uint32_t point, char *out)
{
	UErrorCode error = U_ZERO_ERROR;
	char one[4];
	int32_t len;

	/* UTS 39 4, step 2: what nobody sees makes no difference. */
	if (u_hasBinaryProperty((UChar32)point,
	    UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return 0;
	len = uspoof_getSkeletonUTF8(checker, 0, one,
	    (int32_t)put_utf8(point, one), out, LOOK_MAX, &error);
	if (U_FAILURE(error) || len < 0 || len > LOOK_MAX)
		return put_utf8(point, out);
	return (size_t)len;
}

static size_t
looks_of(uint32_t point, char *out)
{
	struct looks *entry = &cache[point % CACHE_SIZE];
	size_t len;

	if (point != 0 && entry->point == point) {
		memcpy(out, entry->bytes, entry->len);
		return entry->len;
	}
	len = ask_looks(point, out);
	if (len <= CACHED_MAX) {
		entry->point = point;
		entry->len = (uint8_t)len;
		memcpy(entry->bytes, out, len);
	}
	return len;
}

/* Fold what looks gave, in place: folding may make it longer. */
static size_t
fold_looks(char *out, size_t len)
{
	char looks[LOOK_MAX];
	size_t at = 0, used = 0, one;
	uint32_t point;

	memcpy(looks, out, len);
	while (at < len && (one = utf8_next(text_of(looks + at, len - at),
	    &point)) > 0) {
		used += put_utf8(fold(point), out + used);
		at += one;
	}
	return used;
}

/* Into room for four times LOOK_MAX. */
static size_t
form_of(enum skeleton_form form, uint32_t point, char *out)
{
	static const struct {
		bool folds, looks, folds_looks;
	} steps[SKELETON_FORMS] = {
		[SKELETON_EXACT] = { false, false, false },
		[SKELETON_FOLD] = { true, false, false },
		[SKELETON_LOOK] = { false, true, false },
		[SKELETON_FOLD_LOOK] = { true, true, false },
		[SKELETON_LOOK_FOLD] = { false, true, true },
	};
	size_t len;

	if (steps[form].folds)
		point = fold(point);
	if (!steps[form].looks)
		return put_utf8(point, out);
	len = looks_of(point, out);
	return steps[form].folds_looks ? fold_looks(out, len) : len;
}

/* ---- labels ---- */

static size_t
label_len(struct text rest)
{
	size_t len = 0;

	while (len < rest.len && (text_is_alnum(rest.data[len]) ||
	    rest.data[len] == '-'))
		len++;
	return len;
}

/* The U-label that an A-label stands for; 0 where it stands for none. */
static size_t
read_label(struct text label, char *out, size_t size)
{
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UErrorCode error = U_ZERO_ERROR;
	int32_t len;

	if (label.len > LABEL_MAX)
		return 0;
	len = uidna_labelToUnicodeUTF8(idna, label.data, (int32_t)label.len,
	    out, (int32_t)size, &info, &error);
	return U_FAILURE(error) || info.errors != 0 || len < 0 ||
	    (size_t)len > size ? 0 : (size_t)len;
}

/* 0 where no A-label stands there. */
static size_t
next_label(enum skeleton_form form, struct text text, size_t at, char *out,
	size_t *len)
{
	char label[4 * LABEL_MAX];
	struct text rest = text_skip(text, at);
	size_t taken, used, from = 0, one;
	uint32_t point;

	if (!text_starts_nocase(rest, PREFIX) ||
	    (at > 0 && text_is_alnum(text.data[at - 1])))
		return 0;
	taken = label_len(rest);
	used = read_label(text_slice(rest, 0, taken), label, sizeof(label));
	if (used == 0)
		return 0;
	*len = 0;
	while ((one = utf8_next(text_of(label + from, used - from),
	    &point)) > 0) {
		/* A label of absurd looks is one that nobody takes for
		   another. */
		if (*len + 4 * LOOK_MAX > SKELETON_STEP_MAX)
			return 0;
		*len += form_of(form, point, out + *len);
		from += one;
	}
	return taken;
}

/* ---- before the jail ---- */

/* What ICU opens when it is first asked. */
static void
warm_up(void)
{
	char out[4 * LABEL_MAX];

	(void)ask_looks(0x430, out);
	(void)read_label(TEXT("xn--bcher-kva"), out, sizeof(out));
}

static void
fill_plains(void)
{
	char out[4 * LOOK_MAX];
	size_t form, point, len;

	for (form = 0; form < SKELETON_FORMS; form++)
		for (point = 0; point < 128; point++) {
			len = form_of((enum skeleton_form)form,
			    (uint32_t)point, out);
			require(len <= PLAIN_MAX);
			plains[form][point].len = (uint8_t)len;
			memcpy(plains[form][point].bytes, out, len);
		}
}

void
skeleton_prepare(void)
{
	UErrorCode error = U_ZERO_ERROR;

	if (checker != NULL)
		return;
	checker = uspoof_open(&error);
	idna = uidna_openUTS46(UIDNA_DEFAULT, &error);
	if (U_FAILURE(error))
		fatal("confusable characters: %s", u_errorName(error));
	warm_up();
	fill_plains();
}

/* ---- texts ---- */

size_t
skeleton_next(enum skeleton_form form, struct text text, size_t at,
	char *out, size_t *len)
{
	struct text rest = text_skip(text, at);
	unsigned char first = (unsigned char)rest.data[0];
	uint32_t point;
	size_t taken = 0;

	skeleton_prepare();
	if (form >= SKELETON_LOOK && (first | 0x20) == 'x')
		taken = next_label(form, text, at, out, len);
	if (taken > 0)
		return taken;
	/* Nearly all text is this. */
	if (first < 0x80) {
		*len = plains[form][first].len;
		memcpy(out, plains[form][first].bytes, PLAIN_MAX);
		return 1;
	}
	taken = utf8_next(rest, &point);
	if (taken == 0) {
		out[0] = rest.data[0];
		*len = 1;
		return 1;
	}
	*len = form_of(form, point, out);
	return taken;
}

int
skeleton_add(enum skeleton_form form, struct text text, struct buffer *out)
{
	char step[SKELETON_STEP_MAX];
	size_t at = 0, len;
	int error = 0;

	while (at < text.len && error == 0) {
		at += skeleton_next(form, text, at, step, &len);
		error = buffer_add(out, step, len);
	}
	return error;
}

int
skeleton_add_capitals(struct text text, bool only_first, struct buffer *out)
{
	size_t at = 0, taken;
	uint32_t point;
	char one[4];
	int error = 0;

	while (at < text.len && error == 0) {
		taken = utf8_next(text_skip(text, at), &point);
		if (taken > 0 && (!only_first ||
		    !skeleton_is_word_before(text, at)))
			error = buffer_add(out, one, put_utf8((uint32_t)
			    u_toupper((UChar32)point), one));
		else
			error = buffer_add(out, text.data + at,
			    taken > 0 ? taken : 1);
		at += taken > 0 ? taken : 1;
	}
	return error;
}

static bool
is_word(uint32_t point)
{
	return point == '_' || u_isalnum((UChar32)point) ||
	    (U_GET_GC_MASK((UChar32)point) & U_GC_M_MASK) != 0;
}

bool
skeleton_is_word_at(struct text text, size_t at)
{
	uint32_t point;

	return utf8_next(text_skip(text, at), &point) > 0 && is_word(point);
}

bool
skeleton_is_word_before(struct text text, size_t at)
{
	size_t start = at, least = at < 4 ? 0 : at - 4;

	if (at == 0)
		return false;
	for (start--; start > least &&
	    ((unsigned char)text.data[start] & 0xc0) == 0x80; start--)
		continue;
	return skeleton_is_word_at(text_slice(text, 0, at), start);
}

bool
skeleton_is_plain(struct text text)
{
	size_t at, from = 0;

	if (!utf8_is_ascii(text))
		return false;
	while ((at = text_find(text_skip(text, from), TEXT("--"))) <
	    text.len - from) {
		from += at + 2;
		if (from >= 4 && text_equal_nocase(text_slice(text, from - 4,
		    4), PREFIX))
			return false;
	}
	return true;
}
