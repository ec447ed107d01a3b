/*
 * The users of the processes.
 */
#include "gateway/protocol/process_user.h"

#include <stddef.h>

static const size_t user_offsets[PROCESS_KINDS] = {
	[PROCESS_SMTP] = offsetof(struct config_users, smtp),
	[PROCESS_QUEUE] = offsetof(struct config_users, queue),
	[PROCESS_LOOKUP] = offsetof(struct config_users, lookup),
	[PROCESS_DELIVER] = offsetof(struct config_users, deliver),
	[PROCESS_KEYS] = offsetof(struct config_users, keys),
	[PROCESS_ADMIN] = offsetof(struct config_users, admin),
	[PROCESS_SCAN] = offsetof(struct config_users, scan),
	[PROCESS_PROTECT] = offsetof(struct config_users, protect),
	[PROCESS_VAULT] = offsetof(struct config_users, vault),
	[PROCESS_PORTAL] = offsetof(struct config_users, portal),
	[PROCESS_UNSEAL] = offsetof(struct config_users, unseal),
	[PROCESS_INSPECT] = offsetof(struct config_users, inspect),
};

static struct text
configured_user(enum process_kind kind, const struct config *config,
    const char *fallback)
{
	const char *users;

	if (config == NULL)
		return text_from(fallback);
	users = (const char *)&config->processes.users;
	return *(const struct text *)(const void *)(users +
	    user_offsets[kind]);
}

int
process_user_find(enum process_kind kind, const struct config *config,
    const char *fallback, struct jail_user *out, struct reason *why)
{
	struct text name = configured_user(kind, config, fallback);
	char string[64];

	if (text_to_string(name, string, sizeof(string)) != 0 ||
	    jail_user_find(string, out) != 0) {
		reason_set(why, "there is no user \"%.*s\": create it, or name "
		    "another in processes.users.%s", TEXT_ARG(name),
		    process_kind_name(kind));
		return ERROR_NOT_FOUND;
	}
	if (out->uid == 0) {
		reason_set(why, "processes.users.%s is root: name a user "
		    "without rights", process_kind_name(kind));
		return ERROR_REFUSED;
	}
	out->change = true;
	return 0;
}
