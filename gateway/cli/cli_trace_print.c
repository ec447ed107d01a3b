/*
 * The story of a trial, for people.
 */
#include <inttypes.h>

#include "gateway/cli/cli_text.h"
#include "gateway/cli/cli_trace_private.h"
#include "policy/fact_text.h"

#define SHOWN_RECIPIENTS 1000

struct printer {
	const struct cli_trace *trace;
	struct buffer *out;
	int error;		/* the first; nothing is written behind it */
};

const char *
cli_trace_form(uint8_t form)
{
	static const char *const names[PROTECTION_FORMS] = {
		[PROTECTION_NONE] = "none",
		[PROTECTION_ENVELOPE] = "envelope",
		[PROTECTION_TLS_OR_ENVELOPE] = "tls or envelope",
	};

	return form < PROTECTION_FORMS ? names[form] : "unknown";
}

const char *
cli_trace_made(uint8_t kind)
{
	static const char *const names[FRAME_MADE_KINDS] = {
		[FRAME_MADE_COPY] = "copy",
		[FRAME_MADE_RESCAN] = "copy to be judged",
		[FRAME_MADE_NOTICE] = "notice",
		[FRAME_MADE_DUPLICATE] = "copy in quarantine",
	};

	return kind < FRAME_MADE_KINDS ? names[kind] : "unknown";
}

const char *
cli_trace_tls(uint8_t tls)
{
	static const char *const names[] = {
		[CONFIG_DESTINATION_TLS_NONE] = "none",
		[CONFIG_DESTINATION_TLS_PREFERRED] = "preferred",
		[CONFIG_DESTINATION_TLS_REQUIRED] = "required",
		[CONFIG_DESTINATION_TLS_VERIFIED] = "verified",
	};

	return tls < sizeof(names) / sizeof(names[0]) ? names[tls] :
	    "unknown";
}

const char *
cli_trace_fate(uint8_t fate)
{
	static const char *const names[] = {
		[TRIAL_REFUSED] = "refused",
		[TRIAL_WANTS_FACTS] = "facts are missing",
		[TRIAL_SET_ASIDE] = "set aside",
		[TRIAL_JUDGED] = "judged",
	};

	return fate < sizeof(names) / sizeof(names[0]) ? names[fate] :
	    "unknown";
}

static struct text
accepted(const struct trial_outcome *outcome, uint32_t rid)
{
	uint32_t seen = 0;
	size_t i;

	for (i = 0; i < outcome->recipient_count; i++)
		if (outcome->recipients[i].is_accepted && ++seen == rid)
			return outcome->recipients[i].address;
	return TEXT_EMPTY;
}

size_t
cli_trace_recipients(const struct cli_trace *trace,
    const struct frame_splinter *splinter, struct text *out, size_t max)
{
	uint32_t rid;
	size_t count = 0;

	for (rid = 1; count < max; rid++) {
		uint32_t wanted = rid;

		if (splinter->rid_count > 0) {
			if (rid > splinter->rid_count)
				break;
			wanted = splinter->rids[rid - 1].rid;
		}
		out[count] = accepted(trace->outcome, wanted);
		if (text_is_empty(out[count]))
			break;
		count++;
	}
	return count;
}

/* ---- pieces ---- */

