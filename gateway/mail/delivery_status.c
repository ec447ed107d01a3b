/*
 * Delivery status notifications: the message around the parts, and the part
 * for machines (RFC 3464).
 */
#include "gateway/mail/delivery_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/mail/delivery_status_private.h"
#include "gateway/mail/envelope.h"
#include "gateway/mail/mime_enclosure.h"
#include "gateway/mail/smtp_parameter.h"
#include "gateway/mail/utf8.h"
#include "gateway/mail/xtext.h"

#define DIAGNOSTIC_MAX 2000	/* bytes, before folding */
#define CHARACTER_CODED_MAX 10	/* "\x{10FFFF}" */

struct action_row {
	const char *name;
	uint16_t class;
	const char *subject;
};

static const struct action_row action_rows[DELIVERY_STATUS_ACTION_COUNT] = {
	[DELIVERY_STATUS_FAILED] = { "failed", 5,
		"Your message could not be delivered" },
	[DELIVERY_STATUS_DELAYED] = { "delayed", 4,
		"Your message is delayed (still being tried)" },
	[DELIVERY_STATUS_RELAYED] = { "relayed", 2,
		"Your message was handed on" },
	[DELIVERY_STATUS_DELIVERED] = { "delivered", 2,
		"Your message was delivered" },
	[DELIVERY_STATUS_EXPANDED] = { "expanded", 2,
		"Your message was delivered" },
};

/* One notification in the making. */
struct job {
	const struct delivery_status *status;
	struct buffer *out;
	struct delivery_status_original original;
	bool utf8;	/* headers and addresses may be UTF-8 */
	char boundary[MIME_ENCLOSURE_BOUNDARY_SIZE];
};

const char *
delivery_status_action_name(enum delivery_status_action action)
{
	require((unsigned int)action < DELIVERY_STATUS_ACTION_COUNT);
	return action_rows[action].name;
}

void
delivery_status_find_code(const struct delivery_status_recipient *recipient,
	uint16_t code[3])
{
	memcpy(code, recipient->status, sizeof(recipient->status));
	if (code[0] == 0)
		code[0] = action_rows[recipient->action].class;
}

/*
 * RFC 6533 3 utf-8-addr-xtext: as "\x{HEX}" what is not ASCII, and the
 * characters that mean something in it.  out holds CHARACTER_CODED_MAX bytes
 * and a NUL for each byte of t.
 */
static void
code_address(struct text t, char *out, size_t size)
{
	size_t at = 0;

	while (t.len > 0) {
		uint32_t point;
		size_t len = utf8_next(t, &point);
		if (len == 0) {
			len = 1;
			point = '?';
		}
		bool plain = point >= ' ' && point <= '~' && point != '\\' &&
			point != '+' && point != '=';
		int more = snprintf(out + at, size - at,
			plain ? "%c" : "\\x{%02X}", point);
		require(more > 0 && (size_t)more < size - at);
		at += (size_t)more;
		t = text_skip(t, len);
	}
	out[at] = '\0';
}

void
delivery_status_write_address(struct fold_writer *writer, const char *before,
	struct text address, const char *behind)
{
	char coded[ENVELOPE_ADDRESS_MAX * CHARACTER_CODED_MAX + 1];
	char word[sizeof(coded) + 32];
	struct text shown = text_slice(address, 0, ENVELOPE_ADDRESS_MAX);

	if (!writer->allow_utf8 && !utf8_is_ascii(shown)) {
		code_address(shown, coded, sizeof(coded));
		shown = text_from(coded);
	}
	int len = snprintf(word, sizeof(word), "%s%.*s%s", before,
		TEXT_ARG(shown), behind);
	require(len >= 0);
	fold_writer_word(writer, text_from(word));
}

static int
write_words(struct job *job, const char *name, struct text words)
{
	struct fold_writer writer;

	fold_writer_field(&writer, job->out, name, job->utf8);
	fold_writer_words(&writer, words);
	return fold_writer_end(&writer);
}

static int
write_date(struct job *job, const char *name, int64_t time_us)
{
	char date[CLOCK_RFC5322_SIZE];

	clock_print_rfc5322(time_us, date, sizeof(date));
	return write_words(job, name, text_from(date));
}

/* "type; words" */
static int
write_typed(struct job *job, const char *name, const char *type,
	struct text words)
{
	struct fold_writer writer;

	fold_writer_field(&writer, job->out, name, job->utf8);
	fold_writer_print(&writer, "%s;", type);
	fold_writer_words(&writer, words);
	return fold_writer_end(&writer);
}

