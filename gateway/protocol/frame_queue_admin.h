/*
 * admin and queue: looking at messages and acting on them.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_QUEUE_ADMIN_H
#define GATEWAY_PROTOCOL_FRAME_QUEUE_ADMIN_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_judge.h"

/* As they stand in the queue; one function moves a message. */
enum message_state {
	MESSAGE_RECEIVED,
	MESSAGE_JUDGING,
	MESSAGE_PROTECTING,
	MESSAGE_READY,
	MESSAGE_SENDING,
	MESSAGE_HELD,
	MESSAGE_DONE,
	MESSAGE_STATES
};
const char *message_state_name(unsigned int state);

enum recipient_state {
	RECIPIENT_LIVE,
	RECIPIENT_DELIVERED,
	RECIPIENT_FAILED,
	RECIPIENT_EXPIRED,
	RECIPIENT_DELETED,
	RECIPIENT_DROPPED,	/* by a rule */
	RECIPIENT_MOVED,	/* to a message split from this one: neither
				   live nor counted here */
	RECIPIENT_STATES
};
const char *recipient_state_name(unsigned int state);

/* QUEUE_LIST_ASK: live messages in rising MID order, a page at a time */
struct frame_queue_list_ask {
	uint64_t id;
	uint64_t after_mid;
	uint32_t limit;		/* rows, at most 1000 */
	struct text sender;	/* substring, empty: any */
	struct text recipient;
	struct text destination;
	uint8_t held_only;
	uint8_t encryption_only;	/* those that wait for protect */
	uint8_t quarantined_only;	/* with quarantine empty: in any */
	struct text quarantine;		/* only those in this one */
};

struct frame_queue_row {
	uint64_t mid;
	uint8_t state;		/* enum message_state */
	int64_t received_us;
	uint64_t size;
	struct text sender;
	struct text recipient;	/* the first live one */
	uint32_t recipient_count;	/* live ones */
	uint32_t attempts;
	int64_t next_try_us;	/* 0: none */
	struct text reason;	/* of the last deferral, or why held */
	struct text quarantine;	/* its name, where it lies in one */
	struct text profile;	/* of encryption, where one is asked for */
};

/* QUEUE_LIST */
struct frame_queue_list {
	uint64_t id;
	struct frame_queue_row *rows;
	size_t row_count;
	uint8_t more;
};

struct frame_queue_mid {	/* QUEUE_MESSAGE_ASK */
	uint64_t id;
	uint64_t mid;
};

struct frame_queue_recipient {
	uint32_t rid;
	uint8_t state;		/* enum recipient_state */
	struct text address;
	struct text destination;
	uint32_t attempts;
	int64_t next_try_us;
	struct text status;
	struct text reason;
	struct text host;
};

/* A live message that comes from the one asked about. */
struct frame_queue_child {
	uint64_t mid;
};
#define FRAME_QUEUE_CHILDREN_MAX 1000

/* QUEUE_MESSAGE */
struct frame_queue_message {
	uint64_t id;
	uint8_t found;
	uint8_t state;
	uint32_t crashes;
	struct text reason;	/* why held */
	struct text disposition;
	uint64_t disposition_version;
	struct envelope envelope;	/* without recipients */
	struct frame_queue_recipient *recipients;
	size_t recipient_count;
	struct text quarantine;
	/* What it must become before it leaves (frame_judge.h). */
	struct frame_protection protection;
	uint8_t is_protected;
	struct text reference;	/* of its envelope, for people */
	uint64_t parent_mid;	/* that it comes from, or 0 */
	/* What its disposition says of its way; each may be empty. */
	struct text policy;
	struct text next_hop;
	struct text bounce_profile;
	struct frame_queue_child *children;
	size_t child_count;
};

enum frame_queue_action {
	FRAME_QUEUE_RETRY,	/* due now */
	FRAME_QUEUE_HOLD,
	FRAME_QUEUE_RELEASE,
	FRAME_QUEUE_DELETE,	/* no DSN; counted as deleted */
	FRAME_QUEUE_ABORT,	/* give it up: the sender is told */
};

/* QUEUE_ACT_ASK */
struct frame_queue_act_ask {
	uint64_t id;
	uint8_t action;		/* enum frame_queue_action */
	uint64_t mid;		/* 0: all that the filters match */
	uint32_t rid;		/* 0: all recipients (delete only) */
	struct text sender;
	struct text recipient;
	struct text destination;
	struct text actor;	/* user, for the log */
	struct text quarantine;	/* only what lies in this one */
};

/* QUEUE_ACT: sent when the change is durable */
struct frame_queue_act {
	uint64_t id;
	uint64_t affected;	/* messages */
	uint64_t recipients;
	struct text reason;	/* why none, where none */
};

/* QUEUE_LEDGER: counted in recipients since the queue was made */
struct frame_queue_ledger {
	uint64_t id;
	uint64_t accepted;
	uint64_t generated;
	uint64_t delivered;
	uint64_t failed;
	uint64_t dropped;
	uint64_t deleted;
	uint64_t expired;
	uint64_t live;		/* as the totals say */
	uint64_t counted_queued;	/* as counted one by one in memory */
	uint64_t counted_held;
	uint64_t counted_index;	/* as counted in queue.db */
	uint64_t messages;	/* live messages */
	uint8_t balanced;
	struct text problem;	/* what does not fit, where it does not */
};

extern const struct record_shape frame_queue_list_ask_shape;
extern const struct record_shape frame_queue_list_shape;
extern const struct record_shape frame_queue_mid_shape;
extern const struct record_shape frame_queue_message_shape;
extern const struct record_shape frame_queue_act_ask_shape;
extern const struct record_shape frame_queue_act_shape;
extern const struct record_shape frame_queue_ledger_shape;

#endif
