/*
 * Inside ipc: the form of a frame, and the frames on their way out.
 *
 * On the wire: u32 length of the payload, u16 type, u16 flags, little
 * endian, then the payload.  With IPC_FLAG_DESCRIPTOR a descriptor travels
 * beside the first byte of the frame (SCM_RIGHTS).
 */
#ifndef GATEWAY_BASE_IPC_PRIVATE_H
#define GATEWAY_BASE_IPC_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/ipc.h"
#include "gateway/base/list.h"
#include "gateway/base/text.h"

#define IPC_HEADER_SIZE 8
#define IPC_FLAG_DESCRIPTOR 1u

struct ipc_output {
	struct list chunks;
	size_t len;	/* bytes not yet taken by the socket */
};

void ipc_output_init(struct ipc_output *output);
/* Forget all frames and close their descriptors. */
void ipc_output_clear(struct ipc_output *output);
size_t ipc_output_len(const struct ipc_output *output);

/* Append a frame; the descriptor (or -1) is the output's from now on. */
void ipc_output_add(struct ipc_output *output, uint16_t type,
	const struct text *pieces, size_t count, int descriptor);

/*
 * Hand the socket what it takes without waiting.  0 when nothing is left;
 * ERROR_AGAIN when it is full, ERROR_TEMPORARY when the system is short of
 * something, ERROR_CLOSED when the peer has gone, else ERROR_SYSTEM.
 */
int ipc_output_send(struct ipc_output *output, int descriptor) MUST_CHECK;

#endif
