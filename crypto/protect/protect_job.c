/* A job from its frame: checks, keys, recipients. */
#include "crypto/protect/protect_job.h"

#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "gateway/mail/address_list.h"
#include "gateway/mail/mime_message.h"

#define JOB_ARENA_MAX (32u * 1024 * 1024)
#define SCRATCH_ARENA_MAX (32u * 1024 * 1024)
/* As far as To and Cc are looked for. */
#define HEADER_READ_MAX (1024u * 1024)
#define USEC_PER_MS 1000

static void PRINTF_LIKE(5, 0)
give_up(struct protect_job *job, enum frame_protect_outcome outcome,
	unsigned int subject, unsigned int detail, const char *format,
	va_list args)
{
	char words[REASON_TEXT_MAX];

	(void)vsnprintf(words, sizeof(words), format, args);
	job->verdict.outcome = (uint8_t)outcome;
	reason_set_reply(&job->verdict.why, 0,
		outcome == FRAME_PROTECT_FAILED ? 5 : 4, subject, detail,
		"%s", words);
}

void
protect_job_later(struct protect_job *job, unsigned int subject,
	unsigned int detail, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	give_up(job, FRAME_PROTECT_LATER, subject, detail, format, args);
	va_end(args);
}

void
protect_job_fail(struct protect_job *job, unsigned int subject,
	unsigned int detail, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	give_up(job, FRAME_PROTECT_FAILED, subject, detail, format, args);
	va_end(args);
}

/* ---- who is named in To and Cc ---- */

static struct text
lower(struct arena *arena, struct text address)
{
	struct text copy = TEXT_EMPTY;
	char *bytes;
	size_t i;

	if (arena_copy(arena, address, &copy) != 0)
		return TEXT_EMPTY;
	bytes = (char *)(uintptr_t)copy.data;
	for (i = 0; i < copy.len; i++)
		bytes[i] = text_lower_byte(bytes[i]);
	return copy;
}

static void
add_named(struct arena *arena, struct map *named, struct text value)
{
	struct address_list list;
	struct text address;

	address_list_init(&list, value);
	while (address_list_next(&list, &address)) {
		address = lower(arena, address);
		if (address.len > 0)
			(void)map_put_text(named, address, arena);
	}
}

static void
mark_named(struct protect_job *job, struct arena *arena,
	const struct map *named)
{
	size_t i;

	for (i = 0; i < job->frame.envelope.recipient_count; i++)
		job->is_named[i] = map_get_text(named, lower(arena,
			job->recipients[i])) != NULL;
}

/* The header section with its empty line, as far as it is read. */
static struct text
read_header(const struct protect_job *job, struct arena *arena)
{
	uint64_t size = message_body_size(job->body);
	size_t len = size < HEADER_READ_MAX ? (size_t)size : HEADER_READ_MAX;
	char *scratch = arena_alloc(arena, len);
	struct text bytes = TEXT_EMPTY;
	size_t crlf;
	size_t lf;

	if (scratch == NULL || message_body_read(job->body, 0, len, scratch,
	    &bytes) != 0)
		return TEXT_EMPTY;
	crlf = text_find(bytes, TEXT("\r\n\r\n"));
	lf = text_find(bytes, TEXT("\n\n"));
	return crlf < lf ? text_slice(bytes, 0, crlf + 4) :
	    text_slice(bytes, 0, lf + 2);
}

/* What cannot be read names nobody: a page then shows no address. */
static void
find_named(struct protect_job *job)
{
	struct arena *arena = arena_new(SCRATCH_ARENA_MAX);
	struct map *named = map_new();
	struct mime_message message;
	const struct mime_field *field;
	size_t i;

	if (mime_message_parse(read_header(job, arena), &mime_limits_default,
	    arena, &message) != 0 || message.part_count == 0)
		goto out;
	for (i = 0; i < message.parts[0].field_count; i++) {
		field = &message.parts[0].fields[i];
		if (text_equal_nocase(field->name, TEXT("To")) ||
		    text_equal_nocase(field->name, TEXT("Cc")))
			add_named(arena, named, field->value);
	}
	mark_named(job, arena, named);
out:
	map_free(named);
	arena_free(arena);
}

/* ---- making ---- */

