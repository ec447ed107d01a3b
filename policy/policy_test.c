/*
 * Policy tests.
 */
#include "policy/policy_test.h"

#include <stdlib.h>

#include "gateway/base/calendar.h"
#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "policy/fact_text.h"
#include "policy/trial.h"

#define CASE_ARENA_MAX ((size_t)512 * 1024 * 1024)
#define BODIES_MAX ((size_t)128 * 1024 * 1024)
#define CASES_ARENA_MAX ((size_t)1024 * 1024 * 1024)
#define WORDS_MAX 16384

/* A case while it is run and looked at. */
struct policy_test {
	const struct policy_case *one;
	struct arena *arena;
	struct buffer bodies;
	struct trial_outcome outcome;
	struct buffer *words;
	bool differs;
};

static void differs(struct policy_test *test, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void
differs(struct policy_test *test, const char *format, ...)
{
	va_list args;

	test->differs = true;
	va_start(args, format);
	/* What does not fit is one line of many. */
	(void)!buffer_vprintf(test->words, format, args);
	va_end(args);
	(void)!buffer_add_text(test->words, TEXT("\n"));
}

static struct text
or_none(struct text t)
{
	return text_is_empty(t) ? TEXT("none") : t;
}

static void
compare_text(struct policy_test *test, const char *what, struct text wanted,
	struct text got)
{
	if (!text_is_empty(wanted) && !text_equal(wanted, got))
		differs(test, "%s: expected \"%.*s\", got %.*s", what,
		    TEXT_ARG(wanted), TEXT_ARG(or_none(got)));
}

/* ---- one splinter ---- */

static const char *const verdict_names[] = {
	[POLICY_CASE_DELIVER] = "deliver",
	[POLICY_CASE_DROP] = "drop",
	[POLICY_CASE_BOUNCE] = "bounce",
	[POLICY_CASE_QUARANTINE] = "quarantine",
	[POLICY_CASE_SET_ASIDE] = "set_aside",
	[POLICY_CASE_REFUSE] = "refuse",
};

static const uint8_t verdict_of[FRAME_VERDICTS] = {
	[FRAME_VERDICT_DELIVER] = POLICY_CASE_DELIVER,
	[FRAME_VERDICT_DROP] = POLICY_CASE_DROP,
	[FRAME_VERDICT_BOUNCE] = POLICY_CASE_BOUNCE,
	[FRAME_VERDICT_QUARANTINE] = POLICY_CASE_QUARANTINE,
};

static const struct {
	uint8_t expected;
	const char *name;
} protections[PROTECTION_FORMS] = {
	[PROTECTION_NONE] = { POLICY_CASE_NO_PROTECTION, "none" },
	[PROTECTION_ENVELOPE] = { POLICY_CASE_ENVELOPE, "envelope" },
	[PROTECTION_TLS_OR_ENVELOPE] = { POLICY_CASE_TLS_OR_ENVELOPE,
	    "tls_or_envelope" },
};

/* Whether the name is one of "a, b, c". */
static bool
is_listed(struct text list, struct text name)
{
	struct text part = TEXT_EMPTY;

	while (text_split(&list, ',', &part))
		if (text_equal(text_trim(part), name))
			return true;
	return false;
}

static void
compare_filters(struct policy_test *test,
	const struct policy_expectation *expectation, struct text words)
{
	size_t i;

	for (i = 0; i < expectation->fired_count; i++)
		if (!is_listed(words, expectation->fired[i]))
			differs(test, "filter \"%.*s\" did nothing",
			    TEXT_ARG(expectation->fired[i]));
	for (i = 0; i < expectation->silent_count; i++)
		if (is_listed(words, expectation->silent[i]))
			differs(test, "filter \"%.*s\" fired",
			    TEXT_ARG(expectation->silent[i]));
}

static void
compare_tags(struct policy_test *test,
	const struct policy_expectation *expectation,
	const struct frame_splinter *splinter)
{
	size_t i, k;

	for (i = 0; i < expectation->tag_count; i++) {
		for (k = 0; k < splinter->tag_count; k++)
			if (text_equal(splinter->tags[k],
			    expectation->tags[i]))
				break;
		if (k == splinter->tag_count)
			differs(test, "the tag \"%.*s\" is missing",
			    TEXT_ARG(expectation->tags[i]));
	}
}

static void
compare_body(struct policy_test *test,
	const struct policy_expectation *expectation, struct text body)
{
	size_t i;

	for (i = 0; i < expectation->contains_count; i++)
		if (text_find(body, expectation->contains[i]) == body.len)
			differs(test, "the message does not hold \"%.*s\"",
			    TEXT_ARG(expectation->contains[i]));
	for (i = 0; i < expectation->lacks_count; i++)
		if (text_find(body, expectation->lacks[i]) < body.len)
			differs(test, "the message holds \"%.*s\"",
			    TEXT_ARG(expectation->lacks[i]));
}

static void
compare_splinter(struct policy_test *test,
	const struct policy_expectation *expectation,
	const struct frame_splinter *splinter)
{
	uint8_t form = splinter->protection.form;
	uint8_t verdict = verdict_of[splinter->verdict];

	if (verdict != expectation->verdict)
		differs(test, "verdict: expected %s, got %s",
		    verdict_names[expectation->verdict],
		    verdict_names[verdict]);
	if (expectation->protection != POLICY_CASE_ANY_PROTECTION &&
	    protections[form].expected != expectation->protection)
		differs(test, "protection: it is %s", protections[form].name);
	compare_text(test, "policy", expectation->policy, splinter->policy);
	compare_text(test, "profile", expectation->profile,
	    splinter->protection.profile);
	compare_text(test, "quarantine", expectation->quarantine,
	    splinter->quarantine);
	compare_text(test, "recipient", expectation->recipient,
	    splinter->recipient);
	compare_text(test, "next_hop", expectation->next_hop,
	    splinter->next_hop);
	compare_text(test, "bounce_profile", expectation->bounce_profile,
	    splinter->bounce_profile);
	compare_filters(test, expectation, splinter->words);
	compare_tags(test, expectation, splinter);
	compare_body(test, expectation, trial_body(&test->outcome,
	    splinter->body));
}

/* ---- who is in which splinter ---- */

/* The rid that the trial gave this address; 0: not accepted. */
static uint32_t
rid_of(const struct trial_outcome *outcome, struct text address)
{
	uint32_t rid = 0;
	size_t i;

	for (i = 0; i < outcome->recipient_count; i++) {
		if (!outcome->recipients[i].is_accepted)
			continue;
		rid++;
		if (text_equal_nocase(outcome->recipients[i].address,
		    address))
			return rid;
	}
	return 0;
}

static const struct frame_splinter *
splinter_of(const struct frame_disposition *disposition, uint32_t rid)
{
	size_t i, k;

	for (i = 0; i < disposition->splinter_count; i++) {
		const struct frame_splinter *splinter =
		    &disposition->splinters[i];

		if (splinter->rid_count == 0)
			return splinter;
		for (k = 0; k < splinter->rid_count; k++)
			if (splinter->rids[k].rid == rid)
				return splinter;
	}
	return NULL;
}

static void
compare_recipient(struct policy_test *test,
	const struct policy_expectation *expectation, struct text address)
{
	struct trial_outcome *outcome = &test->outcome;
	uint32_t rid = rid_of(outcome, address);
	bool wants_refusal = expectation->verdict == POLICY_CASE_REFUSE;
	const struct frame_splinter *splinter;

	if (wants_refusal != (rid == 0)) {
		differs(test, "%.*s: the recipient is %s", TEXT_ARG(address),
		    rid == 0 ? "refused" : "accepted");
		return;
	}
	splinter = rid == 0 ? NULL : splinter_of(&outcome->disposition, rid);
	if (splinter != NULL)
		compare_splinter(test, expectation, splinter);
}

static void
compare_judged(struct policy_test *test,
	const struct policy_expectation *expectation)
{
	const struct frame_disposition *disposition =
	    &test->outcome.disposition;
	size_t i;

	for (i = 0; i < expectation->recipient_count; i++)
		compare_recipient(test, expectation,
		    expectation->recipients[i]);
	if (expectation->recipient_count > 0)
		return;
	for (i = 0; i < disposition->splinter_count; i++)
		compare_splinter(test, expectation,
		    &disposition->splinters[i]);
}

static void
compare_fate(struct policy_test *test,
	const struct policy_expectation *expectation)
{
	static const int fates[] = {
		[TRIAL_REFUSED] = POLICY_CASE_REFUSE,
		[TRIAL_SET_ASIDE] = POLICY_CASE_SET_ASIDE,
		[TRIAL_WANTS_FACTS] = -1,
		[TRIAL_JUDGED] = -1,
	};
	const struct trial_outcome *outcome = &test->outcome;

	if (outcome->fate == TRIAL_JUDGED)
		compare_judged(test, expectation);
	else if (fates[outcome->fate] != (int)expectation->verdict)
		differs(test, "expected %s, but %s: %.*s",
		    verdict_names[expectation->verdict],
		    outcome->fate == TRIAL_REFUSED ? "it is refused" :
		    "it could not be judged", TEXT_ARG(outcome->reason));
}

/* ---- messages that were made ---- */

static const char *const made_names[FRAME_MADE_KINDS] = {
	[FRAME_MADE_COPY] = "copy",
	[FRAME_MADE_RESCAN] = "rescan",
	[FRAME_MADE_NOTICE] = "notice",
	[FRAME_MADE_DUPLICATE] = "duplicate",
};

/* "copy a@b.example", of each recipient. */
static bool
is_made(const struct policy_case *one, const char *kind, struct text address)
{
	size_t i;

	for (i = 0; i < one->made_count; i++) {
		struct text wanted = one->made[i];

		if (text_starts(wanted, text_from(kind)) &&
		    text_equal(text_trim(text_skip(wanted,
		    text_from(kind).len)), address))
			return true;
	}
	return false;
}

static void
compare_made(struct policy_test *test)
{
	const struct frame_disposition *disposition =
	    &test->outcome.disposition;
	size_t i, k, count = 0;

	if (test->one->made_count == 0)
		return;
	for (i = 0; i < disposition->made_count; i++) {
		const struct frame_made *made = &disposition->made[i];

		for (k = 0; k < made->recipient_count; k++, count++)
			if (!is_made(test->one, made_names[made->kind],
			    made->recipients[k]))
				differs(test, "made: unexpected %s for %.*s",
				    made_names[made->kind],
				    TEXT_ARG(made->recipients[k]));
	}
	if (count < test->one->made_count)
		differs(test, "made: expected %zu messages, got %zu",
		    test->one->made_count, count);
}

static void
compare_logs(struct policy_test *test)
{
	const struct frame_disposition *disposition =
	    &test->outcome.disposition;
	const struct policy_case *one = test->one;
	size_t i;

	if (one->log_count > 0 && disposition->log_entry_count !=
	    one->log_count)
		differs(test, "logs: expected %zu entries, got %zu",
		    one->log_count, disposition->log_entry_count);
	for (i = 0; i < one->log_count &&
	    i < disposition->log_entry_count; i++)
		compare_text(test, "logs", one->logs[i],
		    disposition->log_entries[i]);
}

/* ---- running ---- */

static int
read_facts(struct policy_test *test, struct fact_table *out)
{
	const struct policy_case *one = test->one;
	struct frame_fact *facts = arena_array(test->arena,
	    one->fact_count + 1, sizeof(facts[0]));
	struct reason why = { 0 };
	size_t i;

	require(facts != NULL);
	for (i = 0; i < one->fact_count; i++) {
		if (fact_parse(one->facts[i], test->arena, &facts[i],
		    &why) == 0)
			continue;
		differs(test, "facts[%zu]: %s", i + 1, why.text);
		return ERROR_MALFORMED;
	}
	*out = (struct fact_table){ facts, one->fact_count };
	return 0;
}

static int
read_time(struct policy_test *test, int64_t *out)
{
	struct text rest = test->one->received;
	struct calendar time;

	*out = clock_now_us();
	if (text_is_empty(rest))
		return 0;
	if (!calendar_read(&rest, "Y-M-DTh:m:sZ", &time) || rest.len > 0 ||
	    !calendar_is_possible(&time)) {
		differs(test, "received: expected a time such as "
		    "2026-12-31T18:00:00Z");
		return ERROR_MALFORMED;
	}
	*out = calendar_us(&time);
	return 0;
}

static void
tell_wanted(struct policy_test *test)
{
	const struct frame_disposition *disposition =
	    &test->outcome.disposition;
	struct buffer words;
	size_t i;

	for (i = 0; i < disposition->wanted_count; i++) {
		buffer_init(&words, WORDS_MAX);
		if (fact_print(&disposition->wanted[i], &words) == 0)
			differs(test, "it needs the fact: %.*s",
			    TEXT_ARG(buffer_text(&words)));
		buffer_clear(&words);
	}
}

static int
try_case(struct policy_test *test, const struct config *config,
	const struct filter_set *set)
{
	const struct policy_case *one = test->one;
	struct trial_message message = { .client = one->client,
		.listener = one->listener, .helo = one->helo,
		.sender = one->sender, .recipients = one->recipients,
		.recipient_count = one->recipient_count,
		.bytes = one->bytes };
	struct reason why = { 0 };
	size_t i;

	if (read_facts(test, &message.facts) != 0 ||
	    read_time(test, &message.received_us) != 0)
		return ERROR_MALFORMED;
	if (trial_run(config, set, &message, NULL, test->arena,
	    &test->bodies, &test->outcome, &why) != 0) {
		differs(test, "%s", why.text);
		return ERROR_MALFORMED;
	}
	for (i = 0; i < one->expect_count; i++)
		compare_fate(test, &one->expect[i]);
	compare_made(test);
	compare_logs(test);
	if (test->outcome.fate == TRIAL_WANTS_FACTS)
		tell_wanted(test);
	return test->differs ? ERROR_MISMATCH : 0;
}

int
policy_test_run(const struct config *config, const struct filter_set *set,
	const struct policy_case *one, struct buffer *words)
{
	struct policy_test test = { .one = one, .words = words,
		.arena = arena_new(CASE_ARENA_MAX) };
	int error;

	buffer_init(&test.bodies, BODIES_MAX);
	error = try_case(&test, config, set);
	buffer_clear(&test.bodies);
	arena_free(test.arena);
	return error;
}

/* ---- at each load ---- */

static void
tell_errors(const struct config_errors *errors, struct config_report *report)
{
	size_t i;

	for (i = 0; i < errors->count; i++)
		config_report_path(report, TEXT("management.policy_tests"),
		    "%.*s:%u: %.*s: %.*s", TEXT_ARG(errors->items[i].file),
		    errors->items[i].line, TEXT_ARG(errors->items[i].path),
		    TEXT_ARG(errors->items[i].message));
}

static struct text
first_line(struct text words)
{
	return text_slice(words, 0, text_find_byte(words, '\n'));
}

static void
run_cases(const struct config *config, const struct filter_set *set,
	const struct policy_cases *cases, struct config_report *report)
{
	size_t i;

	for (i = 0; i < cases->case_count; i++) {
		struct buffer words;

		buffer_init(&words, WORDS_MAX);
		if (policy_test_run(config, set, &cases->cases[i],
		    &words) != 0)
			config_report_path(report,
			    TEXT("management.policy_tests"),
			    "the case \"%.*s\" fails: %.*s",
			    TEXT_ARG(cases->cases[i].name),
			    TEXT_ARG(first_line(buffer_text(&words))));
		buffer_clear(&words);
	}
}

static void
run_file(const struct config *config, struct config_report *report)
{
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct arena *arena = arena_new(CASES_ARENA_MAX);
	char *path = memory_string(config->management.policy_tests);
	struct filter_set *set = NULL;
	struct policy_cases cases;
	struct reason why = { 0 };

	if (policy_cases_load(path, arena, errors, &cases) != 0)
		tell_errors(errors, report);
	else if (filter_set_new(config, &set, &why) != 0)
		config_report_path(report, TEXT("management.policy_tests"),
		    "%s", why.text);
	else
		run_cases(config, set, &cases, report);
	filter_set_free(set);
	free(path);
	arena_free(arena);
	free(errors);
}

int
policy_test_check(const struct config *config, struct config_report *report)
{
	int error = filter_set_check(config, report);

	if (error != 0 || text_is_empty(config->management.policy_tests))
		return error;
	run_file(config, report);
	return report->errors->count > 0 ? ERROR_MALFORMED : 0;
}
