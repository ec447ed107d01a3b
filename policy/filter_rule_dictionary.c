/*
 * Rules about the terms of dictionaries, and names that resemble them.
 */
#include "gateway/mail/display_name.h"
#include "gateway/mail/mime_header.h"
#include "policy/dictionary.h"
#include "policy/filter_rule_private.h"
#include "policy/filter_text.h"
#include "policy/forged_sender.h"

/* Names in From, of all fields; nobody writes for so many. */
#define NAMES_MAX 32
/* More than a name of DISPLAY_NAME_MAX can become when it is decoded. */
#define DECODED_MAX (8 * DISPLAY_NAME_MAX + 4096)

/* What one evaluation has found so far. */
struct tally {
	struct filter_judge *judge;
	const struct dictionary *dictionary;
	uint64_t wanted;
	uint64_t score;
};

static struct tally
begin(struct filter_judge *judge, const struct filter_call *call,
	size_t threshold)
{
	return (struct tally){ .judge = judge,
		.dictionary = call->arguments[0].object,
		.wanted = filter_call_number(call, threshold, 1) };
}

static bool
is_enough(const struct tally *tally)
{
	return tally->score >= tally->wanted;
}

/* The score of one text, as far as it matters. */
static int
score_text(struct tally *tally, struct text text, uint64_t *score)
{
	struct filter_judge *judge = tally->judge;
	struct text found = TEXT_EMPTY;
	int error = dictionary_score(tally->dictionary, text, tally->wanted,
	    score, &found, &judge->why);

	if (error == 0 && *score > 0 && tally->score == 0)
		judge->matched = found;
	return error;
}

static int
add_text(struct tally *tally, struct text text)
{
	uint64_t score = 0;
	int error = score_text(tally, text, &score);

	tally->score += score;
	return error;
}

/* ---- bodies ---- */

static int
score_texts(struct filter_judge *judge, const struct filter_call *call,
	bool with_body, bool with_attachments, bool *result)
{
	struct filter_content *content = judge->message.content;
	struct tally tally = begin(judge, call, 1);
	struct filter_text_count count = { .total = 0 };
	int error = filter_content_decode(content, &judge->why);
	uint64_t score;
	size_t i;

	for (i = 0; i < content->text_count && !is_enough(&tally) &&
	    error == 0; i++) {
		if (content->texts[i].is_attachment ? !with_attachments :
		    !with_body)
			continue;
		score = 0;
		error = score_text(&tally,
		    buffer_text(&content->texts[i].utf8), &score);
		/* Views of one content score once. */
		filter_text_count_add(&count, &content->texts[i],
		    (size_t)score);
		tally.score = count.total;
	}
	*result = is_enough(&tally);
	return error;
}

static int
evaluate_all(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return score_texts(judge, call, true, true, result);
}

static int
evaluate_body(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return score_texts(judge, call, true, false, result);
}

static int
evaluate_attachments(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	return score_texts(judge, call, false, true, result);
}

/* ---- header fields ---- */

static int
score_fields(struct filter_judge *judge, const struct filter_call *call,
	struct text name, size_t threshold, bool *result)
{
	struct tally tally = begin(judge, call, threshold);
	struct text value;
	size_t cursor = 0;
	int error = 0;

	while (!is_enough(&tally) && (error = filter_message_next(
	    &judge->message, name, &cursor, &value)) == 0) {
		error = add_text(&tally, value);
		if (error != 0)
			return error;
	}
	*result = is_enough(&tally);
	return error == 0 || error == ERROR_NOT_FOUND ? 0 :
	    filter_rule_too_large(judge);
}

static int
evaluate_subject(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return score_fields(judge, call, TEXT("Subject"), 1, result);
}

static int
evaluate_header(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	return score_fields(judge, call, call->arguments[1].text, 2, result);
}

/* ---- the envelope ---- */

static int
evaluate_sender(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	struct tally tally = begin(judge, call, 1);
	int error = add_text(&tally, judge->envelope->sender);

	*result = is_enough(&tally);
	return error;
}

/* One recipient is enough: each by itself. */
static int
evaluate_recipient(struct filter_judge *judge,
	const struct filter_call *call, bool *result)
{
	const struct envelope *envelope = judge->envelope;
	size_t i;
	int error = 0;

	*result = false;
	for (i = 0; i < envelope->recipient_count && !*result && error == 0;
	    i++) {
		struct tally tally = begin(judge, call, 1);

		error = add_text(&tally, envelope->recipients[i].address);
		*result = is_enough(&tally);
	}
	return error;
}

