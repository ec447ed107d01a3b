/*
 * Pattern sets: whatever the patterns and the text, a pattern by itself and
 * a set of them give the answers that PCRE2 gives over the whole text; nothing
 * that matches is passed over.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/memory.h"
#include "gateway/mail/utf8.h"
#include "policy/pattern_set.h"

#define ROUNDS 40
#define PATTERNS 24
#define SUBJECTS 24
#define SOURCE_MAX 160
#define SUBJECT_MAX 1000
#define HOSTILE_SIZE ((size_t)1024 * 1024)
#define HOSTILE_US 10000000

/* Parts of patterns; subjects are made of the same letters. */
static const char *const atoms[] = { "(?>a+?)", "(a+b?)", "a", "b", "k", "S", "foo", "secret",
	"1", "\\d", "\\d{3}", "\\w", "\\s", ".", "[a-c]", "[^a-c]", "[0-9-]",
	"[k-s]", "[^k]", "\xc3\xa4", "\xc3\x84", "[\xc3\xa4-\xc3\xbc]",
	"\\x{17f}", "\\xe4", "\\b", "\\B", "^", "$", "\\A", "\\z", "\\Z",
	"(?=a)", "(?!foo)", "(?<=b)", "(?<!s)", "(?i)", "(?-i)", "(?s)",
	"(?m)", "\\R", "\\h", "\\X", "\\pL", "\\PN", "\\S", "\\D", "\\W",
	"@", "-", "\\.", "(a|b)\\1", "\\K", "\\t", "[\\w.-]", "[]a]",
	"[^]a]", "\\x41", "(?:\\+1)?", "K", "\xe2\x84\xaa", "\xd9\xa3",
	"(?#c)", "(?>a+)", "[[:alpha:]]", "\\Qa.b\\E", "(?x) a ", "\\G",
	"(*UTF)", "{", "}", "]", "\\N", "\\v", "\\r\\n", "\\n" };
static const char *const repeats[] = { "", "", "", "", "*", "+", "?", "{2}",
	"{2,}", "{1,3}", "*?", "+?", "++", "{0}", "{0,2}" };
static const char *const pieces[] = { "a", "b", "k", "K", "s", "S", "foo",
	"secret", "SECRET", "1", "123", "2345", "-", ".", "@", " ", "\n",
	"\r\n", "\r", "\t", "\xc3\xa4", "\xc3\x84", "\xc5\xbf",
	"\xe2\x84\xaa", "\xd9\xa3", "\xd9\xa3\xd9\xa4\xd9\xa5",
	"\xff", "\xc3", "\xe2\x84", "\xa4", "\xf0\x9d\x9f\x98", "A", "+1",
	"4111 1111 1111 1111", "378282246310005", "021000021", "037833100",
	"078-05-1120", "DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19",
	"a.b", "]", "{", "}", "\x0b", "\xc2\xa0", "se\xc5\xbf""cret",
	/* Runs long enough to be stepped over. */
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"111111111111111111111111111111111111111111111111111111111111111111",
	"sksksksksksksksksksksksksksksksksksksksksksksksksksksksksksksksksk" };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t chance;

static size_t
pick(size_t below)
{
	chance = chance * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (size_t)((chance >> 33) % below);
}

static size_t
append(char *out, size_t len, size_t size, const char *part)
{
	size_t more = strlen(part);

	if (len + more >= size)
		return len;
	memcpy(out + len, part, more + 1);
	return len + more;
}

static void
make_source(char *out)
{
	size_t len = 0, parts = 1 + pick(6), depth = 0;

	out[0] = '\0';
	for (; parts > 0; parts--) {
		if (pick(5) == 0) {
			len = append(out, len, SOURCE_MAX - 40,
			    pick(2) == 0 ? "(" : "(?i:");
			depth += out[len - 1] == '(' || out[len - 1] == ':';
		}
		len = append(out, len, SOURCE_MAX - 40,
		    atoms[pick(COUNT(atoms))]);
		len = append(out, len, SOURCE_MAX - 30,
		    repeats[pick(COUNT(repeats))]);
		if (pick(7) == 0)
			len = append(out, len, SOURCE_MAX - 30, "|");
		if (depth > 0 && pick(2) == 0) {
			len = append(out, len, SOURCE_MAX, ")");
			len = append(out, len, SOURCE_MAX,
			    repeats[pick(COUNT(repeats))]);
			depth--;
		}
	}
	for (; depth > 0; depth--)
		len = append(out, len, SOURCE_MAX, ")");
}

