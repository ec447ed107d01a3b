/*
 * What must hold between settings: sender groups, their listeners and
 * policies, recipient access.
 */
#include <arpa/inet.h>

#include "gateway/config/config_check.h"
#include "gateway/config/config_syntax.h"

/*
 * A relay for a network of public addresses that is wider than this is open
 * to strangers.
 */
#define RELAY_BITS_IPV4 8
#define RELAY_BITS_IPV6 16

static bool
group_is_for(const struct config_sender_group *group,
	const struct config_listener *listener)
{
	size_t i;

	for (i = 0; i < group->listener_count; i++)
		if (text_equal(group->listeners[i], listener->name))
			return true;
	return group->listener_count == 0;
}

static bool
group_has_all(const struct config_sender_group *group)
{
	size_t i;

	for (i = 0; i < group->address_count; i++)
		if (text_equal(group->addresses[i], TEXT("all")))
			return true;
	return false;
}

/* Host bits: the reader meant one address, or another network. */
static void
network_check(struct text address, size_t group, size_t at,
	struct config_report *report)
{
	struct config_network network;
	char printed[INET6_ADDRSTRLEN] = "";

	if (config_network_parse(address, &network) != 0 ||
	    !config_network_mask(&network))
		return;
	(void)inet_ntop(network.width == 32 ? AF_INET : AF_INET6,
	    network.bytes, printed, sizeof(printed));
	config_report_path(report, config_report_path_of(report,
	    "sender_groups[%zu].addresses[%zu]", group, at),
	    "bits behind the prefix are set; the network is %s/%u", printed,
	    network.bits);
}

static void
networks_check(const struct config *config, struct config_report *report)
{
	size_t i, k;

	for (i = 0; i < config->sender_group_count; i++) {
		const struct config_sender_group *group =
		    &config->sender_groups[i];

		for (k = 0; k < group->address_count; k++)
			network_check(group->addresses[k], i + 1, k + 1,
			    report);
	}
}

/* Some group before this one takes every client of the listener. */
static bool
listener_is_covered(const struct config *config, size_t before,
	const struct config_listener *listener)
{
	size_t i;

	for (i = 0; i < before; i++)
		if (group_is_for(&config->sender_groups[i], listener) &&
		    group_has_all(&config->sender_groups[i]))
			return true;
	return false;
}

static void
reach_check(const struct config *config, struct config_report *report)
{
	size_t i, k;

	for (i = 1; i < config->sender_group_count; i++) {
		const struct config_sender_group *group =
		    &config->sender_groups[i];
		bool reached = false;

		for (k = 0; k < config->listener_count; k++)
			if (group_is_for(group, &config->listeners[k]) &&
			    !listener_is_covered(config, i,
			    &config->listeners[k]))
				reached = true;
		if (!reached)
			config_report_path(report,
			    config_report_path_of(report, "sender_groups[%zu]",
			    i + 1), "can never match: a group before it takes "
			    "all addresses");
	}
}

static void
group_tls_check(const struct config *config, size_t at,
	const struct config_flow_policy *policy, struct config_report *report)
{
	const struct config_sender_group *group = &config->sender_groups[at];
	size_t i;

	if (policy->tls != CONFIG_FLOW_TLS_REQUIRED ||
	    policy->action == CONFIG_FLOW_REJECT)
		return;
	for (i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener =
		    &config->listeners[i];

		if (listener->tls != CONFIG_LISTENER_TLS_OFF ||
		    !group_is_for(group, listener))
			continue;
		config_report_path(report, config_report_path_of(report,
		    "sender_groups[%zu].mail_flow_policy", at + 1),
		    "policy \"%.*s\" requires TLS, but it is off on listener "
		    "\"%.*s\"", TEXT_ARG(policy->name),
		    TEXT_ARG(listener->name));
		return;
	}
}

static bool
address_is_open(struct text address)
{
	struct config_network network;

	if (config_network_parse(address, &network) != 0)
		return true;	/* all */
	if (config_network_is_private(&network))
		return false;
	return network.bits < (network.width == 32 ? RELAY_BITS_IPV4 :
	    RELAY_BITS_IPV6);
}

/* Nobody from elsewhere reaches a listener on a loopback address. */
static bool
group_is_local(const struct config *config,
	const struct config_sender_group *group)
{
	struct config_network address;
	size_t i;

	for (i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener =
		    &config->listeners[i];

		if (group_is_for(group, listener) &&
		    (config_network_parse(listener->address, &address) != 0 ||
		    !config_network_is_loopback(&address)))
			return false;
	}
	return true;
}

static void
group_relay_check(const struct config *config, size_t at,
	const struct config_flow_policy *policy, struct config_report *report)
{
	const struct config_sender_group *group = &config->sender_groups[at];
	size_t i;

	if (policy->action != CONFIG_FLOW_RELAY ||
	    group_is_local(config, group))
		return;
	for (i = 0; i < group->address_count; i++)
		if (address_is_open(group->addresses[i]))
			config_report_path(report,
			    config_report_path_of(report,
			    "sender_groups[%zu].addresses[%zu]", at + 1,
			    i + 1), "an open relay: policy \"%.*s\" relays to "
			    "anybody for addresses of strangers; name your "
			    "own networks", TEXT_ARG(policy->name));
}

static void
groups_check(const struct config *config, struct config_report *report)
{
	size_t i;

	for (i = 0; i < config->sender_group_count; i++) {
		const struct config_flow_policy *policy =
		    config_flow_policy_find(config,
		    config->sender_groups[i].flow_policy);

		require(policy != NULL);
		group_tls_check(config, i, policy, report);
		group_relay_check(config, i, policy, report);
	}
}

static bool
access_has_all(const struct config_recipient_access *access)
{
	size_t i;

	for (i = 0; i < access->pattern_count; i++)
		if (text_equal(access->patterns[i], TEXT("all")))
			return true;
	return false;
}

static void
recipients_check(const struct config *config, struct config_report *report)
{
	bool all = false;
	size_t i;

	for (i = 0; i < config->recipient_access_count; i++) {
		const struct config_recipient_access *access =
		    &config->recipient_access[i];

		if (all)
			config_report_path(report,
			    config_report_path_of(report,
			    "recipient_access[%zu]", i + 1), "can never "
			    "match: an entry before it is about all "
			    "recipients");
		/* RFC 5321 4.2.1: the second digit is 0 to 5. */
		if (access->reply / 10 % 10 > 5)
			config_report_path(report,
			    config_report_path_of(report,
			    "recipient_access[%zu].reply", i + 1),
			    "not a reply code of SMTP (RFC 5321 4.2.1)");
		all = all || access_has_all(access);
	}
}

void
config_check_access(const struct config *config,
	struct config_report *report)
{
	networks_check(config, report);
	reach_check(config, report);
	groups_check(config, report);
	recipients_check(config, report);
}
