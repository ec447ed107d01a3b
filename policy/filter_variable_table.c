/*
 * The values of action variables.
 */
#include "policy/filter_variable_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/mail/mime_header.h"

int
filter_variable_add(struct buffer *out, struct text t)
{
	size_t room = FILTER_VARIABLE_EXPANSION_MAX - buffer_len(out);

	return buffer_add_text(out, text_slice(t, 0, room));
}

static int
add_number(struct buffer *out, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	return filter_variable_add(out, text_of(digits, (size_t)len));
}

/* ---- the values ---- */

static int
print_header(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	struct text value = TEXT_EMPTY;
	size_t cursor = 0;
	int error = filter_message_next(&judge->message, argument, &cursor,
	    &value);

	if (error != 0)
		return error == ERROR_NOT_FOUND ? 0 : error;
	return filter_variable_add(out, value);
}

static int
print_subject(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return print_header(judge, TEXT("Subject"), out);
}

static int
print_from(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return print_header(judge, TEXT("From"), out);
}

static int
print_to(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return print_header(judge, TEXT("To"), out);
}

static int
print_all_headers(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	size_t i;
	int error = 0;

	(void)argument;
	for (i = 0; i < judge->message.field_count && error == 0; i++)
		if (!judge->message.fields[i].is_removed)
			error = filter_variable_add(out, judge->message.fields[i].whole);
	return error;
}

static int
print_sender(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->envelope->sender);
}

static int
print_recipients(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	const struct envelope *envelope = judge->envelope;
	size_t i;
	int error = 0;

	(void)argument;
	for (i = 0; i < envelope->recipient_count && error == 0; i++) {
		if (i > 0)
			error = filter_variable_add(out, TEXT(", "));
		if (error == 0)
			error = filter_variable_add(out, envelope->recipients[i].address);
	}
	return error;
}

static int
print_filenames(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	const struct mime_message *mime = &judge->message.content->mime;
	size_t i, count = 0;
	struct text *names = NULL;
	bool is_first = true;
	int error = 0;

	(void)argument;
	for (i = 0; i < mime->part_count && error == 0; i++) {
		error = mime_part_filenames(&mime->parts[i], judge->arena,
		    &names, &count);
		if (error != 0 || count == 0)
			continue;
		if (!is_first)
			error = filter_variable_add(out, TEXT(", "));
		is_first = false;
		if (error == 0)
			error = filter_variable_add(out, names[0]);
	}
	return error;
}

static int
print_filetypes(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	const struct mime_message *mime = &judge->message.content->mime;
	const char *before = "";
	size_t i;
	int error = 0;

	(void)argument;
	for (i = 0; i < mime->part_count && error == 0; i++) {
		const struct mime_part *part = &mime->parts[i];

		if (!mime_part_is_attachment(part))
			continue;
		error = filter_variable_add(out, text_from(before));
		if (error == 0)
			error = filter_variable_add(out, part->type);
		if (error == 0)
			error = filter_variable_add(out, TEXT("/"));
		if (error == 0)
			error = filter_variable_add(out, part->subtype);
		before = ", ";
	}
	return error;
}

static int
print_dropped_name(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->message.dropped.name);
}

static int
print_dropped_names(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->message.dropped.names);
}

static int
print_dropped_types(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->message.dropped.types);
}

static int
print_filesizes(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	const struct mime_message *mime = &judge->message.content->mime;
	bool is_first = true;
	size_t i;
	int error = 0;

	(void)argument;
	for (i = 0; i < mime->part_count && error == 0; i++) {
		if (!mime_part_is_attachment(&mime->parts[i]))
			continue;
		if (!is_first)
			error = filter_variable_add(out, TEXT(", "));
		is_first = false;
		if (error == 0)
			error = add_number(out, mime->parts[i].body.len);
	}
	return error;
}

static int
print_size(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add_number(out, judge->message.content->bytes.len);
}

static int
print_mid(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add_number(out, judge->envelope->mid);
}

static int
print_filter(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->filter_name);
}

static int
print_matched(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->matched);
}

static int
print_client(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->envelope->client);
}

/* Verified, or nothing: a name that the client chose is none. */
static int
print_remote_host(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	const struct frame_fact *fact = fact_find(&judge->facts,
	    FACT_HOST_NAME, TEXT_EMPTY, judge->envelope->client);

	(void)argument;
	return fact == NULL || fact->outcome != FACT_KNOWN ||
	    fact->value_count == 0 ? 0 : filter_variable_add(out, fact->values[0]);
}

