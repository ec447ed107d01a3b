/*
 * "postern trace": a message that is only imagined, through the running or a
 * candidate configuration, with every rule that was asked.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_private.h"
#include "gateway/cli/cli_trace_private.h"
#include "gateway/config/config_load.h"
#include "gateway/mail/address_list.h"
#include "gateway/mail/charset.h"
#include "gateway/mail/mime_message.h"
#include "policy/fact_text.h"

#define MESSAGE_MAX (64u * 1024 * 1024)
#define BODIES_MAX (256u * 1024 * 1024)
#define ARENA_MAX ((size_t)1024 * 1024 * 1024)
#define FACTS_FILE_MAX (4u * 1024 * 1024)
#define RECIPIENTS_MAX 1000

struct trace_work {
	const struct cli_options *options;
	const struct command_call *call;
	struct arena *arena;
	struct config_snapshot *snapshot;	/* the running one, or ... */
	struct config config;			/* ... a file's */
	struct filter_set *set;
	struct buffer bytes;
	struct buffer facts;
	struct buffer bodies;
	struct trial_message message;
	struct trace_record record;
	struct trial_outcome outcome;
};

static int
complain(const char *words)
{
	fprintf(stderr, "postern: %s\n", words);
	return COMMAND_FAILED;
}

/* ---- the configuration ---- */

