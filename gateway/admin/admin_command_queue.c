/*
 * Commands that look at the queue: its list and those of the encryption
 * queue and of quarantines, and the ledger.
 */
#include <inttypes.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"
#include "gateway/config/config_snapshot.h"
#include "gateway/protocol/process.h"

#define PAGE 500
#define DEFAULT_LIMIT 1000

/* ---- queue ----------------------------------------------------------- */

static void list_next(struct admin_request *request);

/* Names are longer than states. */
static int
kind_width(const struct admin_request *request)
{
	return request->call->given[OPTION_ENCRYPTION] ||
	    request->call->id == COMMAND_QUARANTINE_LIST ? 16 : 10;
}

/* State, or what the list is about in its place. */
static void
print_kind(struct admin_request *request, const struct frame_queue_row *row)
{
	struct text word = text_from(message_state_name(row->state));

	if (request->call->given[OPTION_ENCRYPTION])
		word = admin_safe(request, row->profile);
	else if (request->call->id == COMMAND_QUARANTINE_LIST)
		word = admin_safe(request, row->quarantine);
	admin_print(request, "%-*.*s ", kind_width(request), TEXT_ARG(word));
}

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

	admin_print(request, "%-10" PRIu64 " ", row->mid);
	print_kind(request, row);
	admin_print(request, "%7.*s", TEXT_ARG(age));
	if (!request->call->given[OPTION_ENCRYPTION])
		admin_print(request, " %10" PRIu64, row->size);
	admin_print(request, " %3" PRIu32 " %7.*s  %.*s -> %.*s",
	    row->attempts, TEXT_ARG(next), TEXT_ARG(sender),
	    TEXT_ARG(recipient));
	if (row->recipient_count > 1)
		admin_print(request, " and %" PRIu32 " more",
		    row->recipient_count - 1);
	/* That it lies in a quarantine is what that list says anyway. */
	if (!text_is_empty(row->reason) &&
	    request->call->id != COMMAND_QUARANTINE_LIST) {
		struct text reason = admin_safe(request, row->reason);

		admin_print(request, "\n           %.*s", TEXT_ARG(reason));
	}
	admin_print(request, "\n");
}

static void
print_head(struct admin_request *request)
{
	bool encryption = request->call->given[OPTION_ENCRYPTION];

	if (request->json || request->call->given[OPTION_COUNT])
		return;
	admin_print(request, "%-10s %-*s %7s", "MID", kind_width(request),
	    encryption ? "PROFILE" : request->call->id ==
	    COMMAND_QUARANTINE_LIST ? "QUARANTINE" : "STATE", "AGE");
	if (!encryption)
		admin_print(request, " %10s", "BYTES");
	admin_print(request, " %3s %7s  %s\n", "TRY", "NEXT",
	    "SENDER -> RECIPIENT");
}

static json_t *
row_json(const struct frame_queue_row *row)
{
	return json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:I, s:I, s:o, s:o,"
	    " s:o, s:o}",
	    "mid", (json_int_t)row->mid,
	    "state", message_state_name(row->state),
	    "received", admin_json_time(row->received_us),
	    "size", (json_int_t)row->size,
	    "sender", admin_json_text(row->sender),
	    "recipient", admin_json_text(row->recipient),
	    "recipients", (json_int_t)row->recipient_count,
	    "attempts", (json_int_t)row->attempts,
	    "next_try", admin_json_time(row->next_try_us),
	    "reason", admin_json_text(row->reason),
	    "quarantine", admin_json_text(row->quarantine),
	    "profile", admin_json_text(row->profile));
}

/*
 * A name that is mistyped is no empty quarantine; one that has left the
 * configuration may still hold messages.
 */
static bool
is_unknown_quarantine(struct admin_request *request)
{
	struct config_snapshot *snapshot = process_snapshot();

	return request->call->id == COMMAND_QUARANTINE_LIST &&
	    request->affected == 0 && request->call->argument_count > 0 &&
	    snapshot != NULL && config_quarantine_find(
	    config_snapshot_config(snapshot),
	    request->call->arguments[0]) == NULL;
}

static void
list_done(struct admin_request *request)
{
	if (is_unknown_quarantine(request)) {
		admin_error(request, "postern: there is no quarantine of "
		    "that name\n");
		admin_done(request, COMMAND_FAILED);
		return;
	}
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
		admin_print(request, "%s\n", request->call->id ==
		    COMMAND_QUARANTINE_LIST ?
		    "No such message lies in quarantine." :
		    "The queue holds no such message.");
	admin_done(request, COMMAND_OK);
}

static void
on_list(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_list *list = value;

	(void)type;
	if (list->row_count > 0 && request->affected == 0)
		print_head(request);
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
		.sender = admin_option(request, OPTION_SENDER),
		.recipient = admin_option(request, OPTION_RECIPIENT),
		.destination = admin_option(request, OPTION_DESTINATION),
		.held_only = request->call->given[OPTION_HELD],
		.encryption_only = request->call->given[OPTION_ENCRYPTION],
		.quarantined_only =
		    request->call->id == COMMAND_QUARANTINE_LIST,
		.quarantine = request->call->argument_count > 0 ?
		    request->call->arguments[0] : TEXT_EMPTY,
	};

	request->answered = on_list;
	(void)admin_peer_ask(request, PROCESS_QUEUE, FRAME_QUEUE_LIST_ASK,
	    &ask);
}

void
admin_run_list(struct admin_request *request)
{
	if (!admin_read_limit(request, request->call->given[OPTION_COUNT] ?
	    0 : DEFAULT_LIMIT, &request->limit))
		return;
	if (request->json) {
		request->json_list = json_array();
		request->json_root = json_pack("{s:o}", "messages",
		    request->json_list);
	}
	list_next(request);
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
	(void)admin_peer_ask(request, PROCESS_QUEUE,
	    FRAME_QUEUE_LEDGER_ASK, &ask);
}
