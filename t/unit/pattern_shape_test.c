/*
 * Shapes: byte sets hold what PCRE2's classes match, in the Unicode of the
 * library at hand; factors are what they should be; what is not understood
 * is said to be so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/pattern.h"
#include "policy/pattern_factor.h"
#include "policy/pattern_shape.h"

/* What lies above has no digits, spaces or letters with cases. */
#define POINTS 0x20000u

static size_t
encode(uint32_t point, char *out)
{
	size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 :
	    point < 0x10000 ? 2 : 3, i;
	static const unsigned char leads[] = { 0x00, 0xc0, 0xe0, 0xf0 };

	for (i = more; i > 0; i--) {
		out[i] = (char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	out[0] = (char)(leads[more] | point);
	return more + 1;
}

static struct pattern_shape *
shape_of(const char *source, bool ignore_case)
{
	struct pattern_shape *shape = NULL;

	if (pattern_shape_new(text_from(source), ignore_case, &shape) != 0)
		fail_msg("%s is not understood", source);
	return shape;
}

/* Every character that a class matches consists of bytes of its set. */
static void
test_classes(void **unused)
{
	static const char *const sources[] = { "\\d", "\\D", "\\s", "\\S",
		"\\w", "\\W", "\\h", "\\H", "\\v", "\\V", "\\N", ".", "k",
		"s", "[k-s]", "[^k-s]", "[a-z]", "[^s]", "[\\d.]",
		"[^\\W_]", "\xc3\xa4", "[\xc3\xa4]", "\\x{212a}",
		"[\\x{17f}]", "[^\\x{17f}]", "\\pL", "(?s)." };
	struct pattern_space *space = pattern_space_new();
	size_t i, k, len, offset;
	uint32_t point;

	(void)unused;
	for (i = 0; i < 2 * sizeof(sources) / sizeof(sources[0]); i++) {
		const char *source = sources[i / 2];
		struct pattern_shape *shape = shape_of(source, i % 2 == 1);
		struct pattern_class set = shape->nodes[0].set;
		struct pattern *pattern = NULL;
		struct pattern_match match;
		struct reason why = { 0 };
		char bytes[4];

		assert_int_equal(pattern_new(space, text_from(source),
		    i % 2 == 1, &pattern, &offset, &why), 0);
		pattern_accelerate(pattern);
		for (point = 0; point < POINTS; point++) {
			if (point >= 0xd800 && point < 0xe000)
				continue;
			len = encode(point, bytes);
			if (pattern_find(pattern, text_of(bytes, len), 0,
			    &match, &why) != 0) {
				/* Exact sets hold no more of ASCII. */
				if (point < 0x80 && set.is_exact &&
				    pattern_class_has(&set,
				    (unsigned char)point))
					fail_msg("%s: %x", source, point);
				continue;
			}
			assert_true(len <= shape->nodes[0].width_max);
			for (k = 0; k < len; k++)
				if (!pattern_class_has(&set,
				    (unsigned char)bytes[k]))
					fail_msg("%s: U+%04X", source,
					    point);
		}
		pattern_free(pattern);
		pattern_shape_free(shape);
	}
	pattern_space_free(space);
}

static void
test_factors(void **unused)
{
	static const struct {
		const char *source;
		const char *literal;	/* of the first piece, or */
		size_t run, count;
		size_t before_min, before_max;
	} cases[] = {
		{ "(?i)\\bSecret\\b", "secret", 0, 1, 0, 0 },
		{ "a{2,3}secret", "secret", 0, 1, 2, 3 },
		{ "[a-c]+@x", "@x", 0, 1, 1, SIZE_MAX },
		{ "x*(?:foo|bar)+y", "bar", 0, 2, 0, SIZE_MAX },
		{ "\\d{3}-\\d{2}-\\d{4}", NULL, 11, 1, 0, 0 },
		{ "[A-Z]{2}[0-9]{20}", NULL, 22, 1, 0, 0 },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", 0, 1, 0, 0 },
		{ "(?:secret)?password", "password", 0, 1, 0, 6 },
		{ "(?=xyz)secret", "secret", 0, 1, 0, 0 },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern_shape *shape = shape_of(cases[i].source,
		    false);
		struct pattern_factor factor = { .count = 0 };
		const struct pattern_factor_piece *piece = &factor.pieces[0];

		if (pattern_factor_find(shape, &factor) != 0 ||
		    factor.count != cases[i].count || (cases[i].literal !=
		    NULL ? !text_equal(text_of(piece->bytes, piece->len),
		    text_from(cases[i].literal)) :
		    piece->run != cases[i].run) ||
		    piece->before_min != cases[i].before_min ||
		    piece->before_max != cases[i].before_max)
			fail_msg("%s: %zu pieces, \"%.*s\", run %zu, before "
			    "%zu to %zu", cases[i].source, factor.count,
			    (int)piece->len, piece->bytes, piece->run,
			    piece->before_min, piece->before_max);
		pattern_shape_free(shape);
	}
}

static void
test_no_factor(void **unused)
{
	static const char *const sources[] = { "", "a?", ".*", "\\w+",
		"[a-z]+", "secret|e", "(?:secret)*", "(?=secret)", "\\b" };
	static const char *const strange[] = { "(?R)", "(?1)", "\\Gx",
		"(*UTF)x", "(?x) a", "(?(1)a|b)", "\\g{1}", "\\Qa\\E", "a{2}{3}",
		"(?|a|b)", "[[:alpha:]]", "(", ")", "*", "[", "\\", "a**",
		"a{,3}", "\xff", "(?<n" };
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct pattern_shape *shape = shape_of(sources[i], false);
		struct pattern_factor factor;

		if (pattern_factor_find(shape, &factor) !=
		    ERROR_NOT_FOUND)
			fail_msg("%s has a factor", sources[i]);
		pattern_shape_free(shape);
	}
	for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		struct pattern_shape *shape = NULL;

		if (pattern_shape_new(text_from(strange[i]), false,
		    &shape) != ERROR_NOT_FOUND)
			fail_msg("%s is understood", strange[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_factors),
		cmocka_unit_test(test_no_factor),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