static struct text
make_subject(char *out)
{
	size_t len = 0, parts = pick(60), kind = pick(3), at;

	for (; parts > 0; parts--) {
		at = pick(COUNT(pieces));
		/* ASCII alone, valid UTF-8, or anything. */
		if ((kind == 0 && (pieces[at][0] & 0x80) != 0) ||
		    (kind == 1 && at >= 26 && at <= 29))
			at = pick(20);
		len = append(out, len, SUBJECT_MAX, pieces[at]);
	}
	return text_of(out, len);
}

struct fixture {
	struct pattern_space *space;
	struct pattern *patterns[PATTERNS];
	char sources[PATTERNS][SOURCE_MAX];
	bool is_accelerated;
	pcre2_code *codes[PATTERNS];
	pcre2_match_data *data;
	pcre2_match_context *context;
	size_t indexes[PATTERNS];
	size_t identifiers[8];
	struct pattern_set *set;
	struct pattern_set_hit hits[PATTERNS + 8];
	uint8_t may_match[PATTERNS + 8];
};

/* ---- PCRE2 alone ---- */

static void
reference_open(struct fixture *fixture, size_t i, bool ignore_case)
{
	pcre2_compile_context *compile = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	int error;

	(void)pcre2_set_newline(compile, PCRE2_NEWLINE_ANYCRLF);
	fixture->codes[i] = pcre2_compile((PCRE2_SPTR)fixture->sources[i],
	    PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP |
	    PCRE2_MATCH_INVALID_UTF | (ignore_case ? PCRE2_CASELESS : 0),
	    &error, &at, compile);
	assert_non_null(fixture->codes[i]);
	pcre2_compile_context_free(compile);
}

static int
reference_count(struct fixture *fixture, size_t i, struct text subject,
	size_t most, size_t *count, struct pattern_match *first)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(fixture->data);
	struct pattern_match match;
	size_t from = 0;
	int found = 0;

	*count = 0;
	while (*count < most && from <= subject.len) {
		/* A stray continuation byte begins nothing. */
		while (from < subject.len &&
		    ((unsigned char)subject.data[from] & 0xc0) == 0x80)
			from++;
		found = pcre2_match(fixture->codes[i],
		    (PCRE2_SPTR)subject.data, subject.len, from, 0,
		    fixture->data, fixture->context);
		if (found < 0)
			break;
		match.start = offsets[0] < offsets[1] ? offsets[0] :
		    offsets[1];
		match.end = offsets[1];
		if ((*count)++ == 0)
			*first = match;
		from = pattern_next(subject, from, &match);
	}
	return found < 0 && found != PCRE2_ERROR_NOMATCH ? ERROR_LIMIT : 0;
}

static void
make_patterns(struct fixture *fixture, bool accelerate)
{
	struct reason why = { 0 };
	size_t i = 0, offset = 0;
	bool ignore_case;

	while (i < PATTERNS) {
		ignore_case = pick(4) == 0;
		make_source(fixture->sources[i]);
		if (fixture->sources[i][0] == '\0' ||
		    pattern_new(fixture->space,
		    text_from(fixture->sources[i]), ignore_case,
		    &fixture->patterns[i], &offset, &why) != 0)
			continue;
		reference_open(fixture, i, ignore_case);
		if (accelerate)
			pattern_accelerate(fixture->patterns[i]);
		fixture->indexes[i] = pattern_set_add(fixture->set,
		    fixture->patterns[i]);
		i++;
	}
}

static void
fixture_open(struct fixture *fixture, enum pattern_set_engine engine,
	bool accelerate)
{
	struct reason why = { 0 };
	size_t i;

	fixture->data = pcre2_match_data_create(1, NULL);
	fixture->context = pcre2_match_context_create(NULL);
	(void)pcre2_set_match_limit(fixture->context, 200000);
	fixture->is_accelerated = accelerate;
	fixture->space = pattern_space_new();
	fixture->set = pattern_set_new(fixture->space);
	make_patterns(fixture, accelerate);
	for (i = 0; smart_identifier_at(i) != NULL; i++)
		fixture->identifiers[i] = pattern_set_add_identifier(
		    fixture->set, smart_identifier_at(i));
	assert_int_equal(pattern_set_compile(fixture->set, engine, &why), 0);
}

