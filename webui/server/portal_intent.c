/*
 * Intents.  portal process.
 */
#include "webui/server/portal_intent.h"

#include <string.h>

#include "gateway/base/hex.h"
#include "gateway/mail/base64.h"
#include "webui/http/http_form.h"

#define ID_SIZE HEX_SIZE(PORTAL_ID_LEN)
#define FIELD_MAX 128
#define UNCOMPRESSED 4	/* SEC 1 2.3.3 */

/* 0 with *found false where there is no such field. */
static int
read_id(struct text form, const char *name, bool *found,
	uint8_t id[PORTAL_ID_LEN])
{
	char field[FIELD_MAX];
	struct text value;
	int error = http_form_find(form, name, field, sizeof(field), &value);

	*found = false;
	if (error == ERROR_NOT_FOUND || (error == 0 && value.len == 0))
		return 0;
	if (error < 0 || hex_decode(value, id, PORTAL_ID_LEN) < 0)
		return ERROR_MALFORMED;
	*found = true;
	return 0;
}

static int
read_public_key(struct text form, struct portal_intent *out)
{
	char field[FIELD_MAX];
	struct buffer bytes;
	struct text value;
	int error = http_form_find(form, "handback", field, sizeof(field),
	    &value);

	if (error == ERROR_NOT_FOUND || (error == 0 && value.len == 0))
		return 0;
	buffer_init(&bytes, FRAME_PUBLIC_KEY_LEN);
	if (error < 0 || base64_url_decode(value, &bytes) < 0 ||
	    buffer_len(&bytes) != FRAME_PUBLIC_KEY_LEN ||
	    buffer_text(&bytes).data[0] != UNCOMPRESSED) {
		buffer_clear(&bytes);
		return ERROR_MALFORMED;
	}
	memcpy(out->public_key, buffer_text(&bytes).data,
	    FRAME_PUBLIC_KEY_LEN);
	out->has_handback = true;
	buffer_clear(&bytes);
	return 0;
}

int
portal_intent_parse(struct text form, struct portal_intent *out)
{
	char field[FIELD_MAX];
	struct text value;
	bool has_key = false;

	memset(out, 0, sizeof(*out));
	if (read_id(form, "upload", &out->has_upload, out->upload) < 0 ||
	    read_id(form, "key", &has_key, out->key_id) < 0 ||
	    read_public_key(form, out) < 0 || has_key != out->has_handback)
		return ERROR_MALFORMED;
	out->wants_other = http_form_find(form, "other", field,
	    sizeof(field), &value) == 0 && text_equal(value, TEXT("1"));
	return 0;
}

/* The values as they stand in queries and fields: nothing to be escaped. */
static int
print_key(const struct portal_intent *intent, const char *between,
	const char *before, const char *behind, struct buffer *out)
{
	char key_id[ID_SIZE];
	int error;

	hex_encode(intent->key_id, PORTAL_ID_LEN, key_id);
	error = buffer_printf(out, "%skey%s%s%shandback%s", before, between,
	    key_id, behind, between);
	if (error == 0)
		error = base64_url_encode(text_of(intent->public_key,
		    FRAME_PUBLIC_KEY_LEN), out);
	return error;
}

int
portal_intent_print_query(const struct portal_intent *intent,
	struct buffer *out)
{
	char upload[ID_SIZE];
	int error = 0;

	if (intent->has_handback)
		error = print_key(intent, "=", "?", "&", out);
	if (error == 0 && intent->has_upload) {
		hex_encode(intent->upload, PORTAL_ID_LEN, upload);
		error = buffer_printf(out, "%cupload=%s",
		    intent->has_handback ? '&' : '?', upload);
	}
	return error;
}

#define FIELD_BEGIN "<input type=\"hidden\" name=\""
#define FIELD_MIDDLE "\" value=\""
#define FIELD_END "\">\n"

int
portal_intent_print_fields(const struct portal_intent *intent,
	struct buffer *out)
{
	char upload[ID_SIZE];
	int error = 0;

	if (intent->has_handback)
		error = print_key(intent, FIELD_MIDDLE, FIELD_BEGIN,
		    FIELD_END FIELD_BEGIN, out);
	if (error == 0 && intent->has_handback)
		error = buffer_add_text(out, TEXT(FIELD_END));
	if (error == 0 && intent->has_upload) {
		hex_encode(intent->upload, PORTAL_ID_LEN, upload);
		error = buffer_printf(out, FIELD_BEGIN "upload" FIELD_MIDDLE
		    "%s" FIELD_END, upload);
	}
	return error;
}
