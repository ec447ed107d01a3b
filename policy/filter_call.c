/*
 * Rules and actions with their arguments: what the grammar allows and the
 * registries do not is told here, with its place.
 */
#include "policy/filter_call.h"

#include <stdarg.h>
#include <string.h>

#include "gateway/config/config_syntax.h"
#include "policy/fact.h"
#include "policy/file_type.h"
#include "policy/filter_call_private.h"

#define HEADER_NAME_MAX 100	/* bytes */
#define TAG_MAX 100
#define SHOWN_MAX 40
#define WORDS_MAX 65536	/* a call, printed */

static int fail(const struct filter_binder *binder, size_t offset,
	const char *format, ...) PRINTF_LIKE(3, 4);

static int
fail(const struct filter_binder *binder, size_t offset, const char *format,
	...)
{
	va_list args;
	struct buffer words;

	buffer_init(&words, REASON_TEXT_MAX);
	va_start(args, format);
	if (buffer_vprintf(&words, format, args) != 0)
		buffer_reset(&words);
	va_end(args);
	binder->mistake->offset = offset;
	reason_set(&binder->mistake->why, "%.*s",
	    TEXT_ARG(buffer_text(&words)));
	buffer_clear(&words);
	return ERROR_MALFORMED;
}

/* ---- values ---- */

static int
need_string(const struct filter_binder *binder,
	const struct filter_value *value, const char *what)
{
	return value->kind == FILTER_TOKEN_STRING ? 0 :
	    fail(binder, value->offset, "expected %s in quotes", what);
}

static int
bind_pattern(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct reason why = { 0 };
	size_t offset = 0;
	int error = need_string(binder, value, "a pattern");

	if (error != 0)
		return error;
	if (text_is_empty(value->text))
		return fail(binder, value->offset, "an empty pattern matches "
		    "everything; write \"^$\" for an empty text");
	out->identifier = smart_identifier_find(value->text);
	if (out->identifier != NULL && signature->takes_identifier)
		return 0;
	if (out->identifier != NULL)
		return fail(binder, value->offset, "\"%s\" is a smart "
		    "identifier; only rules about bodies take one",
		    out->identifier->name);
	error = pattern_new(binder->space, value->text,
	    signature->ignore_case, &out->pattern, &offset, &why);
	if (error != 0)
		return fail(binder, value->offset, "a bad pattern, behind "
		    "its first %zu bytes: %s", offset, why.text);
	return 0;
}

static int
bind_count(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	if (value->kind != FILTER_TOKEN_NUMBER || value->number == 0 ||
	    value->number > FILTER_COUNT_MAX)
		return fail(binder, value->offset,
		    "expected a count from 1 to %d", FILTER_COUNT_MAX);
	out->number = value->number;
	return 0;
}

static int
bind_size(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	if (value->kind != FILTER_TOKEN_NUMBER)
		return fail(binder, value->offset, "\"%s\" is compared with "
		    "a size, such as 10M", signature->name);
	out->number = value->number;
	return 0;
}

/* RFC 5322 3.6.8: printable ASCII without colon. */
static int
bind_header(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	bool is_name = value->text.len > 0 &&
	    value->text.len <= HEADER_NAME_MAX;
	size_t i;
	int error = need_string(binder, value, "the name of a header field");

	(void)signature;
	if (error != 0)
		return error;
	for (i = 0; i < value->text.len; i++)
		if (value->text.data[i] <= ' ' ||
		    value->text.data[i] > '~' || value->text.data[i] == ':')
			is_name = false;
	if (!is_name)
		return fail(binder, value->offset, "no name of a header "
		    "field: 1 to %d printable ASCII characters without space "
		    "and colon", HEADER_NAME_MAX);
	out->text = value->text;
	return 0;
}

/* What says how the body is to be read was read already. */
static int
bind_editable(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = bind_header(binder, signature, value, out);

	if (error == 0 && (text_starts_nocase(value->text,
	    TEXT("Content-")) || text_equal_nocase(value->text,
	    TEXT("MIME-Version"))))
		return fail(binder, value->offset, "%.*s says how the body "
		    "is to be read, and cannot be changed",
		    TEXT_ARG(value->text));
	return error;
}

static int
bind_text(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	(void)signature;
	out->text = value->text;
	return need_string(binder, value, "a text");
}

