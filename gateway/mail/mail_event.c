/*
 * The event table.  Names of events and fields stand in the table alone; a
 * function brings the values in the table's order.
 */
#include "gateway/mail/mail_event.h"

#include "gateway/base/clock.h"
#include "gateway/base/error.h"

enum event {
	CONNECTION_OPENED,
	CONNECTION_REJECTED,
	CONNECTION_CLOSED,
	TLS_ESTABLISHED,
	TLS_FAILED,
	SENDER_REFUSED,
	RECIPIENT_REFUSED,
	MESSAGE_REFUSED,
	ACCEPTED,
	DISPOSITION,
	JUDGED,
	FILTER_LOG,
	DROPPED,
	QUARANTINED,
	NEEDS_ENVELOPE,
	SPLIT,
	REDIRECTED,
	MADE,
	PROTECTED,
	ENCRYPTION_DEFERRED,
	ENCRYPTION_TIMEOUT,
	BOUNCE_GENERATED,
	BOUNCE_SUPPRESSED,
	HELD,
	RELEASED,
	RETRIED,
	DELETED,
	ABORTED,
	SET_ASIDE,
	DONE,
	DELIVERY_CONNECTED,
	DELIVERY_UNREACHABLE,
	DELIVERY_CLOSED,
	ATTEMPT_STARTED,
	DELIVERED,
	RELAYED,
	DEFERRED,
	FAILED,
	EXPIRED,
	QUEUE_STARTED,
	QUEUE_RECOVERED,
	QUEUE_STOPPED,
	EVENT_COUNT,
};

#define OUTCOME_FIELDS "rid", "to", "host", "address", "tls", "reply", \
	"dcid", "attempt"

