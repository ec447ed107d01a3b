/*
 * Actions that decide what becomes of a message.
 */
#include "policy/filter_action_private.h"
#include "policy/filter_variable.h"

/*
 * The last profile and subject count.  A message that was to be enveloped
 * always is never again sent without, whoever asks for less later.
 */
static int
act_encrypt(struct filter_judge *judge, const struct filter_call *call)
{
	struct frame_protection *protection = &judge->out->protection;

	if (filter_variable_expand(judge, filter_call_text(call, 1,
	    TEXT("$Subject")), FRAME_WORDS_MAX, &protection->subject) != 0)
		return filter_action_too_large(judge);
	protection->profile = call->arguments[0].text;
	if (protection->form != PROTECTION_ENVELOPE)
		protection->form = (uint8_t)filter_call_number(call, 2,
		    PROTECTION_ENVELOPE);
	return 0;
}

static int
act_quarantine(struct filter_judge *judge, const struct filter_call *call)
{
	judge->out->verdict = FRAME_VERDICT_QUARANTINE;
	judge->out->quarantine = call->arguments[0].text;
	return 0;
}

/* What removes a message removes its route. */
static void
forget_route(struct filter_judge *judge)
{
	judge->out->recipient = TEXT_EMPTY;
	judge->out->next_hop = TEXT_EMPTY;
}

static int
act_drop(struct filter_judge *judge, const struct filter_call *call)
{
	(void)call;
	forget_route(judge);
	judge->out->verdict = FRAME_VERDICT_DROP;
	judge->out->quarantine = TEXT_EMPTY;
	return 0;
}

static int
act_bounce(struct filter_judge *judge, const struct filter_call *call)
{
	(void)call;
	forget_route(judge);
	judge->out->verdict = FRAME_VERDICT_BOUNCE;
	judge->out->quarantine = TEXT_EMPTY;
	judge->out->reason = TEXT("the message was refused by a rule about "
	    "its content");
	return 0;
}

/* No further filter; what was decided before stays. */
static int
act_deliver(struct filter_judge *judge, const struct filter_call *call)
{
	(void)judge;
	(void)call;
	return 0;
}

#define ENCRYPT_ARGUMENTS { FILTER_ARGUMENT_PROFILE, FILTER_ARGUMENT_TEXT, \
	FILTER_ARGUMENT_FORM }

static const struct filter_action actions[] = {
	{ .signature = { .name = "encrypt", .arguments = ENCRYPT_ARGUMENTS,
	    .required = 1, .help = "Send it as an encrypted envelope, and "
	    "look at no further filter." },
	    .is_final = true, .act = act_encrypt,
	    .ask = filter_action_ask_texts },
	{ .signature = { .name = "encrypt-deferred",
	    .arguments = ENCRYPT_ARGUMENTS, .required = 1,
	    .help = "Send it as an encrypted envelope." },
	    .act = act_encrypt,
	    .ask = filter_action_ask_texts },
	{ .signature = { .name = "quarantine",
	    .arguments = { FILTER_ARGUMENT_QUARANTINE }, .required = 1,
	    .help = "Hold it; further filters still look at it." },
	    .act = act_quarantine },
	{ .signature = { .name = "drop", .help = "Discard it." },
	    .is_final = true, .act = act_drop },
	{ .signature = { .name = "bounce",
	    .help = "Discard it, and tell the sender." },
	    .is_final = true, .act = act_bounce },
	{ .signature = { .name = "deliver",
	    .help = "Look at no further filter." },
	    .ends_list = true, .act = act_deliver },
	{ .signature = { .name = "skip-filters",
	    .help = "The same as deliver()." },
	    .ends_list = true, .act = act_deliver },
};
const struct filter_actions filter_actions_fate = FILTER_ROWS(actions);
