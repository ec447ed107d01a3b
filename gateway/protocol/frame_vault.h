/*
 * portal and vault: finding a message, proving a mailbox, releasing a key.
 *
 * portal never sees a key: what vault releases is wrapped for the envelope
 * that asked (hand-back), or goes to unseal directly under a ticket
 * (frame_unseal.h).
 */
#ifndef GATEWAY_PROTOCOL_FRAME_VAULT_H
#define GATEWAY_PROTOCOL_FRAME_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/record.h"
#include "gateway/protocol/frame_protect.h"

#define FRAME_TOKEN_LEN 32		/* of a session */
#define FRAME_TICKET_LEN 16
#define FRAME_PUBLIC_KEY_LEN 65		/* P-256, uncompressed */
#define FRAME_VAULT_RECIPIENTS_MAX 1000

/* VAULT_FIND_ASK: what a page says before anybody has proved anything */
struct frame_vault_find_ask {
	uint64_t id;
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
};

enum frame_envelope_state {
	FRAME_ENVELOPE_UNKNOWN,
	FRAME_ENVELOPE_OPEN,
	FRAME_ENVELOPE_EXPIRED,
	FRAME_ENVELOPE_LOCKED,
};

/* VAULT_FIND */
struct frame_vault_find {
	uint64_t id;
	uint8_t state;			/* enum frame_envelope_state */
	struct text sender;
	struct text organisation;
	struct text reference;
	int64_t sent_us;
	int64_t expires_us;		/* 0: never */
	/* "b***@partner.example"; those that the message itself names */
	struct text *recipients;
	size_t recipient_count;
	uint8_t hides_some;		/* others exist: blind copies */
};

/*
 * VAULT_CODE_ASK: mail a one-time code.  The answer is the same, in text and
 * in time, whether or not the address is a recipient.
 */
struct frame_vault_code_ask {
	uint64_t id;
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
	uint32_t choice;		/* from 1: of the list; 0: address */
	struct text address;
	struct text client;		/* its IP address */
};

enum frame_code_outcome {
	FRAME_CODE_OK,			/* asked: sent, if rightful;
					   verified: here is the session */
	FRAME_CODE_WRONG,
	FRAME_CODE_EXPIRED,		/* or used before, or unknown */
	FRAME_CODE_EXHAUSTED,		/* too many tries of this code */
	FRAME_CODE_PAUSED,		/* ask again later */
};

/* VAULT_CODE */
struct frame_vault_code {
	uint64_t id;
	uint8_t outcome;		/* OK or PAUSED */
	uint8_t challenge[FRAME_TICKET_LEN];
	uint32_t wait_s;		/* PAUSED */
	uint32_t lifetime_s;
};

/* VAULT_VERIFY_ASK */
struct frame_vault_verify_ask {
	uint64_t id;
	uint8_t challenge[FRAME_TICKET_LEN];
	struct text code;		/* as typed: spaces and dashes allowed */
	struct text client;
};

/* VAULT_VERIFY */
struct frame_vault_verify {
	uint64_t id;
	uint8_t outcome;		/* enum frame_code_outcome */
	uint32_t tries_left;		/* WRONG */
	uint8_t token[FRAME_TOKEN_LEN];	/* OK: a new session's */
	uint32_t lifetime_s;
};

/*
 * VAULT_RELEASE_ASK: the key share of one envelope, for the session's
 * address.  With a public key it comes back wrapped for it; without, it goes
 * to the unseal process of that number under the ticket.
 */
struct frame_vault_release_ask {
	uint64_t id;
	uint8_t token[FRAME_TOKEN_LEN];
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
	uint8_t key_id[FRAME_ENVELOPE_ID_LEN];
	struct text public_key;		/* FRAME_PUBLIC_KEY_LEN or empty */
	uint32_t unseal;
	uint8_t ticket[FRAME_TICKET_LEN];
	struct text client;
};

enum frame_release_outcome {
	FRAME_RELEASE_OK,
	FRAME_RELEASE_NO_SESSION,	/* none, or over: prove again */
	FRAME_RELEASE_NOT_YOURS,	/* or no such envelope */
	FRAME_RELEASE_EXPIRED,
	FRAME_RELEASE_LOCKED,
	FRAME_RELEASE_TRY_LATER,
};

/* VAULT_RELEASE */
struct frame_vault_release {
	uint64_t id;
	uint8_t outcome;		/* enum frame_release_outcome */
	struct text wrapped;		/* PROTOCOL.envelope, "hand-back" */
	struct text address;		/* the session's, in full */
};

/*
 * VAULT_LINK_ASK: mail the link of the message with this reference to that
 * address, if it is a recipient; answered alike by VAULT_CODE either way.
 */
struct frame_vault_link_ask {
	uint64_t id;
	struct text reference;		/* "K7QD-24MF" */
	struct text address;
	struct text client;
};

extern const struct record_shape frame_vault_find_ask_shape;
extern const struct record_shape frame_vault_find_shape;
extern const struct record_shape frame_vault_code_ask_shape;
extern const struct record_shape frame_vault_code_shape;
extern const struct record_shape frame_vault_verify_ask_shape;
extern const struct record_shape frame_vault_verify_shape;
extern const struct record_shape frame_vault_release_ask_shape;
extern const struct record_shape frame_vault_release_shape;
extern const struct record_shape frame_vault_link_ask_shape;

#endif
