/*
 * Actions that tell somebody of a message.
 */
#include "policy/filter_action_private.h"
#include "policy/filter_made.h"

/* RFC 3834 5: anything but "no". */
static int
find_automatic(struct filter_judge *judge, bool *is_automatic)
{
	struct text value = TEXT_EMPTY;
	size_t cursor = 0;
	int error;

	*is_automatic = false;
	while ((error = filter_message_next(&judge->message,
	    TEXT("Auto-Submitted"), &cursor, &value)) == 0)
		if (!text_equal_nocase(text_trim(text_slice(value, 0,
		    text_find_byte(value, ';'))), TEXT("no")))
			*is_automatic = true;
	return error == ERROR_NOT_FOUND ? 0 : error;
}

/*
 * Whether a notice could go round in a circle, or answer a machine.  RFC 3834
 * 2: nothing automatic is sent to an address that an automatic message, or
 * one without a sender, chose.  Others are told of those, for a sender must
 * not be able to silence the notices to an administrator with a header
 * field; but not of what looks like a notice that came back.
 */
static int
find_loop(struct filter_judge *judge, const struct filter_addressees *to,
	bool *is_loop)
{
	bool has_no_sender = text_is_empty(judge->envelope->sender);
	bool is_automatic = false;
	int error = find_automatic(judge, &is_automatic);

	*is_loop = to->is_from_message ? has_no_sender || is_automatic :
	    has_no_sender && is_automatic;
	return error == 0 ? 0 : filter_action_too_large(judge);
}

static int
make_notice(struct filter_judge *judge, const struct filter_call *call,
	const struct filter_addressees *to, bool wants_original)
{
	const struct frame_made made = { .kind = FRAME_MADE_NOTICE,
		.sender = TEXT_EMPTY, .recipients = to->items,
		.recipient_count = to->count };
	struct filter_notice *notice = arena_alloc(judge->arena,
	    sizeof(*notice));

	if (notice == NULL || filter_notice_draft(judge, call, wants_original,
	    notice) != 0)
		return filter_action_too_large(judge);
	return filter_made_add_notice(judge, call, &made, notice);
}

static int
notify(struct filter_judge *judge, const struct filter_call *call,
	bool wants_original)
{
	struct filter_addressees to = { 0 };
	bool is_loop = false;
	int error = filter_action_addressees(judge, call, &to);

	if (error != 0 || to.count == 0)
		return error;
	error = find_loop(judge, &to, &is_loop);
	if (error != 0)
		return error;
	if (is_loop)
		return filter_action_report(judge, call, "made no notice: "
		    "the message was sent by a machine");
	return make_notice(judge, call, &to, wants_original);
}

static int
act_notify(struct filter_judge *judge, const struct filter_call *call)
{
	return notify(judge, call, false);
}

static int
act_notify_copy(struct filter_judge *judge, const struct filter_call *call)
{
	return notify(judge, call, true);
}

#define NOTIFY_ARGUMENTS { FILTER_ARGUMENT_ADDRESSEES, FILTER_ARGUMENT_TEXT, \
	FILTER_ARGUMENT_SENDER, FILTER_ARGUMENT_TEMPLATE }

static const struct filter_action actions[] = {
	{ .signature = { .name = "notify", .arguments = NOTIFY_ARGUMENTS,
	    .required = 1, .help = "Tell somebody of it." },
	    .act = act_notify, .ask = filter_action_ask_texts },
	{ .signature = { .name = "notify-copy",
	    .arguments = NOTIFY_ARGUMENTS, .required = 1,
	    .help = "Tell somebody of it, with the message attached." },
	    .act = act_notify_copy, .ask = filter_action_ask_texts },
};
const struct filter_actions filter_actions_notify = FILTER_ROWS(actions);
