/*
 * Texts of message filters.
 */
#include "policy/filter_script.h"

#include "gateway/base/map.h"
#include "gateway/mail/utf8.h"

#define NAME_MAX_BYTES 64

/*
 * What commands give a meaning of their own where a filter's name could
 * stand.  The grammar does not take its keywords for names anyway.
 */
static const struct text reserved[] = {
	TEXT_INIT("all"), TEXT_INIT("last"), TEXT_INIT("true"),
};

static int
fail(struct filter_mistake *mistake, size_t offset, const char *words)
{
	mistake->offset = offset;
	reason_set(&mistake->why, "%s", words);
	return ERROR_MALFORMED;
}

/* ---- names ---- */

static int
check_name(const struct filter_node *node, struct filter_mistake *mistake)
{
	size_t i;

	if (node->name.len > NAME_MAX_BYTES)
		return fail(mistake, node->offset,
		    "a filter's name has at most 64 bytes");
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (text_equal_nocase(node->name, reserved[i]))
			return fail(mistake, node->offset, "that word is "
			    "reserved; choose another name");
	return 0;
}

/* A name as it is compared. */
static int
lower_name(struct text name, struct arena *arena, struct text *out)
{
	char *bytes = arena_alloc(arena, name.len);
	size_t i;

	if (bytes == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < name.len; i++)
		bytes[i] = text_lower_byte(name.data[i]);
	*out = text_of(bytes, name.len);
	return 0;
}

static int
check_names(const struct filter_script *script, struct arena *arena,
	struct filter_mistake *mistake)
{
	struct map *names = map_new();
	struct text key;
	size_t i;
	int error = 0;

	for (i = 0; i < script->count && error == 0; i++) {
		struct filter_script_filter *filter = &script->filters[i];

		error = check_name(filter->node, mistake);
		if (error == 0 && lower_name(filter->name, arena, &key) != 0)
			error = fail(mistake, filter->node->offset,
			    "too large");
		if (error == 0 && map_put_text(names, key, filter) != NULL)
			error = fail(mistake, filter->node->offset,
			    "there is a filter of that name above");
	}
	map_free(names);
	return error;
}

size_t
filter_script_find(const struct filter_script *script, struct text name)
{
	size_t i;

	for (i = 0; i < script->count; i++)
		if (text_equal_nocase(script->filters[i].name, name))
			break;
	return i;
}

/* ---- which bytes belong to which ---- */

/* Behind the line of offset, if nothing but a comment follows on it. */
static size_t
end_of_line(struct text source, size_t offset)
{
	struct text rest = text_skip(source, offset);
	size_t len = text_find_byte(rest, '\n');
	struct text line = text_trim(text_slice(rest, 0, len));

	while (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (line.len > 0 && line.data[0] != '#')
		return offset;
	return offset + len + (len < rest.len);
}

/* The bytes behind the last line of t that is blank or no whole line. */
static size_t
find_own_comment(struct text t)
{
	struct text rest = t, line = TEXT_EMPTY;
	size_t own = 0, at = 0;

	while (text_split(&rest, '\n', &line)) {
		bool is_last = rest.data == NULL;

		at += line.len + !is_last;
		while (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		/* The last one is the beginning of the filter's line. */
		if (!is_last && text_is_empty(text_trim(line)))
			own = at;
	}
	return own;
}

static void
take_bytes(struct filter_script *script)
{
	struct text source = script->source, gap;
	size_t from = 0, start, end, i;

	for (i = 0; i < script->count; i++) {
		struct filter_script_filter *filter = &script->filters[i];

		gap = text_slice(source, from, filter->node->offset - from);
		start = from + find_own_comment(gap);
		end = end_of_line(source, filter->node->end);
		filter->before = text_slice(source, from, start - from);
		filter->body = text_slice(source, start, end - start);
		filter->sign = filter->node->sign - start;
		from = end;
	}
	script->behind = text_skip(source, from);
}

/* ---- parsing ---- */

static size_t
count_filters(const struct filter_node *root)
{
	const struct filter_node *node;
	size_t count = 0;

	for (node = root->first; node != NULL; node = node->next)
		count++;
	return count;
}

static int
take_filters(struct filter_script *script, struct filter_node *root,
	struct arena *arena, struct filter_mistake *mistake)
{
	struct filter_node *node = root->first;
	size_t i;

	script->count = count_filters(root);
	if (script->count > FILTER_SCRIPT_FILTERS_MAX)
		return fail(mistake, 0, "there are more than 1000 filters");
	script->filters = arena_array(arena, script->count + 1,
	    sizeof(script->filters[0]));
	if (script->filters == NULL)
		return fail(mistake, 0, "too large");
	for (i = 0; node != NULL; node = node->next, i++)
		script->filters[i] = (struct filter_script_filter){
			.name = node->name, .is_active = node->is_active,
			.node = node };
	return 0;
}

/* Comments are shown to people, too. */
static int
check_characters(struct text source, struct filter_mistake *mistake)
{
	uint32_t point = 0;
	size_t at, len;

	for (at = 0; at < source.len; at += len) {
		len = utf8_next(text_skip(source, at), &point);
		if (len == 0)
			return fail(mistake, at, "bytes that are not UTF-8");
		if ((point < ' ' && point != '\t' && point != '\r' &&
		    point != '\n') || (point >= 0x7f && point < 0xa0))
			return fail(mistake, at, "a control character");
	}
	return 0;
}

int
filter_script_parse(struct text source, struct arena *arena,
	struct filter_script *out, struct filter_mistake *mistake)
{
	struct filter_node *root = NULL;
	int error;

	*out = (struct filter_script){ .source = source };
	error = check_characters(source, mistake);
	if (error == 0)
		error = filter_syntax_parse_script(source, arena, &root,
		    mistake);
	if (error == 0)
		error = take_filters(out, root, arena, mistake);
	if (error == 0)
		error = check_names(out, arena, mistake);
	if (error == 0)
		take_bytes(out);
	return error;
}
