/*
 * A proposed configuration: every process checks it (READY or REJECT), then
 * all use it (ACTIVATE), or none does.
 */
#include <fcntl.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/protocol/frame.h"
#include "gateway/supervisor/supervisor_private.h"

#define ANSWER_MS 20000

static void
send_snapshot(struct child *child, const struct config_snapshot *snapshot,
    int descriptor)
{
	struct frame_version version = {
		.version = config_snapshot_version(snapshot),
	};

	frame_send(child->ipc, FRAME_SNAPSHOT, &version,
	    fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
}

static void
send_activate(struct child *child, const struct config_snapshot *snapshot)
{
	struct frame_version version = {
		.version = config_snapshot_version(snapshot),
	};

	frame_send(child->ipc, FRAME_ACTIVATE, &version, -1);
}

/* To a child that has just started: what is active, what is proposed. */
void
config_send(struct supervisor *supervisor, struct child *child)
{
	if (supervisor->active != NULL) {
		send_snapshot(child, supervisor->active,
		    supervisor->active_descriptor);
		send_activate(child, supervisor->active);
	}
	if (supervisor->proposed != NULL)
		send_snapshot(child, supervisor->proposed,
		    supervisor->proposed_descriptor);
}

static void
send_result(struct supervisor *supervisor,
    const struct frame_propose_result *result)
{
	struct child *admin = child_find(supervisor, PROCESS_ADMIN, 0);

	if (admin != NULL && admin->ipc != NULL)
		frame_send(admin->ipc, FRAME_PROPOSE_RESULT, result, -1);
}

static void
forget_proposal(struct supervisor *supervisor)
{
	config_snapshot_release(&supervisor->proposed);
	if (supervisor->proposed_descriptor != -1)
		close(supervisor->proposed_descriptor);
	supervisor->proposed_descriptor = -1;
	loop_timer_unset(supervisor->propose_timer);
}

void
config_refused(struct supervisor *supervisor, const char *process,
    struct text path, struct text reason)
{
	struct frame_propose_result result = {
		.process = text_from(process),
		.path = path,
		.reason = reason,
	};

	if (supervisor->proposed == NULL)
		return;
	result.version = config_snapshot_version(supervisor->proposed);
	log_event(LOG_WARNING_LEVEL, 0, "config_rejected",
	    LOG_NUMBER("version", result.version),
	    LOG_TEXT("by", result.process), LOG_TEXT("path", path),
	    LOG_TEXT("reason", reason));
	send_result(supervisor, &result);
	listener_settle(supervisor, false);
	forget_proposal(supervisor);
	if (supervisor->active == NULL)
		supervisor_stop(supervisor, 1);
}

static void
on_silence(void *context)
{
	config_refused(context, "supervisor", TEXT_EMPTY,
	    TEXT("not every process answered in time"));
}

static void
activate(struct supervisor *supervisor)
{
	struct frame_propose_result result = { .accepted = 1 };
	bool first = supervisor->active == NULL;
	struct list *link, *after;

	config_snapshot_release(&supervisor->active);
	if (supervisor->active_descriptor != -1)
		close(supervisor->active_descriptor);
	supervisor->active = config_snapshot_ref(supervisor->proposed);
	supervisor->active_descriptor = supervisor->proposed_descriptor;
	supervisor->proposed_descriptor = -1;
	result.version = config_snapshot_version(supervisor->active);
	logs_open(supervisor);
	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->ipc == NULL)
			continue;
		send_activate(child, supervisor->active);
		logs_send(supervisor, child);
		if (first)
			listener_send(supervisor, child);
	}
	log_event(LOG_INFO_LEVEL, 0, "config_active",
	    LOG_NUMBER("version", result.version));
	send_result(supervisor, &result);
	listener_settle(supervisor, true);
	forget_proposal(supervisor);
	processes_start(supervisor);
}

/*
 * A running child died.  Where it owed an answer, the proposal may have killed
 * it; one that dies while it starts dies of what is active, and has no say in
 * what may mend it.
 */
void
config_unanswered(struct supervisor *supervisor, const struct child *child)
{
	if (supervisor->proposed != NULL && child->answer != CHILD_READY)
		config_refused(supervisor, process_kind_name(child->kind),
		    TEXT_EMPTY, TEXT("the process died while it checked the "
		    "configuration; its log says why"));
}

/* A child answered, or is gone: is the proposal decided? */
void
config_answered(struct supervisor *supervisor)
{
	struct list *link, *after;

	if (supervisor->proposed == NULL)
		return;
	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->ipc != NULL && child->answer != CHILD_READY)
			return;
	}
	activate(supervisor);
}

static int
prepare_first(struct supervisor *supervisor, const struct config *config,
    struct reason *why)
{
	int r;

	if ((r = directories_make(config, why)) != 0)
		return r;
	return listener_open_control(supervisor, config, why);
}

void
config_propose(struct supervisor *supervisor, uint64_t version,
    int descriptor)
{
	const struct config *config;
	struct reason why = { 0 };
	struct list *link, *after;
	int r;

	if (supervisor->propose_timer == NULL)
		supervisor->propose_timer = loop_timer_new(supervisor->loop,
		    on_silence, supervisor);
	forget_proposal(supervisor);
	if (config_snapshot_open(descriptor, &supervisor->proposed,
	    &why) != 0) {
		close(descriptor);
		log_event(LOG_ERROR_LEVEL, 0, "config_unreadable",
		    LOG_NUMBER("version", version),
		    LOG_STRING("reason", why.text));
		return;
	}
	supervisor->proposed_descriptor = descriptor;
	config = config_snapshot_config(supervisor->proposed);
	r = supervisor->active == NULL ?
	    prepare_first(supervisor, config, &why) : 0;
	if (r == 0)
		r = listener_prepare(supervisor, config, &why);
	if (r != 0) {
		config_refused(supervisor, "supervisor", TEXT("listeners"),
		    text_from(why.text));
		return;
	}
	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		child->answer = CHILD_SILENT;
		if (child->ipc != NULL)
			send_snapshot(child, supervisor->proposed,
			    descriptor);
	}
	loop_timer_set(supervisor->propose_timer, ANSWER_MS);
	config_answered(supervisor);
}
