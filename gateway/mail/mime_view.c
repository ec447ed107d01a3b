/*
 * The contents that readers may see in one leaf.
 */
#include "gateway/mail/mime_decode.h"

#include "gateway/mail/base64.h"
#include "gateway/mail/mime_section_private.h"
#include "gateway/mail/quoted_printable.h"
#include "gateway/mail/uuencode.h"

#define BIT(view) (1u << (view))
#define ENCODING_UNKNOWN (1u << MIME_ENCODING_UNKNOWN)

/* What each encoding that is named makes plausible. */
static const uint32_t views_of[] = {
	[MIME_ENCODING_7BIT] = BIT(MIME_VIEW_PLAIN),
	[MIME_ENCODING_8BIT] = BIT(MIME_VIEW_PLAIN),
	[MIME_ENCODING_BINARY] = BIT(MIME_VIEW_PLAIN),
	[MIME_ENCODING_QUOTED_PRINTABLE] = BIT(MIME_VIEW_QUOTED_PRINTABLE),
	[MIME_ENCODING_BASE64] = BIT(MIME_VIEW_BASE64),
	[MIME_ENCODING_UUENCODE] = BIT(MIME_VIEW_UUENCODE),
	/* Readers guess, or show it as it is. */
	[MIME_ENCODING_UNKNOWN] = BIT(MIME_VIEW_PLAIN) |
		BIT(MIME_VIEW_QUOTED_PRINTABLE) | BIT(MIME_VIEW_BASE64),
};

static const enum mime_view first_of[] = {
	[MIME_ENCODING_QUOTED_PRINTABLE] = MIME_VIEW_QUOTED_PRINTABLE,
	[MIME_ENCODING_BASE64] = MIME_VIEW_BASE64,
	[MIME_ENCODING_UUENCODE] = MIME_VIEW_UUENCODE,
	[MIME_ENCODING_UNKNOWN] = MIME_VIEW_PLAIN,
};

void
mime_views_begin(struct mime_views *views, const struct mime_part *part)
{
	uint32_t encodings = 1u << part->encoding;

	*views = (struct mime_views){ .part = part };
	for (size_t i = 0; i < part->field_count; i++)
		if (text_equal_nocase(part->fields[i].name,
		    TEXT("content-transfer-encoding")))
			encodings |= mime_section_encodings(
				part->fields[i].value);
	for (unsigned int i = 0; i <= MIME_ENCODING_UNKNOWN; i++)
		if ((encodings & 1u << i) != 0)
			views->left |= views_of[i];
	if ((part->flags & MIME_BAD_ENCODING) != 0)
		views->left |= BIT(MIME_VIEW_PLAIN);
	views->is_ambiguous = (views->left & (views->left - 1)) != 0;
}

/* Junk and data behind padding: each reader of base64 has its own way. */
static void
add_base64(struct mime_views *views, unsigned int flags)
{
	if ((flags & (BASE64_JUNK | BASE64_MORE)) == 0)
		return;
	views->left |= BIT(MIME_VIEW_BASE64_BEGINNING) |
		BIT(MIME_VIEW_BASE64_UNPADDED);
	if ((flags & BASE64_JUNK) != 0)
		views->left |= BIT(MIME_VIEW_PLAIN) & ~views->seen;
	views->is_ambiguous = true;
}

static int
decode(struct mime_views *views, enum mime_view view, struct text body,
	struct buffer *out)
{
	unsigned int flags = 0;
	int error = 0;

	switch (view) {
	case MIME_VIEW_QUOTED_PRINTABLE:
		return quoted_printable_decode(body, out, &flags);
	case MIME_VIEW_BASE64:
		error = base64_decode_lenient(body, out, &flags);
		add_base64(views, flags);
		return error;
	case MIME_VIEW_BASE64_BEGINNING:
		return base64_decode_beginning(body, out);
	case MIME_VIEW_BASE64_UNPADDED:
		return base64_decode_unpadded(body, out);
	case MIME_VIEW_UUENCODE:
		error = uuencode_decode(body, out, NULL, &flags);
		if ((flags & UUENCODE_NONE) != 0)
			views->left |= BIT(MIME_VIEW_PLAIN) & ~views->seen;
		return error;
	case MIME_VIEW_PLAIN:
	case MIME_VIEWS:
		break;
	}
	return 0;
}

static enum mime_view
pick(const struct mime_views *views)
{
	enum mime_view view = first_of[views->part->encoding];

	if (views->seen == 0 && (views->left & BIT(view)) != 0)
		return view;
	for (view = 0; (views->left & BIT(view)) == 0;)
		view++;
	return view;
}

int
mime_views_next(struct mime_views *views, struct buffer *out,
	enum mime_view *view, struct text *content)
{
	enum mime_view one;
	int error;

	if (views->left == 0)
		return ERROR_NOT_FOUND;
	one = pick(views);
	views->left &= ~BIT(one);
	views->seen |= BIT(one);
	buffer_reset(out);
	error = decode(views, one, views->part->body, out);
	*content = one == MIME_VIEW_PLAIN ? views->part->body :
		buffer_text(out);
	if (view != NULL)
		*view = one;
	return error;
}
