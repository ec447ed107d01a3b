/*
 * Receiving content.  smtp process; RFC 5321 4.1.1.4, RFC 3030, RFC 1870 6.
 */
#include "listeners/smtp_content.h"

#include <string.h>

#include "gateway/base/log.h"
#include "gateway/mail/received.h"
#include "gateway/protocol/frame_submit.h"

static void
store(struct smtp_content *content, struct text piece)
{
	struct reason why = { 0 };

	if (message_body_append(content->body, piece) == 0) {
		digest_add(content->digest, piece);
		return;
	}
	log_event(LOG_ERROR_LEVEL, 0, "body_not_stored");
	reason_set_reply(&why, 452, 4, 3, 1, "Insufficient system storage");
	smtp_content_refuse(content, &why);
}

void
smtp_content_begin(struct smtp_content *content, enum data_stream_kind kind,
    const struct config *config, struct text header)
{
	const struct config_limits *limits = &config->limits;
	const struct header_scan_limits scan_limits = {
		.fields = limits->header_count,
		.section_bytes = limits->header_size > UINT32_MAX ?
		    UINT32_MAX : (uint32_t)limits->header_size,
	};
	uint32_t line_max = limits->line_length > DATA_STREAM_LINE_MAX ?
	    DATA_STREAM_LINE_MAX : (uint32_t)limits->line_length;

	data_stream_init(&content->stream, kind, line_max,
	    !limits->refuse_nul);
	header_scan_init(&content->scan, config->hostname, &scan_limits);
	content->received_max = limits->received_count;
	content->body = message_body_new();
	if (content->digest == NULL)
		content->digest = digest_new();
	content->is_digesting = true;
	store(content, header);
}

bool
smtp_content_is_refused(const struct smtp_content *content)
{
	return content->failure.reply != 0;
}

void
smtp_content_refuse(struct smtp_content *content, const struct reason *why)
{
	if (smtp_content_is_refused(content))
		return;
	content->failure = *why;
	message_body_release(&content->body);
}

static uint64_t
stored(const struct smtp_content *content)
{
	return content->body == NULL ? 0 : message_body_size(content->body);
}

static uint64_t
allowed(const struct smtp_content *content)
{
	return content->budget > FRAME_BODY_INLINE_MAX ? content->budget :
	    FRAME_BODY_INLINE_MAX;
}

uint64_t
smtp_content_wanted(const struct smtp_content *content, size_t len)
{
	uint64_t target = stored(content) + len;
	uint64_t most = content->size_max + RECEIVED_SIZE_MAX;
	uint64_t wish = content->budget == 0 && content->declared > 0 ?
	    content->declared + RECEIVED_SIZE_MAX :
	    content->budget + SMTP_CONTENT_PORTION;

	if (wish > most)
		wish = most;
	if (wish < target)
		wish = target;
	return wish - content->budget;
}

static void
check_size(struct smtp_content *content)
{
	struct reason why = { 0 };

	if (content->stream.size <= content->size_max)
		return;
	/* RFC 1870 6.1 (3): what was declared does not count. */
	reason_set_reply(&why, 552, 5, 3, 4, "Message is larger than %llu "
	    "bytes", (unsigned long long)content->size_max);
	smtp_content_refuse(content, &why);
}

static void
check_faults(struct smtp_content *content)
{
	struct reason why = { 0 };

	if (content->stream.faults == 0 || smtp_content_is_refused(content))
		return;
	data_stream_explain(&content->stream, &why);
	smtp_content_refuse(content, &why);
}

static void
take_piece(struct smtp_content *content, struct text piece)
{
	struct reason why = { 0 };

	check_size(content);
	if (smtp_content_is_refused(content))
		return;
	if (header_scan_feed(&content->scan, piece) < 0) {
		header_scan_explain(&content->scan, &why);
		smtp_content_refuse(content, &why);
		return;
	}
	store(content, piece);
}

int
smtp_content_feed(struct smtp_content *content, struct text *input)
{
	struct text piece;

	if (!smtp_content_is_refused(content) &&
	    stored(content) + input->len > allowed(content))
		return ERROR_AGAIN;
	while (data_stream_next(&content->stream, input, &piece))
		take_piece(content, piece);
	check_faults(content);
	return 0;
}

/* RFC 5321 6.3: a simple count of Received fields stops loops. */
static void
check_loop(struct smtp_content *content)
{
	struct reason why = { 0 };

	if (content->scan.received_count <= content->received_max)
		return;
	reason_set_reply(&why, 554, 5, 4, 6, "Too many Received fields, "
	    "mail loop suspected");
	smtp_content_refuse(content, &why);
}

void
smtp_content_finish(struct smtp_content *content,
    uint8_t sha256[DIGEST_SIZE])
{
	struct reason why = { 0 };

	if (content->stream.kind == DATA_STREAM_CHUNKS)
		data_stream_finish(&content->stream);
	check_faults(content);
	header_scan_finish(&content->scan);
	check_loop(content);
	digest_finish(content->digest, sha256);
	content->is_digesting = false;
	if (smtp_content_is_refused(content) ||
	    message_body_finish(content->body) == 0)
		return;
	reason_set_reply(&why, 452, 4, 3, 1, "Insufficient system storage");
	smtp_content_refuse(content, &why);
}

void
smtp_content_reset(struct smtp_content *content)
{
	struct digest *digest = content->digest;
	uint8_t forgotten[DIGEST_SIZE];

	require(content->budget == 0);
	message_body_release(&content->body);
	/* A digest in the middle of a message begins anew. */
	if (content->is_digesting)
		digest_finish(digest, forgotten);
	memset(content, 0, sizeof(*content));
	content->digest = digest;
}
