/*
 * Shapes of the frames between admin and vault.
 */
#include "gateway/protocol/frame_vault_admin.h"

#include <stddef.h>

#include "gateway/mail/envelope.h"

static const struct record_field vault_act_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_act_ask, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_vault_act_ask, action),
	RECORD_TEXT_FIELD(3, struct frame_vault_act_ask, key, 64),
	RECORD_NUMBER(4, RECORD_I64, struct frame_vault_act_ask, expires_us),
	RECORD_NUMBER(5, RECORD_U32, struct frame_vault_act_ask, limit),
	RECORD_TEXT_FIELD(6, struct frame_vault_act_ask, actor, 256),
};
const struct record_shape frame_vault_act_ask_shape =
    RECORD_SHAPE(frame_vault_act_ask, vault_act_ask_fields);

static const struct record_field vault_reader_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_vault_reader, address,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_NUMBER(2, RECORD_I64, struct frame_vault_reader,
	    first_opened_us),
	RECORD_NUMBER(3, RECORD_U32, struct frame_vault_reader, opened),
};
static const struct record_shape frame_vault_reader_shape =
    RECORD_SHAPE(frame_vault_reader, vault_reader_fields);

static const struct record_field vault_row_fields[] = {
	RECORD_TEXT_FIELD(1, struct frame_vault_row, envelope_id, 64),
	RECORD_TEXT_FIELD(2, struct frame_vault_row, reference, 32),
	RECORD_NUMBER(3, RECORD_U64, struct frame_vault_row, mid),
	RECORD_TEXT_FIELD(4, struct frame_vault_row, gateway, 256),
	RECORD_TEXT_FIELD(5, struct frame_vault_row, sender,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_NUMBER(6, RECORD_I64, struct frame_vault_row, sent_us),
	RECORD_NUMBER(7, RECORD_I64, struct frame_vault_row, expires_us),
	RECORD_NUMBER(8, RECORD_U8, struct frame_vault_row, is_locked),
	RECORD_LIST_FIELD(9, struct frame_vault_row, readers, reader_count,
	    FRAME_VAULT_RECIPIENTS_MAX, &frame_vault_reader_shape),
};
static const struct record_shape frame_vault_row_shape =
    RECORD_SHAPE(frame_vault_row, vault_row_fields);

static const struct record_field vault_act_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_act, id),
	RECORD_LIST_FIELD(2, struct frame_vault_act, rows, row_count,
	    FRAME_VAULT_ROWS_MAX, &frame_vault_row_shape),
	RECORD_TEXT_FIELD(3, struct frame_vault_act, reason, 1024),
};
const struct record_shape frame_vault_act_shape =
    RECORD_SHAPE(frame_vault_act, vault_act_fields);
