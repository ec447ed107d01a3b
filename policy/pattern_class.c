/*
 * Byte sets of classes.
 */
#include "policy/pattern_class.h"

#include <string.h>

#define ASCII_MAX 0x7f
#define ESCAPE_HEX_MAX 6

/* Bytes of the characters over 127 that a class may hold. */
enum high { HIGH_NONE, HIGH_DIGITS, HIGH_SPACES, HIGH_ALL };

struct byte_range {
	unsigned char from, to;
};

/*
 * Lead bytes of decimal digits and of spaces; characters that Unicode may
 * add to these stand in the same blocks.
 */
static const struct byte_range digit_leads[] = { { 0xd9, 0xd9 },
	{ 0xdb, 0xdb }, { 0xdf, 0xe1 }, { 0xea, 0xea }, { 0xef, 0xf0 } };
static const struct byte_range space_leads[] = { { 0xc2, 0xc2 },
	{ 0xe1, 0xe3 } };

static const struct {
	char letter;
	enum high high;
	bool is_negated;
	struct byte_range ranges[4];
} escapes[] = {
	{ 'd', HIGH_DIGITS, false, { { '0', '9' } } },
	{ 'D', HIGH_ALL, true, { { '0', '9' } } },
	{ 's', HIGH_SPACES, false, { { 9, 13 }, { ' ', ' ' } } },
	{ 'S', HIGH_ALL, true, { { 9, 13 }, { ' ', ' ' } } },
	{ 'h', HIGH_SPACES, false, { { 9, 9 }, { ' ', ' ' } } },
	{ 'H', HIGH_ALL, true, { { 9, 9 }, { ' ', ' ' } } },
	{ 'v', HIGH_SPACES, false, { { 10, 13 } } },
	{ 'V', HIGH_ALL, true, { { 10, 13 } } },
	{ 'w', HIGH_ALL, false, { { '0', '9' }, { 'A', 'Z' }, { '_', '_' },
	  { 'a', 'z' } } },
	{ 'W', HIGH_ALL, true, { { '0', '9' }, { 'A', 'Z' }, { '_', '_' },
	  { 'a', 'z' } } },
	{ 'N', HIGH_ALL, true, { { '\n', '\n' }, { '\r', '\r' } } },
};

/* Letters per thousand bytes. */
static const unsigned char letter_rates[26] = { 65, 12, 22, 33, 100, 17, 16,
	48, 55, 2, 6, 32, 20, 55, 60, 15, 1, 48, 50, 72, 22, 8, 18, 2, 16,
	1 };

static const struct {
	char letter;
	char byte;
} characters[] = { { 'a', 7 }, { 'e', 27 }, { 'f', 12 }, { 'n', 10 },
	{ 'r', 13 }, { 't', 9 } };

void
pattern_class_add(struct pattern_class *class, unsigned int from,
	unsigned int to)
{
	unsigned int byte;

	for (byte = from; byte <= to && byte <= 0xff; byte++)
		class->bits[byte / 64] |= (uint64_t)1 << (byte % 64);
}

void
pattern_class_unite(struct pattern_class *class,
	const struct pattern_class *other)
{
	size_t i;

	for (i = 0; i < 4; i++)
		class->bits[i] |= other->bits[i];
	class->is_exact = class->is_exact && other->is_exact;
}

bool
pattern_class_has(const struct pattern_class *class, unsigned char byte)
{
	return (class->bits[byte / 64] >> (byte % 64) & 1) != 0;
}

bool
pattern_class_overlaps(const struct pattern_class *a,
	const struct pattern_class *b)
{
	size_t i;

	for (i = 0; i < 4; i++)
		if ((a->bits[i] & b->bits[i]) != 0)
			return true;
	return false;
}

bool
pattern_class_equal(const struct pattern_class *a,
	const struct pattern_class *b)
{
	return memcmp(a->bits, b->bits, sizeof(a->bits)) == 0;
}

bool
pattern_class_is_ascii(const struct pattern_class *class)
{
	return class->bits[2] == 0 && class->bits[3] == 0;
}

static void
add_high(struct pattern_class *class, const struct byte_range *leads,
	size_t count)
{
	size_t i;

	pattern_class_add(class, 0x80, 0xbf);
	for (i = 0; i < count; i++)
		pattern_class_add(class, leads[i].from, leads[i].to);
}

