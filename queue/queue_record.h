/*
 * The records of the queue's log as plain data (PROTOCOL.queuerecords):
 * what changes the queue is one of these, and nothing else is remembered.
 * Tags are part of the log on disk: never reused, never renumbered.
 */
#ifndef QUEUE_QUEUE_RECORD_H
#define QUEUE_QUEUE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "gateway/store/segment_log.h"
#include "queue/queue_facts.h"
#include "queue/queue_counters.h"
#include "queue/queue_protection.h"
#include "queue/queue_ruling.h"

enum queue_record_type {
	QUEUE_RECORD_COUNTERS = SEGMENT_COUNTERS,
	QUEUE_RECORD_ACCEPT = 2,	/* a message; body inline or pieces */
	QUEUE_RECORD_BODY = 3,		/* a piece, before its ACCEPT */
	QUEUE_RECORD_STATE = 4,		/* a change of a message */
	QUEUE_RECORD_OUTCOME = 5,	/* results, and what they generate */
	QUEUE_RECORD_RELOC = 6,		/* a message with all its state */
	QUEUE_RECORD_SPLIT = 7,		/* recipients that become a message */
	QUEUE_RECORD_DISPOSE = 8,	/* a disposition that makes messages */
};

#define QUEUE_PIECES_MAX 16384
#define QUEUE_ENVELOPE_MAX (4u * 1024 * 1024)
#define QUEUE_WORDS_MAX 1024
/* Messages that one disposition makes, and their bodies. */
#define QUEUE_DISPOSED_MAX (ENVELOPE_RECIPIENTS_MAX + FRAME_MADE_MAX)
#define QUEUE_DISPOSE_BODIES_MAX (FRAME_BODIES_MAX + 1)

/* What a struct queue_change sets besides its recipients. */
enum queue_change_set {
	QUEUE_SET_STATE = 1,
	QUEUE_SET_DISPOSITION = 2,
	QUEUE_SET_CRASHES = 4,
	QUEUE_SET_HOLD_REASON = 8,
	QUEUE_SET_QUARANTINE = 16,
	QUEUE_SET_PROTECTION = 32,
	QUEUE_SET_BODY = 64,
	QUEUE_SET_FACTS = 128,
};

/* All of one recipient as it is from now on. */
struct queue_recipient_change {
	uint32_t rid;
	uint8_t state;		/* enum recipient_state */
	uint32_t attempts;
	int64_t next_try_us;
	uint8_t warned;		/* a delay warning was made */
	struct text status;	/* of the last attempt: "4.4.1" */
	struct text reason;
	struct text host;
};

/* STATE and OUTCOME; absolute values, so that twice is once. */
struct queue_change {
	uint32_t set;		/* set of enum queue_change_set */
	uint8_t state;		/* enum message_state */
	struct text hold_reason;
	struct text disposition;
	uint64_t disposition_version;
	uint32_t crashes;
	struct queue_recipient_change *recipients;
	size_t recipient_count;
	struct text child;	/* encoded envelope of the generated message;
				   its body is the record's */
	struct queue_protection protection;
	struct text quarantine;	/* empty: in none */
	struct text tags;	/* of the disposition; "a, b" */
	uint64_t size;		/* of the new body, its hash and pieces */
	uint8_t sha256[32];
	struct segment_place *pieces;
	struct queue_ruling ruling;	/* of the disposition */
	size_t piece_count;
	struct text facts;	/* that it was judged by: a struct
				   queue_fact_list, encoded */
};

/* ACCEPT (without state), RELOC, and a row of the index. */
struct queue_saved {
	struct text envelope;	/* a struct envelope, encoded */
	struct segment_place *pieces;	/* none: the body is the record's */
	size_t piece_count;
	struct queue_change state;
	uint64_t pieces_mid;	/* of the BODY records; 0: its own */
	uint64_t parent_mid;	/* that it comes from, or 0 */
	uint8_t passes;		/* as in struct frame_judge */
};

/* SPLIT */
struct queue_split_record {
	struct queue_change parent;	/* recipients that move */
	struct queue_saved child;
	struct segment_place place;	/* of the body that both share ... */
	uint64_t body_mid;		/* ... and whose record that is */
};

/* A body that messages of a DISPOSE have. */
struct queue_shared_body {
	struct segment_place *pieces;	/* none: the body is that of place */
	size_t piece_count;
	uint64_t pieces_mid;	/* of the BODY records */
	struct segment_place place;	/* segment 0: of the DISPOSE itself */
	uint64_t body_mid;	/* of the record at place */
};

/* A message that a disposition makes. */
struct queue_disposed {
	struct queue_saved saved;	/* without pieces */
	uint32_t body;		/* number in bodies, from 0 */
	uint8_t generated;	/* else its recipients have moved */
};

/* DISPOSE */
struct queue_dispose_record {
	struct queue_change parent;
	struct queue_shared_body *bodies;	/* the first as it came */
	size_t body_count;
	struct queue_disposed *messages;
	size_t message_count;
};

/* BODY */
struct queue_body_piece {
	uint32_t index;		/* from 1 */
};

extern const struct record_shape queue_change_shape;
extern const struct record_shape queue_saved_shape;
extern const struct record_shape queue_split_record_shape;
extern const struct record_shape queue_dispose_record_shape;
extern const struct record_shape queue_body_piece_shape;

/* "accept"; never NULL. */
const char *queue_record_name(unsigned int type);

/*
 * Decode the envelope bytes of a record of that type into *out, a struct as
 * the table below says; ERROR_NOT_FOUND for an unknown type, which is
 * skipped (a later version wrote it).
 */
union queue_record {
	struct queue_change change;	/* STATE, OUTCOME */
	struct queue_saved saved;	/* ACCEPT, RELOC */
	struct queue_body_piece piece;
	struct queue_counters counters;
	struct queue_split_record split;
	struct queue_dispose_record dispose;
};
int queue_record_decode(unsigned int type, struct text bytes,
	struct arena *arena, union queue_record *out) MUST_CHECK;
/* The reverse. */
int queue_record_encode(unsigned int type, const union queue_record *value,
	struct buffer *out) MUST_CHECK;

#endif
