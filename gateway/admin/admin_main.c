/*
 * postern-admin: configuration, and the commands of the CLI.
 * See postern-admin(8).
 */
#include <unistd.h>

#include "crypto/openssl_library.h"
#include "gateway/admin/admin_private.h"
#include "gateway/base/jail.h"
#include "gateway/base/log.h"
#include "gateway/config/config_load.h"
#include "gateway/mail/charset.h"
#include "gateway/protocol/process.h"
#include "policy/file_type.h"
#include "policy/policy_test.h"

#define ARENA_MAX (16u * 1024 * 1024)

static void
on_status(const void *value)
{
	const struct frame_status *status = value;
	struct admin_request *request = admin_request_find(status->id);

	if (request != NULL && request->waiting) {
		request->waiting = false;
		request->answered(request, FRAME_STATUS, status);
	}
}

static void
on_propose_result(const void *value)
{
	admin_config_result(value);
}

static void
on_reload(const void *value)
{
	(void)value;
	admin_config_reload();
}

static void (*const handlers[FRAME_TYPES])(const void *value) = {
	[FRAME_STATUS] = on_status,
	[FRAME_PROPOSE_RESULT] = on_propose_result,
	[FRAME_RELOAD] = on_reload,
};

static void
admin_frame(uint16_t type, struct text payload, int descriptor)
{
	struct arena *arena = arena_new(ARENA_MAX);
	union {
		struct frame_status status;
		struct frame_propose_result result;
		struct frame_empty empty;
	} value;

	if (descriptor != -1)
		close(descriptor);
	if (type < FRAME_TYPES && handlers[type] != NULL && frame_decode(
	    PROCESS_SUPERVISOR, PROCESS_ADMIN, type, payload, arena,
	    &value) == 0)
		handlers[type](&value);
	else
		log_event(LOG_ERROR_LEVEL, 0, "supervisor_frame_refused",
		    LOG_NUMBER("type", type));
	arena_free(arena);
}

static void
admin_listener(struct text name, int descriptor)
{
	if (descriptor == -1)
		return;
	if (text_equal(name, TEXT("control")))
		admin_control_listen(descriptor);
	else
		close(descriptor);
}

static void
admin_channel(enum process_kind kind, uint32_t number, int descriptor)
{
	(void)number;
	if (!admin_peer_channel(kind, descriptor))
		close(descriptor);
}

/* What judging the operator's policy tests opens. */
static void
admin_prepare(void)
{
	openssl_library_prepare();
	charset_prepare();
	file_type_prepare();
}

int
main(int argc, char **argv)
{
	static const struct process process = {
		.kind = PROCESS_ADMIN,
		.jail = JAIL_LOOP | JAIL_ACCEPT | JAIL_READ_FILES |
		    JAIL_MEMFD,
		.prepare = admin_prepare,
		.run = admin_config_start,
		.listener = admin_listener,
		.channel = admin_channel,
		.frame = admin_frame,
	};

	config_load_set_check(policy_test_check);
	return process_main(argc, argv, &process);
}
