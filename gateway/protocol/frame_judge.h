/*
 * queue and scan: a message to be judged, and what was decided about it.
 *
 * The answer is one object, a pure function of the message, the envelope and
 * the configuration: asked twice it is the same twice, and queue takes it
 * once.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_JUDGE_H
#define GATEWAY_PROTOCOL_FRAME_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"

/* JUDGE, perhaps with the body's memfd */
struct frame_judge {
	uint64_t mid;
	uint32_t attempt;	/* from 1 */
	struct envelope envelope;
	struct text body;
};

/* What a message must have become before it leaves. */
enum protection_form {
	PROTECTION_NONE,
	PROTECTION_ENVELOPE,		/* an encrypted envelope, always */
	PROTECTION_TLS_OR_ENVELOPE,	/* one, unless TLS can be had */
	PROTECTION_FORMS
};

struct frame_protection {
	uint8_t form;		/* enum protection_form */
	struct text profile;	/* name in encryption.profiles */
	struct text subject;	/* of the mail around the envelope, UTF-8 */
};

enum frame_verdict {
	FRAME_VERDICT_DELIVER,
	FRAME_VERDICT_DROP,		/* counted as dropped */
	FRAME_VERDICT_BOUNCE,		/* the sender is told */
	FRAME_VERDICT_QUARANTINE,
	FRAME_VERDICT_SET_ASIDE,	/* could not be judged: held */
	FRAME_VERDICTS
};
const char *frame_verdict_name(unsigned int verdict);

#define FRAME_LOG_ENTRIES_MAX 100
#define FRAME_TAGS_MAX 100
#define FRAME_WORDS_MAX 1024

/* DISPOSITION, perhaps with the changed body's memfd */
struct frame_disposition {
	uint64_t mid;
	uint32_t attempt;	/* of the JUDGE that it answers */
	uint64_t config_version;	/* that judged */
	uint8_t verdict;	/* enum frame_verdict */
	struct text quarantine;	/* QUARANTINE: its name */
	struct text reason;	/* BOUNCE, SET_ASIDE: in words */
	struct text words;	/* the filters that fired, for the story */
	struct frame_protection protection;
	struct text *log_entries;
	size_t log_entry_count;
	struct text *tags;
	size_t tag_count;
	uint8_t has_body;	/* the message was changed: this is it now */
	uint64_t size;
	uint8_t sha256[32];
	struct text body;
};

extern const struct record_shape frame_judge_shape;
extern const struct record_shape frame_protection_shape;
extern const struct record_shape frame_disposition_shape;

#endif
