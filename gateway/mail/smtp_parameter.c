/*
 * Parameters of MAIL and RCPT: one table each, one small reader per
 * parameter.
 */
#include "gateway/mail/smtp_parameter.h"

#include "gateway/mail/utf8.h"
#include "gateway/mail/xtext.h"

#define SIZE_DIGITS_MAX 20	/* RFC 1870 3 */
#define ANY_EXTENSION 0

/* What the readers write to; published only when all have succeeded. */
struct target {
	struct envelope mail;
	uint64_t size;
	struct envelope_recipient recipient;
	bool utf8;	/* raw UTF-8 may stand in values */
};

/* 0, or a negative error; words are the caller's. */
typedef int (*read_value)(struct text value, struct target *target);

struct row {
	struct text keyword;
	unsigned int extension;
	bool has_value;
	read_value read;
};

/* A value of a fixed set. */
struct choice {
	struct text word;
	uint8_t value;
};

static int
choose(const struct choice *choices, size_t count, struct text word,
	uint8_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(word, choices[i].word)) {
			*out = choices[i].value;
			return 0;
		}
	return ERROR_MALFORMED;
}

#define CHOOSE(choices, word, out) \
	choose(choices, sizeof(choices) / sizeof(*(choices)), word, out)

static int
read_size(struct text value, struct target *target)
{
	if (value.len > SIZE_DIGITS_MAX)
		return ERROR_LIMIT;
	int error = text_parse_u64(value, UINT64_MAX, &target->size);
	if (error == ERROR_LIMIT) {
		target->size = UINT64_MAX;
		error = 0;
	}
	return error;
}

static int
read_body(struct text value, struct target *target)
{
	static const struct choice choices[] = {
		{ TEXT_INIT("7BIT"), ENVELOPE_BODY_7BIT },
		{ TEXT_INIT("8BITMIME"), ENVELOPE_BODY_8BITMIME },
	};

	/* RFC 3030 3: without BINARYMIME offered it is unknown. */
	if (text_equal_nocase(value, TEXT("BINARYMIME")))
		return ERROR_REFUSED;
	return CHOOSE(choices, value, &target->mail.body);
}

static int
read_smtputf8(struct text value, struct target *target)
{
	(void)value;
	target->mail.smtputf8 = 1;
	return 0;
}

static int
read_ret(struct text value, struct target *target)
{
	static const struct choice choices[] = {
		{ TEXT_INIT("FULL"), ENVELOPE_RETURN_FULL },
		{ TEXT_INIT("HDRS"), ENVELOPE_RETURN_HEADERS },
	};

	return CHOOSE(choices, value, &target->mail.ret);
}

static int
read_envid(struct text value, struct target *target)
{
	if (value.len > SMTP_PARAMETER_ENVID_MAX)
		return ERROR_LIMIT;
	if (!xtext_is_printable(value))
		return ERROR_MALFORMED;
	target->mail.envid = value;
	return 0;
}

/* RFC 4954 5: checked, and forgotten as from a client without trust. */
static int
read_auth(struct text value, struct target *target)
{
	(void)target;
	if (text_equal(value, TEXT("<>")) || xtext_is_printable(value))
		return 0;
	return ERROR_MALFORMED;
}

static int
read_notify(struct text value, struct target *target)
{
	static const struct choice choices[] = {
		{ TEXT_INIT("NEVER"), ENVELOPE_NOTIFY_NEVER },
		{ TEXT_INIT("SUCCESS"), ENVELOPE_NOTIFY_SUCCESS },
		{ TEXT_INIT("FAILURE"), ENVELOPE_NOTIFY_FAILURE },
		{ TEXT_INIT("DELAY"), ENVELOPE_NOTIFY_DELAY },
	};
	struct text word;
	uint8_t set = 0;

	while (text_split(&value, ',', &word)) {
		uint8_t one = 0;
		if (CHOOSE(choices, word, &one) != 0)
			return ERROR_MALFORMED;
		set |= one;
	}
	/* RFC 3461 4.1: NEVER stands alone. */
	if ((set & ENVELOPE_NOTIFY_NEVER) != 0 && set != ENVELOPE_NOTIFY_NEVER)
		return ERROR_MALFORMED;
	target->recipient.notify = set;
	return 0;
}

static int
read_orcpt(struct text value, struct target *target)
{
	int error = smtp_parameter_check_orcpt(value, target->utf8);

	if (error == 0)
		target->recipient.orcpt = value;
	return error;
}

static const struct row mail_rows[] = {
	{ TEXT_INIT("SIZE"), SMTP_EXTENSION_SIZE, true, read_size },
	{ TEXT_INIT("BODY"), SMTP_EXTENSION_8BITMIME, true, read_body },
	{ TEXT_INIT("SMTPUTF8"), SMTP_EXTENSION_SMTPUTF8, false,
		read_smtputf8 },
	{ TEXT_INIT("RET"), SMTP_EXTENSION_DSN, true, read_ret },
	{ TEXT_INIT("ENVID"), SMTP_EXTENSION_DSN, true, read_envid },
	{ TEXT_INIT("AUTH"), ANY_EXTENSION, true, read_auth },
};

static const struct row rcpt_rows[] = {
	{ TEXT_INIT("NOTIFY"), SMTP_EXTENSION_DSN, true, read_notify },
	{ TEXT_INIT("ORCPT"), SMTP_EXTENSION_DSN, true, read_orcpt },
};

struct table {
	const struct row *rows;
	size_t count;
	unsigned int offered;
};

/* RFC 5321 4.1.2 esmtp-value: no controls, no space, no "=". */
static bool
is_value(struct text value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];
		if (c <= ' ' || c == '=' || c == 127)
			return false;
	}
	return value.len > 0 && utf8_is_valid(value);
}

