/*
 * The configuration: load a file, make a snapshot, propose it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/config/config_load.h"
#include "gateway/protocol/process.h"

#define FILE_MAX (16u * 1024 * 1024)
#define OUTPUT_MAX (32u * 1024 * 1024)

/* The proposal under way: its version, and whom to tell (0: nobody). */
static uint64_t proposed_version;
static uint64_t proposed_by;

/* Seconds since 1970: rises over restarts without a store of its own. */
static uint64_t
next_version(void)
{
	struct config_snapshot *snapshot = process_snapshot();
	uint64_t now = (uint64_t)(clock_now_us() / CLOCK_SECOND_US);
	uint64_t last = proposed_version;

	if (snapshot != NULL && config_snapshot_version(snapshot) > last)
		last = config_snapshot_version(snapshot);
	return now > last ? now : last + 1;
}

static int
propose(const struct config *config, uint64_t by, struct reason *why)
{
	struct frame_version frame = { .version = next_version() };
	int descriptor = -1, r;

	r = config_snapshot_seal(config, frame.version, &descriptor, why);
	if (r != 0)
		return r;
	proposed_version = frame.version;
	proposed_by = by;
	frame_send(process_supervisor(), FRAME_PROPOSE, &frame, descriptor);
	return 0;
}

static void
log_errors(const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct config_error *e = &errors->items[i];

		log_event(LOG_ERROR_LEVEL, 0, "config_error",
		    LOG_TEXT("file", e->file), LOG_NUMBER("line", e->line),
		    LOG_TEXT("path", e->path), LOG_TEXT("text", e->message));
	}
}

/* Load the file that we were started with and propose it. */
static int
load_own_file(struct reason *why)
{
	struct arena *arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct config config;
	int r = config_load_file(process_config_path(), arena, &config,
	    errors);

	if (r == 0)
		r = propose(&config, 0, why);
	else {
		log_errors(errors);
		reason_set(why, "%s has %zu mistakes; try \"postern config "
		    "check %s\"", process_config_path(), errors->count,
		    process_config_path());
	}
	free(errors);
	arena_free(arena);
	return r;
}

void
admin_config_start(void)
{
	struct reason why = { 0 };

	/* After a crash of ours the active one goes on, whatever the file
	 * says meanwhile. */
	if (process_snapshot() == NULL && load_own_file(&why) != 0)
		fatal("%s", why.text);
}

void
admin_config_reload(void)
{
	struct reason why = { 0 };

	if (load_own_file(&why) != 0)
		log_event(LOG_ERROR_LEVEL, 0, "config_not_loaded",
		    LOG_STRING("reason", why.text));
}

void
admin_config_result(const struct frame_propose_result *result)
{
	struct admin_request *request = admin_request_find(proposed_by);

	if (result->version != proposed_version)
		return;
	proposed_by = 0;
	if (request == NULL)
		return;
	request->waiting = false;
	if (request->json)
		admin_print_json(request, json_pack(
		    "{s:b, s:I, s:o, s:o, s:o}", "ok", result->accepted,
		    "version", (json_int_t)result->version, "process",
		    admin_json_text(result->process), "path",
		    admin_json_text(result->path), "reason",
		    admin_json_text(result->reason)));
	else if (result->accepted)
		admin_print(request, "Configuration version %" PRIu64
		    " is active.\n", result->version);
	else
		admin_error(request, "postern: refused by %.*s: %.*s%s%.*s\n"
		    "The gateway goes on with what it had.\n",
		    TEXT_ARG(result->process), TEXT_ARG(result->path),
		    text_is_empty(result->path) ? "" : ": ",
		    TEXT_ARG(result->reason));
	admin_done(request, result->accepted ? COMMAND_OK : COMMAND_FAILED);
}

/* What "config load FILE" brought along. */
static int
read_file(int descriptor, struct buffer *out)
{
	ssize_t n;
	char *room;

	do {
		if (buffer_reserve(out, 65536, &room) != 0)
			return ERROR_LIMIT;
		n = read(descriptor, room, 65536);
		if (n > 0)
			buffer_commit(out, (size_t)n);
	} while (n > 0);
	return n == 0 ? 0 : ERROR_SYSTEM;
}

static int
load_for(struct admin_request *request, struct arena *arena,
    struct config *config, struct config_errors *errors)
{
	struct buffer content;
	struct text copy;
	int r;

	if (request->file == -1)
		return config_load_file(process_config_path(), arena, config,
		    errors);
	buffer_init(&content, FILE_MAX);
	r = read_file(request->file, &content);
	if (r == 0)
		r = arena_copy(arena, buffer_text(&content), &copy);
	buffer_clear(&content);
	if (r != 0)
		return r;
	return config_load_text(copy, request->call->arguments[0], arena,
	    config, errors);
}

static void
print_errors(struct admin_request *request,
    const struct config_errors *errors, int r)
{
	struct buffer out;
	struct text path = request->file == -1 ?
	    text_from(process_config_path()) :
	    admin_safe(request, request->call->arguments[0]);

	buffer_init(&out, OUTPUT_MAX);
	if (errors->count == 0)
		admin_error(request, "%.*s: cannot be read: %s\n",
		    TEXT_ARG(path), r == ERROR_LIMIT ? "too large" :
		    error_name(r));
	else if (config_errors_print(errors, &out) == 0)
		admin_error(request, "%.*s", TEXT_ARG(buffer_text(&out)));
	admin_error(request, "The gateway goes on with what it had.\n");
	buffer_clear(&out);
}

void
admin_run_config_load(struct admin_request *request)
{
	struct arena *arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct reason why = { 0 };
	struct config config;
	int r;

	if (proposed_by != 0) {
		admin_error(request, "postern: another configuration is just "
		    "being loaded; try again\n");
		admin_done(request, COMMAND_FAILED);
	} else if ((r = load_for(request, arena, &config, errors)) != 0) {
		print_errors(request, errors, r);
		admin_done(request, COMMAND_FAILED);
	} else if (propose(&config, request->id, &why) != 0) {
		admin_error(request, "postern: %s\n", why.text);
		admin_done(request, COMMAND_FAILED);
	} else
		request->waiting = true;
	free(errors);
	arena_free(arena);
}

void
admin_config_send(struct admin_request *request)
{
	struct config_snapshot *snapshot = process_snapshot();
	struct frame_version frame = {
		.version = config_snapshot_version(snapshot),
	};
	struct reason why = { 0 };
	int descriptor = -1;

	if (config_snapshot_seal(config_snapshot_config(snapshot),
	    frame.version, &descriptor, &why) != 0) {
		admin_error(request, "postern: %s\n", why.text);
		admin_done(request, COMMAND_FAILED);
		return;
	}
	frame_send(request->ipc, FRAME_CONFIG, &frame, descriptor);
	admin_done(request, COMMAND_OK);
}

void
admin_run_config_show(struct admin_request *request)
{
	const struct config *config =
	    config_snapshot_config(process_snapshot());
	struct buffer out;
	int r;

	buffer_init(&out, OUTPUT_MAX);
	if (request->call->argument_count > 0)
		r = config_print_path(config, request->call->arguments[0],
		    request->json, &out);
	else
		r = request->json ? config_print_json(config, &out) :
		    config_print_yaml(config, &out);
	if (r == 0)
		admin_print_text(request, buffer_text(&out));
	else
		admin_error(request, "postern: there is no such setting; "
		    "\"postern config show\" prints them all\n");
	admin_done(request, r == 0 ? COMMAND_OK : COMMAND_FAILED);
	buffer_clear(&out);
}