static const struct mail_event rows[EVENT_COUNT] = {
	[CONNECTION_OPENED] = { "connection_opened", LOG_INFO_LEVEL,
		"A client has connected.",
		{ "icid", "client", "listener", "group" } },
	[CONNECTION_REJECTED] = { "connection_rejected", LOG_INFO_LEVEL,
		"A client was turned away before its first command.",
		{ "icid", "client", "listener", "group", "reason" } },
	[CONNECTION_CLOSED] = { "connection_closed", LOG_INFO_LEVEL,
		"A connection of a client is over.",
		{ "icid", "client", "how", "messages", "bytes_in" } },
	[TLS_ESTABLISHED] = { "tls_established", LOG_INFO_LEVEL,
		"A client has started TLS.",
		{ "icid", "client", "tls", "server_name" } },
	[TLS_FAILED] = { "tls_failed", LOG_INFO_LEVEL,
		"A client's TLS handshake has failed.",
		{ "icid", "client", "reason" } },
	[SENDER_REFUSED] = { "sender_refused", LOG_INFO_LEVEL,
		"MAIL was refused.",
		{ "icid", "from", "code", "reason" } },
	[RECIPIENT_REFUSED] = { "recipient_refused", LOG_INFO_LEVEL,
		"RCPT was refused.",
		{ "icid", "from", "to", "code", "reason" } },
	[MESSAGE_REFUSED] = { "message_refused", LOG_INFO_LEVEL,
		"The content of a message was refused; nothing was queued.",
		{ "icid", "from", "recipients", "size", "code", "reason" } },
	[ACCEPTED] = { "accepted", LOG_INFO_LEVEL,
		"A message is durable in the queue and acknowledged.",
		{ "icid", "client", "from", "recipients", "size", "sha256",
		"direction", "class", "listener", "tls" } },
	[DISPOSITION] = { "disposition", LOG_INFO_LEVEL,
		"Policy has judged a message.",
		{ "config", "disposition" } },
	[JUDGED] = { "judged", LOG_INFO_LEVEL,
		"The content filters have judged a message.",
		{ "config", "verdict", "disposition", "tags", "profile",
		"policy" } },
	[FILTER_LOG] = { "filter_log", LOG_INFO_LEVEL,
		"What a content filter has to say about a message.",
		{ "entry" } },
	[DROPPED] = { "dropped", LOG_INFO_LEVEL,
		"A content filter has dropped a message.",
		{ "recipients" } },
	[QUARANTINED] = { "quarantined", LOG_INFO_LEVEL,
		"A message lies in a quarantine until it is released.",
		{ "quarantine", "reason" } },
	[NEEDS_ENVELOPE] = { "needs_envelope", LOG_INFO_LEVEL,
		"There is no TLS for recipients of a message that asks for "
		"it: it becomes an encrypted envelope.",
		{ "recipients", "profile" } },
	[SPLIT] = { "split", LOG_INFO_LEVEL,
		"Recipients of a message go on as a message of their own.",
		{ "parent", "recipients", "policy" } },
	[REDIRECTED] = { "redirected", LOG_INFO_LEVEL,
		"A filter has put one recipient in the place of others.",
		{ "parent", "to", "recipients" } },
	[MADE] = { "made", LOG_INFO_LEVEL,
		"A filter has made a message: a copy, one to be judged "
		"again, a notice or a duplicate in a quarantine.",
		{ "parent", "kind", "key", "from", "recipients", "size" } },
	[PROTECTED] = { "protected", LOG_INFO_LEVEL,
		"A message is an encrypted envelope now.",
		{ "profile", "reference", "size", "attempts" } },
	[ENCRYPTION_DEFERRED] = { "encryption_deferred", LOG_WARNING_LEVEL,
		"An envelope could not be made for now; the message waits.",
		{ "profile", "attempts", "reason", "next_try" } },
	[ENCRYPTION_TIMEOUT] = { "encryption_timeout", LOG_ERROR_LEVEL,
		"An envelope could not be made in time; the sender is told.",
		{ "profile", "attempts", "reason" } },
	[BOUNCE_GENERATED] = { "bounce_generated", LOG_INFO_LEVEL,
		"A delivery status notification was made and queued.",
		{ "parent", "to", "recipients", "action" } },
	[BOUNCE_SUPPRESSED] = { "bounce_suppressed", LOG_INFO_LEVEL,
		"No notification was made although delivery failed.",
		{ "recipients", "reason" } },
	[HELD] = { "held", LOG_INFO_LEVEL,
		"A message waits until it is released.",
		{ "by", "reason" } },
	[RELEASED] = { "released", LOG_INFO_LEVEL,
		"A held message goes on.", { "by" } },
	[RETRIED] = { "retried", LOG_INFO_LEVEL,
		"An administrator asked for a try now.",
		{ "by", "recipients" } },
	[DELETED] = { "deleted", LOG_INFO_LEVEL,
		"An administrator has deleted recipients of a message.",
		{ "by", "recipients" } },
	[ABORTED] = { "aborted", LOG_INFO_LEVEL,
		"An administrator has given up recipients of a message; the "
		"sender is told.",
		{ "by", "recipients" } },
	[SET_ASIDE] = { "set_aside", LOG_ERROR_LEVEL,
		"A message that is damaged or crashes its worker is kept "
		"aside; somebody must look at it.",
		{ "reason", "crashes" } },
	[DONE] = { "done", LOG_INFO_LEVEL,
		"Every recipient of a message has its outcome.",
		{ "lifetime_ms" } },
	[DELIVERY_CONNECTED] = { "delivery_connected", LOG_INFO_LEVEL,
		"A connection to a next hop is ready.",
		{ "dcid", "host", "address", "tls" } },
	[DELIVERY_UNREACHABLE] = { "delivery_unreachable", LOG_WARNING_LEVEL,
		"A next hop could not be reached or used.",
		{ "dcid", "host", "address", "reason" } },
	[DELIVERY_CLOSED] = { "delivery_closed", LOG_INFO_LEVEL,
		"A connection to a next hop is over.",
		{ "dcid", "host", "messages" } },
	[ATTEMPT_STARTED] = { "attempt_started", LOG_DEBUG_LEVEL,
		"A delivery attempt for some recipients has started.",
		{ "recipients", "destination", "attempt" } },
	[DELIVERED] = { "delivered", LOG_INFO_LEVEL,
		"The next hop has taken a message for a recipient.",
		{ OUTCOME_FIELDS } },
	[RELAYED] = { "relayed", LOG_INFO_LEVEL,
		"The same by a next hop that offers no confirmations.",
		{ OUTCOME_FIELDS } },
	[DEFERRED] = { "deferred", LOG_INFO_LEVEL,
		"An attempt has failed for now and will be made again.",
		{ OUTCOME_FIELDS, "next_try" } },
	[FAILED] = { "failed", LOG_WARNING_LEVEL,
		"Delivery to a recipient has failed for good.",
		{ OUTCOME_FIELDS } },
	[EXPIRED] = { "expired", LOG_WARNING_LEVEL,
		"A recipient could not be reached within the time limit.",
		{ OUTCOME_FIELDS } },
	[QUEUE_STARTED] = { "queue_started", LOG_INFO_LEVEL,
		"The queue is open.",
		{ "messages", "recipients", "replayed", "duration_ms" } },
	[QUEUE_RECOVERED] = { "queue_recovered", LOG_WARNING_LEVEL,
		"The queue was not closed in order; its log was read again.",
		{ "records", "torn_bytes", "damaged", "leases" } },
	[QUEUE_STOPPED] = { "queue_stopped", LOG_INFO_LEVEL,
		"The queue is closed in order.",
		{ "messages", "recipients" } },
};

