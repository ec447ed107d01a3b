/*
 * Shapes of the frames between admin and queue, and the names of states.
 */
#include "gateway/protocol/frame_queue_admin.h"

#include <stddef.h>

#define WORDS_MAX 1024

static const char *const message_state_names[MESSAGE_STATES] = {
	[MESSAGE_RECEIVED] = "received",
	[MESSAGE_JUDGING] = "judging",
	[MESSAGE_PROTECTING] = "protecting",
	[MESSAGE_READY] = "ready",
	[MESSAGE_SENDING] = "sending",
	[MESSAGE_HELD] = "held",
	[MESSAGE_DONE] = "done",
};

static const char *const recipient_state_names[RECIPIENT_STATES] = {
	[RECIPIENT_LIVE] = "live",
	[RECIPIENT_DELIVERED] = "delivered",
	[RECIPIENT_FAILED] = "failed",
	[RECIPIENT_EXPIRED] = "expired",
	[RECIPIENT_DELETED] = "deleted",
	[RECIPIENT_DROPPED] = "dropped",
	[RECIPIENT_MOVED] = "moved",
};

const char *
message_state_name(unsigned int state)
{
	return state < MESSAGE_STATES ? message_state_names[state] : "unknown";
}

const char *
recipient_state_name(unsigned int state)
{
	return state < RECIPIENT_STATES ? recipient_state_names[state] :
	    "unknown";
}

static const struct record_field list_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_list_ask, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_queue_list_ask, after_mid),
	RECORD_NUMBER(3, RECORD_U32, struct frame_queue_list_ask, limit),
	RECORD_TEXT_FIELD(4, struct frame_queue_list_ask, sender, WORDS_MAX),
	RECORD_TEXT_FIELD(5, struct frame_queue_list_ask, recipient,
	    WORDS_MAX),
	RECORD_TEXT_FIELD(6, struct frame_queue_list_ask, destination,
	    WORDS_MAX),
	RECORD_NUMBER(7, RECORD_U8, struct frame_queue_list_ask, held_only),
	RECORD_NUMBER(8, RECORD_U8, struct frame_queue_list_ask,
	    encryption_only),
	RECORD_NUMBER(9, RECORD_U8, struct frame_queue_list_ask,
	    quarantined_only),
	RECORD_TEXT_FIELD(10, struct frame_queue_list_ask, quarantine,
	    WORDS_MAX),
};
const struct record_shape frame_queue_list_ask_shape =
    RECORD_SHAPE(frame_queue_list_ask, list_ask_fields);

static const struct record_field row_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_row, mid),
	RECORD_NUMBER(2, RECORD_U8, struct frame_queue_row, state),
	RECORD_NUMBER(3, RECORD_I64, struct frame_queue_row, received_us),
	RECORD_NUMBER(4, RECORD_U64, struct frame_queue_row, size),
	RECORD_TEXT_FIELD(5, struct frame_queue_row, sender, WORDS_MAX),
	RECORD_TEXT_FIELD(6, struct frame_queue_row, recipient, WORDS_MAX),
	RECORD_NUMBER(7, RECORD_U32, struct frame_queue_row,
	    recipient_count),
	RECORD_NUMBER(8, RECORD_U32, struct frame_queue_row, attempts),
	RECORD_NUMBER(9, RECORD_I64, struct frame_queue_row, next_try_us),
	RECORD_TEXT_FIELD(10, struct frame_queue_row, reason, WORDS_MAX),
	RECORD_TEXT_FIELD(11, struct frame_queue_row, quarantine, WORDS_MAX),
	RECORD_TEXT_FIELD(12, struct frame_queue_row, profile, WORDS_MAX),
};
static const struct record_shape row_shape =
    RECORD_SHAPE(frame_queue_row, row_fields);

static const struct record_field list_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_list, id),
	RECORD_LIST_FIELD(2, struct frame_queue_list, rows, row_count, 1000,
	    &row_shape),
	RECORD_NUMBER(3, RECORD_U8, struct frame_queue_list, more),
};
const struct record_shape frame_queue_list_shape =
    RECORD_SHAPE(frame_queue_list, list_fields);

static const struct record_field mid_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_mid, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_queue_mid, mid),
};
const struct record_shape frame_queue_mid_shape =
    RECORD_SHAPE(frame_queue_mid, mid_fields);

static const struct record_field recipient_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct frame_queue_recipient, rid),
	RECORD_NUMBER(2, RECORD_U8, struct frame_queue_recipient, state),
	RECORD_TEXT_FIELD(3, struct frame_queue_recipient, address,
	    WORDS_MAX),
	RECORD_TEXT_FIELD(4, struct frame_queue_recipient, destination,
	    4096),
	RECORD_NUMBER(5, RECORD_U32, struct frame_queue_recipient, attempts),
	RECORD_NUMBER(6, RECORD_I64, struct frame_queue_recipient,
	    next_try_us),
	RECORD_TEXT_FIELD(7, struct frame_queue_recipient, status, 16),
	RECORD_TEXT_FIELD(8, struct frame_queue_recipient, reason,
	    WORDS_MAX),
	RECORD_TEXT_FIELD(9, struct frame_queue_recipient, host, WORDS_MAX),
};
static const struct record_shape recipient_shape =
    RECORD_SHAPE(frame_queue_recipient, recipient_fields);

