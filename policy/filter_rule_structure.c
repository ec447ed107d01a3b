/*
 * Rules about a message's form: whether its structure is sound, reads in one
 * way only, and can be searched.
 */
#include "policy/filter_attachment.h"
#include "policy/filter_rule_private.h"

#define CMS_HEAD_BYTES 64	/* in which a CMS object tells its type */

/* Flags that are faults of the header alone. */
#define HEADER_FAULTS (MIME_BAD_HEADER | MIME_BAD_TYPE | \
	MIME_BAD_ENCODING | MIME_DUPLICATE_FIELD)
#define FAULTS (HEADER_FAULTS | MIME_DUPLICATE_PARAMETER | \
	MIME_BAD_BOUNDARY | MIME_NO_BOUNDARY | MIME_UNCLOSED)

static int
evaluate_valid(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	(void)call;
	*result = (judge->message.content->mime.flags & FAULTS) == 0;
	return 0;
}

static int
evaluate_malformed(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	(void)call;
	*result = (judge->message.content->mime.flags & HEADER_FAULTS) != 0;
	return 0;
}

/* ---- boundaries ---- */

/* A multipart around it has the same boundary. */
static bool
repeats_boundary(const struct mime_message *mime,
	const struct mime_part *part)
{
	struct text boundary = mime_part_parameter(part, "boundary");
	const struct mime_part *outer = part;

	while (outer != &mime->parts[outer->parent]) {
		outer = &mime->parts[outer->parent];
		if (outer->is_multipart && text_equal(boundary,
		    mime_part_parameter(outer, "boundary")))
			return true;
	}
	return false;
}

static int
evaluate_boundaries(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	const struct mime_message *mime = &judge->message.content->mime;
	bool found = (mime->choices & MIME_CHOICE_LAST_BOUNDARY) != 0;
	size_t i;

	(void)call;
	for (i = 0; i < mime->part_count && !found; i++) {
		const struct mime_part *part = &mime->parts[i];

		if (mime_part_is(part, "multipart", NULL))
			found = (part->flags & MIME_DUPLICATE_PARAMETER) != 0
			    || repeats_boundary(mime, part);
	}
	*result = found;
	return 0;
}

/* ---- what decoding found ---- */

static int
evaluate_flag(struct filter_judge *judge, uint32_t flag, bool *result)
{
	int error = filter_content_decode(judge->message.content,
	    &judge->why);

	*result = (judge->message.content->flags & flag) != 0;
	return error;
}

static int
evaluate_ambiguous(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	(void)call;
	return evaluate_flag(judge, FILTER_CONTENT_AMBIGUOUS, result);
}

static int
evaluate_unscannable(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	(void)call;
	return evaluate_flag(judge, FILTER_CONTENT_UNSCANNABLE, result);
}

/* ---- encryption, by form ---- */

static bool
is_cms(const struct mime_part *part)
{
	return mime_part_is(part, "application", "pkcs7-mime") ||
	    mime_part_is(part, "application", "x-pkcs7-mime");
}

/* RFC 1847 2.2, RFC 3156 4, RFC 8551 3.2.2 */
static bool
is_declared_encrypted(const struct mime_part *part)
{
	struct text type = mime_part_parameter(part, "smime-type");

	return mime_part_is(part, "multipart", "encrypted") ||
	    mime_part_is(part, "application", "pgp-encrypted") ||
	    (is_cms(part) && (text_equal_nocase(type,
	    TEXT("enveloped-data")) || text_equal_nocase(type,
	    TEXT("authEnveloped-data"))));
}

/* RFC 5652 14: id-envelopedData; RFC 5083: id-ct-authEnvelopedData. */
static bool
is_enveloped(struct text bytes)
{
	static const struct text types[] = {
		TEXT_INIT("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"),
		TEXT_INIT("\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10"
		    "\x01\x17"),
	};
	struct text head = text_slice(bytes, 0, CMS_HEAD_BYTES);
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (text_find(head, types[i]) < head.len)
			return true;
	return false;
}

static int
has_envelope(struct filter_judge *judge,
	const struct filter_attachment *attachment, bool *found)
{
	struct filter_attachment_views views;
	struct text bytes;
	int error = 0;

	filter_attachment_views_begin(&views, attachment);
	while (error == 0 && !*found) {
		error = filter_attachment_views_next(&views, &bytes,
		    &judge->why);
		*found = error == 0 && is_enveloped(bytes);
	}
	filter_attachment_views_clear(&views);
	return error == ERROR_NOT_FOUND ? 0 : error;
}

static bool
has_encrypted_part(const struct filter_content *content)
{
	size_t i, k;

	for (i = 0; i < content->tree_count; i++)
		for (k = 0; k < content->trees[i].mime.part_count; k++)
			if (is_declared_encrypted(
			    &content->trees[i].mime.parts[k]))
				return true;
	return false;
}

/* RFC 4880 6.2 */
static bool
has_armour(const struct filter_content *content)
{
	static const struct text armour =
	    TEXT_INIT("-----BEGIN PGP MESSAGE-----");
	size_t i;

	for (i = 0; i < content->text_count; i++) {
		struct text t = buffer_text(&content->texts[i].utf8);

		if (text_find(t, armour) < t.len)
			return true;
	}
	return false;
}

static int
evaluate_encrypted(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	struct filter_content *content = judge->message.content;
	bool found = false;
	size_t i;
	int error = filter_content_decode(content, &judge->why);

	(void)call;
	if (error == 0)
		found = has_encrypted_part(content) || has_armour(content);
	for (i = 0; i < content->attachment_count && error == 0 && !found;
	    i++) {
		const struct filter_attachment *one =
		    &content->attachments[i];

		if (one->part != NULL && is_cms(one->part))
			error = has_envelope(judge, one, &found);
	}
	*result = found;
	return error;
}

static const struct filter_rule rules[] = {
	{ .signature = { .name = "valid",
	    .help = "The message's structure has no fault." },
	    .evaluate = evaluate_valid },
	{ .signature = { .name = "malformed-header",
	    .help = "A header of the message or of a part is broken." },
	    .evaluate = evaluate_malformed },
	{ .signature = { .name = "duplicate_boundaries",
	    .help = "A multipart has two boundaries, or that of one around "
		"it." },
	    .evaluate = evaluate_boundaries },
	{ .signature = { .name = "ambiguous",
	    .help = "Mail programs may read the message in different ways." },
	    .evaluate = evaluate_ambiguous },
	{ .signature = { .name = "unscannable",
	    .help = "Some of the content is elsewhere or in a coding that "
		"is not opened." },
	    .evaluate = evaluate_unscannable },
	{ .signature = { .name = "encrypted",
	    .help = "The message or a part of it is encrypted by PGP or "
		"S/MIME." },
	    .evaluate = evaluate_encrypted },
};
const struct filter_rules filter_rules_structure = FILTER_ROWS(rules);
