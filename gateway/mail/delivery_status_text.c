/*
 * The first part of a delivery status notification: what happened and what
 * to do, in plain English, from tables.
 */
#include "gateway/base/clock.h"
#include "gateway/mail/delivery_status_private.h"

#define DIAGNOSTIC_MAX 1000	/* bytes shown to people */
#define ANY UINT16_MAX

struct action_row {
	struct text heading;
	bool has_advice;
};

static const struct action_row action_rows[DELIVERY_STATUS_ACTION_COUNT] = {
	[DELIVERY_STATUS_FAILED] = { TEXT_INIT(
		"Your message could not be delivered to the recipients below, "
		"and will not be tried again."), true },
	[DELIVERY_STATUS_DELAYED] = { TEXT_INIT(
		"Your message has not reached the recipients below yet. This "
		"is only a warning: delivery is still being tried, and you "
		"need not send it again."), false },
	[DELIVERY_STATUS_RELAYED] = { TEXT_INIT(
		"Your message was handed on for the recipients below to a "
		"mail system that does not confirm delivery. Nothing more "
		"will be heard of it unless that system reports trouble."),
		false },
	[DELIVERY_STATUS_DELIVERED] = { TEXT_INIT(
		"Your message was delivered to the recipients below. You get "
		"this because a confirmation was asked for."), false },
	[DELIVERY_STATUS_EXPANDED] = { TEXT_INIT(
		"Your message was delivered to the addresses below and handed "
		"on from there to further recipients."), false },
};

/* What to do, by subject and detail of the status; the first that fits. */
struct advice_row {
	uint16_t subject;
	uint16_t detail;
	struct text words;
};

static const struct advice_row advice_rows[] = {
	{ 1, 1, TEXT_INIT("There is no such mailbox. Look for a mistake in "
		"the address.") },
	{ 1, 2, TEXT_INIT("The domain of the address takes no mail or does "
		"not exist. Look for a mistake behind the @ sign.") },
	{ 1, 10, TEXT_INIT("The domain of the address says that it takes no "
		"mail at all. Look for a mistake behind the @ sign.") },
	{ 1, ANY, TEXT_INIT("Something is wrong with the address. Look for a "
		"mistake in it.") },
	{ 2, 2, TEXT_INIT("The mailbox is full. Reach the recipient in "
		"another way, or send the message again later.") },
	{ 2, 3, TEXT_INIT("The message is too large for this mailbox. Send "
		"it with smaller attachments or in parts.") },
	{ 3, 4, TEXT_INIT("The message is too large for that mail system. "
		"Send it with smaller attachments or in parts.") },
	{ 4, 6, TEXT_INIT("The mail systems send this message round in a "
		"circle. Tell the people who run the recipient's mail.") },
	{ 4, ANY, TEXT_INIT("The recipient's mail system could not be "
		"reached in time. It may be out of order: reach the "
		"recipient in another way, or send the message again later.") },
	{ 6, 3, TEXT_INIT("The recipient's mail system does not take 8-bit "
		"content. Send the message again as plain text or with its "
		"content encoded.") },
	{ 6, 7, TEXT_INIT("The recipient's mail system does not take "
		"international addresses. Use addresses in plain Latin "
		"letters.") },
	{ 7, ANY, TEXT_INIT("The message was refused or kept back for "
		"reasons of security or policy. Ask the people who run your "
		"mail, and show them this notice.") },
	{ ANY, ANY, TEXT_INIT("If the words above do not help, ask the people "
		"who run your mail, and show them this notice.") },
};

static struct text
find_advice(const struct delivery_status_recipient *recipient)
{
	uint16_t code[3];
	size_t at = 0;

	delivery_status_find_code(recipient, code);
	while ((advice_rows[at].subject != ANY &&
	    advice_rows[at].subject != code[1]) ||
	    (advice_rows[at].detail != ANY &&
	    advice_rows[at].detail != code[2]))
		at++;
	return advice_rows[at].words;
}

static int
write_paragraph(struct text words, bool is_indented, bool utf8,
	struct buffer *out)
{
	struct fold_writer writer;

	fold_writer_paragraph(&writer, out, is_indented, utf8);
	fold_writer_words(&writer, words);
	return fold_writer_end(&writer);
}

