/*
 * Shapes of the frames between the supervisor and its children.
 */
#include "gateway/protocol/frame_supervisor.h"

#include <stddef.h>

#define PROCESSES_MAX 1024
#define WORDS_MAX 1024

static const struct record_field version_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_version, version),
};
const struct record_shape frame_version_shape =
    RECORD_SHAPE(frame_version, version_fields);

static const struct record_field reject_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_reject, version),
	RECORD_TEXT_FIELD(2, struct frame_reject, path, WORDS_MAX),
	RECORD_TEXT_FIELD(3, struct frame_reject, reason, WORDS_MAX),
};
const struct record_shape frame_reject_shape =
    RECORD_SHAPE(frame_reject, reject_fields);

static const struct record_field listener_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_listener, name, WORDS_MAX),
	RECORD_NUMBER(2, RECORD_U8, struct frame_listener, gone),
};
const struct record_shape frame_listener_shape =
    RECORD_SHAPE(frame_listener, listener_fields);

static const struct record_field channel_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct frame_channel, kind),
	RECORD_NUMBER(2, RECORD_U32, struct frame_channel, number),
};
const struct record_shape frame_channel_shape =
    RECORD_SHAPE(frame_channel, channel_fields);

static const struct record_field empty_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_empty, unused),
};
const struct record_shape frame_empty_shape =
    RECORD_SHAPE(frame_empty, empty_fields);

static const struct record_field counter_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_counter, name, 64),
	RECORD_NUMBER(2, RECORD_U64, struct frame_counter, value),
};
static const struct record_shape counter_shape =
    RECORD_SHAPE(frame_counter, counter_fields);

static const struct record_field heartbeat_fields[] = {
	RECORD_LIST_FIELD(1, struct frame_heartbeat, counters, counter_count,
	    FRAME_COUNTERS_MAX, &counter_shape),
};
const struct record_shape frame_heartbeat_shape =
    RECORD_SHAPE(frame_heartbeat, heartbeat_fields);

static const struct record_field charge_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_charge, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_charge, kind),
	RECORD_NUMBER(3, RECORD_U32, struct frame_charge, signal),
};
const struct record_shape frame_charge_shape =
    RECORD_SHAPE(frame_charge, charge_fields);

static const struct record_field propose_result_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_propose_result, version),
	RECORD_NUMBER(2, RECORD_U8, struct frame_propose_result, accepted),
	RECORD_TEXT_FIELD(3, struct frame_propose_result, process, 64),
	RECORD_TEXT_FIELD(4, struct frame_propose_result, path, WORDS_MAX),
	RECORD_TEXT_FIELD(5, struct frame_propose_result, reason, WORDS_MAX),
};
const struct record_shape frame_propose_result_shape =
    RECORD_SHAPE(frame_propose_result, propose_result_fields);

static const struct record_field ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_ask, id),
};
const struct record_shape frame_ask_shape =
    RECORD_SHAPE(frame_ask, ask_fields);

static const struct record_field process_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct frame_process, kind),
	RECORD_NUMBER(2, RECORD_U32, struct frame_process, number),
	RECORD_NUMBER(3, RECORD_U32, struct frame_process, pid),
	RECORD_NUMBER(4, RECORD_U8, struct frame_process, state),
	RECORD_NUMBER(5, RECORD_U32, struct frame_process, restarts),
	RECORD_NUMBER(6, RECORD_I64, struct frame_process, started_us),
	RECORD_LIST_FIELD(7, struct frame_process, counters, counter_count,
	    FRAME_COUNTERS_MAX, &counter_shape),
};
static const struct record_shape process_shape =
    RECORD_SHAPE(frame_process, process_fields);

static const struct record_field status_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_status, id),
	RECORD_NUMBER(2, RECORD_U64, struct frame_status, config_version),
	RECORD_NUMBER(3, RECORD_I64, struct frame_status, started_us),
	RECORD_LIST_FIELD(4, struct frame_status, processes, process_count,
	    PROCESSES_MAX, &process_shape),
};
const struct record_shape frame_status_shape =
    RECORD_SHAPE(frame_status, status_fields);