const struct mail_event *
mail_event_at(size_t index)
{
	return index < EVENT_COUNT ? &rows[index] : NULL;
}

/* values: as many as the row has fields, their keys still open. */
static void
emit(enum event event, uint64_t mid, const struct log_field *values,
	size_t count)
{
	const struct mail_event *row = &rows[event];
	struct log_field fields[MAIL_EVENT_FIELDS_MAX + 1] = { { .key = NULL } };

	require(count <= MAIL_EVENT_FIELDS_MAX);
	for (size_t i = 0; i < count; i++) {
		require(row->fields[i] != NULL);
		fields[i] = values[i];
		fields[i].key = row->fields[i];
	}
	require(row->fields[count] == NULL);
	log_write(row->level, mid, row->name, fields);
}

#define EMIT(event, mid, values) \
	emit(event, mid, values, sizeof(values) / sizeof((values)[0]))
#define WORDS(t) LOG_TEXT(NULL, t)
#define NUMBER(n) LOG_NUMBER(NULL, n)

/* ---- inbound connections ---- */

void
mail_event_connection_opened(uint64_t icid, struct text client,
	struct text listener, struct text sender_group)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(client),
		WORDS(listener), WORDS(sender_group) };

	EMIT(CONNECTION_OPENED, 0, values);
}

void
mail_event_connection_rejected(uint64_t icid, struct text client,
	struct text listener, struct text sender_group, struct text reason)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(client),
		WORDS(listener), WORDS(sender_group), WORDS(reason) };

	EMIT(CONNECTION_REJECTED, 0, values);
}

void
mail_event_connection_closed(uint64_t icid, struct text client,
	struct text how, uint64_t messages, uint64_t bytes_in)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(client),
		WORDS(how), NUMBER(messages), NUMBER(bytes_in) };

	EMIT(CONNECTION_CLOSED, 0, values);
}

void
mail_event_tls_established(uint64_t icid, struct text client, struct text tls,
	struct text server_name)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(client),
		WORDS(tls), WORDS(server_name) };

	EMIT(TLS_ESTABLISHED, 0, values);
}

