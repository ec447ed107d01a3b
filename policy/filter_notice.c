/*
 * Notices about messages.
 */
#include "policy/filter_notice.h"

#include <inttypes.h>

#include "gateway/base/clock.h"
#include "gateway/mail/fold_writer.h"
#include "gateway/mail/mail_notice.h"
#include "gateway/mail/mime_header.h"
#include "policy/filter_addressee.h"
#include "policy/filter_variable.h"
#include "policy/text_resource.h"

#define TEXT_MAX_BYTES 65536
#define HEADER_SHOWN_MAX 16384	/* of the message's header, as shown */
#define VALUE_SHOWN_MAX 1000	/* of one field, as written */
#define NAME_SHOWN_MAX 100
#define RECIPIENTS_SHOWN_MAX 50
#define TRAILER_MAX 1000
#define TEMPLATE_ARGUMENT 3
#define SUBJECT_DEFAULT "Message notification"

/* ---- the text ---- */

static int
write_line(struct buffer *out, const char *label, struct text value)
{
	struct fold_writer writer;

	fold_writer_paragraph(&writer, out, false, true);
	fold_writer_words(&writer, text_from(label));
	fold_writer_words(&writer, value);
	return fold_writer_end(&writer);
}

static int
write_address(struct buffer *out, const char *label, struct text address)
{
	struct fold_writer writer;

	fold_writer_paragraph(&writer, out, false, true);
	fold_writer_words(&writer, text_from(label));
	fold_writer_print(&writer, "<%.*s>", TEXT_ARG(address));
	return fold_writer_end(&writer);
}

static int
write_recipients(const struct envelope *envelope, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = 0; i < envelope->recipient_count && error == 0; i++) {
		if (i == RECIPIENTS_SHOWN_MAX)
			return buffer_printf(out, "and %zu more\r\n",
			    envelope->recipient_count - i);
		error = write_address(out, "Recipient:",
		    envelope->recipients[i].address);
	}
	return error;
}

static int
write_envelope(struct filter_judge *judge, struct buffer *out)
{
	const struct envelope *envelope = judge->envelope;
	char date[CLOCK_RFC5322_SIZE];
	int error = write_line(out, "Filter:", text_slice(judge->filter_name,
	    0, NAME_SHOWN_MAX));

	clock_print_rfc5322(envelope->received_us, date, sizeof(date));
	if (error == 0)
		error = buffer_printf(out, "Message: MID %" PRIu64 ", %zu "
		    "bytes\r\nReceived: %s\r\n", envelope->mid,
		    judge->message.content->bytes.len, date);
	if (error == 0)
		error = write_line(out, "Client:", envelope->client);
	if (error == 0)
		error = write_address(out, "Sender:", envelope->sender);
	return error == 0 ? write_recipients(envelope, out) : error;
}

/* What may be known of a message that leaves protected. */
static bool
is_harmless(struct text name)
{
	static const struct text harmless[] = { TEXT_INIT("From"),
		TEXT_INIT("To"), TEXT_INIT("Cc"), TEXT_INIT("Date"),
		TEXT_INIT("Message-ID") };
	size_t i;

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (text_equal_nocase(name, harmless[i]))
			return true;
	return false;
}

static int
write_field(const struct filter_field *field, struct buffer *out)
{
	struct text value = text_slice(field->value, 0, VALUE_SHOWN_MAX);
	struct fold_writer writer;
	struct buffer decoded;
	int error;

	buffer_init(&decoded, TEXT_MAX_BYTES);
	error = mime_header_decode(value, &decoded);
	fold_writer_paragraph(&writer, out, true, true);
	fold_writer_print(&writer, "%.*s:", TEXT_ARG(text_slice(field->name,
	    0, NAME_SHOWN_MAX)));
	fold_writer_words(&writer, buffer_text(&decoded));
	if (error == 0)
		error = fold_writer_end(&writer);
	buffer_clear(&decoded);
	return error;
}

static int
write_fields(const struct filter_message *message, bool is_protected,
	struct buffer *out)
{
	size_t i, begin = buffer_len(out);
	int error = buffer_add_text(out, TEXT("\r\nHeader:\r\n"));

	for (i = 0; i < message->field_count && error == 0; i++) {
		const struct filter_field *field = &message->fields[i];

		if (field->is_removed ||
		    (is_protected && !is_harmless(field->name)))
			continue;
		if (buffer_len(out) - begin > HEADER_SHOWN_MAX)
			return buffer_add_text(out,
			    TEXT("    (further fields are left out)\r\n"));
		error = write_field(field, out);
	}
	return error;
}

