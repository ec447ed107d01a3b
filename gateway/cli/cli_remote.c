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
#include "gateway/protocol/frame_supervisor.h"

#define ARENA_MAX (2u * 1024 * 1024)
#define DEFAULT_WIDTH 80

struct cli_remote {
	struct loop *loop;
	struct ipc *ipc;
	struct arena *arena;
	struct config_snapshot *config;	/* that was asked for */
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
on_config(struct cli_remote *remote, int descriptor)
{
	struct reason why = { 0 };

	if (remote->config == NULL && descriptor != -1 &&
	    config_snapshot_open(descriptor, &remote->config, &why) != 0)
		fprintf(stderr, "postern: the running configuration cannot "
		    "be read: %s\n", why.text);
}

static void
on_frame(void *context, uint16_t type, struct text payload, int descriptor)
{
	struct cli_remote *remote = context;
	union {
		struct frame_output output;
		struct frame_command_done done;
		struct frame_version version;
	} value;

	arena_reset(remote->arena);
	if (frame_decode(PROCESS_ADMIN, PROCESS_CLI, type, payload,
	    remote->arena, &value) != 0)
		type = FRAME_NONE;
	if (type == FRAME_OUTPUT)
		on_output(remote, &value);
	else if (type == FRAME_CONFIG)
		on_config(remote, descriptor);
	else if (type == FRAME_COMMAND_DONE)
		on_done(remote, &value);
	if (descriptor != -1)
		close(descriptor);
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

static const struct ipc_events remote_events = {
	.frame = on_frame,
	.ended = on_ended,
};

/* ERROR_CLOSED where nobody answers, which has been said. */
static int
remote_open(struct cli_remote *remote, const struct cli_options *options)
{
	struct ipc_identity identity = { .protocol = IPC_PROTOCOL,
		.kind = PROCESS_CLI };
	int descriptor = connect_socket(options->socket);

	*remote = (struct cli_remote){ .status = COMMAND_UNREACHABLE };
	if (descriptor == -1)
		return ERROR_CLOSED;
	snprintf(identity.build, sizeof(identity.build), "%s", build_id);
	signal(SIGPIPE, SIG_IGN);
	remote->loop = loop_new();
	remote->arena = arena_new(ARENA_MAX);
	remote->ipc = ipc_new(remote->loop, descriptor, &identity,
	    &remote_events, remote);
	return 0;
}

static void
remote_close(struct cli_remote *remote)
{
	ipc_free(remote->ipc);
	arena_free(remote->arena);
	loop_free(remote->loop);
}

int
cli_remote_config(const struct cli_options *options,
    struct config_snapshot **out)
{
	struct frame_version ask = { 0 };
	struct cli_remote remote;

	if (remote_open(&remote, options) != 0)
		return COMMAND_UNREACHABLE;
	frame_send(remote.ipc, FRAME_CONFIG_ASK, &ask, -1);
	loop_run(remote.loop);
	remote_close(&remote);
	*out = remote.config;
	return remote.status == COMMAND_OK && remote.config == NULL ?
	    COMMAND_FAILED : remote.status;
}

int
cli_remote_run(const struct cli_options *options,
    const struct command_call *call, const struct text *words, size_t count)
{
	struct cli_remote remote;
	struct text *copy = memory_array(count, sizeof(*copy));
	char *path = NULL;
	int file = -1, status = COMMAND_UNREACHABLE;

	memcpy(copy, words, count * sizeof(*copy));
	if (call->id == COMMAND_CONFIG_LOAD && call->argument_count > 0) {
		file = open_file(call, &path);
		if (file == -1) {
			status = COMMAND_FAILED;
			goto out;
		}
		copy[count - 1] = text_from(path);
	}
	if (remote_open(&remote, options) != 0)
		goto out;
	send_command(&remote, options, copy, count, file);
	file = -1;
	loop_run(remote.loop);
	remote_close(&remote);
	status = remote.status;
out:
	if (file != -1)
		close(file);
	free(path);
	free(copy);
	return status;
}
