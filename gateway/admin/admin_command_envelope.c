/*
 * Commands on the key service's envelopes: list, show, lock, unlock, expire.
 */
#include <inttypes.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"

#define KEY_MAX 64

/* ---- faces -------------------------------------------------------------- */

static size_t
readers_done(const struct frame_vault_row *row)
{
	size_t count = 0;

	for (size_t i = 0; i < row->reader_count; i++)
		count += row->readers[i].first_opened_us != 0;
	return count;
}

static const char *
state_name(const struct frame_vault_row *row)
{
	if (row->is_locked)
		return "locked";
	return row->expires_us != 0 && row->expires_us <= clock_now_us() ?
	    "expired" : "open";
}

static struct text
expiry(struct admin_request *request, const struct frame_vault_row *row)
{
	char iso[CLOCK_ISO_SIZE];

	if (row->expires_us == 0)
		return TEXT("never");
	clock_print_iso(row->expires_us, iso, sizeof(iso));
	return arena_printf(request->arena, "%.10s", iso);
}

static void
print_row(struct admin_request *request, const struct frame_vault_row *row)
{
	struct text reference = admin_safe(request, row->reference);
	struct text age = admin_age(request, clock_now_us() - row->sent_us);
	struct text until = expiry(request, row);
	struct text sender = admin_safe(request, row->sender);
	struct text reader = row->reader_count == 0 ? TEXT("-") :
	    admin_safe(request, row->readers[0].address);

	admin_print(request, "%-10.*s %-10" PRIu64 " %7.*s %-10.*s %-7s "
	    "%3zu/%-3zu %.*s -> %.*s", TEXT_ARG(reference), row->mid,
	    TEXT_ARG(age), TEXT_ARG(until), state_name(row),
	    readers_done(row), row->reader_count, TEXT_ARG(sender),
	    TEXT_ARG(reader));
	if (row->reader_count > 1)
		admin_print(request, " and %zu more", row->reader_count - 1);
	admin_print(request, "\n");
}

static void
print_reader(struct admin_request *request,
    const struct frame_vault_reader *reader)
{
	struct text address = admin_safe(request, reader->address);
	char iso[CLOCK_ISO_SIZE];

	admin_print(request, "  %.*s: ", TEXT_ARG(address));
	if (reader->first_opened_us == 0) {
		admin_print(request, "not opened\n");
		return;
	}
	clock_print_iso(reader->first_opened_us, iso, sizeof(iso));
	admin_print(request, "opened %" PRIu32 " times, first at %s\n",
	    reader->opened, iso);
}

static void
print_whole(struct admin_request *request, const struct frame_vault_row *row)
{
	struct text reference = admin_safe(request, row->reference);
	struct text id = admin_safe(request, row->envelope_id);
	struct text sender = admin_safe(request, row->sender);
	struct text gateway = admin_safe(request, row->gateway);
	struct text until = expiry(request, row);
	char sent[CLOCK_ISO_SIZE];

	clock_print_iso(row->sent_us, sent, sizeof(sent));
	admin_print(request, "%.*s: %s\nidentity %.*s\n"
	    "MID %" PRIu64 " at %.*s, from %.*s\nsent %s, expires %.*s\n",
	    TEXT_ARG(reference), state_name(row), TEXT_ARG(id), row->mid,
	    TEXT_ARG(gateway), TEXT_ARG(sender), sent, TEXT_ARG(until));
	for (size_t i = 0; i < row->reader_count; i++)
		print_reader(request, &row->readers[i]);
}

static json_t *
row_json(const struct frame_vault_row *row)
{
	json_t *readers = json_array();

	for (size_t i = 0; i < row->reader_count; i++) {
		const struct frame_vault_reader *r = &row->readers[i];

		json_array_append_new(readers, json_pack("{s:o, s:o, s:I}",
		    "address", admin_json_text(r->address),
		    "first_opened", admin_json_time(r->first_opened_us),
		    "opened", (json_int_t)r->opened));
	}
	return json_pack("{s:o, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:b, s:o}",
	    "reference", admin_json_text(row->reference),
	    "id", admin_json_text(row->envelope_id),
	    "state", state_name(row),
	    "mid", (json_int_t)row->mid,
	    "gateway", admin_json_text(row->gateway),
	    "sender", admin_json_text(row->sender),
	    "sent", admin_json_time(row->sent_us),
	    "expires", admin_json_time(row->expires_us),
	    "locked", row->is_locked,
	    "readers", readers);
}

