/*
 * Shapes of the frames between queue and deliver.
 */
#include "gateway/protocol/frame_deliver.h"

#include <stddef.h>

#include "gateway/protocol/frame_submit.h"

#define NAME_MAX_BYTES 1024

static const struct record_field destination_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_destination, key, 4096),
	RECORD_TEXT_FIELD(2, struct frame_destination, domain,
	    NAME_MAX_BYTES),
	RECORD_TEXTS_FIELD(3, struct frame_destination, hosts, host_count,
	    64),
	RECORD_NUMBER(4, RECORD_U8, struct frame_destination, tls),
	RECORD_TEXTS_FIELD(5, struct frame_destination, tls_names,
	    tls_name_count, 64),
	RECORD_NUMBER(6, RECORD_U32, struct frame_destination, concurrency),
	RECORD_NUMBER(7, RECORD_U32, struct frame_destination,
	    messages_per_connection),
	RECORD_NUMBER(8, RECORD_U64, struct frame_destination,
	    config_version),
	RECORD_NUMBER(9, RECORD_U8, struct frame_destination, or_envelope),
};
static const struct record_shape destination_shape =
    RECORD_SHAPE(frame_destination, destination_fields);

static const struct record_field job_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_job, job),
	RECORD_NUMBER(2, RECORD_U32, struct frame_job, attempt),
	RECORD_ONE_FIELD(3, struct frame_job, destination,
	    &destination_shape),
	RECORD_ONE_FIELD(4, struct frame_job, envelope, &envelope_shape),
	RECORD_TEXT_FIELD(5, struct frame_job, body, FRAME_BODY_INLINE_MAX),
	RECORD_NUMBER(6, RECORD_U8, struct frame_job, protection),
	RECORD_BYTES_FIELD(7, struct frame_job, met_sha256),
};
const struct record_shape frame_job_shape =
    RECORD_SHAPE(frame_job, job_fields);

static const struct record_field recipient_result_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct frame_recipient_result, rid),
	RECORD_NUMBER(2, RECORD_U8, struct frame_recipient_result, result),
	RECORD_NUMBER(3, RECORD_U16, struct frame_recipient_result, reply),
	RECORD_TEXT_FIELD(4, struct frame_recipient_result, status, 16),
	RECORD_TEXT_FIELD(5, struct frame_recipient_result, reason,
	    NAME_MAX_BYTES),
};
static const struct record_shape recipient_result_shape =
    RECORD_SHAPE(frame_recipient_result, recipient_result_fields);

static const struct record_field job_result_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_job_result, job),
	RECORD_NUMBER(2, RECORD_U64, struct frame_job_result, mid),
	RECORD_NUMBER(3, RECORD_U32, struct frame_job_result, attempt),
	RECORD_NUMBER(4, RECORD_U64, struct frame_job_result, dcid),
	RECORD_NUMBER(5, RECORD_U8, struct frame_job_result, destination),
	RECORD_TEXT_FIELD(6, struct frame_job_result, host, NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(7, struct frame_job_result, tls, NAME_MAX_BYTES),
	RECORD_LIST_FIELD(8, struct frame_job_result, recipients,
	    recipient_count, ENVELOPE_RECIPIENTS_MAX,
	    &recipient_result_shape),
};
const struct record_shape frame_job_result_shape =
    RECORD_SHAPE(frame_job_result, job_result_fields);