void
mail_event_tls_failed(uint64_t icid, struct text client, struct text reason)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(client),
		WORDS(reason) };

	EMIT(TLS_FAILED, 0, values);
}

void
mail_event_sender_refused(uint64_t icid, struct text from, uint64_t reply,
	struct text reason)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(from),
		NUMBER(reply), WORDS(reason) };

	EMIT(SENDER_REFUSED, 0, values);
}

void
mail_event_recipient_refused(uint64_t icid, uint64_t mid, struct text from,
	struct text to, uint64_t reply, struct text reason)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(from),
		WORDS(to), NUMBER(reply), WORDS(reason) };

	EMIT(RECIPIENT_REFUSED, mid, values);
}

void
mail_event_message_refused(uint64_t icid, uint64_t mid, struct text from,
	uint64_t recipients, uint64_t size, uint64_t reply,
	struct text reason)
{
	const struct log_field values[] = { NUMBER(icid), WORDS(from),
		NUMBER(recipients), NUMBER(size), NUMBER(reply),
		WORDS(reason) };

	EMIT(MESSAGE_REFUSED, mid, values);
}

/* ---- life of a message ---- */

static struct text
direction_name(const struct envelope *envelope)
{
	return envelope->direction == ENVELOPE_INCOMING ? TEXT("incoming") :
		TEXT("outgoing");
}

static struct text
class_name(const struct envelope *envelope)
{
	return envelope->class == ENVELOPE_CLASS_MAIL ? TEXT("mail") :
		TEXT("service");
}

void
mail_event_accepted(const struct envelope *envelope)
{
	static const char digits[] = "0123456789abcdef";
	char hash[2 * sizeof(envelope->sha256)];

	for (size_t i = 0; i < sizeof(envelope->sha256); i++) {
		hash[2 * i] = digits[envelope->sha256[i] >> 4];
		hash[2 * i + 1] = digits[envelope->sha256[i] & 15];
	}
	const struct log_field values[] = { NUMBER(envelope->icid),
		WORDS(envelope->client), WORDS(envelope->sender),
		NUMBER(envelope->recipient_count), NUMBER(envelope->size),
		WORDS(text_of(hash, sizeof(hash))),
		WORDS(direction_name(envelope)), WORDS(class_name(envelope)),
		WORDS(envelope->listener), WORDS(envelope->tls) };

	EMIT(ACCEPTED, envelope->mid, values);
}

void
mail_event_disposition(uint64_t mid, uint64_t config_version,
	struct text disposition)
{
	const struct log_field values[] = { NUMBER(config_version),
		WORDS(disposition) };

	EMIT(DISPOSITION, mid, values);
}

void
mail_event_judged(uint64_t mid, uint64_t config_version,
	struct text verdict, struct text disposition, struct text tags,
	struct text profile, struct text policy)
{
	const struct log_field values[] = { NUMBER(config_version),
		WORDS(verdict), WORDS(disposition), WORDS(tags),
		WORDS(profile), WORDS(policy) };

	EMIT(JUDGED, mid, values);
}

void
mail_event_filter_log(uint64_t mid, struct text entry)
{
	const struct log_field values[] = { WORDS(entry) };

	EMIT(FILTER_LOG, mid, values);
}

void
mail_event_dropped(uint64_t mid, uint64_t recipients)
{
	const struct log_field values[] = { NUMBER(recipients) };

	EMIT(DROPPED, mid, values);
}

void
mail_event_quarantined(uint64_t mid, struct text quarantine,
	struct text reason)
{
	const struct log_field values[] = { WORDS(quarantine),
		WORDS(reason) };

	EMIT(QUARANTINED, mid, values);
}

void
mail_event_needs_envelope(uint64_t mid, uint64_t recipients,
	struct text profile)
{
	const struct log_field values[] = { NUMBER(recipients),
		WORDS(profile) };

	EMIT(NEEDS_ENVELOPE, mid, values);
}

