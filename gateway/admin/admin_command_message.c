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

static const char *
form_name(unsigned int form)
{
	static const char *const names[PROTECTION_FORMS] = {
		[PROTECTION_NONE] = "none",
		[PROTECTION_ENVELOPE] = "envelope",
		[PROTECTION_TLS_OR_ENVELOPE] = "tls-or-envelope",
	};

	return form < PROTECTION_FORMS ? names[form] : "unknown";
}

/* Quarantine, and what it must become. */
static void
print_protection(struct admin_request *request,
    const struct frame_queue_message *m)
{
	struct text quarantine = admin_safe(request, m->quarantine);
	struct text profile = admin_safe(request, m->protection.profile);
	struct text reference = admin_safe(request, m->reference);

	if (!text_is_empty(quarantine))
		admin_print(request, "quarantine: %.*s\n",
		    TEXT_ARG(quarantine));
	if (m->protection.form != PROTECTION_NONE)
		admin_print(request, "protection: %s, profile %.*s, %s\n",
		    form_name(m->protection.form), TEXT_ARG(profile),
		    m->is_protected ? "done" : "not yet");
	if (!text_is_empty(reference))
		admin_print(request, "reference: %.*s\n",
		    TEXT_ARG(reference));
}

/* By which policy, where to, where from, and what became of it. */
static void
print_way(struct admin_request *request, const struct frame_queue_message *m)
{
	const struct {
		const char *label;
		struct text value;
	} lines[] = {
		{ "mail policy", m->policy },
		{ "next hop", m->next_hop },
		{ "bounce profile", m->bounce_profile },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct text value = admin_safe(request, lines[i].value);

		if (!text_is_empty(value))
			admin_print(request, "%s: %.*s\n", lines[i].label,
			    TEXT_ARG(value));
	}
	if (m->parent_mid != 0)
		admin_print(request, "split from: MID %" PRIu64 "\n",
		    m->parent_mid);
	for (size_t i = 0; i < m->child_count; i++)
		admin_print(request, "%s MID %" PRIu64 "%s", i == 0 ?
		    "gave:" : ",", m->children[i].mid,
		    i + 1 == m->child_count ? "\n" : "");
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
	print_protection(request, m);
	print_way(request, m);
	for (size_t i = 0; i < m->recipient_count; i++)
		print_recipient(request, &m->recipients[i]);
	admin_print(request, "\n");
}

static json_t *
text_or_null(struct text t)
{
	return text_is_empty(t) ? json_null() : admin_json_text(t);
}

static json_t *
protection_json(const struct frame_queue_message *m)
{
	const struct frame_protection *p = &m->protection;

	if (p->form == PROTECTION_NONE)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:b}", "form", form_name(p->form),
	    "profile", admin_json_text(p->profile),
	    "subject", admin_json_text(p->subject),
	    "done", m->is_protected);
}

static json_t *
recipients_json(const struct frame_queue_message *m)
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
	return recipients;
}

static json_t *
children_json(const struct frame_queue_message *m)
{
	json_t *children = json_array();

	for (size_t i = 0; i < m->child_count; i++)
		json_array_append_new(children,
		    json_integer((json_int_t)m->children[i].mid));
	return children;
}

static json_t *
message_json(const struct frame_queue_message *m)
{
	return json_pack("{s:I, s:s, s:o, s:I, s:o, s:o, s:I, s:o, s:I, s:o,"
	    " s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "mid", (json_int_t)m->envelope.mid,
	    "state", message_state_name(m->state),
	    "received", admin_json_time(m->envelope.received_us),
	    "size", (json_int_t)m->envelope.size,
	    "sender", admin_json_text(m->envelope.sender),
	    "disposition", admin_json_text(m->disposition),
	    "disposition_version", (json_int_t)m->disposition_version,
	    "reason", admin_json_text(m->reason),
	    "crashes", (json_int_t)m->crashes,
	    "recipients", recipients_json(m),
	    "quarantine", text_or_null(m->quarantine),
	    "protection", protection_json(m),
	    "reference", text_or_null(m->reference),
	    "parent", m->parent_mid == 0 ? json_null() :
	    json_integer((json_int_t)m->parent_mid),
	    "policy", text_or_null(m->policy),
	    "next_hop", text_or_null(m->next_hop),
	    "bounce_profile", text_or_null(m->bounce_profile),
	    "children", children_json(m));
}

static void
on_message(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_queue_message *message = value;

	(void)type;
	if (request->call->id == COMMAND_QUARANTINE_SHOW &&
	    (!message->found || text_is_empty(message->quarantine))) {
		admin_error(request, "postern: that message lies in no "
		    "quarantine\n");
		admin_done(request, COMMAND_FAILED);
		return;
	}
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

	ask.mid = admin_read_mid(request, 0);
	if (ask.mid == 0)
		return;
	request->after_mid = ask.mid;
	request->answered = on_message;
	(void)admin_peer_ask(request, PROCESS_QUEUE,
	    FRAME_QUEUE_MESSAGE_ASK, &ask);
}