static int
refuse(struct reason *why, int error, unsigned int reply, const char *words,
	struct text parameter)
{
	reason_set_reply(why, reply, 5, 5, 4, "%s: %.*s", words,
		TEXT_ARG(text_slice(parameter, 0, 80)));
	return error;
}

static const struct row *
find_row(const struct table *table, struct text keyword)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];
		if (text_equal_nocase(keyword, row->keyword) &&
		    table->offered != 0 && (row->extension == ANY_EXTENSION ||
		    (row->extension & table->offered) != 0))
			return row;
	}
	return NULL;
}

/* One "KEYWORD[=value]"; seen: set of rows that stood before. */
static int
read_one(const struct table *table, struct text parameter, unsigned int *seen,
	struct target *target, struct reason *why)
{
	size_t border = text_find_byte(parameter, '=');
	bool has_value = border < parameter.len;
	struct text value = text_skip(parameter, border + 1);
	const struct row *row = find_row(table,
		text_slice(parameter, 0, border));

	if (row == NULL)
		return refuse(why, ERROR_REFUSED, 555,
			"Parameter not supported", parameter);
	unsigned int bit = 1u << (row - table->rows);
	if ((*seen & bit) != 0)
		return refuse(why, ERROR_MALFORMED, 501,
			"Parameter given twice", parameter);
	*seen |= bit;
	int error = ERROR_MALFORMED;
	if (has_value == row->has_value && (!has_value || is_value(value)))
		error = row->read(value, target);
	if (error == ERROR_REFUSED)
		return refuse(why, error, 555, "Value not supported",
			parameter);
	if (error != 0)
		return refuse(why, error, 501, "Bad parameter", parameter);
	return 0;
}

static int
read_all(const struct table *table, struct text parameters,
	struct target *target, struct reason *why)
{
	struct text parameter;
	unsigned int seen = 0;

	while (text_split(&parameters, ' ', &parameter)) {
		if (parameter.len == 0)
			continue;
		int error = read_one(table, parameter, &seen, target, why);
		if (error != 0)
			return error;
	}
	return 0;
}

int
smtp_parameter_parse_mail(const struct smtp_command_path *path,
	unsigned int offered, struct envelope *out, uint64_t *size,
	struct reason *why)
{
	struct table table = { mail_rows,
		sizeof(mail_rows) / sizeof(*mail_rows), offered };
	struct target target = { .utf8 = false };
	int error = read_all(&table, path->parameters, &target, why);

	if (error != 0)
		return error;
	/* RFC 6531 3.5 */
	if (path->address.is_utf8 && !target.mail.smtputf8) {
		reason_set_reply(why, 553, 5, 6, 7,
			"Non-ASCII address needs SMTPUTF8");
		return ERROR_REFUSED;
	}
	out->sender = path->address.whole;
	out->body = target.mail.body;
	out->smtputf8 = target.mail.smtputf8;
	out->ret = target.mail.ret;
	out->envid = target.mail.envid;
	*size = target.size;
	return 0;
}

int
smtp_parameter_parse_rcpt(const struct smtp_command_path *path,
	unsigned int offered, const struct envelope *envelope,
	struct envelope_recipient *out, struct reason *why)
{
	struct table table = { rcpt_rows,
		sizeof(rcpt_rows) / sizeof(*rcpt_rows), offered };
	struct target target = { .utf8 = envelope->smtputf8 != 0 };
	int error = read_all(&table, path->parameters, &target, why);

	if (error != 0)
		return error;
	out->address = path->address.whole;
	out->notify = target.recipient.notify;
	out->orcpt = target.recipient.orcpt;
	return 0;
}

/* RFC 6533 3 EmbeddedUnicodeChar: "\x{" 2 to 6 capital hex digits "}". */
static size_t
embedded_len(struct text t)
{
	static const struct text digits = TEXT_INIT("0123456789ABCDEF");
	size_t at = 3;

	if (!text_starts(t, TEXT("\\x{")))
		return 0;
	while (at < t.len && text_find_byte(digits, t.data[at]) < digits.len)
		at++;
	if (at < 5 || at > 9 || at == t.len || t.data[at] != '}')
		return 0;
	return at + 1;
}

static bool
is_utf8_address(struct text t, bool raw)
{
	while (t.len > 0) {
		uint32_t point;
		size_t len = utf8_next(t, &point);
		if (len == 1 && point == '\\')
			len = embedded_len(t);
		else if (len == 1 && (point < '!' || point > '~' ||
		    point == '+' || point == '='))
			return false;
		else if (len > 1 && (!raw || utf8_is_unsafe(point)))
			return false;
		if (len == 0)
			return false;
		t = text_skip(t, len);
	}
	return true;
}

static bool
is_type(struct text type)
{
	for (size_t i = 0; i < type.len; i++)
		if (!text_is_alnum(type.data[i]) && type.data[i] != '-')
			return false;
	return type.len > 0;
}

int
smtp_parameter_check_orcpt(struct text value, bool utf8)
{
	size_t border = text_find_byte(value, ';');
	struct text type = text_slice(value, 0, border);
	struct text address = text_skip(value, border + 1);

	if (value.len > SMTP_PARAMETER_ORCPT_MAX)
		return ERROR_LIMIT;
	if (!is_type(type) || address.len == 0)
		return ERROR_MALFORMED;
	if (text_equal_nocase(type, TEXT("utf-8")) &&
	    is_utf8_address(address, utf8))
		return 0;
	/* Decoded it goes into the notification: printable, that is. */
	return xtext_is_printable(address) ? 0 : ERROR_MALFORMED;
}
