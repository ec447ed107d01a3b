/*
 * The kinds of processes and who speaks to whom.  A newcomer joins these
 * two tables; nothing else in the supervisor changes.
 */
#ifndef GATEWAY_PROTOCOL_PROCESS_KIND_H
#define GATEWAY_PROTOCOL_PROCESS_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rises with every incompatible change of a frame. */
#define IPC_PROTOCOL 2

enum process_kind {
	PROCESS_NONE,
	PROCESS_SUPERVISOR,
	PROCESS_SMTP,
	PROCESS_QUEUE,
	PROCESS_LOOKUP,
	PROCESS_DELIVER,
	PROCESS_KEYS,
	PROCESS_ADMIN,
	PROCESS_CLI,
	PROCESS_SCAN,
	PROCESS_PROTECT,
	PROCESS_VAULT,
	PROCESS_PORTAL,
	PROCESS_UNSEAL,
	PROCESS_INSPECT,
	PROCESS_KINDS
};

/* "smtp"; never NULL. */
const char *process_kind_name(enum process_kind kind);

/*
 * An edge: each process of kind a has a channel to each process of kind b,
 * or, with same_number, only to the one of its own number modulo the count
 * of b (one keys process per smtp process, say).
 */
struct process_edge {
	enum process_kind a;
	enum process_kind b;
	bool same_number;
	bool packets;	/* SOCK_SEQPACKET for blocking calls, no ipc frames */
};

extern const struct process_edge process_edges[];
extern const size_t process_edge_count;

#endif
