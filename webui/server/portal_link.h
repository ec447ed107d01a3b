/*
 * A channel to vault or to one unseal process, with the questions that wait
 * for an answer.  Every frame asked and answered begins with its id.
 */
#ifndef WEBUI_SERVER_PORTAL_LINK_H
#define WEBUI_SERVER_PORTAL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/ipc.h"
#include "gateway/protocol/frame.h"

struct portal_link;

/*
 * value: the answer's struct, borrowed until return; NULL: there is none
 * (the process is away, or took too long).  descriptor is -1 or now the
 * callee's.
 */
typedef void (*portal_link_answer)(void *context, const void *value,
	int descriptor);

/* self is borrowed; timeout_ms for each question. */
struct portal_link *portal_link_new(struct loop *loop,
	const struct ipc_identity *self, enum process_kind peer,
	int64_t timeout_ms);
/* Those who wait are told; NULL is allowed. */
void portal_link_free(struct portal_link *link);
/* A new channel in place of an older one; the descriptor is ours. */
void portal_link_connect(struct portal_link *link, int descriptor);
bool portal_link_is_open(const struct portal_link *link);

/*
 * Ask: frame begins with a u64 id, which is filled in.  descriptor is -1 or
 * given away.  The answer is never told from within the call.  Gives the id
 * for portal_link_cancel().
 */
uint64_t portal_link_ask(struct portal_link *link, enum frame_type type,
	void *frame, int descriptor, enum frame_type expected,
	portal_link_answer answer, void *context);
/* Nobody waits for it any more; an id that is unknown is harmless. */
void portal_link_cancel(struct portal_link *link, uint64_t id);

#endif
