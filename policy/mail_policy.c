/*
 * Mail policies and who belongs to them.
 */
#include "policy/mail_policy.h"

#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/config/config_policy.h"
#include "gateway/mail/address_list.h"
#include "policy/mail_pattern.h"

/* Patterns and groups that say the same: one side of a policy. */
struct party {
	struct mail_pattern_set *patterns;
	const struct text *groups;
	size_t group_count;
};

struct mail_policy {
	const struct config_mail_policy *config;	/* NULL: implied */
	struct text name;
	unsigned int sender_fields;	/* set of enum config_sender_field */
	struct party senders;
	struct party except_senders;
	struct party recipients;
	struct party except_recipients;
};

struct mail_policy_list {
	struct mail_policy *policies;
	size_t count;
	unsigned int sender_fields;	/* that any of them looks at */
};

/* An address that stands for the sender, and where it was found. */
struct mail_policy_sender {
	struct text address;
	unsigned int field;	/* enum config_sender_field */
};

/* What is known about the senders and a party. */
enum truth {
	TRUTH_UNASKED,
	TRUTH_NO,
	TRUTH_YES,
	TRUTH_OPEN,	/* no so far; a fact is missing */
};

static const struct {
	struct text name;
	unsigned int field;
} header_fields[] = {
	{ TEXT_INIT("From"), CONFIG_SENDER_FROM },
	{ TEXT_INIT("Reply-To"), CONFIG_SENDER_REPLY_TO },
	{ TEXT_INIT("Sender"), CONFIG_SENDER_SENDER },
};
#define HEADER_FIELDS (sizeof(header_fields) / sizeof(header_fields[0]))

/* ---- compiling ---- */

static struct party
party_new(const struct text *patterns, size_t count,
	const struct text *groups, size_t group_count)
{
	return (struct party){
		.patterns = mail_pattern_set_new(patterns, count),
		.groups = groups, .group_count = group_count };
}

static bool
party_is_empty(const struct party *party)
{
	return mail_pattern_set_is_empty(party->patterns) &&
	    party->group_count == 0;
}

static unsigned int
fields_of(const struct config_mail_policy *config)
{
	unsigned int fields = 0;
	size_t i;

	for (i = 0; i < config->sender_field_count; i++)
		fields |= config_sender_field(config->sender_fields[i]);
	return config->sender_field_count > 0 ? fields :
	    CONFIG_SENDER_ENVELOPE | CONFIG_SENDER_FROM;
}

static void
policy_init(struct mail_policy *policy,
	const struct config_mail_policy *config)
{
	*policy = (struct mail_policy){ .config = config,
		.name = config->name, .sender_fields = fields_of(config) };
	policy->senders = party_new(config->senders, config->sender_count,
	    config->sender_groups, config->sender_group_count);
	policy->except_senders = party_new(config->except_senders,
	    config->except_sender_count, config->except_sender_groups,
	    config->except_sender_group_count);
	policy->recipients = party_new(config->recipients,
	    config->recipient_count, config->recipient_groups,
	    config->recipient_group_count);
	policy->except_recipients = party_new(config->except_recipients,
	    config->except_recipient_count, config->except_recipient_groups,
	    config->except_recipient_group_count);
}

static bool
policy_asks_senders(const struct mail_policy *policy)
{
	return !party_is_empty(&policy->senders) ||
	    !party_is_empty(&policy->except_senders);
}

struct mail_policy_list *
mail_policy_list_new(const struct config *config, unsigned int direction)
{
	static const struct config_mail_policy implied = {
		.name = TEXT_INIT(CONFIG_POLICY_DEFAULT) };
	struct mail_policy_list *list = memory_new(sizeof(*list));
	const struct config_mail_policy *policies;
	size_t count, i;
	bool has_default = false;

	policies = config_mail_policies_of(config,
	    direction == ENVELOPE_INCOMING, &count);
	list->policies = memory_array(count + 1, sizeof(list->policies[0]));
	for (i = 0; i < count; i++) {
		if (!policies[i].active)
			continue;
		policy_init(&list->policies[list->count++], &policies[i]);
		has_default = text_equal(policies[i].name, implied.name);
	}
	if (!has_default) {
		policy_init(&list->policies[list->count], &implied);
		list->policies[list->count++].config = NULL;
	}
	for (i = 0; i < list->count; i++)
		if (policy_asks_senders(&list->policies[i]))
			list->sender_fields |=
			    list->policies[i].sender_fields;
	return list;
}

