/*
 * Action variables.
 */
#include "policy/filter_variable.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/buffer.h"
#include "gateway/base/clock.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/utf8.h"

/* What one expansion may gather before it is cut. */
#define EXPANSION_MAX 65536
#define NAME_MAX_BYTES 40

struct variable {
	struct filter_variable shown;
	/* argument: of $Header[...], else empty.  ERROR_LIMIT. */
	int (*print)(struct filter_judge *judge, struct text argument,
		struct buffer *out);
	bool has_argument;
};

/* As much as there is room for. */
static int
add(struct buffer *out, struct text t)
{
	size_t room = EXPANSION_MAX - buffer_len(out);

	return buffer_add_text(out, text_slice(t, 0, room));
}

static int
add_number(struct buffer *out, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	return add(out, text_of(digits, (size_t)len));
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
	return add(out, value);
}

static int
print_subject(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return print_header(judge, TEXT("Subject"), out);
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
			error = add(out, judge->message.fields[i].whole);
	return error;
}

static int
print_sender(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add(out, judge->envelope->sender);
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
			error = add(out, TEXT(", "));
		if (error == 0)
			error = add(out, envelope->recipients[i].address);
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
			error = add(out, TEXT(", "));
		is_first = false;
		if (error == 0)
			error = add(out, names[0]);
	}
	return error;
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
			error = add(out, TEXT(", "));
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
	return add(out, judge->filter_name);
}

static int
print_matched(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add(out, judge->matched);
}

static int
print_client(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add(out, judge->envelope->client);
}

static int
print_hostname(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add(out, judge->config->hostname);
}

static int
print_group(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add(out, judge->envelope->sender_group);
}

static int
print_policy(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	struct text policy = judge->envelope->flow_policy;

	(void)argument;
	return add(out, text_is_empty(policy) ? TEXT(">Unknown<") : policy);
}

static int
print_listener(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	(void)argument;
	return add(out, judge->envelope->listener);
}

/* The parts of "2026-11-21T22:11:53...", when the message was received. */
static int
print_date(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	char iso[CLOCK_ISO_SIZE];

	(void)argument;
	clock_print_iso(judge->envelope->received_us, iso, sizeof(iso));
	return buffer_len(out) + 10 > EXPANSION_MAX ? 0 :
	    buffer_printf(out, "%.2s/%.2s/%.4s", iso + 5, iso + 8, iso);
}

static int
print_time(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	char iso[CLOCK_ISO_SIZE];

	(void)argument;
	clock_print_iso(judge->envelope->received_us, iso, sizeof(iso));
	return add(out, text_of(iso + 11, 8));
}

static int
print_timestamp(struct filter_judge *judge, struct text argument,
	struct buffer *out)
{
	char words[CLOCK_RFC5322_SIZE];

	(void)argument;
	clock_print_rfc5322(judge->envelope->received_us, words,
	    sizeof(words));
	return add(out, text_from(words));
}

static const struct variable variables[] = {
	{ { "AllHeaders", "the header, on one line" }, print_all_headers, 0 },
	{ { "BodySize", "size of the message in bytes, with its header" },
	  print_size, 0 },
	{ { "Date", "when it was received, MM/DD/YYYY, UTC" },
	  print_date, 0 },
	{ { "EnvelopeFrom", "the envelope sender" }, print_sender, 0 },
	{ { "EnvelopeRecipients", "the envelope recipients" },
	  print_recipients, 0 },
	{ { "EnvelopeSender", "the same as $EnvelopeFrom" },
	  print_sender, 0 },
	{ { "FileNames", "names of attachments" }, print_filenames, 0 },
	{ { "FileSizes", "encoded sizes of attachments in bytes" },
	  print_filesizes, 0 },
	{ { "FilterName", "the filter at work" }, print_filter, 0 },
	{ { "GMTimeStamp", "when it was received, as in a Date field, UTC" },
	  print_timestamp, 0 },
	{ { "Group", "the sender group" }, print_group, 0 },
	{ { "Header", "$Header['NAME']: the first field of that name" },
	  print_header, 1 },
	{ { "Hostname", "this gateway" }, print_hostname, 0 },
	{ { "MatchedContent", "what the last content rule found" },
	  print_matched, 0 },
	{ { "MID", "the message id" }, print_mid, 0 },
	{ { "Policy", "the mail flow policy" }, print_policy, 0 },
	{ { "RecvListener", "the listener" }, print_listener, 0 },
	{ { "RemoteIP", "address of the client" }, print_client, 0 },
	{ { "Subject", "the subject" }, print_subject, 0 },
	{ { "Time", "when it was received, hh:mm:ss, UTC" }, print_time, 0 },
	{ { "Timestamp", "the same as $GMTimeStamp" }, print_timestamp, 0 },
};
#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

