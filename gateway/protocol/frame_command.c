/*
 * Shapes of the frames between the CLI and admin.
 */
#include "gateway/protocol/frame_command.h"

#include <stddef.h>

static const struct record_field command_fields[] = {
	RECORD_TEXTS_FIELD(1, struct frame_command, words, word_count, 1000),
	RECORD_NUMBER(2, RECORD_U8, struct frame_command, json),
	RECORD_NUMBER(3, RECORD_U8, struct frame_command, terminal),
	RECORD_NUMBER(4, RECORD_U16, struct frame_command, width),
};
const struct record_shape frame_command_shape =
    RECORD_SHAPE(frame_command, command_fields);

static const struct record_field output_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_output, error),
	RECORD_TEXT_FIELD(2, struct frame_output, text, 524288),
};
const struct record_shape frame_output_shape =
    RECORD_SHAPE(frame_output, output_fields);

static const struct record_field command_done_fields[] = {
	RECORD_NUMBER(1, RECORD_U8, struct frame_command_done, status),
};
const struct record_shape frame_command_done_shape =
    RECORD_SHAPE(frame_command_done, command_done_fields);
