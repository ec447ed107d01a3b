/*
 * Mails of the key service, submitted as service mail.  vault process.
 */
#include "crypto/vault/vault_outbox.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "gateway/base/clock.h"
#include "gateway/base/list.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"
#include "gateway/protocol/frame.h"

#define ID_BLOCK 100
#define RETRY_MS 5000

struct vault_outbox_mail {
	struct list link;
	uint64_t mid;		/* 0: has none yet */
	uint64_t asked;		/* id of the submission under way, or 0 */
	struct text body;
	struct text recipient;
	uint8_t sha256[DIGEST_SIZE];
	uint64_t config_version;
	int64_t made_us;
	int64_t ends_ms;
};

struct vault_outbox {
	struct ipc *ipc;
	struct loop_timer *retry;
	struct list mails;
	size_t count;
	struct digest *digest;
	uint64_t last_id;
	uint64_t next_mid;	/* of the leased block */
	uint64_t mids_left;
	bool is_asked;		/* for a block */
	uint64_t sent;
};

static void send_all(void *context);

struct vault_outbox *
vault_outbox_new(struct loop *loop)
{
	struct vault_outbox *outbox = memory_new(sizeof(*outbox));

	outbox->retry = loop_timer_new(loop, send_all, outbox);
	outbox->digest = digest_new();
	list_init(&outbox->mails);
	return outbox;
}

static void
mail_free(struct vault_outbox *outbox, struct vault_outbox_mail *mail)
{
	list_remove(&mail->link);
	outbox->count--;
	memory_wipe((char *)(uintptr_t)mail->body.data, mail->body.len);
	free((void *)(uintptr_t)mail->body.data);
	free((void *)(uintptr_t)mail->recipient.data);
	free(mail);
}

static struct vault_outbox_mail *
mail_of(struct list *link)
{
	return LIST_OWNER(link, struct vault_outbox_mail, link);
}

void
vault_outbox_free(struct vault_outbox *outbox)
{
	struct list *link, *after;

	if (outbox == NULL)
		return;
	LIST_EACH(&outbox->mails, link, after)
		mail_free(outbox, mail_of(link));
	loop_timer_free(outbox->retry);
	digest_free(outbox->digest);
	free(outbox);
}

/* ---- handing over -------------------------------------------------------- */

static void
ask_for_ids(struct vault_outbox *outbox)
{
	struct frame_id_lease_ask ask = { .kind = FRAME_ID_MID,
		.count = ID_BLOCK };

	if (outbox->ipc == NULL || outbox->is_asked ||
	    outbox->mids_left > 0)
		return;
	outbox->is_asked = true;
	frame_send(outbox->ipc, FRAME_ID_LEASE_ASK, &ask, -1);
}

static void
submit(struct vault_outbox *outbox, struct vault_outbox_mail *mail)
{
	struct envelope_recipient recipient = {
		.rid = 1,
		.address = mail->recipient,
		.notify = ENVELOPE_NOTIFY_NEVER,
	};
	struct frame_submit frame = {
		.id = ++outbox->last_id,
		.envelope = {
			.mid = mail->mid,
			.sender = TEXT_EMPTY,
			.recipients = &recipient,
			.recipient_count = 1,
			.body = ENVELOPE_BODY_7BIT,
			.smtputf8 = !utf8_is_ascii(mail->recipient),
			.received_us = mail->made_us,
			.size = mail->body.len,
			.direction = ENVELOPE_OUTGOING,
			.class = ENVELOPE_CLASS_SERVICE,
			.listener = TEXT("key-service"),
			.config_version = mail->config_version,
		},
		.body = mail->body,
	};

	/* Headers with such an address are UTF-8 themselves. */
	if (frame.envelope.smtputf8)
		frame.envelope.body = ENVELOPE_BODY_8BITMIME;
	memcpy(frame.envelope.sha256, mail->sha256, sizeof(mail->sha256));
	mail->asked = frame.id;
	frame_send(outbox->ipc, FRAME_SUBMIT, &frame, -1);
}

