/*
 * The story of a trial, for programs.
 */
#include <stdlib.h>

#include "gateway/cli/cli_text.h"
#include "gateway/cli/cli_trace_private.h"
#include "policy/fact_text.h"

#define SHOWN_RECIPIENTS 1000

static json_t *
text_or_null(struct text t)
{
	return text_is_empty(t) ? json_null() : cli_text_json(t);
}

static json_t *
json_recipients(const struct trial_outcome *o)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < o->recipient_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:b, s:o}",
		    "address", cli_text_json(o->recipients[i].address),
		    "accepted", o->recipients[i].is_accepted, "reply",
		    text_or_null(o->recipients[i].reply)));
	return list;
}

static json_t *
json_facts(const struct frame_fact *facts, size_t count)
{
	json_t *list = json_array();
	struct buffer words;
	size_t i;

	for (i = 0; i < count; i++) {
		buffer_init(&words, 8 * FACT_TEXT_MAX * FACT_VALUES_MAX);
		if (fact_print(&facts[i], &words) == 0)
			json_array_append_new(list,
			    cli_text_json(buffer_text(&words)));
		buffer_clear(&words);
	}
	return list;
}

static json_t *
json_step(const struct trace_step *step)
{
	static const char *const kinds[] = {
		[TRACE_STAGE] = "stage",
		[TRACE_FILTER] = "filter",
		[TRACE_RULE] = "rule",
		[TRACE_ACTION] = "action",
		[TRACE_FILTER_DONE] = "filter_done",
		[TRACE_SPLINTER] = "splinter",
	};
	json_t *one = json_pack("{s:s, s:o}", "step", kinds[step->kind],
	    "words", cli_text_json(step->words));

	if (step->kind == TRACE_RULE)
		json_object_update_new(one, json_pack(
		    "{s:o, s:o, s:I}", "result", step->failed ?
		    json_null() : json_boolean(step->truth), "matched",
		    text_or_null(step->matched), "ns",
		    (json_int_t)step->ns));
	if (step->kind == TRACE_FILTER_DONE)
		json_object_set_new(one, "fired", json_boolean(step->truth));
	if (step->kind == TRACE_SPLINTER)
		json_object_set_new(one, "recipients",
		    json_integer((json_int_t)step->recipients));
	return one;
}

static json_t *
json_steps(const struct trace_record *record)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < record->count; i++)
		json_array_append_new(list, json_step(&record->steps[i]));
	return list;
}

static json_t *
json_splinter(const struct cli_trace *trace, const struct frame_splinter *s)
{
	static struct text recipients[SHOWN_RECIPIENTS];
	size_t count = cli_trace_recipients(trace, s, recipients,
	    SHOWN_RECIPIENTS);

	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, "
	    "s:o, s:o, s:o, s:I}",
	    "recipients", cli_text_json_list(recipients, count),
	    "verdict", frame_verdict_name(s->verdict),
	    "policy", text_or_null(s->policy),
	    "filters", text_or_null(s->words),
	    "quarantine", text_or_null(s->quarantine),
	    "reason", text_or_null(s->reason),
	    "given_to", text_or_null(s->recipient),
	    "next_hop", text_or_null(s->next_hop),
	    "bounce_profile", text_or_null(s->bounce_profile),
	    "protection", cli_trace_form(s->protection.form),
	    "profile", text_or_null(s->protection.profile),
	    "subject", text_or_null(s->protection.subject),
	    "tags", cli_text_json_list(s->tags, s->tag_count),
	    "size", (json_int_t)trial_body(trace->outcome, s->body).len);
}

static json_t *
json_made(const struct frame_made *made)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}",
	    "kind", cli_trace_made(made->kind),
	    "by", cli_text_json(made->key),
	    "sender", cli_text_json(made->sender),
	    "recipients", cli_text_json_list(made->recipients,
	    made->recipient_count),
	    "quarantine", text_or_null(made->quarantine),
	    "protection", cli_trace_form(made->protection.form));
}

static json_t *
json_delivery(const struct trial_delivery *d)
{
	return json_pack("{s:o, s:o, s:s, s:b, s:b}",
	    "address", cli_text_json(d->address),
	    "destination", cli_text_json(d->destination),
	    "tls", cli_trace_tls(d->tls),
	    "envelope", d->is_envelope,
	    "or_envelope", d->or_envelope);
}

static json_t *
json_outcome(const struct cli_trace *trace)
{
	const struct frame_disposition *d = &trace->outcome->disposition;
	json_t *splinters = json_array(), *made = json_array();
	json_t *deliveries = json_array();
	size_t i;

	for (i = 0; i < d->splinter_count; i++)
		json_array_append_new(splinters, json_splinter(trace,
		    &d->splinters[i]));
	for (i = 0; i < d->made_count; i++)
		json_array_append_new(made, json_made(&d->made[i]));
	for (i = 0; i < trace->outcome->delivery_count; i++)
		json_array_append_new(deliveries, json_delivery(
		    &trace->outcome->deliveries[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "fate", cli_trace_fate(trace->outcome->fate),
	    "reason", text_or_null(trace->outcome->reason),
	    "splinters", splinters, "made", made, "log_entries",
	    cli_text_json_list(d->log_entries, d->log_entry_count),
	    "deliveries", deliveries, "wanted",
	    json_facts(d->wanted, d->wanted_count));
}

int
cli_trace_print_json(const struct cli_trace *trace, struct buffer *out)
{
	const struct trial_outcome *o = trace->outcome;
	const struct trial_message *m = trace->message;
	json_t *root = json_pack(
	    "{s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
	    "version", (json_int_t)trace->version,
	    "client", cli_text_json(m->client),
	    "listener", cli_text_json(o->listener),
	    "sender_group", text_or_null(o->sender_group),
	    "flow_policy", text_or_null(o->flow_policy),
	    "direction", o->direction == ENVELOPE_OUTGOING ? "outgoing" :
	    "incoming",
	    "sender", cli_text_json(m->sender),
	    "recipients", json_recipients(o),
	    "facts", json_facts(m->facts.facts, m->facts.count),
	    "steps", json_steps(trace->record),
	    "outcome", json_outcome(trace));
	char *words = json_dumps(root, JSON_INDENT(2));
	int error = words == NULL ? ERROR_LIMIT :
	    buffer_printf(out, "%s\n", words);

	free(words);
	json_decref(root);
	return error;
}
