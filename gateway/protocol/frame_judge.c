/*
 * Shapes of the frames between queue and scan.
 */
#include "gateway/protocol/frame_judge.h"

#include <stddef.h>

#include "gateway/protocol/frame_submit.h"

#define NAME_MAX_BYTES 256

static const char *const verdict_names[FRAME_VERDICTS] = {
	[FRAME_VERDICT_DELIVER] = "deliver",
	[FRAME_VERDICT_DROP] = "drop",
	[FRAME_VERDICT_BOUNCE] = "bounce",
	[FRAME_VERDICT_QUARANTINE] = "quarantine",
	[FRAME_VERDICT_SET_ASIDE] = "set aside",
};

const char *
frame_verdict_name(unsigned int verdict)
{
	return verdict < FRAME_VERDICTS ? verdict_names[verdict] : "unknown";
}

static const struct record_field judge_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_judge, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_judge, attempt),
	RECORD_ONE_FIELD(3, struct frame_judge, envelope, &envelope_shape),
	RECORD_TEXT_FIELD(4, struct frame_judge, body, FRAME_BODY_INLINE_MAX),
};
const struct record_shape frame_judge_shape =
    RECORD_SHAPE(frame_judge, judge_fields);

static const struct record_field protection_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_protection, form),
	RECORD_TEXT_FIELD(2, struct frame_protection, profile, NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(3, struct frame_protection, subject, FRAME_WORDS_MAX),
};
const struct record_shape frame_protection_shape =
    RECORD_SHAPE(frame_protection, protection_fields);

static const struct record_field disposition_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_disposition, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_disposition, attempt),
	RECORD_NUMBER(3, RECORD_U64, struct frame_disposition, config_version),
	RECORD_NUMBER(4, RECORD_U8, struct frame_disposition, verdict),
	RECORD_TEXT_FIELD(5, struct frame_disposition, quarantine,
	    NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(6, struct frame_disposition, reason, FRAME_WORDS_MAX),
	RECORD_TEXT_FIELD(7, struct frame_disposition, words, FRAME_WORDS_MAX),
	RECORD_ONE_FIELD(8, struct frame_disposition, protection,
	    &frame_protection_shape),
	RECORD_TEXTS_FIELD(9, struct frame_disposition, log_entries,
	    log_entry_count, FRAME_LOG_ENTRIES_MAX),
	RECORD_TEXTS_FIELD(10, struct frame_disposition, tags, tag_count,
	    FRAME_TAGS_MAX),
	RECORD_NUMBER(11, RECORD_U8, struct frame_disposition, has_body),
	RECORD_NUMBER(12, RECORD_U64, struct frame_disposition, size),
	RECORD_BYTES_FIELD(13, struct frame_disposition, sha256),
	RECORD_TEXT_FIELD(14, struct frame_disposition, body,
	    FRAME_BODY_INLINE_MAX),
};
const struct record_shape frame_disposition_shape =
    RECORD_SHAPE(frame_disposition, disposition_fields);