/* ---- asking ------------------------------------------------------------- */

static const uint8_t actions[COMMANDS] = {
	[COMMAND_ENVELOPE_LIST] = FRAME_VAULT_LIST,
	[COMMAND_ENVELOPE_SHOW] = FRAME_VAULT_SHOW,
	[COMMAND_ENVELOPE_LOCK] = FRAME_VAULT_LOCK,
	[COMMAND_ENVELOPE_UNLOCK] = FRAME_VAULT_UNLOCK,
	[COMMAND_ENVELOPE_EXPIRE] = FRAME_VAULT_EXPIRE,
};

static void
ask_vault(struct admin_request *request, struct frame_vault_act_ask *ask)
{
	ask->id = request->id;
	ask->action = actions[request->call->id];
	ask->actor = text_from(request->actor);
	if (request->call->argument_count > 0)
		ask->key = request->call->arguments[0];
	if (ask->key.len > KEY_MAX) {
		admin_error(request, "postern: that is neither a reference "
		    "such as K7QD-24MF nor an identity\n");
		admin_done(request, COMMAND_USAGE);
		return;
	}
	(void)admin_peer_ask(request, PROCESS_VAULT, FRAME_VAULT_ACT_ASK,
	    ask);
}

static void
on_list(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_vault_act *act = value;
	json_t *list = json_array();

	(void)type;
	if (!request->json && act->row_count > 0)
		admin_print(request, "%-10s %-10s %7s %-10s %-7s %-7s %s\n",
		    "REFERENCE", "MID", "AGE", "EXPIRES", "STATE", "OPENED",
		    "SENDER -> READER");
	for (size_t i = 0; i < act->row_count; i++) {
		if (request->json)
			json_array_append_new(list, row_json(&act->rows[i]));
		else
			print_row(request, &act->rows[i]);
	}
	if (request->json)
		admin_print_json(request, json_pack("{s:O}", "envelopes",
		    list));
	else if (act->row_count == 0)
		admin_print(request, "There are no envelopes.\n");
	json_decref(list);
	admin_done(request, COMMAND_OK);
}

void
admin_run_envelope_list(struct admin_request *request)
{
	struct frame_vault_act_ask ask = { .expires_us = 0 };
	uint64_t limit;

	if (!admin_read_limit(request, FRAME_VAULT_ROWS_MAX, &limit))
		return;
	ask.limit = limit == 0 || limit > FRAME_VAULT_ROWS_MAX ?
	    FRAME_VAULT_ROWS_MAX : (uint32_t)limit;
	request->answered = on_list;
	ask_vault(request, &ask);
}

static void
on_one(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_vault_act *act = value;
	struct text reason = admin_safe(request, act->reason);
	bool is_done = act->row_count > 0 && text_is_empty(act->reason);

	(void)type;
	if (request->json)
		admin_print_json(request, json_pack("{s:b, s:o, s:o}",
		    "ok", is_done, "envelope", act->row_count > 0 ?
		    row_json(&act->rows[0]) : json_null(),
		    "reason", admin_json_text(act->reason)));
	else if (is_done)
		print_whole(request, &act->rows[0]);
	if (!is_done)
		admin_error(request, "postern: %.*s\n",
		    TEXT_ARG(text_is_empty(reason) ?
		    TEXT("there is no such envelope") : reason));
	admin_done(request, is_done ? COMMAND_OK : COMMAND_FAILED);
}

void
admin_run_envelope_show(struct admin_request *request)
{
	struct frame_vault_act_ask ask = { .limit = 1 };

	request->answered = on_one;
	ask_vault(request, &ask);
}

void
admin_run_envelope_act(struct admin_request *request)
{
	struct frame_vault_act_ask ask = { .limit = 1 };

	if (request->call->id == COMMAND_ENVELOPE_EXPIRE &&
	    admin_time_parse(request->call->arguments[1], clock_now_us(),
	    &ask.expires_us) != 0) {
		admin_error(request, "postern: TIME is a day such as "
		    "2026-12-31, a time such as 2026-12-31T18:00:00Z, "
		    "\"now\" or \"never\"\n");
		admin_done(request, COMMAND_USAGE);
		return;
	}
	request->answered = on_one;
	ask_vault(request, &ask);
}