static void
send_all(void *context)
{
	struct vault_outbox *outbox = context;
	struct list *link, *after;
	int64_t now_ms = clock_monotonic_ms();

	LIST_EACH(&outbox->mails, link, after) {
		struct vault_outbox_mail *mail = mail_of(link);

		if (mail->ends_ms <= now_ms) {
			log_event(LOG_WARNING_LEVEL, mail->mid,
			    "vault_mail_dropped",
			    LOG_STRING("why", "queue did not take it"));
			mail_free(outbox, mail);
			continue;
		}
		if (outbox->ipc == NULL || mail->asked != 0)
			continue;
		if (mail->mid == 0 && outbox->mids_left > 0) {
			mail->mid = outbox->next_mid++;
			outbox->mids_left--;
		}
		if (mail->mid != 0)
			submit(outbox, mail);
	}
	ask_for_ids(outbox);
	if (outbox->count > 0)
		loop_timer_set(outbox->retry, RETRY_MS);
}

void
vault_outbox_connect(struct vault_outbox *outbox, struct ipc *ipc)
{
	struct list *link, *after;

	outbox->ipc = ipc;
	outbox->is_asked = false;
	/* Asked on the old channel: again under the same number. */
	LIST_EACH(&outbox->mails, link, after)
		mail_of(link)->asked = 0;
	send_all(outbox);
}

int
vault_outbox_add(struct vault_outbox *outbox, struct text mail,
    struct text recipient, uint64_t config_version, int64_t lifetime_ms)
{
	struct vault_outbox_mail *one;

	require(mail.len <= FRAME_BODY_INLINE_MAX);
	if (outbox->count >= VAULT_OUTBOX_MAX)
		return ERROR_LIMIT;
	one = memory_new(sizeof(*one));
	one->body = memory_text(mail);
	one->recipient = memory_text(recipient);
	one->config_version = config_version;
	one->made_us = clock_now_us();
	one->ends_ms = clock_monotonic_ms() + lifetime_ms;
	digest_add(outbox->digest, mail);
	digest_finish(outbox->digest, one->sha256);
	list_append(&outbox->mails, &one->link);
	outbox->count++;
	send_all(outbox);
	return 0;
}

/* ---- answers ------------------------------------------------------------- */

int
vault_outbox_id_lease(struct vault_outbox *outbox,
    const struct frame_id_lease *lease)
{
	if (!outbox->is_asked || lease->kind != FRAME_ID_MID ||
	    lease->first == 0 || lease->count == 0 ||
	    lease->first > UINT64_MAX - lease->count)
		return ERROR_MALFORMED;
	outbox->is_asked = false;
	outbox->next_mid = lease->first;
	outbox->mids_left = lease->count;
	send_all(outbox);
	return 0;
}

static struct vault_outbox_mail *
find_asked(struct vault_outbox *outbox, uint64_t id)
{
	struct list *link, *after;

	LIST_EACH(&outbox->mails, link, after)
		if (mail_of(link)->asked == id)
			return mail_of(link);
	return NULL;
}

void
vault_outbox_submitted(struct vault_outbox *outbox,
    const struct frame_submit_result *result)
{
	struct vault_outbox_mail *mail = result->id == 0 ? NULL :
	    find_asked(outbox, result->id);

	if (mail == NULL)
		return;
	if (result->outcome == FRAME_SUBMIT_COMMITTED) {
		outbox->sent++;
		mail_free(outbox, mail);
		return;
	}
	log_event(LOG_WARNING_LEVEL, mail->mid, "vault_mail_refused",
	    LOG_NUMBER("reply", result->reply),
	    LOG_TEXT("reason", result->reason));
	if (result->outcome == FRAME_SUBMIT_REFUSED) {
		mail_free(outbox, mail);
		return;
	}
	/* Later, by the timer. */
	mail->asked = 0;
}

size_t
vault_outbox_waiting(const struct vault_outbox *outbox)
{
	return outbox->count;
}

uint64_t
vault_outbox_sent(const struct vault_outbox *outbox)
{
	return outbox->sent;
}
