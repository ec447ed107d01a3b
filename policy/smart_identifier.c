/*
 * Smart identifiers.
 */
#include "policy/smart_identifier.h"

#include <string.h>

#define CARD_MAX 16
#define ROUTING_LEN 9
#define CUSIP_LEN 9
#define IBAN_HEAD 4		/* country and check digits */
#define IBAN_MAX 34

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

/* ---- bank accounts ---- */

/* ISO 13616: countries and the length of their numbers (registry, 2024). */
static const struct {
	char country[3];
	unsigned char len;
} accounts[] = {
	{ "AD", 24 }, { "AE", 23 }, { "AL", 28 }, { "AT", 20 }, { "AZ", 28 },
	{ "BA", 20 }, { "BE", 16 }, { "BG", 22 }, { "BH", 22 }, { "BI", 27 },
	{ "BR", 29 }, { "BY", 28 }, { "CH", 21 }, { "CR", 22 }, { "CY", 28 },
	{ "CZ", 24 }, { "DE", 22 }, { "DJ", 27 }, { "DK", 18 }, { "DO", 28 },
	{ "EE", 20 }, { "EG", 29 }, { "ES", 24 }, { "FI", 18 }, { "FK", 18 },
	{ "FO", 18 }, { "FR", 27 }, { "GB", 22 }, { "GE", 22 }, { "GI", 23 },
	{ "GL", 18 }, { "GR", 27 }, { "GT", 28 }, { "HN", 28 }, { "HR", 21 },
	{ "HU", 28 }, { "IE", 22 }, { "IL", 23 }, { "IQ", 23 }, { "IS", 26 },
	{ "IT", 27 }, { "JO", 30 }, { "KW", 30 }, { "KZ", 20 }, { "LB", 28 },
	{ "LC", 32 }, { "LI", 21 }, { "LT", 20 }, { "LU", 20 }, { "LV", 21 },
	{ "LY", 25 }, { "MC", 27 }, { "MD", 24 }, { "ME", 22 }, { "MK", 19 },
	{ "MN", 20 }, { "MR", 27 }, { "MT", 31 }, { "MU", 30 }, { "NI", 28 },
	{ "NL", 18 }, { "NO", 15 }, { "OM", 23 }, { "PK", 24 }, { "PL", 28 },
	{ "PS", 29 }, { "PT", 25 }, { "QA", 29 }, { "RO", 24 }, { "RS", 22 },
	{ "RU", 33 }, { "SA", 24 }, { "SC", 31 }, { "SD", 18 }, { "SE", 24 },
	{ "SI", 19 }, { "SK", 24 }, { "SM", 27 }, { "SO", 23 }, { "ST", 25 },
	{ "SV", 28 }, { "TL", 23 }, { "TN", 24 }, { "TR", 26 }, { "UA", 29 },
	{ "VA", 22 }, { "VG", 24 }, { "XK", 20 }, { "YE", 30 },
};

/* 0 for a country that has none. */
static size_t
account_len(const char *country)
{
	size_t i;

	for (i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
		if (memcmp(accounts[i].country, country, 2) == 0)
			return accounts[i].len;
	return 0;
}

/* ISO/IEC 7064 MOD 97-10 over letters as two digits, from 10 for A. */
static unsigned int
mod_97(unsigned int sum, const char *signs, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum = text_is_digit(signs[i]) ?
		    (sum * 10 + (unsigned int)(signs[i] - '0')) % 97 :
		    (sum * 100 + (unsigned int)(signs[i] - 'A') + 10) % 97;
	return sum;
}

/* Digits and capitals; one space may stand between two of them. */
static size_t
match_iban(struct text rest)
{
	char signs[IBAN_MAX];
	size_t at = 0, len = 0, wanted = 2;
	unsigned int check;

	while (len < wanted) {
		if (len > 0 && at < rest.len && rest.data[at] == ' ')
			at++;
		if (at >= rest.len || !(text_is_digit(rest.data[at]) ||
		    (rest.data[at] >= 'A' && rest.data[at] <= 'Z')))
			return 0;
		signs[len++] = rest.data[at++];
		if (len == 2)
			wanted = at == 2 ? account_len(signs) : 0;
	}
	if (len < IBAN_HEAD || at < len || !is_end(rest, at) ||
	    !text_is_digit(rest.data[2]) || !text_is_digit(rest.data[3]))
		return 0;
	/* 02 to 98: the others name the same remainders. */
	check = value_of(signs + 2, 2);
	if (check < 2 || check > 98)
		return 0;
	return mod_97(mod_97(0, signs + IBAN_HEAD, len - IBAN_HEAD), signs,
	    IBAN_HEAD) == 1 ? at : 0;
}

/* ---- all of them ---- */

static const struct smart_identifier identifiers[] = {
	{ "*aba", "routing numbers of US banks: 9 digits, with prefix and "
	  "check digit", "[0-9]{9}", match_routing },
	{ "*credit", "card numbers of 14 to 16 digits, perhaps in groups, "
	  "with check digit", "[0-9](?:[ -]?[0-9]){13,15}", match_card },
	{ "*cusip", "US securities: 9 characters, with check digit",
	  "[0-9A-Z*@#]{8}[0-9]", match_cusip },
	{ "*iban", "international bank account numbers, perhaps in groups, "
	  "with country and check digits",
	  "[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}", match_iban },
	{ "*ssn", "US social security numbers, in groups",
	  "[0-9]{3}[-. ][0-9]{2}[-. ][0-9]{4}", match_social },
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

struct text
smart_identifier_next(const struct smart_identifier *identifier,
	struct text t, size_t from, size_t last)
{
	size_t len;

	for (; from <= last && from < t.len; from++) {
		len = from > 0 && is_word(t.data[from - 1]) ? 0 :
		    identifier->match(text_skip(t, from));
		if (len > 0)
			return text_slice(t, from, len);
	}
	return (struct text){ NULL, 0 };
}

size_t
smart_identifier_count(const struct smart_identifier *identifier,
	struct text t, size_t most, struct text *first)
{
	size_t at = 0, count = 0;
	struct text found;

	while (count < most && (found = smart_identifier_next(identifier, t,
	    at, t.len)).data != NULL) {
		if (count++ == 0)
			*first = found;
		at = (size_t)(found.data - t.data) + found.len;
	}
	return count;
}
