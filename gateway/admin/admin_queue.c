/*
 * The channel to queue: questions go out with the request's id, answers
 * come back by it.
 */
#include <unistd.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/log.h"
#include "gateway/protocol/process.h"

#define ARENA_MAX (32u * 1024 * 1024)

static struct ipc *queue;

/* Every answer of queue begins with the id of what it answers. */
union queue_answer {
	uint64_t id;
	struct frame_queue_list list;
	struct frame_queue_message message;
	struct frame_queue_act act;
	struct frame_queue_ledger ledger;
};

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct admin_request *request;
	union queue_answer answer;

	(void)context;
	if (descriptor != -1)
		close(descriptor);
	if (frame_decode(PROCESS_QUEUE, PROCESS_ADMIN, type, payload, arena,
	    &answer) == 0) {
		request = admin_request_find(answer.id);
		if (request != NULL && request->waiting) {
			request->waiting = false;
			request->answered(request, type, &answer);
		}
	} else
		log_event(LOG_ERROR_LEVEL, 0, "queue_frame_refused",
		    LOG_NUMBER("type", type));
	arena_free(arena);
}

static void
on_ended(void *context, int error)
{
	(void)context;
	(void)error;
	ipc_free(queue);
	queue = NULL;
	admin_control_fail_waiting("postern: the queue process has ended and "
	    "is being restarted; look again before repeating the command");
}

void
admin_queue_channel(int descriptor)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};

	if (queue != NULL)
		on_ended(NULL, 0);
	queue = ipc_new(process_loop(), descriptor, process_identity(),
	    &events, NULL);
}

bool
admin_queue_ask(struct admin_request *request, enum frame_type type,
    const void *value)
{
	if (queue == NULL) {
		admin_error(request, "postern: the queue process is not "
		    "there; it is being restarted, try again\n");
		admin_done(request, COMMAND_FAILED);
		return false;
	}
	request->waiting = true;
	frame_send(queue, type, value, -1);
	return true;
}
