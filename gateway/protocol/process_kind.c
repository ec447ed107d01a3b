/*
 * The tables of processes and edges.
 */
#include "gateway/protocol/process_kind.h"

#include "gateway/base/error.h"

static const char *const process_kind_names[PROCESS_KINDS] = {
	[PROCESS_NONE] = "none",
	[PROCESS_SUPERVISOR] = "supervisor",
	[PROCESS_SMTP] = "smtp",
	[PROCESS_QUEUE] = "queue",
	[PROCESS_LOOKUP] = "lookup",
	[PROCESS_DELIVER] = "deliver",
	[PROCESS_KEYS] = "keys",
	[PROCESS_ADMIN] = "admin",
	[PROCESS_CLI] = "cli",
	[PROCESS_SCAN] = "scan",
	[PROCESS_PROTECT] = "protect",
	[PROCESS_VAULT] = "vault",
	[PROCESS_PORTAL] = "portal",
	[PROCESS_UNSEAL] = "unseal",
	[PROCESS_INSPECT] = "inspect",
};

const struct process_edge process_edges[] = {
	{ .a = PROCESS_SMTP, .b = PROCESS_QUEUE },
	{ .a = PROCESS_SMTP, .b = PROCESS_LOOKUP },
	{ .a = PROCESS_SMTP, .b = PROCESS_KEYS, .same_number = true,
	    .packets = true },
	{ .a = PROCESS_QUEUE, .b = PROCESS_DELIVER },
	{ .a = PROCESS_DELIVER, .b = PROCESS_LOOKUP },
	{ .a = PROCESS_ADMIN, .b = PROCESS_QUEUE },
	{ .a = PROCESS_QUEUE, .b = PROCESS_SCAN },
	{ .a = PROCESS_QUEUE, .b = PROCESS_PROTECT },
	{ .a = PROCESS_PROTECT, .b = PROCESS_KEYS, .same_number = true,
	    .packets = true },
	{ .a = PROCESS_VAULT, .b = PROCESS_QUEUE },
	{ .a = PROCESS_VAULT, .b = PROCESS_KEYS, .same_number = true,
	    .packets = true },
	{ .a = PROCESS_VAULT, .b = PROCESS_UNSEAL },
	{ .a = PROCESS_PORTAL, .b = PROCESS_VAULT },
	{ .a = PROCESS_PORTAL, .b = PROCESS_UNSEAL },
	{ .a = PROCESS_PORTAL, .b = PROCESS_KEYS, .same_number = true,
	    .packets = true },
	{ .a = PROCESS_ADMIN, .b = PROCESS_VAULT },
	{ .a = PROCESS_QUEUE, .b = PROCESS_LOOKUP },
	{ .a = PROCESS_QUEUE, .b = PROCESS_INSPECT },
};
const size_t process_edge_count =
    sizeof(process_edges) / sizeof(process_edges[0]);

const char *
process_kind_name(enum process_kind kind)
{
	if ((unsigned int)kind >= PROCESS_KINDS)
		return "unknown";
	return process_kind_names[kind];
}
