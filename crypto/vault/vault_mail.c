/*
 * Mails of the key service (RFC 5322, RFC 3834 for Auto-Submitted).  vault
 * process.
 */
#include "crypto/vault/vault_mail.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/arena.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/memory.h"
#include "gateway/mail/base64.h"
#include "gateway/mail/fold_writer.h"
#include "gateway/mail/mime_header.h"
#include "gateway/mail/utf8.h"

#define BODY_MAX 4096
#define SUBJECT_MAX 512
#define MESSAGE_ID_LEN 16
#define MINUTE_MS 60000
#define BASE64_LINE 76

/* ---- the body ------------------------------------------------------------ */

/* A paragraph and an empty line; printed words fold. */
static int
add_paragraph(struct buffer *body, const char *format, ...)
    PRINTF_LIKE(2, 3);

static int
add_paragraph(struct buffer *body, const char *format, ...)
{
	struct fold_writer writer;
	struct buffer words;
	va_list args;
	int r;

	buffer_init(&words, BODY_MAX);
	va_start(args, format);
	r = buffer_vprintf(&words, format, args);
	va_end(args);
	if (r == 0) {
		fold_writer_paragraph(&writer, body, false, true);
		fold_writer_words(&writer, buffer_text(&words));
		r = fold_writer_end(&writer);
	}
	if (r == 0)
		r = buffer_add_text(body, TEXT("\r\n"));
	buffer_wipe(&words);
	return r;
}

/* Mail from programs has the null sender. */
static struct text
shown_sender(const struct vault_mail *mail)
{
	return text_is_empty(mail->sender) ? TEXT("an automatic sender") :
	    mail->sender;
}

/* "anna@example.com (Example Ltd)" */
static int
name_sender(const struct vault_mail *mail, char *out, size_t size)
{
	bool has_name = !text_is_empty(mail->organisation);
	int len = snprintf(out, size, "%.*s%s%.*s%s",
	    TEXT_ARG(shown_sender(mail)), has_name ? " (" : "",
	    TEXT_ARG(mail->organisation), has_name ? ")" : "");

	return len < 0 || (size_t)len >= size ? ERROR_LIMIT : 0;
}

static int
add_footer(const struct vault_mail *mail, struct buffer *body)
{
	return add_paragraph(body, "If you did not ask for this mail, "
	    "somebody else typed your address at %.*s. Nothing was opened; "
	    "you can delete this mail. We never ask for the password of "
	    "your e-mail account.", TEXT_ARG(mail->portal_url));
}

static int
write_code_body(const struct vault_mail *mail, struct text code,
    uint64_t lifetime_ms, struct buffer *body)
{
	char sender[2048];
	uint64_t minutes = (lifetime_ms + MINUTE_MS - 1) / MINUTE_MS;
	int r = name_sender(mail, sender, sizeof(sender));

	if (r == 0)
		r = buffer_printf(body, "Your code: %.*s %.*s\r\n\r\n",
		    TEXT_ARG(text_slice(code, 0, 4)),
		    TEXT_ARG(text_skip(code, 4)));
	if (r == 0)
		r = add_paragraph(body, "Type it on the page where you asked "
		    "for it. It is for the message from %s, reference %.*s. "
		    "It can be used once, within %" PRIu64 " minute%s.",
		    sender, TEXT_ARG(mail->reference), minutes,
		    minutes == 1 ? "" : "s");
	return r == 0 ? add_footer(mail, body) : r;
}

static int
write_link_body(const struct vault_mail *mail, struct text link,
    struct buffer *body)
{
	char sender[2048];
	int r = name_sender(mail, sender, sizeof(sender));

	if (r == 0)
		r = add_paragraph(body, "The message from %s, reference "
		    "%.*s, can be opened here:", sender,
		    TEXT_ARG(mail->reference));
	/* A line of its own, unbroken: mail programs make it a link. */
	if (r == 0)
		r = buffer_printf(body, "%.*s\r\n\r\n", TEXT_ARG(link));
	if (r == 0)
		r = add_paragraph(body, "The page mails you a code, and asks "
		    "for the file securedoc.html that came with the message.");
	return r == 0 ? add_footer(mail, body) : r;
}

