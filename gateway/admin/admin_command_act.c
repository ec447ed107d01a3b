/*
 * Commands that act on messages: retry, hold, release, delete, abort, and
 * those on what lies in quarantine.
 */
#include <inttypes.h>

#include "gateway/admin/admin_private.h"

struct text
admin_option(const struct admin_request *request, enum command_option_id id)
{
	return request->call->given[id] ? request->call->values[id] :
	    TEXT_EMPTY;
}

bool
admin_read_limit(struct admin_request *request, uint64_t otherwise,
    uint64_t *out)
{
	*out = otherwise;
	if (!request->call->given[OPTION_LIMIT] || text_parse_u64(
	    request->call->values[OPTION_LIMIT], UINT32_MAX, out) == 0)
		return true;
	admin_error(request, "postern: --limit wants a number\n");
	admin_done(request, COMMAND_USAGE);
	return false;
}

uint64_t
admin_read_mid(struct admin_request *request, size_t argument)
{
	struct text word = request->call->arguments[argument];
	uint64_t mid;

	if (text_parse_u64(word, UINT64_MAX, &mid) == 0 && mid != 0)
		return mid;
	word = admin_safe(request, word);
	admin_error(request, "postern: \"%.*s\" is no MID (a number as "
	    "\"postern queue\" and the log show it)\n", TEXT_ARG(word));
	admin_done(request, COMMAND_USAGE);
	return 0;
}

static const struct {
	enum frame_queue_action action;
	const char *done;
} acts[COMMANDS] = {
	[COMMAND_RETRY] = { FRAME_QUEUE_RETRY, "due now" },
	[COMMAND_HOLD] = { FRAME_QUEUE_HOLD, "held" },
	[COMMAND_RELEASE] = { FRAME_QUEUE_RELEASE, "released" },
	[COMMAND_DELETE] = { FRAME_QUEUE_DELETE, "deleted" },
	[COMMAND_ABORT] = { FRAME_QUEUE_ABORT, "given up" },
	[COMMAND_QUARANTINE_RELEASE] = { FRAME_QUEUE_RELEASE, "released" },
	[COMMAND_QUARANTINE_DELETE] = { FRAME_QUEUE_DELETE, "deleted" },
};

/* ---- acting ------------------------------------------------------------- */

static void act_next(struct admin_request *request);

static void
act_done(struct admin_request *request)
{
	const char *word = acts[request->call->id].done;

	if (request->json)
		admin_print_json(request, json_pack("{s:s, s:I, s:I, s:b}",
		    "action", command_table[request->call->id].words,
		    "messages", (json_int_t)request->affected, "recipients",
		    (json_int_t)request->recipients, "failed",
		    request->failed));
	else
		admin_print(request, "%" PRIu64 " messages (%" PRIu64
		    " recipients) %s\n", request->affected,
		    request->recipients, word);
	admin_done(request, request->failed ? COMMAND_FAILED : COMMAND_OK);
}

static void
act_failed(struct admin_request *request, struct text why)
{
	struct text mid = admin_safe(request,
	    request->call->arguments[request->at]);
	struct text reason = admin_safe(request, why);

	request->failed = true;
	admin_error(request, "postern: message %.*s: %.*s\n", TEXT_ARG(mid),
	    TEXT_ARG(reason));
}

/* The next argument, or the end. */
static void
act_go_on(struct admin_request *request)
{
	request->at++;
	if (request->at < request->call->argument_count)
		act_next(request);
	else
		act_done(request);
}

static void
on_act(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_act *act = value;

	(void)type;
	request->affected += act->affected;
	request->recipients += act->recipients;
	if (act->affected == 0 && request->call->argument_count > 0)
		act_failed(request, act->reason);
	act_go_on(request);
}

static void
act_ask(struct admin_request *request, uint64_t mid, struct text quarantine)
{
	struct frame_queue_act_ask ask = {
		.id = request->id,
		.action = (uint8_t)acts[request->call->id].action,
		.mid = mid,
		.sender = admin_option(request, OPTION_SENDER),
		.recipient = admin_option(request, OPTION_RECIPIENT),
		.destination = admin_option(request, OPTION_DESTINATION),
		.actor = text_from(request->actor),
		.quarantine = quarantine,
	};

	request->answered = on_act;
	(void)admin_peer_ask(request, PROCESS_QUEUE, FRAME_QUEUE_ACT_ASK,
	    &ask);
}

/* Which quarantine it lies in: nothing else is touched. */
static void
on_found(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_message *message = value;

	(void)type;
	if (message->found && !text_is_empty(message->quarantine)) {
		act_ask(request, message->envelope.mid, message->quarantine);
		return;
	}
	act_failed(request, TEXT("it lies in no quarantine"));
	act_go_on(request);
}

static bool
is_for_quarantine(const struct admin_request *request)
{
	return request->call->id == COMMAND_QUARANTINE_RELEASE ||
	    request->call->id == COMMAND_QUARANTINE_DELETE;
}

static void
act_next(struct admin_request *request)
{
	struct frame_queue_mid find = { .id = request->id };

	if (request->call->argument_count > 0 && (find.mid =
	    admin_read_mid(request, request->at)) == 0)
		return;
	if (!is_for_quarantine(request)) {
		act_ask(request, find.mid, TEXT_EMPTY);
		return;
	}
	request->answered = on_found;
	(void)admin_peer_ask(request, PROCESS_QUEUE,
	    FRAME_QUEUE_MESSAGE_ASK, &find);
}

void
admin_run_act(struct admin_request *request)
{
	const struct command_call *call = request->call;
	bool filtered = call->given[OPTION_SENDER] ||
	    call->given[OPTION_RECIPIENT] || call->given[OPTION_DESTINATION];
	int ways = (call->argument_count > 0) + filtered +
	    call->given[OPTION_ALL];

	/* "delete" alone must never mean everything. */
	if (ways != 1) {
		admin_error(request, "postern: say which messages: MIDs, or "
		    "--sender, --recipient, --destination, or --all\n");
		admin_done(request, COMMAND_USAGE);
		return;
	}
	act_next(request);
}

void
admin_run_quarantine_act(struct admin_request *request)
{
	act_next(request);
}
