/*
 * Frames between our own processes over a socketpair (SOCK_STREAM), made by
 * the supervisor.  Each frame has a type, a payload of at most
 * IPC_PAYLOAD_MAX bytes and at most one descriptor.  Frames leave at the
 * end of the turn, gathered.
 *
 * The receiver trusts nothing: lengths are bounded here, payloads are
 * decoded by gateway/protocol as if they came from the Internet.
 *
 * The first frame of each side is a hello with build id, protocol version,
 * kind and number of the process and the supervisor's epoch; ipc sends and
 * checks it by itself and ends the channel on a mismatch.
 */
#ifndef GATEWAY_BASE_IPC_H
#define GATEWAY_BASE_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"

/* An envelope of 10,000 recipients at their longest still fits. */
#define IPC_PAYLOAD_MAX (20u * 1024u * 1024u)

struct ipc;

/* Who speaks; the same in every channel of one process. */
struct ipc_identity {
	char build[32];		/* differs between builds */
	uint32_t protocol;	/* IPC_PROTOCOL of gateway/protocol */
	uint32_t kind;		/* enum process_kind of gateway/protocol */
	uint32_t number;	/* which of its kind */
	uint64_t epoch;		/* rises with each start of the supervisor */
};

struct ipc_events {
	/*
	 * A frame.  descriptor is -1 or now the owner's.  The payload is
	 * borrowed until return.  Not called before the peer's hello.
	 */
	void (*frame)(void *context, uint16_t type, struct text payload,
		int descriptor);
	/*
	 * The channel is over: the peer died, broke the framing or did not
	 * fit.  Told once; free the channel in it or later.
	 */
	void (*ended)(void *context, int error);
	/* All queued output has been handed to the socket; may be NULL. */
	void (*drained)(void *context);
};

/* Takes the descriptor over; sends our hello. */
struct ipc *ipc_new(struct loop *loop, int descriptor,
	const struct ipc_identity *self, const struct ipc_events *events,
	void *context);
void ipc_free(struct ipc *ipc);	/* NULL is allowed */

/* NULL before the peer's hello. */
const struct ipc_identity *ipc_peer(const struct ipc *ipc);

/*
 * Queue a frame.  descriptor is -1, or is sent and then closed: it is ipc's
 * from the call on.  A payload over IPC_PAYLOAD_MAX is our bug (require).
 */
void ipc_send(struct ipc *ipc, uint16_t type, struct text payload,
	int descriptor);
/* The same from several pieces without joining them first. */
void ipc_send_pieces(struct ipc *ipc, uint16_t type,
	const struct text *pieces, size_t count, int descriptor);
/* Bytes queued and not yet taken by the socket: for backpressure. */
size_t ipc_backlog(const struct ipc *ipc);
/* Write now what can be written; used before a process ends. */
void ipc_flush(struct ipc *ipc);
/* Stop or go on reading frames: for backpressure. */
void ipc_want_input(struct ipc *ipc, int wanted);

#endif
