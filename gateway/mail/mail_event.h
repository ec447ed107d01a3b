/*
 * The event table: what happens to connections and messages, one function
 * per event with fixed fields.  The log line is its first face; tracking,
 * metrics and SNMP read the same table.
 *
 * Ids are 64-bit: ICID and DCID connections in and out, MID messages; RID
 * is a recipient within a message.  No secret is ever a field.  Texts may be
 * empty and may hold anything: the log quotes them.
 */
#ifndef GATEWAY_MAIL_MAIL_EVENT_H
#define GATEWAY_MAIL_MAIL_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/log.h"
#include "gateway/base/text.h"
#include "gateway/mail/envelope.h"

#define MAIL_EVENT_FIELDS_MAX 12

/* A row of the table, for manuals and tests. */
struct mail_event {
	const char *name;
	enum log_level level;
	const char *help;
	/* Field names in order, NULL behind the last. */
	const char *fields[MAIL_EVENT_FIELDS_MAX + 1];
};

/* Walk the table; NULL at the end. */
const struct mail_event *mail_event_at(size_t index);

/* ---- inbound connections (smtp) ---- */

void mail_event_connection_opened(uint64_t icid, struct text client,
	struct text listener, struct text sender_group);
/* Turned away before any command; reason such as "group rejects". */
void mail_event_connection_rejected(uint64_t icid, struct text client,
	struct text listener, struct text sender_group, struct text reason);
/* how: "quit", "timeout", "lost", "errors", "shutdown", ... */
void mail_event_connection_closed(uint64_t icid, struct text client,
	struct text how, uint64_t messages, uint64_t bytes_in);
void mail_event_tls_established(uint64_t icid, struct text client,
	struct text tls, struct text server_name);
void mail_event_tls_failed(uint64_t icid, struct text client,
	struct text reason);
void mail_event_sender_refused(uint64_t icid, struct text from,
	uint64_t reply, struct text reason);
void mail_event_recipient_refused(uint64_t icid, uint64_t mid,
	struct text from, struct text to, uint64_t reply, struct text reason);
void mail_event_message_refused(uint64_t icid, uint64_t mid,
	struct text from, uint64_t recipients, uint64_t size, uint64_t reply,
	struct text reason);

/* ---- life of a message (queue) ---- */

/* Durable; from the envelope: sender, recipients, size, hash, direction. */
void mail_event_accepted(const struct envelope *envelope);
void mail_event_disposition(uint64_t mid, uint64_t config_version,
	struct text disposition);
/*
 * By filters: verdict such as "deliver"; tags "a, b"; encryption profile
 * asked for; mail policy.
 */
void mail_event_judged(uint64_t mid, uint64_t config_version,
	struct text verdict, struct text disposition, struct text tags,
	struct text profile, struct text policy);
void mail_event_filter_log(uint64_t mid, struct text entry);
void mail_event_dropped(uint64_t mid, uint64_t recipients);
void mail_event_quarantined(uint64_t mid, struct text quarantine,
	struct text reason);
/* "TLS or an envelope", and there is no TLS. */
void mail_event_needs_envelope(uint64_t mid, uint64_t recipients,
	struct text profile);
/* Recipients of parent go on by themselves; policy: empty where none. */
void mail_event_split(uint64_t mid, uint64_t parent_mid,
	uint64_t recipients, struct text policy);
/* A filter has put a recipient in the place of others. */
void mail_event_redirected(uint64_t mid, uint64_t parent_mid, struct text to,
	uint64_t recipients);
/* By the action key of the filters: kind "copy", "notice" ... */
void mail_event_made(uint64_t mid, uint64_t parent_mid, struct text kind,
	struct text key, struct text from, uint64_t recipients,
	uint64_t size);
void mail_event_protected(uint64_t mid, struct text profile,
	struct text reference, uint64_t size, uint64_t attempts);
void mail_event_encryption_deferred(uint64_t mid, struct text profile,
	uint64_t attempts, struct text reason, int64_t next_try_us);
void mail_event_encryption_timeout(uint64_t mid, struct text profile,
	uint64_t attempts, struct text reason);
void mail_event_bounce_generated(uint64_t mid, uint64_t parent_mid,
	struct text to, uint64_t recipients, struct text action);
/* No bounce although one is due: null sender, NOTIFY=NEVER, own DSN. */
void mail_event_bounce_suppressed(uint64_t mid, uint64_t recipients,
	struct text reason);
/* by: who asked, such as "cli:root"; reason why. */
void mail_event_held(uint64_t mid, struct text by, struct text reason);
void mail_event_released(uint64_t mid, struct text by);
void mail_event_retried(uint64_t mid, struct text by, uint64_t recipients);
void mail_event_deleted(uint64_t mid, struct text by, uint64_t recipients);
void mail_event_aborted(uint64_t mid, struct text by, uint64_t recipients);
/* Poison or damage: kept aside with an alert, its neighbours go on. */
void mail_event_set_aside(uint64_t mid, struct text reason,
	uint64_t crashes);
/* Every recipient has its outcome; lifetime since acceptance. */
void mail_event_done(uint64_t mid, uint64_t lifetime_ms);

/* ---- outbound connections and attempts (deliver) ---- */

void mail_event_delivery_connected(uint64_t dcid, struct text host,
	struct text address, struct text tls);
void mail_event_delivery_unreachable(uint64_t dcid, struct text host,
	struct text address, struct text reason);
void mail_event_delivery_closed(uint64_t dcid, struct text host,
	uint64_t messages);
void mail_event_attempt_started(uint64_t mid, uint64_t recipients,
	struct text destination, uint64_t attempt);

/* ---- outcomes for one recipient ---- */

struct mail_event_outcome {
	uint64_t mid;
	uint64_t rid;
	uint64_t dcid;		/* 0: no connection was reached */
	struct text to;
	struct text host;	/* name of the next hop */
	struct text address;	/* its IP address */
	struct text tls;	/* "TLSv1.3 ..." or empty */
	struct text reply;	/* its words, or ours */
	uint64_t attempt;	/* 1, 2, ... */
};

void mail_event_delivered(const struct mail_event_outcome *outcome);
/* Delivered to a hop that offers no DSN (RFC 3461 5.2.2). */
void mail_event_relayed(const struct mail_event_outcome *outcome);
void mail_event_deferred(const struct mail_event_outcome *outcome,
	int64_t next_try_us);
void mail_event_failed(const struct mail_event_outcome *outcome);
/* The last try was too long ago; reply is the last reason. */
void mail_event_expired(const struct mail_event_outcome *outcome);

/* ---- the queue itself ---- */

void mail_event_queue_started(uint64_t messages, uint64_t recipients,
	uint64_t replayed, uint64_t duration_ms);
/* The log did not end with an orderly stop. */
void mail_event_queue_recovered(uint64_t records, uint64_t torn_bytes,
	uint64_t damaged, uint64_t leases);
void mail_event_queue_stopped(uint64_t messages, uint64_t recipients);

#endif
