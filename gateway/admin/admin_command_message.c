/*
 * "postern message MID": where it is now, and what happened to it.
 */
#include <inttypes.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"

static void
finish(struct admin_request *request)
{
	if (request->json) {
		json_t *root = request->json_root;

		request->json_root = NULL;
		json_object_set_new(root, "found",
		    json_boolean(request->affected > 0));
		admin_print_json(request, root);
	} else if (request->affected == 0)
		admin_error(request, "postern: nothing is known of that "
		    "message (the event log is kept for "
		    "retention.event_log)\n");
	admin_done(request, request->affected > 0 ? COMMAND_OK :
	    COMMAND_FAILED);
}

static void
print_recipient(struct admin_request *request,
    const struct frame_queue_recipient *r)
{
	struct text address = admin_safe(request, r->address);
	struct text reason = admin_safe(request, r->reason);
	struct text host = admin_safe(request, r->host);
	int64_t now = clock_now_us();

	admin_print(request, "  %" PRIu32 "  %.*s: %s", r->rid,
	    TEXT_ARG(address), recipient_state_name(r->state));
	if (r->attempts > 0)
		admin_print(request, ", %" PRIu32 " attempts", r->attempts);
	if (r->state == RECIPIENT_LIVE && r->next_try_us > now) {
		struct text next = admin_age(request, r->next_try_us - now);

		admin_print(request, ", next in %.*s", TEXT_ARG(next));
	}
	if (!text_is_empty(r->reason))
		admin_print(request, "\n     %.*s %.*s%s%.*s",
		    TEXT_ARG(r->status), TEXT_ARG(reason),
		    text_is_empty(host) ? "" : " from ", TEXT_ARG(host));
	admin_print(request, "\n");
}

static void
print_message(struct admin_request *request,
    const struct frame_queue_message *m)
{
	struct text sender = text_is_empty(m->envelope.sender) ? TEXT("<>") :
	    admin_safe(request, m->envelope.sender);
	struct text age = admin_age(request,
	    clock_now_us() - m->envelope.received_us);
	struct text reason = admin_safe(request, m->reason);
	struct text disposition = admin_safe(request, m->disposition);

	admin_print(request, "MID %" PRIu64 ": %s\nfrom %.*s, %" PRIu64
	    " bytes, %.*s old\n", m->envelope.mid,
	    message_state_name(m->state), TEXT_ARG(sender),
	    m->envelope.size, TEXT_ARG(age));
	admin_print(request, "disposition: %.*s\n", TEXT_ARG(disposition));
	if (!text_is_empty(reason))
		admin_print(request, "held because: %.*s\n",
		    TEXT_ARG(reason));
	for (size_t i = 0; i < m->recipient_count; i++)
		print_recipient(request, &m->recipients[i]);
	admin_print(request, "\n");
}

static json_t *
message_json(const struct frame_queue_message *m)
{
	json_t *recipients = json_array();

	for (size_t i = 0; i < m->recipient_count; i++) {
		const struct frame_queue_recipient *r = &m->recipients[i];

		json_array_append_new(recipients, json_pack(
		    "{s:I, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:o}",
		    "rid", (json_int_t)r->rid,
		    "address", admin_json_text(r->address),
		    "state", recipient_state_name(r->state),
		    "attempts", (json_int_t)r->attempts,
		    "next_try", admin_json_time(r->next_try_us),
		    "destination", admin_json_text(r->destination),
		    "status", admin_json_text(r->status),
		    "reason", admin_json_text(r->reason),
		    "host", admin_json_text(r->host)));
	}
	return json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:I, s:o, s:I, s:o}",
	    "mid", (json_int_t)m->envelope.mid,
	    "state", message_state_name(m->state),
	    "received", admin_json_time(m->envelope.received_us),
	    "size", (json_int_t)m->envelope.size,
	    "sender", admin_json_text(m->envelope.sender),
	    "disposition", admin_json_text(m->disposition),
	    "disposition_version", (json_int_t)m->disposition_version,
	    "reason", admin_json_text(m->reason),
	    "crashes", (json_int_t)m->crashes,
	    "recipients", recipients);
}

static void
on_message(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_message *message = value;

	(void)type;
	if (message->found)
		request->affected++;
	if (request->json) {
		request->json_list = json_array();
		request->json_root = json_pack("{s:o, s:o}", "queue",
		    message->found ? message_json(message) : json_null(),
		    "events", request->json_list);
	} else if (message->found)
		print_message(request, message);
	admin_history_start(request, request->after_mid, finish);
}

void
admin_run_message(struct admin_request *request)
{
	struct frame_queue_mid ask = { .id = request->id };

	if (text_parse_u64(request->call->arguments[0], UINT64_MAX,
	    &ask.mid) != 0 || ask.mid == 0) {
		admin_error(request, "postern: that is no MID (a number as "
		    "\"postern queue\" and the log show it)\n");
		admin_done(request, COMMAND_USAGE);
		return;
	}
	request->after_mid = ask.mid;
	request->answered = on_message;
	(void)admin_queue_ask(request, FRAME_QUEUE_MESSAGE_ASK, &ask);
}