static void
fixture_close(struct fixture *fixture)
{
	size_t i;

	pattern_set_free(fixture->set);
	for (i = 0; i < PATTERNS; i++) {
		pattern_free(fixture->patterns[i]);
		pcre2_code_free(fixture->codes[i]);
	}
	pattern_space_free(fixture->space);
	pcre2_match_data_free(fixture->data);
	pcre2_match_context_free(fixture->context);
}

/*
 * Where none can match, no step is spent, and a limit ends the count: an
 * answer may stand where the reference has none.
 */
static void
compare_answers(const char *source, struct text subject,
	const struct pattern_set_hit *wanted,
	const struct pattern_set_hit *hit)
{
	if (wanted->error != 0)
		return;
	if (hit->error != 0 || hit->count != wanted->count ||
	    (hit->count > 0 && (hit->first.start != wanted->first.start ||
	    hit->first.end != wanted->first.end)))
		fail_msg("%s in \"%.*s\": %zu %zu-%zu, here %d %zu %zu-%zu",
		    source, TEXT_ARG(subject), wanted->count,
		    wanted->first.start, wanted->first.end, hit->error,
		    hit->count, hit->first.start, hit->first.end);
}

static void
compare_pattern(struct fixture *fixture, size_t i, struct text subject,
	size_t most)
{
	struct pattern_set_hit wanted = { .count = 0 }, alone = wanted;

	wanted.error = reference_count(fixture, i, subject, most,
	    &wanted.count, &wanted.first);
	alone.error = pattern_count(fixture->patterns[i], subject, most,
	    &alone.count, &alone.first, &alone.why);
	/*
	 * In broken UTF-8 machine code finds empty matches at other places
	 * than the interpreter does; both are PCRE2's.
	 */
	if (fixture->is_accelerated && !utf8_is_valid(subject))
		wanted = alone;
	compare_answers(fixture->sources[i], subject, &wanted, &alone);
	compare_answers(fixture->sources[i], subject, &wanted,
	    &fixture->hits[fixture->indexes[i]]);
	if (wanted.count > 0 &&
	    !fixture->may_match[fixture->indexes[i]])
		fail_msg("%s in \"%.*s\" is passed over",
		    fixture->sources[i], TEXT_ARG(subject));
}

static void
compare_identifier(struct fixture *fixture, size_t i, struct text subject,
	size_t most)
{
	const struct pattern_set_hit *hit =
	    &fixture->hits[fixture->identifiers[i]];
	struct text first = TEXT_EMPTY;
	size_t count = smart_identifier_count(smart_identifier_at(i), subject,
	    most, &first);

	if (hit->error != 0 || hit->count != count || (count > 0 &&
	    (hit->first.start != (size_t)(first.data - subject.data) ||
	    hit->first.end != hit->first.start + first.len)))
		fail_msg("%s in \"%.*s\": %zu, set %zu",
		    smart_identifier_at(i)->name, TEXT_ARG(subject), count,
		    hit->count);
}

static void
compare_all(struct fixture *fixture, struct text subject)
{
	size_t most = pick(3) == 0 ? 1 + pick(3) : 1000, i;

	for (i = 0; i < pattern_set_count_indexes(fixture->set); i++)
		fixture->hits[i].most = most;
	pattern_set_search(fixture->set, subject, fixture->may_match);
	pattern_set_count(fixture->set, subject, fixture->hits);
	for (i = 0; i < PATTERNS; i++)
		compare_pattern(fixture, i, subject, most);
	for (i = 0; smart_identifier_at(i) != NULL; i++)
		compare_identifier(fixture, i, subject, most);
}

