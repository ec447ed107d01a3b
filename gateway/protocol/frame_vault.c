/*
 * Shapes of the frames between portal and vault.
 */
#include "gateway/protocol/frame_vault.h"

#include <stddef.h>

#include "gateway/mail/envelope.h"

#define TEXT_MAX 256

static const struct record_field vault_find_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_find_ask, id),
	RECORD_BYTES_FIELD(2, struct frame_vault_find_ask, envelope_id),
};
const struct record_shape frame_vault_find_ask_shape =
    RECORD_SHAPE(frame_vault_find_ask, vault_find_ask_fields);

static const struct record_field vault_find_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_find, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_vault_find, state),
	RECORD_TEXT_FIELD(3, struct frame_vault_find, sender,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_TEXT_FIELD(4, struct frame_vault_find, organisation, TEXT_MAX),
	RECORD_TEXT_FIELD(5, struct frame_vault_find, reference, 32),
	RECORD_NUMBER(6, RECORD_I64, struct frame_vault_find, sent_us),
	RECORD_NUMBER(7, RECORD_I64, struct frame_vault_find, expires_us),
	RECORD_TEXTS_FIELD(8, struct frame_vault_find, recipients,
	    recipient_count, FRAME_VAULT_RECIPIENTS_MAX),
	RECORD_NUMBER(9, RECORD_U8, struct frame_vault_find, hides_some),
};
const struct record_shape frame_vault_find_shape =
    RECORD_SHAPE(frame_vault_find, vault_find_fields);

static const struct record_field vault_code_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_code_ask, id),
	RECORD_BYTES_FIELD(2, struct frame_vault_code_ask, envelope_id),
	RECORD_NUMBER(3, RECORD_U32, struct frame_vault_code_ask, choice),
	RECORD_TEXT_FIELD(4, struct frame_vault_code_ask, address,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_TEXT_FIELD(5, struct frame_vault_code_ask, client, 64),
};
const struct record_shape frame_vault_code_ask_shape =
    RECORD_SHAPE(frame_vault_code_ask, vault_code_ask_fields);

static const struct record_field vault_code_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_code, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_vault_code, outcome),
	RECORD_BYTES_FIELD(3, struct frame_vault_code, challenge),
	RECORD_NUMBER(4, RECORD_U32, struct frame_vault_code, wait_s),
	RECORD_NUMBER(5, RECORD_U32, struct frame_vault_code, lifetime_s),
};
const struct record_shape frame_vault_code_shape =
    RECORD_SHAPE(frame_vault_code, vault_code_fields);

static const struct record_field vault_verify_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_verify_ask, id),
	RECORD_BYTES_FIELD(2, struct frame_vault_verify_ask, challenge),
	RECORD_TEXT_FIELD(3, struct frame_vault_verify_ask, code, 64),
	RECORD_TEXT_FIELD(4, struct frame_vault_verify_ask, client, 64),
};
const struct record_shape frame_vault_verify_ask_shape =
    RECORD_SHAPE(frame_vault_verify_ask, vault_verify_ask_fields);

static const struct record_field vault_verify_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_verify, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_vault_verify, outcome),
	RECORD_NUMBER(3, RECORD_U32, struct frame_vault_verify, tries_left),
	RECORD_BYTES_FIELD(4, struct frame_vault_verify, token),
	RECORD_NUMBER(5, RECORD_U32, struct frame_vault_verify, lifetime_s),
};
const struct record_shape frame_vault_verify_shape =
    RECORD_SHAPE(frame_vault_verify, vault_verify_fields);

static const struct record_field vault_release_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_release_ask, id),
	RECORD_BYTES_FIELD(2, struct frame_vault_release_ask, token),
	RECORD_BYTES_FIELD(3, struct frame_vault_release_ask, envelope_id),
	RECORD_BYTES_FIELD(4, struct frame_vault_release_ask, key_id),
	RECORD_TEXT_FIELD(5, struct frame_vault_release_ask, public_key,
	    FRAME_PUBLIC_KEY_LEN),
	RECORD_NUMBER(6, RECORD_U32, struct frame_vault_release_ask, unseal),
	RECORD_BYTES_FIELD(7, struct frame_vault_release_ask, ticket),
	RECORD_TEXT_FIELD(8, struct frame_vault_release_ask, client, 64),
};
const struct record_shape frame_vault_release_ask_shape =
    RECORD_SHAPE(frame_vault_release_ask, vault_release_ask_fields);

static const struct record_field vault_release_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_release, id),
	RECORD_NUMBER(2, RECORD_U8, struct frame_vault_release, outcome),
	RECORD_TEXT_FIELD(3, struct frame_vault_release, wrapped, 256),
	RECORD_TEXT_FIELD(4, struct frame_vault_release, address,
	    ENVELOPE_ADDRESS_MAX),
};
const struct record_shape frame_vault_release_shape =
    RECORD_SHAPE(frame_vault_release, vault_release_fields);

static const struct record_field vault_link_ask_fields[] = {
	RECORD_NUMBER(1, RECORD_U64, struct frame_vault_link_ask, id),
	RECORD_TEXT_FIELD(2, struct frame_vault_link_ask, reference, 32),
	RECORD_TEXT_FIELD(3, struct frame_vault_link_ask, address,
	    ENVELOPE_ADDRESS_MAX),
	RECORD_TEXT_FIELD(4, struct frame_vault_link_ask, client, 64),
};
const struct record_shape frame_vault_link_ask_shape =
    RECORD_SHAPE(frame_vault_link_ask, vault_link_ask_fields);