static int
write_literally(struct job *job, const char *lines)
{
	return buffer_add_text(job->out, text_from(lines));
}

/* ---- the part for machines ---- */

static int
write_envid(struct job *job)
{
	struct text envid = job->status->envid;
	struct buffer decoded;
	int error = 0;

	if (envid.len == 0)
		return 0;
	buffer_init(&decoded, SMTP_PARAMETER_ENVID_MAX);
	/* RFC 3464 2.2.1: decoded; one that broke the rules stays as it is. */
	if (xtext_decode(envid, &decoded) == 0)
		envid = buffer_text(&decoded);
	error = write_words(job, "Original-Envelope-Id", envid);
	buffer_clear(&decoded);
	return error;
}

/* "type;xtext" as RFC 3464 2.3.1 wants it. */
static int
write_orcpt(struct job *job, struct text orcpt)
{
	size_t border = text_find_byte(orcpt, ';');
	struct text type = text_slice(orcpt, 0, border);
	struct text address = text_skip(orcpt, border + 1);
	struct fold_writer writer;
	struct buffer decoded;

	if (smtp_parameter_check_orcpt(orcpt, true) != 0)
		return 0;
	buffer_init(&decoded, SMTP_PARAMETER_ORCPT_MAX);
	/* RFC 6533 4: the utf-8 type has a coding of its own. */
	if (!text_equal_nocase(type, TEXT("utf-8")) &&
	    xtext_decode(address, &decoded) == 0)
		address = buffer_text(&decoded);
	fold_writer_field(&writer, job->out, "Original-Recipient", job->utf8);
	fold_writer_print(&writer, "%.*s;", TEXT_ARG(type));
	delivery_status_write_address(&writer, "", address, "");
	buffer_clear(&decoded);
	return fold_writer_end(&writer);
}

static int
write_final_recipient(struct job *job,
	const struct delivery_status_recipient *recipient)
{
	struct fold_writer writer;
	bool ascii = utf8_is_ascii(recipient->address);

	fold_writer_field(&writer, job->out, "Final-Recipient", job->utf8);
	fold_writer_word(&writer, ascii ? TEXT("rfc822;") : TEXT("utf-8;"));
	delivery_status_write_address(&writer, "", recipient->address, "");
	return fold_writer_end(&writer);
}

static int
write_outcome(struct job *job,
	const struct delivery_status_recipient *recipient)
{
	struct fold_writer writer;
	uint16_t code[3];

	delivery_status_find_code(recipient, code);
	int error = write_words(job, "Action",
		text_from(delivery_status_action_name(recipient->action)));
	if (error != 0)
		return error;
	fold_writer_field(&writer, job->out, "Status", job->utf8);
	fold_writer_print(&writer, "%u.%u.%u", code[0], code[1], code[2]);
	return fold_writer_end(&writer);
}

static int
write_remote(struct job *job,
	const struct delivery_status_recipient *recipient)
{
	struct text said = text_slice(recipient->diagnostic, 0,
		DIAGNOSTIC_MAX);
	bool is_remote = recipient->remote_mta.len > 0;
	int error = 0;

	if (is_remote)
		error = write_typed(job, "Remote-MTA", "dns",
			recipient->remote_mta);
	/* RFC 3464 2.3.6: our own words are no SMTP reply. */
	if (error == 0 && said.len > 0)
		error = write_typed(job, "Diagnostic-Code",
			is_remote ? "smtp" : "x-postern", said);
	return error;
}

/* RFC 3464 2.3, in its order. */
static int
write_recipient(struct job *job,
	const struct delivery_status_recipient *recipient)
{
	int error = write_literally(job, "\r\n");

	if (error == 0 && recipient->orcpt.len > 0)
		error = write_orcpt(job, recipient->orcpt);
	if (error == 0)
		error = write_final_recipient(job, recipient);
	if (error == 0)
		error = write_outcome(job, recipient);
	if (error == 0)
		error = write_remote(job, recipient);
	if (error == 0 && recipient->last_attempt_us != 0)
		error = write_date(job, "Last-Attempt-Date",
			recipient->last_attempt_us);
	if (error == 0 && recipient->retry_until_us != 0 &&
	    recipient->action == DELIVERY_STATUS_DELAYED)
		error = write_date(job, "Will-Retry-Until",
			recipient->retry_until_us);
	return error;
}

