/*
 * Commands on the queue: list, act, verify.
 */
#include <inttypes.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"

#define PAGE 500
#define DEFAULT_LIMIT 1000

static struct text
option(const struct admin_request *request, enum command_option_id id)
{
	return request->call->given[id] ? request->call->values[id] :
	    TEXT_EMPTY;
}

/* ---- queue ----------------------------------------------------------- */

static void list_next(struct admin_request *request);

static void
print_row(struct admin_request *request, const struct frame_queue_row *row)
{
	int64_t now = clock_now_us();
	struct text age = admin_age(request, now - row->received_us);
	struct text next = row->next_try_us == 0 ? TEXT("-") :
	    row->next_try_us <= now ? TEXT("now") :
	    admin_age(request, row->next_try_us - now);
	struct text sender = text_is_empty(row->sender) ? TEXT("<>") :
	    admin_safe(request, row->sender);
	struct text recipient = admin_safe(request, row->recipient);

	admin_print(request, "%-10" PRIu64 " %-10s %7.*s %10" PRIu64
	    " %3" PRIu32 " %7.*s  %.*s -> %.*s", row->mid,
	    message_state_name(row->state), TEXT_ARG(age), row->size,
	    row->attempts, TEXT_ARG(next), TEXT_ARG(sender),
	    TEXT_ARG(recipient));
	if (row->recipient_count > 1)
		admin_print(request, " and %" PRIu32 " more",
		    row->recipient_count - 1);
	if (!text_is_empty(row->reason)) {
		struct text reason = admin_safe(request, row->reason);

		admin_print(request, "\n           %.*s", TEXT_ARG(reason));
	}
	admin_print(request, "\n");
}

static json_t *
row_json(const struct frame_queue_row *row)
{
	return json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:I, s:I, s:o, s:o}",
	    "mid", (json_int_t)row->mid,
	    "state", message_state_name(row->state),
	    "received", admin_json_time(row->received_us),
	    "size", (json_int_t)row->size,
	    "sender", admin_json_text(row->sender),
	    "recipient", admin_json_text(row->recipient),
	    "recipients", (json_int_t)row->recipient_count,
	    "attempts", (json_int_t)row->attempts,
	    "next_try", admin_json_time(row->next_try_us),
	    "reason", admin_json_text(row->reason));
}

static void
list_done(struct admin_request *request)
{
	if (request->call->given[OPTION_COUNT] && request->json) {
		admin_print_json(request, json_pack("{s:I, s:I}", "messages",
		    (json_int_t)request->affected, "recipients",
		    (json_int_t)request->recipients));
	} else if (request->json) {
		json_t *root = request->json_root;

		request->json_root = NULL;
		admin_print_json(request, root);
	} else if (request->call->given[OPTION_COUNT])
		admin_print(request, "%" PRIu64 " messages, %" PRIu64
		    " recipients\n", request->affected, request->recipients);
	else if (request->affected == 0)
		admin_print(request, "The queue holds no such message.\n");
	admin_done(request, COMMAND_OK);
}

static void
on_list(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_list *list = value;

	(void)type;
	for (size_t i = 0; i < list->row_count; i++) {
		const struct frame_queue_row *row = &list->rows[i];

		request->after_mid = row->mid;
		request->affected++;
		request->recipients += row->recipient_count;
		if (request->call->given[OPTION_COUNT])
			continue;
		if (request->json)
			json_array_append_new(request->json_list,
			    row_json(row));
		else
			print_row(request, row);
	}
	if (!list->more || (request->limit != 0 &&
	    request->affected >= request->limit))
		list_done(request);
	else if (ipc_backlog(request->ipc) > 0)
		request->more = list_next;
	else
		list_next(request);
}

static void
list_next(struct admin_request *request)
{
	uint64_t left = request->limit - request->affected;
	struct frame_queue_list_ask ask = {
		.id = request->id,
		.after_mid = request->after_mid,
		.limit = request->limit != 0 && left < PAGE ?
		    (uint32_t)left : PAGE,
		.sender = option(request, OPTION_SENDER),
		.recipient = option(request, OPTION_RECIPIENT),
		.destination = option(request, OPTION_DESTINATION),
		.held_only = request->call->given[OPTION_HELD],
	};

	request->answered = on_list;
	(void)admin_queue_ask(request, FRAME_QUEUE_LIST_ASK, &ask);
}

