/*
 * queue and scan: a message to be judged, and what was decided about it.
 *
 * The answer is one object, a pure function of the message, the envelope,
 * the facts and the configuration: asked twice it is the same twice, and
 * queue takes it once.
 *
 * It divides the recipients into splinters, each with its own fate, and
 * lists the messages that filters made (copies, notices).
 */
#ifndef GATEWAY_PROTOCOL_FRAME_JUDGE_H
#define GATEWAY_PROTOCOL_FRAME_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/mail/envelope.h"
#include "gateway/protocol/frame_fact.h"

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

/* JUDGE, perhaps with the body's memfd */
struct frame_judge {
	uint64_t mid;
	uint32_t attempt;	/* from 1 */
	struct envelope envelope;
	struct text body;
	struct frame_fact *facts;	/* what was asked, answered */
	size_t fact_count;
	uint8_t passes;		/* how often it came back to the filters:
				   a copy of a copy has 2 */
	struct frame_protection protection;	/* that it must have
				   already: a copy that is judged */
};

/* The fate of a splinter. */
enum frame_verdict {
	FRAME_VERDICT_DELIVER,
	FRAME_VERDICT_DROP,		/* counted as dropped */
	FRAME_VERDICT_BOUNCE,		/* the sender is told */
	FRAME_VERDICT_QUARANTINE,
	FRAME_VERDICTS
};
const char *frame_verdict_name(unsigned int verdict);

#define FRAME_LOG_ENTRIES_MAX 100
#define FRAME_TAGS_MAX 100
#define FRAME_WORDS_MAX 1024
#define FRAME_BODIES_MAX 256	/* different ones of one disposition */
#define FRAME_MADE_MAX 256

struct frame_rid {
	uint32_t rid;
};

/* Recipients that go on together. */
struct frame_splinter {
	struct frame_rid *rids;		/* rising; none: all recipients of
					   the message, and the only splinter */
	size_t rid_count;
	struct text policy;		/* mail policy; empty: none */
	struct text recipient;		/* not empty: who gets it instead of
					   all of them */
	uint8_t verdict;		/* enum frame_verdict */
	struct text quarantine;		/* QUARANTINE: its name */
	struct text reason;		/* BOUNCE: in words */
	struct text words;		/* the filters that fired */
	struct frame_protection protection;
	struct text *tags;
	size_t tag_count;
	uint32_t body;			/* number in bodies, from 1; 0: as it
					   came */
	struct text next_hop;		/* host or [address], perhaps :port;
					   empty: by route and MX */
	struct text bounce_profile;	/* empty: of the destination */
};

/* A message that filters made. */
enum frame_made_kind {
	FRAME_MADE_COPY,	/* sent on as it is, passes no filter */
	FRAME_MADE_RESCAN,	/* a new message, which filters judge */
	FRAME_MADE_NOTICE,	/* service mail */
	FRAME_MADE_DUPLICATE,	/* held in a quarantine; released, sent to
				   those recipients */
	FRAME_MADE_KINDS
};
const char *frame_made_kind_name(unsigned int kind);

struct frame_made {
	struct text key;	/* which action made it, stable: "name/3" */
	uint8_t kind;		/* enum frame_made_kind */
	struct text sender;	/* of the envelope */
	struct text *recipients;
	size_t recipient_count;
	uint32_t body;		/* as in a splinter */
	struct text quarantine;	/* DUPLICATE */
	struct text next_hop;	/* as in a splinter */
	struct frame_protection protection;	/* never less than that of
					   what it is a copy of */
};

/* A body that filters changed or made. */
struct frame_body {
	uint64_t size;
	uint8_t sha256[32];
};

enum frame_judgement {
	FRAME_JUDGED,		/* splinters and made */
	FRAME_SET_ASIDE,	/* could not be judged: held; reason */
	FRAME_WANTS_FACTS,	/* wanted: to be asked, then judged again */
	FRAME_JUDGEMENTS
};

/* DISPOSITION, perhaps with a memfd of all bodies, one after the other */
struct frame_disposition {
	uint64_t mid;
	uint32_t attempt;	/* of the JUDGE that it answers */
	uint64_t config_version;	/* that judged */
	uint8_t judgement;	/* enum frame_judgement */
	struct text reason;	/* SET_ASIDE: in words */
	struct text words;	/* SET_ASIDE: the filter that was at work */
	struct frame_splinter *splinters;
	size_t splinter_count;
	struct frame_made *made;
	size_t made_count;
	struct frame_fact *wanted;
	size_t wanted_count;
	struct text *log_entries;
	size_t log_entry_count;
	struct frame_body *bodies;
	size_t body_count;
	struct text body;	/* the bodies, where they are small */
};

extern const struct record_shape frame_judge_shape;
extern const struct record_shape frame_protection_shape;
extern const struct record_shape frame_disposition_shape;

#endif