static int
load_file(struct trace_work *work, struct text name)
{
	struct config_errors *errors = memory_new(sizeof(*errors));
	char *path = memory_string(name);
	struct buffer words;
	int error;

	/* A candidate whose own tests fail can be looked at all the same. */
	config_load_set_check(filter_set_check);
	error = config_load_file(path, work->arena, &work->config, errors);
	buffer_init(&words, MESSAGE_MAX);
	if (error != 0 && config_errors_print(errors, &words) == 0)
		fwrite(buffer_text(&words).data, 1, buffer_len(&words),
		    stderr);
	buffer_clear(&words);
	free(path);
	free(errors);
	return error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static const struct config *
config_of(const struct trace_work *work)
{
	return work->snapshot == NULL ? &work->config :
	    config_snapshot_config(work->snapshot);
}

static int
open_config(struct trace_work *work)
{
	struct reason why = { 0 };
	int status = work->call->given[OPTION_CONFIG] ?
	    load_file(work, work->call->values[OPTION_CONFIG]) :
	    cli_remote_config(work->options, &work->snapshot);

	if (status != COMMAND_OK)
		return status;
	if (filter_set_new(config_of(work), &work->set, &why) != 0)
		return complain(why.text);
	/* The very way that scan takes. */
	filter_set_accelerate(work->set);
	return COMMAND_OK;
}

/* ---- the message ---- */

/* Addresses of every field of that name, up to max. */
static size_t
addresses_of(struct trace_work *work, const struct mime_part *root,
    const char *name, struct text *out, size_t max)
{
	struct address_list list;
	struct text address = TEXT_EMPTY;
	size_t i, count = 0;

	for (i = 0; i < root->field_count; i++) {
		if (!text_equal_nocase(root->fields[i].name,
		    text_from(name)))
			continue;
		address_list_init(&list, root->fields[i].value);
		while (count < max && address_list_next(&list, &address))
			if (arena_copy(work->arena, address,
			    &out[count]) == 0)
				count++;
	}
	return count;
}

/* Where nobody was named: those whom the header names. */
static int
take_header(struct trace_work *work, struct text *recipients)
{
	struct trial_message *message = &work->message;
	struct mime_message mime;
	struct text sender = TEXT_EMPTY;

	if (mime_message_parse(message->bytes, &mime_limits_default,
	    work->arena, &mime) != 0)
		return complain("the message is too large");
	if (!work->call->given[OPTION_FROM] && addresses_of(work,
	    &mime.parts[0], "From", &sender, 1) == 1)
		message->sender = sender;
	if (work->call->given[OPTION_TO])
		return COMMAND_OK;
	message->recipient_count = addresses_of(work, &mime.parts[0], "To",
	    recipients, RECIPIENTS_MAX);
	message->recipient_count += addresses_of(work, &mime.parts[0], "Cc",
	    recipients + message->recipient_count,
	    RECIPIENTS_MAX - message->recipient_count);
	return message->recipient_count > 0 ? COMMAND_OK :
	    complain("the header names no recipient; name some with --to");
}

static int
take_recipients(struct trace_work *work)
{
	struct text rest = work->call->values[OPTION_TO], part = TEXT_EMPTY;
	struct text *recipients = arena_array(work->arena, RECIPIENTS_MAX,
	    sizeof(*recipients));

	require(recipients != NULL);
	work->message.recipients = recipients;
	while (work->call->given[OPTION_TO] && text_split(&rest, ',', &part))
		if (!text_is_empty(text_trim(part)) &&
		    work->message.recipient_count < RECIPIENTS_MAX)
			recipients[work->message.recipient_count++] =
			    text_trim(part);
	return take_header(work, recipients);
}

static int
take_facts(struct trace_work *work)
{
	struct frame_fact *facts = arena_array(work->arena, FACTS_MAX,
	    sizeof(*facts));
	struct reason why = { 0 };
	struct text rest, line = TEXT_EMPTY;
	size_t count = 0;

	require(facts != NULL);
	if (!work->call->given[OPTION_FACTS])
		return COMMAND_OK;
	if (cli_file_read(work->call->values[OPTION_FACTS], &work->facts,
	    &why) != 0)
		return complain(why.text);
	rest = buffer_text(&work->facts);
	while (text_split(&rest, '\n', &line)) {
		line = text_trim(line);
		if (text_is_empty(line) || line.data[0] == '#')
			continue;
		if (count == FACTS_MAX)
			return complain("there are too many facts");
		if (fact_parse(line, work->arena, &facts[count++], &why) != 0)
			return complain(why.text);
	}
	work->message.facts = (struct fact_table){ facts, count };
	return COMMAND_OK;
}

static struct text
option(const struct trace_work *work, enum command_option_id id,
    const char *fallback)
{
	return work->call->given[id] ? work->call->values[id] :
	    text_from(fallback);
}

static int
take_message(struct trace_work *work)
{
	struct reason why = { 0 };
	int status;

	if (cli_file_read(work->call->arguments[0], &work->bytes, &why) != 0)
		return complain(why.text);
	work->message = (struct trial_message){
		.client = option(work, OPTION_CLIENT, "127.0.0.1"),
		.listener = option(work, OPTION_LISTENER, ""),
		.helo = option(work, OPTION_HELO, "localhost"),
		.sender = option(work, OPTION_FROM, ""),
		.bytes = buffer_text(&work->bytes),
		.received_us = clock_now_us(),
	};
	status = take_recipients(work);
	return status == COMMAND_OK ? take_facts(work) : status;
}

/* ---- the trial ---- */

static int
run_trial(struct trace_work *work, struct buffer *out)
{
	struct cli_trace trace = { .message = &work->message,
		.record = &work->record, .outcome = &work->outcome };
	struct reason why = { 0 };
	int error;

	trace_record_init(&work->record, work->arena);
	if (trial_run(config_of(work), work->set, &work->message,
	    &work->record.trace, work->arena, &work->bodies, &work->outcome,
	    &why) != 0)
		return complain(why.text);
	if (work->snapshot != NULL)
		trace.version = config_snapshot_version(work->snapshot);
	error = work->options->json ? cli_trace_print_json(&trace, out) :
	    cli_trace_print(&trace, out);
	if (error != 0)
		return complain("the story is too long");
	if (work->outcome.fate != TRIAL_WANTS_FACTS)
		return COMMAND_OK;
	fwrite(buffer_text(out).data, 1, buffer_len(out), stdout);
	return complain("it needs facts; give their answers with --facts");
}

int
cli_run_trace(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct trace_work work = { .options = options, .call = call,
		.arena = arena_new(ARENA_MAX) };
	int status;

	charset_prepare();
	buffer_init(&work.bytes, MESSAGE_MAX);
	buffer_init(&work.facts, FACTS_FILE_MAX);
	buffer_init(&work.bodies, BODIES_MAX);
	status = open_config(&work);
	if (status == COMMAND_OK)
		status = take_message(&work);
	if (status == COMMAND_OK)
		status = run_trial(&work, out);
	filter_set_free(work.set);
	config_snapshot_release(&work.snapshot);
	buffer_clear(&work.bodies);
	buffer_clear(&work.facts);
	buffer_clear(&work.bytes);
	arena_free(work.arena);
	return status;
}