static int
write_report(struct job *job)
{
	const struct delivery_status *status = job->status;
	int error = write_envid(job);

	if (error == 0)
		error = write_typed(job, "Reporting-MTA", "dns",
			status->hostname);
	if (error == 0)
		error = write_date(job, "Arrival-Date", status->arrival_us);
	for (size_t i = 0; error == 0 && i < status->recipient_count; i++)
		error = write_recipient(job, &status->recipients[i]);
	return error;
}

/* ---- the message around ---- */

static const char *
subject_of(const struct delivery_status *status)
{
	/* The gravest outcome gives the name; the enum is in that order. */
	enum delivery_status_action gravest = status->recipients[0].action;

	for (size_t i = 1; i < status->recipient_count; i++)
		if (status->recipients[i].action < gravest)
			gravest = status->recipients[i].action;
	return action_rows[gravest].subject;
}

static int
write_addresses(struct job *job)
{
	const struct delivery_status *status = job->status;
	struct fold_writer writer;

	fold_writer_field(&writer, job->out, "From", job->utf8);
	fold_writer_words(&writer, TEXT("Mail Delivery System"));
	fold_writer_print(&writer, "<MAILER-DAEMON@%.*s>",
		TEXT_ARG(status->hostname));
	int error = fold_writer_end(&writer);
	if (error != 0)
		return error;
	fold_writer_field(&writer, job->out, "To", job->utf8);
	delivery_status_write_address(&writer, "<", status->sender, ">");
	return fold_writer_end(&writer);
}

static int
write_message_id(struct job *job)
{
	const struct delivery_status *status = job->status;
	struct fold_writer writer;

	fold_writer_field(&writer, job->out, "Message-ID", job->utf8);
	fold_writer_print(&writer, "<%" PRIu64 ".%" PRId64 "@%.*s>",
		status->mid, status->now_us, TEXT_ARG(status->hostname));
	return fold_writer_end(&writer);
}

static int
write_header(struct job *job, bool is_8bit)
{
	int error = write_addresses(job);

	if (error == 0)
		error = write_words(job, "Subject",
			text_is_empty(job->status->subject) ?
			text_from(subject_of(job->status)) :
			job->status->subject);
	if (error == 0)
		error = write_date(job, "Date", job->status->now_us);
	if (error == 0)
		error = write_message_id(job);
	if (error != 0)
		return error;
	/* RFC 3834 5: no automaton may answer this. */
	return buffer_printf(job->out,
		"Auto-Submitted: auto-replied\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/report;\r\n"
		"\treport-type=delivery-status;\r\n"
		"\tboundary=\"%s\"\r\n"
		"%s"
		"\r\n"
		"This is a message in several parts, in MIME form.\r\n",
		job->boundary,
		is_8bit ? "Content-Transfer-Encoding: 8bit\r\n" : "");
}

static int
open_part(struct job *job, const char *type, bool is_8bit)
{
	return buffer_printf(job->out, "\r\n--%s\r\n"
		"Content-Type: %s\r\n%s\r\n", job->boundary, type,
		is_8bit ? "Content-Transfer-Encoding: 8bit\r\n" : "");
}

static int
write_parts(struct job *job)
{
	int error = open_part(job, job->utf8 ? "text/plain; charset=utf-8" :
		"text/plain; charset=us-ascii", job->utf8);

	if (error == 0)
		error = delivery_status_write_text(job->status,
			job->original.is_whole, job->utf8, job->out);
	/* RFC 6533 4 */
	if (error == 0)
		error = open_part(job, job->utf8 ?
			"message/global-delivery-status" :
			"message/delivery-status", job->utf8);
	if (error == 0)
		error = write_report(job);
	if (error == 0)
		error = open_part(job, job->original.type,
			job->original.is_8bit);
	if (error == 0)
		error = delivery_status_write_original(&job->original,
			job->out);
	if (error == 0)
		error = buffer_printf(job->out, "\r\n--%s--\r\n",
			job->boundary);
	return error;
}

int
delivery_status_write(const struct delivery_status *status,
	struct buffer *out, struct delivery_status_needs *needs)
{
	size_t before = buffer_len(out);
	struct job job = { .status = status, .out = out,
		.utf8 = !utf8_is_ascii(status->sender) };

	require(status->recipient_count > 0);
	require(status->sender.len > 0);
	delivery_status_choose_original(status, &job.original);
	mime_enclosure_boundary(job.original.bytes, status->mid,
		status->now_us, job.boundary);
	needs->smtputf8 = job.utf8;
	needs->eightbit = job.utf8 || job.original.is_8bit;
	int error = write_header(&job, needs->eightbit);
	if (error == 0)
		error = write_parts(&job);
	if (error != 0)
		buffer_truncate(out, before);
	return error;
}
