/*
 * Rules and actions with their arguments: what the grammar allows and the
 * registries do not is told here, with its place.
 */
#include "policy/filter_bind.h"

#define SHOWN_MAX 40
#define WORDS_MAX 65536	/* a call, printed */

static const filter_bind arguments[FILTER_ARGUMENTS] = {
	[FILTER_ARGUMENT_PATTERN] = filter_bind_pattern,
	[FILTER_ARGUMENT_COUNT] = filter_bind_count,
	[FILTER_ARGUMENT_HEADER] = filter_bind_header,
	[FILTER_ARGUMENT_EDITABLE] = filter_bind_editable,
	[FILTER_ARGUMENT_TEXT] = filter_bind_text,
	[FILTER_ARGUMENT_PROFILE] = filter_bind_profile,
	[FILTER_ARGUMENT_QUARANTINE] = filter_bind_quarantine,
	[FILTER_ARGUMENT_TAG] = filter_bind_tag,
	[FILTER_ARGUMENT_FORM] = filter_bind_form,
	[FILTER_ARGUMENT_ZONE] = filter_bind_zone,
	[FILTER_ARGUMENT_ATTRIBUTE] = filter_bind_attribute,
	[FILTER_ARGUMENT_ADDRESS] = filter_bind_address,
	[FILTER_ARGUMENT_ADDRESSEES] = filter_bind_addressees,
	[FILTER_ARGUMENT_SENDER] = filter_bind_sender,
	[FILTER_ARGUMENT_NEXT_HOP] = filter_bind_next_hop,
	[FILTER_ARGUMENT_BOUNCE_PROFILE] = filter_bind_bounce_profile,
	[FILTER_ARGUMENT_TEMPLATE] = filter_bind_template,
	[FILTER_ARGUMENT_DICTIONARY] = filter_bind_dictionary,
	[FILTER_ARGUMENT_NAMES] = filter_bind_names,
	[FILTER_ARGUMENT_PERCENT] = filter_bind_percent,
	[FILTER_ARGUMENT_BOUND] = filter_bind_bound,
	[FILTER_ARGUMENT_FROM] = filter_bind_from,
	[FILTER_ARGUMENT_KEEPER] = filter_bind_keeper,
	[FILTER_ARGUMENT_DISCLAIMER] = filter_bind_disclaimer,
	[FILTER_ARGUMENT_SIZE] = filter_bind_size_argument,
	[FILTER_ARGUMENT_MIME_TYPE] = filter_bind_mime_type,
	[FILTER_ARGUMENT_FILE_TYPE] = filter_bind_file_type,
};

static const struct {
	filter_bind bind;
	const char *words;	/* what it is compared with */
	bool has_order;		/* also by < and so on */
} operands[FILTER_OPERANDS] = {
	[FILTER_OPERAND_NONE] = { NULL, "nothing", false },
	[FILTER_OPERAND_PATTERN] = { filter_bind_pattern,
	    "a pattern by == or !=", false },
	[FILTER_OPERAND_PATTERN_OR_NONE] = { filter_bind_pattern,
	    "a pattern by == or !=", false },
	[FILTER_OPERAND_SIZE] = { filter_bind_size,
	    "a size, such as >= 10M", true },
	[FILTER_OPERAND_TEXT] = { filter_bind_text,
	    "a text by == or !=", false },
	[FILTER_OPERAND_NUMBER] = { filter_bind_number,
	    "a number, such as > 10", true },
	[FILTER_OPERAND_DATE] = { filter_bind_date,
	    "a time, such as > \"12/31/2026 18:00:00\"", true },
	[FILTER_OPERAND_NETWORK] = { filter_bind_network,
	    "an address or network by == or !=", false },
	[FILTER_OPERAND_LISTENER] = { filter_bind_listener,
	    "a listener by == or !=", false },
	[FILTER_OPERAND_GROUP] = { filter_bind_group,
	    "a group by == or !=", false },
	[FILTER_OPERAND_MIME_TYPE] = { filter_bind_mime_type,
	    "a MIME type by == or !=", false },
	[FILTER_OPERAND_FILE_TYPE] = { filter_bind_file_type,
	    "a type of files by == or !=", false },
};

/* ---- calls ---- */

/* How many arguments the rows allow. */
static size_t
most_arguments(const struct filter_signature *signature)
{
	size_t most = 0;

	while (most < FILTER_CALL_ARGUMENTS &&
	    signature->arguments[most] != FILTER_ARGUMENT_NONE)
		most++;
	return most > 0 && signature->takes_more ? FILTER_CALL_ARGUMENTS :
	    most;
}

static enum filter_argument
argument_kind(const struct filter_signature *signature, size_t index)
{
	while (signature->arguments[index] == FILTER_ARGUMENT_NONE)
		index--;
	return signature->arguments[index];
}

static int
bind_arguments(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_node *node, struct filter_call *out)
{
	size_t i, most = most_arguments(signature), wanted;
	bool is_few = node->argument_count < signature->required;
	int error = 0;

	wanted = is_few ? signature->required : most;
	if (is_few || node->argument_count > most)
		return filter_bind_fail(binder, node->offset,
		    "\"%s\" takes at %s %zu "
		    "argument%s, not %zu", signature->name, is_few ?
		    "least" : "most", wanted, wanted == 1 ? "" : "s",
		    node->argument_count);
	for (i = 0; i < node->argument_count && error == 0; i++) {
		out->argument_count++;
		error = arguments[argument_kind(signature, i)](binder,
		    signature, &node->arguments[i], &out->arguments[i]);
	}
	return error;
}

