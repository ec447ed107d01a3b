/*
 * The table of SMTP extensions, in the order in which a listener shows them.
 */
#include "gateway/mail/smtp_extension.h"

struct row {
	unsigned int bit;
	struct text name;
};

static const struct row rows[] = {
	{ SMTP_EXTENSION_PIPELINING, TEXT_INIT("PIPELINING") },
	{ SMTP_EXTENSION_SIZE, TEXT_INIT("SIZE") },
	{ SMTP_EXTENSION_STARTTLS, TEXT_INIT("STARTTLS") },
	{ SMTP_EXTENSION_AUTH, TEXT_INIT("AUTH") },
	{ SMTP_EXTENSION_STATUS, TEXT_INIT("ENHANCEDSTATUSCODES") },
	{ SMTP_EXTENSION_8BITMIME, TEXT_INIT("8BITMIME") },
	{ SMTP_EXTENSION_SMTPUTF8, TEXT_INIT("SMTPUTF8") },
	{ SMTP_EXTENSION_DSN, TEXT_INIT("DSN") },
	{ SMTP_EXTENSION_CHUNKING, TEXT_INIT("CHUNKING") },
};

#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

unsigned int
smtp_extension_parse(struct text line, struct text *argument)
{
	size_t end = text_find_byte(line, ' ');
	struct text name = text_slice(line, 0, end);

	*argument = text_trim(text_skip(line, end));
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (text_equal_nocase(name, rows[i].name))
			return rows[i].bit;
	return 0;
}

struct text
smtp_extension_name(unsigned int extension)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].bit == extension)
			return rows[i].name;
	return TEXT_EMPTY;
}

unsigned int
smtp_extension_next(unsigned int set, unsigned int *cursor)
{
	while (*cursor < ROW_COUNT) {
		const struct row *row = &rows[(*cursor)++];
		if ((set & row->bit) != 0)
			return row->bit;
	}
	return 0;
}
