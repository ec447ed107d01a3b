/*
 * Uploads on their way in.  portal process; RFC 7578.
 */
#include "webui/server/portal_receive.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/base64.h"
#include "webui/http/http_multipart.h"
#include "webui/server/portal_answer.h"
#include "webui/server/portal_cookie.h"
#include "webui/server/portal_file.h"

/* What stands around the payload: the form, or the file's own text. */
#define BODY_EXTRA (1024u * 1024)
#define HEADER_BYTES_MAX 16384

enum receive_target {
	RECEIVE_IGNORED,	/* a part that means nothing here */
	RECEIVE_FIELD,
	RECEIVE_FILE,
};

enum receive_refusal {
	RECEIVE_NOT_REFUSED,
	RECEIVE_NO_ENVELOPE,
	RECEIVE_BUSY,
	RECEIVE_AWAY,
};

struct portal_receive {
	struct portal_visit *visit;
	struct http_multipart *multipart;
	struct portal_file file;
	struct portal_upload *upload;	/* NULL: nothing is kept */
	enum receive_target target;
	enum portal_field field;	/* at hand, or expected next */
	enum receive_refusal refusal;
	/* What vault knows of it. */
	bool is_found;
	bool is_waiting;		/* all has come, but vault's word */
	enum frame_envelope_state state;
	struct text sender;
	int64_t expires_us;
};

static void on_found(void *context, const void *value, int descriptor);

static int
refuse(struct portal_receive *receive, enum receive_refusal refusal)
{
	if (receive->refusal == RECEIVE_NOT_REFUSED)
		receive->refusal = refusal;
	return ERROR_REFUSED;
}

/* ---- fields ---- */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Base64 without its line ends; a field too long is no envelope's. */
static int
add_base64(struct buffer *out, struct text piece)
{
	size_t i;

	for (i = 0; i < piece.len; i++)
		if (!is_space(piece.data[i]) &&
		    buffer_add_byte(out, piece.data[i]) < 0)
			return ERROR_LIMIT;
	return 0;
}

static int
on_field_data(void *context, enum portal_field field, struct text piece)
{
	struct portal_receive *receive = context;
	struct portal_upload *upload = receive->upload;
	int error;

	if (upload == NULL)
		return 0;
	if (field == PORTAL_FIELD_PAYLOAD) {
		error = portal_upload_append(upload, piece);
		return error < 0 ? refuse(receive, RECEIVE_BUSY) : 0;
	}
	error = add_base64(field == PORTAL_FIELD_HEADER ? &upload->header :
	    &upload->share, piece);
	return error < 0 ? refuse(receive, RECEIVE_NO_ENVELOPE) : 0;
}

static int
read_header(struct portal_upload *upload)
{
	struct secure_envelope_header header;
	struct buffer bytes;
	int error;

	buffer_init(&bytes, HEADER_BYTES_MAX);
	error = base64_decode(buffer_text(&upload->header), &bytes);
	if (error == 0)
		error = secure_envelope_header_decode(buffer_text(&bytes),
		    &header);
	if (error == 0) {
		memcpy(upload->envelope_id, header.id, sizeof(header.id));
		memcpy(upload->key_id, header.key_id, sizeof(header.key_id));
	}
	buffer_clear(&bytes);
	return error;
}

static int
on_field_end(void *context, enum portal_field field)
{
	struct portal_receive *receive = context;
	struct portal_visit *visit = receive->visit;
	struct frame_vault_find_ask ask = { 0 };

	receive->field = field + 1;
	if (field != PORTAL_FIELD_HEADER || receive->upload == NULL)
		return 0;
	if (read_header(receive->upload) < 0)
		return refuse(receive, RECEIVE_NO_ENVELOPE);
	portal_visit_name(visit, receive->upload->envelope_id);
	memcpy(ask.envelope_id, receive->upload->envelope_id,
	    sizeof(ask.envelope_id));
	portal_visit_ask(visit, visit->portal->vault, FRAME_VAULT_FIND_ASK,
	    &ask, -1, FRAME_VAULT_FIND, on_found);
	return 0;
}

