/*
 * Finding parts of the configuration by name.  The lists are short, and
 * are walked when a session or a delivery begins, not per byte.
 */
#include "gateway/config/config.h"

#define FIND_BY_NAME(array, count, wanted) do { \
	size_t i; \
	for (i = 0; i < (count); i++) \
		if (text_equal((array)[i].name, (wanted))) \
			return &(array)[i]; \
	return NULL; \
} while (0)

const struct config_listener *
config_listener_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->listeners, config->listener_count, name);
}

const struct config_flow_policy *
config_flow_policy_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->flow_policies, config->flow_policy_count, name);
}

const struct config_certificate *
config_certificate_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->tls.certificates, config->tls.certificate_count,
	    name);
}

const struct config_bounce_profile *
config_bounce_profile_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->bounce_profiles, config->bounce_profile_count,
	    name);
}

const struct config_quarantine *
config_quarantine_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->quarantines, config->quarantine_count, name);
}

const struct config_dictionary *
config_dictionary_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->dictionaries, config->dictionary_count, name);
}

const struct config_text_resource *
config_text_resource_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->text_resources, config->text_resource_count,
	    name);
}

const struct config_encryption_profile *
config_encryption_profile_find(const struct config *config, struct text name)
{
	FIND_BY_NAME(config->encryption.profiles,
	    config->encryption.profile_count, name);
}
