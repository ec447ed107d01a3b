/*
 * Arguments and operands that say whom to ask for facts.
 */
#include "gateway/config/config_syntax.h"
#include "policy/fact.h"
#include "policy/filter_bind.h"

#define SHOWN_MAX 40

int
filter_bind_zone(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_string(binder, value, "the zone of a DNS list");

	(void)signature;
	out->text = value->text;
	if (error == 0 && !config_domain_is_valid(value->text))
		return filter_bind_fail(binder, value->offset,
		    "expected the zone of a "
		    "DNS list, such as list.example.org");
	return error;
}

int
filter_bind_attribute(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct config_directory_source source;
	struct reason why = { 0 };
	int error = filter_bind_string(binder, value, "DIRECTORY.QUERY");

	(void)signature;
	out->text = value->text;
	if (error != 0)
		return error;
	if (config_directory_source_find(binder->config, value->text,
	    &source, &why) != 0)
		return filter_bind_fail(binder, value->offset, "%s", why.text);
	if (!text_is_empty(source.group) ||
	    text_is_empty(source.query->attribute))
		return filter_bind_fail(binder, value->offset,
		    "\"%.*s\" is no query for "
		    "an attribute", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	return 0;
}

int
filter_bind_group(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct reason why = { 0 };
	int error = filter_bind_string(binder, value, "DIRECTORY.QUERY:GROUP");

	(void)signature;
	out->text = value->text;
	if (error == 0 && fact_group_check(binder->config, value->text,
	    &why) != 0)
		return filter_bind_fail(binder, value->offset, "%s", why.text);
	return error;
}
