/*
 * mail/smtp_command and mail/smtp_parameter: what is accepted keeps every
 * limit, a written parameter list is read again the same, and a refusal
 * always has its reply code.
 */
#include "gateway/mail/smtp_command.h"
#include "gateway/mail/smtp_parameter.h"
#include "gateway/mail/xtext.h"

#define ALL_OFFERED 0x1ffu

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const body_names[] = { "", " BODY=7BIT", " BODY=8BITMIME" };
static const char *const ret_names[] = { "", " RET=FULL", " RET=HDRS" };

static bool
is_refusal(const struct reason *why)
{
	return why->reply >= 500 && why->reply <= 555 && why->status[0] == 5;
}

static void
check_mail(struct text argument)
{
	struct smtp_command_path path;
	struct envelope envelope = { 0 };
	struct envelope again = { 0 };
	struct reason why = { 0 };
	uint64_t declared = 0;
	uint64_t size_again = 0;
	struct buffer out;

	if (smtp_command_parse_mail(argument, &path, &why) != 0 ||
	    smtp_parameter_parse_mail(&path, ALL_OFFERED, &envelope,
	    &declared, &why) != 0) {
		require(is_refusal(&why));
		return;
	}
	require(envelope.envid.len <= SMTP_PARAMETER_ENVID_MAX);
	require(xtext_is_printable(envelope.envid));
	require(!path.address.is_utf8 || envelope.smtputf8 == 1);
	buffer_init(&out, 4096);
	require(buffer_printf(&out, "FROM:<%.*s> SIZE=%llu%s%s%s%s%.*s",
		TEXT_ARG(envelope.sender), (unsigned long long)declared,
		body_names[envelope.body], ret_names[envelope.ret],
		envelope.smtputf8 ? " SMTPUTF8" : "",
		envelope.envid.len > 0 ? " ENVID=" : "",
		TEXT_ARG(envelope.envid)) == 0);
	require(smtp_command_parse_mail(buffer_text(&out), &path, NULL) == 0);
	require(smtp_parameter_parse_mail(&path, ALL_OFFERED, &again,
		&size_again, NULL) == 0);
	require(text_equal(again.sender, envelope.sender) &&
		text_equal(again.envid, envelope.envid) &&
		again.body == envelope.body && again.ret == envelope.ret &&
		again.smtputf8 == envelope.smtputf8 &&
		size_again == declared);
	buffer_clear(&out);
}

static void
check_rcpt(struct text argument, uint8_t utf8)
{
	struct envelope envelope = { .smtputf8 = utf8 };
	struct envelope_recipient recipient = { 0 };
	struct smtp_command_path path;
	struct reason why = { 0 };

	if (smtp_command_parse_rcpt(argument, utf8 != 0, &path, &why) != 0 ||
	    smtp_parameter_parse_rcpt(&path, ALL_OFFERED, &envelope,
	    &recipient, &why) != 0) {
		require(is_refusal(&why));
		return;
	}
	require(recipient.address.len > 0);
	require(recipient.orcpt.len <= SMTP_PARAMETER_ORCPT_MAX);
	require((recipient.notify & ENVELOPE_NOTIFY_NEVER) == 0 ||
		recipient.notify == ENVELOPE_NOTIFY_NEVER);
	for (size_t i = 0; i < recipient.orcpt.len; i++)
		require((unsigned char)recipient.orcpt.data[i] > ' ');
}

static void
check_bdat(struct text argument)
{
	struct reason why = { 0 };
	uint64_t octets = 0;
	bool is_last = false;

	if (smtp_command_parse_bdat(argument, &octets, &is_last, &why) != 0)
		require(is_refusal(&why));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_command command;
	struct reason why = { 0 };

	if (size == 0)
		return 0;
	struct text line = text_of(data + 1, size - 1);
	if (smtp_command_parse(line, &command, &why) != 0) {
		require(is_refusal(&why));
		return 0;
	}
	require(line.len <= SMTP_COMMAND_LINE_MAX);
	require(command.argument.len <= line.len);
	if (command.verb == SMTP_VERB_MAIL)
		check_mail(command.argument);
	if (command.verb == SMTP_VERB_RCPT)
		check_rcpt(command.argument, data[0] & 1);
	if (command.verb == SMTP_VERB_BDAT)
		check_bdat(command.argument);
	if (command.verb == SMTP_VERB_EHLO)
		(void)!smtp_command_check_helo(command.argument, &why);
	return 0;
}