static void
test_same_as_each(void **unused)
{
	static struct fixture fixture;
	size_t round, i, factors = 0;
	char subject[SUBJECT_MAX];

	(void)unused;
	chance = 4711;
	for (round = 0; round < ROUNDS; round++) {
		fixture_open(&fixture, round % 2 == 0 ? PATTERN_SET_BEST :
		    PATTERN_SET_LITERALS, round % 4 < 2);
		for (i = 0; i < PATTERNS; i++)
			factors += pattern_set_has_factor(fixture.set,
			    fixture.indexes[i]);
		for (i = 0; i < SUBJECTS; i++)
			compare_all(&fixture, make_subject(subject));
		fixture_close(&fixture);
	}
	print_message("# %zu of %d patterns with a factor\n", factors,
	    ROUNDS * PATTERNS);
	assert_true(factors > ROUNDS * PATTERNS / 10);
}

static void
test_shared_and_empty(void **unused)
{
	struct pattern_space *space = pattern_space_new();
	struct pattern_set *set = pattern_set_new(space);
	struct pattern *patterns[3];
	struct reason why = { 0 };
	size_t offset, i;

	(void)unused;
	assert_int_equal(pattern_set_compile(set, PATTERN_SET_BEST, &why), 0);
	pattern_set_count(set, TEXT("secret"), NULL);
	pattern_set_free(set);
	set = pattern_set_new(space);
	for (i = 0; i < 3; i++)
		assert_int_equal(pattern_new(space, TEXT("secret"), i == 2,
		    &patterns[i], &offset, &why), 0);
	assert_int_equal(pattern_set_add(set, patterns[0]), 0);
	assert_int_equal(pattern_set_add(set, patterns[1]), 0);
	assert_int_equal(pattern_set_add(set, patterns[2]), 1);
	assert_int_equal(pattern_set_add_identifier(set,
	    smart_identifier_at(0)), 2);
	assert_int_equal(pattern_set_add_identifier(set,
	    smart_identifier_at(0)), 2);
	assert_int_equal(pattern_set_count_indexes(set), 3);
	pattern_set_free(set);
	for (i = 0; i < 3; i++)
		pattern_free(patterns[i]);
	pattern_space_free(space);
}

/* Texts made to be slow: each costs no more than its length. */
static void
test_hostile(void **unused)
{
	static const char *const sources[] = {
		"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
		"(\\w+)=secret", ".+secret", "\\d{4}-\\d{4}",
		"(?i)secret.{0,30}\\bproject", "(?:a|b)*:x",
		"(?i)\\b(?:our|their)\\s+secret\\b" };
	static const char *const fillers[] = { "a", "@", "a@", "secret",
		"our ", " ", "1", "1234-", "a@b.", "=secret", ":x", "k",
		"\xe2\x84\xaa", "se\xc5\xbf""cret", "\xff""a@" };
	static struct pattern *patterns[COUNT(sources)];
	static struct pattern_set_hit hits[COUNT(sources)];
	struct pattern_space *space = pattern_space_new();
	struct pattern_set *set = pattern_set_new(space);
	char *bytes = memory_new(HOSTILE_SIZE);
	struct reason why = { 0 };
	size_t i, k, offset, len;
	int64_t start;

	(void)unused;
	for (i = 0; i < COUNT(sources); i++) {
		assert_int_equal(pattern_new(space, text_from(sources[i]),
		    false, &patterns[i], &offset, &why), 0);
		pattern_accelerate(patterns[i]);
		assert_int_equal(pattern_set_add(set, patterns[i]), i);
		hits[i].most = SIZE_MAX;
	}
	assert_int_equal(pattern_set_compile(set, PATTERN_SET_BEST, &why), 0);
	for (i = 0; i < COUNT(fillers); i++) {
		len = strlen(fillers[i]);
		for (k = 0; k + len <= HOSTILE_SIZE; k += len)
			memcpy(bytes + k, fillers[i], len);
		start = clock_cpu_ns() / 1000;
		pattern_set_count(set, text_of(bytes, k), hits);
		print_message("# \"%s\": %lld ms\n", fillers[i],
		    (long long)(clock_cpu_ns() / 1000 - start) / 1000);
		assert_true(clock_cpu_ns() / 1000 - start < HOSTILE_US);
	}
	pattern_set_free(set);
	for (i = 0; i < COUNT(sources); i++)
		pattern_free(patterns[i]);
	pattern_space_free(space);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_and_empty),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_same_as_each),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