static int
write_diagnostic(const struct delivery_status_recipient *recipient, bool utf8,
	struct buffer *out)
{
	struct fold_writer writer;

	if (recipient->diagnostic.len == 0)
		return 0;
	fold_writer_paragraph(&writer, out, true, utf8);
	if (recipient->remote_mta.len > 0) {
		fold_writer_words(&writer, TEXT("The mail system"));
		fold_writer_word(&writer, recipient->remote_mta);
		fold_writer_word(&writer, TEXT("said:"));
	} else {
		fold_writer_word(&writer, TEXT("Reason:"));
	}
	fold_writer_words(&writer,
		text_slice(recipient->diagnostic, 0, DIAGNOSTIC_MAX));
	return fold_writer_end(&writer);
}

static int
write_recipient(const struct delivery_status_recipient *recipient, bool utf8,
	struct buffer *out)
{
	char date[CLOCK_RFC5322_SIZE];
	struct fold_writer writer;

	fold_writer_paragraph(&writer, out, false, utf8);
	delivery_status_write_address(&writer, "<", recipient->address, ">");
	int error = fold_writer_end(&writer);
	if (error == 0)
		error = write_diagnostic(recipient, utf8, out);
	if (error == 0 && recipient->action == DELIVERY_STATUS_DELAYED &&
	    recipient->retry_until_us != 0) {
		clock_print_rfc5322(recipient->retry_until_us, date,
			sizeof(date));
		fold_writer_paragraph(&writer, out, true, utf8);
		fold_writer_words(&writer, TEXT("Tried until:"));
		fold_writer_words(&writer, text_from(date));
		error = fold_writer_end(&writer);
	}
	if (error == 0 && action_rows[recipient->action].has_advice)
		error = write_paragraph(find_advice(recipient), true, utf8,
			out);
	return error == 0 ? buffer_add_text(out, TEXT("\r\n")) : error;
}

/* The heading of an action and its recipients, if it has any. */
static int
write_action(const struct delivery_status *status,
	enum delivery_status_action action, bool utf8, struct buffer *out)
{
	bool is_first = true;
	int error = 0;

	for (size_t i = 0; error == 0 && i < status->recipient_count; i++) {
		const struct delivery_status_recipient *recipient =
			&status->recipients[i];
		if (recipient->action != action)
			continue;
		if (is_first)
			error = write_paragraph(action_rows[action].heading,
				false, utf8, out);
		if (error == 0 && is_first)
			error = buffer_add_text(out, TEXT("\r\n"));
		is_first = false;
		if (error == 0)
			error = write_recipient(recipient, utf8, out);
	}
	return error;
}

static int
write_opening(const struct delivery_status *status, bool utf8,
	struct buffer *out)
{
	struct fold_writer writer;
	char date[CLOCK_RFC5322_SIZE];

	clock_print_rfc5322(status->arrival_us, date, sizeof(date));
	fold_writer_paragraph(&writer, out, false, utf8);
	fold_writer_words(&writer, TEXT("This is the mail gateway"));
	fold_writer_word(&writer, status->hostname);
	fold_writer_words(&writer,
		TEXT("writing about a message of yours that came in on"));
	fold_writer_words(&writer, text_from(date));
	fold_writer_print(&writer, "(MID %llu).",
		(unsigned long long)status->original_mid);
	int error = fold_writer_end(&writer);
	return error == 0 ? buffer_add_text(out, TEXT("\r\n")) : error;
}

int
delivery_status_write_text(const struct delivery_status *status,
	bool is_original_whole, bool utf8, struct buffer *out)
{
	int error = write_opening(status, utf8, out);

	for (unsigned int action = 0; error == 0 &&
	    action < DELIVERY_STATUS_ACTION_COUNT; action++)
		error = write_action(status,
			(enum delivery_status_action)action, utf8, out);
	if (error != 0)
		return error;
	return write_paragraph(is_original_whole ?
		TEXT("Two attachments follow: a report for machines, and your "
		"message.") :
		TEXT("Two attachments follow: a report for machines, and the "
		"header of your message, by which you can tell which one it "
		"was."), false, utf8, out);
}