void
mail_policy_list_free(struct mail_policy_list *list)
{
	size_t i;

	if (list == NULL)
		return;
	for (i = 0; i < list->count; i++) {
		struct mail_policy *policy = &list->policies[i];

		mail_pattern_set_free(policy->senders.patterns);
		mail_pattern_set_free(policy->except_senders.patterns);
		mail_pattern_set_free(policy->recipients.patterns);
		mail_pattern_set_free(policy->except_recipients.patterns);
	}
	free(list->policies);
	free(list);
}

/* ---- questions about the list ---- */

size_t
mail_policy_list_count(const struct mail_policy_list *list)
{
	return list->count;
}

struct text
mail_policy_name(const struct mail_policy_list *list, size_t index)
{
	return list->policies[index].name;
}

bool
mail_policy_has_filter(const struct mail_policy_list *list, size_t index,
	struct text filter)
{
	const struct mail_policy *policy = &list->policies[index];

	return policy->config == NULL ||
	    config_mail_policy_has(policy->config, filter);
}

bool
mail_policy_list_needs_header(const struct mail_policy_list *list)
{
	return (list->sender_fields &
	    ~(unsigned int)CONFIG_SENDER_ENVELOPE) != 0;
}

/* ---- the senders of a message ---- */

static int
too_many(struct mail_policy_match *match)
{
	reason_set(&match->why, "it has more sender addresses than %d",
	    MAIL_POLICY_SENDERS_MAX);
	return ERROR_LIMIT;
}

static int
add_sender(struct mail_policy_match *match, struct text address,
	unsigned int field)
{
	struct mail_policy_sender *sender =
	    &match->senders[match->sender_count];

	if (match->sender_count == MAIL_POLICY_SENDERS_MAX ||
	    arena_copy(match->arena, address, &sender->address) != 0)
		return too_many(match);
	sender->field = field;
	match->sender_count++;
	return 0;
}

/*
 * Every address of every field of the name, from the bytes as they came: a
 * display name that decodes to something like an address is none.
 */
static int
add_field(struct mail_policy_match *match, const struct mime_field *field)
{
	struct address_list addresses;
	struct text address;
	size_t i;
	int error = 0;

	for (i = 0; i < HEADER_FIELDS; i++)
		if ((match->list->sender_fields & header_fields[i].field) &&
		    text_equal_nocase(field->name, header_fields[i].name))
			break;
	if (i == HEADER_FIELDS)
		return 0;
	address_list_init(&addresses, field->value);
	while (error == 0 && address_list_next(&addresses, &address))
		error = add_sender(match, address, header_fields[i].field);
	return error;
}

int
mail_policy_match_begin(struct mail_policy_match *match)
{
	size_t i;
	int error;

	match->sender_count = 0;
	match->senders = arena_array(match->arena, MAIL_POLICY_SENDERS_MAX,
	    sizeof(match->senders[0]));
	match->sender_truths = arena_array(match->arena,
	    2 * match->list->count, sizeof(match->sender_truths[0]));
	if (match->senders == NULL || match->sender_truths == NULL)
		return too_many(match);
	error = add_sender(match, match->envelope->sender,
	    CONFIG_SENDER_ENVELOPE);
	for (i = 0; match->header != NULL && error == 0 &&
	    i < match->header->field_count; i++)
		error = add_field(match, &match->header->fields[i]);
	return error;
}

/* ---- matching ---- */

static int
ask_group(struct mail_policy_match *match, struct text group,
	struct text address, bool *result)
{
	const struct frame_fact *fact = fact_find(&match->facts, FACT_GROUP,
	    group, address);