const struct filter_variable *
filter_variable_at(size_t index)
{
	return index < VARIABLES ? &variables[index].shown : NULL;
}

/* ---- templates ---- */

static bool
is_name_byte(char c)
{
	return text_is_alpha(c) || c == '_';
}

static const struct variable *
find_variable(struct text name)
{
	char plain[NAME_MAX_BYTES];
	size_t i, len = 0;

	for (i = 0; i < name.len; i++) {
		if (name.data[i] == '_')
			continue;
		if (len == sizeof(plain))
			return NULL;
		plain[len++] = name.data[i];
	}
	for (i = 0; i < VARIABLES; i++)
		if (text_equal_nocase(text_of(plain, len),
		    text_from(variables[i].shown.name)))
			return &variables[i];
	return NULL;
}

/* "['NAME']" or the same with double quotes: its length, or 0. */
static size_t
take_argument(struct text rest, struct text *argument)
{
	size_t end;

	if (rest.len < 4 || rest.data[0] != '[' ||
	    (rest.data[1] != '\'' && rest.data[1] != '"'))
		return 0;
	*argument = text_skip(rest, 2);
	end = text_find_byte(*argument, rest.data[1]);
	if (end + 1 >= argument->len || argument->data[end + 1] != ']')
		return 0;
	*argument = text_slice(*argument, 0, end);
	return end + 4;
}

/* A variable at the beginning of rest, behind its "$"; its length, or 0. */
static size_t
take_variable(struct text rest, const struct variable **out,
	struct text *argument)
{
	size_t len = 0, more = 0;

	while (len < rest.len && is_name_byte(rest.data[len]))
		len++;
	*argument = TEXT_EMPTY;
	*out = find_variable(text_slice(rest, 0, len));
	if (*out == NULL || !(*out)->has_argument)
		return *out == NULL ? 0 : len;
	more = take_argument(text_skip(rest, len), argument);
	return more == 0 ? 0 : len + more;
}

static int
expand(struct filter_judge *judge, struct text template, struct buffer *out)
{
	const struct variable *variable = NULL;
	struct text argument;
	size_t at, len;
	int error = 0;

	while (error == 0 && template.len > 0) {
		at = text_find_byte(template, '$');
		error = add(out, text_slice(template, 0, at));
		template = text_skip(template, at);
		if (error != 0 || template.len == 0)
			break;
		template = text_skip(template, 1);
		len = take_variable(template, &variable, &argument);
		if (len == 0)
			error = add(out, TEXT("$"));
		else
			error = variable->print(judge, argument, out);
		template = text_skip(template, len);
	}
	return error;
}

/* A character that would end or hide a line. */
static bool
is_control(uint32_t point)
{
	return point < ' ' || (point >= 0x7f && point < 0xa0) ||
	    point == 0x2028 || point == 0x2029;
}

/* One line, whole characters, at most most bytes. */
static int
clean(struct text t, size_t most, struct buffer *out)
{
	bool is_space = true;
	uint32_t point = 0;
	size_t len;
	int error = 0;

	for (; error == 0 && t.len > 0; t = text_skip(t, len)) {
		struct text shown;

		len = utf8_next(t, &point);
		shown = text_slice(t, 0, len);
		if (len == 0) {
			shown = TEXT("?");
			len = 1;
		} else if (is_control(point)) {
			/* A folded line end becomes one space. */
			shown = is_space ? TEXT_EMPTY : TEXT(" ");
		}
		if (buffer_len(out) + shown.len > most)
			break;
		if (shown.len > 0)
			is_space = shown.data[0] == ' ';
		error = buffer_add_text(out, shown);
	}
	return error;
}

int
filter_variable_expand(struct filter_judge *judge, struct text template,
	size_t most, struct text *out)
{
	struct buffer raw, line;
	int error;

	buffer_init(&raw, EXPANSION_MAX);
	buffer_init(&line, EXPANSION_MAX);
	error = expand(judge, template, &raw);
	if (error == 0)
		error = clean(buffer_text(&raw),
		    most < EXPANSION_MAX ? most : EXPANSION_MAX, &line);
	if (error == 0)
		error = arena_copy(judge->arena, buffer_text(&line), out);
	buffer_clear(&line);
	buffer_clear(&raw);
	return error;
}
