/*
 * From YAML to a tree.  What libyaml would take and we do not (tabs, NUL,
 * other encodings) is found by a scan before it.
 */
#include "gateway/config/config_yaml.h"

#include <string.h>
#include <yaml.h>

#include "gateway/base/map.h"
#include "gateway/config/config_syntax.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct config_yaml {
	struct config_report *report;
	yaml_parser_t parser;
	yaml_event_t event;
	struct config_node *root;
	struct config_node *open[CONFIG_YAML_DEPTH_MAX];
	struct map *keys[CONFIG_YAML_DEPTH_MAX];	/* of open maps */
	size_t depth;
	size_t nodes;
	size_t documents;
	bool at_key;			/* in a map, a key comes next */
	bool done;
	struct text key;
	unsigned int key_line;
	unsigned int key_column;
};

typedef int event_step(struct config_yaml *yaml);

static unsigned int
line_of(const struct config_yaml *yaml)
{
	return (unsigned int)yaml->event.start_mark.line + 1;
}

static unsigned int
column_of(const struct config_yaml *yaml)
{
	return (unsigned int)yaml->event.start_mark.column + 1;
}

static int
refuse(struct config_yaml *yaml, const char *words)
{
	config_report_place(yaml->report, line_of(yaml), column_of(yaml), "%s",
	    words);
	return ERROR_MALFORMED;
}

static int
no_memory(struct config_yaml *yaml)
{
	config_report_place(yaml->report, line_of(yaml), column_of(yaml),
	    "the file needs more memory than a configuration may have");
	return ERROR_LIMIT;
}

/* What is wrong with the code point, or NULL. */
static const char *
code_problem(uint32_t code, bool indented)
{
	if (code == 0)
		return "a NUL byte";
	if (code == '\t')
		return indented ? "a tab in the indentation; use spaces" :
		    NULL;
	if (code == '\r' || config_code_is_printable(code))
		return NULL;
	return "a control character";
}

/* One line: UTF-8, printable, spaces in front. */
static int
line_check(struct config_report *report, struct text line, size_t number)
{
	struct text rest = line;
	const char *wrong = NULL;
	bool indented = true;
	uint32_t code = 0;

	while (!text_is_empty(rest)) {
		size_t column = line.len - rest.len + 1;

		if (config_utf8_next(&rest, &code) != 0)
			wrong = "the file is not UTF-8";
		else
			wrong = code_problem(code, indented);
		if (wrong != NULL) {
			config_report_place(report, number, column, "%s",
			    wrong);
			return ERROR_MALFORMED;
		}
		indented = indented && code == ' ';
	}
	return 0;
}

static int
bytes_check(struct config_report *report, struct text yaml)
{
	struct text rest = yaml, line = TEXT_EMPTY;
	size_t number = 0;
	int rc = 0;

	if (yaml.len > CONFIG_YAML_SIZE_MAX) {
		config_report_place(report, 0, 0,
		    "the file is larger than %u bytes", CONFIG_YAML_SIZE_MAX);
		return ERROR_LIMIT;
	}
	while (rc == 0 && text_split(&rest, '\n', &line))
		rc = line_check(report, line, ++number);
	return rc;
}

static struct config_node *
node_new(struct config_yaml *yaml, enum config_node_kind kind)
{
	struct config_node *node;

	if (yaml->nodes++ == CONFIG_YAML_NODES_MAX)
		return NULL;
	node = arena_alloc(yaml->report->arena, sizeof(*node));
	if (node == NULL)
		return NULL;
	node->kind = kind;
	node->line = line_of(yaml);
	node->column = column_of(yaml);
	return node;
}