static int
bind_profile(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = need_string(binder, value, "an encryption profile");

	(void)signature;
	if (error != 0)
		return error;
	out->object = config_encryption_profile_find(binder->config,
	    value->text);
	if (out->object == NULL)
		return fail(binder, value->offset, "there is no encryption "
		    "profile \"%.*s\"", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	out->text = value->text;
	return error;
}

static int
bind_quarantine(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = need_string(binder, value, "a quarantine");

	(void)signature;
	if (error != 0)
		return error;
	out->object = config_quarantine_find(binder->config, value->text);
	if (out->object == NULL)
		return fail(binder, value->offset, "there is no quarantine "
		    "\"%.*s\"", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	out->text = value->text;
	return error;
}

static int
bind_tag(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	bool is_tag = value->text.len > 0 && value->text.len <= TAG_MAX;
	size_t i;
	int error = need_string(binder, value, "a tag");

	(void)signature;
	for (i = 0; i < value->text.len && error == 0; i++) {
		char c = value->text.data[i];

		if (!text_is_alnum(c) && c != '_' && c != '.' && c != '-')
			is_tag = false;
	}
	if (error == 0 && !is_tag)
		return fail(binder, value->offset, "a tag is 1 to %d letters "
		    "(A to Z), digits, \"_\", \".\" or \"-\"", TAG_MAX);
	out->text = value->text;
	return error;
}

static int
bind_form(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = need_string(binder, value, "\"always\" or \"tls\"");

	(void)signature;
	if (error != 0)
		return error;
	if (text_equal_nocase(value->text, TEXT("tls")))
		out->number = PROTECTION_TLS_OR_ENVELOPE;
	else if (text_equal_nocase(value->text, TEXT("always")))
		out->number = PROTECTION_ENVELOPE;
	else
		return fail(binder, value->offset, "expected \"always\" or "
		    "\"tls\"");
	return 0;
}

static int
bind_zone(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = need_string(binder, value, "the zone of a DNS list");

	(void)signature;
	out->text = value->text;
	if (error == 0 && !config_domain_is_valid(value->text))
		return fail(binder, value->offset, "expected the zone of a "
		    "DNS list, such as list.example.org");
	return error;
}

static int
bind_attribute(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct config_directory_source source;
	struct reason why = { 0 };
	int error = need_string(binder, value, "DIRECTORY.QUERY");

	(void)signature;
	out->text = value->text;
	if (error != 0)
		return error;
	if (config_directory_source_find(binder->config, value->text,
	    &source, &why) != 0)
		return fail(binder, value->offset, "%s", why.text);
	if (!text_is_empty(source.group) ||
	    text_is_empty(source.query->attribute))
		return fail(binder, value->offset, "\"%.*s\" is no query for "
		    "an attribute", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	return 0;
}

static int
bind_group(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	struct reason why = { 0 };
	int error = need_string(binder, value, "DIRECTORY.QUERY:GROUP");

	(void)signature;
	out->text = value->text;
	if (error == 0 && fact_group_check(binder->config, value->text,
	    &why) != 0)
		return fail(binder, value->offset, "%s", why.text);
	return error;
}

/* RFC 2045 5.1, with "*" for all subtypes. */
static int
bind_mime_type(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	static const char others[] = "/*+.-_!#$&^";
	bool is_type = value->text.len > 0;
	size_t i;
	int error = need_string(binder, value, "a MIME type");

	(void)signature;
	for (i = 0; i < value->text.len && error == 0; i++)
		if (!text_is_alnum(value->text.data[i]) && memchr(others,
		    value->text.data[i], sizeof(others) - 1) == NULL)
			is_type = false;
	if (error == 0 && !is_type)
		return fail(binder, value->offset, "no MIME type, such as "
		    "\"image/png\" or \"image/*\"");
	out->text = value->text;
	return error;
}

static int
bind_file_type(const struct filter_binder *binder,
	const struct filter_signature *signature,
	const struct filter_value *value, struct filter_bound *out)
{
	int error = need_string(binder, value, "a type of files");

	(void)signature;
	if (error == 0 && !file_type_is_name(value->text))
		return fail(binder, value->offset, "there is no type of "
		    "files \"%.*s\"", TEXT_ARG(text_slice(value->text, 0,
		    SHOWN_MAX)));
	out->text = value->text;
	return error;
}

static const filter_call_bind_function bind_argument[FILTER_ARGUMENTS] = {
	[FILTER_ARGUMENT_PATTERN] = bind_pattern,
	[FILTER_ARGUMENT_COUNT] = bind_count,
	[FILTER_ARGUMENT_HEADER] = bind_header,
	[FILTER_ARGUMENT_EDITABLE] = bind_editable,
	[FILTER_ARGUMENT_TEXT] = bind_text,
	[FILTER_ARGUMENT_PROFILE] = bind_profile,
	[FILTER_ARGUMENT_QUARANTINE] = bind_quarantine,
	[FILTER_ARGUMENT_TAG] = bind_tag,
	[FILTER_ARGUMENT_FORM] = bind_form,
	[FILTER_ARGUMENT_ZONE] = bind_zone,
	[FILTER_ARGUMENT_ATTRIBUTE] = bind_attribute,
	[FILTER_ARGUMENT_ADDRESS] = filter_call_address,
	[FILTER_ARGUMENT_ADDRESSEES] = filter_call_addressees,
	[FILTER_ARGUMENT_SENDER] = filter_call_sender,
	[FILTER_ARGUMENT_NEXT_HOP] = filter_call_next_hop,
	[FILTER_ARGUMENT_BOUNCE_PROFILE] = filter_call_bounce_profile,
	[FILTER_ARGUMENT_TEMPLATE] = filter_call_template,
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
		return fail(binder, node->offset, "\"%s\" takes at %s %zu "
		    "argument%s, not %zu", signature->name, is_few ?
		    "least" : "most", wanted, wanted == 1 ? "" : "s",
		    node->argument_count);
	for (i = 0; i < node->argument_count && error == 0; i++) {
		out->argument_count++;
		error = bind_argument[argument_kind(signature, i)](binder,
		    signature, &node->arguments[i], &out->arguments[i]);
	}
	return error;
}

static bool
is_order(enum filter_token_kind kind)
{
	return kind >= FILTER_TOKEN_LESS;
}

static const char *const operand_words[FILTER_OPERANDS] = {
	[FILTER_OPERAND_NONE] = "nothing",
	[FILTER_OPERAND_PATTERN] = "a pattern by == or !=",
	[FILTER_OPERAND_PATTERN_OR_NONE] = "a pattern by == or !=",
	[FILTER_OPERAND_MIME_TYPE] = "a MIME type by == or !=",
	[FILTER_OPERAND_FILE_TYPE] = "a type of files by == or !=",
	[FILTER_OPERAND_SIZE] = "a size, such as >= 10M",
	[FILTER_OPERAND_TEXT] = "a text by == or !=",
	[FILTER_OPERAND_GROUP] = "a group by == or !=",
};

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
		return fail(binder, node->offset, "\"%s\" must be compared "
		    "with %s", signature->name,
		    operand_words[signature->operand]);
	if (signature->operand == FILTER_OPERAND_NONE)
		return fail(binder, node->value.offset, "\"%s\" is true or "
		    "false by itself, and is not compared",
		    signature->name);
	if (signature->operand == FILTER_OPERAND_SIZE)
		return bind_size(binder, signature, &node->value,
		    &out->operand);
	if (is_order(node->comparison))
		return fail(binder, node->value.offset, "\"%s\" is compared "
		    "by == or !=", signature->name);
	if (signature->operand == FILTER_OPERAND_TEXT)
		return bind_text(binder, signature, &node->value,
		    &out->operand);
	if (signature->operand == FILTER_OPERAND_GROUP)
		return bind_group(binder, signature, &node->value,
		    &out->operand);
	if (signature->operand == FILTER_OPERAND_MIME_TYPE)
		return bind_mime_type(binder, signature, &node->value,
		    &out->operand);
	if (signature->operand == FILTER_OPERAND_FILE_TYPE)
		return bind_file_type(binder, signature, &node->value,
		    &out->operand);
	return bind_pattern(binder, signature, &node->value, &out->operand);
}

static int
unknown(const struct filter_binder *binder, const struct filter_node *node)
{
	bool is_rule = node->kind == FILTER_NODE_RULE;
	struct text name = text_slice(node->name, 0, SHOWN_MAX);
	const char *needs = is_rule ? filter_missing_rule(node->name) :
	    filter_missing_action(node->name);

	if (needs != NULL)
		return fail(binder, node->offset, "\"%.*s\" needs %s, which "
		    "this gateway does not have yet", TEXT_ARG(name), needs);
	if (is_rule && filter_action_find(node->name) != NULL)
		return fail(binder, node->offset, "\"%.*s\" is an action, "
		    "not a condition", TEXT_ARG(name));
	if (!is_rule && filter_rule_find(node->name) != NULL)
		return fail(binder, node->offset, "\"%.*s\" is a condition, "
		    "not an action", TEXT_ARG(name));
	return fail(binder, node->offset, "there is no %s \"%.*s\"", is_rule ?
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
	return fail(binder, node->offset, "\"%s\" belongs to %s",
	    signature->name, signature->place == FILTER_IN_MESSAGE_FILTERS ?
	    "message filters" : "content filters");
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
		error = arena_copy(binder->arena, buffer_text(&words),
		    &out->words);
	buffer_clear(&words);
	return error == 0 ? 0 : fail(binder, node->offset, "it is too long");
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
