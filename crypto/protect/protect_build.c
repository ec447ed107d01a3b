/* Building the mail: read the message, seal it, hash what came of it. */
#include "crypto/protect/protect_build.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secure_envelope_mail.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"

#define READ_LEN 65536
#define PIECE_LEN (1024u * 1024)
#define ARENA_MAX (256u * 1024 * 1024)
/*
 * Base64 of the message and of its manifest, which is no larger but for odd
 * charsets, and texts.
 */
#define MAIL_FACTOR 4
#define MAIL_EXTRA (16u * 1024 * 1024)

static void
hash(struct text bytes, uint8_t out[DIGEST_SIZE])
{
	struct digest *digest = digest_new();

	digest_add(digest, bytes);
	digest_finish(digest, out);
	digest_free(digest);
}

/* ---- the message ---- */

static int
read_message(struct protect_job *job, struct buffer *out)
{
	uint64_t size = message_body_size(job->body);
	struct text piece;
	char *room;
	int error = 0;

	while (error == 0 && buffer_len(out) < size) {
		error = buffer_reserve(out, READ_LEN, &room);
		if (error == 0)
			error = message_body_read(job->body, buffer_len(out),
				READ_LEN, room, &piece);
		if (error == 0 && piece.data != room)
			memcpy(room, piece.data, piece.len);
		if (error == 0)
			buffer_commit(out, piece.len);
	}
	return error;
}

static bool
is_intact(struct protect_job *job, struct text message)
{
	uint8_t found[DIGEST_SIZE];

	hash(message, found);
	if (memcmp(found, job->frame.envelope.sha256, sizeof(found)) == 0)
		return true;
	log_event(LOG_ERROR_LEVEL, job->frame.mid, "body_mismatch");
	protect_job_later(job, 3, 0,
		"the message is not the one that was received");
	return false;
}

#ifdef POSTERN_TEST

/* A message that is poison to this process. */
static void
test_hook(struct text message)
{
	size_t end = text_find(message, TEXT("\r\n\r\n"));

	if (text_find(text_slice(message, 0, end),
	    TEXT("X-Postern-Test: crash-protect")) < end)
		abort();
}

#else

static void
test_hook(struct text message)
{
	(void)message;
}

#endif

/* ---- the mail ---- */

static int
write_mail(const struct protect_job *job, struct text message,
	struct buffer *out)
{
	const struct secure_envelope_mail mail = {
		.subject = job->frame.subject,
		.has_link = job->profile->form ==
		    CONFIG_ENVELOPE_ATTACHMENT_AND_LINK,
		.hostname = job->site->config->hostname,
		.recipients = job->recipients,
		.recipient_count = job->frame.envelope.recipient_count,
	};
	struct arena *arena = arena_new(ARENA_MAX);
	int error;

	error = secure_envelope_mail_write(&mail, &job->header, &job->shares,
		message, arena, out);
	arena_free(arena);
	return error;
}

/* Small mails go inside the frame, so pieces only matter for large ones. */
static int
store(struct text mail, struct message_body **out)
{
	struct message_body *body = message_body_new();
	struct text rest = mail;
	int error = 0;

	while (error == 0 && rest.len > 0) {
		error = message_body_append(body,
			text_slice(rest, 0, PIECE_LEN));
		rest = text_skip(rest, PIECE_LEN);
	}
	if (error == 0)
		error = message_body_finish(body);
	if (error != 0)
		message_body_release(&body);
	*out = body;
	return error;
}

static void
build(struct protect_job *job, struct text message, struct buffer *bytes,
	struct protect_mail *out)
{
	int error = write_mail(job, message, bytes);

	if (error != 0) {
		protect_job_fail(job, error == ERROR_LIMIT ? 3 : 6,
			error == ERROR_LIMIT ? 4 : 0, "the message %s",
			error == ERROR_LIMIT ? "is too large to be encrypted" :
			"cannot be put into an envelope");
		return;
	}
	if (store(buffer_text(bytes), &out->body) != 0) {
		protect_job_later(job, 3, 1, "there is no room in memory for "
			"the encrypted message");
		return;
	}
	out->size = buffer_len(bytes);
	hash(buffer_text(bytes), out->sha256);
	secure_envelope_reference(job->header.id, out->reference);
}

void
protect_build(struct protect_job *job, struct protect_mail *out)
{
	size_t size = (size_t)message_body_size(job->body);
	struct buffer message;
	struct buffer bytes;

	memset(out, 0, sizeof(*out));
	buffer_init(&message, size + READ_LEN);
	buffer_init(&bytes, size * MAIL_FACTOR + MAIL_EXTRA);
	if (read_message(job, &message) != 0) {
		protect_job_later(job, 3, 0, "the message cannot be read");
	} else if (is_intact(job, buffer_text(&message))) {
		test_hook(buffer_text(&message));
		build(job, buffer_text(&message), &bytes, out);
	}
	buffer_clear(&message);
	buffer_clear(&bytes);
}
