/*
 * policy/filter_syntax: what is accepted is printed to a text that is
 * accepted again, to the same tree; a mistake has words and a place, and can
 * be shown.  Accepted trees are bound, too.  policy/filter_script: a text is
 * the sum of its pieces, and changes leave filters that are not meant as they
 * were.
 */
#include "policy/filter_bind.h"
#include "policy/filter_program.h"
#include "policy/filter_script_edit.h"
#include "policy/filter_syntax.h"

#define ARENA_MAX ((size_t)32 * 1024 * 1024)
#define PRINTED_MAX ((size_t)8 * 1024 * 1024)
#define SOURCE_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int (*parse_function)(struct text source, struct arena *arena,
	struct filter_node **out, struct filter_mistake *mistake);

static const parse_function parsers[] = {
	filter_syntax_parse_expression, filter_syntax_parse_action,
	filter_syntax_parse_script,
};

static void
check_mistake(const struct filter_mistake *mistake, struct text source)
{
	struct buffer words;

	require(mistake->offset <= source.len);
	require(mistake->why.text[0] != '\0');
	buffer_init(&words, 4096);
	require(filter_mistake_print(mistake, source, &words) == 0);
	buffer_clear(&words);
}

static void
check_binding(struct filter_node *root, struct text source,
	struct arena *arena)
{
	static struct config_encryption_profile profile = {
		.name = TEXT_INIT("p") };
	static struct config_quarantine quarantine = {
		.name = TEXT_INIT("q") };
	static const struct config config = {
		.encryption = { .profiles = &profile, .profile_count = 1 },
		.quarantines = &quarantine, .quarantine_count = 1 };
	struct filter_program *program = filter_program_new();
	struct pattern_space *space = pattern_space_new();
	struct filter_mistake mistake = { .offset = 0 };
	const struct filter_binder binder = { .config = &config,
		.space = space, .arena = arena, .mistake = &mistake };

	if (filter_program_add(program, &binder, root) != 0)
		check_mistake(&mistake, source);
	filter_program_free(program);
	pattern_space_free(space);
}

static void
check_round_trip(parse_function parse, struct filter_node *root,
	struct arena *arena)
{
	struct filter_mistake mistake;
	struct filter_node *again = NULL;
	struct buffer first, second;

	buffer_init(&first, PRINTED_MAX);
	buffer_init(&second, PRINTED_MAX);
	require(filter_syntax_print(root, &first) == 0);
	require(parse(buffer_text(&first), arena, &again, &mistake) == 0);
	require(filter_syntax_print(again, &second) == 0);
	require(text_equal(buffer_text(&first), buffer_text(&second)));
	buffer_clear(&second);
	buffer_clear(&first);
}

/* ---- scripts ---- */

static struct filter_script
parse_again(const struct buffer *text, struct arena *arena)
{
	struct filter_mistake mistake = { .offset = 0 };
	struct filter_script script;

	require(filter_script_parse(buffer_text(text), arena, &script,
	    &mistake) == 0);
	return script;
}

static void
check_pieces(const struct filter_script *script, struct buffer *out)
{
	size_t i;

	for (i = 0; i < script->count; i++) {
		const struct filter_script_filter *one = &script->filters[i];

		require(buffer_add_text(out, one->before) == 0);
		require(buffer_add_text(out, one->body) == 0);
		require(one->sign < one->body.len && (one->body.data[
		    one->sign] == ':') == one->is_active);
		require(filter_script_find(script, one->name) == i);
	}
	require(buffer_add_text(out, script->behind) == 0);
	require(text_equal(buffer_text(out), script->source));
}

/* The first one goes to the end; all others move up. */
static void
check_move(const struct filter_script *script, struct arena *arena,
	struct buffer *out)
{
	struct filter_script moved;
	size_t i;

	buffer_reset(out);
	require(filter_script_move(script, (struct filter_range){ 0, 1 },
	    script->count, out) == 0);
	moved = parse_again(out, arena);
	require(moved.count == script->count);
	for (i = 0; i < script->count; i++)
		require(text_equal(moved.filters[i].name,
		    script->filters[(i + 1) % script->count].name));
}

static void
check_rest(const struct filter_script *script, struct arena *arena,
	struct buffer *out)
{
	struct filter_script again;
	size_t i;

	buffer_reset(out);
	require(filter_script_activate(script,
	    (struct filter_range){ 0, script->count }, false, out) == 0);
	again = parse_again(out, arena);
	require(again.count == script->count);
	for (i = 0; i < again.count; i++)
		require(!again.filters[i].is_active);
	buffer_reset(out);
	require(filter_script_delete(script,
	    (struct filter_range){ 0, script->count }, out) == 0);
	require(parse_again(out, arena).count == 0);
	buffer_reset(out);
	require(filter_script_insert(script, script->count / 2,
	    TEXT("zz_inserted: if true {}"), out) == 0);
	require(filter_script_find(script, TEXT("zz_inserted")) <
	    script->count || parse_again(out, arena).count ==
	    script->count + 1);
}

static void
check_script(struct text source, struct arena *arena)
{
	struct filter_mistake mistake = { .offset = 0 };
	struct filter_script script;
	struct buffer out;

	if (filter_script_parse(source, arena, &script, &mistake) != 0) {
		check_mistake(&mistake, source);
		return;
	}
	buffer_init(&out, PRINTED_MAX);
	check_pieces(&script, &out);
	if (script.count > 0)
		check_move(&script, arena, &out);
	if (script.count > 0 && script.count < FILTER_SCRIPT_FILTERS_MAX)
		check_rest(&script, arena, &out);
	buffer_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	size_t i;

	if (size > SOURCE_MAX)
		return 0;
	arena = arena_new(ARENA_MAX);
	struct text source = text_of(size == 0 ? (const void *)"" : data,
	    size);
	for (i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		struct filter_mistake mistake;
		struct filter_node *root = NULL;

		arena_reset(arena);
		if (parsers[i](source, arena, &root, &mistake) != 0) {
			check_mistake(&mistake, source);
			continue;
		}
		check_round_trip(parsers[i], root, arena);
		check_binding(root, source, arena);
	}
	arena_reset(arena);
	check_script(source, arena);
	arena_free(arena);
	return 0;
}
