/*
 * Reading the operator's policy tests.
 */
#include "policy/policy_case.h"

#include <string.h>

#include "gateway/config/config_files.h"
#include "gateway/config/config_fill.h"
#include "gateway/config/config_yaml.h"

#define TEXTS_MAX 100
#define PATH_MAX_BYTES 1025

static const struct config_word verdict_words[] = {
	{ "deliver", POLICY_CASE_DELIVER },
	{ "drop", POLICY_CASE_DROP },
	{ "bounce", POLICY_CASE_BOUNCE },
	{ "quarantine", POLICY_CASE_QUARANTINE },
	{ "set_aside", POLICY_CASE_SET_ASIDE },
	{ "refuse", POLICY_CASE_REFUSE },
	{ NULL, 0 },
};

static const struct config_word protection_words[] = {
	{ "any", POLICY_CASE_ANY_PROTECTION },
	{ "none", POLICY_CASE_NO_PROTECTION },
	{ "envelope", POLICY_CASE_ENVELOPE },
	{ "tls_or_envelope", POLICY_CASE_TLS_OR_ENVELOPE },
	{ NULL, 0 },
};

#define LINE(word, member, words) \
	{ .name = word, .kind = CONFIG_KIND_LINE, \
	  CONFIG_AT(policy_expectation, member), .fallback = "", \
	  .most = CONFIG_TEXT_BYTES, .effect = CONFIG_EFFECT_LIVE, \
	  .help = words }
#define LINES(word, type, member, counter, words) \
	{ .name = word, .kind = CONFIG_KIND_LINE, \
	  CONFIG_LIST_AT(type, member, counter), .most = TEXTS_MAX, \
	  .effect = CONFIG_EFFECT_LIVE, .help = words }

static const struct config_row expectation_rows[] = {
	LINES("recipients", policy_expectation, recipients, recipient_count,
	    "Whom this is about; none for all."),
	{ .name = "verdict", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(policy_expectation, verdict), .words = verdict_words,
	  .fallback = "deliver", .effect = CONFIG_EFFECT_LIVE,
	  .help = "What becomes of it." },
	{ .name = "protection", .kind = CONFIG_KIND_ENUM,
	  CONFIG_AT(policy_expectation, protection),
	  .words = protection_words, .fallback = "any",
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "How it is protected." },
	LINE("policy", policy, "The mail policy that it falls under."),
	LINE("profile", profile, "The encryption profile."),
	LINE("quarantine", quarantine, "The quarantine that it lies in."),
	LINE("recipient", recipient, "Who gets it instead."),
	LINE("next_hop", next_hop, "The host that filters chose."),
	LINE("bounce_profile", bounce_profile,
	    "The bounce profile that filters chose."),
	LINES("fired", policy_expectation, fired, fired_count,
	    "Filters that did something."),
	LINES("silent", policy_expectation, silent, silent_count,
	    "Filters that did nothing."),
	LINES("tags", policy_expectation, tags, tag_count,
	    "Tags that it was given."),
	LINES("contains", policy_expectation, contains, contains_count,
	    "Texts that the message holds as it leaves."),
	LINES("lacks", policy_expectation, lacks, lacks_count,
	    "Texts that it does not hold."),
};

#define SHAPE_LINE(tag, type, member) \
	RECORD_TEXT_FIELD(tag, struct type, member, CONFIG_TEXT_BYTES)
#define SHAPE_LINES(tag, type, member, counter) \
	RECORD_TEXTS_FIELD(tag, struct type, member, counter, TEXTS_MAX)

static const struct record_field expectation_fields[] = {
	SHAPE_LINES(1, policy_expectation, recipients, recipient_count),
	RECORD_NUMBER(2, RECORD_U8, struct policy_expectation, verdict),
	RECORD_NUMBER(3, RECORD_U8, struct policy_expectation, protection),
	SHAPE_LINE(4, policy_expectation, policy),
	SHAPE_LINE(5, policy_expectation, profile),
	SHAPE_LINE(6, policy_expectation, quarantine),
	SHAPE_LINE(7, policy_expectation, recipient),
	SHAPE_LINE(8, policy_expectation, next_hop),
	SHAPE_LINES(9, policy_expectation, fired, fired_count),
	SHAPE_LINES(10, policy_expectation, silent, silent_count),
	SHAPE_LINES(11, policy_expectation, tags, tag_count),
	SHAPE_LINES(12, policy_expectation, contains, contains_count),
	SHAPE_LINES(13, policy_expectation, lacks, lacks_count),
	SHAPE_LINE(14, policy_expectation, bounce_profile),
};
static const struct record_shape expectation_shape =
    RECORD_SHAPE(policy_expectation, expectation_fields);

static const struct config_section expectation_section = {
	CONFIG_ROWS(expectation_rows),
	.shape = &expectation_shape,
	.help = "What must become of the message for some recipients.",
};

#define CASE_TEXT(word, member, words) \
	{ .name = word, .kind = CONFIG_KIND_LINE, \
	  CONFIG_AT(policy_case, member), .fallback = "", \
	  .most = CONFIG_TEXT_BYTES, .effect = CONFIG_EFFECT_LIVE, \
	  .help = words }

