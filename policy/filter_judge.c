/*
 * Judging one message by the filters of its direction.
 */
#include "policy/filter_bodies.h"
#include "policy/filter_judge.h"
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

static int
run_list(struct filter_judge *judge, const struct filter_set_list *list)
{
	struct buffer words;
	size_t i;
	int error;

	buffer_init(&words, FRAME_WORDS_MAX);
	error = buffer_add_text(&words, judge->out->words);
	judge->is_list_over = judge->is_final;
	for (i = 0; i < list->count && error == 0 && !judge->is_list_over;
	    i++) {
		error = run_filter(judge, &list->filters[i]);
		if (error == 0 && judge->has_acted)
			error = add_name(&words, judge->filter_name);
	}
	if (error == 0 && arena_copy(judge->arena, buffer_text(&words),
	    &judge->out->words) != 0)
		error = too_large(judge);
	buffer_clear(&words);
	return error;
}

/* ---- splinters ---- */

/* The message as it is from now on, where something was changed. */
static int
write_changed(struct filter_judge *judge)
{
	struct frame_splinter *out = judge->out;
	struct buffer changed;
	int error;

	if (!judge->message.is_changed ||
	    out->verdict == FRAME_VERDICT_DROP ||
	    out->verdict == FRAME_VERDICT_BOUNCE)
		return 0;
	buffer_init(&changed, judge->bodies->bytes->max);
	error = filter_message_write(&judge->message, &changed);
	/* A change and its reverse are none. */
	if (error == 0 && !text_equal(buffer_text(&changed),
	    judge->original))
		error = filter_bodies_add(judge->bodies,
		    buffer_text(&changed), &out->body);
	buffer_clear(&changed);
	if (error == 0)
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

static int
judge_message(struct filter_judge *judge, const struct filter_set_list *list)
{
	struct frame_disposition *disposition = judge->disposition;
	int error = open_message(judge);

	if (error == 0)
		error = run_list(judge, list);
	if (error == 0)
		error = write_changed(judge);
	filter_message_close(&judge->message);
	disposition->bodies = judge->bodies->list;
	disposition->body_count = judge->bodies->count;
	return error;
}

/* ---- the whole ---- */

static struct frame_splinter *
first_splinter(struct frame_disposition *out, struct arena *arena)
{
	out->splinters = arena_array(arena, 1, sizeof(out->splinters[0]));
	require(out->splinters != NULL);
	out->splinter_count = 1;
	out->splinters[0] = (struct frame_splinter){ .words = TEXT_EMPTY };
	return &out->splinters[0];
}

static void
judge(const struct filter_set *set, const struct filter_request *request,
	struct arena *arena, struct buffer *bytes,
	struct frame_disposition *out)
{
	struct filter_bodies bodies;
	struct filter_judge judge = { .config = set->config,
		.envelope = request->envelope, .facts = request->facts,
		.original = request->message, .arena = arena,
		.disposition = out, .bodies = &bodies,
		.passes = request->passes, .trace = request->trace,
		.filter_name = TEXT_EMPTY, .matched = TEXT_EMPTY };

	filter_bodies_init(&bodies, bytes, arena);
	judge.out = first_splinter(out, arena);
	pattern_space_allow(set->space, MATCHING_MS);
	if (judge_message(&judge,
	    &set->lists[request->envelope->direction]) != 0) {
		buffer_reset(bytes);
		set_aside(&judge);
	}
}

int
filter_set_ask(const struct filter_set *set,
	const struct filter_request *request, struct fact_list *wanted)
{
	const struct filter_set_list *list =
	    &set->lists[request->envelope->direction];
	size_t i;
	int error = 0;

	for (i = 0; i < list->count && error == 0; i++)
		error = filter_program_ask(list->filters[i].program,
		    request->envelope, wanted);
	fact_list_subtract(wanted, &request->facts);
	return error;
}

/* Whether something must be asked first. */
static bool
wants_facts(const struct filter_set *set,
	const struct filter_request *request, struct arena *arena,
	struct frame_disposition *out)
{
	struct fact_list wanted;

	fact_list_init(&wanted, arena);
	if (filter_set_ask(set, request, &wanted) != 0) {
		out->judgement = FRAME_SET_ASIDE;
		out->reason = TEXT("it needs more facts than can be asked");
		return true;
	}
	if (wanted.count == 0)
		return false;
	out->judgement = FRAME_WANTS_FACTS;
	out->wanted = wanted.facts;
	out->wanted_count = wanted.count;
	return true;
}

void
filter_set_judge(const struct filter_set *set,
	const struct filter_request *request, struct arena *arena,
	struct buffer *bodies, struct frame_disposition *out)
{
	const struct envelope *envelope = request->envelope;

	*out = (struct frame_disposition){ .mid = envelope->mid };
	/* Service mail is ours, and passes no filter. */
	if (envelope->class == ENVELOPE_CLASS_SERVICE ||
	    !filter_set_has_filters(set, envelope->direction)) {
		(void)first_splinter(out, arena);
		return;
	}
	if (!wants_facts(set, request, arena, out))
		judge(set, request, arena, bodies, out);
}
