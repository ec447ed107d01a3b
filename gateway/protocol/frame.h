/*
 * What processes say to each other: every frame type with its name, its
 * record shape and who sends it to whom.  The table is in frame.c; the
 * structs stand in one header per conversation (frame_supervisor.h,
 * frame_submit.h, frame_judge.h, frame_protect.h, frame_deliver.h,
 * frame_lookup.h, frame_fact.h, frame_queue_admin.h, frame_vault.h,
 * frame_unseal.h, frame_vault_admin.h, frame_command.h).
 */
#ifndef GATEWAY_PROTOCOL_FRAME_H
#define GATEWAY_PROTOCOL_FRAME_H

#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/ipc.h"
#include "gateway/base/record.h"
#include "gateway/protocol/process_kind.h"

enum frame_type {
	FRAME_NONE,
	/* supervisor and everybody: frame_supervisor.h */
	FRAME_SNAPSHOT,
	FRAME_SNAPSHOT_READY,
	FRAME_SNAPSHOT_REJECT,
	FRAME_ACTIVATE,
	FRAME_LISTENER,
	FRAME_CHANNEL,
	FRAME_LOG_FILE,
	FRAME_LOG_SYSLOG,
	FRAME_IN_HAND,
	FRAME_RUN,
	FRAME_RUNNING,
	FRAME_HEARTBEAT,
	FRAME_STOP,
	FRAME_CHARGE,
	/* supervisor and admin */
	FRAME_RELOAD,
	FRAME_PROPOSE,
	FRAME_PROPOSE_RESULT,
	FRAME_STATUS_ASK,
	FRAME_STATUS,
	/* smtp and queue: frame_submit.h */
	FRAME_ID_LEASE_ASK,
	FRAME_ID_LEASE,
	FRAME_BUDGET_ASK,
	FRAME_BUDGET,
	FRAME_BUDGET_RETURN,
	FRAME_SUBMIT,
	FRAME_SUBMIT_RESULT,
	FRAME_ACCEPTING,
	/* queue and deliver: frame_deliver.h */
	FRAME_JOB,
	FRAME_JOB_RESULT,
	/* deliver, smtp and lookup: frame_lookup.h */
	FRAME_HOSTS_ASK,
	FRAME_HOSTS,
	FRAME_RATE_ASK,
	FRAME_RATE,
	FRAME_RATE_RETURN,
	/* admin and queue: frame_queue_admin.h */
	FRAME_QUEUE_LIST_ASK,
	FRAME_QUEUE_LIST,
	FRAME_QUEUE_MESSAGE_ASK,
	FRAME_QUEUE_MESSAGE,
	FRAME_QUEUE_ACT_ASK,
	FRAME_QUEUE_ACT,
	FRAME_QUEUE_LEDGER_ASK,
	FRAME_QUEUE_LEDGER,
	/* cli and admin: frame_command.h */
	FRAME_COMMAND,
	FRAME_OUTPUT,
	FRAME_COMMAND_DONE,
	FRAME_CONFIG_ASK,
	FRAME_CONFIG,
	/* queue and scan: frame_judge.h */
	FRAME_JUDGE,
	FRAME_DISPOSITION,
	/* queue and protect: frame_protect.h */
	FRAME_PROTECT,
	FRAME_PROTECTED,
	/* portal and vault: frame_vault.h */
	FRAME_VAULT_FIND_ASK,
	FRAME_VAULT_FIND,
	FRAME_VAULT_CODE_ASK,
	FRAME_VAULT_CODE,
	FRAME_VAULT_VERIFY_ASK,
	FRAME_VAULT_VERIFY,
	FRAME_VAULT_RELEASE_ASK,
	FRAME_VAULT_RELEASE,
	FRAME_VAULT_LINK_ASK,
	/* vault, portal and unseal: frame_unseal.h */
	FRAME_UNSEAL_KEY,
	FRAME_UNSEAL_ASK,
	FRAME_UNSEAL,
	/* admin and vault: frame_vault_admin.h */
	FRAME_VAULT_ACT_ASK,
	FRAME_VAULT_ACT,
	/* queue and lookup or inspect: frame_fact.h */
	FRAME_FACT_ASK,
	FRAME_FACT,
	FRAME_TYPES
};

struct frame_definition {
	const char *name;
	const struct record_shape *shape;
	uint32_t from;		/* set of 1 << enum process_kind */
	uint32_t to;
	bool descriptor;	/* whether one may come with it */
};

/* NULL for a type that is not in the table. */
const struct frame_definition *frame_definition(unsigned int type);

/*
 * Encode and queue a frame; descriptor is -1 or given away.  A value that
 * breaks its own limits is our bug (require).
 */
void frame_send(struct ipc *ipc, enum frame_type type, const void *value,
	int descriptor);

/*
 * Decode a received frame into *out (as large as the shape says).  Checks
 * that this type may travel from one kind to the other.  ERROR_MALFORMED,
 * ERROR_LIMIT, ERROR_REFUSED; the caller then ends the channel.
 */
int frame_decode(enum process_kind from, enum process_kind to, uint16_t type,
	struct text payload, struct arena *arena, void *out) MUST_CHECK;

#endif