static const struct portal_file_events file_events = {
	.data = on_field_data,
	.end = on_field_end,
};

/* ---- parts of the form ---- */

static const struct text field_names[PORTAL_FIELDS] = {
	[PORTAL_FIELD_HEADER] = TEXT_INIT("header"),
	[PORTAL_FIELD_SHARE] = TEXT_INIT("share"),
	[PORTAL_FIELD_PAYLOAD] = TEXT_INIT("payload"),
};

static int
on_part(void *context, struct text name, struct text filename, bool is_file)
{
	struct portal_receive *receive = context;
	size_t i;

	(void)filename;
	receive->target = RECEIVE_IGNORED;
	if (is_file && text_equal(name, TEXT("file")) &&
	    receive->field == PORTAL_FIELD_HEADER)
		receive->target = RECEIVE_FILE;
	for (i = 0; !is_file && i < PORTAL_FIELDS; i++) {
		if (!text_equal(name, field_names[i]))
			continue;
		if (receive->field != i)
			return refuse(receive, RECEIVE_NO_ENVELOPE);
		receive->target = RECEIVE_FIELD;
	}
	return 0;
}

static int
on_data(void *context, struct text piece)
{
	struct portal_receive *receive = context;

	if (receive->target == RECEIVE_FIELD)
		return on_field_data(receive, receive->field, piece);
	if (receive->target == RECEIVE_FILE &&
	    portal_file_feed(&receive->file, piece, &file_events,
	    receive) < 0)
		return refuse(receive, RECEIVE_NO_ENVELOPE);
	return 0;
}

static int
on_part_end(void *context)
{
	struct portal_receive *receive = context;

	if (receive->target == RECEIVE_FIELD)
		return on_field_end(receive, receive->field);
	if (receive->target == RECEIVE_FILE &&
	    !portal_file_is_complete(&receive->file))
		return refuse(receive, RECEIVE_NO_ENVELOPE);
	return 0;
}

static const struct http_multipart_events part_events = {
	.part = on_part,
	.data = on_data,
	.end = on_part_end,
};

static int
on_piece(void *own, struct text piece)
{
	struct portal_visit *visit = own;
	struct portal_receive *receive = visit->receive;

	/* Of what nobody may open the rest is only read to its end. */
	if (receive->is_found && receive->upload == NULL)
		return 0;
	if (http_multipart_feed(receive->multipart, piece) < 0)
		return refuse(receive, RECEIVE_NO_ENVELOPE);
	return 0;
}

/* ---- the end ---- */

static void
answer_refusal(struct portal_visit *visit, enum receive_refusal refusal)
{
	visit->portal->counters.uploads_refused++;
	log_event(LOG_INFO_LEVEL, 0, "upload_refused",
	    LOG_STRING("client", visit->client.address),
	    LOG_STRING("reference", visit->reference),
	    LOG_NUMBER("reason", refusal));
	if (refusal == RECEIVE_AWAY)
		portal_answer_away(visit);
	else if (refusal == RECEIVE_BUSY)
		portal_answer_notice(visit, 503, TEXT("Too busy now"),
		    TEXT("Too many messages are being opened at this moment. "
		    "Try again in a few minutes."), TEXT_EMPTY, TEXT_EMPTY);
	else
		portal_answer_notice(visit, 422, TEXT("No protected message"),
		    TEXT("This is not a file that came with a protected "
		    "message, or it was damaged on its way. Choose the file "
		    "securedoc.html as it came."), TEXT("/"),
		    TEXT("Type the reference"));
}

