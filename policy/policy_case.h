/*
 * The operator's own tests of the policy: messages with what must become of
 * them, in a YAML file that management.policy_tests names.
 */
#ifndef POLICY_POLICY_CASE_H
#define POLICY_POLICY_CASE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/config/config_report.h"
#include "gateway/config/config_schema.h"

#define POLICY_CASES_MAX 10000
#define POLICY_CASE_MESSAGE_MAX (32u * 1024 * 1024)	/* bytes */

/* What a case wants of some recipients; what is empty is not looked at. */
enum policy_case_verdict {
	POLICY_CASE_DELIVER,
	POLICY_CASE_DROP,
	POLICY_CASE_BOUNCE,
	POLICY_CASE_QUARANTINE,
	POLICY_CASE_SET_ASIDE,
	POLICY_CASE_REFUSE,
};

enum policy_case_protection {
	POLICY_CASE_ANY_PROTECTION,
	POLICY_CASE_NO_PROTECTION,
	POLICY_CASE_ENVELOPE,
	POLICY_CASE_TLS_OR_ENVELOPE,
};

struct policy_expectation {
	struct text *recipients;	/* none: every one */
	size_t recipient_count;
	uint8_t verdict;		/* enum policy_case_verdict */
	uint8_t protection;		/* enum policy_case_protection */
	struct text policy;
	struct text profile;
	struct text quarantine;
	struct text recipient;		/* that it was given to instead */
	struct text next_hop;
	struct text bounce_profile;
	struct text *fired;		/* filters that did something */
	size_t fired_count;
	struct text *silent;		/* and that did not */
	size_t silent_count;
	struct text *tags;
	size_t tag_count;
	struct text *contains;		/* texts in the message that leaves */
	size_t contains_count;
	struct text *lacks;
	size_t lacks_count;
};

struct policy_case {
	struct text name;
	struct text file;		/* of the message */
	struct text client;
	struct text listener;
	struct text helo;
	struct text sender;
	struct text received;		/* "2026-12-31T18:00:00Z"; empty: now */
	struct text *recipients;
	size_t recipient_count;
	struct text *facts;		/* policy/fact_text.h */
	size_t fact_count;
	struct text *made;		/* "copy a@b", "notice a@b" ... */
	size_t made_count;
	struct text *logs;		/* entries, in their order */
	size_t log_count;
	struct policy_expectation *expect;
	size_t expect_count;
	struct text bytes;		/* read from the file */
};

struct policy_cases {
	struct policy_case *cases;
	size_t case_count;
};

/* Of the file, for its manual. */
extern const struct config_section policy_cases_section;

/*
 * Read a file of cases and the messages that they name, relative to its
 * folder.  Mistakes are reported with file, line and path.  ERROR_MALFORMED,
 * ERROR_LIMIT where the arena is full.
 */
int policy_cases_load(const char *path, struct arena *arena,
	struct config_errors *errors, struct policy_cases *out) MUST_CHECK;

#endif
