/*
 * Names in questions: part of the lookup process.
 */
#include "gateway/lookup/lookup_name.h"

#include <idn2.h>
#include <string.h>

#define LOOKUP_LABEL_MAX 63
/* UTF-8 may take four bytes where the A-label takes one. */
#define LOOKUP_NAME_INPUT_MAX 1020

struct text
lookup_name_text(const struct lookup_name *name)
{
	return text_of(name->bytes, name->len);
}

static bool
lookup_name_is_label(struct text label)
{
	size_t i;

	if (label.len == 0 || label.len > LOOKUP_LABEL_MAX)
		return false;
	for (i = 0; i < label.len; i++)
		if (!text_is_alnum(label.data[i]) && label.data[i] != '-' &&
		    label.data[i] != '_')
			return false;
	return true;
}

static bool
lookup_name_is_ascii_name(struct text name)
{
	struct text rest = name, label;

	if (name.len == 0 || name.len > LOOKUP_NAME_MAX)
		return false;
	while (text_split(&rest, '.', &label))
		if (!lookup_name_is_label(label))
			return false;
	return true;
}

static bool
lookup_name_is_ascii(struct text name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] > 127)
			return false;
	return true;
}

/* RFC 5891 5: a domain in U-labels as what the DNS holds. */
static int
lookup_name_convert(struct text domain, struct lookup_name *out,
	struct reason *why)
{
	char input[LOOKUP_NAME_INPUT_MAX + 1];
	uint8_t *converted = NULL;
	int result, error = ERROR_MALFORMED;

	if (text_to_string(domain, input, sizeof(input)) < 0) {
		reason_set(why, "the domain name is too long");
		return ERROR_MALFORMED;
	}
	result = idn2_lookup_u8((const uint8_t *)input, &converted,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (result != IDN2_OK) {
		reason_set(why, "the domain name is not valid: %s",
		    idn2_strerror(result));
		goto out;
	}
	out->len = strlen((const char *)converted);
	if (out->len > LOOKUP_NAME_MAX) {
		reason_set(why, "the domain name is too long");
		goto out;
	}
	memcpy(out->bytes, converted, out->len + 1);
	error = 0;
out:
	idn2_free(converted);
	return error;
}

int
lookup_name_parse(struct text domain, struct lookup_name *out,
	struct reason *why)
{
	size_t i;
	int error;

	if (domain.len > 0 && domain.data[domain.len - 1] == '.')
		domain.len--;
	if (!lookup_name_is_ascii(domain)) {
		if ((error = lookup_name_convert(domain, out, why)) < 0)
			return error;
		domain = lookup_name_text(out);
	}
	if (!lookup_name_is_ascii_name(domain)) {
		reason_set(why, "this is not a domain name");
		return ERROR_MALFORMED;
	}
	for (i = 0; i < domain.len; i++)
		out->bytes[i] = text_lower_byte(domain.data[i]);
	out->bytes[domain.len] = '\0';
	out->len = domain.len;
	return 0;
}

bool
lookup_name_is_host(struct text name)
{
	static const struct text local = TEXT_INIT("localhost");
	static const struct text local_below = TEXT_INIT(".localhost");
	struct text rest = name, label = TEXT_EMPTY;
	size_t i;

	if (!lookup_name_is_ascii_name(name) ||
	    text_equal_nocase(name, local) ||
	    text_ends_nocase(name, local_below))
		return false;
	while (text_split(&rest, '.', &label))
		;
	/* No top-level domain is all digits; "192.0.2.1" would be. */
	for (i = 0; i < label.len; i++)
		if (!text_is_digit(label.data[i]))
			return true;
	return false;
}
