/*
 * Binding of arguments and operands: mistakes, and the kinds that name
 * dictionaries, hosts, times and counts.
 */
#include "policy/filter_bind.h"

#include <stdarg.h>

#include "gateway/base/calendar.h"
#include "gateway/base/clock.h"
#include "policy/dictionary_set.h"
#include "policy/forged_sender.h"
#include "policy/host_network.h"

#define SHOWN_MAX 40

int
filter_bind_fail(const struct filter_binder *binder, size_t offset,
	const char *format, ...)
{
	va_list args;
	struct buffer words;

	buffer_init(&words, REASON_TEXT_MAX);
	va_start(args, format);
	if (buffer_vprintf(&words, format, args) != 0)
		buffer_reset(&words);
	va_end(args);
	binder->mistake->offset = offset;
	reason_set(&binder->mistake->why, "%.*s",
	    TEXT_ARG(buffer_text(&words)));
	buffer_clear(&words);
	return ERROR_MALFORMED;
}

int
filter_bind_string(const struct filter_binder *binder,
	const struct filter_value *value, const char *what)
{
	return value->kind == FILTER_TOKEN_STRING ? 0 :
	    filter_bind_fail(binder, value->offset,
	    "expected %s in quotes", what);
}

/* ---- arguments ---- */

int
filter_bind_dictionary(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct text shown = text_slice(value->text, 0, SHOWN_MAX);
	int error = filter_bind_string(binder, value, "a dictionary");

	(void)signature;
	if (error != 0)
		return error;
	out->object = dictionary_set_find(binder->dictionaries, value->text);
	if (out->object != NULL)
		return 0;
	if (config_dictionary_find(binder->config, value->text) != NULL)
		return filter_bind_fail(binder, value->offset,
		    "the dictionary \"%.*s\" "
		    "has mistakes", TEXT_ARG(shown));
	return filter_bind_fail(binder, value->offset,
	    "there is no dictionary \"%.*s\"",
	    TEXT_ARG(shown));
}

int
filter_bind_names(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	const struct forged_sender *names = NULL;
	int error = filter_bind_dictionary(binder, signature, value, out);

	if (error != 0)
		return error;
	error = forged_sender_new(out->object, binder->arena, &names);
	out->object = names;
	if (error == ERROR_NOT_FOUND)
		return filter_bind_fail(binder, value->offset,
		    "the dictionary has no "
		    "names: no term that is plain words");
	return error == 0 ? 0 : filter_bind_fail(binder, value->offset,
	    "the dictionary "
	    "is too large");
}

int
filter_bind_percent(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	if (value->kind != FILTER_TOKEN_NUMBER || value->number == 0 ||
	    value->number > FORGED_SENDER_PERCENT)
		return filter_bind_fail(binder, value->offset,
		    "expected a number from 1 "
		    "to %d", FORGED_SENDER_PERCENT);
	out->number = value->number;
	return 0;
}

int
filter_bind_bound(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	if (value->kind != FILTER_TOKEN_NUMBER || value->number == 0)
		return filter_bind_fail(binder, value->offset,
		    "expected a number above 0");
	out->number = value->number;
	return 0;
}

int
filter_bind_from(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	out->text = value->text;
	return value->kind == FILTER_TOKEN_STRING &&
	    text_equal_nocase(value->text, TEXT("from")) ? 0 :
	    filter_bind_fail(binder, value->offset, "expected \"from\"");
}

int
filter_bind_keeper(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	out->text = TEXT_EMPTY;
	if (value->kind == FILTER_TOKEN_STRING && text_is_empty(value->text))
		return 0;
	return filter_bind_editable(binder, signature, value, out);
}

/* ---- operands ---- */

int
filter_bind_number(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	if (value->kind != FILTER_TOKEN_NUMBER)
		return filter_bind_fail(binder, value->offset,
		    "\"%s\" is compared with "
		    "a number", signature->name);
	out->number = value->number;
	return 0;
}

static bool
read_date(struct text t, struct calendar *out)
{
	static const char *const forms[] = { "M/D/Y h:m:s", "M/D/Y",
		"Y-M-DTh:m:sZ", "Y-M-D h:m:s", "Y-M-D" };
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct text rest = t;

		*out = (struct calendar){ .year = 0 };
		if (calendar_read(&rest, forms[i], out) &&
		    text_is_empty(rest))
			return calendar_is_possible(out);
	}
	return false;
}

int
filter_bind_date(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct calendar date;
	int error = filter_bind_string(binder, value, "a date");

	(void)signature;
	if (error != 0)
		return error;
	if (!read_date(value->text, &date))
		return filter_bind_fail(binder, value->offset,
		    "expected a time such as "
		    "\"12/31/2026 18:00:00\" (month, day, year) or "
		    "\"2026-12-31T18:00:00Z\"");
	out->number = (uint64_t)(calendar_us(&date) / CLOCK_SECOND_US);
	return 0;
}

int
filter_bind_network(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct host_network *network;
	int error = filter_bind_string(binder, value, "an address");

	(void)signature;
	if (error != 0)
		return error;
	network = arena_alloc(binder->arena, sizeof(*network));
	if (network == NULL)
		return filter_bind_fail(binder, value->offset,
		    "it is too long");
	if (host_network_parse_range(value->text, network) != 0)
		return filter_bind_fail(binder, value->offset,
		    "expected an address, a "
		    "network such as \"192.0.2.0/24\" or a range such as "
		    "\"192.0.2.10-192.0.2.20\"");
	out->object = network;
	return 0;
}

int
filter_bind_listener(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = filter_bind_string(binder, value, "a listener");

	(void)signature;
	if (error != 0)
		return error;
	out->text = value->text;
	return config_listener_find(binder->config, value->text) != NULL ?
	    0 : filter_bind_fail(binder, value->offset,
	    "there is no listener \"%.*s\"",
	    TEXT_ARG(text_slice(value->text, 0, SHOWN_MAX)));
}