/* ---- the header ---------------------------------------------------------- */

static int
add_field(struct buffer *out, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

static int
add_field(struct buffer *out, const char *name, const char *format, ...)
{
	struct fold_writer writer;
	char word[FOLD_WRITER_WORD_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(word, sizeof(word), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(word))
		return ERROR_LIMIT;
	fold_writer_field(&writer, out, name, true);
	fold_writer_word(&writer, text_of(word, (size_t)len));
	return fold_writer_end(&writer);
}

static int
add_subject(struct buffer *out, const char *what, struct text sender)
{
	char subject[SUBJECT_MAX];
	int len = snprintf(subject, sizeof(subject), "%s %.*s", what,
	    TEXT_ARG(text_slice(sender, 0, SUBJECT_MAX / 2)));

	require(len > 0 && (size_t)len < sizeof(subject));
	return mime_header_write(out, TEXT("Subject"),
	    text_of(subject, (size_t)len));
}

static int
add_header(const struct vault_mail *mail, const char *what,
    struct buffer *out)
{
	char date[CLOCK_RFC5322_SIZE];
	uint8_t id[MESSAGE_ID_LEN];
	char digits[HEX_SIZE(MESSAGE_ID_LEN)];
	int r;

	clock_print_rfc5322(mail->now_us, date, sizeof(date));
	vault_random_bytes(id, sizeof(id));
	hex_encode(id, sizeof(id), digits);
	r = add_field(out, "From", "<%.*s>", TEXT_ARG(mail->from));
	if (r == 0)
		r = add_field(out, "To", "<%.*s>", TEXT_ARG(mail->to));
	if (r == 0)
		r = add_subject(out, what, shown_sender(mail));
	if (r == 0)
		r = buffer_printf(out, "Date: %s\r\n", date);
	if (r == 0)
		r = add_field(out, "Message-ID", "<%s@%.*s>", digits,
		    TEXT_ARG(mail->hostname));
	if (r == 0)
		r = buffer_add_text(out, TEXT("Auto-Submitted: "
		    "auto-generated\r\nMIME-Version: 1.0\r\n"));
	return r;
}

/* The rest: the text, in base64 where it has to be. */
static int
add_body(struct text body, struct buffer *out)
{
	bool is_ascii = utf8_is_ascii(body);
	int r = buffer_printf(out, "Content-Type: text/plain; charset=%s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    is_ascii ? "us-ascii" : "utf-8", is_ascii ? "7bit" : "base64");

	if (r != 0)
		return r;
	return is_ascii ? buffer_add_text(out, body) :
	    base64_encode(body, BASE64_LINE, out);
}

static int
write_whole(const struct vault_mail *mail, const char *what,
    struct text body, struct buffer *out)
{
	size_t before = buffer_len(out);
	int r = add_header(mail, what, out);

	if (r == 0)
		r = add_body(body, out);
	if (r != 0)
		buffer_truncate(out, before);
	return r;
}

int
vault_mail_write_code(const struct vault_mail *mail, struct text code,
    uint64_t lifetime_ms, struct buffer *out)
{
	struct buffer body;
	int r;

	require(code.len == VAULT_CODE_DIGITS);
	buffer_init(&body, BODY_MAX);
	r = write_code_body(mail, code, lifetime_ms, &body);
	if (r == 0)
		r = write_whole(mail, "Code for your message from",
		    buffer_text(&body), out);
	buffer_wipe(&body);
	return r;
}

int
vault_mail_write_link(const struct vault_mail *mail, struct text link,
    struct buffer *out)
{
	struct buffer body;
	int r;

	buffer_init(&body, BODY_MAX);
	r = write_link_body(mail, link, &body);
	if (r == 0)
		r = write_whole(mail, "Your message from", buffer_text(&body),
		    out);
	buffer_wipe(&body);
	return r;
}
