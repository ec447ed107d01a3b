/*
 * The channels to queue and vault: questions go out with the request's id,
 * answers come back by it.
 */
#include <unistd.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/log.h"
#include "gateway/protocol/process.h"

#define ARENA_MAX (32u * 1024 * 1024)

struct admin_peer {
	enum process_kind kind;
	const char *away;	/* said where there is no channel */
	const char *ended;	/* to those who wait */
	struct ipc *ipc;
};

static struct admin_peer peers[] = {
	{ .kind = PROCESS_QUEUE,
		.away = "the queue process is not there; it is being "
		    "restarted, try again",
		.ended = "postern: the queue process has ended and is being "
		    "restarted; look again before repeating the command" },
	{ .kind = PROCESS_VAULT,
		.away = "the vault process is not there; this gateway has no "
		    "key service (key_service.enabled), or it is being "
		    "restarted",
		.ended = "postern: the vault process has ended and is being "
		    "restarted; look again before repeating the command" },
};

/* Every answer begins with the id of what it answers. */
union peer_answer {
	uint64_t id;
	struct frame_queue_list list;
	struct frame_queue_message message;
	struct frame_queue_act act;
	struct frame_queue_ledger ledger;
	struct frame_vault_act vault;
};

static struct admin_peer *
find_peer(enum process_kind kind)
{
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (peers[i].kind == kind)
			return &peers[i];
	return NULL;
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct arena *arena = arena_new(ARENA_MAX);
	const struct admin_peer *peer = context;
	struct admin_request *request;
	union peer_answer answer;

	if (descriptor != -1)
		close(descriptor);
	if (frame_decode(peer->kind, PROCESS_ADMIN, type, payload, arena,
	    &answer) == 0) {
		request = admin_request_find(answer.id);
		if (request != NULL && request->waiting &&
		    request->asked == peer->kind) {
			request->waiting = false;
			request->answered(request, type, &answer);
		}
	} else
		log_event(LOG_ERROR_LEVEL, 0, "peer_frame_refused",
		    LOG_STRING("peer", process_kind_name(peer->kind)),
		    LOG_NUMBER("type", type));
	arena_free(arena);
}

static void
on_ended(void *context, int error)
{
	struct admin_peer *peer = context;

	(void)error;
	ipc_free(peer->ipc);
	peer->ipc = NULL;
	admin_control_fail_waiting(peer->kind, peer->ended);
}

bool
admin_peer_channel(enum process_kind kind, int descriptor)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};
	struct admin_peer *peer = find_peer(kind);

	if (peer == NULL)
		return false;
	if (peer->ipc != NULL)
		on_ended(peer, 0);
	peer->ipc = ipc_new(process_loop(), descriptor, process_identity(),
	    &events, peer);
	return true;
}

bool
admin_peer_ask(struct admin_request *request, enum process_kind kind,
    enum frame_type type, const void *value)
{
	struct admin_peer *peer = find_peer(kind);

	require(peer != NULL);
	if (peer->ipc == NULL) {
		admin_error(request, "postern: %s\n", peer->away);
		admin_done(request, COMMAND_FAILED);
		return false;
	}
	request->waiting = true;
	request->asked = kind;
	frame_send(peer->ipc, type, value, -1);
	return true;
}
