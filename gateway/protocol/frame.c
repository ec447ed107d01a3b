/*
 * The table of frames: who may say what to whom, and in which shape.
 */
#include "gateway/protocol/frame.h"

#include "gateway/protocol/frame_command.h"
#include "gateway/protocol/frame_deliver.h"
#include "gateway/protocol/frame_fact.h"
#include "gateway/protocol/frame_judge.h"
#include "gateway/protocol/frame_lookup.h"
#include "gateway/protocol/frame_protect.h"
#include "gateway/protocol/frame_queue_admin.h"
#include "gateway/protocol/frame_submit.h"
#include "gateway/protocol/frame_supervisor.h"
#include "gateway/protocol/frame_unseal.h"
#include "gateway/protocol/frame_vault.h"
#include "gateway/protocol/frame_vault_admin.h"

#define OF(kind) (1u << PROCESS_##kind)
#define WORKERS \
	(OF(SMTP) | OF(QUEUE) | OF(LOOKUP) | OF(DELIVER) | OF(KEYS) | \
	OF(ADMIN) | OF(SCAN) | OF(PROTECT) | OF(VAULT) | OF(PORTAL) | \
	OF(UNSEAL) | OF(INSPECT))

#define FRAME(type, shape_name, from_set, to_set) \
	[FRAME_##type] = { .name = #type, .shape = &shape_name, \
	    .from = (from_set), .to = (to_set) }
#define FRAME_WITH_DESCRIPTOR(type, shape_name, from_set, to_set) \
	[FRAME_##type] = { .name = #type, .shape = &shape_name, \
	    .from = (from_set), .to = (to_set), .descriptor = true }

