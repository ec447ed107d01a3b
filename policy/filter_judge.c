/*
 * Judging one message: message filters, then by policy and content filters
 * (filter_splinter.c).
 */
#include "policy/filter_bodies.h"
#include "policy/filter_judge.h"
#include "policy/filter_made.h"
#include "policy/filter_protection.h"
#include "policy/filter_set_private.h"
#include "policy/filter_trace.h"

/* All patterns together, for one message: well below the watchdog's time. */
#define MATCHING_MS 20000

static void
set_aside(struct filter_judge *judge)
{
	struct frame_disposition *out = judge->disposition;

	*out = (struct frame_disposition){ .mid = judge->envelope->mid,
		.judgement = FRAME_SET_ASIDE };
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

static int
too_large(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large to be judged");
	return ERROR_LIMIT;
}

/* ---- filters ---- */

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
run_filter(struct filter_judge *judge, const struct filter_set_filter *filter)
{
	const struct filter_trace *trace = judge->trace;
	int error;

	judge->filter_name = filter->name;
	judge->matched = TEXT_EMPTY;
	judge->has_acted = false;
	if (trace != NULL && trace->filter != NULL)
		trace->filter(trace->context, filter->name);
	error = filter_program_run(filter->program, judge);
	if (trace != NULL && trace->filter_done != NULL)
		trace->filter_done(trace->context, filter->name,
		    judge->has_acted);
	return error;
}

int
filter_judge_run(struct filter_judge *judge,
	const struct filter_set_choice *choice)
{
	struct buffer words;
	size_t i;
	int error;

	buffer_init(&words, FRAME_WORDS_MAX);
	error = buffer_add_text(&words, judge->out->words);
	judge->is_list_over = judge->is_final;
	for (i = 0; i < choice->count && error == 0 && !judge->is_list_over;
	    i++) {
		error = run_filter(judge, choice->filters[i]);
		if (error == 0 && judge->has_acted)
			error = add_name(&words, judge->filter_name);
	}
	if (error == 0 && arena_copy(judge->arena, buffer_text(&words),
	    &judge->out->words) != 0)
		error = too_large(judge);
	buffer_clear(&words);
	return error;
}

int
filter_judge_write(struct filter_judge *judge)
{
	struct frame_splinter *out = judge->out;

	if (out->verdict == FRAME_VERDICT_DROP ||
	    out->verdict == FRAME_VERDICT_BOUNCE ||
	    filter_bodies_add_message(judge->bodies, &judge->message,
	    judge->original, &out->body) == 0)
		return 0;
	reason_set(&judge->why, "it is too large with what filters gave it");
	return ERROR_LIMIT;
}

static int
open_message(struct filter_judge *judge)
{
	struct filter_content *content = NULL;
	int error = filter_content_open(judge->original, judge->arena,
	    &content, &judge->why);

	if (error != 0)
		return error;
	return filter_message_open(&judge->message, content,
	    judge->arena) == 0 ? 0 : too_large(judge);
}

/* ---- the whole ---- */

/* What all of them asked for is met by what they made, too. */
static int
settle_made(struct filter_judge *judge)
{
	struct frame_disposition *out = judge->disposition;
	struct frame_protection most = { .form = PROTECTION_NONE };
	size_t i;

	for (i = 0; i < out->splinter_count; i++)
		filter_protection_raise(&most, &out->splinters[i].protection);
	return filter_made_settle(judge, 0, judge->made_by_message, &most);
}

static void
tell_stage(const struct filter_judge *judge)
{
	const struct filter_trace *trace = judge->trace;

	if (trace != NULL && trace->stage != NULL)
		trace->stage(trace->context, TEXT("message filters"));
}

/* One splinter for all: what message filters decided is final. */
static int
take_whole(struct filter_judge *judge)
{
	struct frame_splinter *out = arena_array(judge->arena, 1,
	    sizeof(*out));
	int error = filter_judge_write(judge);

	if (out == NULL)
		return too_large(judge);
	*out = *judge->out;
	judge->disposition->splinters = out;
	judge->disposition->splinter_count = 1;
	return error;
}

static int
judge_message(const struct filter_set *set, struct filter_judge *judge,
	struct fact_list *wanted)
{
	struct frame_disposition *disposition = judge->disposition;
	int error = 0;

	if (set->message_choice.count > 0) {
		tell_stage(judge);
		error = filter_judge_run(judge, &set->message_choice);
	}
	judge->made_by_message = disposition->made_count;
	if (error == 0)
		error = judge->is_final ? take_whole(judge) :
		    filter_splinter_judge(set, judge, wanted);
	if (error != 0 || wanted->count > 0)
		return error;
	error = settle_made(judge);
	disposition->bodies = judge->bodies->list;
	disposition->body_count = judge->bodies->count;
	return error;
}

static void
want_facts(const struct fact_list *wanted, uint64_t mid,
	struct frame_disposition *out)
{
	*out = (struct frame_disposition){ .mid = mid,
		.judgement = FRAME_WANTS_FACTS, .wanted = wanted->facts,
		.wanted_count = wanted->count };
}

/* ---- facts ---- */

static int
ask_list(const struct filter_set_list *list, const struct envelope *envelope,
	struct fact_list *wanted)
{
	size_t i;
	int error = 0;

	for (i = 0; i < list->count && error == 0; i++)
		error = filter_program_ask(list->filters[i].program,
		    envelope, wanted);
	return error;
}

static int
ask(const struct filter_set *set, const struct filter_request *request,
	const struct mime_part *header, struct fact_list *wanted,
	struct reason *why)
{
	const struct envelope *envelope = request->envelope;
	int error = ask_list(&set->message_filters, envelope, wanted);

	if (error == 0)
		error = ask_list(&set->lists[envelope->direction], envelope,
		    wanted);
	if (error != 0)
		reason_set(why, "it needs more facts than can be asked");
	if (error == 0)
		error = filter_splinter_ask(set, request, header, wanted,
		    why);
	fact_list_subtract(wanted, &request->facts);
	return error;
}

int
filter_set_ask(const struct filter_set *set,
	const struct filter_request *request, struct fact_list *wanted)
{
	const struct mail_policy_list *policies =
	    set->policies[request->envelope->direction];
	struct filter_content *content = NULL;
	struct reason why = { 0 };
	int error = 0;

	if (mail_policy_list_needs_header(policies))
		error = filter_content_open(request->message, wanted->arena,
		    &content, &why);
	if (error == 0)
		error = ask(set, request, content == NULL ? NULL :
		    &content->mime.parts[0], wanted, &why);
	filter_content_release(&content);
	return error;
}

/* ---- the entry ---- */

static int
judge_opened(const struct filter_set *set,
	const struct filter_request *request, struct filter_judge *judge)
{
	struct fact_list wanted;
	int error;

	fact_list_init(&wanted, judge->arena);
	error = ask(set, request, &judge->message.content->mime.parts[0],
	    &wanted, &judge->why);
	if (error == 0 && wanted.count == 0)
		error = judge_message(set, judge, &wanted);
	if (error == 0 && wanted.count > 0)
		want_facts(&wanted, judge->envelope->mid,
		    judge->disposition);
	return error;
}

static void
judge(const struct filter_set *set, const struct filter_request *request,
	struct arena *arena, struct buffer *bytes,
	struct frame_disposition *out)
{
	struct filter_bodies bodies;
	struct frame_splinter whole = { .words = TEXT_EMPTY,
		.protection = request->protection };
	struct filter_judge judge = { .config = set->config,
		.envelope = request->envelope, .facts = request->facts,
		.original = request->message, .arena = arena, .out = &whole,
		.disposition = out, .bodies = &bodies,
		.passes = request->passes, .trace = request->trace,
		.search = set->search,
		.filter_name = TEXT_EMPTY, .matched = TEXT_EMPTY };
	int error;

	filter_bodies_init(&bodies, bytes, arena);
	pattern_space_allow(set->space, MATCHING_MS);
	error = open_message(&judge);
	if (error == 0)
		error = judge_opened(set, request, &judge);
	filter_message_close(&judge.message);
	if (error != 0)
		set_aside(&judge);
	if (out->body_count == 0)
		buffer_reset(bytes);
}

static void
let_pass(struct arena *arena, struct frame_disposition *out)
{
	out->splinters = arena_array(arena, 1, sizeof(out->splinters[0]));
	require(out->splinters != NULL);
	out->splinter_count = 1;
	out->splinters[0] = (struct frame_splinter){ .words = TEXT_EMPTY };
}

void
filter_set_judge(const struct filter_set *set,
	const struct filter_request *request, struct arena *arena,
	struct buffer *bodies, struct frame_disposition *out)
{
	const struct envelope *envelope = request->envelope;

	*out = (struct frame_disposition){ .mid = envelope->mid };
	require(envelope->direction < FILTER_DIRECTIONS);
	/* Service mail is ours, and passes no filter. */
	if (envelope->class == ENVELOPE_CLASS_SERVICE ||
	    !filter_set_has_filters(set, envelope->direction)) {
		let_pass(arena, out);
	} else if (request->passes > FILTER_PASSES_MAX) {
		out->judgement = FRAME_SET_ASIDE;
		out->reason = TEXT("it came back to the filters too often");
	} else {
		judge(set, request, arena, bodies, out);
	}
}
