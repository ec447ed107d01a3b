/*
 * Judging one message by the filters of its direction.
 */
#include "crypto/digest.h"
#include "policy/filter_set_private.h"

/* All patterns together, for one message: well below the watchdog's time. */
#define MATCHING_MS 20000

/* Words about a message that cannot be judged. */
static void
set_aside(struct filter_judge *judge)
{
	struct frame_disposition *out = judge->out;

	*out = (struct frame_disposition){ .mid = judge->envelope->mid,
		.verdict = FRAME_VERDICT_SET_ASIDE,
		.quarantine = TEXT_EMPTY, .words = TEXT_EMPTY,
		.body = TEXT_EMPTY, .protection = { .profile = TEXT_EMPTY,
		.subject = TEXT_EMPTY } };
	out->reason = TEXT("it could not be judged");
	if (!text_is_empty(judge->filter_name))
		out->words = text_slice(judge->filter_name, 0,
		    FRAME_WORDS_MAX);
	if (judge->why.text[0] != '\0')
		out->reason = arena_printf(judge->arena, "%s",
		    judge->why.text);
	if (text_is_empty(out->reason))
		out->reason = TEXT("it is too large to be judged");
}

/* The names of the filters that fired, as far as there is room. */
static int
add_name(struct buffer *words, struct text name)
{
	static const struct text more = TEXT_INIT(", ...");
	bool is_first = buffer_len(words) == 0;

	if (buffer_len(words) + name.len + 2 + more.len <= FRAME_WORDS_MAX) {
		if (!is_first && buffer_add_text(words, TEXT(", ")) != 0)
			return ERROR_LIMIT;
		return buffer_add_text(words, name);
	}
	if (text_ends_nocase(buffer_text(words), more))
		return 0;
	return buffer_add_text(words, more);
}

static int
run_filters(struct filter_judge *judge, const struct filter_set_list *list,
	struct buffer *words)
{
	size_t i;
	int error = 0;

	for (i = 0; i < list->count && error == 0 && !judge->is_final; i++) {
		judge->filter_name = list->filters[i].name;
		judge->matched = TEXT_EMPTY;
		judge->has_acted = false;
		error = filter_program_run(list->filters[i].program, judge);
		if (error == 0 && judge->has_acted)
			error = add_name(words, judge->filter_name);
	}
	return error;
}

/* The message as it is from now on, where something was changed. */
static int
write_changed(struct filter_judge *judge, struct buffer *changed)
{
	struct frame_disposition *out = judge->out;
	struct digest *digest;

	if (!judge->message.is_changed ||
	    out->verdict == FRAME_VERDICT_DROP ||
	    out->verdict == FRAME_VERDICT_BOUNCE)
		return 0;
	if (filter_message_write(&judge->message, changed) != 0) {
		reason_set(&judge->why, "it is too large with the header "
		    "that filters gave it");
		return ERROR_LIMIT;
	}
	/* A change and its reverse are none. */
	if (text_equal(buffer_text(changed), judge->message.bytes)) {
		buffer_reset(changed);
		return 0;
	}
	digest = digest_new();
	digest_add(digest, buffer_text(changed));
	digest_finish(digest, out->sha256);
	digest_free(digest);
	out->has_body = 1;
	out->size = buffer_len(changed);
	return 0;
}

static int
judge_message(struct filter_judge *judge, const struct filter_set_list *list,
	struct text message, struct buffer *changed)
{
	struct buffer words;
	int error = filter_message_open(&judge->message, message,
	    judge->arena, &judge->why);

	buffer_init(&words, FRAME_WORDS_MAX);
	if (error == 0)
		error = run_filters(judge, list, &words);
	if (error == 0)
		error = write_changed(judge, changed);
	if (error == 0)
		error = arena_copy(judge->arena, buffer_text(&words),
		    &judge->out->words);
	buffer_clear(&words);
	filter_message_close(&judge->message);
	return error;
}

void
filter_set_judge(const struct filter_set *set,
	const struct envelope *envelope, struct text message,
	struct arena *arena, struct buffer *changed,
	struct frame_disposition *out)
{
	struct filter_judge judge = { .config = set->config,
		.envelope = envelope, .arena = arena, .out = out,
		.filter_name = TEXT_EMPTY, .matched = TEXT_EMPTY };

	*out = (struct frame_disposition){ .mid = envelope->mid,
		.verdict = FRAME_VERDICT_DELIVER, .quarantine = TEXT_EMPTY,
		.reason = TEXT_EMPTY, .words = TEXT_EMPTY,
		.body = TEXT_EMPTY, .protection = { .profile = TEXT_EMPTY,
		.subject = TEXT_EMPTY } };
	/* Service mail is ours, and passes no filter. */
	if (envelope->class == ENVELOPE_CLASS_SERVICE ||
	    !filter_set_has_filters(set, envelope->direction))
		return;
	pattern_space_allow(set->space, MATCHING_MS);
	if (judge_message(&judge, &set->lists[envelope->direction], message,
	    changed) != 0) {
		buffer_reset(changed);
		set_aside(&judge);
	}
}
