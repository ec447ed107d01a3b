/*
 * Smart identifiers.
 */
#include "policy/smart_identifier.h"

#define CARD_MAX 16
#define ROUTING_LEN 9
#define CUSIP_LEN 9

struct range {
	unsigned int from;
	unsigned int to;
};

/* Cards of one length whose first four digits lie in that range. */
struct card {
	size_t len;
	struct range start;
};

static const struct card cards[] = {
	{ 16, { 4000, 4999 } },		/* Visa */
	{ 16, { 5100, 5599 } },		/* Mastercard */
	{ 16, { 2221, 2720 } },
	{ 15, { 3400, 3499 } },		/* American Express */
	{ 15, { 3700, 3799 } },
	{ 14, { 3000, 3059 } },		/* Diners Club */
	{ 14, { 3600, 3699 } },
	{ 14, { 3800, 3999 } },
	{ 16, { 6011, 6011 } },		/* Discover */
	{ 16, { 6440, 6599 } },
};

/* First two digits that the Federal Reserve gives out. */
static const struct range routing_starts[] = {
	{ 0, 12 }, { 21, 32 }, { 61, 72 }, { 80, 80 },
};

static bool
is_word(char c)
{
	return text_is_alnum(c) || c == '_' || ((unsigned char)c & 0x80);
}

/* Whether a word ends at that place. */
static bool
is_end(struct text t, size_t at)
{
	return at >= t.len || !is_word(t.data[at]);
}

static unsigned int
value_of(const char *digits, size_t count)
{
	unsigned int value = 0;
	size_t i;

	for (i = 0; i < count; i++)
		value = value * 10 + (unsigned int)(digits[i] - '0');
	return value;
}

/* ---- cards ---- */

/* ISO/IEC 7812-1 annex B */
static bool
has_card_check(const char *digits, size_t len)
{
	unsigned int sum = 0, digit;
	size_t i;

	for (i = 0; i < len; i++) {
		digit = (unsigned int)(digits[len - 1 - i] - '0');
		if (i % 2 == 1)
			digit *= 2;
		sum += digit > 9 ? digit - 9 : digit;
	}
	return sum % 10 == 0;
}

static bool
is_card(const char *digits, size_t len)
{
	unsigned int start = value_of(digits, 4);
	size_t i;

	for (i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
		if (cards[i].len == len && start >= cards[i].start.from &&
		    start <= cards[i].start.to)
			return has_card_check(digits, len);
	return false;
}

/* Digits in groups, with one space or hyphen between two of them. */
static size_t
match_card(struct text rest)
{
	char digits[CARD_MAX];
	size_t at = 0, len = 0;

	while (len < CARD_MAX && at < rest.len) {
		if (text_is_digit(rest.data[at])) {
			digits[len++] = rest.data[at++];
			if (len >= 14 && is_end(rest, at) &&
			    is_card(digits, len))
				return at;
		} else if (len > 0 && (rest.data[at] == ' ' ||
		    rest.data[at] == '-') && at + 1 < rest.len &&
		    text_is_digit(rest.data[at + 1])) {
			at++;
		} else {
			break;
		}
	}
	return 0;
}

/* ---- routing numbers ---- */

static size_t
match_routing(struct text rest)
{
	static const unsigned int weights[3] = { 3, 7, 1 };
	unsigned int sum = 0, start;
	size_t i;

	if (rest.len < ROUTING_LEN || !is_end(rest, ROUTING_LEN))
		return 0;
	for (i = 0; i < ROUTING_LEN; i++) {
		if (!text_is_digit(rest.data[i]))
			return 0;
		sum += weights[i % 3] * (unsigned int)(rest.data[i] - '0');
	}
	if (sum == 0 || sum % 10 != 0)
		return 0;
	start = value_of(rest.data, 2);
	for (i = 0; i < sizeof(routing_starts) / sizeof(routing_starts[0]);
	    i++)
		if (start >= routing_starts[i].from &&
		    start <= routing_starts[i].to)
			return ROUTING_LEN;
	return 0;
}

/* ---- social security numbers ---- */

/* AAA-GG-SSSS; the same sign, hyphen, dot or space, at both places. */
static size_t
match_social(struct text rest)
{
	static const char form[] = "dddsddsdddd";
	const size_t len = sizeof(form) - 1;
	unsigned int area;
	char sign;
	size_t i;

	if (rest.len < len || !is_end(rest, len))
		return 0;
	sign = rest.data[3];
	if (sign != '-' && sign != '.' && sign != ' ')
		return 0;
	for (i = 0; i < len; i++)
		if (form[i] == 'd' ? !text_is_digit(rest.data[i]) :
		    rest.data[i] != sign)
			return 0;
	area = value_of(rest.data, 3);
	if (area == 0 || area == 666 || area >= 900 ||
	    value_of(rest.data + 4, 2) == 0 ||
	    value_of(rest.data + 7, 4) == 0)
		return 0;
	return len;
}

/* ---- securities ---- */

/* -1 for what a CUSIP does not hold. */
static int
cusip_value(char c)
{
	static const struct text signs = TEXT_INIT("*@#");
	size_t at = text_find_byte(signs, c);

	if (text_is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return at < signs.len ? (int)at + 36 : -1;
}

static size_t
match_cusip(struct text rest)
{
	int sum = 0, value;
	bool has_digit = false;
	size_t i;

	if (rest.len < CUSIP_LEN || !is_end(rest, CUSIP_LEN) ||
	    !text_is_digit(rest.data[CUSIP_LEN - 1]))
		return 0;
	for (i = 0; i < CUSIP_LEN - 1; i++) {
		value = cusip_value(rest.data[i]);
		if (value < 0)
			return 0;
		has_digit = has_digit || value < 10;
		if (i % 2 == 1)
			value *= 2;
		sum += value / 10 + value % 10;
	}
	/* A word in capitals with a digit behind it is none. */
	return has_digit && sum > 0 && (10 - sum % 10) % 10 ==
	    rest.data[CUSIP_LEN - 1] - '0' ? CUSIP_LEN : 0;
}

/* ---- all of them ---- */

static const struct smart_identifier identifiers[] = {
	{ "*aba", "routing numbers of US banks: 9 digits, with prefix and "
	  "check digit", match_routing },
	{ "*credit", "card numbers of 14 to 16 digits, perhaps in groups, "
	  "with check digit", match_card },
	{ "*cusip", "US securities: 9 characters, with check digit",
	  match_cusip },
	{ "*ssn", "US social security numbers, in groups", match_social },
};
#define IDENTIFIERS (sizeof(identifiers) / sizeof(identifiers[0]))

const struct smart_identifier *
smart_identifier_at(size_t index)
{
	return index < IDENTIFIERS ? &identifiers[index] : NULL;
}

const struct smart_identifier *
smart_identifier_find(struct text name)
{
	size_t i;

	for (i = 0; i < IDENTIFIERS; i++)
		if (text_equal_nocase(name, text_from(identifiers[i].name)))
			return &identifiers[i];
	return NULL;
}

size_t
smart_identifier_count(const struct smart_identifier *identifier,
	struct text t, size_t most, struct text *first)
{
	size_t at = 0, count = 0, len;

	while (at < t.len && count < most) {
		len = at > 0 && is_word(t.data[at - 1]) ? 0 :
		    identifier->match(text_skip(t, at));
		if (len > 0 && count++ == 0)
			*first = text_slice(t, at, len);
		at += len > 0 ? len : 1;
	}
	return count;
}
