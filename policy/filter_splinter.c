/*
 * Splinters: the recipients of a message, divided by the mail policy that
 * they belong to, each part judged by its own content filters.
 */
#include <string.h>

#include "policy/filter_made.h"
#include "policy/filter_protection.h"
#include "policy/filter_set_private.h"
#include "policy/filter_trace.h"

/* A message while it is divided. */
struct division {
	const struct filter_set *set;
	struct filter_judge *base;	/* as message filters left it */
	struct fact_list *wanted;
	size_t *policy_of;		/* for each recipient */
	size_t *order;			/* policies, by first recipient */
	size_t count;			/* of them: splinters */
	bool is_written;		/* base->out->body is known */
};

static int
too_large(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large to be judged");
	return ERROR_LIMIT;
}

/* ---- who belongs to which policy ---- */

static int
find_policies(struct mail_policy_match *match,
	const struct envelope *envelope, size_t *policy_of)
{
	size_t i;
	int error = mail_policy_match_begin(match);

	for (i = 0; i < envelope->recipient_count && error == 0; i++)
		error = mail_policy_match_recipient(match,
		    envelope->recipients[i].address, &policy_of[i]);
	return error;
}

int
filter_splinter_ask(const struct filter_set *set,
	const struct filter_request *request, const struct mime_part *header,
	struct fact_list *wanted, struct reason *why)
{
	struct mail_policy_match match = {
		.list = set->policies[request->envelope->direction],
		.envelope = request->envelope, .header = header,
		.facts = request->facts, .wanted = wanted,
		.arena = wanted->arena };
	size_t *policy_of;
	int error;

	if (mail_policy_list_count(match.list) == 1)
		return 0;
	policy_of = arena_array(wanted->arena,
	    request->envelope->recipient_count + 1, sizeof(policy_of[0]));
	if (policy_of == NULL) {
		reason_set(why, "it is too large to be judged");
		return ERROR_LIMIT;
	}
	error = find_policies(&match, request->envelope, policy_of);
	if (error != 0)
		*why = match.why;
	return error;
}

/* The policies in use, in the order of their first recipients. */
static void
put_in_order(struct division *division)
{
	const struct envelope *envelope = division->base->envelope;
	size_t i, k;

	for (i = 0; i < envelope->recipient_count; i++) {
		for (k = 0; k < division->count; k++)
			if (division->order[k] == division->policy_of[i])
				break;
		if (k == division->count)
			division->order[division->count++] =
			    division->policy_of[i];
	}
	/* A message without recipients is judged once all the same. */
	if (division->count == 0)
		division->order[division->count++] = mail_policy_list_count(
		    division->set->policies[envelope->direction]) - 1;
}

static int
divide(struct division *division)
{
	struct filter_judge *base = division->base;
	const struct mail_policy_list *policies =
	    division->set->policies[base->envelope->direction];
	struct mail_policy_match match = { .list = policies,
		.envelope = base->envelope,
		.header = &base->message.content->mime.parts[0],
		.facts = base->facts, .wanted = division->wanted,
		.arena = base->arena };
	int error;

	division->policy_of = arena_array(base->arena,
	    base->envelope->recipient_count + 1,
	    sizeof(division->policy_of[0]));
	division->order = arena_array(base->arena,
	    mail_policy_list_count(policies), sizeof(division->order[0]));
	if (division->policy_of == NULL || division->order == NULL)
		return too_large(base);
	error = find_policies(&match, base->envelope, division->policy_of);
	if (error != 0)
		base->why = match.why;
	else
		put_in_order(division);
	return error;
}

/* ---- one splinter ---- */

/* The recipients of a policy, as an envelope and as ids. */
static int
take_recipients(const struct division *division, size_t policy,
	struct envelope *envelope, struct frame_splinter *out)
{
	struct arena *arena = division->base->arena;
	const struct envelope *all = division->base->envelope;
	size_t i, room = 0;

	*envelope = *all;
	if (division->count == 1)
		return 0;
	for (i = 0; i < all->recipient_count; i++)
		room += division->policy_of[i] == policy;
	envelope->recipient_count = 0;
	envelope->recipients = arena_array(arena, room,
	    sizeof(envelope->recipients[0]));
	out->rids = arena_array(arena, room, sizeof(out->rids[0]));
	if (envelope->recipients == NULL || out->rids == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < all->recipient_count; i++) {
		if (division->policy_of[i] != policy)
			continue;
		out->rids[out->rid_count++].rid = all->recipients[i].rid;
		envelope->recipients[envelope->recipient_count++] =
		    all->recipients[i];
	}
	return 0;
}

/* Each has its own list, for actions append to it. */
static int
copy_tags(struct arena *arena, struct frame_splinter *out)
{
	struct text *tags;

	if (out->tags == NULL)
		return 0;
	tags = arena_array(arena, FRAME_TAGS_MAX, sizeof(tags[0]));
	if (tags == NULL)
		return ERROR_LIMIT;
	memcpy(tags, out->tags, out->tag_count * sizeof(tags[0]));
	out->tags = tags;
	return 0;
}

