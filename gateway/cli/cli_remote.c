/*
 * Commands that admin runs: words go over the control socket, text comes
 * back.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/base/arena.h"
#include "gateway/base/ipc.h"
#include "gateway/base/loop.h"
#include "gateway/base/memory.h"
#include "gateway/cli/cli_private.h"
#include "gateway/protocol/build_id.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_command.h"

#define ARENA_MAX (2u * 1024 * 1024)
#define DEFAULT_WIDTH 80

struct cli_remote {
	struct loop *loop;
	struct ipc *ipc;
	struct arena *arena;
	const char *socket;
	int status;
};

static void
on_output(struct cli_remote *remote, const void *value)
{
	const struct frame_output *output = value;
	FILE *out = output->error ? stderr : stdout;

	(void)remote;
	fwrite(output->text.data, 1, output->text.len, out);
}

static void
on_done(struct cli_remote *remote, const void *value)
{
	const struct frame_command_done *done = value;

	remote->status = done->status;
	loop_stop(remote->loop);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct cli_remote *remote = context;
	union {
		struct frame_output output;
		struct frame_command_done done;
	} value;

	if (descriptor != -1)
		close(descriptor);
	arena_reset(remote->arena);
	if (frame_decode(PROCESS_ADMIN, PROCESS_CLI, type, payload,
	    remote->arena, &value) != 0)
		return;
	if (type == FRAME_OUTPUT)
		on_output(remote, &value);
	else
		on_done(remote, &value);
}

static void
on_ended(void *context, int error)
{
	struct cli_remote *remote = context;

	fprintf(stderr, error == ERROR_MISMATCH ?
	    "postern: the gateway is of another build than this program "
	    "(%s); restart it\n" :
	    "postern: the gateway closed the connection (%s); you may not "
	    "be allowed to give it commands\n",
	    error == ERROR_MISMATCH ? build_id : error_name(error));
	loop_stop(remote->loop);
}

static int
connect_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int descriptor;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "postern: %s: the path is too long\n", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor != -1 && connect(descriptor,
	    (struct sockaddr *)&address, sizeof(address)) == 0) {
		fcntl(descriptor, F_SETFL, O_NONBLOCK);
		return descriptor;
	}
	fprintf(stderr, "postern: no gateway answers at %s: %s\n"
	    "(is it running? name its control socket with --socket)\n", path,
	    strerror(errno));
	if (descriptor != -1)
		close(descriptor);
	return -1;
}

static uint16_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

/* The file of "config load FILE"; *path becomes its absolute name. */
static int
open_file(const struct command_call *call, char **path)
{
	char *name = memory_string(call->arguments[0]);
	int descriptor = open(name, O_RDONLY | O_CLOEXEC);

	*path = realpath(name, NULL);
	if (descriptor == -1 || *path == NULL)
		fprintf(stderr, "postern: %s: %s\n", name, strerror(errno));
	free(name);
	return descriptor;
}

static void
send_command(struct cli_remote *remote, const struct cli_options *options,
    struct text *words, size_t count, int descriptor)
{
	struct frame_command command = {
		.words = words,
		.word_count = count,
		.json = options->json,
		.terminal = isatty(STDOUT_FILENO) == 1,
		.width = terminal_width(),
	};

	frame_send(remote->ipc, FRAME_COMMAND, &command, descriptor);
}

int
cli_remote_run(const struct cli_options *options,
    const struct command_call *call, const struct text *words, size_t count)
{
	static const struct ipc_events events = {
		.frame = on_frame,
		.ended = on_ended,
	};
	struct ipc_identity identity = { .protocol = IPC_PROTOCOL,
		.kind = PROCESS_CLI };
	struct cli_remote remote = { .status = COMMAND_UNREACHABLE };
	struct text *copy = memory_array(count, sizeof(*copy));
	char *path = NULL;
	int descriptor, file = -1;

	memcpy(copy, words, count * sizeof(*copy));
	snprintf(identity.build, sizeof(identity.build), "%s", build_id);
	if (call->id == COMMAND_CONFIG_LOAD && call->argument_count > 0) {
		file = open_file(call, &path);
		if (file == -1) {
			remote.status = COMMAND_FAILED;
			goto out;
		}
		copy[count - 1] = text_from(path);
	}
	descriptor = connect_socket(options->socket);
	if (descriptor == -1)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	remote.loop = loop_new();
	remote.arena = arena_new(ARENA_MAX);
	remote.ipc = ipc_new(remote.loop, descriptor, &identity, &events,
	    &remote);
	send_command(&remote, options, copy, count, file);
	file = -1;
	loop_run(remote.loop);
	ipc_free(remote.ipc);
	arena_free(remote.arena);
	loop_free(remote.loop);
out:
	if (file != -1)
		close(file);
	free(path);
	free(copy);
	return remote.status;
}