static int
write_text(struct filter_judge *judge, bool is_protected, struct buffer *out)
{
	struct fold_writer writer;
	int error;

	fold_writer_paragraph(&writer, out, false, true);
	fold_writer_words(&writer, TEXT("This is the mail gateway"));
	fold_writer_word(&writer, judge->config->hostname);
	fold_writer_words(&writer, TEXT("writing about a message to which a "
	    "filter applies."));
	error = fold_writer_end(&writer);
	if (error == 0)
		error = buffer_add_text(out, TEXT("\r\n"));
	if (error == 0)
		error = write_envelope(judge, out);
	return error == 0 ? write_fields(&judge->message, is_protected, out) :
	    error;
}

/* ---- drafting ---- */

static int
draft_subject(struct filter_judge *judge, const struct filter_call *call,
	struct text *out)
{
	struct text template = filter_call_text(call, 1, TEXT_EMPTY);

	if (text_is_empty(template))
		template = TEXT(SUBJECT_DEFAULT);
	return filter_variable_expand(judge, template, FRAME_WORDS_MAX, out);
}

static int
draft_form(struct filter_judge *judge, const struct filter_call *call,
	bool is_protected, struct filter_notice_form *out)
{
	struct text matched = judge->matched;
	struct buffer text;
	int error;

	buffer_init(&text, TEXT_MAX_BYTES);
	/* What a rule found in the body is part of the body. */
	if (is_protected)
		judge->matched = TEXT_EMPTY;
	error = draft_subject(judge, call, &out->subject);
	/* A template may show anything; of what is protected we say less. */
	if (error == 0)
		error = call->argument_count > TEMPLATE_ARGUMENT &&
		    !is_protected ? text_resource_expand(judge,
		    call->arguments[TEMPLATE_ARGUMENT].object, false, &text) :
		    write_text(judge, is_protected, &text);
	if (error == 0)
		error = arena_copy(judge->arena, buffer_text(&text),
		    &out->text);
	judge->matched = matched;
	buffer_clear(&text);
	return error;
}

static int
draft_original(struct filter_judge *judge, struct filter_notice *out)
{
	struct buffer written;
	int error;

	if (!judge->message.is_changed) {
		out->original = judge->original;
		out->is_too_large =
		    judge->original.len > FILTER_NOTICE_COPY_MAX;
		return 0;
	}
	buffer_init(&written, FILTER_NOTICE_COPY_MAX);
	error = filter_message_write(&judge->message, &written);
	out->is_too_large = error != 0;
	if (error == 0)
		error = arena_copy(judge->arena, buffer_text(&written),
		    &out->original);
	else
		error = 0;
	buffer_clear(&written);
	return error;
}

int
filter_notice_draft(struct filter_judge *judge,
	const struct filter_call *call, bool wants_original,
	struct filter_notice *out)
{
	int error = filter_addressee_expand_sender(judge,
	    filter_call_text(call, 2, TEXT("<>")), &out->from);

	out->mid = judge->envelope->mid;
	out->received_us = judge->envelope->received_us;
	out->hostname = judge->config->hostname;
	out->wants_original = wants_original;
	/* Without a usable sender it comes from the gateway itself. */
	if (error == ERROR_NOT_FOUND)
		error = 0;
	if (error == 0)
		error = draft_form(judge, call, false, &out->forms[0]);
	if (error == 0)
		error = draft_form(judge, call, true, &out->forms[1]);
	return error == 0 && wants_original ? draft_original(judge, out) :
	    error;
}

/* ---- writing ---- */

static struct text
trailer(const struct filter_notice *notice, bool is_protected)
{
	if (!notice->wants_original)
		return TEXT_EMPTY;
	if (is_protected)
		return TEXT("\r\nThe message is not attached: it leaves "
		    "protected, and this notice does not.\r\n");
	if (notice->is_too_large)
		return TEXT("\r\nThe message is not attached: it is too "
		    "large.\r\n");
	return TEXT("\r\nThe message is attached.\r\n");
}

int
filter_notice_write(const struct filter_notice *notice,
	const struct frame_made *made, size_t number, bool is_protected,
	struct buffer *out)
{
	const struct filter_notice_form *form = &notice->forms[is_protected];
	bool is_attached = notice->wants_original && !is_protected &&
	    !notice->is_too_large;
	struct mail_notice mail = { .mid = notice->mid,
		.number = number, .date_us = notice->received_us,
		.hostname = notice->hostname, .from = notice->from,
		.to = made->recipients, .to_count = made->recipient_count,
		.subject = form->subject,
		.original = is_attached ? notice->original : TEXT_EMPTY };
	struct buffer text;
	int error;

	buffer_init(&text, TEXT_MAX_BYTES + TRAILER_MAX);
	error = buffer_add_text(&text, form->text);
	if (error == 0)
		error = buffer_add_text(&text, trailer(notice, is_protected));
	mail.text = buffer_text(&text);
	if (error == 0)
		error = mail_notice_write(&mail, out);
	buffer_clear(&text);
	return error;
}
