/*
 * Stopping in order: first who brings and takes mail, then who keeps it,
 * then the rest, so that nothing at hand is cut off.
 */
#include "gateway/base/log.h"
#include "gateway/supervisor/supervisor_private.h"

#define OF(kind) (1u << PROCESS_##kind)

static const unsigned int stop_stages[] = {
	OF(SMTP) | OF(PORTAL),
	OF(SCAN) | OF(PROTECT) | OF(UNSEAL) | OF(DELIVER),
	OF(VAULT),
	OF(QUEUE),
	OF(LOOKUP) | OF(INSPECT) | OF(KEYS) | OF(ADMIN),
};
#define STOP_STAGES (sizeof(stop_stages) / sizeof(stop_stages[0]))

/* Whether any child of the stages up to this one still runs. */
static bool
stage_runs(struct supervisor *supervisor, unsigned int stage)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->pid != 0 &&
		    (stop_stages[stage] & (1u << child->kind)) != 0)
			return true;
	}
	return false;
}

static void
stop_stage(struct supervisor *supervisor, unsigned int stage)
{
	struct list *link, *after;

	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if ((stop_stages[stage] & (1u << child->kind)) != 0)
			child_stop(supervisor, child);
	}
}

void
supervisor_stop_next(struct supervisor *supervisor)
{
	while (supervisor->stop_stage < STOP_STAGES) {
		if (stage_runs(supervisor, supervisor->stop_stage))
			return;
		if (++supervisor->stop_stage < STOP_STAGES)
			stop_stage(supervisor, supervisor->stop_stage);
	}
	listener_close_control(supervisor);
	loop_stop(supervisor->loop);
}

void
supervisor_stop(struct supervisor *supervisor, int exit_status)
{
	if (supervisor->stopping)
		return;
	log_event(LOG_INFO_LEVEL, 0, "stopping");
	notify_send("STOPPING=1");
	supervisor->stopping = true;
	supervisor->exit_status = exit_status;
	stop_stage(supervisor, 0);
	supervisor_stop_next(supervisor);
}
