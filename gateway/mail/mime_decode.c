/*
 * Content of a part: transfer encoding, then charset.
 */
#include "gateway/mail/mime_decode.h"

#include "gateway/mail/base64.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/fill_private.h"
#include "gateway/mail/quoted_printable.h"
#include "gateway/mail/utf8.h"
#include "gateway/mail/uuencode.h"

/*
 * A decoded body in memory: no more than twice the encoded one.  Only
 * uuencode can grow, where most of its lines are cut short.
 */
#define PLAIN_MAX(len) ((len) * 2 + 64)

/* One decoder's flag in our words. */
struct flag_pair {
	unsigned int theirs;
	unsigned int ours;
};

static const struct flag_pair base64_flags[] = {
	{ BASE64_JUNK, MIME_DECODE_JUNK },
	{ BASE64_CUT, MIME_DECODE_CUT },
	{ BASE64_MORE, MIME_DECODE_MORE },
	{ 0, 0 },
};
static const struct flag_pair quoted_printable_flags[] = {
	{ QUOTED_PRINTABLE_JUNK, MIME_DECODE_JUNK },
	{ QUOTED_PRINTABLE_CUT, MIME_DECODE_CUT },
	{ 0, 0 },
};
static const struct flag_pair uuencode_flags[] = {
	{ UUENCODE_JUNK, MIME_DECODE_JUNK },
	{ UUENCODE_CUT, MIME_DECODE_CUT },
	{ UUENCODE_NONE, MIME_DECODE_JUNK },
	{ 0, 0 },
};

static unsigned int
translate(const struct flag_pair *pairs, unsigned int theirs)
{
	unsigned int ours = 0;

	for (; pairs->theirs != 0; pairs++)
		if ((theirs & pairs->theirs) != 0)
			ours |= pairs->ours;
	return ours;
}

static int
decode_identity(struct text body, struct buffer *out, unsigned int *flags)
{
	*flags = 0;
	return fill_add(out, body);
}

static int
decode_base64(struct text body, struct buffer *out, unsigned int *flags)
{
	unsigned int theirs;
	int error = base64_decode_lenient(body, out, &theirs);

	*flags = translate(base64_flags, theirs);
	return error;
}

static int
decode_quoted_printable(struct text body, struct buffer *out,
	unsigned int *flags)
{
	unsigned int theirs;
	int error = quoted_printable_decode(body, out, &theirs);

	*flags = translate(quoted_printable_flags, theirs);
	return error;
}

/* A body without "begin" is shown as it is. */
static int
decode_uuencode(struct text body, struct buffer *out, unsigned int *flags)
{
	unsigned int theirs;
	int error = uuencode_decode(body, out, NULL, &theirs);

	*flags = translate(uuencode_flags, theirs);
	if (error == 0 && (theirs & UUENCODE_NONE) != 0)
		error = fill_add(out, body);
	return error;
}

typedef int (*decoder)(struct text body, struct buffer *out,
	unsigned int *flags);

static const decoder decoders[] = {
	[MIME_ENCODING_7BIT] = decode_identity,
	[MIME_ENCODING_8BIT] = decode_identity,
	[MIME_ENCODING_BINARY] = decode_identity,
	[MIME_ENCODING_QUOTED_PRINTABLE] = decode_quoted_printable,
	[MIME_ENCODING_BASE64] = decode_base64,
	[MIME_ENCODING_UUENCODE] = decode_uuencode,
	[MIME_ENCODING_UNKNOWN] = decode_identity,
};

int
mime_decode(const struct mime_part *part, struct buffer *out,
	unsigned int *flags)
{
	unsigned int unused;

	/* Of a multipart only the parts are encoded (RFC 2045 6.4). */
	if (!mime_part_is_leaf(part))
		return decode_identity(part->body, out,
			flags == NULL ? &unused : flags);
	return decoders[part->encoding](part->body, out,
		flags == NULL ? &unused : flags);
}

/*
 * RFC 2046 4.1.2: without a charset it is US-ASCII; what is not, is guessed,
 * as readers do.
 */
int
mime_decode_charset(struct text charset, struct text bytes,
	struct buffer *out, unsigned int *flags)
{
	bool invalid = false;
	int error;

	if (charset.len == 0 || text_equal_nocase(charset, TEXT("us-ascii"))) {
		if (!utf8_is_ascii(bytes))
			*flags |= MIME_DECODE_INVALID;
		return charset_guess(bytes, out);
	}
	error = charset_to_utf8(charset, bytes, out, &invalid);
	if (invalid)
		*flags |= MIME_DECODE_INVALID;
	if (error != ERROR_NOT_FOUND)
		return error;
	*flags |= MIME_DECODE_CHARSET;
	return charset_guess(bytes, out);
}

int
mime_decode_text(const struct mime_part *part, struct buffer *out,
	unsigned int *flags)
{
	struct text charset = text_trim(mime_part_parameter(part, "charset"));
	unsigned int odd = 0;
	struct buffer plain;
	int error;

	if (part->encoding <= MIME_ENCODING_BINARY ||
	    !mime_part_is_leaf(part)) {
		error = mime_decode_charset(charset, part->body, out, &odd);
	} else {
		buffer_init(&plain, PLAIN_MAX(part->body.len));
		int cut = mime_decode(part, &plain, &odd);
		error = mime_decode_charset(charset, buffer_text(&plain),
			out, &odd);
		if (error == 0)
			error = cut;
		buffer_clear(&plain);
	}
	if (flags != NULL)
		*flags = odd;
	return error;
}