void
mail_event_split(uint64_t mid, uint64_t parent_mid, uint64_t recipients,
	struct text policy)
{
	const struct log_field values[] = { NUMBER(parent_mid),
		NUMBER(recipients), WORDS(policy) };

	EMIT(SPLIT, mid, values);
}

void
mail_event_redirected(uint64_t mid, uint64_t parent_mid, struct text to,
	uint64_t recipients)
{
	const struct log_field values[] = { NUMBER(parent_mid), WORDS(to),
		NUMBER(recipients) };

	EMIT(REDIRECTED, mid, values);
}

void
mail_event_made(uint64_t mid, uint64_t parent_mid, struct text kind,
	struct text key, struct text from, uint64_t recipients,
	uint64_t size)
{
	const struct log_field values[] = { NUMBER(parent_mid), WORDS(kind),
		WORDS(key), WORDS(from), NUMBER(recipients), NUMBER(size) };

	EMIT(MADE, mid, values);
}

void
mail_event_protected(uint64_t mid, struct text profile,
	struct text reference, uint64_t size, uint64_t attempts)
{
	const struct log_field values[] = { WORDS(profile), WORDS(reference),
		NUMBER(size), NUMBER(attempts) };

	EMIT(PROTECTED, mid, values);
}

void
mail_event_encryption_deferred(uint64_t mid, struct text profile,
	uint64_t attempts, struct text reason, int64_t next_try_us)
{
	char when[CLOCK_ISO_SIZE];

	clock_print_iso(next_try_us, when, sizeof(when));
	const struct log_field values[] = { WORDS(profile), NUMBER(attempts),
		WORDS(reason), WORDS(text_from(when)) };

	EMIT(ENCRYPTION_DEFERRED, mid, values);
}

void
mail_event_encryption_timeout(uint64_t mid, struct text profile,
	uint64_t attempts, struct text reason)
{
	const struct log_field values[] = { WORDS(profile), NUMBER(attempts),
		WORDS(reason) };

	EMIT(ENCRYPTION_TIMEOUT, mid, values);
}

void
mail_event_bounce_generated(uint64_t mid, uint64_t parent_mid, struct text to,
	uint64_t recipients, struct text action)
{
	const struct log_field values[] = { NUMBER(parent_mid), WORDS(to),
		NUMBER(recipients), WORDS(action) };

	EMIT(BOUNCE_GENERATED, mid, values);
}

void
mail_event_bounce_suppressed(uint64_t mid, uint64_t recipients,
	struct text reason)
{
	const struct log_field values[] = { NUMBER(recipients),
		WORDS(reason) };

	EMIT(BOUNCE_SUPPRESSED, mid, values);
}

void
mail_event_held(uint64_t mid, struct text by, struct text reason)
{
	const struct log_field values[] = { WORDS(by), WORDS(reason) };

	EMIT(HELD, mid, values);
}

void
mail_event_released(uint64_t mid, struct text by)
{
	const struct log_field values[] = { WORDS(by) };

	EMIT(RELEASED, mid, values);
}

void
mail_event_retried(uint64_t mid, struct text by, uint64_t recipients)
{
	const struct log_field values[] = { WORDS(by), NUMBER(recipients) };

	EMIT(RETRIED, mid, values);
}

void
mail_event_deleted(uint64_t mid, struct text by, uint64_t recipients)
{
	const struct log_field values[] = { WORDS(by), NUMBER(recipients) };

	EMIT(DELETED, mid, values);
}

void
mail_event_aborted(uint64_t mid, struct text by, uint64_t recipients)
{
	const struct log_field values[] = { WORDS(by), NUMBER(recipients) };

	EMIT(ABORTED, mid, values);
}

void
mail_event_set_aside(uint64_t mid, struct text reason, uint64_t crashes)
{
	const struct log_field values[] = { WORDS(reason), NUMBER(crashes) };

	EMIT(SET_ASIDE, mid, values);
}

