/*
 * Fields that stay outside are copied line by line where they are what RFC
 * 5322 allows, and else written anew from their addresses.
 */
#include "crypto/secure_envelope_outside.h"

#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/mail/address_list.h"
#include "gateway/mail/fold_writer.h"
#include "gateway/mail/mime_header.h"

#define FIELD_LINE_MAX 998	/* RFC 5322 2.1.1 */

static struct text
trim_line(struct text line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Printable ASCII, folded as it should be, and something in it. */
static bool
is_clean(const struct mime_field *field)
{
	struct text rest = field->whole;
	struct text line;

	if (text_trim(field->value).len == 0)
		return false;
	while (text_split(&rest, '\n', &line)) {
		line = trim_line(line);
		if (line.len > FIELD_LINE_MAX ||
		    (line.len > 0 && text_trim(line).len == 0) ||
		    (line.len == 0 && rest.data != NULL && rest.len > 0))
			return false;
		for (size_t i = 0; i < line.len; i++)
			if (line.data[i] != '\t' &&
			    (line.data[i] < 32 || line.data[i] > 126))
				return false;
	}
	return true;
}

static int
copy_field(const struct mime_field *field, struct buffer *out)
{
	struct text rest = field->whole;
	struct text line;
	int error = 0;

	while (error == 0 && text_split(&rest, '\n', &line)) {
		line = trim_line(line);
		if (line.len == 0)
			continue;
		error = buffer_add_text(out, line);
		if (error == 0)
			error = buffer_add_text(out, TEXT("\r\n"));
	}
	return error;
}

/* Addresses alone, without names. */
static int
write_addresses(const char *name, struct text value, struct buffer *out)
{
	struct address_list list;
	struct fold_writer writer;
	struct text address;
	char last[ENVELOPE_ADDRESS_MAX + 1] = "";
	size_t before = buffer_len(out);
	int error;

	address_list_init(&list, value);
	fold_writer_field(&writer, out, name, true);
	while (address_list_next(&list, &address)) {
		if (last[0] != '\0')
			fold_writer_print(&writer, "<%s>,", last);
		if (text_to_string(address, last, sizeof(last)) != 0)
			last[0] = '\0';
	}
	if (last[0] != '\0')
		fold_writer_print(&writer, "<%s>", last);
	error = fold_writer_end(&writer);
	if (last[0] == '\0')
		buffer_truncate(out, before);
	return error;
}

/* *is_there: something was written. */
static int
keep_addresses(const struct mime_part *root, const char *name,
	struct buffer *out, bool *is_there)
{
	const struct mime_field *field = mime_part_field(root, name);
	size_t before = buffer_len(out);
	int error = 0;

	if (field != NULL)
		error = is_clean(field) ? copy_field(field, out) :
			write_addresses(name, field->value, out);
	*is_there = buffer_len(out) > before;
	return error;
}

static int
keep_date(const struct mime_part *root, int64_t created_us,
	struct buffer *out)
{
	const struct mime_field *field = mime_part_field(root, "Date");
	char date[CLOCK_RFC5322_SIZE];

	if (field != NULL && is_clean(field))
		return copy_field(field, out);
	clock_print_rfc5322(created_us, date, sizeof(date));
	return buffer_printf(out, "Date: %s\r\n", date);
}

int
secure_envelope_outside_write(const struct secure_envelope_mail *mail,
	const struct secure_envelope_header *header,
	const struct mime_part *root, struct text subject,
	struct buffer *out)
{
	char id[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];
	bool has_from = false;
	bool has_to = false;
	bool has_cc = false;
	int error = keep_addresses(root, "From", out, &has_from);

	/* RFC 5322 3.6: there is always one. */
	if (error == 0 && !has_from)
		error = header->sender.len > 0 ?
			write_addresses("From", header->sender, out) :
			buffer_printf(out, "From: <postmaster@%.*s>\r\n",
			TEXT_ARG(mail->hostname));
	if (error == 0)
		error = keep_addresses(root, "To", out, &has_to);
	if (error == 0)
		error = keep_addresses(root, "Cc", out, &has_cc);
	/* Blind copies only: nobody is named. */
	if (error == 0 && !has_to && !has_cc)
		error = buffer_add_text(out,
			TEXT("To: undisclosed-recipients:;\r\n"));
	if (error == 0)
		error = keep_date(root, header->created_us, out);
	if (error == 0)
		error = mime_header_write(out, TEXT("Subject"), subject);
	hex_encode(header->key_id, sizeof(header->key_id), id);
	return error != 0 ? error : buffer_printf(out,
		"Message-ID: <%s@%.*s>\r\n", id, TEXT_ARG(mail->hostname));
}
