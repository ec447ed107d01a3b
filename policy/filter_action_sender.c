/*
 * Actions on what a message says of its sender.
 */
#include "policy/filter_action_private.h"

/* Fields of one message that are kept under another name. */
#define KEPT_MAX 32

/* Copies of the From fields under that name, decoded and encoded anew. */
static int
keep_senders(struct filter_judge *judge, struct text name)
{
	struct text value;
	size_t cursor = 0, count = 0;
	int error = 0;

	while (count++ < KEPT_MAX && (error = filter_message_next(
	    &judge->message, TEXT("From"), &cursor, &value)) == 0) {
		error = filter_message_insert(&judge->message, name, value);
		if (error != 0)
			return error;
	}
	return error == ERROR_NOT_FOUND ? 0 : error;
}

/*
 * Readers show the name in From and hide the address: put there who sent it,
 * as the envelope says.
 */
static int
act_replace_sender(struct filter_judge *judge,
	const struct filter_call *call)
{
	struct text keeper = filter_call_text(call, 1, TEXT_EMPTY);
	struct text sender = judge->envelope->sender;
	int error = 0;

	/* RFC 5322 3.6.2 asks for an address where there is no sender. */
	if (text_is_empty(sender))
		sender = arena_printf(judge->arena, "MAILER-DAEMON@%.*s",
		    TEXT_ARG(judge->config->hostname));
	if (!text_is_empty(keeper))
		error = keep_senders(judge, keeper);
	if (error == 0) {
		filter_message_strip(&judge->message, TEXT("From"));
		error = filter_message_insert(&judge->message, TEXT("From"),
		    sender);
	}
	return error == 0 ? 0 : filter_action_too_large(judge);
}

static const struct filter_action actions[] = {
	{ .signature = { .name = "fed",
	    .arguments = { FILTER_ARGUMENT_FROM, FILTER_ARGUMENT_KEEPER },
	    .help = "Replace From by the envelope sender." },
	    .act = act_replace_sender },
};
const struct filter_actions filter_actions_sender = FILTER_ROWS(actions);
