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
};

const char *
frame_verdict_name(unsigned int verdict)
{
	return verdict < FRAME_VERDICTS ? verdict_names[verdict] : "unknown";
}

static const char *const made_kind_names[FRAME_MADE_KINDS] = {
	[FRAME_MADE_COPY] = "copy",
	[FRAME_MADE_RESCAN] = "rescan",
	[FRAME_MADE_NOTICE] = "notice",
	[FRAME_MADE_DUPLICATE] = "duplicate",
};

const char *
frame_made_kind_name(unsigned int kind)
{
	return kind < FRAME_MADE_KINDS ? made_kind_names[kind] : "unknown";
}

static const struct record_field judge_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_judge, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_judge, attempt),
	RECORD_ONE_FIELD(3, struct frame_judge, envelope, &envelope_shape),
	RECORD_TEXT_FIELD(4, struct frame_judge, body, FRAME_BODY_INLINE_MAX),
	RECORD_LIST_FIELD(5, struct frame_judge, facts, fact_count, FACTS_MAX,
	    &frame_fact_shape),
	RECORD_NUMBER(6, RECORD_U8, struct frame_judge, passes),
	RECORD_ONE_FIELD(7, struct frame_judge, protection,
	    &frame_protection_shape),
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

static const struct record_field rid_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct frame_rid, rid),
};
static const struct record_shape rid_shape =
    RECORD_SHAPE(frame_rid, rid_fields);

static const struct record_field splinter_fields[] = {
	RECORD_LIST_FIELD(1, struct frame_splinter, rids, rid_count,
	    ENVELOPE_RECIPIENTS_MAX, &rid_shape),
	RECORD_TEXT_FIELD(2, struct frame_splinter, policy, NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(3, struct frame_splinter, recipient,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_NUMBER(4, RECORD_U8, struct frame_splinter, verdict),
	RECORD_TEXT_FIELD(5, struct frame_splinter, quarantine,
	    NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(6, struct frame_splinter, reason, FRAME_WORDS_MAX),
	RECORD_TEXT_FIELD(7, struct frame_splinter, words, FRAME_WORDS_MAX),
	RECORD_ONE_FIELD(8, struct frame_splinter, protection,
	    &frame_protection_shape),
	RECORD_TEXTS_FIELD(9, struct frame_splinter, tags, tag_count,
	    FRAME_TAGS_MAX),
	RECORD_NUMBER(10, RECORD_U32, struct frame_splinter, body),
	RECORD_TEXT_FIELD(11, struct frame_splinter, next_hop,
	    NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(12, struct frame_splinter, bounce_profile,
	    NAME_MAX_BYTES),
};
static const struct record_shape splinter_shape =
    RECORD_SHAPE(frame_splinter, splinter_fields);

static const struct record_field made_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_made, key, FRAME_WORDS_MAX),
	RECORD_NUMBER(2, RECORD_U8, struct frame_made, kind),
	RECORD_TEXT_FIELD(3, struct frame_made, sender,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_TEXTS_FIELD(4, struct frame_made, recipients,
	    recipient_count, ENVELOPE_RECIPIENTS_MAX),
	RECORD_NUMBER(5, RECORD_U32, struct frame_made, body),
	RECORD_TEXT_FIELD(6, struct frame_made, quarantine, NAME_MAX_BYTES),
	RECORD_TEXT_FIELD(7, struct frame_made, next_hop, NAME_MAX_BYTES),
	RECORD_ONE_FIELD(8, struct frame_made, protection,
	    &frame_protection_shape),
};
static const struct record_shape made_shape =
    RECORD_SHAPE(frame_made, made_fields);

static const struct record_field body_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_body, size),
	RECORD_BYTES_FIELD(2, struct frame_body, sha256),
};
static const struct record_shape body_shape =
    RECORD_SHAPE(frame_body, body_fields);

static const struct record_field disposition_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_disposition, mid),
	RECORD_NUMBER(2, RECORD_U32, struct frame_disposition, attempt),
	RECORD_NUMBER(3, RECORD_U64, struct frame_disposition, config_version),
	RECORD_NUMBER(4, RECORD_U8, struct frame_disposition, judgement),
	RECORD_TEXT_FIELD(5, struct frame_disposition, reason,
	    FRAME_WORDS_MAX),
	RECORD_TEXT_FIELD(6, struct frame_disposition, words,
	    FRAME_WORDS_MAX),
	RECORD_LIST_FIELD(7, struct frame_disposition, splinters,
	    splinter_count, ENVELOPE_RECIPIENTS_MAX, &splinter_shape),
	RECORD_LIST_FIELD(8, struct frame_disposition, made, made_count,
	    FRAME_MADE_MAX, &made_shape),
	RECORD_LIST_FIELD(9, struct frame_disposition, wanted, wanted_count,
	    FACTS_MAX, &frame_fact_shape),
	RECORD_TEXTS_FIELD(10, struct frame_disposition, log_entries,
	    log_entry_count, FRAME_LOG_ENTRIES_MAX),
	RECORD_LIST_FIELD(11, struct frame_disposition, bodies, body_count,
	    FRAME_BODIES_MAX, &body_shape),
	RECORD_TEXT_FIELD(12, struct frame_disposition, body,
	    FRAME_BODY_INLINE_MAX),
};
const struct record_shape frame_disposition_shape =
    RECORD_SHAPE(frame_disposition, disposition_fields);
