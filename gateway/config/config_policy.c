/*
 * Questions about filters and policies.
 */
#include "gateway/config/config_policy.h"

static const struct {
	struct text name;
	unsigned int bit;
} sender_fields[] = {
	{ TEXT_INIT("envelope"), CONFIG_SENDER_ENVELOPE },
	{ TEXT_INIT("from"), CONFIG_SENDER_FROM },
	{ TEXT_INIT("reply_to"), CONFIG_SENDER_REPLY_TO },
	{ TEXT_INIT("sender"), CONFIG_SENDER_SENDER },
};

unsigned int
config_sender_field(struct text name)
{
	size_t i;

	for (i = 0; i < sizeof(sender_fields) / sizeof(sender_fields[0]); i++)
		if (text_equal(sender_fields[i].name, name))
			return sender_fields[i].bit;
	return 0;
}

const struct config_mail_policy *
config_mail_policies_of(const struct config *config, bool is_incoming,
	size_t *count)
{
	const struct config_mail_policies *policies = &config->mail_policies;

	*count = is_incoming ? policies->incoming_count :
	    policies->outgoing_count;
	return is_incoming ? policies->incoming : policies->outgoing;
}

const struct config_content_filter *
config_content_filters_of(const struct config *config, bool is_incoming,
	size_t *count)
{
	const struct config_content_filters *filters =
	    &config->content_filters;

	*count = is_incoming ? filters->incoming_count :
	    filters->outgoing_count;
	return is_incoming ? filters->incoming : filters->outgoing;
}

bool
config_mail_policy_has(const struct config_mail_policy *policy,
	struct text filter)
{
	size_t i;

	for (i = 0; i < policy->content_filter_count; i++)
		if (text_equal(policy->content_filters[i], filter) ||
		    text_equal(policy->content_filters[i],
		    TEXT(CONFIG_POLICY_ALL_FILTERS)))
			return true;
	return false;
}

/*
 * A script of comments alone would do nothing, and only who can read the
 * language knows: any text counts.
 */
bool
config_judges(const struct config *config, bool is_incoming)
{
	const struct config_content_filter *filters;
	size_t count, i;

	if (!text_is_empty(text_trim(config->message_filters_text)))
		return true;
	filters = config_content_filters_of(config, is_incoming, &count);
	for (i = 0; i < count; i++)
		if (filters[i].active)
			return true;
	return false;
}
