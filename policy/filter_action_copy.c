/*
 * Actions that make copies of a message, as it is at that moment.
 */
#include "policy/filter_action_private.h"
#include "policy/filter_bodies.h"
#include "policy/filter_made.h"
#include "policy/filter_variable.h"

static int
bodies_full(struct filter_judge *judge)
{
	reason_set(&judge->why, "it is too large with the copies that "
	    "filters made");
	return ERROR_LIMIT;
}

/* ---- bcc ---- */

/* Every Subject field gives way to one. */
static int
set_subject(struct filter_message *message, struct text subject)
{
	struct text before = TEXT_EMPTY;
	size_t cursor = 0;
	int error = filter_message_next(message, TEXT("Subject"), &cursor,
	    &before);

	if (error == 0 && text_equal(before, subject))
		return 0;
	if (error != 0 && error != ERROR_NOT_FOUND)
		return error;
	filter_message_strip(message, TEXT("Subject"));
	return filter_message_insert(message, TEXT("Subject"), subject);
}

static int
copy_with_subject(struct filter_judge *judge, struct text subject,
	uint32_t *body)
{
	struct filter_message copy;
	int error = filter_message_copy(&judge->message, &copy);

	if (error == 0)
		error = set_subject(&copy, subject);
	if (error == 0)
		error = filter_bodies_add_message(judge->bodies, &copy,
		    judge->original, body);
	filter_message_close(&copy);
	return error;
}

static int
make_body(struct filter_judge *judge, const struct filter_call *call,
	uint32_t *body)
{
	struct text template = filter_call_text(call, 1, TEXT_EMPTY);
	struct text subject = TEXT_EMPTY;
	int error;

	if (text_is_empty(template))
		return filter_bodies_add_message(judge->bodies,
		    &judge->message, judge->original, body);
	error = filter_variable_expand(judge, template, FRAME_WORDS_MAX,
	    &subject);
	return error == 0 ? copy_with_subject(judge, subject, body) : error;
}

static int
find_sender(struct filter_judge *judge, const struct filter_call *call,
	struct text *out)
{
	struct text template = filter_call_text(call, 2, TEXT_EMPTY);
	int error;

	*out = judge->envelope->sender;
	if (text_is_empty(template))
		return 0;
	error = filter_addressee_expand_sender(judge, template, out);
	if (error != ERROR_NOT_FOUND)
		return error == 0 ? 0 : filter_action_too_large(judge);
	return filter_action_report(judge, call, "its return path is no "
	    "address; the copy gets the null sender");
}

static int
report_addressees(struct filter_judge *judge, const struct filter_call *call,
	const struct filter_addressees *list)
{
	int error = 0;

	if (list->refused > 0)
		error = filter_action_report(judge, call,
		    "left out what is no address");
	if (error == 0 && list->is_cut)
		error = filter_action_report(judge, call,
		    "left out further addresses");
	if (error == 0 && list->count == 0)
		error = filter_action_report(judge, call,
		    "made no message: there is no address to send it to");
	return error;
}

int
filter_action_addressees(struct filter_judge *judge,
	const struct filter_call *call, struct filter_addressees *out)
{
	if (filter_addressees_expand(judge, call->arguments[0].text,
	    out) != 0)
		return filter_action_too_large(judge);
	return report_addressees(judge, call, out);
}

static int
make_copy(struct filter_judge *judge, const struct filter_call *call,
	enum frame_made_kind kind)
{
	struct frame_made made = { .kind = (uint8_t)kind,
		.next_hop = filter_call_text(call, 3, TEXT_EMPTY) };
	struct filter_addressees to = { 0 };
	int error = filter_action_addressees(judge, call, &to);

	if (error != 0 || to.count == 0)
		return error;
	made.recipients = to.items;
	made.recipient_count = to.count;
	error = find_sender(judge, call, &made.sender);
	if (error != 0)
		return error;
	if (make_body(judge, call, &made.body) != 0)
		return bodies_full(judge);
	return filter_made_add(judge, call, &made);
}

static int
act_bcc(struct filter_judge *judge, const struct filter_call *call)
{
	return make_copy(judge, call, FRAME_MADE_COPY);
}

/* A copy that comes back to this action would come back for ever. */
static int
act_bcc_scan(struct filter_judge *judge, const struct filter_call *call)
{
	if (judge->passes >= FILTER_MADE_PASSES_MAX)
		return filter_action_report(judge, call, "made no copy: the "
		    "message is itself a copy of a copy");
	return make_copy(judge, call, FRAME_MADE_RESCAN);
}

/* ---- quarantine ---- */

static int
all_recipients(struct filter_judge *judge, struct frame_made *made)
{
	const struct envelope *envelope = judge->envelope;
	struct text instead = judge->out->recipient;
	size_t count = text_is_empty(instead) ? envelope->recipient_count : 1;
	size_t i;

	made->recipients = arena_array(judge->arena, count,
	    sizeof(made->recipients[0]));
	if (made->recipients == NULL)
		return ERROR_LIMIT;
	made->recipient_count = count;
	for (i = 0; i < count; i++)
		made->recipients[i] = text_is_empty(instead) ?
		    envelope->recipients[i].address : instead;
	return 0;
}

/* Released, it goes where the message would go now. */
static int
act_duplicate(struct filter_judge *judge, const struct filter_call *call)
{
	struct frame_made made = { .kind = FRAME_MADE_DUPLICATE,
		.sender = judge->envelope->sender,
		.quarantine = call->arguments[0].text,
		.next_hop = judge->out->next_hop };

	if (all_recipients(judge, &made) != 0)
		return filter_action_too_large(judge);
	if (filter_bodies_add_message(judge->bodies, &judge->message,
	    judge->original, &made.body) != 0)
		return bodies_full(judge);
	return filter_made_add(judge, call, &made);
}

#define COPY_ARGUMENTS { FILTER_ARGUMENT_ADDRESSEES, FILTER_ARGUMENT_TEXT, \
	FILTER_ARGUMENT_SENDER, FILTER_ARGUMENT_NEXT_HOP }

static const struct filter_action actions[] = {
	{ .signature = { .name = "bcc", .arguments = COPY_ARGUMENTS,
	    .required = 1, .help = "Send a copy, which no filter looks at." },
	    .act = act_bcc, .ask = filter_action_ask_texts },
	{ .signature = { .name = "bcc-scan", .arguments = COPY_ARGUMENTS,
	    .required = 1, .help = "Send a copy, which filters judge as a "
	    "message of its own." },
	    .act = act_bcc_scan, .ask = filter_action_ask_texts },
	{ .signature = { .name = "duplicate-quarantine",
	    .arguments = { FILTER_ARGUMENT_QUARANTINE }, .required = 1,
	    .help = "Hold a copy; the message itself goes on." },
	    .act = act_duplicate },
};
const struct filter_actions filter_actions_copy = FILTER_ROWS(actions);