void
mail_event_done(uint64_t mid, uint64_t lifetime_ms)
{
	const struct log_field values[] = { NUMBER(lifetime_ms) };

	EMIT(DONE, mid, values);
}

/* ---- outbound connections ---- */

void
mail_event_delivery_connected(uint64_t dcid, struct text host,
	struct text address, struct text tls)
{
	const struct log_field values[] = { NUMBER(dcid), WORDS(host),
		WORDS(address), WORDS(tls) };

	EMIT(DELIVERY_CONNECTED, 0, values);
}

void
mail_event_delivery_unreachable(uint64_t dcid, struct text host,
	struct text address, struct text reason)
{
	const struct log_field values[] = { NUMBER(dcid), WORDS(host),
		WORDS(address), WORDS(reason) };

	EMIT(DELIVERY_UNREACHABLE, 0, values);
}

void
mail_event_delivery_closed(uint64_t dcid, struct text host, uint64_t messages)
{
	const struct log_field values[] = { NUMBER(dcid), WORDS(host),
		NUMBER(messages) };

	EMIT(DELIVERY_CLOSED, 0, values);
}

void
mail_event_attempt_started(uint64_t mid, uint64_t recipients,
	struct text destination, uint64_t attempt)
{
	const struct log_field values[] = { NUMBER(recipients),
		WORDS(destination), NUMBER(attempt) };

	EMIT(ATTEMPT_STARTED, mid, values);
}

/* ---- outcomes ---- */

#define OUTCOME_VALUES(outcome) NUMBER((outcome)->rid), \
	WORDS((outcome)->to), WORDS((outcome)->host), \
	WORDS((outcome)->address), WORDS((outcome)->tls), \
	WORDS((outcome)->reply), NUMBER((outcome)->dcid), \
	NUMBER((outcome)->attempt)

static void
emit_outcome(enum event event, const struct mail_event_outcome *outcome)
{
	const struct log_field values[] = { OUTCOME_VALUES(outcome) };

	EMIT(event, outcome->mid, values);
}

void
mail_event_delivered(const struct mail_event_outcome *outcome)
{
	emit_outcome(DELIVERED, outcome);
}

void
mail_event_relayed(const struct mail_event_outcome *outcome)
{
	emit_outcome(RELAYED, outcome);
}

void
mail_event_failed(const struct mail_event_outcome *outcome)
{
	emit_outcome(FAILED, outcome);
}

void
mail_event_expired(const struct mail_event_outcome *outcome)
{
	emit_outcome(EXPIRED, outcome);
}

void
mail_event_deferred(const struct mail_event_outcome *outcome,
	int64_t next_try_us)
{
	char when[CLOCK_ISO_SIZE];

	clock_print_iso(next_try_us, when, sizeof(when));
	const struct log_field values[] = { OUTCOME_VALUES(outcome),
		WORDS(text_from(when)) };

	EMIT(DEFERRED, outcome->mid, values);
}

/* ---- the queue itself ---- */

void
mail_event_queue_started(uint64_t messages, uint64_t recipients,
	uint64_t replayed, uint64_t duration_ms)
{
	const struct log_field values[] = { NUMBER(messages),
		NUMBER(recipients), NUMBER(replayed), NUMBER(duration_ms) };

	EMIT(QUEUE_STARTED, 0, values);
}

void
mail_event_queue_recovered(uint64_t records, uint64_t torn_bytes,
	uint64_t damaged, uint64_t leases)
{
	const struct log_field values[] = { NUMBER(records),
		NUMBER(torn_bytes), NUMBER(damaged), NUMBER(leases) };

	EMIT(QUEUE_RECOVERED, 0, values);
}

void
mail_event_queue_stopped(uint64_t messages, uint64_t recipients)
{
	const struct log_field values[] = { NUMBER(messages),
		NUMBER(recipients) };

	EMIT(QUEUE_STOPPED, 0, values);
}