/* Hang the node where the parser stands. */
static void
node_place(struct config_yaml *yaml, struct config_node *node)
{
	struct config_node *parent;

	if (yaml->depth == 0) {
		yaml->root = node;
		return;
	}
	parent = yaml->open[yaml->depth - 1];
	if (parent->kind == CONFIG_NODE_MAP) {
		node->key = yaml->key;
		node->key_line = yaml->key_line;
		node->key_column = yaml->key_column;
		yaml->at_key = true;
		(void)map_put_text(yaml->keys[yaml->depth - 1], node->key,
		    node);
	}
	config_node_add(parent, node);
}

static int
anchor_check(struct config_yaml *yaml, const yaml_char_t *anchor,
	const yaml_char_t *tag)
{
	if (anchor != NULL)
		return refuse(yaml, "anchors and aliases are not allowed");
	if (tag != NULL)
		return refuse(yaml, "tags are not allowed; the type of every "
		    "setting is known");
	return 0;
}

static int
container_open(struct config_yaml *yaml, enum config_node_kind kind,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct config_node *node;
	int rc = anchor_check(yaml, anchor, tag);

	if (rc != 0)
		return rc;
	if (yaml->at_key)
		return refuse(yaml, "a key must be a word");
	if (yaml->depth == CONFIG_YAML_DEPTH_MAX) {
		config_report_place(yaml->report, line_of(yaml),
		    column_of(yaml), "nested more than %d levels deep",
		    CONFIG_YAML_DEPTH_MAX);
		return ERROR_LIMIT;
	}
	node = node_new(yaml, kind);
	if (node == NULL)
		return no_memory(yaml);
	node_place(yaml, node);
	yaml->keys[yaml->depth] = kind == CONFIG_NODE_MAP ? map_new() : NULL;
	yaml->open[yaml->depth++] = node;
	yaml->at_key = kind == CONFIG_NODE_MAP;
	return 0;
}

static int
list_open(struct config_yaml *yaml)
{
	return container_open(yaml, CONFIG_NODE_LIST,
	    yaml->event.data.sequence_start.anchor,
	    yaml->event.data.sequence_start.tag);
}

static int
map_open(struct config_yaml *yaml)
{
	return container_open(yaml, CONFIG_NODE_MAP,
	    yaml->event.data.mapping_start.anchor,
	    yaml->event.data.mapping_start.tag);
}

static int
container_close(struct config_yaml *yaml)
{
	require(yaml->depth > 0);
	yaml->depth--;
	map_free(yaml->keys[yaml->depth]);
	yaml->keys[yaml->depth] = NULL;
	yaml->at_key = yaml->depth > 0 &&
	    yaml->open[yaml->depth - 1]->kind == CONFIG_NODE_MAP;
	return 0;
}

static struct text
scalar_text(const struct config_yaml *yaml)
{
	return text_of(yaml->event.data.scalar.value,
	    yaml->event.data.scalar.length);
}

static int
key_take(struct config_yaml *yaml)
{
	struct config_report *report = yaml->report;
	const struct config_node *other;
	struct text key = scalar_text(yaml);

	if (text_is_empty(key))
		return refuse(yaml, "a key is missing");
	if (text_equal(key, TEXT("<<")))
		return refuse(yaml, "merge keys are not allowed");
	other = map_get_text(yaml->keys[yaml->depth - 1], key);
	if (other != NULL) {
		config_report_place(report, line_of(yaml), column_of(yaml),
		    "\"%.*s\" is given twice, first on line %u",
		    TEXT_ARG(config_report_quote(report, key)),
		    other->key_line);
		return ERROR_MALFORMED;
	}
	if (arena_copy(report->arena, key, &yaml->key) != 0)
		return no_memory(yaml);
	yaml->key_line = line_of(yaml);
	yaml->key_column = column_of(yaml);
	yaml->at_key = false;
	return 0;
}

