/*
 * Mail addresses: the grammar of RFC 5321 4.1.2 with the additions of RFC
 * 6531 3.3, read by hand from left to right with a cursor.
 */
#include <arpa/inet.h>
#include <string.h>

#include "gateway/mail/address.h"
#include "gateway/mail/envelope.h"
#include "gateway/mail/utf8.h"

/* RFC 5322 3.2.3 atext beside letters and digits. */
static const char atext_marks[] = "!#$%&'*+-/=?^_`{|}~";

/*
 * Characters that some software turns into a dot or "@" (UTS 46): no U-label
 * may hold them, or one name would be two.
 */
static const uint32_t domain_lookalikes[] = {
	0x3002, 0xff0e, 0xff61, 0xfe52, 0xff20, 0xfe6b, 0x2024,
};

struct parser {
	struct text rest;
	unsigned int allow;
	struct reason *why;
};

static int
refuse(const struct parser *parser, int error, const char *words)
{
	bool reverse = (parser->allow & ADDRESS_REVERSE_PATH) != 0;

	reason_set_reply(parser->why, 501, 5, 1, reverse ? 7 : 3, "%s %s",
		reverse ? "Bad sender address:" : "Bad recipient address:",
		words);
	return error;
}

static int
refuse_utf8(const struct parser *parser)
{
	/* RFC 6531 3.5 */
	reason_set_reply(parser->why, 553, 5, 6, 7,
		"Non-ASCII address needs SMTPUTF8");
	return ERROR_REFUSED;
}

static bool
is_at(const struct parser *parser, char byte)
{
	return parser->rest.len > 0 && parser->rest.data[0] == byte;
}

static bool
take(struct parser *parser, char byte)
{
	if (!is_at(parser, byte))
		return false;
	parser->rest = text_skip(parser->rest, 1);
	return true;
}

/*
 * Take one non-ASCII character.  0 where there is none, its length where it
 * may stand in an address, else an error.
 */
static int
take_wide(struct parser *parser, uint32_t *point)
{
	if (parser->rest.len == 0 || (unsigned char)parser->rest.data[0] < 128)
		return 0;
	size_t len = utf8_next(parser->rest, point);
	if (len == 0 || utf8_is_unsafe(*point))
		return refuse(parser, ERROR_MALFORMED,
			"broken or unsafe UTF-8");
	if ((parser->allow & ADDRESS_ALLOW_UTF8) == 0)
		return refuse_utf8(parser);
	parser->rest = text_skip(parser->rest, len);
	return (int)len;
}

static bool
is_atext(char c)
{
	return text_is_alnum(c) || (c != '\0' && strchr(atext_marks, c) != NULL);
}

/* One or more atext; 0 or an error. */
static int
take_atom(struct parser *parser)
{
	size_t before = parser->rest.len;
	int taken = 1;

	while (taken > 0) {
		uint32_t point;
		taken = take_wide(parser, &point);
		if (taken == 0 && parser->rest.len > 0 &&
		    is_atext(parser->rest.data[0])) {
			parser->rest = text_skip(parser->rest, 1);
			taken = 1;
		}
	}
	if (taken < 0)
		return taken;
	if (parser->rest.len == before)
		return refuse(parser, ERROR_MALFORMED, "bad local part");
	return 0;
}

/* RFC 5321 4.1.2 Quoted-string, behind its first quote. */
static int
take_quoted(struct parser *parser)
{
	for (;;) {
		uint32_t point;
		int taken = take_wide(parser, &point);
		if (taken < 0)
			return taken;
		if (taken > 0)
			continue;
		if (take(parser, '"'))
			return 0;
		/* quoted-pairSMTP: any printable ASCII behind the mark */
		(void)take(parser, '\\');
		if (parser->rest.len == 0)
			return refuse(parser, ERROR_MALFORMED,
				"quotes without end");
		char c = parser->rest.data[0];
		if (c < ' ' || c > '~')
			return refuse(parser, ERROR_MALFORMED,
				"bad byte between quotes");
		parser->rest = text_skip(parser->rest, 1);
	}
}