static void say(struct printer *printer, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void
say(struct printer *printer, const char *format, ...)
{
	va_list args;

	if (printer->error != 0)
		return;
	va_start(args, format);
	printer->error = buffer_vprintf(printer->out, format, args);
	va_end(args);
}

static void
say_text(struct printer *printer, const char *before, struct text t,
    const char *after)
{
	say(printer, "%s", before);
	if (printer->error == 0)
		printer->error = cli_text_add(printer->out, t);
	say(printer, "%s", after);
}

/* ---- the connection ---- */

static void
print_connection(struct printer *printer)
{
	const struct trial_outcome *o = printer->trace->outcome;
	const struct trial_message *m = printer->trace->message;
	size_t i;

	say_text(printer, "Connection    from ", m->client, "");
	say_text(printer, " at listener ", o->listener, "\n");
	say_text(printer, "Sender group  ", o->sender_group, "");
	say_text(printer, ", mail flow policy ", o->flow_policy, "");
	say(printer, ": %s\n", o->direction == ENVELOPE_OUTGOING ?
	    "outgoing" : "incoming");
	say_text(printer, "Sender        <", m->sender, ">\n");
	for (i = 0; i < o->recipient_count; i++) {
		const struct trial_recipient *r = &o->recipients[i];

		say_text(printer, "Recipient     <", r->address, ">");
		if (!r->is_accepted)
			say_text(printer, " refused: ", r->reply, "");
		say(printer, "\n");
	}
}

static void
print_facts(struct printer *printer)
{
	const struct trial_outcome *o = printer->trace->outcome;
	const struct fact_table *facts = &printer->trace->message->facts;
	struct buffer words;
	size_t i;

	for (i = 0; i < facts->count + o->disposition.wanted_count; i++) {
		bool is_given = i < facts->count;
		const struct frame_fact *fact = is_given ? &facts->facts[i] :
		    &o->disposition.wanted[i - facts->count];

		buffer_init(&words, 8 * FACT_TEXT_MAX * FACT_VALUES_MAX);
		if (fact_print(fact, &words) == 0)
			say_text(printer, is_given ? "Fact          " :
			    "Fact wanted   ", buffer_text(&words), "\n");
		buffer_clear(&words);
	}
}

/* ---- the steps ---- */

static void
print_rule(struct printer *printer, const struct trace_step *step)
{
	say_text(printer, step->failed ? "    failed  " : step->truth ?
	    "    true    " : "    false   ", step->words, "");
	if (!text_is_empty(step->matched))
		say_text(printer, "  found \"", step->matched, "\"");
	say(printer, "  %" PRId64 " us\n", step->ns / 1000);
}

static void
print_step(struct printer *printer, const struct trace_step *step)
{
	switch ((enum trace_step_kind)step->kind) {
	case TRACE_STAGE:
		say_text(printer, "\n", step->words, "\n");
		break;
	case TRACE_FILTER:
		say_text(printer, "  filter ", step->words, "\n");
		break;
	case TRACE_RULE:
		print_rule(printer, step);
		break;
	case TRACE_ACTION:
		say_text(printer, "    does    ", step->words, "\n");
		break;
	case TRACE_FILTER_DONE:
		break;
	case TRACE_SPLINTER:
		say_text(printer, "\nSplinter of ", step->words, "");
		say(printer, ": %zu recipient%s\n", step->recipients,
		    step->recipients == 1 ? "" : "s");
		break;
	}
}

static void
print_steps(struct printer *printer)
{
	const struct trace_record *record = printer->trace->record;
	size_t i;

	for (i = 0; i < record->count; i++)
		print_step(printer, &record->steps[i]);
	if (record->lost > 0)
		say(printer, "(%zu further steps)\n", record->lost);
}

/* ---- what was decided ---- */

static void
print_splinter(struct printer *printer, const struct frame_splinter *s)
{
	const struct trial_outcome *o = printer->trace->outcome;
	static struct text recipients[SHOWN_RECIPIENTS];
	size_t i, count = cli_trace_recipients(printer->trace, s, recipients,
	    SHOWN_RECIPIENTS);

	say(printer, "  %s", frame_verdict_name(s->verdict));
	for (i = 0; i < count; i++)
		say_text(printer, i == 0 ? " for <" : ", <", recipients[i],
		    ">");
	say(printer, "\n");
	if (!text_is_empty(s->policy))
		say_text(printer, "    mail policy   ", s->policy, "\n");
	if (!text_is_empty(s->words))
		say_text(printer, "    filters       ", s->words, "\n");
	if (!text_is_empty(s->quarantine))
		say_text(printer, "    quarantine    ", s->quarantine, "\n");
	if (!text_is_empty(s->reason))
		say_text(printer, "    reason        ", s->reason, "\n");
	if (!text_is_empty(s->recipient))
		say_text(printer, "    given to      <", s->recipient, ">\n");
	if (!text_is_empty(s->next_hop))
		say_text(printer, "    next hop      ", s->next_hop, "\n");
	if (s->protection.form != PROTECTION_NONE) {
		say(printer, "    protection    %s",
		    cli_trace_form(s->protection.form));
		say_text(printer, ", profile ", s->protection.profile, "\n");
	}
	for (i = 0; i < s->tag_count; i++)
		say_text(printer, "    tag           ", s->tags[i], "\n");
	if (s->body > 0)
		say(printer, "    changed       %zu bytes, were %zu\n",
		    trial_body(o, s->body).len, o->message.len);
}

static void
print_delivery(struct printer *printer, const struct trial_delivery *d)
{
	say_text(printer, "  <", d->address, "> to ");
	say_text(printer, "", d->destination, ": ");
	say(printer, "TLS %s%s\n", cli_trace_tls(d->tls), d->is_envelope ?
	    ", as an envelope" : d->or_envelope ?
	    ", or an envelope where there is none" : "");
}

static void
print_outcome(struct printer *printer)
{
	const struct trial_outcome *o = printer->trace->outcome;
	const struct frame_disposition *d = &o->disposition;
	size_t i, k;

	say(printer, "\nOutcome: %s", cli_trace_fate(o->fate));
	if (!text_is_empty(o->reason))
		say_text(printer, ": ", o->reason, "");
	say(printer, "\n");
	if (o->fate != TRIAL_JUDGED)
		return;
	for (i = 0; i < d->splinter_count; i++)
		print_splinter(printer, &d->splinters[i]);
	for (i = 0; i < d->made_count; i++)
		for (k = 0; k < d->made[i].recipient_count; k++) {
			say(printer, "  makes a %s",
			    cli_trace_made(d->made[i].kind));
			say_text(printer, " for <",
			    d->made[i].recipients[k], ">\n");
		}
	for (i = 0; i < d->log_entry_count; i++)
		say_text(printer, "  logs \"", d->log_entries[i], "\"\n");
	if (o->delivery_count > 0)
		say(printer, "\nDelivery\n");
	for (i = 0; i < o->delivery_count; i++)
		print_delivery(printer, &o->deliveries[i]);
}

int
cli_trace_print(const struct cli_trace *trace, struct buffer *out)
{
	struct printer printer = { .trace = trace, .out = out };

	if (trace->version != 0)
		say(&printer, "Configuration version %" PRIu64
		    ", the running one\n", trace->version);
	print_connection(&printer);
	print_facts(&printer);
	print_steps(&printer);
	print_outcome(&printer);
	return printer.error;
}
