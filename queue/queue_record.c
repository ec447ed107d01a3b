/*
 * The shapes of the queue's records.  PROTOCOL.queuerecords.
 */
#include "queue/queue_record.h"

static const struct record_field recipient_change_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct queue_recipient_change, rid),
	RECORD_NUMBER(2, RECORD_U8, struct queue_recipient_change, state),
	RECORD_NUMBER(3, RECORD_U32, struct queue_recipient_change,
	    attempts),
	RECORD_NUMBER(4, RECORD_I64, struct queue_recipient_change,
	    next_try_us),
	RECORD_NUMBER(5, RECORD_U8, struct queue_recipient_change, warned),
	RECORD_TEXT_FIELD(6, struct queue_recipient_change, status, 16),
	RECORD_TEXT_FIELD(7, struct queue_recipient_change, reason,
	    QUEUE_WORDS_MAX),
	RECORD_TEXT_FIELD(8, struct queue_recipient_change, host,
	    QUEUE_WORDS_MAX),
};
static const struct record_shape recipient_change_shape =
    RECORD_SHAPE(queue_recipient_change, recipient_change_fields);

static const struct record_field place_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct segment_place, segment),
	RECORD_NUMBER(2, RECORD_U32, struct segment_place, offset),
	RECORD_NUMBER(3, RECORD_U32, struct segment_place, envelope_len),
	RECORD_NUMBER(4, RECORD_U32, struct segment_place, body_len),
};
static const struct record_shape place_shape =
    RECORD_SHAPE(segment_place, place_fields);

static const struct record_field protection_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct queue_protection, form),
	RECORD_TEXT_FIELD(2, struct queue_protection, profile,
	    QUEUE_NAME_MAX),
	RECORD_TEXT_FIELD(3, struct queue_protection, subject,
	    QUEUE_WORDS_MAX),
	RECORD_BYTES_FIELD(4, struct queue_protection, envelope_id),
	RECORD_NUMBER(5, RECORD_I64, struct queue_protection, since_us),
	RECORD_NUMBER(6, RECORD_U32, struct queue_protection, attempts),
	RECORD_NUMBER(7, RECORD_I64, struct queue_protection, next_try_us),
	RECORD_TEXT_FIELD(8, struct queue_protection, reason,
	    QUEUE_WORDS_MAX),
	RECORD_NUMBER(9, RECORD_I64, struct queue_protection, met_us),
	RECORD_BYTES_FIELD(10, struct queue_protection, met_sha256),
	RECORD_TEXT_FIELD(11, struct queue_protection, reference,
	    QUEUE_REFERENCE_MAX),
};
static const struct record_shape protection_shape =
    RECORD_SHAPE(queue_protection, protection_fields);

static const struct record_field ruling_fields[] = {
	RECORD_TEXT_FIELD(1, struct queue_ruling, policy, QUEUE_NAME_MAX),
	RECORD_TEXT_FIELD(2, struct queue_ruling, next_hop, QUEUE_NAME_MAX),
	RECORD_TEXT_FIELD(3, struct queue_ruling, bounce_profile,
	    QUEUE_NAME_MAX),
};
static const struct record_shape ruling_shape =
    RECORD_SHAPE(queue_ruling, ruling_fields);

static const struct record_field change_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct queue_change, set),
	RECORD_NUMBER(2, RECORD_U8, struct queue_change, state),
	RECORD_TEXT_FIELD(3, struct queue_change, hold_reason,
	    QUEUE_WORDS_MAX),
	RECORD_TEXT_FIELD(4, struct queue_change, disposition,
	    QUEUE_WORDS_MAX),
	RECORD_NUMBER(5, RECORD_U64, struct queue_change,
	    disposition_version),
	RECORD_NUMBER(6, RECORD_U32, struct queue_change, crashes),
	RECORD_LIST_FIELD(7, struct queue_change, recipients,
	    recipient_count, ENVELOPE_RECIPIENTS_MAX,
	    &recipient_change_shape),
	RECORD_TEXT_FIELD(8, struct queue_change, child, QUEUE_ENVELOPE_MAX),
	RECORD_ONE_FIELD(9, struct queue_change, protection,
	    &protection_shape),
	RECORD_TEXT_FIELD(10, struct queue_change, quarantine,
	    QUEUE_NAME_MAX),
	RECORD_TEXT_FIELD(11, struct queue_change, tags, QUEUE_WORDS_MAX),
	RECORD_NUMBER(12, RECORD_U64, struct queue_change, size),
	RECORD_BYTES_FIELD(13, struct queue_change, sha256),
	RECORD_LIST_FIELD(14, struct queue_change, pieces, piece_count,
	    QUEUE_PIECES_MAX, &place_shape),
	RECORD_TEXT_FIELD(15, struct queue_change, facts, QUEUE_FACTS_MAX),
	RECORD_ONE_FIELD(16, struct queue_change, ruling, &ruling_shape),
};
const struct record_shape queue_change_shape =
    RECORD_SHAPE(queue_change, change_fields);