static int
take_local(struct parser *parser, struct text *local)
{
	struct text begin = parser->rest;
	int error = 0;

	if (take(parser, '"')) {
		error = take_quoted(parser);
	} else {
		do
			error = take_atom(parser);
		while (error == 0 && take(parser, '.'));
	}
	if (error != 0)
		return error;
	*local = text_slice(begin, 0, begin.len - parser->rest.len);
	if (local->len > ADDRESS_LOCAL_MAX)
		return refuse(parser, ERROR_LIMIT, "local part too long");
	return 0;
}

static bool
is_lookalike(uint32_t point)
{
	for (size_t i = 0; i < sizeof(domain_lookalikes) /
	    sizeof(*domain_lookalikes); i++)
		if (domain_lookalikes[i] == point)
			return true;
	return false;
}

/* Letters, digits, hyphens inside; U-labels by RFC 6531 3.3. */
static int
take_label(struct parser *parser, bool *digits_only)
{
	struct text begin = parser->rest;
	size_t characters = 0;

	*digits_only = true;
	for (; parser->rest.len > 0; characters++) {
		uint32_t point;
		char c = parser->rest.data[0];
		int taken = take_wide(parser, &point);
		if (taken < 0)
			return taken;
		if (taken > 0 && is_lookalike(point))
			return refuse(parser, ERROR_MALFORMED,
				"bad character in domain");
		if (taken == 0 && !text_is_alnum(c) && c != '-')
			break;
		if (taken == 0)
			parser->rest = text_skip(parser->rest, 1);
		if (!text_is_digit(c))
			*digits_only = false;
	}
	size_t len = begin.len - parser->rest.len;
	if (len == 0)
		return refuse(parser, ERROR_MALFORMED, "bad domain");
	if (characters > ADDRESS_LABEL_MAX)
		return refuse(parser, ERROR_LIMIT, "domain label too long");
	if (begin.data[0] == '-' || begin.data[len - 1] == '-')
		return refuse(parser, ERROR_MALFORMED,
			"hyphen at the border of a domain label");
	return 0;
}

static int
take_name(struct parser *parser, struct text *domain)
{
	struct text begin = parser->rest;
	bool digits_only = false;

	do {
		int error = take_label(parser, &digits_only);
		if (error != 0)
			return error;
	} while (take(parser, '.'));
	*domain = text_slice(begin, 0, begin.len - parser->rest.len);
	if (domain->len > ADDRESS_DOMAIN_MAX)
		return refuse(parser, ERROR_LIMIT, "domain too long");
	if (digits_only)
		return refuse(parser, ERROR_MALFORMED,
			"domain reads as a number");
	return 0;
}

/* RFC 5321 4.1.3; tags other than IPv6 have never been registered. */
static int
take_literal(struct parser *parser, struct text *domain)
{
	char printed[INET6_ADDRSTRLEN];
	struct in6_addr address;
	struct text tag = TEXT("[IPv6:");
	bool six = text_starts_nocase(parser->rest, tag);
	size_t end = text_find_byte(parser->rest, ']');
	size_t from = six ? tag.len : 1;

	if (end == parser->rest.len || end < from ||
	    text_to_string(text_slice(parser->rest, from, end - from), printed,
	    sizeof(printed)) != 0 ||
	    inet_pton(six ? AF_INET6 : AF_INET, printed, &address) != 1)
		return refuse(parser, ERROR_MALFORMED, "bad address literal");
	*domain = text_slice(parser->rest, 0, end + 1);
	parser->rest = text_skip(parser->rest, end + 1);
	return 0;
}

static int
take_domain(struct parser *parser, struct text *domain)
{
	return is_at(parser, '[') ? take_literal(parser, domain) :
		take_name(parser, domain);
}

/* RFC 5321 4.1.2 A-d-l: "@a,@b:", checked and forgotten. */
static int
skip_source_route(struct parser *parser)
{
	if (!is_at(parser, '@'))
		return 0;
	do {
		struct text domain;
		if (!take(parser, '@'))
			return refuse(parser, ERROR_MALFORMED,
				"bad source route");
		int error = take_domain(parser, &domain);
		if (error != 0)
			return error;
	} while (take(parser, ','));
	if (!take(parser, ':'))
		return refuse(parser, ERROR_MALFORMED, "bad source route");
	return 0;
}

