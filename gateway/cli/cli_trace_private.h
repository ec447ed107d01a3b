/*
 * Inside "postern trace": what was tried, and its two faces.
 */
#ifndef GATEWAY_CLI_CLI_TRACE_PRIVATE_H
#define GATEWAY_CLI_CLI_TRACE_PRIVATE_H

#include <stdint.h>

#include "gateway/base/buffer.h"
#include "policy/trace_record.h"
#include "policy/trial.h"

struct cli_trace {
	const struct trial_message *message;
	const struct trace_record *record;
	const struct trial_outcome *outcome;
	uint64_t version;	/* of the running configuration; 0: a file */
	const char *file;	/* or its name */
};

/* Append the story as text.  ERROR_LIMIT. */
int cli_trace_print(const struct cli_trace *trace, struct buffer *out)
	MUST_CHECK;
/* The same as JSON.  ERROR_LIMIT. */
int cli_trace_print_json(const struct cli_trace *trace, struct buffer *out)
	MUST_CHECK;

/* Words that both use; never NULL. */
const char *cli_trace_form(uint8_t form);
const char *cli_trace_made(uint8_t kind);
const char *cli_trace_tls(uint8_t tls);
const char *cli_trace_fate(uint8_t fate);
/* Of the splinter (all of the message where it names none). */
size_t cli_trace_recipients(const struct cli_trace *trace,
	const struct frame_splinter *splinter, struct text *out, size_t max);

#endif
