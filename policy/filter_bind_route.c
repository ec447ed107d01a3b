/*
 * Arguments about where mail goes and whom it comes from.
 */
#include "policy/filter_bind.h"

#include <string.h>

#include "gateway/config/config_syntax.h"
#include "gateway/mail/address.h"
#include "policy/filter_addressee.h"

#define SHOWN_MAX 40
#define NEXT_HOP_MAX 255

static int
refuse(const struct filter_binder *binder, const struct filter_value *value,
	const char *words)
{
	binder->mistake->offset = value->offset;
	reason_set(&binder->mistake->why, "%s", words);
	return ERROR_MALFORMED;
}

static int
take_text(const struct filter_binder *binder,
	const struct filter_value *value, const char *words,
	struct filter_bound *out)
{
	out->text = value->text;
	return value->kind == FILTER_TOKEN_STRING ? 0 :
	    refuse(binder, value, words);
}

/* What the checks of addresses say stands in their reason. */
static int
judge_address(const struct filter_binder *binder,
	const struct filter_value *value, int error, const struct reason *why)
{
	return error == 0 ? 0 : refuse(binder, value, why->text);
}

int
filter_bind_address(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct address address;
	struct reason why = { 0 };
	int error = take_text(binder, value,
	    "expected a mail address in quotes", out);

	(void)signature;
	if (error != 0)
		return error;
	return judge_address(binder, value, address_parse(value->text, 0,
	    &address, &why), &why);
}

int
filter_bind_addressees(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct reason why = { 0 };
	int error = take_text(binder, value,
	    "expected mail addresses in quotes", out);

	(void)signature;
	if (error != 0)
		return error;
	return judge_address(binder, value,
	    filter_addressees_check(value->text, &why), &why);
}

int
filter_bind_sender(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct reason why = { 0 };
	int error = take_text(binder, value,
	    "expected a mail address in quotes", out);

	(void)signature;
	if (error != 0)
		return error;
	return judge_address(binder, value,
	    filter_addressee_check_sender(value->text, &why), &why);
}

/* "[192.0.2.1]" and the like: brackets are allowed, not needed. */
static bool
is_bracketed_ipv4(struct text t)
{
	size_t end = text_find_byte(t, ']');
	struct text inside = text_slice(t, 1, end - 1);
	struct text port = text_skip(t, end + 1);
	char plain[NEXT_HOP_MAX];

	if (t.len < 2 || t.len > sizeof(plain) || t.data[0] != '[' ||
	    end == t.len || text_find_byte(inside, ':') < inside.len ||
	    !config_address_is_valid(inside))
		return false;
	memcpy(plain, inside.data, inside.len);
	memcpy(plain + inside.len, port.data, port.len);
	return config_host_port_is_valid(text_of(plain,
	    inside.len + port.len));
}

int
filter_bind_next_hop(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	static const char words[] = "expected a host or an address, such as "
	    "\"mx.example.com\", \"[192.0.2.1]\" or \"mx.example.com:587\"";
	int error = take_text(binder, value, words, out);

	(void)signature;
	if (error == 0 && (value->text.len > NEXT_HOP_MAX ||
	    (!config_host_port_is_valid(value->text) &&
	    !is_bracketed_ipv4(value->text))))
		return refuse(binder, value, words);
	return error;
}

int
filter_bind_bounce_profile(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct text shown = text_slice(value->text, 0, SHOWN_MAX);
	int error = take_text(binder, value,
	    "expected a bounce profile in quotes", out);

	(void)signature;
	if (error != 0)
		return error;
	out->object = config_bounce_profile_find(binder->config,
	    value->text);
	if (out->object != NULL)
		return 0;
	binder->mistake->offset = value->offset;
	reason_set(&binder->mistake->why, "there is no bounce profile "
	    "\"%.*s\"", TEXT_ARG(shown));
	return ERROR_MALFORMED;
}
