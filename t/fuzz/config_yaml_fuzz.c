/*
 * Any bytes as a configuration: refused with an error that has words, or
 * taken; then what is printed, as YAML and as JSON, loads again and prints
 * the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "gateway/config/config_load.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define PRINT_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_same(struct text printed, struct text expected)
{
	static struct config_errors errors;
	struct arena *arena = arena_new(ARENA_MAX);
	struct config config;
	struct buffer again;

	buffer_init(&again, PRINT_MAX);
	require(config_load_text(printed, TEXT("again"), arena, &config,
	    &errors) == 0);
	require(config_print_yaml(&config, &again) == 0);
	require(text_equal(buffer_text(&again), expected));
	buffer_clear(&again);
	arena_free(arena);
}

static void
require_round_trip(const struct config *config)
{
	struct buffer yaml, json;

	buffer_init(&yaml, PRINT_MAX);
	buffer_init(&json, PRINT_MAX);
	require(config_print_yaml(config, &yaml) == 0);
	require(config_print_json(config, &json) == 0);
	require_same(buffer_text(&yaml), buffer_text(&yaml));
	require_same(buffer_text(&json), buffer_text(&yaml));
	buffer_clear(&yaml);
	buffer_clear(&json);
}

static void
require_words(const struct config_errors *errors)
{
	struct buffer words;
	size_t i;

	require(errors->count > 0 && errors->count <= CONFIG_ERRORS_MAX);
	for (i = 0; i < errors->count; i++)
		require(!text_is_empty(errors->items[i].message));
	buffer_init(&words, PRINT_MAX);
	require(config_errors_print(errors, &words) == 0);
	buffer_clear(&words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_errors errors;
	struct arena *arena = arena_new(ARENA_MAX);
	struct config config;

	if (config_load_text(text_of(data, size), TEXT("fuzz"), arena,
	    &config, &errors) == 0)
		require_round_trip(&config);
	else
		require_words(&errors);
	arena_free(arena);
	return 0;
}