static bool
check(struct protect_job *job)
{
	const struct config_encryption *encryption =
	    &job->site->config->encryption;
	const struct frame_protect *frame = &job->frame;

	job->profile = config_encryption_profile_find(job->site->config,
		frame->profile);
	if (job->profile == NULL)
		protect_job_later(job, 3, 5, "there is no encryption profile "
			"\"%.*s\" in the configuration",
			TEXT_ARG(frame->profile));
	else if (frame->envelope.size > encryption->max_message_size)
		protect_job_fail(job, 3, 4, "the message has %llu bytes, and "
			"one that is encrypted may have %llu",
			(unsigned long long)frame->envelope.size,
			(unsigned long long)encryption->max_message_size);
	else if (frame->envelope.recipient_count >
	    KEY_SERVICE_RECIPIENTS_MAX)
		protect_job_fail(job, 5, 3, "the message has %zu recipients, "
			"and one that is encrypted may have %d",
			frame->envelope.recipient_count,
			KEY_SERVICE_RECIPIENTS_MAX);
	else if (message_body_size(job->body) != frame->envelope.size)
		protect_job_later(job, 3, 0,
			"the message's bytes did not arrive");
	return job->verdict.outcome == FRAME_PROTECT_DONE;
}

static bool
copy_url(struct protect_job *job)
{
	struct buffer url;
	int error;

	buffer_init(&url, HTTPS_URL_MAX);
	error = protect_site_url(job->site->config, job->profile, &url);
	if (error == 0)
		error = arena_copy(job->arena, buffer_text(&url), &job->url);
	buffer_clear(&url);
	if (error != 0)
		protect_job_later(job, 3, 5,
			"the key service's address is too long");
	return error == 0;
}

static void
copy_recipients(struct protect_job *job)
{
	size_t count = job->frame.envelope.recipient_count;
	size_t i;

	job->recipients = arena_array(job->arena, count,
		sizeof(*job->recipients));
	job->is_named = arena_alloc(job->arena, count);
	/* At most KEY_SERVICE_RECIPIENTS_MAX: the arena holds them. */
	require(count == 0 || (job->recipients != NULL &&
		job->is_named != NULL));
	for (i = 0; i < count; i++)
		job->recipients[i] = job->frame.envelope.recipients[i].address;
}

static void
fill_header(struct protect_job *job)
{
	const struct config_encryption_profile *profile = job->profile;
	const struct envelope *envelope = &job->frame.envelope;
	struct secure_envelope_header *header = &job->header;

	memcpy(header->id, job->frame.envelope_id, sizeof(header->id));
	header->profile = profile->name;
	header->sender = envelope->sender;
	header->organisation = profile->organisation;
	header->portal_url = protect_site_portal(job->site->config, profile);
	header->created_us = envelope->received_us;
	if (profile->expires_ms != 0)
		header->expires_us = envelope->received_us +
		    (int64_t)profile->expires_ms * USEC_PER_MS;
	secure_envelope_make_keys(header, &job->shares);
}

struct protect_job *
protect_job_new(const struct frame_protect *frame, struct message_body *body,
	struct protect_site *site)
{
	struct protect_job *job = memory_new(sizeof(*job));
	struct frame_protect bodiless = *frame;

	list_init(&job->link);
	job->arena = arena_new(JOB_ARENA_MAX);
	job->body = message_body_ref(body);
	job->site = protect_site_ref(site);
	bodiless.body = TEXT_EMPTY;
	if (record_copy(&frame_protect_shape, &bodiless, job->arena,
	    &job->frame) != 0) {
		job->frame = (struct frame_protect){ .mid = frame->mid,
			.attempt = frame->attempt };
		protect_job_fail(job, 5, 3,
			"the message has too many recipients");
		return job;
	}
	if (!check(job) || !copy_url(job))
		return job;
	copy_recipients(job);
	find_named(job);
	fill_header(job);
	return job;
}

void
protect_job_free(struct protect_job *job)
{
	if (job == NULL)
		return;
	list_remove(&job->link);
	memory_wipe(&job->shares, sizeof(job->shares));
	message_body_release(&job->body);
	protect_site_release(&job->site);
	arena_free(job->arena);
	free(job);
}

void
protect_job_describe(const struct protect_job *job,
	struct key_service_envelope *out)
{
	memcpy(out->id, job->header.id, sizeof(out->id));
	memcpy(out->key_id, job->header.key_id, sizeof(out->key_id));
	memcpy(out->share, job->shares.service, sizeof(out->share));
	out->mid = job->frame.mid;
	out->sender = job->header.sender;
	out->organisation = job->header.organisation;
	out->profile = job->header.profile;
	out->sent_us = job->header.created_us;
	out->expires_us = job->header.expires_us;
	out->recipients = job->recipients;
	out->is_named = job->is_named;
	out->recipient_count = job->frame.envelope.recipient_count;
}
