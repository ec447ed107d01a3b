/*
 * cli and admin over the control socket: words in, text out.  The CLI has
 * no authority of its own; admin asks the kernel who is calling.
 */
#ifndef GATEWAY_PROTOCOL_FRAME_COMMAND_H
#define GATEWAY_PROTOCOL_FRAME_COMMAND_H

#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/base/text.h"

/* COMMAND, perhaps with a file's descriptor ("config load FILE") */
struct frame_command {
	struct text *words;	/* without "postern" */
	size_t word_count;
	uint8_t json;
	uint8_t terminal;	/* output goes to a person */
	uint16_t width;
};

/* OUTPUT */
struct frame_output {
	uint8_t error;		/* 1: to standard error */
	struct text text;
};

/* COMMAND_DONE */
struct frame_command_done {
	uint8_t status;		/* exit status */
};

/*
 * CONFIG_ASK (a frame_version of 0) and CONFIG, the active version with the
 * snapshot's descriptor: for what the CLI does by itself with the running
 * configuration.
 */

extern const struct record_shape frame_command_shape;
extern const struct record_shape frame_output_shape;
extern const struct record_shape frame_command_done_shape;

#endif
