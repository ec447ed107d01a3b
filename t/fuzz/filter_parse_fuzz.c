/*
 * policy/filter_syntax: what is accepted is printed to a text that is
 * accepted again, to the same tree; a mistake has words and a place, and can
 * be shown.  Accepted trees are bound, too.
 */
#include "policy/filter_bind.h"
#include "policy/filter_program.h"
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
check_binding(struct filter_node *root, struct text source)
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
		.space = space, .mistake = &mistake };

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
		check_binding(root, source);
	}
	arena_free(arena);
	return 0;
}
