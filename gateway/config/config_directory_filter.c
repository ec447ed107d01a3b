/*
 * Filters of directory queries (RFC 4515): checking, filling in.
 */
#include "gateway/config/config_directory_filter.h"

#include <stddef.h>
#include <string.h>

#define PLACE_LEN 3	/* "{a}" */
#define NESTING_MAX 50

static const struct {
	char letter;
	size_t offset;
} places[] = {
	{ 'a', offsetof(struct config_directory_values, address) },
	{ 'u', offsetof(struct config_directory_values, local) },
	{ 'd', offsetof(struct config_directory_values, domain) },
	{ 'g', offsetof(struct config_directory_values, group) },
	{ 'n', offsetof(struct config_directory_values, entry) },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* The letter of the place that rest begins with, or NUL. */
static char
place_at(struct text rest)
{
	size_t i;

	if (rest.len < PLACE_LEN || rest.data[0] != '{' ||
	    rest.data[2] != '}')
		return '\0';
	for (i = 0; i < PLACES; i++)
		if (places[i].letter == rest.data[1])
			return places[i].letter;
	return '\0';
}

static int
fail(struct reason *why, size_t at, const char *words)
{
	reason_set(why, "not a filter, at byte %zu: %s", at + 1, words);
	return ERROR_MALFORMED;
}

/* A brace must be a place, and one of those that are allowed. */
static int
check_place(struct text filter, size_t at, const char *allowed,
	struct reason *why)
{
	char letter = place_at(text_skip(filter, at));

	if (letter != '\0' && strchr(allowed, letter) != NULL)
		return 0;
	reason_set(why, "not a filter, at byte %zu: expected a place (%s%s)",
	    at + 1, strchr(allowed, 'g') == NULL ? "{a}, {u} or {d}" :
	    "{a}, {u}, {d}, {g} or {n}",
	    "; a brace itself is \\7b or \\7d");
	return ERROR_MALFORMED;
}

int
config_directory_filter_check(struct text filter, const char *allowed,
	struct reason *why)
{
	size_t depth = 0, i;

	for (i = 0; i < filter.len; i++) {
		if (depth == 0 && (i > 0 || filter.data[0] != '('))
			return fail(why, i, "it begins with ( and ends with "
			    "the ) that belongs to it");
		if (filter.data[i] == '(' && ++depth > NESTING_MAX)
			return fail(why, i, "nested too deep");
		if (filter.data[i] == ')')
			depth--;
		if (filter.data[i] == '{') {
			if (check_place(filter, i, allowed, why) != 0)
				return ERROR_MALFORMED;
			i += PLACE_LEN - 1;
		} else if (filter.data[i] == '}') {
			return check_place(filter, i, allowed, why);
		}
	}
	return depth == 0 && filter.len > 0 ? 0 :
	    fail(why, filter.len, "a ) is missing");
}

bool
config_directory_filter_has(struct text filter, char place)
{
	size_t i;

	for (i = 0; i < filter.len; i++)
		if (place_at(text_skip(filter, i)) == place)
			return true;
	return false;
}

/*
 * RFC 4515 3: * ( ) \ and NUL must be escaped; so is all that is not a
 * letter, a digit or one of the usual signs of an address.
 */
static int
add_escaped(struct text value, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < value.len && error == 0; i++) {
		char c = value.data[i];

		if (text_is_alnum(c) || (c != '\0' &&
		    strchr("@.-_+=, ", c) != NULL))
			error = buffer_add_byte(out, c);
		else
			error = buffer_printf(out, "\\%02x",
			    (unsigned int)(unsigned char)c);
	}
	return error;
}

static int
add_place(char letter, const struct config_directory_values *values,
	struct buffer *out)
{
	struct text value = TEXT_EMPTY;
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (places[i].letter == letter)
			memcpy(&value, (const char *)values +
			    places[i].offset, sizeof(value));
	return add_escaped(value, out);
}

int
config_directory_filter_print(struct text filter,
	const struct config_directory_values *values, struct buffer *out)
{
	size_t before = buffer_len(out), i;
	int error = 0;

	for (i = 0; i < filter.len && error == 0; i++) {
		char letter = place_at(text_skip(filter, i));

		if (letter == '\0') {
			error = buffer_add_byte(out, filter.data[i]);
			continue;
		}
		error = add_place(letter, values, out);
		i += PLACE_LEN - 1;
	}
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
