/*
 * The record shapes of the envelope.  Tags are part of the queue's log on
 * disk: never reused, never renumbered.
 */
#include "gateway/mail/envelope.h"

#define ORCPT_MAX 600	/* ORCPT: 500 bytes by RFC 3461 4.2 */

static const struct record_field recipient_fields[] = {
	RECORD_NUMBER(1, RECORD_U32, struct envelope_recipient, rid),
	RECORD_TEXT_FIELD(2, struct envelope_recipient, address,
		ENVELOPE_ADDRESS_MAX),
	RECORD_NUMBER(3, RECORD_U8, struct envelope_recipient, notify),
	RECORD_TEXT_FIELD(4, struct envelope_recipient, orcpt,
		ORCPT_MAX),
};

const struct record_shape envelope_recipient_shape =
	RECORD_SHAPE(envelope_recipient, recipient_fields);

#define NUMBER(tag, kind, member) \
	RECORD_NUMBER(tag, kind, struct envelope, member)
#define WORDS(tag, member, most) \
	RECORD_TEXT_FIELD(tag, struct envelope, member, most)

static const struct record_field envelope_fields[] = {
	NUMBER(1, RECORD_U64, mid),
	WORDS(2, sender, ENVELOPE_ADDRESS_MAX),
	RECORD_LIST_FIELD(3, struct envelope, recipients, recipient_count,
		ENVELOPE_RECIPIENTS_MAX, &envelope_recipient_shape),
	NUMBER(4, RECORD_U8, body),
	NUMBER(5, RECORD_U8, smtputf8),
	NUMBER(6, RECORD_U8, ret),
	WORDS(7, envid, ENVELOPE_TEXT_MAX),
	NUMBER(8, RECORD_I64, received_us),
	NUMBER(9, RECORD_U64, size),
	RECORD_BYTES_FIELD(10, struct envelope, sha256),
	NUMBER(11, RECORD_U8, direction),
	NUMBER(12, RECORD_U8, class),
	NUMBER(13, RECORD_U64, icid),
	WORDS(14, client, ENVELOPE_TEXT_MAX),
	WORDS(15, helo, ENVELOPE_TEXT_MAX),
	WORDS(16, listener, ENVELOPE_TEXT_MAX),
	WORDS(17, sender_group, ENVELOPE_TEXT_MAX),
	WORDS(18, flow_policy, ENVELOPE_TEXT_MAX),
	WORDS(19, tls, ENVELOPE_TEXT_MAX),
	NUMBER(20, RECORD_U64, config_version),
};

const struct record_shape envelope_shape =
	RECORD_SHAPE(envelope, envelope_fields);
