/*
 * Remembering the steps of a judgement.
 */
#include "policy/trace_record.h"

#include <string.h>

#include "gateway/protocol/frame_judge.h"
#include "policy/filter_call.h"

#define FIRST_ROOM 256

/* NULL where there is no room. */
static struct trace_step *
add(struct trace_record *record, enum trace_step_kind kind, struct text words)
{
	struct trace_step *step, *more;

	if (record->count == record->room && record->count < TRACE_STEPS_MAX) {
		size_t room = record->room == 0 ? FIRST_ROOM :
		    2 * record->room;

		more = arena_array(record->arena, room, sizeof(more[0]));
		if (more != NULL && record->count > 0)
			memcpy(more, record->steps,
			    record->count * sizeof(more[0]));
		if (more != NULL) {
			record->steps = more;
			record->room = room;
		}
	}
	if (record->count == record->room) {
		record->lost++;
		return NULL;
	}
	step = &record->steps[record->count++];
	*step = (struct trace_step){ .kind = (uint8_t)kind };
	if (arena_copy(record->arena, words, &step->words) != 0)
		step->words = TEXT_EMPTY;
	return step;
}

static void
on_stage(void *context, struct text words)
{
	(void)add(context, TRACE_STAGE, words);
}

static void
on_filter(void *context, struct text name)
{
	(void)add(context, TRACE_FILTER, name);
}

static void
on_filter_done(void *context, struct text name, bool has_acted)
{
	struct trace_step *step = add(context, TRACE_FILTER_DONE, name);

	if (step != NULL)
		step->truth = has_acted;
}

static void
on_rule(void *context, const struct filter_call *call, bool truth,
	bool failed, struct text matched, int64_t ns)
{
	struct trace_record *record = context;
	struct trace_step *step = add(record, TRACE_RULE, call->words);

	if (step == NULL)
		return;
	step->truth = truth;
	step->failed = failed;
	step->ns = ns;
	if (arena_copy(record->arena, text_slice(matched, 0,
	    TRACE_MATCHED_MAX), &step->matched) != 0)
		step->matched = TEXT_EMPTY;
}

static void
on_action(void *context, const struct filter_call *call)
{
	(void)add(context, TRACE_ACTION, call->words);
}

static void
on_splinter(void *context, const struct frame_splinter *splinter)
{
	struct trace_step *step = add(context, TRACE_SPLINTER,
	    splinter->policy);

	if (step != NULL)
		step->recipients = splinter->rid_count;
}

void
trace_record_init(struct trace_record *record, struct arena *arena)
{
	*record = (struct trace_record){ .arena = arena,
		.trace = { .stage = on_stage, .filter = on_filter,
		.filter_done = on_filter_done, .rule = on_rule,
		.action = on_action, .splinter = on_splinter,
		.context = record } };
}