/* There is no reputation service to have a score from. */
static int
print_reputation(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)judge;
	(void)argument;
	return filter_variable_add(out, TEXT("None"));
}

/* Nobody verifies signatures yet: nobody signed. */
static int
print_signers(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)judge;
	(void)argument;
	(void)out;
	return 0;
}

static int
print_hostname(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->config->hostname);
}

static int
print_group(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->envelope->sender_group);
}

static int
print_policy(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	struct text policy = judge->envelope->flow_policy;

	(void)argument;
	return filter_variable_add(out, text_is_empty(policy) ?
	    TEXT(">Unknown<") : policy);
}

static int
print_listener(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return filter_variable_add(out, judge->envelope->listener);
}

/* The parts of "2026-11-21T22:11:53...", when the message was received. */
static int
print_date(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	char iso[CLOCK_ISO_SIZE];

	(void)argument;
	clock_print_iso(judge->envelope->received_us, iso, sizeof(iso));
	return buffer_len(out) + 10 > FILTER_VARIABLE_EXPANSION_MAX ? 0 :
	    buffer_printf(out, "%.2s/%.2s/%.4s", iso + 5, iso + 8, iso);
}

static int
print_time(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	char iso[CLOCK_ISO_SIZE];

	(void)argument;
	clock_print_iso(judge->envelope->received_us, iso, sizeof(iso));
	return filter_variable_add(out, text_of(iso + 11, 8));
}

static int
print_timestamp(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	char words[CLOCK_RFC5322_SIZE];

	(void)argument;
	clock_print_rfc5322(judge->envelope->received_us, words,
	    sizeof(words));
	return filter_variable_add(out, text_from(words));
}

static const struct filter_variable_row rows[] = {
	{ { "AllHeaders", "the header, on one line" }, print_all_headers, 0 },
	{ { "BodySize", "size of the message in bytes, with its header" },
	  print_size, 0 },
	{ { "CertificateSigners", "who signed it; empty without S/MIME" },
	  print_signers, 0 },
	{ { "Date", "when it was received, MM/DD/YYYY, UTC" },
	  print_date, 0 },
	{ { "DroppedFileName", "name of the attachment that was removed last" },
	  print_dropped_name, 0 },
	{ { "DroppedFileNames", "names of the attachments that were removed" },
	  print_dropped_names, 0 },
	{ { "DroppedFileTypes", "their types" }, print_dropped_types, 0 },
	{ { "EnvelopeFrom", "the envelope sender" }, print_sender, 0 },
	{ { "EnvelopeRecipients", "the envelope recipients" },
	  print_recipients, 0 },
	{ { "EnvelopeSender", "the same as $EnvelopeFrom" },
	  print_sender, 0 },
	{ { "FileNames", "names of attachments" }, print_filenames, 0 },
	{ { "FileSizes", "encoded sizes of attachments in bytes" },
	  print_filesizes, 0 },
	{ { "FileTypes", "declared types of attachments" },
	  print_filetypes, 0 },
	{ { "FilterName", "the filter at work" }, print_filter, 0 },
	{ { "From", "the From field" }, print_from, 0 },
	{ { "GMTimeStamp", "when it was received, as in a Date field, UTC" },
	  print_timestamp, 0 },
	{ { "Group", "the sender group" }, print_group, 0 },
	{ { "Header", "$Header['NAME']: the first field of that name" },
	  print_header, FILTER_VARIABLE_ARGUMENT },
	{ { "Hostname", "this gateway" }, print_hostname, 0 },
	{ { "MatchedContent", "what the last content rule found" },
	  print_matched, 0 },
	{ { "MID", "the message id" }, print_mid, 0 },
	{ { "Policy", "the mail flow policy" }, print_policy, 0 },
	{ { "RecvInt", "the same as $RecvListener" }, print_listener, 0 },
	{ { "RecvListener", "the listener" }, print_listener, 0 },
	{ { "RemoteHost", "verified name of the client, or nothing" },
	  print_remote_host, FILTER_VARIABLE_HOST_NAME },
	{ { "RemoteIP", "address of the client" }, print_client, 0 },
	{ { "Reputation", "None" }, print_reputation, 0 },
	{ { "Subject", "the subject" }, print_subject, 0 },
	{ { "Time", "when it was received, hh:mm:ss, UTC" }, print_time, 0 },
	{ { "Timestamp", "the same as $GMTimeStamp" }, print_timestamp, 0 },
	{ { "To", "the To field" }, print_to, 0 },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct filter_variable_row *
filter_variable_row_at(size_t index)
{
	return index < ROWS ? &rows[index] : NULL;
}
