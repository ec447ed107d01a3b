/*
 * Notices: the header, the text and what is attached.
 */
#include "gateway/mail/mail_notice.h"

#include <inttypes.h>
#include <stdbool.h>

#include "gateway/base/clock.h"
#include "gateway/mail/base64.h"
#include "gateway/mail/fold_writer.h"
#include "gateway/mail/mime_enclosure.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/utf8.h"

#define BASE64_LINE 76

/* ---- the header ---- */

static int
write_from(const struct mail_notice *notice, struct buffer *out)
{
	struct fold_writer writer;

	fold_writer_field(&writer, out, "From", true);
	if (text_is_empty(notice->from)) {
		fold_writer_words(&writer, TEXT("Mail Gateway"));
		fold_writer_print(&writer, "<MAILER-DAEMON@%.*s>",
			TEXT_ARG(notice->hostname));
	} else {
		fold_writer_print(&writer, "<%.*s>", TEXT_ARG(notice->from));
	}
	return fold_writer_end(&writer);
}

static int
write_to(const struct mail_notice *notice, struct buffer *out)
{
	struct fold_writer writer;
	size_t i;

	fold_writer_field(&writer, out, "To", true);
	for (i = 0; i < notice->to_count; i++)
		fold_writer_print(&writer, "<%.*s>%s",
			TEXT_ARG(notice->to[i]),
			i + 1 < notice->to_count ? "," : "");
	return fold_writer_end(&writer);
}

static int
write_marks(const struct mail_notice *notice, struct buffer *out)
{
	char date[CLOCK_RFC5322_SIZE];

	clock_print_rfc5322(notice->date_us, date, sizeof(date));
	/* RFC 3834 5: no automaton may answer this. */
	return buffer_printf(out, "Date: %s\r\n"
		"Message-ID: <notice.%" PRIu64 ".%zu.%" PRId64 "@%.*s>\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"MIME-Version: 1.0\r\n", date, notice->mid, notice->number,
		notice->date_us, TEXT_ARG(notice->hostname));
}

static int
write_header(const struct mail_notice *notice, struct buffer *out)
{
	int error = write_from(notice, out);

	if (error == 0)
		error = write_to(notice, out);
	if (error == 0)
		error = mime_header_write(out, TEXT("Subject"),
			notice->subject);
	return error == 0 ? write_marks(notice, out) : error;
}

/* ---- the text ---- */

static int
write_text(const struct mail_notice *notice, struct buffer *out)
{
	struct text text = notice->text;
	/* "=_" begins our boundaries; base64 holds neither. */
	bool is_plain = utf8_is_ascii(text) &&
		mime_enclosure_is_clean(text) &&
		text_find(text, TEXT("=_")) == text.len;
	int error = buffer_printf(out,
		"Content-Type: text/plain; charset=%s\r\n"
		"Content-Transfer-Encoding: %s\r\n\r\n",
		is_plain ? "us-ascii" : "utf-8",
		is_plain ? "7bit" : "base64");

	if (error != 0)
		return error;
	return is_plain ? buffer_add_text(out, text) :
		base64_encode(text, BASE64_LINE, out);
}

/* ---- the original ---- */

static int
write_original(struct text original, struct buffer *out)
{
	bool is_clean = mime_enclosure_is_clean(original);
	int error = buffer_printf(out, "Content-Type: %s\r\n"
		"Content-Disposition: attachment; filename=\"message.eml\"\r\n"
		"Content-Transfer-Encoding: %s\r\n\r\n",
		/* RFC 2046 5.2.1: message/rfc822 is never in base64. */
		is_clean ? "message/rfc822" : "application/octet-stream",
		!is_clean ? "base64" :
		utf8_is_ascii(original) ? "7bit" : "8bit");

	if (error != 0)
		return error;
	return is_clean ? buffer_add_text(out, original) :
		base64_encode(original, BASE64_LINE, out);
}

static int
write_parts(const struct mail_notice *notice, struct buffer *out)
{
	char boundary[MIME_ENCLOSURE_BOUNDARY_SIZE];
	bool is_8bit = !utf8_is_ascii(notice->original) &&
		mime_enclosure_is_clean(notice->original);
	int error;

	mime_enclosure_boundary(notice->original, notice->mid,
		notice->date_us, boundary);
	error = buffer_printf(out, "Content-Type: multipart/mixed;\r\n"
		"\tboundary=\"%s\"\r\n%s\r\n--%s\r\n", boundary,
		is_8bit ? "Content-Transfer-Encoding: 8bit\r\n" : "",
		boundary);
	if (error == 0)
		error = write_text(notice, out);
	if (error == 0)
		error = buffer_printf(out, "\r\n--%s\r\n", boundary);
	if (error == 0)
		error = write_original(notice->original, out);
	return error == 0 ? buffer_printf(out, "\r\n--%s--\r\n", boundary) :
		error;
}

int
mail_notice_write(const struct mail_notice *notice, struct buffer *out)
{
	size_t before = buffer_len(out);
	int error;

	require(notice->to_count > 0);
	error = write_header(notice, out);
	if (error == 0)
		error = text_is_empty(notice->original) ?
			write_text(notice, out) : write_parts(notice, out);
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
