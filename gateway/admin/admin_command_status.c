/*
 * "postern status": what the supervisor knows of its children.
 */
#include <inttypes.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"
#include "gateway/protocol/build_id.h"
#include "gateway/protocol/process.h"

static const char *
state_name(unsigned int state)
{
	static const char *const names[] = {
		[FRAME_PROCESS_STARTING] = "starting",
		[FRAME_PROCESS_RUNNING] = "running",
		[FRAME_PROCESS_WAITING] = "waiting",
		[FRAME_PROCESS_STOPPING] = "stopping",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] :
	    "unknown";
}

static void
print_process(struct admin_request *request, const struct frame_process *p)
{
	struct text age = admin_age(request, clock_now_us() - p->started_us);

	admin_print(request, "%-10s %3" PRIu32 "  %-9s %8" PRIu32 " %7.*s %8"
	    PRIu32 " ", process_kind_name((enum process_kind)p->kind),
	    p->number, state_name(p->state), p->pid, TEXT_ARG(age),
	    p->restarts);
	for (size_t i = 0; i < p->counter_count; i++)
		if (p->counters[i].value != 0)
			admin_print(request, " %.*s=%" PRIu64,
			    TEXT_ARG(p->counters[i].name),
			    p->counters[i].value);
	admin_print(request, "\n");
}

static json_t *
process_json(const struct frame_process *p)
{
	json_t *counters = json_object();

	for (size_t i = 0; i < p->counter_count; i++) {
		char name[64];

		if (text_to_string(p->counters[i].name, name,
		    sizeof(name)) == 0)
			json_object_set_new(counters, name, json_integer(
			    (json_int_t)p->counters[i].value));
	}
	return json_pack("{s:s, s:I, s:s, s:I, s:o, s:I, s:o}",
	    "process", process_kind_name((enum process_kind)p->kind),
	    "number", (json_int_t)p->number,
	    "state", state_name(p->state),
	    "pid", (json_int_t)p->pid,
	    "started", admin_json_time(p->started_us),
	    "restarts", (json_int_t)p->restarts,
	    "counters", counters);
}

static void
print_status(struct admin_request *request, const struct frame_status *status)
{
	struct config_snapshot *snapshot = process_snapshot();
	struct text up = admin_age(request,
	    clock_now_us() - status->started_us);

	admin_print(request, "Postern %s on %.*s, up %.*s, configuration "
	    "version %" PRIu64 "\n\n", build_version, TEXT_ARG(
	    snapshot == NULL ? TEXT_EMPTY :
	    config_snapshot_config(snapshot)->hostname), TEXT_ARG(up),
	    status->config_version);
	admin_print(request, "%-10s %3s  %-9s %8s %7s %8s  %s\n", "PROCESS",
	    "NO", "STATE", "PID", "UP", "RESTARTS", "COUNTERS");
	for (size_t i = 0; i < status->process_count; i++)
		print_process(request, &status->processes[i]);
}

static void
on_status(struct admin_request *request, uint16_t type, const void *value)
{
	const struct frame_status *status = value;
	json_t *list;

	(void)type;
	if (!request->json) {
		print_status(request, status);
		admin_done(request, COMMAND_OK);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < status->process_count; i++)
		json_array_append_new(list,
		    process_json(&status->processes[i]));
	admin_print_json(request, json_pack("{s:s, s:s, s:I, s:o, s:o}",
	    "version", build_version, "build", build_id, "config_version",
	    (json_int_t)status->config_version, "started",
	    admin_json_time(status->started_us), "processes", list));
	admin_done(request, COMMAND_OK);
}

void
admin_run_status(struct admin_request *request)
{
	struct frame_ask ask = { .id = request->id };

	request->answered = on_status;
	request->waiting = true;
	frame_send(process_supervisor(), FRAME_STATUS_ASK, &ask, -1);
}
