/*
 * Commands of the deliver process: text, no I/O.
 */
#include "queue/delivery/delivery_command.h"

#include <stddef.h>

#include "gateway/mail/smtp_extension.h"

/* What came in was checked; nothing rests on that here. */
static bool
delivery_command_is_safe(struct text t, bool spaces)
{
	size_t i;
	unsigned char c;

	for (i = 0; i < t.len; i++) {
		c = (unsigned char)t.data[i];
		if (c < 32 || c == 127 || (c == ' ' && !spaces))
			return false;
	}
	return true;
}

/* A space or ">" may stand in a quoted local part only. */
static bool
delivery_path_is_safe(struct text address)
{
	bool quoted = address.len > 0 && address.data[0] == '"';

	return delivery_command_is_safe(address, quoted) && (quoted ||
	    text_find_byte(address, '>') == address.len);
}

bool
delivery_command_can_mail(const struct envelope *envelope)
{
	return delivery_path_is_safe(envelope->sender) &&
	    delivery_command_is_safe(envelope->envid, false);
}

bool
delivery_command_can_rcpt(const struct envelope_recipient *recipient)
{
	return recipient->address.len > 0 &&
	    delivery_path_is_safe(recipient->address) &&
	    delivery_command_is_safe(recipient->orcpt, false);
}

static int
delivery_command_path(const char *verb, struct text address,
	struct buffer *out)
{
	if (!delivery_path_is_safe(address))
		return ERROR_MALFORMED;
	return buffer_printf(out, "%s:<%.*s>", verb, TEXT_ARG(address));
}

static int
delivery_command_parameter(const char *name, struct text value,
	struct buffer *out)
{
	if (value.len == 0)
		return 0;
	if (!delivery_command_is_safe(value, false))
		return ERROR_MALFORMED;
	return buffer_printf(out, " %s=%.*s", name, TEXT_ARG(value));
}

/* RFC 3461 4.3 and 4.4 */
static int
delivery_command_dsn_mail(const struct envelope *envelope,
	struct buffer *out)
{
	static const struct text returns[] = {
		[ENVELOPE_RETURN_UNSET] = TEXT_INIT(""),
		[ENVELOPE_RETURN_FULL] = TEXT_INIT("FULL"),
		[ENVELOPE_RETURN_HEADERS] = TEXT_INIT("HDRS"),
	};
	struct text ret = TEXT_EMPTY;
	int error;

	if (envelope->ret < sizeof(returns) / sizeof(returns[0]))
		ret = returns[envelope->ret];
	error = delivery_command_parameter("RET", ret, out);
	if (error == 0)
		error = delivery_command_parameter("ENVID", envelope->envid,
		    out);
	return error;
}

int
delivery_command_mail(const struct envelope *envelope,
	unsigned int extensions, bool has_8bit, struct buffer *out)
{
	bool eight = has_8bit || envelope->body == ENVELOPE_BODY_8BITMIME;
	int error = delivery_command_path("MAIL FROM", envelope->sender, out);

	if (error == 0 && (extensions & SMTP_EXTENSION_SIZE))
		error = buffer_printf(out, " SIZE=%llu",
		    (unsigned long long)envelope->size);
	if (error == 0 && eight && (extensions & SMTP_EXTENSION_8BITMIME))
		error = buffer_printf(out, " BODY=8BITMIME");
	if (error == 0 && envelope->smtputf8 &&
	    (extensions & SMTP_EXTENSION_SMTPUTF8))
		error = buffer_printf(out, " SMTPUTF8");
	if (error == 0 && (extensions & SMTP_EXTENSION_DSN))
		error = delivery_command_dsn_mail(envelope, out);
	return error == 0 ? buffer_add_text(out, TEXT("\r\n")) : error;
}

/* RFC 3461 4.1: NEVER stands alone. */
static int
delivery_command_notify(uint8_t notify, struct buffer *out)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} words[] = {
		{ .bit = ENVELOPE_NOTIFY_SUCCESS, .word = "SUCCESS" },
		{ .bit = ENVELOPE_NOTIFY_FAILURE, .word = "FAILURE" },
		{ .bit = ENVELOPE_NOTIFY_DELAY, .word = "DELAY" },
	};
	const char *before = " NOTIFY=";
	size_t i;
	int error = 0;

	if (notify & ENVELOPE_NOTIFY_NEVER)
		return buffer_printf(out, " NOTIFY=NEVER");
	for (i = 0; i < sizeof(words) / sizeof(words[0]) && error == 0; i++) {
		if ((notify & words[i].bit) == 0)
			continue;
		error = buffer_printf(out, "%s%s", before, words[i].word);
		before = ",";
	}
	return error;
}

int
delivery_command_rcpt(const struct envelope_recipient *recipient,
	unsigned int extensions, struct buffer *out)
{
	int error = delivery_command_path("RCPT TO", recipient->address, out);

	if (error == 0 && (extensions & SMTP_EXTENSION_DSN))
		error = delivery_command_notify(recipient->notify, out);
	if (error == 0 && (extensions & SMTP_EXTENSION_DSN))
		error = delivery_command_parameter("ORCPT", recipient->orcpt,
		    out);
	return error == 0 ? buffer_add_text(out, TEXT("\r\n")) : error;
}
