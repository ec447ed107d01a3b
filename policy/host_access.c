/*
 * Sender groups, compiled: one row per group, one row per network.  Used by
 * smtp at each connection.
 */
#include "policy/host_access.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"
#include "policy/host_network.h"

struct host_access_network {
	bool is_all;			/* or ... */
	struct host_network network;
};

struct host_access_group {
	struct host_access_match match;
	struct host_access_network *networks;
};

struct host_access {
	struct host_access_group *groups;
	size_t group_count;
};

static int
network_parse(struct text t, struct host_access_network *out)
{
	out->is_all = text_equal_nocase(t, TEXT("all"));
	return out->is_all ? 0 : host_network_parse(t, &out->network);
}

static int
group_compile(const struct config *config,
    const struct config_sender_group *from, struct host_access_group *out,
    struct reason *why)
{
	size_t i;

	out->match.group = from;
	out->match.policy = config_flow_policy_find(config,
	    from->flow_policy);
	if (out->match.policy == NULL) {
		reason_set(why, "sender group %.*s: no flow policy %.*s",
		    TEXT_ARG(from->name), TEXT_ARG(from->flow_policy));
		return ERROR_NOT_FOUND;
	}
	for (i = 0; i < from->listener_count; i++) {
		if (config_listener_find(config, from->listeners[i]) != NULL)
			continue;
		reason_set(why, "sender group %.*s: no listener %.*s",
		    TEXT_ARG(from->name), TEXT_ARG(from->listeners[i]));
		return ERROR_NOT_FOUND;
	}
	out->networks = memory_array(from->address_count,
	    sizeof(*out->networks));
	for (i = 0; i < from->address_count; i++) {
		if (network_parse(from->addresses[i], &out->networks[i]) == 0)
			continue;
		reason_set(why, "sender group %.*s: %.*s is no address, "
		    "network or \"all\"", TEXT_ARG(from->name),
		    TEXT_ARG(from->addresses[i]));
		return ERROR_MALFORMED;
	}
	return 0;
}

int
host_access_new(const struct config *config, struct host_access **out,
    struct reason *why)
{
	struct host_access *access = memory_new(sizeof(*access));
	size_t i;
	int error = 0;

	access->group_count = config->sender_group_count;
	access->groups = memory_array(access->group_count,
	    sizeof(*access->groups));
	for (i = 0; i < access->group_count && error == 0; i++) {
		error = group_compile(config, &config->sender_groups[i],
		    &access->groups[i], why);
	}
	if (error < 0) {
		host_access_free(access);
		return error;
	}
	*out = access;
	return 0;
}

void
host_access_free(struct host_access *access)
{
	size_t i;

	if (access == NULL)
		return;
	for (i = 0; i < access->group_count; i++)
		free(access->groups[i].networks);
	free(access->groups);
	free(access);
}

static bool
group_has_listener(const struct config_sender_group *group,
    struct text listener)
{
	size_t i;

	for (i = 0; i < group->listener_count; i++) {
		if (text_equal(group->listeners[i], listener))
			return true;
	}
	return group->listener_count == 0;
}

static bool
group_has_address(const struct host_access_group *group,
    const struct host_address *address)
{
	size_t i;

	for (i = 0; i < group->match.group->address_count; i++) {
		const struct host_access_network *one = &group->networks[i];

		if (one->is_all ||
		    host_network_contains(&one->network, address))
			return true;
	}
	return false;
}

int
host_access_find(const struct host_access *access, struct text listener,
    const struct host_address *address, struct host_access_match *out)
{
	size_t i;

	for (i = 0; i < access->group_count; i++) {
		const struct host_access_group *group = &access->groups[i];

		if (group_has_listener(group->match.group, listener) &&
		    group_has_address(group, address)) {
			*out = group->match;
			return 0;
		}
	}
	return ERROR_NOT_FOUND;
}