static void
add_kind(struct pattern_class *class, enum high high)
{
	if (high == HIGH_DIGITS)
		add_high(class, digit_leads, sizeof(digit_leads) /
		    sizeof(digit_leads[0]));
	else if (high == HIGH_SPACES)
		add_high(class, space_leads, sizeof(space_leads) /
		    sizeof(space_leads[0]));
	else if (high == HIGH_ALL)
		pattern_class_add(class, 0x80, 0xff);
}

void
pattern_class_fold(struct pattern_class *class)
{
	unsigned char byte;

	for (byte = 'a'; byte <= 'z'; byte++) {
		unsigned char upper = (unsigned char)(byte - 'a' + 'A');

		if (pattern_class_has(class, byte))
			pattern_class_add(class, upper, upper);
		else if (pattern_class_has(class, upper))
			pattern_class_add(class, byte, byte);
	}
	if (pattern_class_has(class, 's')) {
		pattern_class_add(class, 0xc5, 0xc5);
		pattern_class_add(class, 0xbf, 0xbf);
	}
	if (pattern_class_has(class, 'k')) {
		pattern_class_add(class, 0xe2, 0xe2);
		pattern_class_add(class, 0x84, 0x84);
		pattern_class_add(class, 0xaa, 0xaa);
	}
}

struct pattern_class
pattern_class_all(void)
{
	return (struct pattern_class){ .bits = { UINT64_MAX, UINT64_MAX,
		UINT64_MAX, UINT64_MAX } };
}

struct pattern_class
pattern_class_high(void)
{
	return (struct pattern_class){ .bits = { 0, 0, UINT64_MAX,
		UINT64_MAX }, .is_exact = true };
}

static double
byte_frequency(unsigned char byte)
{
	if (byte >= 'a' && byte <= 'z')
		return letter_rates[byte - 'a'] / 1000.0;
	if (byte == ' ')
		return 0.15;
	if (byte == '\n' || byte == '\r' || byte == '.' || byte == ',')
		return 0.012;
	return text_is_alnum((char)byte) ? 0.003 : 0.002;
}

double
pattern_class_frequency(const struct pattern_class *class)
{
	double sum = 0;
	unsigned int byte;

	for (byte = 0; byte <= 0xff; byte++)
		if (pattern_class_has(class, (unsigned char)byte))
			sum += byte_frequency((unsigned char)byte);
	return sum < 1 ? sum : 1;
}

/* ---- escapes ---- */

int
pattern_class_escape(char letter, struct pattern_class *out)
{
	size_t i, k;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (escapes[i].letter != letter)
			continue;
		*out = (struct pattern_class){ .is_exact = true };
		for (k = 0; k < 4 && escapes[i].ranges[k].to != 0; k++)
			pattern_class_add(out, escapes[i].ranges[k].from,
			    escapes[i].ranges[k].to);
		if (escapes[i].is_negated) {
			out->bits[0] = ~out->bits[0];
			out->bits[1] = ~out->bits[1];
		}
		add_kind(out, escapes[i].high);
		return 0;
	}
	return ERROR_NOT_FOUND;
}