static const struct config_row case_rows[] = {
	{ .name = "name", .kind = CONFIG_KIND_LINE,
	  CONFIG_AT(policy_case, name), .most = CONFIG_TEXT_BYTES,
	  .is_required = true, .effect = CONFIG_EFFECT_LIVE,
	  .help = "What the case is about." },
	{ .name = "file", .kind = CONFIG_KIND_FILE,
	  CONFIG_AT(policy_case, file), .is_required = true,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "The message, with its header." },
	{ .name = "client", .kind = CONFIG_KIND_ADDRESS,
	  CONFIG_AT(policy_case, client), .is_required = true,
	  .effect = CONFIG_EFFECT_LIVE,
	  .help = "Address that it comes from." },
	CASE_TEXT("listener", listener,
	    "Listener that it comes to; the first where none is named."),
	CASE_TEXT("helo", helo, "What the client calls itself."),
	CASE_TEXT("sender", sender, "Envelope sender; empty for none."),
	CASE_TEXT("received", received,
	    "When it comes, such as 2026-12-31T18:00:00Z; now where nothing "
	    "is said."),
	{ .name = "recipients", .kind = CONFIG_KIND_LINE,
	  CONFIG_LIST_AT(policy_case, recipients, recipient_count),
	  .is_required = true, .least = 1, .most = TEXTS_MAX,
	  .effect = CONFIG_EFFECT_LIVE, .help = "Envelope recipients." },
	LINES("facts", policy_case, facts, fact_count,
	    "What lists and directories are to have answered."),
	LINES("made", policy_case, made, made_count,
	    "Messages that filters must make, such as \"copy a@b.example\"; "
	    "exactly these where there are any."),
	LINES("logs", policy_case, logs, log_count,
	    "Log entries that filters must write, in this order; exactly "
	    "these where there are any."),
	{ .name = "expect", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(policy_case, expect, expect_count),
	  .is_required = true, .least = 1, .most = TEXTS_MAX,
	  .effect = CONFIG_EFFECT_LIVE, .section = &expectation_section,
	  .help = "What must become of it." },
};

static const struct record_field case_fields[] = {
	SHAPE_LINE(1, policy_case, name),
	SHAPE_LINE(2, policy_case, file),
	SHAPE_LINE(3, policy_case, client),
	SHAPE_LINE(4, policy_case, listener),
	SHAPE_LINE(5, policy_case, helo),
	SHAPE_LINE(6, policy_case, sender),
	SHAPE_LINES(7, policy_case, recipients, recipient_count),
	SHAPE_LINES(8, policy_case, facts, fact_count),
	SHAPE_LINES(9, policy_case, made, made_count),
	RECORD_LIST_FIELD(10, struct policy_case, expect, expect_count,
	    TEXTS_MAX, &expectation_shape),
	SHAPE_LINES(11, policy_case, logs, log_count),
	SHAPE_LINE(12, policy_case, received),
};
static const struct record_shape case_shape =
    RECORD_SHAPE(policy_case, case_fields);

static const struct config_section case_section = {
	CONFIG_ROWS(case_rows),
	.shape = &case_shape,
	.help = "A message and what must become of it.",
};

static const struct config_row cases_rows[] = {
	{ .name = "cases", .kind = CONFIG_KIND_SECTIONS,
	  CONFIG_ARRAY_AT(policy_cases, cases, case_count),
	  .is_required = true, .most = POLICY_CASES_MAX,
	  .effect = CONFIG_EFFECT_LIVE, .section = &case_section,
	  .help = "The cases." },
};

static const struct record_field cases_fields[] = {
	RECORD_LIST_FIELD(1, struct policy_cases, cases, case_count,
	    POLICY_CASES_MAX, &case_shape),
};
static const struct record_shape cases_shape =
    RECORD_SHAPE(policy_cases, cases_fields);

const struct config_section policy_cases_section = {
	CONFIG_ROWS(cases_rows),
	.shape = &cases_shape,
	.help = "Tests of the policy.",
};

/* ---- loading ---- */

static struct text
folder_of(struct text path)
{
	size_t end = path.len;

	while (end > 0 && path.data[end - 1] != '/')
		end--;
	return text_slice(path, 0, end);
}

static void
read_message(struct policy_case *one, size_t number, struct arena *arena,
	struct config_report *report)
{
	char name[PATH_MAX_BYTES];
	int error = text_to_string(one->file, name, sizeof(name));

	if (error == 0)
		error = config_files_read_one(name, POLICY_CASE_MESSAGE_MAX,
		    arena, &one->bytes);
	if (error != 0)
		config_report_path(report, config_report_path_of(report,
		    "cases[%zu].file", number), "cannot read %.*s: %s",
		    TEXT_ARG(config_report_quote(report, one->file)),
		    config_files_problem(error));
}

static int
read_cases(struct text yaml, struct text folder, struct arena *arena,
	struct config_report *report, struct policy_cases *out)
{
	struct config_node *root = NULL;
	size_t i;
	int error = config_yaml_parse(yaml, report, &root);

	if (error != 0)
		return error;
	report->root = root;
	error = config_fill_section(&policy_cases_section, root, folder,
	    arena, report, out);
	for (i = 0; i < out->case_count && error == 0; i++)
		read_message(&out->cases[i], i + 1, arena, report);
	return report->errors->count > 0 ? ERROR_MALFORMED : error;
}

int
policy_cases_load(const char *path, struct arena *arena,
	struct config_errors *errors, struct policy_cases *out)
{
	struct config_report report = { .arena = arena, .errors = errors,
		.file = text_from(path) };
	struct text yaml = TEXT_EMPTY;
	int error = config_files_read_one(path, CONFIG_YAML_SIZE_MAX, arena,
	    &yaml);

	*out = (struct policy_cases){ 0 };
	if (error != 0) {
		config_report_place(&report, 0, 0, "cannot be read: %s",
		    config_files_problem(error));
		return ERROR_MALFORMED;
	}
	return read_cases(yaml, folder_of(report.file), arena, &report, out);
}
