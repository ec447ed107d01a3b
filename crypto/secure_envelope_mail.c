/*
 * The mail around an envelope: multipart/mixed of the notification and the
 * file.
 */
#include "crypto/secure_envelope_mail.h"

#include "crypto/secure_envelope_file.h"
#include "crypto/secure_envelope_named.h"
#include "crypto/secure_envelope_notice.h"
#include "crypto/secure_envelope_outside.h"
#include "crypto/secure_envelope_private.h"
#include "crypto/secure_envelope_words.h"
#include "gateway/base/hex.h"
#include "gateway/mail/base64.h"
#include "gateway/mail/utf8.h"

#define HEADER_MAX 4096
#define NOTICE_MAX (64u * 1024)
#define SUBJECT_MAX 4096
#define OUTSIDE_ROOM (256u * 1024)	/* header and notification */

struct work {
	const struct secure_envelope_mail *mail;
	struct secure_envelope_header header;
	struct secure_envelope_facts facts;
	struct mime_message message;
	/* Nobody who writes a message can guess it. */
	char boundary[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];
	struct buffer header_bytes;
	struct buffer payload;
};

static int
seal_message(struct work *work, const struct secure_envelope_shares *shares,
	struct arena *arena)
{
	char start[SECURE_ENVELOPE_PACKAGE_START];
	struct text pieces[3];
	struct buffer manifest;
	int error;

	buffer_init(&manifest, SECURE_ENVELOPE_MANIFEST_MAX);
	error = secure_envelope_manifest_write(&work->message, arena,
		&manifest);
	if (error == 0) {
		secure_envelope_package_start(buffer_len(&manifest),
			work->message.bytes.len, start);
		pieces[0] = text_of(start, sizeof(start));
		pieces[1] = buffer_text(&manifest);
		pieces[2] = work->message.bytes;
		error = secure_envelope_seal_pieces(
			buffer_text(&work->header_bytes), shares, pieces, 3,
			&work->payload);
	}
	buffer_clear(&manifest);
	return error;
}

static int
add_header(struct work *work, struct buffer *out)
{
	const struct secure_envelope_template fill = {
		.values = work->facts.values,
		.count = work->facts.count,
	};
	struct text title = TEXT_EMPTY;
	struct buffer subject;
	int error;

	buffer_init(&subject, SUBJECT_MAX);
	require(secure_envelope_word(TEXT("title"), &title));
	if (work->mail->subject.len > 0)
		error = buffer_add_text(&subject,
			text_slice(work->mail->subject, 0, SUBJECT_MAX));
	else
		error = secure_envelope_template_text(&fill, title, &subject);
	if (error == 0)
		error = secure_envelope_outside_write(work->mail,
			&work->header, &work->message.parts[0],
			buffer_text(&subject), out);
	buffer_clear(&subject);
	return error != 0 ? error : buffer_printf(out,
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/mixed;\r\n"
		"\tboundary=\"=_%s_1\"\r\n"
		"\r\n"
		"--=_%s_1\r\n"
		"Content-Type: multipart/alternative;\r\n"
		"\tboundary=\"=_%s_2\"\r\n"
		"\r\n", work->boundary, work->boundary, work->boundary);
}

/* ASCII as it is, anything else in base64. */
static int
add_plain(struct work *work, struct buffer *out)
{
	struct buffer text;
	bool is_ascii;
	int error;

	buffer_init(&text, NOTICE_MAX);
	error = secure_envelope_notice_text(&work->facts,
		work->mail->has_link, &text);
	is_ascii = utf8_is_ascii(buffer_text(&text));
	if (error == 0)
		error = buffer_printf(out, "--=_%s_2\r\n"
			"Content-Type: text/plain; charset=%s\r\n"
			"Content-Transfer-Encoding: %s\r\n\r\n",
			work->boundary, is_ascii ? "us-ascii" : "utf-8",
			is_ascii ? "7bit" : "base64");
	if (error == 0)
		error = is_ascii ? buffer_add_text(out, buffer_text(&text)) :
			base64_encode(buffer_text(&text),
			SECURE_ENVELOPE_LINE, out);
	buffer_clear(&text);
	return error;
}

static int
add_page(struct work *work, struct buffer *out)
{
	int error = buffer_printf(out, "\r\n--=_%s_2\r\n"
		"Content-Type: text/html; charset=us-ascii\r\n"
		"Content-Transfer-Encoding: 7bit\r\n\r\n", work->boundary);

	if (error == 0)
		error = secure_envelope_notice_html(&work->facts,
			work->mail->has_link, out);
	return error != 0 ? error : buffer_printf(out, "\r\n--=_%s_2--\r\n",
		work->boundary);
}

static int
add_file(struct work *work, const struct secure_envelope_shares *shares,
	struct buffer *out)
{
	int error = buffer_printf(out, "\r\n--=_%s_1\r\n"
		"Content-Type: text/html; charset=us-ascii;\r\n"
		"\tname=\"securedoc.html\"\r\n"
		"Content-Disposition: attachment;\r\n"
		"\tfilename=\"securedoc.html\"\r\n"
		"Content-Transfer-Encoding: 7bit\r\n\r\n", work->boundary);

	if (error == 0)
		error = secure_envelope_file_write(&work->facts,
			buffer_text(&work->header_bytes),
			text_of(shares->envelope, sizeof(shares->envelope)),
			buffer_text(&work->payload), out);
	return error != 0 ? error : buffer_printf(out, "\r\n--=_%s_1--\r\n",
		work->boundary);
}

static int
write_all(struct work *work, const struct secure_envelope_shares *shares,
	struct arena *arena, struct buffer *out)
{
	size_t payload_len;
	char *room;
	int error = secure_envelope_header_encode(&work->header,
		&work->header_bytes);

	if (error == 0)
		error = secure_envelope_facts_make(&work->header, arena,
			&work->facts);
	if (error == 0)
		error = seal_message(work, shares, arena);
	payload_len = buffer_len(&work->payload);
	/* One allocation: nothing of the mail is copied as it grows. */
	if (error == 0)
		error = buffer_reserve(out, OUTSIDE_ROOM +
			secure_envelope_file_size(payload_len), &room);
	if (error == 0)
		error = add_header(work, out);
	if (error == 0)
		error = add_plain(work, out);
	if (error == 0)
		error = add_page(work, out);
	return error != 0 ? error : add_file(work, shares, out);
}

int
secure_envelope_mail_write(const struct secure_envelope_mail *mail,
	const struct secure_envelope_header *header,
	const struct secure_envelope_shares *shares, struct text message,
	struct arena *arena, struct buffer *out)
{
	struct work work = { .mail = mail, .header = *header };
	size_t before = buffer_len(out);
	int error;

	if (message.len > SECURE_ENVELOPE_MESSAGE_MAX)
		return ERROR_LIMIT;
	error = mime_message_parse(message, &mime_limits_default, arena,
		&work.message);
	if (error != 0)
		return error;
	secure_envelope_named(&work.message.parts[0], mail->recipients,
		mail->recipient_count, work.header.recipients_sha256);
	hex_encode(header->key_id, sizeof(header->key_id), work.boundary);
	buffer_init(&work.header_bytes, HEADER_MAX);
	buffer_init(&work.payload, (size_t)SECURE_ENVELOPE_MESSAGE_MAX +
		SECURE_ENVELOPE_MANIFEST_MAX + HEADER_MAX);
	error = write_all(&work, shares, arena, out);
	if (error != 0)
		buffer_truncate(out, before);
	buffer_clear(&work.header_bytes);
	buffer_clear(&work.payload);
	return error;
}
