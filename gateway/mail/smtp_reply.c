/*
 * Replies of a next hop, line by line.
 */
#include "gateway/mail/smtp_reply.h"

#include <stdio.h>
#include <string.h>

#include "gateway/mail/smtp_extension.h"

#define CODE_LEN 3
#define STATUS_DIGITS_MAX 3

void
smtp_reply_init(struct smtp_reply *reply)
{
	/* Not the text: it counts only up to text_len. */
	memset(reply, 0, offsetof(struct smtp_reply, text));
}

unsigned int
smtp_reply_class(const struct smtp_reply *reply)
{
	return reply->code / 100u;
}

/*
 * A line without its end, borrowed from input; *used counts it with its
 * end.
 */
static int
take_line(struct text input, size_t *used, struct text *line)
{
	struct text rest = text_slice(input, *used, SMTP_REPLY_LINE_MAX);
	size_t len = text_find_byte(rest, '\n');

	if (len == rest.len)
		return len == SMTP_REPLY_LINE_MAX ? ERROR_LIMIT : ERROR_AGAIN;
	*used += len + 1;
	if (len > 0 && rest.data[len - 1] == '\r')
		len--;
	*line = text_slice(rest, 0, len);
	return 0;
}

static int
parse_code(struct text line, uint16_t *code)
{
	uint64_t number = 0;
	int error = text_parse_u64(text_slice(line, 0, CODE_LEN), 599,
		&number);

	if (error != 0 || line.len < CODE_LEN || number < 200)
		return ERROR_MALFORMED;
	if (line.len > CODE_LEN && line.data[CODE_LEN] != ' ' &&
	    line.data[CODE_LEN] != '-')
		return ERROR_MALFORMED;
	*code = (uint16_t)number;
	return 0;
}

/*
 * RFC 2034 4: "class.subject.detail" and a space or the end.  The length of
 * what was read, 0 where none stands there.
 */
static size_t
parse_status(struct text words, unsigned int class, uint16_t *status)
{
	struct text rest = text_slice(words, 0, text_find_byte(words, ' '));
	size_t len = rest.len;
	struct text part;
	uint16_t found[3] = { 0 };

	for (size_t i = 0; i < 3; i++) {
		uint64_t number = 0;
		if (!text_split(&rest, '.', &part) ||
		    part.len > STATUS_DIGITS_MAX ||
		    text_parse_u64(part, 999, &number) != 0)
			return 0;
		found[i] = (uint16_t)number;
	}
	if (rest.data != NULL || found[0] != class)
		return 0;
	memcpy(status, found, sizeof(found));
	return len;
}

static void
keep_byte(struct smtp_reply *reply, char c)
{
	if (reply->text_len == SMTP_REPLY_TEXT_MAX)
		reply->is_cut = true;
	else
		reply->text[reply->text_len++] = c;
}

static void
keep_words(struct smtp_reply *reply, struct text words)
{
	if (reply->line_count > 1)
		keep_byte(reply, '\n');
	for (size_t i = 0; i < words.len; i++) {
		char c = words.data[i] == '\t' ? ' ' : words.data[i];
		keep_byte(reply, c < ' ' || c > '~' ? '?' : c);
	}
}

static int
read_line(struct smtp_reply *reply, struct text line)
{
	uint16_t code = 0;
	uint16_t status[3] = { 0 };

	if (parse_code(line, &code) != 0 ||
	    text_find_byte(line, '\0') < line.len ||
	    text_find_byte(line, '\r') < line.len)
		return ERROR_MALFORMED;
	/* RFC 5321 4.2.1: one code in all lines. */
	if (reply->line_count > 0 && reply->code != code)
		return ERROR_MALFORMED;
	if (reply->line_count == SMTP_REPLY_LINES_MAX)
		return ERROR_LIMIT;
	reply->code = code;
	reply->line_count++;
	struct text words = text_skip(line, CODE_LEN + 1);
	size_t len = parse_status(words, smtp_reply_class(reply), status);
	if (len > 0 && reply->line_count == 1)
		memcpy(reply->status, status, sizeof(status));
	keep_words(reply, text_skip(words, len > 0 ? len + 1 : 0));
	reply->is_complete = line.len == CODE_LEN || line.data[CODE_LEN] == ' ';
	return 0;
}

int
smtp_reply_feed(struct smtp_reply *reply, struct text input, size_t *used)
{
	int error = 0;

	*used = 0;
	require(!reply->is_complete);
	while (error == 0 && !reply->is_complete) {
		struct text line;
		error = take_line(input, used, &line);
		if (error == 0)
			error = read_line(reply, line);
	}
	return error;
}

bool
smtp_reply_next_line(const struct smtp_reply *reply, size_t *cursor,
	struct text *line)
{
	struct text all = text_of(reply->text, reply->text_len);

	if (*cursor > all.len || reply->line_count == 0)
		return false;
	struct text rest = text_skip(all, *cursor);
	*line = text_slice(rest, 0, text_find_byte(rest, '\n'));
	*cursor += line->len + 1;
	return true;
}

void
smtp_reply_print(const struct smtp_reply *reply, char *out, size_t size)
{
	struct text words = text_of(reply->text, reply->text_len);
	const uint16_t *status = reply->status;
	int len = 0;

	require(size > 0);
	if (status[0] != 0)
		len = snprintf(out, size, "%u %u.%u.%u%s%.*s", reply->code,
			status[0], status[1], status[2],
			words.len > 0 ? " " : "", TEXT_ARG(words));
	else
		len = snprintf(out, size, "%u%s%.*s", reply->code,
			words.len > 0 ? " " : "", TEXT_ARG(words));
	require(len >= 0);
	for (size_t i = 0; out[i] != '\0'; i++)
		if (out[i] == '\n')
			out[i] = ' ';
}

unsigned int
smtp_reply_extensions(const struct smtp_reply *reply, uint64_t *size_max)
{
	unsigned int set = 0;
	size_t cursor = 0;
	struct text line;

	*size_max = 0;
	/* RFC 5321 4.1.1.1: the first line is a greeting. */
	(void)smtp_reply_next_line(reply, &cursor, &line);
	while (smtp_reply_next_line(reply, &cursor, &line)) {
		struct text argument;
		unsigned int one = smtp_extension_parse(line, &argument);
		set |= one;
		if (one == SMTP_EXTENSION_SIZE &&
		    text_parse_u64(argument, UINT64_MAX, size_max) != 0)
			*size_max = 0;
	}
	return set;
}