static const struct record_field saved_fields[] = {
	RECORD_TEXT_FIELD(1, struct queue_saved, envelope,
	    QUEUE_ENVELOPE_MAX),
	RECORD_LIST_FIELD(2, struct queue_saved, pieces, piece_count,
	    QUEUE_PIECES_MAX, &place_shape),
	RECORD_ONE_FIELD(3, struct queue_saved, state, &queue_change_shape),
	RECORD_NUMBER(4, RECORD_U64, struct queue_saved, pieces_mid),
	RECORD_NUMBER(5, RECORD_U64, struct queue_saved, parent_mid),
	RECORD_NUMBER(6, RECORD_U8, struct queue_saved, passes),
};
const struct record_shape queue_saved_shape =
    RECORD_SHAPE(queue_saved, saved_fields);

static const struct record_field split_fields[] = {
	RECORD_ONE_FIELD(1, struct queue_split_record, parent,
	    &queue_change_shape),
	RECORD_ONE_FIELD(2, struct queue_split_record, child,
	    &queue_saved_shape),
	RECORD_ONE_FIELD(3, struct queue_split_record, place, &place_shape),
	RECORD_NUMBER(4, RECORD_U64, struct queue_split_record, body_mid),
};
const struct record_shape queue_split_record_shape =
    RECORD_SHAPE(queue_split_record, split_fields);

static const struct record_field shared_body_fields[] = {
	RECORD_LIST_FIELD(1, struct queue_shared_body, pieces, piece_count,
	    QUEUE_PIECES_MAX, &place_shape),
	RECORD_NUMBER(2, RECORD_U64, struct queue_shared_body, pieces_mid),
	RECORD_ONE_FIELD(3, struct queue_shared_body, place, &place_shape),
	RECORD_NUMBER(4, RECORD_U64, struct queue_shared_body, body_mid),
};
static const struct record_shape shared_body_shape =
    RECORD_SHAPE(queue_shared_body, shared_body_fields);

static const struct record_field disposed_fields[] = {
	RECORD_ONE_FIELD(1, struct queue_disposed, saved,
	    &queue_saved_shape),
	RECORD_NUMBER(2, RECORD_U32, struct queue_disposed, body),
	RECORD_NUMBER(3, RECORD_U8, struct queue_disposed, generated),
};
static const struct record_shape disposed_shape =
    RECORD_SHAPE(queue_disposed, disposed_fields);

static const struct record_field dispose_fields[] = {
	RECORD_ONE_FIELD(1, struct queue_dispose_record, parent,
	    &queue_change_shape),
	RECORD_LIST_FIELD(2, struct queue_dispose_record, bodies, body_count,
	    QUEUE_DISPOSE_BODIES_MAX, &shared_body_shape),
	RECORD_LIST_FIELD(3, struct queue_dispose_record, messages,
	    message_count, QUEUE_DISPOSED_MAX, &disposed_shape),
};
const struct record_shape queue_dispose_record_shape =
    RECORD_SHAPE(queue_dispose_record, dispose_fields);

static const struct record_field body_piece_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct queue_body_piece, index),
};
const struct record_shape queue_body_piece_shape =
    RECORD_SHAPE(queue_body_piece, body_piece_fields);

static const struct {
	const char *name;
	const struct record_shape *shape;
} records[] = {
	[QUEUE_RECORD_COUNTERS] = { "counters", &queue_counters_shape },
	[QUEUE_RECORD_ACCEPT] = { "accept", &queue_saved_shape },
	[QUEUE_RECORD_BODY] = { "body", &queue_body_piece_shape },
	[QUEUE_RECORD_STATE] = { "state", &queue_change_shape },
	[QUEUE_RECORD_OUTCOME] = { "outcome", &queue_change_shape },
	[QUEUE_RECORD_RELOC] = { "reloc", &queue_saved_shape },
	[QUEUE_RECORD_SPLIT] = { "split", &queue_split_record_shape },
	[QUEUE_RECORD_DISPOSE] = { "dispose", &queue_dispose_record_shape },
};
#define RECORDS (sizeof(records) / sizeof(records[0]))

const char *
queue_record_name(unsigned int type)
{
	if (type >= RECORDS || records[type].name == NULL)
		return "unknown";
	return records[type].name;
}

int
queue_record_decode(unsigned int type, struct text bytes,
    struct arena *arena, union queue_record *out)
{
	if (type >= RECORDS || records[type].shape == NULL)
		return ERROR_NOT_FOUND;
	return record_decode(records[type].shape, bytes, arena, out);
}

int
queue_record_encode(unsigned int type, const union queue_record *value,
    struct buffer *out)
{
	if (type >= RECORDS || records[type].shape == NULL)
		return ERROR_NOT_FOUND;
	return record_encode(records[type].shape, value, out);
}