static const struct record_field child_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_child, mid),
};
static const struct record_shape child_shape =
    RECORD_SHAPE(frame_queue_child, child_fields);

static const struct record_field message_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_message, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_queue_message, found),
	RECORD_NUMBER(3, RECORD_U8, struct frame_queue_message, state),
	RECORD_NUMBER(4, RECORD_U32, struct frame_queue_message, crashes),
	RECORD_TEXT_FIELD(5, struct frame_queue_message, reason, WORDS_MAX),
	RECORD_TEXT_FIELD(6, struct frame_queue_message, disposition,
	    WORDS_MAX),
	RECORD_NUMBER(7, RECORD_U64, struct frame_queue_message,
	    disposition_version),
	RECORD_ONE_FIELD(8, struct frame_queue_message, envelope,
	    &envelope_shape),
	RECORD_LIST_FIELD(9, struct frame_queue_message, recipients,
	    recipient_count, ENVELOPE_RECIPIENTS_MAX, &recipient_shape),
	RECORD_TEXT_FIELD(10, struct frame_queue_message, quarantine,
	    WORDS_MAX),
	RECORD_ONE_FIELD(11, struct frame_queue_message, protection,
	    &frame_protection_shape),
	RECORD_NUMBER(12, RECORD_U8, struct frame_queue_message,
	    is_protected),
	RECORD_TEXT_FIELD(13, struct frame_queue_message, reference, 32),
	RECORD_NUMBER(14, RECORD_U64, struct frame_queue_message,
	    parent_mid),
	RECORD_TEXT_FIELD(15, struct frame_queue_message, policy, WORDS_MAX),
	RECORD_TEXT_FIELD(16, struct frame_queue_message, next_hop,
	    WORDS_MAX),
	RECORD_TEXT_FIELD(17, struct frame_queue_message, bounce_profile,
	    WORDS_MAX),
	RECORD_LIST_FIELD(18, struct frame_queue_message, children,
	    child_count, FRAME_QUEUE_CHILDREN_MAX, &child_shape),
};
const struct record_shape frame_queue_message_shape =
    RECORD_SHAPE(frame_queue_message, message_fields);

static const struct record_field act_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_act_ask, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_queue_act_ask, action),
	RECORD_NUMBER(3, RECORD_U64, struct frame_queue_act_ask, mid),
	RECORD_NUMBER(4, RECORD_U32, struct frame_queue_act_ask, rid),
	RECORD_TEXT_FIELD(5, struct frame_queue_act_ask, sender, WORDS_MAX),
	RECORD_TEXT_FIELD(6, struct frame_queue_act_ask, recipient,
	    WORDS_MAX),
	RECORD_TEXT_FIELD(7, struct frame_queue_act_ask, destination,
	    WORDS_MAX),
	RECORD_TEXT_FIELD(8, struct frame_queue_act_ask, actor, WORDS_MAX),
	RECORD_TEXT_FIELD(9, struct frame_queue_act_ask, quarantine,
	    WORDS_MAX),
};
const struct record_shape frame_queue_act_ask_shape =
    RECORD_SHAPE(frame_queue_act_ask, act_ask_fields);

static const struct record_field act_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_act, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_queue_act, affected),
	RECORD_NUMBER(3, RECORD_U64, struct frame_queue_act, recipients),
	RECORD_TEXT_FIELD(4, struct frame_queue_act, reason, WORDS_MAX),
};
const struct record_shape frame_queue_act_shape =
    RECORD_SHAPE(frame_queue_act, act_fields);

static const struct record_field ledger_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_queue_ledger, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_queue_ledger, accepted),
	RECORD_NUMBER(3, RECORD_U64, struct frame_queue_ledger, generated),
	RECORD_NUMBER(4, RECORD_U64, struct frame_queue_ledger, delivered),
	RECORD_NUMBER(5, RECORD_U64, struct frame_queue_ledger, failed),
	RECORD_NUMBER(6, RECORD_U64, struct frame_queue_ledger, dropped),
	RECORD_NUMBER(7, RECORD_U64, struct frame_queue_ledger, deleted),
	RECORD_NUMBER(8, RECORD_U64, struct frame_queue_ledger, expired),
	RECORD_NUMBER(9, RECORD_U64, struct frame_queue_ledger, live),
	RECORD_NUMBER(10, RECORD_U64, struct frame_queue_ledger,
	    counted_queued),
	RECORD_NUMBER(11, RECORD_U64, struct frame_queue_ledger,
	    counted_held),
	RECORD_NUMBER(12, RECORD_U64, struct frame_queue_ledger,
	    counted_index),
	RECORD_NUMBER(13, RECORD_U64, struct frame_queue_ledger, messages),
	RECORD_NUMBER(14, RECORD_U8, struct frame_queue_ledger, balanced),
	RECORD_TEXT_FIELD(15, struct frame_queue_ledger, problem, WORDS_MAX),
};
const struct record_shape frame_queue_ledger_shape =
    RECORD_SHAPE(frame_queue_ledger, ledger_fields);