static void
keep(struct portal_visit *visit)
{
	struct portal_receive *receive = visit->receive;
	struct portal_upload *upload = receive->upload;
	char token[HEX_SIZE(PORTAL_ID_LEN)], path[80];
	struct text purpose;
	struct buffer out;

	if (portal_upload_keep(upload) < 0) {
		answer_refusal(visit, RECEIVE_BUSY);
		return;
	}
	receive->upload = NULL;
	visit->portal->counters.uploads_kept++;
	hex_encode(upload->token, sizeof(upload->token), token);
	buffer_init(&out, sizeof(path));
	require(buffer_printf(&out, "-%.16s", token) == 0);
	purpose = buffer_text(&out);
	portal_cookie_set(visit->exchange, visit->portal->is_secure, purpose,
	    text_from(upload->secret), PORTAL_UPLOAD_LIFETIME_MS / 1000);
	buffer_reset(&out);
	require(buffer_printf(&out, "/opened/%s/", token) == 0);
	portal_answer_redirect(visit, buffer_text(&out));
	buffer_clear(&out);
}

static void
finish(struct portal_visit *visit)
{
	struct portal_receive *receive = visit->receive;
	char sender[320] = "";

	if (receive->state == FRAME_ENVELOPE_OPEN) {
		keep(visit);
		return;
	}
	(void)!text_to_string(receive->sender, sender, sizeof(sender));
	portal_answer_state(visit, receive->state, text_from(sender),
	    receive->expires_us);
}

static void
on_found(void *context, const void *value, int descriptor)
{
	struct portal_visit *visit = context;
	struct portal_receive *receive = visit->receive;
	const struct frame_vault_find *find = value;

	(void)descriptor;
	portal_visit_answered(visit);
	receive->is_found = true;
	if (find == NULL) {
		receive->refusal = RECEIVE_AWAY;
	} else {
		receive->state = find->state;
		receive->sender = memory_text(find->sender);
		receive->expires_us = find->expires_us;
	}
	if (find == NULL || receive->state != FRAME_ENVELOPE_OPEN) {
		portal_upload_free(receive->upload);
		receive->upload = NULL;
	}
	if (!receive->is_waiting)
		return;
	if (receive->refusal != RECEIVE_NOT_REFUSED)
		answer_refusal(visit, receive->refusal);
	else
		finish(visit);
}

void
portal_visit_upload(struct portal_visit *visit)
{
	struct portal_receive *receive = visit->receive;
	bool is_whole = http_multipart_is_complete(receive->multipart) &&
	    receive->field == PORTAL_FIELDS;

	if (receive->is_found && receive->upload == NULL &&
	    receive->refusal == RECEIVE_NOT_REFUSED)
		finish(visit);
	else if (receive->refusal != RECEIVE_NOT_REFUSED)
		answer_refusal(visit, receive->refusal);
	else if (!is_whole)
		answer_refusal(visit, RECEIVE_NO_ENVELOPE);
	else if (receive->is_found)
		finish(visit);
	else
		receive->is_waiting = true;
}

/* ---- the beginning ---- */

void
portal_receive_begin(struct portal_visit *visit)
{
	struct portal_receive *receive = memory_new(sizeof(*receive));
	struct http_exchange *exchange = visit->exchange;

	visit->receive = receive;
	receive->visit = visit;
	if (http_multipart_new(http_exchange_field(exchange, "Content-Type"),
	    &part_events, receive, &receive->multipart) < 0) {
		portal_answer_notice(visit, 415, TEXT("Not this way"),
		    TEXT("This address takes the form of a protected message "
		    "only."), TEXT("/"), TEXT("Type the reference"));
		return;
	}
	if (portal_upload_new(visit->portal->uploads,
	    text_from(visit->client.network), &receive->upload) < 0) {
		answer_refusal(visit, RECEIVE_BUSY);
		return;
	}
	http_exchange_take_body(exchange, PORTAL_UPLOAD_MAX + BODY_EXTRA,
	    on_piece);
}

void
portal_receive_free(struct portal_receive *receive)
{
	if (receive == NULL)
		return;
	http_multipart_free(receive->multipart);
	portal_upload_free(receive->upload);
	if (receive->sender.data != NULL)
		free((void *)(uintptr_t)receive->sender.data);
	free(receive);
}