	*result = false;
	match->is_open = match->is_open || fact == NULL;
	if (fact == NULL && fact_list_add(match->wanted, FACT_GROUP, group,
	    address) != 0) {
		reason_set(&match->why, "it needs more facts than can be "
		    "asked");
		return ERROR_LIMIT;
	}
	if (fact == NULL)
		return 0;
	if (fact->outcome != FACT_KNOWN) {
		reason_set(&match->why, "whether somebody is in group %.*s "
		    "is not known: %.*s", TEXT_ARG(group),
		    TEXT_ARG(fact->reason));
		return ERROR_TEMPORARY;
	}
	*result = fact->value_count > 0;
	return 0;
}

/* Patterns first: what they decide asks nobody. */
static int
party_has(struct mail_policy_match *match, const struct party *party,
	struct text address, bool *result)
{
	size_t i;
	int error = 0;

	*result = mail_pattern_set_has(party->patterns, address);
	if (text_is_empty(address))
		return 0;
	for (i = 0; i < party->group_count && !*result && error == 0; i++)
		error = ask_group(match, party->groups[i], address, result);
	return error;
}

/* One of the addresses that the policy looks at is enough. */
static int
party_has_sender(struct mail_policy_match *match,
	const struct mail_policy *policy, bool is_exception, bool *result)
{
	size_t index = (size_t)(policy - match->list->policies);
	uint8_t *truth = &match->sender_truths[2 * index + is_exception];
	const struct party *party = is_exception ? &policy->except_senders :
	    &policy->senders;
	bool was_open = match->is_open;
	size_t i;
	int error = 0;

	*result = *truth == TRUTH_YES;
	match->is_open = was_open || *truth == TRUTH_OPEN;
	if (*truth != TRUTH_UNASKED || party_is_empty(party))
		return 0;
	match->is_open = false;
	for (i = 0; i < match->sender_count && !*result && error == 0; i++)
		if (policy->sender_fields & match->senders[i].field)
			error = party_has(match, party,
			    match->senders[i].address, result);
	*truth = *result ? TRUTH_YES : match->is_open ? TRUTH_OPEN : TRUTH_NO;
	match->is_open = was_open || *truth == TRUTH_OPEN;
	return error;
}

/* Senders and recipients together, without the exceptions. */
static int
is_meant(struct mail_policy_match *match, const struct mail_policy *policy,
	struct text recipient, bool *result)
{
	bool has_senders = !party_is_empty(&policy->senders);
	bool has_recipients = !party_is_empty(&policy->recipients);
	bool any = policy->config != NULL &&
	    policy->config->match == CONFIG_FILTER_MATCH_ANY;
	int error;

	*result = true;
	if (!has_senders && !has_recipients)
		return 0;
	if (has_senders) {
		error = party_has_sender(match, policy, false, result);
		/* One side decides: "any" and yes, "all" and no. */
		if (error != 0 || !has_recipients ||
		    (*result == any && !match->is_open))
			return error;
	}
	return party_has(match, &policy->recipients, recipient, result);
}

static int
is_for(struct mail_policy_match *match, const struct mail_policy *policy,
	struct text recipient, bool *result)
{
	bool is_excepted = false;
	int error = is_meant(match, policy, recipient, result);

	if (error != 0 || !*result)
		return error;
	error = party_has_sender(match, policy, true, &is_excepted);
	if (error == 0 && !is_excepted)
		error = party_has(match, &policy->except_recipients,
		    recipient, &is_excepted);
	*result = !is_excepted;
	return error;
}

int
mail_policy_match_recipient(struct mail_policy_match *match,
	struct text recipient, size_t *policy)
{
	size_t i;
	bool found = false;
	int error = 0;

	for (i = 0; i < match->list->count; i++) {
		match->is_open = false;
		error = is_for(match, &match->list->policies[i], recipient,
		    &found);
		if (error != 0)
			return error;
		*policy = i;
		/* Without a fact the policies behind it are asked, too. */
		if (found && !match->is_open)
			return 0;
	}
	return 0;
}