/* ---- names in From ---- */

static int
compare_name(struct filter_judge *judge, const struct filter_call *call,
	struct text raw, bool *result)
{
	unsigned int least = (unsigned int)call->arguments[1].number;
	struct buffer name;
	int error;

	if (text_is_empty(text_trim(raw)))
		return 0;
	buffer_init(&name, DECODED_MAX);
	error = mime_header_decode(raw, &name);
	if (error == 0 && forged_sender_compare(call->arguments[0].object,
	    buffer_text(&name), least) >= least) {
		*result = true;
		error = arena_copy(judge->arena, buffer_text(&name),
		    &judge->matched);
	}
	buffer_clear(&name);
	return error == 0 ? 0 : filter_rule_too_large(judge);
}

/* Every name of a field; *count of them so far. */
static int
compare_names(struct filter_judge *judge, const struct filter_call *call,
	struct text value, size_t *count, bool *result)
{
	struct display_name name;
	int error = 0;

	display_name_init(&name);
	while (!*result && error == 0 && display_name_next(&value, &name)) {
		if (++*count > NAMES_MAX) {
			reason_set(&judge->why, "From has more than %d names",
			    NAMES_MAX);
			error = ERROR_LIMIT;
			break;
		}
		error = compare_name(judge, call, buffer_text(&name.phrase),
		    result);
		if (error == 0 && !*result)
			error = compare_name(judge, call,
			    buffer_text(&name.comment), result);
	}
	display_name_clear(&name);
	return error;
}

/*
 * As the fields stand, for an encoded comma divides no mailboxes (RFC 2047
 * 5).
 */
static int
evaluate_forged(struct filter_judge *judge, const struct filter_call *call,
	bool *result)
{
	size_t cursor = 0, count = 0;
	struct text value;
	int error = 0;

	*result = false;
	while (!*result && error == 0 && filter_rule_next_raw(judge,
	    TEXT("From"), &cursor, &value))
		error = compare_names(judge, call, value, &count, result);
	return error;
}

#define TERMS { FILTER_ARGUMENT_DICTIONARY, FILTER_ARGUMENT_COUNT }

static const struct filter_rule rules[] = {
	{ .signature = { .name = "dictionary-match", .arguments = TERMS,
	    .required = 1, .help = "The text of the body and of attachments "
		"scores so much by a dictionary." },
	    .evaluate = evaluate_all },
	{ .signature = { .name = "body-dictionary-match", .arguments = TERMS,
	    .required = 1, .help = "The text of the body, without "
		"attachments, scores so much by a dictionary." },
	    .evaluate = evaluate_body },
	{ .signature = { .name = "attachment-dictionary-match",
	    .arguments = TERMS, .required = 1, .help = "The text of "
		"attachments scores so much by a dictionary." },
	    .evaluate = evaluate_attachments },
	{ .signature = { .name = "subject-dictionary-match",
	    .arguments = TERMS, .required = 1, .help = "The Subject scores "
		"so much by a dictionary." },
	    .evaluate = evaluate_subject },
	{ .signature = { .name = "header-dictionary-match",
	    .arguments = { FILTER_ARGUMENT_DICTIONARY,
	    FILTER_ARGUMENT_HEADER, FILTER_ARGUMENT_COUNT }, .required = 2,
	    .help = "The fields of that name score so much by a "
		"dictionary." },
	    .evaluate = evaluate_header },
	{ .signature = { .name = "mail-from-dictionary-match",
	    .arguments = TERMS, .required = 1, .help = "The envelope sender "
		"scores so much by a dictionary." },
	    .evaluate = evaluate_sender },
	{ .signature = { .name = "rcpt-to-dictionary-match",
	    .arguments = TERMS, .required = 1, .help = "Any envelope "
		"recipient scores so much by a dictionary." },
	    .evaluate = evaluate_recipient },
	{ .signature = { .name = "forged-email-detection",
	    .arguments = { FILTER_ARGUMENT_NAMES, FILTER_ARGUMENT_PERCENT },
	    .required = 2, .help = "A name in From resembles one in a "
		"dictionary by so much of 100." },
	    .evaluate = evaluate_forged },
};
const struct filter_rules filter_rules_dictionary = FILTER_ROWS(rules);