static int
hex_value(char c)
{
	char lower = text_lower_byte(c);

	if (text_is_digit(c))
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Behind "\x": up to two digits, or more in braces. */
static int
hex_character(struct text rest, size_t *len, uint32_t *point)
{
	bool is_braced = rest.len > 2 && rest.data[2] == '{';
	size_t at = is_braced ? 3 : 2, digits = 0;
	size_t most = is_braced ? ESCAPE_HEX_MAX : 2;

	*point = 0;
	for (; at < rest.len && digits < most &&
	    hex_value(rest.data[at]) >= 0; at++, digits++)
		*point = *point * 16 + (uint32_t)hex_value(rest.data[at]);
	if (is_braced && (digits == 0 || at == rest.len ||
	    rest.data[at++] != '}'))
		return ERROR_NOT_FOUND;
	*len = at;
	return 0;
}

int
pattern_class_character(struct text rest, size_t *len, uint32_t *point)
{
	unsigned char c;
	size_t i;

	if (rest.len < 2)
		return ERROR_NOT_FOUND;
	c = (unsigned char)rest.data[1];
	*len = 2;
	*point = c;
	if (c == 'x')
		return hex_character(rest, len, point);
	for (i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		if (rest.data[1] == characters[i].letter) {
			*point = (uint32_t)characters[i].byte;
			return 0;
		}
	return c > ASCII_MAX || text_is_alnum((char)c) ? ERROR_NOT_FOUND : 0;
}

/* ---- brackets ---- */

/* A class as it is read. */
struct bracket {
	struct text rest;
	size_t at;
	struct pattern_class set;	/* what is written */
	struct pattern_class extra;	/* what it may match besides */
	bool ignore_case;
};

/* Characters of the pattern beyond ASCII: any of them, and what they fold. */
static void
bracket_add_high(struct bracket *bracket)
{
	pattern_class_add(&bracket->extra, 0x80, 0xff);
	if (!bracket->ignore_case)
		return;
	pattern_class_add(&bracket->extra, 'k', 'k');
	pattern_class_add(&bracket->extra, 's', 's');
	pattern_class_fold(&bracket->extra);
}

/* One end of a range.  ERROR_NOT_FOUND where it is no single character. */
static int
bracket_character(struct bracket *bracket, uint32_t *point)
{
	struct text rest = text_skip(bracket->rest, bracket->at);
	size_t len = 1;
	int error = 0;

	if (rest.data[0] == '\\' && rest.len > 1 && rest.data[1] == 'b') {
		*point = 8;
		len = 2;
	} else if (rest.data[0] == '\\') {
		error = pattern_class_character(rest, &len, point);
	} else if ((unsigned char)rest.data[0] <= ASCII_MAX) {
		*point = (unsigned char)rest.data[0];
	} else {
		*point = ASCII_MAX + 1;
		while (len < rest.len &&
		    ((unsigned char)rest.data[len] & 0xc0) == 0x80)
			len++;
	}
	bracket->at += error == 0 ? len : 0;
	return error;
}

static int
bracket_range(struct bracket *bracket)
{
	struct text rest;
	uint32_t from, to;
	int error = bracket_character(bracket, &from);

	if (error != 0)
		return error;
	to = from;
	rest = text_skip(bracket->rest, bracket->at);
	if (rest.len > 1 && rest.data[0] == '-' && rest.data[1] != ']') {
		bracket->at++;
		/* A hyphen before a class is one of the characters. */
		if (rest.data[1] == '[' ||
		    bracket_character(bracket, &to) != 0)
			return ERROR_NOT_FOUND;
	}
	if (from <= ASCII_MAX)
		pattern_class_add(&bracket->set, from,
		    to <= ASCII_MAX ? to : ASCII_MAX);
	if (to > ASCII_MAX)
		bracket_add_high(bracket);
	return 0;
}

/* One item: an escape for many, or a character or range. */
static int
bracket_item(struct bracket *bracket)
{
	struct text rest = text_skip(bracket->rest, bracket->at);
	struct pattern_class class;

	if (rest.data[0] == '[' && rest.len > 1 && (rest.data[1] == ':' ||
	    rest.data[1] == '.' || rest.data[1] == '='))
		return ERROR_NOT_FOUND;
	if (rest.data[0] != '\\' || rest.len < 2 || rest.data[1] == 'N' ||
	    pattern_class_escape(rest.data[1], &class) != 0)
		return bracket_range(bracket);
	bracket->at += 2;
	/* [\d-z]: refused by some versions, a hyphen in others. */
	if (rest.len > 3 && rest.data[2] == '-' && rest.data[3] != ']')
		return ERROR_NOT_FOUND;
	pattern_class_unite(&bracket->set, &class);
	return 0;
}

int
pattern_class_parse(struct text rest, bool ignore_case, size_t *len,
	struct pattern_class *out)
{
	struct bracket bracket = { .rest = rest, .at = 1,
		.set.is_exact = true, .ignore_case = ignore_case };
	bool is_negated = rest.len > 1 && rest.data[1] == '^';
	size_t start;

	start = bracket.at += is_negated ? 1 : 0;
	while (bracket.at < rest.len && (bracket.at == start ||
	    rest.data[bracket.at] != ']'))
		if (bracket_item(&bracket) != 0)
			return ERROR_NOT_FOUND;
	if (bracket.at >= rest.len)
		return ERROR_NOT_FOUND;
	*len = bracket.at + 1;
	*out = bracket.set;
	if (ignore_case)
		pattern_class_fold(out);
	if (is_negated) {
		out->bits[0] = ~out->bits[0];
		out->bits[1] = ~out->bits[1];
		out->bits[2] = out->bits[3] = UINT64_MAX;
	} else {
		pattern_class_unite(out, &bracket.extra);
	}
	/* What it may match besides is k and s, or not. */
	out->is_exact = !ignore_case || pattern_class_is_ascii(
	    &bracket.extra);
	return 0;
}
