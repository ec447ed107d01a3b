/*
 * Arguments and operands that are plain values, or names of what the
 * configuration has.
 */
#include "policy/filter_bind.h"
#include "policy/pattern_cost.h"

#define HEADER_NAME_MAX 100	/* bytes */
#define TAG_MAX 100
#define SHOWN_MAX 40

int
filter_bind_pattern(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct reason why = { 0 };
	size_t offset = 0;
	int error = filter_bind_string(binder, value, "a pattern");

	if (error != 0)
		return error;
	if (text_is_empty(value->text))
		return filter_bind_fail(binder, value->offset,
		    "an empty pattern matches "
		    "everything; write \"^$\" for an empty text");
	out->identifier = smart_identifier_find(value->text);
	if (out->identifier != NULL && signature->takes_identifier)
		return 0;
	if (out->identifier != NULL)
		return filter_bind_fail(binder, value->offset,
		    "\"%s\" is a smart "
		    "identifier; only rules about bodies take one",
		    out->identifier->name);
	error = pattern_new(binder->space, value->text,
	    signature->ignore_case, &out->pattern, &offset, &why);
	if (error != 0)
		return filter_bind_fail(binder, value->offset,
		    "a bad pattern, behind "
		    "its first %zu bytes: %s", offset, why.text);
	if (binder->measures && pattern_check(out->pattern, &offset,
	    &why) != 0)
		return filter_bind_fail(binder, value->offset, "a slow "
		    "pattern, behind its first %zu bytes: %s", offset,
		    why.text);
	return 0;
}

int
filter_bind_count(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	if (value->kind != FILTER_TOKEN_NUMBER || value->number == 0 ||
	    value->number > FILTER_COUNT_MAX)
		return filter_bind_fail(binder, value->offset,
		    "expected a count from 1 to %d", FILTER_COUNT_MAX);
	out->number = value->number;
	return 0;
}

int
filter_bind_size(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	if (value->kind != FILTER_TOKEN_NUMBER)
		return filter_bind_fail(binder, value->offset,
		    "\"%s\" is compared with "
		    "a size, such as 10M", signature->name);
	out->number = value->number;
	return 0;
}

/* RFC 5322 3.6.8: printable ASCII without colon. */
int
filter_bind_header(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	bool is_name = value->text.len > 0 &&
	    value->text.len <= HEADER_NAME_MAX;
	size_t i;
	int error = filter_bind_string(binder, value, "the name of a header field");

	(void)signature;
	if (error != 0)
		return error;
	for (i = 0; i < value->text.len; i++)
		if (value->text.data[i] <= ' ' ||
		    value->text.data[i] > '~' || value->text.data[i] == ':')
			is_name = false;
	if (!is_name)
		return filter_bind_fail(binder, value->offset,
		    "no name of a header "
		    "field: 1 to %d printable ASCII characters without space "
		    "and colon", HEADER_NAME_MAX);
	out->text = value->text;
	return 0;
}

/* What says how the body is to be read was read already. */
int
filter_bind_editable(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_header(binder, signature, value, out);

	if (error == 0 && (text_starts_nocase(value->text,
	    TEXT("Content-")) || text_equal_nocase(value->text,
	    TEXT("MIME-Version"))))
		return filter_bind_fail(binder, value->offset,
		    "%.*s says how the body "
		    "is to be read, and cannot be changed",
		    TEXT_ARG(value->text));
	return error;
}

int
filter_bind_text(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	out->text = value->text;
	return filter_bind_string(binder, value, "a text");
}

int
filter_bind_profile(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_string(binder, value, "an encryption profile");

	(void)signature;
	if (error != 0)
		return error;
	out->object = config_encryption_profile_find(binder->config,
	    value->text);
	if (out->object == NULL)
		return filter_bind_fail(binder, value->offset,
		    "there is no encryption "
		    "profile \"%.*s\"", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	out->text = value->text;
	return error;
}

int
filter_bind_quarantine(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_string(binder, value, "a quarantine");

	(void)signature;
	if (error != 0)
		return error;
	out->object = config_quarantine_find(binder->config, value->text);
	if (out->object == NULL)
		return filter_bind_fail(binder, value->offset,
		    "there is no quarantine "
		    "\"%.*s\"", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	out->text = value->text;
	return error;
}

int
filter_bind_tag(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	bool is_tag = value->text.len > 0 && value->text.len <= TAG_MAX;
	size_t i;
	int error = filter_bind_string(binder, value, "a tag");

	(void)signature;
	for (i = 0; i < value->text.len && error == 0; i++) {
		char c = value->text.data[i];

		if (!text_is_alnum(c) && c != '_' && c != '.' && c != '-')
			is_tag = false;
	}
	if (error == 0 && !is_tag)
		return filter_bind_fail(binder, value->offset,
		    "a tag is 1 to %d letters "
		    "(A to Z), digits, \"_\", \".\" or \"-\"", TAG_MAX);
	out->text = value->text;
	return error;
}

int
filter_bind_form(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_string(binder, value, "\"always\" or \"tls\"");

	(void)signature;
	if (error != 0)
		return error;
	if (text_equal_nocase(value->text, TEXT("tls")))
		out->number = PROTECTION_TLS_OR_ENVELOPE;
	else if (text_equal_nocase(value->text, TEXT("always")))
		out->number = PROTECTION_ENVELOPE;
	else
		return filter_bind_fail(binder, value->offset,
		    "expected \"always\" or "
		    "\"tls\"");
	return 0;
}

int
filter_bind_size_argument(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	out->number = value->number;
	return value->kind == FILTER_TOKEN_NUMBER ? 0 : filter_bind_fail(
	    binder, value->offset, "expected a size, such as 10M");
}

/* A text resource of that type. */
static int
bind_resource(const struct filter_binder *binder,
	const struct filter_value *value,
	enum config_text_resource_type type, const char *what,
	struct filter_bound *out)
{
	const struct config_text_resource *resource;
	struct text shown = text_slice(value->text, 0, SHOWN_MAX);
	int error = filter_bind_string(binder, value, "a text resource");

	if (error != 0)
		return error;
	resource = config_text_resource_find(binder->config, value->text);
	if (resource == NULL)
		return filter_bind_fail(binder, value->offset, "there is no "
		    "text resource \"%.*s\"", TEXT_ARG(shown));
	if (resource->type != type)
		return filter_bind_fail(binder, value->offset, "text "
		    "resource \"%.*s\" is no %s", TEXT_ARG(shown), what);
	out->object = resource;
	out->text = value->text;
	return 0;
}

int
filter_bind_disclaimer(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	return bind_resource(binder, value, CONFIG_TEXT_RESOURCE_DISCLAIMER,
	    "disclaimer", out);
}

int
filter_bind_template(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	return bind_resource(binder, value,
	    CONFIG_TEXT_RESOURCE_NOTIFICATION, "notification", out);
}