static int
scalar_take(struct config_yaml *yaml)
{
	struct config_node *node;
	int rc = anchor_check(yaml, yaml->event.data.scalar.anchor,
	    yaml->event.data.scalar.tag);

	if (rc != 0)
		return rc;
	if (yaml->at_key)
		return key_take(yaml);
	node = node_new(yaml, CONFIG_NODE_SCALAR);
	if (node == NULL || arena_copy(yaml->report->arena, scalar_text(yaml),
	    &node->value) != 0)
		return no_memory(yaml);
	node->is_absent = text_is_empty(node->value) &&
	    yaml->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node_place(yaml, node);
	return 0;
}

static int
alias_take(struct config_yaml *yaml)
{
	return refuse(yaml, "anchors and aliases are not allowed");
}

static int
document_open(struct config_yaml *yaml)
{
	if (yaml->documents++ > 0)
		return refuse(yaml, "a second document; a configuration is "
		    "one document");
	return 0;
}

static int
nothing(struct config_yaml *yaml)
{
	(void)yaml;
	return 0;
}

static int
stream_end(struct config_yaml *yaml)
{
	yaml->done = true;
	return 0;
}

static event_step *const event_steps[] = {
	[YAML_NO_EVENT] = nothing,
	[YAML_STREAM_START_EVENT] = nothing,
	[YAML_STREAM_END_EVENT] = stream_end,
	[YAML_DOCUMENT_START_EVENT] = document_open,
	[YAML_DOCUMENT_END_EVENT] = nothing,
	[YAML_ALIAS_EVENT] = alias_take,
	[YAML_SCALAR_EVENT] = scalar_take,
	[YAML_SEQUENCE_START_EVENT] = list_open,
	[YAML_SEQUENCE_END_EVENT] = container_close,
	[YAML_MAPPING_START_EVENT] = map_open,
	[YAML_MAPPING_END_EVENT] = container_close,
};

static int
problem(struct config_yaml *yaml)
{
	const yaml_parser_t *parser = &yaml->parser;

	config_report_place(yaml->report, parser->problem_mark.line + 1,
	    parser->problem_mark.column + 1, "not valid YAML: %s%s%s",
	    parser->context != NULL ? parser->context : "",
	    parser->context != NULL ? ", " : "",
	    parser->problem != NULL ? parser->problem : "not readable");
	return ERROR_MALFORMED;
}

static int
events_take(struct config_yaml *yaml)
{
	int rc = 0;

	while (rc == 0 && !yaml->done) {
		if (yaml_parser_parse(&yaml->parser, &yaml->event) == 0)
			return problem(yaml);
		rc = event_steps[yaml->event.type](yaml);
		yaml_event_delete(&yaml->event);
	}
	return rc;
}

static int
root_check(struct config_yaml *yaml)
{
	const struct config_node *root = yaml->root;

	if (root == NULL || root->is_absent) {
		config_report_place(yaml->report, 1, 1,
		    "the file holds no settings");
		return ERROR_MALFORMED;
	}
	if (root->kind != CONFIG_NODE_MAP) {
		config_report_node(yaml->report, root,
		    "expected settings, such as \"hostname: "
		    "mail.example.org\"");
		return ERROR_MALFORMED;
	}
	return 0;
}

int
config_yaml_parse(struct text text, struct config_report *report,
	struct config_node **root)
{
	struct config_yaml yaml = { .report = report };
	int rc;

	if (text_starts(text, TEXT(BYTE_ORDER_MARK)))
		text = text_skip(text, sizeof(BYTE_ORDER_MARK) - 1);
	rc = bytes_check(report, text);
	if (rc != 0)
		return rc;
	if (yaml_parser_initialize(&yaml.parser) == 0)
		fatal("no memory for the YAML parser");
	yaml_parser_set_encoding(&yaml.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&yaml.parser,
	    (const unsigned char *)text.data, text.len);
	rc = events_take(&yaml);
	while (yaml.depth > 0)
		(void)container_close(&yaml);
	yaml_parser_delete(&yaml.parser);
	if (rc == 0)
		rc = root_check(&yaml);
	*root = yaml.root;
	return rc;
}