static bool
is_order(enum filter_token_kind kind)
{
	return kind >= FILTER_TOKEN_LESS;
}

static int
bind_comparison(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_node *node, struct filter_call *out)
{
	bool has = node->comparison != FILTER_TOKEN_END;

	out->comparison = node->comparison;
	if (!has && (signature->operand == FILTER_OPERAND_NONE ||
	    signature->operand == FILTER_OPERAND_PATTERN_OR_NONE))
		return 0;
	if (!has)
		return filter_bind_fail(binder, node->offset,
		    "\"%s\" must be compared "
		    "with %s", signature->name,
		    operands[signature->operand].words);
	if (signature->operand == FILTER_OPERAND_NONE)
		return filter_bind_fail(binder, node->value.offset,
		    "\"%s\" is true or "
		    "false by itself, and is not compared",
		    signature->name);
	if (is_order(node->comparison) &&
	    !operands[signature->operand].has_order)
		return filter_bind_fail(binder, node->value.offset,
		    "\"%s\" is compared "
		    "by == or !=", signature->name);
	return operands[signature->operand].bind(binder, signature,
	    &node->value, &out->operand);
}

static int
unknown(const struct filter_binder *binder, const struct filter_node *node)
{
	bool is_rule = node->kind == FILTER_NODE_RULE;
	struct text name = text_slice(node->name, 0, SHOWN_MAX);
	const char *needs = is_rule ? filter_missing_rule(node->name) :
	    filter_missing_action(node->name);

	if (needs != NULL)
		return filter_bind_fail(binder, node->offset,
		    "\"%.*s\" needs %s, which "
		    "this gateway does not have yet", TEXT_ARG(name), needs);
	if (is_rule && filter_action_find(node->name) != NULL)
		return filter_bind_fail(binder, node->offset,
		    "\"%.*s\" is an action, "
		    "not a condition", TEXT_ARG(name));
	if (!is_rule && filter_rule_find(node->name) != NULL)
		return filter_bind_fail(binder, node->offset,
		    "\"%.*s\" is a condition, "
		    "not an action", TEXT_ARG(name));
	return filter_bind_fail(binder, node->offset,
	    "there is no %s \"%.*s\"", is_rule ?
	    "condition" : "action", TEXT_ARG(name));
}

static int
check_place(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_node *node)
{
	if (signature->place == FILTER_EVERYWHERE ||
	    signature->place == binder->place)
		return 0;
	return filter_bind_fail(binder, node->offset, "\"%s\" belongs to %s",
	    signature->name, signature->place == FILTER_IN_MESSAGE_FILTERS ?
	    "message filters" : "content filters");
}

/* Without what parts it from the next one in its block. */
static struct text
without_end(struct text words)
{
	words = text_trim(words);
	if (words.len > 0 && words.data[words.len - 1] == ';')
		words.len--;
	return words;
}

/* The call as it is written. */
static int
take_words(const struct filter_binder *binder, struct filter_node *node,
	struct filter_call *out)
{
	struct buffer words;
	int error;

	buffer_init(&words, WORDS_MAX);
	error = filter_syntax_print(node, &words);
	if (error == 0)
		error = arena_copy(binder->arena,
		    without_end(buffer_text(&words)), &out->words);
	buffer_clear(&words);
	return error == 0 ? 0 : filter_bind_fail(binder, node->offset,
	    "it is too long");
}

int
filter_call_bind(const struct filter_binder *binder,
	struct filter_node *node, struct filter_call *out)
{
	const struct filter_signature *signature;
	int error;

	*out = (struct filter_call){ 0 };
	if (node->kind == FILTER_NODE_RULE)
		out->rule = filter_rule_find(node->name);
	else
		out->action = filter_action_find(node->name);
	if (out->rule == NULL && out->action == NULL)
		return unknown(binder, node);
	signature = out->rule != NULL ? &out->rule->signature :
	    &out->action->signature;
	error = check_place(binder, signature, node);
	if (error == 0)
		error = bind_arguments(binder, signature, node, out);
	if (error == 0)
		error = bind_comparison(binder, signature, node, out);
	if (error == 0)
		error = take_words(binder, node, out);
	return error;
}

void
filter_call_clear(struct filter_call *call)
{
	size_t i;

	for (i = 0; i < call->argument_count; i++) {
		pattern_free(call->arguments[i].pattern);
		call->arguments[i].pattern = NULL;
	}
	pattern_free(call->operand.pattern);
	call->operand.pattern = NULL;
}

uint64_t
filter_call_number(const struct filter_call *call, size_t index,
	uint64_t fallback)
{
	return index < call->argument_count ? call->arguments[index].number :
	    fallback;
}

struct text
filter_call_text(const struct filter_call *call, size_t index,
	struct text fallback)
{
	return index < call->argument_count ? call->arguments[index].text :
	    fallback;
}
