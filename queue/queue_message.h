/*
 * A message in the queue's memory: small, because there may be a million.
 * The envelope stays encoded; the body stays in the log and, while it is
 * hot, in memory too.
 */
#ifndef QUEUE_QUEUE_MESSAGE_H
#define QUEUE_QUEUE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/list.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "gateway/protocol/message_body.h"
#include "queue/queue_record.h"

struct queue_errand;
struct queue_part;

/* What the last attempt brought, packed. */
struct queue_said {
	uint16_t status_len;
	uint16_t reason_len;
	uint16_t host_len;
	char bytes[];
};

struct queue_recipient {
	struct queue_part *part;	/* NULL: not scheduled */
	struct queue_said *said;	/* NULL: no attempt yet */
	int64_t next_try_us;
	uint32_t rid;
	uint32_t attempts;
	uint8_t state;			/* enum recipient_state */
	bool warned;
	bool needs_envelope;		/* TLS cannot be had: to be moved */
};

struct queue_message {
	struct list all;	/* of every message */
	struct list segment;	/* of those whose oldest bytes lie in one */
	struct list hot;	/* of bodies in memory, oldest first */
	struct list dirty;	/* of those that the index does not know so */
	uint64_t mid;
	uint64_t body_mid;	/* mid of the record that place is about */
	struct segment_place place;	/* ACCEPT, RELOC or parent's OUTCOME */
	struct segment_place *pieces;
	uint64_t pieces_mid;	/* mid of the records that they are */
	uint64_t parent_mid;	/* that it comes from, or 0 */
	uint32_t piece_count;
	uint32_t lowest_segment;
	uint64_t lsn;		/* of the record that lets it be sent */
	int64_t received_us;
	int64_t seen_ms;	/* monotonic, when it came into this memory */
	uint64_t size;
	uint64_t config_version;	/* that judged it */
	struct text envelope;	/* encoded */
	struct message_body *body;	/* NULL unless hot */
	char *hold_reason;
	char *disposition;	/* NULL: not judged yet */
	char *tags;
	char *quarantine;	/* NULL: lies in none */
	struct text facts;	/* that it was judged by: a struct
				   queue_fact_list, encoded; or empty */
	struct queue_protection *protection;	/* NULL: none */
	struct queue_ruling *ruling;	/* NULL: says nothing of its way */
	struct queue_errand *errand;	/* NULL: no worker is asked */
	struct queue_part *parts;	/* chained by queue_part.next */
	uint32_t crashes;
	uint32_t asked;		/* questions put by this process */
	uint32_t leased;	/* parts out for delivery */
	uint32_t live;		/* recipients without an outcome */
	uint8_t state;		/* enum message_state */
	uint8_t class;		/* enum envelope_class */
	uint8_t direction;	/* enum envelope_direction */
	uint8_t passes;		/* as in struct frame_judge */
	bool has_sender;	/* not the null sender */
	bool indexed;		/* the index has a row */
	bool damaged;		/* its record's body failed its checksum */
	bool rewritten;		/* its body is not the one that was accepted */
	uint32_t recipient_count;
	struct queue_recipient recipients[];	/* rising rid */
};

/*
 * A message from its envelope; encoded is the same in bytes and is copied.
 * State RECEIVED, in no list.  ERROR_MALFORMED: no mid, no recipients or
 * rids that do not rise from 1 on.
 */
int queue_message_new(const struct envelope *envelope, struct text encoded,
	struct queue_message **out) MUST_CHECK;
/* It must be in no list and have no parts. */
void queue_message_free(struct queue_message *message);

/*
 * Move to another state.  The only way; from is what the caller believes,
 * and a move that the table does not have aborts the process.
 */
void queue_message_move(struct queue_message *message,
	enum message_state from, enum message_state to);
bool queue_message_may_move(enum message_state from, enum message_state to);

/* NULL where there is no such recipient. */
struct queue_recipient *queue_message_recipient(
	struct queue_message *message, uint32_t rid);
/* Decode the envelope; texts are borrowed from the message. */
int queue_message_envelope(const struct queue_message *message,
	struct arena *arena, struct envelope *out) MUST_CHECK;
/* The same with those recipients only that are live. */
int queue_message_live_envelope(const struct queue_message *message,
	struct arena *arena, struct envelope *out) MUST_CHECK;

/* READY or SENDING. */
bool queue_message_is_sendable(const struct queue_message *message);
/* Service mail counts as judged. */
bool queue_message_is_judged(const struct queue_message *message);
/* Where a message that is judged goes on: PROTECTING or READY. */
enum message_state queue_message_onward(const struct queue_message *message);

/*
 * Make a change true, its state excepted (queue_message_move() does that).
 * Recipients that have an outcome keep it, so that twice is once.
 */
void queue_message_apply(struct queue_message *message,
	const struct queue_change *change);
/* The same at start, state included, without asking whence. */
void queue_message_restore(struct queue_message *message,
	const struct queue_change *change);

/* As it stands, borrowed; the recipients' list lives in the arena. */
int queue_message_save(const struct queue_message *message,
	struct arena *arena, struct queue_saved *out) MUST_CHECK;
void queue_recipient_save(const struct queue_recipient *recipient,
	struct queue_recipient_change *out);

/*
 * Keep facts that it was judged by, which its next record must have
 * (queue_message_add_facts()).
 */
void queue_message_set_facts(struct queue_message *message,
	struct text value);
void queue_message_add_facts(const struct queue_message *message,
	struct queue_change *change);

/* Copies the list; the records are its own. */
void queue_message_set_pieces(struct queue_message *message,
	const struct segment_place *pieces, size_t count);

/* Bytes of memory that it takes, body excepted, for tests and counters. */
size_t queue_message_memory(const struct queue_message *message);

#endif