void
admin_run_queue(struct admin_request *request)
{
	request->limit = request->call->given[OPTION_COUNT] ? 0 :
	    DEFAULT_LIMIT;
	if (request->call->given[OPTION_LIMIT] && text_parse_u64(
	    request->call->values[OPTION_LIMIT], UINT32_MAX,
	    &request->limit) != 0) {
		admin_error(request, "postern: --limit wants a number\n");
		admin_done(request, COMMAND_USAGE);
		return;
	}
	if (request->json) {
		request->json_list = json_array();
		request->json_root = json_pack("{s:o}", "messages",
		    request->json_list);
	} else if (!request->call->given[OPTION_COUNT])
		admin_print(request, "%-10s %-10s %7s %10s %3s %7s  %s\n",
		    "MID", "STATE", "AGE", "BYTES", "TRY", "NEXT",
		    "SENDER -> RECIPIENT");
	list_next(request);
}

/* ---- retry, hold, release, delete -------------------------------------- */

static const struct {
	enum frame_queue_action action;
	const char *done;
} acts[COMMANDS] = {
	[COMMAND_RETRY] = { FRAME_QUEUE_RETRY, "due now" },
	[COMMAND_HOLD] = { FRAME_QUEUE_HOLD, "held" },
	[COMMAND_RELEASE] = { FRAME_QUEUE_RELEASE, "released" },
	[COMMAND_DELETE] = { FRAME_QUEUE_DELETE, "deleted" },
};

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
on_act(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_act *act = value;

	(void)type;
	request->affected += act->affected;
	request->recipients += act->recipients;
	if (act->affected == 0 && request->call->argument_count > 0) {
		struct text mid = admin_safe(request,
		    request->call->arguments[request->at]);
		struct text reason = admin_safe(request, act->reason);

		request->failed = true;
		admin_error(request, "postern: message %.*s: %.*s\n",
		    TEXT_ARG(mid), TEXT_ARG(reason));
	}
	request->at++;
	if (request->at < request->call->argument_count)
		act_next(request);
	else
		act_done(request);
}

static void
act_next(struct admin_request *request)
{
	struct frame_queue_act_ask ask = {
		.id = request->id,
		.action = (uint8_t)acts[request->call->id].action,
		.sender = option(request, OPTION_SENDER),
		.recipient = option(request, OPTION_RECIPIENT),
		.destination = option(request, OPTION_DESTINATION),
		.actor = text_from(request->actor),
	};

	if (request->call->argument_count > 0 && (text_parse_u64(
	    request->call->arguments[request->at], UINT64_MAX,
	    &ask.mid) != 0 || ask.mid == 0)) {
		struct text word = admin_safe(request,
		    request->call->arguments[request->at]);

		admin_error(request, "postern: \"%.*s\" is no MID (a number "
		    "as \"postern queue\" shows it)\n", TEXT_ARG(word));
		admin_done(request, COMMAND_USAGE);
		return;
	}
	request->answered = on_act;
	(void)admin_queue_ask(request, FRAME_QUEUE_ACT_ASK, &ask);
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

/* ---- ledger verify ------------------------------------------------------ */

static void
print_ledger(struct admin_request *request,
    const struct frame_queue_ledger *l)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "accepted", l->accepted }, { "+ generated", l->generated },
		{ "= delivered", l->delivered }, { "+ failed", l->failed },
		{ "+ dropped", l->dropped }, { "+ deleted", l->deleted },
		{ "+ expired", l->expired }, { "+ live", l->live },
		{ "  of these queued", l->counted_queued },
		{ "  of these held", l->counted_held },
		{ "  in the index", l->counted_index },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		admin_print(request, "%-20s %12" PRIu64 "\n", rows[i].name,
		    rows[i].value);
	if (l->balanced)
		admin_print(request, "The ledger balances.\n");
	else
		admin_print(request, "The ledger does NOT balance: %.*s\n",
		    TEXT_ARG(l->problem));
}

static void
on_ledger(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_ledger *l = value;

	(void)type;
	if (request->json)
		admin_print_json(request, json_pack("{s:I, s:I, s:I, s:I, s:I,"
		    " s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o}",
		    "accepted", (json_int_t)l->accepted,
		    "generated", (json_int_t)l->generated,
		    "delivered", (json_int_t)l->delivered,
		    "failed", (json_int_t)l->failed,
		    "dropped", (json_int_t)l->dropped,
		    "deleted", (json_int_t)l->deleted,
		    "expired", (json_int_t)l->expired,
		    "live", (json_int_t)l->live,
		    "queued", (json_int_t)l->counted_queued,
		    "held", (json_int_t)l->counted_held,
		    "index", (json_int_t)l->counted_index,
		    "messages", (json_int_t)l->messages,
		    "balanced", l->balanced,
		    "problem", admin_json_text(l->problem)));
	else
		print_ledger(request, l);
	admin_done(request, l->balanced ? COMMAND_OK : COMMAND_FAILED);
}

void
admin_run_ledger(struct admin_request *request)
{
	struct frame_ask ask = { .id = request->id };

	request->answered = on_ledger;
	(void)admin_queue_ask(request, FRAME_QUEUE_LEDGER_ASK, &ask);
}
