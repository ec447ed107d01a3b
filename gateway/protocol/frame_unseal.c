/*
 * Shapes of the frames to and from unseal.
 */
#include "gateway/protocol/frame_unseal.h"

#include <stddef.h>

#include "gateway/mail/envelope.h"

static const struct record_field unseal_key_fields[] = {
	RECORD_BYTES_FIELD(1, struct frame_unseal_key, ticket),
	RECORD_BYTES_FIELD(2, struct frame_unseal_key, share),
	RECORD_TEXT_FIELD(3, struct frame_unseal_key, address,
	    ENVELOPE_ADDRESS_MAX),
};
const struct record_shape frame_unseal_key_shape =
    RECORD_SHAPE(frame_unseal_key, unseal_key_fields);

static const struct record_field unseal_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_unseal_ask, id),
	RECORD_BYTES_FIELD(2, struct frame_unseal_ask, ticket),
	RECORD_TEXT_FIELD(3, struct frame_unseal_ask, header, 16384),
	RECORD_TEXT_FIELD(4, struct frame_unseal_ask, share, 64),
	RECORD_NUMBER(5, RECORD_U64, struct frame_unseal_ask, payload_size),
	RECORD_NUMBER(6, RECORD_U32, struct frame_unseal_ask, part),
	RECORD_TEXT_FIELD(7, struct frame_unseal_ask, parts_path, 256),
};
const struct record_shape frame_unseal_ask_shape =
    RECORD_SHAPE(frame_unseal_ask, unseal_ask_fields);

static const struct record_field unseal_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_unseal, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_unseal, outcome),
	RECORD_NUMBER(3, RECORD_U64, struct frame_unseal, size),
	RECORD_TEXT_FIELD(4, struct frame_unseal, type, 256),
	RECORD_TEXT_FIELD(5, struct frame_unseal, filename, 1024),
};
const struct record_shape frame_unseal_shape =
    RECORD_SHAPE(frame_unseal, unseal_fields);
