/*
 * What must hold between settings: mail policies and their filters.
 */
#include "gateway/config/config_check.h"

#include "gateway/config/config_policy.h"
#include "gateway/config/config_suggest.h"

/* A policy while it is checked. */
struct subject {
	const struct config *config;
	const struct config_mail_policy *policy;
	struct config_report *report;
	struct text path;	/* "mail_policies.incoming[1]" */
	bool is_incoming;
};

static const char *
direction_name(bool is_incoming)
{
	return is_incoming ? "incoming" : "outgoing";
}

static struct text
path_below(const struct subject *subject, const char *name)
{
	return config_report_path_of(subject->report, "%.*s.%s",
	    TEXT_ARG(subject->path), name);
}

static struct text
path_at(const struct subject *subject, const char *name, size_t index)
{
	return config_report_path_of(subject->report, "%.*s.%s[%zu]",
	    TEXT_ARG(subject->path), name, index + 1);
}

static bool
policy_is_default(const struct config_mail_policy *policy)
{
	return text_equal(policy->name, TEXT(CONFIG_POLICY_DEFAULT));
}

static size_t
party_count(const struct config_mail_policy *policy)
{
	return policy->sender_count + policy->sender_group_count +
	    policy->recipient_count + policy->recipient_group_count +
	    policy->except_sender_count + policy->except_sender_group_count +
	    policy->except_recipient_count +
	    policy->except_recipient_group_count;
}

static void
parties_check(const struct subject *subject, bool is_last)
{
	size_t count = party_count(subject->policy);

	if (!policy_is_default(subject->policy)) {
		if (count == 0)
			config_report_path(subject->report, subject->path,
			    "says of no sender and no recipient; \"all\" "
			    "stands for everybody");
		return;
	}
	if (count > 0)
		config_report_path(subject->report, subject->path,
		    "\"%s\" is the policy for whom no other is, and names "
		    "nobody", CONFIG_POLICY_DEFAULT);
	if (!is_last)
		config_report_path(subject->report, subject->path,
		    "\"%s\" must be the last policy", CONFIG_POLICY_DEFAULT);
	if (!subject->policy->active)
		config_report_path(subject->report,
		    path_below(subject, "active"), "\"%s\" cannot be "
		    "switched off", CONFIG_POLICY_DEFAULT);
}

static void
fields_check(const struct subject *subject)
{
	const struct config_mail_policy *policy = subject->policy;
	size_t i;

	for (i = 0; i < policy->sender_field_count; i++)
		if (config_sender_field(policy->sender_fields[i]) == 0)
			config_report_path(subject->report,
			    path_at(subject, "sender_fields", i),
			    "expected envelope, from, reply_to or sender");
}

/* "directory.query:group" */
static bool
group_is_valid(struct text group)
{
	size_t colon = text_find_byte(group, ':');
	size_t dot = text_find_byte(text_slice(group, 0, colon), '.');

	return dot > 0 && dot + 1 < colon && colon + 1 < group.len;
}

static void
groups_check(const struct subject *subject, const char *name,
	const struct text *groups, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct config_directory_source source;
		struct reason why = { 0 };

		if (!group_is_valid(groups[i]))
			config_report_path(subject->report,
			    path_at(subject, name, i), "expected "
			    "directory.query:group, such as "
			    "staff.groups:finance");
		else if (config_directory_source_find(subject->config,
		    groups[i], &source, &why) != 0)
			config_report_path(subject->report,
			    path_at(subject, name, i), "%s", why.text);
	}
}

/* The filter is there; "all" stands alone. */
static void
filter_check(const struct subject *subject, size_t index)
{
	const struct config_mail_policy *policy = subject->policy;
	struct text name = policy->content_filters[index];
	struct config_suggest suggest;
	const struct config_content_filter *filters;
	size_t count, i;

	if (text_equal(name, TEXT(CONFIG_POLICY_ALL_FILTERS))) {
		if (policy->content_filter_count > 1)
			config_report_path(subject->report,
			    path_at(subject, "content_filters", index),
			    "\"all\" stands alone");
		return;
	}
	config_suggest_init(&suggest, name);
	filters = config_content_filters_of(subject->config,
	    subject->is_incoming, &count);
	for (i = 0; i < count; i++) {
		if (text_equal(filters[i].name, name))
			return;
		config_suggest_offer(&suggest, filters[i].name);
	}
	config_report_path(subject->report,
	    path_at(subject, "content_filters", index), "there is no filter "
	    "\"%.*s\" in content_filters.%s%s%.*s%s",
	    TEXT_ARG(config_report_quote(subject->report, name)),
	    direction_name(subject->is_incoming),
	    text_is_empty(suggest.best) ? "" : "; did you mean ",
	    TEXT_ARG(suggest.best), text_is_empty(suggest.best) ? "" : "?");
}

static void
policy_check(const struct subject *subject, bool is_last)
{
	const struct config_mail_policy *policy = subject->policy;
	size_t i;

	parties_check(subject, is_last);
	fields_check(subject);
	groups_check(subject, "sender_groups", policy->sender_groups,
	    policy->sender_group_count);
	groups_check(subject, "except_sender_groups",
	    policy->except_sender_groups, policy->except_sender_group_count);
	groups_check(subject, "recipient_groups", policy->recipient_groups,
	    policy->recipient_group_count);
	groups_check(subject, "except_recipient_groups",
	    policy->except_recipient_groups,
	    policy->except_recipient_group_count);
	for (i = 0; i < policy->content_filter_count; i++)
		filter_check(subject, i);
}

/* A filter of that name could not be told from all of them. */
static void
names_check(const struct config *config, bool is_incoming,
	struct config_report *report)
{
	const struct config_content_filter *filters;
	size_t count, i;

	filters = config_content_filters_of(config, is_incoming, &count);
	for (i = 0; i < count; i++)
		if (text_equal(filters[i].name,
		    TEXT(CONFIG_POLICY_ALL_FILTERS)))
			config_report_path(report, config_report_path_of(
			    report, "content_filters.%s[%zu].name",
			    direction_name(is_incoming), i + 1), "\"%s\" "
			    "means every filter where policies name them; "
			    "choose another name", CONFIG_POLICY_ALL_FILTERS);
}

static void
direction_check(const struct config *config, bool is_incoming,
	struct config_report *report)
{
	struct subject subject = { .config = config, .report = report,
		.is_incoming = is_incoming };
	const struct config_mail_policy *policies;
	size_t i, count;

	policies = config_mail_policies_of(config, is_incoming, &count);
	names_check(config, is_incoming, report);
	for (i = 0; i < count; i++) {
		subject.policy = &policies[i];
		subject.path = config_report_path_of(report,
		    "mail_policies.%s[%zu]", direction_name(is_incoming),
		    i + 1);
		policy_check(&subject, i + 1 == count);
	}
}

void
config_check_policy(const struct config *config, struct config_report *report)
{
	direction_check(config, true, report);
	direction_check(config, false, report);
}
