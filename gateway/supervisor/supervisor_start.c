/*
 * Which processes the configuration needs, and how many of each.
 */
#include <unistd.h>

#include "gateway/config/config_policy.h"
#include "gateway/supervisor/supervisor_private.h"

static uint32_t
per_core(uint32_t wanted)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted != 0)
		return wanted;
	return cores < 1 ? 1 : (uint32_t)cores;
}

static uint32_t
one(const struct config *config)
{
	(void)config;
	return 1;
}

static uint32_t
keys_count(const struct config *config)
{
	return per_core(config->processes.keys);
}

static uint32_t
deliver_count(const struct config *config)
{
	return per_core(config->processes.deliver);
}

static uint32_t
smtp_count(const struct config *config)
{
	return per_core(config->processes.smtp);
}

static uint32_t
scan_count(const struct config *config)
{
	if (!config_judges(config, true) && !config_judges(config, false))
		return 0;
	return per_core(config->processes.scan);
}

static uint32_t
inspect_count(const struct config *config)
{
	return config->directory_count == 0 ? 0 : config->processes.inspect;
}

static uint32_t
protect_count(const struct config *config)
{
	return config->encryption.profile_count > 0;
}

static uint32_t
key_service_count(const struct config *config)
{
	return config->key_service.enabled;
}

static const struct {
	enum process_kind kind;
	uint32_t (*count)(const struct config *config);
} started_kinds[] = {
	{ PROCESS_KEYS, keys_count },
	{ PROCESS_LOOKUP, one },
	{ PROCESS_QUEUE, one },
	{ PROCESS_SCAN, scan_count },
	{ PROCESS_INSPECT, inspect_count },
	{ PROCESS_VAULT, key_service_count },
	{ PROCESS_UNSEAL, key_service_count },
	{ PROCESS_PORTAL, key_service_count },
	{ PROCESS_PROTECT, protect_count },
	{ PROCESS_DELIVER, deliver_count },
	{ PROCESS_SMTP, smtp_count },
};

void
processes_start(struct supervisor *supervisor)
{
	const struct config *config =
	    config_snapshot_config(supervisor->active);
	struct list *link, *after;
	size_t i;

	for (i = 0; i < sizeof(started_kinds) / sizeof(started_kinds[0]);
	    i++) {
		uint32_t n, count = started_kinds[i].count(config);

		for (n = 0; n < count; n++)
			if (child_find(supervisor, started_kinds[i].kind,
			    n) == NULL)
				child_new(supervisor, started_kinds[i].kind,
				    n)->is_new = true;
	}
	/* All are there before the first starts: edges count them. */
	LIST_EACH(&supervisor->children, link, after) {
		struct child *child = LIST_OWNER(link, struct child, link);

		if (child->is_new)
			child_start(supervisor, child);
		child->is_new = false;
	}
}
