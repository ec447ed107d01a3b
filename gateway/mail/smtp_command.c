/*
 * SMTP commands (RFC 5321 4.1.1): a table says what each verb may have.
 */
#include "gateway/mail/smtp_command.h"
#include "gateway/mail/utf8.h"

#define LINE_MAX_PLAIN 510	/* RFC 5321 4.5.3.1.4, without CRLF */
#define HELO_MAX 255
#define BDAT_DIGITS_MAX 20

enum argument { NONE, OPTIONAL, REQUIRED };

struct row {
	const char *name;
	enum argument argument;
	size_t line_max;
	bool utf8;	/* RFC 6531 3.3 and 3.7.4.2 */
};

static const struct row rows[SMTP_VERB_COUNT] = {
	[SMTP_VERB_UNKNOWN] = { "", OPTIONAL, LINE_MAX_PLAIN, false },
	[SMTP_VERB_HELO] = { "HELO", REQUIRED, LINE_MAX_PLAIN, false },
	[SMTP_VERB_EHLO] = { "EHLO", REQUIRED, LINE_MAX_PLAIN, false },
	[SMTP_VERB_MAIL] = { "MAIL", REQUIRED, SMTP_COMMAND_LINE_MAX, true },
	[SMTP_VERB_RCPT] = { "RCPT", REQUIRED, SMTP_COMMAND_LINE_MAX, true },
	[SMTP_VERB_DATA] = { "DATA", NONE, LINE_MAX_PLAIN, false },
	[SMTP_VERB_BDAT] = { "BDAT", REQUIRED, LINE_MAX_PLAIN, false },
	[SMTP_VERB_RSET] = { "RSET", NONE, LINE_MAX_PLAIN, false },
	[SMTP_VERB_NOOP] = { "NOOP", OPTIONAL, LINE_MAX_PLAIN, false },
	[SMTP_VERB_VRFY] = { "VRFY", REQUIRED, LINE_MAX_PLAIN, true },
	[SMTP_VERB_EXPN] = { "EXPN", REQUIRED, LINE_MAX_PLAIN, true },
	[SMTP_VERB_HELP] = { "HELP", OPTIONAL, LINE_MAX_PLAIN, false },
	[SMTP_VERB_QUIT] = { "QUIT", NONE, LINE_MAX_PLAIN, false },
	[SMTP_VERB_STARTTLS] = { "STARTTLS", NONE, LINE_MAX_PLAIN, false },
	[SMTP_VERB_AUTH] = { "AUTH", REQUIRED, LINE_MAX_PLAIN, false },
	[SMTP_VERB_ETRN] = { "ETRN", REQUIRED, LINE_MAX_PLAIN, false },
};

/* Bytes with a meaning of their own in addresses, comments and logs. */
static const struct text helo_refused = TEXT_INIT("()<>\",;@\\");

static int
refuse(struct reason *why, unsigned int reply, unsigned int detail,
	const char *words)
{
	reason_set_reply(why, reply, 5, 5, detail, "%s", words);
	return ERROR_MALFORMED;
}

static enum smtp_verb
find_verb(struct text name)
{
	for (size_t i = SMTP_VERB_UNKNOWN + 1; i < SMTP_VERB_COUNT; i++)
		if (text_equal_nocase(name, text_from(rows[i].name)))
			return (enum smtp_verb)i;
	return SMTP_VERB_UNKNOWN;
}

static bool
has_control(struct text line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.data[i] < ' ' || line.data[i] == 127)
			return true;
	return false;
}

static struct text
trim_spaces(struct text t)
{
	while (t.len > 0 && t.data[0] == ' ')
		t = text_skip(t, 1);
	while (t.len > 0 && t.data[t.len - 1] == ' ')
		t = text_slice(t, 0, t.len - 1);
	return t;
}

static int
check_bytes(struct text line, const struct row *row, struct reason *why)
{
	if (has_control(line))
		return refuse(why, 500, 2, "Control character in command");
	if (utf8_is_ascii(line))
		return 0;
	if (!row->utf8)
		return refuse(why, 500, 2, "Non-ASCII byte in command");
	if (!utf8_is_valid(line))
		return refuse(why, 500, 2, "Broken UTF-8 in command");
	return 0;
}

int
smtp_command_parse(struct text line, struct smtp_command *out,
	struct reason *why)
{
	size_t end = text_find_byte(line, ' ');

	out->verb = find_verb(text_slice(line, 0, end));
	out->argument = trim_spaces(text_skip(line, end));
	const struct row *row = &rows[out->verb];
	if (line.len > row->line_max) {
		(void)refuse(why, 500, 2, "Line too long");
		return ERROR_LIMIT;
	}
	int error = check_bytes(line, row, why);
	if (error != 0)
		return error;
	if (row->argument == REQUIRED && out->argument.len == 0)
		return refuse(why, 501, 4, "Argument missing");
	if (row->argument == NONE && out->argument.len > 0)
		return refuse(why, 501, 4, "No argument allowed");
	return 0;
}

const char *
smtp_verb_name(enum smtp_verb verb)
{
	require((unsigned int)verb < SMTP_VERB_COUNT);
	return rows[verb].name;
}

int
smtp_command_check_helo(struct text argument, struct reason *why)
{
	bool good = argument.len > 0 && argument.len <= HELO_MAX;

	for (size_t i = 0; good && i < argument.len; i++) {
		char c = argument.data[i];
		good = c > ' ' && c <= '~' &&
			text_find_byte(helo_refused, c) == helo_refused.len;
	}
	if (!good)
		return refuse(why, 501, 4, "Bad host name");
	return 0;
}

/* "KEYWORD:" and spaces, then the path, then parameters. */
static int
parse_path(struct text argument, struct text keyword, unsigned int allow,
	struct smtp_command_path *out, struct reason *why)
{
	if (!text_starts_nocase(argument, keyword)) {
		reason_set_reply(why, 501, 5, 5, 4, "Syntax: %.*s<address>",
			TEXT_ARG(keyword));
		return ERROR_MALFORMED;
	}
	return address_parse_path(trim_spaces(text_skip(argument, keyword.len)),
		allow, &out->address, &out->parameters, why);
}

int
smtp_command_parse_mail(struct text argument, struct smtp_command_path *out,
	struct reason *why)
{
	return parse_path(argument, TEXT("FROM:"),
		ADDRESS_REVERSE_PATH | ADDRESS_ALLOW_UTF8, out, why);
}

int
smtp_command_parse_rcpt(struct text argument, bool utf8,
	struct smtp_command_path *out, struct reason *why)
{
	unsigned int allow = ADDRESS_ALLOW_POSTMASTER;

	if (utf8)
		allow |= ADDRESS_ALLOW_UTF8;
	return parse_path(argument, TEXT("TO:"), allow, out, why);
}

int
smtp_command_parse_bdat(struct text argument, uint64_t *size, bool *is_last,
	struct reason *why)
{
	size_t end = text_find_byte(argument, ' ');
	struct text digits = text_slice(argument, 0, end);
	struct text rest = trim_spaces(text_skip(argument, end));
	bool last = text_equal_nocase(rest, TEXT("LAST"));
	int error = 0;

	if (digits.len > BDAT_DIGITS_MAX)
		error = ERROR_LIMIT;
	else
		error = text_parse_u64(digits, UINT64_MAX, size);
	if (error == 0 && rest.len > 0 && !last)
		error = ERROR_MALFORMED;
	if (error != 0) {
		(void)refuse(why, 501, 4, "Syntax: BDAT size [LAST]");
		return error;
	}
	*is_last = last;
	return 0;
}
