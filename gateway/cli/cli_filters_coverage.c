/*
 * What the filter language has, and which policies apply which content
 * filters.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/memory.h"
#include "gateway/cli/cli_private.h"
#include "gateway/config/config_load.h"
#include "gateway/config/config_policy.h"
#include "policy/filter_call.h"
#include "policy/mail_policy.h"

/* A rule or an action, there or not. */
struct covered {
	const char *kind;
	const char *name;
	const char *needs;	/* NULL: available */
	const char *place;
	const char *help;
};

/* Where lines or objects go. */
struct listing {
	bool json;
	json_t *list;
	struct buffer *out;
	int error;
};

static const char *const places[] = {
	[FILTER_EVERYWHERE] = "message and content filters",
	[FILTER_IN_MESSAGE_FILTERS] = "message filters",
	[FILTER_IN_CONTENT_FILTERS] = "content filters",
};

static int
finish(struct listing *listing, const char *name)
{
	json_t *root = json_pack("{s:o}", name, listing->list);

	if (listing->json) {
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(root);
	return listing->error == 0 ? COMMAND_OK : COMMAND_FAILED;
}

/* ---- coverage ---- */

static void
add_covered(struct listing *listing, const struct covered *covered)
{
	if (listing->json)
		json_array_append_new(listing->list, json_pack(
		    "{s:s, s:s, s:b, s:s?, s:s?, s:s?}",
		    "kind", covered->kind, "name", covered->name,
		    "available", covered->needs == NULL,
		    "needs", covered->needs, "place", covered->place,
		    "help", covered->help));
	else if (listing->error == 0)
		listing->error = buffer_printf(listing->out,
		    "%-7s %-40s %s%s\n", covered->kind, covered->name,
		    covered->needs == NULL ? covered->place : "needs ",
		    covered->needs == NULL ? "" : covered->needs);
}

static void
add_signature(struct listing *listing, const char *kind,
    const struct filter_signature *signature)
{
	add_covered(listing, &(struct covered){ .kind = kind,
	    .name = signature->name, .place = places[signature->place],
	    .help = signature->help });
}

static void
add_rules(struct listing *listing)
{
	const struct filter_rule *rule;
	const char *name, *needs;
	size_t i;

	for (i = 0; (rule = filter_rule_at(i)) != NULL; i++)
		add_signature(listing, "rule", &rule->signature);
	for (i = 0; (name = filter_missing_rule_at(i, &needs)) != NULL; i++)
		if (filter_rule_find(text_from(name)) == NULL)
			add_covered(listing, &(struct covered){
			    .kind = "rule", .name = name, .needs = needs });
}

static void
add_actions(struct listing *listing)
{
	const struct filter_action *action;
	const char *name, *needs;
	size_t i;

	for (i = 0; (action = filter_action_at(i)) != NULL; i++)
		add_signature(listing, "action", &action->signature);
	for (i = 0; (name = filter_missing_action_at(i, &needs)) != NULL; i++)
		if (filter_action_find(text_from(name)) == NULL)
			add_covered(listing, &(struct covered){
			    .kind = "action", .name = name,
			    .needs = needs });
}

int
cli_run_filters_coverage(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct listing listing = { .json = options->json,
		.list = json_array(), .out = out };

	(void)call;
	add_rules(&listing);
	add_actions(&listing);
	return finish(&listing, "language");
}

/* ---- used by policies ---- */

static void
add_used(struct listing *listing, const char *direction,
    const struct config_content_filter *filter,
    const struct mail_policy_list *policies)
{
	json_t *users = json_array();
	size_t i;

	if (!listing->json && listing->error == 0)
		listing->error = buffer_printf(listing->out, "%-9s %-30.*s "
		    "%-9s", direction, TEXT_ARG(filter->name),
		    filter->active ? "active" : "inactive");
	for (i = 0; i < mail_policy_list_count(policies); i++) {
		struct text name = mail_policy_name(policies, i);

		if (!mail_policy_has_filter(policies, i, filter->name))
			continue;
		json_array_append_new(users, json_stringn(name.data,
		    name.len));
		if (!listing->json && listing->error == 0)
			listing->error = buffer_printf(listing->out,
			    " %.*s", TEXT_ARG(name));
	}
	if (!listing->json && listing->error == 0)
		listing->error = buffer_add_text(listing->out,
		    json_array_size(users) == 0 ? TEXT(" (none)\n") :
		    TEXT("\n"));
	json_array_append_new(listing->list, json_pack(
	    "{s:s, s:s%, s:b, s:o}", "direction", direction, "name",
	    filter->name.data, filter->name.len, "active", filter->active,
	    "policies", users));
}

static void
add_direction(struct listing *listing, const struct config *config,
    unsigned int direction, const char *name)
{
	struct mail_policy_list *policies = mail_policy_list_new(config,
	    direction);
	const struct config_content_filter *filters;
	size_t count, i;

	filters = config_content_filters_of(config,
	    direction == ENVELOPE_INCOMING, &count);
	for (i = 0; i < count; i++)
		add_used(listing, name, &filters[i], policies);
	mail_policy_list_free(policies);
}

int
cli_run_filters_used(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	struct listing listing = { .json = options->json,
		.list = json_array(), .out = out };
	struct arena *arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	struct config_errors *errors = memory_new(sizeof(*errors));
	struct config config;
	char *path = memory_string(call->given[OPTION_CONFIG] ?
	    call->values[OPTION_CONFIG] : TEXT(CLI_DEFAULT_CONFIG));
	int status;

	if (config_load_file(path, arena, &config, errors) != 0) {
		cli_print_errors(options, errors);
		json_decref(listing.list);
		status = COMMAND_FAILED;
	} else {
		add_direction(&listing, &config, ENVELOPE_INCOMING,
		    "incoming");
		add_direction(&listing, &config, ENVELOPE_OUTGOING,
		    "outgoing");
		status = finish(&listing, "filters");
	}
	free(path);
	free(errors);
	arena_free(arena);
	return status;
}