static const struct frame_definition frame_definitions[FRAME_TYPES] = {
	FRAME_WITH_DESCRIPTOR(SNAPSHOT, frame_version_shape, OF(SUPERVISOR),
	    WORKERS),
	FRAME(SNAPSHOT_READY, frame_version_shape, WORKERS, OF(SUPERVISOR)),
	FRAME(SNAPSHOT_REJECT, frame_reject_shape, WORKERS, OF(SUPERVISOR)),
	FRAME(ACTIVATE, frame_version_shape, OF(SUPERVISOR), WORKERS),
	FRAME_WITH_DESCRIPTOR(LISTENER, frame_listener_shape, OF(SUPERVISOR),
	    WORKERS),
	FRAME_WITH_DESCRIPTOR(CHANNEL, frame_channel_shape, OF(SUPERVISOR),
	    WORKERS),
	FRAME_WITH_DESCRIPTOR(LOG_FILE, frame_empty_shape, OF(SUPERVISOR),
	    WORKERS),
	FRAME_WITH_DESCRIPTOR(LOG_SYSLOG, frame_empty_shape, OF(SUPERVISOR),
	    WORKERS),
	FRAME_WITH_DESCRIPTOR(IN_HAND, frame_empty_shape, OF(SUPERVISOR),
	    WORKERS),
	FRAME(RUN, frame_empty_shape, OF(SUPERVISOR), WORKERS),
	FRAME(RUNNING, frame_empty_shape, WORKERS, OF(SUPERVISOR)),
	FRAME(HEARTBEAT, frame_heartbeat_shape, WORKERS, OF(SUPERVISOR)),
	FRAME(STOP, frame_empty_shape, OF(SUPERVISOR), WORKERS),
	FRAME(CHARGE, frame_charge_shape, OF(SUPERVISOR), OF(QUEUE)),
	FRAME(RELOAD, frame_empty_shape, OF(SUPERVISOR), OF(ADMIN)),
	FRAME_WITH_DESCRIPTOR(PROPOSE, frame_version_shape, OF(ADMIN),
	    OF(SUPERVISOR)),
	FRAME(PROPOSE_RESULT, frame_propose_result_shape, OF(SUPERVISOR),
	    OF(ADMIN)),
	FRAME(STATUS_ASK, frame_ask_shape, OF(ADMIN), OF(SUPERVISOR)),
	FRAME(STATUS, frame_status_shape, OF(SUPERVISOR), OF(ADMIN)),
	FRAME(ID_LEASE_ASK, frame_id_lease_ask_shape,
	    OF(SMTP) | OF(DELIVER) | OF(VAULT), OF(QUEUE)),
	FRAME(ID_LEASE, frame_id_lease_shape, OF(QUEUE),
	    OF(SMTP) | OF(DELIVER) | OF(VAULT)),
	FRAME(BUDGET_ASK, frame_budget_shape, OF(SMTP), OF(QUEUE)),
	FRAME(BUDGET, frame_budget_shape, OF(QUEUE), OF(SMTP)),
	FRAME(BUDGET_RETURN, frame_budget_shape, OF(SMTP), OF(QUEUE)),
	FRAME_WITH_DESCRIPTOR(SUBMIT, frame_submit_shape,
	    OF(SMTP) | OF(VAULT), OF(QUEUE)),
	FRAME(SUBMIT_RESULT, frame_submit_result_shape, OF(QUEUE),
	    OF(SMTP) | OF(VAULT)),
	FRAME(ACCEPTING, frame_accepting_shape, OF(QUEUE),
	    OF(SMTP) | OF(VAULT)),
	FRAME(FACT_ASK, frame_fact_ask_shape, OF(QUEUE),
	    OF(LOOKUP) | OF(INSPECT)),
	FRAME(FACT, frame_fact_ask_shape, OF(LOOKUP) | OF(INSPECT),
	    OF(QUEUE)),
	FRAME_WITH_DESCRIPTOR(JUDGE, frame_judge_shape, OF(QUEUE), OF(SCAN)),
	FRAME_WITH_DESCRIPTOR(DISPOSITION, frame_disposition_shape, OF(SCAN),
	    OF(QUEUE)),
	FRAME_WITH_DESCRIPTOR(PROTECT, frame_protect_shape, OF(QUEUE),
	    OF(PROTECT)),
	FRAME_WITH_DESCRIPTOR(PROTECTED, frame_protected_shape, OF(PROTECT),
	    OF(QUEUE)),
	FRAME_WITH_DESCRIPTOR(JOB, frame_job_shape, OF(QUEUE), OF(DELIVER)),
	FRAME(JOB_RESULT, frame_job_result_shape, OF(DELIVER), OF(QUEUE)),
	FRAME(HOSTS_ASK, frame_hosts_ask_shape, OF(DELIVER), OF(LOOKUP)),
	FRAME(HOSTS, frame_hosts_shape, OF(LOOKUP), OF(DELIVER)),
	FRAME(RATE_ASK, frame_rate_ask_shape, OF(SMTP), OF(LOOKUP)),
	FRAME(RATE, frame_rate_shape, OF(LOOKUP), OF(SMTP)),
	FRAME(RATE_RETURN, frame_rate_ask_shape, OF(SMTP), OF(LOOKUP)),
	FRAME(QUEUE_LIST_ASK, frame_queue_list_ask_shape, OF(ADMIN),
	    OF(QUEUE)),
	FRAME(QUEUE_LIST, frame_queue_list_shape, OF(QUEUE), OF(ADMIN)),
	FRAME(QUEUE_MESSAGE_ASK, frame_queue_mid_shape, OF(ADMIN),
	    OF(QUEUE)),
	FRAME(QUEUE_MESSAGE, frame_queue_message_shape, OF(QUEUE),
	    OF(ADMIN)),
	FRAME(QUEUE_ACT_ASK, frame_queue_act_ask_shape, OF(ADMIN),
	    OF(QUEUE)),
	FRAME(QUEUE_ACT, frame_queue_act_shape, OF(QUEUE), OF(ADMIN)),
	FRAME(QUEUE_LEDGER_ASK, frame_ask_shape, OF(ADMIN), OF(QUEUE)),
	FRAME(QUEUE_LEDGER, frame_queue_ledger_shape, OF(QUEUE), OF(ADMIN)),
	FRAME_WITH_DESCRIPTOR(COMMAND, frame_command_shape, OF(CLI),
	    OF(ADMIN)),
	FRAME(OUTPUT, frame_output_shape, OF(ADMIN), OF(CLI)),
	FRAME(COMMAND_DONE, frame_command_done_shape, OF(ADMIN), OF(CLI)),
	FRAME(CONFIG_ASK, frame_version_shape, OF(CLI), OF(ADMIN)),
	FRAME_WITH_DESCRIPTOR(CONFIG, frame_version_shape, OF(ADMIN),
	    OF(CLI)),
	FRAME(VAULT_FIND_ASK, frame_vault_find_ask_shape, OF(PORTAL),
	    OF(VAULT)),
	FRAME(VAULT_FIND, frame_vault_find_shape, OF(VAULT), OF(PORTAL)),
	FRAME(VAULT_CODE_ASK, frame_vault_code_ask_shape, OF(PORTAL),
	    OF(VAULT)),
	FRAME(VAULT_CODE, frame_vault_code_shape, OF(VAULT), OF(PORTAL)),
	FRAME(VAULT_VERIFY_ASK, frame_vault_verify_ask_shape, OF(PORTAL),
	    OF(VAULT)),
	FRAME(VAULT_VERIFY, frame_vault_verify_shape, OF(VAULT), OF(PORTAL)),
	FRAME(VAULT_RELEASE_ASK, frame_vault_release_ask_shape, OF(PORTAL),
	    OF(VAULT)),
	FRAME(VAULT_RELEASE, frame_vault_release_shape, OF(VAULT),
	    OF(PORTAL)),
	FRAME(VAULT_LINK_ASK, frame_vault_link_ask_shape, OF(PORTAL),
	    OF(VAULT)),
	FRAME(UNSEAL_KEY, frame_unseal_key_shape, OF(VAULT), OF(UNSEAL)),
	FRAME_WITH_DESCRIPTOR(UNSEAL_ASK, frame_unseal_ask_shape, OF(PORTAL),
	    OF(UNSEAL)),
	FRAME_WITH_DESCRIPTOR(UNSEAL, frame_unseal_shape, OF(UNSEAL),
	    OF(PORTAL)),
	FRAME(VAULT_ACT_ASK, frame_vault_act_ask_shape, OF(ADMIN),
	    OF(VAULT)),
	FRAME(VAULT_ACT, frame_vault_act_shape, OF(VAULT), OF(ADMIN)),
};

const struct frame_definition *
frame_definition(unsigned int type)
{
	if (type >= FRAME_TYPES || frame_definitions[type].shape == NULL)
		return NULL;
	return &frame_definitions[type];
}

void
frame_send(struct ipc *ipc, enum frame_type type, const void *value,
    int descriptor)
{
	const struct frame_definition *definition = frame_definition(type);
	struct buffer payload;

	require(definition != NULL);
	require(descriptor == -1 || definition->descriptor);
	buffer_init(&payload, IPC_PAYLOAD_MAX);
	require(record_encode(definition->shape, value, &payload) == 0);
	ipc_send(ipc, (uint16_t)type, buffer_text(&payload), descriptor);
	buffer_clear(&payload);
}

int
frame_decode(enum process_kind from, enum process_kind to, uint16_t type,
    struct text payload, struct arena *arena, void *out)
{
	const struct frame_definition *definition = frame_definition(type);

	if (definition == NULL)
		return ERROR_MALFORMED;
	if ((definition->from & (1u << from)) == 0 ||
	    (definition->to & (1u << to)) == 0)
		return ERROR_REFUSED;
	return record_decode(definition->shape, payload, arena, out);
}