static void
tell_trace(const struct filter_judge *judge)
{
	const struct filter_trace *trace = judge->trace;

	if (trace == NULL)
		return;
	if (trace->splinter != NULL)
		trace->splinter(trace->context, judge->out);
	if (trace->stage != NULL)
		trace->stage(trace->context, arena_printf(judge->arena,
		    "content filters of policy %.*s",
		    TEXT_ARG(judge->out->policy)));
}

/* F06: whatever content filters do, they take no protection away. */
static int
keep_protection(struct filter_judge *judge,
	const struct frame_protection *before, size_t made_before)
{
	filter_protection_raise(&judge->out->protection, before);
	return filter_made_settle(judge, made_before,
	    judge->disposition->made_count, &judge->out->protection);
}

static bool
is_same_message(const struct filter_message *a,
	const struct filter_message *b)
{
	size_t i;

	if (a->content != b->content || a->field_count != b->field_count)
		return false;
	for (i = 0; i < a->field_count; i++)
		if (a->fields[i].whole.data != b->fields[i].whole.data ||
		    a->fields[i].whole.len != b->fields[i].whole.len ||
		    a->fields[i].is_removed != b->fields[i].is_removed)
			return false;
	return true;
}

/* What message filters left is written once, however many keep it. */
static int
write_body(struct division *division, struct filter_judge *judge)
{
	struct filter_judge *base = division->base;
	int error = 0;

	if (!is_same_message(&base->message, &judge->message))
		return filter_judge_write(judge);
	if (judge->out->verdict == FRAME_VERDICT_DROP ||
	    judge->out->verdict == FRAME_VERDICT_BOUNCE)
		return 0;
	if (!division->is_written)
		error = filter_judge_write(base);
	division->is_written = true;
	judge->out->body = base->out->body;
	return error;
}

static int
run(struct division *division, struct filter_judge *judge, size_t policy)
{
	const struct frame_protection before = judge->out->protection;
	size_t made_before = judge->disposition->made_count;
	int error;

	tell_trace(judge);
	error = filter_judge_run(judge,
	    &division->set->choices[judge->envelope->direction][policy]);
	if (error == 0)
		error = keep_protection(judge, &before, made_before);
	return error == 0 ? write_body(division, judge) : error;
}

static int
judge_one(struct division *division, size_t number,
	struct frame_splinter *out)
{
	struct filter_judge *base = division->base;
	size_t policy = division->order[number];
	struct filter_judge judge = *base;
	struct envelope envelope;
	int error;

	judge.out = out;
	judge.splinter = number + 1;
	judge.envelope = &envelope;
	*out = *base->out;
	out->body = 0;
	out->policy = mail_policy_name(
	    division->set->policies[base->envelope->direction], policy);
	if (take_recipients(division, policy, &envelope, out) != 0 ||
	    copy_tags(base->arena, out) != 0 ||
	    filter_message_copy(&base->message, &judge.message) != 0)
		return too_large(base);
	error = run(division, &judge, policy);
	filter_message_close(&judge.message);
	base->filter_name = judge.filter_name;
	/* Either of the two may have failed to write. */
	if (error != 0 && judge.why.text[0] != '\0')
		base->why = judge.why;
	return error;
}

/* ---- recipients that message filters replaced ---- */

/*
 * From here on all of them are the one address that they were changed to:
 * its policy, its rules, and perhaps facts about it.
 */
static int
replace_recipients(const struct filter_set *set, struct filter_judge *judge,
	struct envelope *envelope, struct fact_list *wanted)
{
	const struct filter_set_list *list =
	    &set->lists[judge->envelope->direction];
	struct envelope_recipient *one = arena_array(judge->arena, 1,
	    sizeof(*one));
	size_t i;
	int error = 0;

	if (one == NULL)
		return too_large(judge);
	*envelope = *judge->envelope;
	if (envelope->recipient_count > 0)
		*one = envelope->recipients[0];
	one->address = judge->out->recipient;
	envelope->recipients = one;
	envelope->recipient_count = 1;
	judge->envelope = envelope;
	for (i = 0; i < list->count && error == 0; i++)
		error = filter_program_ask(list->filters[i].program,
		    envelope, wanted);
	fact_list_subtract(wanted, &judge->facts);
	if (error != 0)
		reason_set(&judge->why, "it needs more facts than can be "
		    "asked");
	return error;
}

int
filter_splinter_judge(const struct filter_set *set,
	struct filter_judge *judge, struct fact_list *wanted)
{
	struct division division = { .set = set, .base = judge,
		.wanted = wanted };
	struct frame_disposition *out = judge->disposition;
	struct envelope replaced;
	const struct envelope *envelope = judge->envelope;
	size_t i;
	int error = 0;

	if (!text_is_empty(judge->out->recipient))
		error = replace_recipients(set, judge, &replaced, wanted);
	if (error == 0)
		error = divide(&division);
	if (error == 0 && wanted->count == 0) {
		out->splinters = arena_array(judge->arena, division.count,
		    sizeof(out->splinters[0]));
		if (out->splinters == NULL)
			error = too_large(judge);
		for (i = 0; i < division.count && error == 0; i++)
			error = judge_one(&division, i, &out->splinters[i]);
		out->splinter_count = division.count;
	}
	judge->envelope = envelope;
	return error;
}
