/*
 * Shapes of the frames between smtp and queue.
 */
#include "gateway/protocol/frame_submit.h"

#include <stddef.h>

static const struct record_field id_lease_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_id_lease_ask, kind),
	RECORD_NUMBER(2, RECORD_U32, struct frame_id_lease_ask, count),
};
const struct record_shape frame_id_lease_ask_shape =
    RECORD_SHAPE(frame_id_lease_ask, id_lease_ask_fields);

static const struct record_field id_lease_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_id_lease, kind),
	RECORD_NUMBER(2, RECORD_U64, struct frame_id_lease, first),
	RECORD_NUMBER(3, RECORD_U32, struct frame_id_lease, count),
};
const struct record_shape frame_id_lease_shape =
    RECORD_SHAPE(frame_id_lease, id_lease_fields);

static const struct record_field budget_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_budget, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_budget, bytes),
	RECORD_NUMBER(3, RECORD_U8, struct frame_budget, granted),
};
const struct record_shape frame_budget_shape =
    RECORD_SHAPE(frame_budget, budget_fields);

static const struct record_field submit_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_submit, id),
	RECORD_ONE_FIELD(2, struct frame_submit, envelope, &envelope_shape),
	RECORD_TEXT_FIELD(3, struct frame_submit, body,
	    FRAME_BODY_INLINE_MAX),
};
const struct record_shape frame_submit_shape =
    RECORD_SHAPE(frame_submit, submit_fields);

static const struct record_field submit_result_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_submit_result, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_submit_result, mid),
	RECORD_NUMBER(3, RECORD_U8, struct frame_submit_result, outcome),
	RECORD_NUMBER(4, RECORD_U16, struct frame_submit_result, reply),
	RECORD_TEXT_FIELD(5, struct frame_submit_result, status, 16),
	RECORD_TEXT_FIELD(6, struct frame_submit_result, reason, 1024),
};
const struct record_shape frame_submit_result_shape =
    RECORD_SHAPE(frame_submit_result, submit_result_fields);

static const struct record_field accepting_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_accepting, accepting),
	RECORD_TEXT_FIELD(2, struct frame_accepting, reason, 1024),
};
const struct record_shape frame_accepting_shape =
    RECORD_SHAPE(frame_accepting, accepting_fields);
