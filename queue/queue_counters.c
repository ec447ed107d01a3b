/*
 * The shape of COUNTERS.
 */
#include "queue/queue_counters.h"

static const struct record_field totals_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct queue_totals, accepted),
	RECORD_NUMBER(2, RECORD_U64, struct queue_totals, generated),
	RECORD_NUMBER(3, RECORD_U64, struct queue_totals, delivered),
	RECORD_NUMBER(4, RECORD_U64, struct queue_totals, failed),
	RECORD_NUMBER(5, RECORD_U64, struct queue_totals, dropped),
	RECORD_NUMBER(6, RECORD_U64, struct queue_totals, deleted),
	RECORD_NUMBER(7, RECORD_U64, struct queue_totals, expired),
};
static const struct record_shape totals_shape =
    RECORD_SHAPE(queue_totals, totals_fields);

static const struct record_field jump_fields[] = {
	RECORD_NUMBER(1, RECORD_I64, struct queue_jump, before_us),
	RECORD_NUMBER(2, RECORD_I64, struct queue_jump, amount_us),
};
static const struct record_shape jump_shape =
    RECORD_SHAPE(queue_jump, jump_fields);

static const struct record_field counters_fields[] = {
	RECORD_ONE_FIELD(1, struct queue_counters, totals, &totals_shape),
	RECORD_NUMBER(2, RECORD_U64, struct queue_counters, mid_limit),
	RECORD_NUMBER(3, RECORD_U64, struct queue_counters, icid_limit),
	RECORD_NUMBER(4, RECORD_U64, struct queue_counters, dcid_limit),
	RECORD_NUMBER(5, RECORD_U64, struct queue_counters, job_limit),
	RECORD_LIST_FIELD(6, struct queue_counters, jumps, jump_count,
	    QUEUE_JUMPS_MAX, &jump_shape),
};
const struct record_shape queue_counters_shape =
    RECORD_SHAPE(queue_counters, counters_fields);
