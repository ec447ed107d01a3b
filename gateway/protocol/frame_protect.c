/*
 * Shapes of the frames between queue and protect.
 */
#include "gateway/protocol/frame_protect.h"

#include <stddef.h>

#include "gateway/protocol/frame_submit.h"

#define NAME_MAX_BYTES 256
#define WORDS_MAX 1024

static const struct record_field protect_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_protect, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_protect, attempt),
	RECORD_ONE_FIELD(3, struct frame_protect, envelope, &envelope_shape),
	RECORD_TEXT_FIELD(4, struct frame_protect, body, FRAME_BODY_INLINE_MAX),
	RECORD_TEXT_FIELD(5, struct frame_protect, profile, NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(6, struct frame_protect, subject, WORDS_MAX),
	RECORD_BYTES_FIELD(7, struct frame_protect, envelope_id),
};
const struct record_shape frame_protect_shape =
    RECORD_SHAPE(frame_protect, protect_fields);

static const struct record_field protected_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_protected, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_protected, attempt),
	RECORD_NUMBER(3, RECORD_U8, struct frame_protected, outcome),
	RECORD_TEXT_FIELD(4, struct frame_protected, status, 16),
	RECORD_TEXT_FIELD(5, struct frame_protected, reason, WORDS_MAX),
	RECORD_TEXT_FIELD(6, struct frame_protected, reference, 32),
	RECORD_NUMBER(7, RECORD_U64, struct frame_protected, size),
	RECORD_BYTES_FIELD(8, struct frame_protected, sha256),
	RECORD_TEXT_FIELD(9, struct frame_protected, body,
	    FRAME_BODY_INLINE_MAX),
};
const struct record_shape frame_protected_shape =
    RECORD_SHAPE(frame_protected, protected_fields);
