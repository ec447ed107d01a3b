/*
 * Whole numbers, sizes and durations.
 */
#include "gateway/config/config_unit.h"

#include <inttypes.h>

const struct config_unit config_size_units[] = {
	{ "B", 1 },
	{ "KB", UINT64_C(1) << 10 },
	{ "MB", UINT64_C(1) << 20 },
	{ "GB", UINT64_C(1) << 30 },
	{ NULL, 0 },
};

const struct config_unit config_duration_units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "min", 60000 },
	{ "h", 3600000 },
	{ "d", 86400000 },
	{ NULL, 0 },
};

int
config_whole_parse(struct text t, uint64_t *out)
{
	if (t.len > 1 && t.data[0] == '0')
		return ERROR_MALFORMED;
	return text_parse_u64(t, UINT64_MAX, out);
}

static const struct config_unit *
unit_find(const struct config_unit *units, struct text name)
{
	for (; units->name != NULL; units++)
		if (text_equal(text_from(units->name), name))
			return units;
	return NULL;
}

int
config_unit_parse(const struct config_unit *units, struct text t,
	uint64_t *out)
{
	const struct config_unit *unit;
	struct text name;
	size_t digits = 0;
	int rc;

	while (digits < t.len && text_is_digit(t.data[digits]))
		digits++;
	rc = config_whole_parse(text_slice(t, 0, digits), out);
	if (rc != 0)
		return rc;
	name = text_skip(t, digits);
	if (text_is_empty(name))
		return *out == 0 ? 0 : ERROR_MALFORMED;
	if (name.data[0] == ' ')
		name = text_skip(name, 1);
	unit = unit_find(units, name);
	if (unit == NULL)
		return ERROR_MALFORMED;
	if (__builtin_mul_overflow(*out, unit->factor, out))
		return ERROR_LIMIT;
	return 0;
}

int
config_unit_print(const struct config_unit *units, uint64_t number,
	struct buffer *out)
{
	const struct config_unit *best = units;

	if (number == 0)
		return buffer_add_byte(out, '0');
	for (; units->name != NULL; units++)
		if (number % units->factor == 0)
			best = units;
	return buffer_printf(out, "%" PRIu64 " %s", number / best->factor,
	    best->name);
}
