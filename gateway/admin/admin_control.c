/*
 * The control socket: one connection, one command.  The kernel says who is
 * calling (SO_PEERCRED); the socket's mode says who may.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "gateway/base/memory.h"
#include "gateway/protocol/process.h"

#define REQUESTS_MAX 64
#define ARENA_MAX (8u * 1024 * 1024)

static struct list requests = { &requests, &requests };
static size_t request_count;
static uint64_t last_id;
static int listening = -1;
static struct loop_watch *watch;

static void (*const runners[COMMANDS])(struct admin_request *request) = {
	[COMMAND_STATUS] = admin_run_status,
	[COMMAND_QUEUE] = admin_run_list,
	[COMMAND_MESSAGE] = admin_run_message,
	[COMMAND_RETRY] = admin_run_act,
	[COMMAND_HOLD] = admin_run_act,
	[COMMAND_RELEASE] = admin_run_act,
	[COMMAND_DELETE] = admin_run_act,
	[COMMAND_ABORT] = admin_run_act,
	[COMMAND_QUARANTINE_LIST] = admin_run_list,
	[COMMAND_QUARANTINE_SHOW] = admin_run_message,
	[COMMAND_QUARANTINE_RELEASE] = admin_run_quarantine_act,
	[COMMAND_QUARANTINE_DELETE] = admin_run_quarantine_act,
	[COMMAND_ENVELOPE_LIST] = admin_run_envelope_list,
	[COMMAND_ENVELOPE_SHOW] = admin_run_envelope_show,
	[COMMAND_ENVELOPE_LOCK] = admin_run_envelope_act,
	[COMMAND_ENVELOPE_UNLOCK] = admin_run_envelope_act,
	[COMMAND_ENVELOPE_EXPIRE] = admin_run_envelope_act,
	[COMMAND_LEDGER_VERIFY] = admin_run_ledger,
	[COMMAND_CONFIG_LOAD] = admin_run_config_load,
	[COMMAND_CONFIG_SHOW] = admin_run_config_show,
};

struct admin_request *
admin_request_find(uint64_t id)
{
	struct list *link, *after;

	LIST_EACH(&requests, link, after) {
		struct admin_request *request = LIST_OWNER(link,
		    struct admin_request, link);

		if (request->id == id && !request->finished)
			return request;
	}
	return NULL;
}

void
admin_request_end(struct admin_request *request)
{
	list_remove(&request->link);
	request_count--;
	ipc_free(request->ipc);
	if (request->file != -1)
		close(request->file);
	json_decref(request->json_root);
	admin_history_free(request->history);
	arena_free(request->arena);
	free(request->call);
	free(request);
	if (watch != NULL)
		loop_watch_want(watch, LOOP_READ);
}

void
admin_control_fail_waiting(enum process_kind peer, const char *why)
{
	struct list *link, *after;

	LIST_EACH(&requests, link, after) {
		struct admin_request *request = LIST_OWNER(link,
		    struct admin_request, link);

		if (!request->waiting || request->finished ||
		    request->asked != peer)
			continue;
		request->waiting = false;
		admin_error(request, "%s\n", why);
		admin_done(request, COMMAND_FAILED);
	}
}

static void
run(struct admin_request *request, const struct frame_command *command)
{
	struct reason why = { 0 };
	struct frame_command copy;

	if (record_copy(&frame_command_shape, command, request->arena,
	    &copy) != 0 || command_parse(copy.words, copy.word_count,
	    request->call, &why) != 0) {
		admin_error(request, "postern: %s\n", why.text);
		admin_done(request, COMMAND_USAGE);
		return;
	}
	request->json = copy.json != 0;
	request->terminal = copy.terminal != 0;
	request->width = copy.width;
	log_event(LOG_INFO_LEVEL, 0, "command",
	    LOG_STRING("words", command_table[request->call->id].words),
	    LOG_NUMBER("arguments", request->call->argument_count),
	    LOG_STRING("actor", request->actor));
	if (runners[request->call->id] == NULL) {
		admin_error(request, "postern: this command runs in the CLI "
		    "itself\n");
		admin_done(request, COMMAND_USAGE);
		return;
	}
	runners[request->call->id](request);
}

static void
run_config_ask(struct admin_request *request, int descriptor)
{
	if (descriptor != -1)
		close(descriptor);
	log_event(LOG_INFO_LEVEL, 0, "command",
	    LOG_STRING("words", "the running configuration"),
	    LOG_STRING("actor", request->actor));
	admin_config_send(request);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct admin_request *request = context;
	struct arena *arena = arena_new(ARENA_MAX);
	union {
		struct frame_command command;
		struct frame_version version;
	} value;

	if (request->started || frame_decode(PROCESS_CLI, PROCESS_ADMIN,
	    type, payload, arena, &value) != 0) {
		if (descriptor != -1)
			close(descriptor);
		arena_free(arena);
		return;
	}
	request->started = true;
	if (type == FRAME_CONFIG_ASK) {
		run_config_ask(request, descriptor);
	} else {
		request->file = descriptor;
		run(request, &value.command);
	}
	arena_free(arena);
}

static void
on_ended(void *context, int error)
{
	(void)error;
	admin_request_end(context);
}

static void
on_drained(void *context)
{
	struct admin_request *request = context;
	void (*more)(struct admin_request *) = request->more;

	request->more = NULL;
	if (more != NULL && !request->finished)
		more(request);
}

static void
name_actor(struct admin_request *request, int descriptor)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer,
	    &len) == 0 && peer.uid == 0)
		snprintf(request->actor, sizeof(request->actor), "root");
	else
		snprintf(request->actor, sizeof(request->actor), "uid %u",
		    peer.uid);
}

static void
request_open(int descriptor)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
		.drained = on_drained,
	};
	struct admin_request *request = memory_new(sizeof(*request));

	request->id = ++last_id;
	request->file = -1;
	request->arena = arena_new(ARENA_MAX);
	request->call = memory_new(sizeof(*request->call));
	name_actor(request, descriptor);
	list_append(&requests, &request->link);
	request_count++;
	request->ipc = ipc_new(process_loop(), descriptor,
	    process_identity(), &events, request);
}

static void
on_connection(void *context, unsigned int ready)
{
	int descriptor;

	(void)context;
	(void)ready;
	if (request_count >= REQUESTS_MAX) {
		loop_watch_want(watch, 0);
		return;
	}
	descriptor = accept4(listening, NULL, NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (descriptor != -1)
		request_open(descriptor);
}

void
admin_control_listen(int descriptor)
{
	if (listening != -1) {
		loop_watch_free(watch);
		close(listening);
	}
	listening = descriptor;
	watch = loop_watch_new(process_loop(), descriptor, on_connection,
	    NULL);
	loop_watch_want(watch, LOOP_READ);
}