static int
take_mailbox(struct parser *parser, struct address *out)
{
	struct text begin = parser->rest;
	int error = take_local(parser, &out->local);

	if (error != 0)
		return error;
	out->domain = text_slice(parser->rest, 0, 0);
	if (take(parser, '@')) {
		out->is_literal = is_at(parser, '[');
		error = take_domain(parser, &out->domain);
		if (error != 0)
			return error;
	} else if ((parser->allow & ADDRESS_ALLOW_POSTMASTER) == 0 ||
	    !text_equal_nocase(out->local, TEXT("postmaster"))) {
		return refuse(parser, ERROR_MALFORMED, "no domain");
	}
	out->whole = text_slice(begin, 0, begin.len - parser->rest.len);
	out->is_utf8 = !utf8_is_ascii(out->whole);
	return 0;
}

int
address_parse_path(struct text line, unsigned int allow, struct address *out,
	struct text *rest, struct reason *why)
{
	struct parser parser = { .rest = line, .allow = allow, .why = why };
	struct address found = { .is_null = false };
	int error = 0;

	if (!take(&parser, '<'))
		return refuse(&parser, ERROR_MALFORMED,
			"no angle brackets");
	if ((allow & ADDRESS_REVERSE_PATH) != 0 && is_at(&parser, '>')) {
		found.is_null = true;
		found.whole = text_slice(parser.rest, 0, 0);
		found.local = found.domain = found.whole;
	} else {
		error = skip_source_route(&parser);
		if (error == 0)
			error = take_mailbox(&parser, &found);
	}
	if (error != 0)
		return error;
	if (!take(&parser, '>'))
		return refuse(&parser, ERROR_MALFORMED, "bad syntax");
	if (line.len - parser.rest.len > ENVELOPE_ADDRESS_MAX)
		return refuse(&parser, ERROR_LIMIT, "path too long");
	if (parser.rest.len > 0 && !is_at(&parser, ' '))
		return refuse(&parser, ERROR_MALFORMED,
			"no space behind the path");
	while (take(&parser, ' '))
		continue;
	*out = found;
	*rest = parser.rest;
	return 0;
}

int
address_parse(struct text mailbox, unsigned int allow, struct address *out,
	struct reason *why)
{
	struct parser parser = { .rest = mailbox, .allow = allow, .why = why };
	struct address found = { .is_null = false };
	int error = take_mailbox(&parser, &found);

	if (error != 0)
		return error;
	if (parser.rest.len > 0)
		return refuse(&parser, ERROR_MALFORMED, "bad syntax");
	*out = found;
	return 0;
}

int
address_check_domain(struct text domain, unsigned int allow)
{
	struct parser parser = { .rest = domain, .allow = allow };
	struct text found;
	int error = take_domain(&parser, &found);

	if (error == 0 && parser.rest.len > 0)
		error = ERROR_MALFORMED;
	return error;
}

/* Where the "@" between the parts stands, or whole.len. */
static size_t
find_border(struct text whole)
{
	/* No domain or literal holds an "@"; a quoted local part may. */
	for (size_t at = whole.len; at > 0; at--)
		if (whole.data[at - 1] == '@')
			return at - 1;
		else if (whole.data[at - 1] == '"')
			break;
	return whole.len;
}

struct text
address_domain(struct text whole)
{
	return text_skip(whole, find_border(whole) + 1);
}

struct text
address_local(struct text whole)
{
	return text_slice(whole, 0, find_border(whole));
}

int
address_canonical_domain(struct text domain, struct buffer *out)
{
	char *bytes;

	if (domain.len == 0)
		return 0;
	int error = buffer_reserve(out, domain.len, &bytes);
	if (error != 0)
		return error;
	for (size_t i = 0; i < domain.len; i++)
		bytes[i] = text_lower_byte(domain.data[i]);
	buffer_commit(out, domain.len);
	return 0;
}

int
address_canonical(struct text whole, struct buffer *out)
{
	size_t before = buffer_len(out);
	size_t border = find_border(whole);
	int error = buffer_add_text(out, text_slice(whole, 0, border));

	if (error == 0 && border < whole.len)
		error = buffer_add_byte(out, '@');
	if (error == 0)
		error = address_canonical_domain(address_domain(whole), out);
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}

int
address_print_path(struct text whole, struct buffer *out)
{
	size_t before = buffer_len(out);
	int error = buffer_add_byte(out, '<');

	if (error == 0)
		error = buffer_add_text(out, whole);
	if (error == 0)
		error = buffer_add_byte(out, '>');
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
