/*
 * Literals: one automaton over folded bytes, whose table is complete, so
 * that a byte costs one step; Vectorscan beside it where there is one.
 */
#include "policy/pattern_literals.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "policy/pattern_vectorscan.h"

#define STATES_MAX 65535u
#define NONE UINT32_MAX

struct literal {
	struct text bytes;
	bool ignore_case;
	uint32_t next;		/* another that ends in the same state */
};

struct state {
	uint32_t fail;
	uint32_t literal;	/* the first that ends here, or NONE */
	uint32_t suffix;	/* the next state whose literals end here */
};

struct pattern_literals {
	struct literal *literals;
	size_t count, size;
	struct map *by_key[2];	/* from bytes to number + 1 */

	unsigned char column[256];	/* of a byte in the table */
	size_t columns;
	struct state *states;
	uint32_t state_count;
	uint32_t *table;		/* states x columns */
	struct pattern_vectorscan *vectorscan;
};

struct pattern_literals *
pattern_literals_new(void)
{
	struct pattern_literals *literals = memory_new(sizeof(*literals));

	literals->by_key[0] = map_new();
	literals->by_key[1] = map_new();
	return literals;
}

void
pattern_literals_free(struct pattern_literals *literals)
{
	size_t i;

	if (literals == NULL)
		return;
	for (i = 0; i < literals->count; i++)
		free((void *)literals->literals[i].bytes.data);
	map_free(literals->by_key[0]);
	map_free(literals->by_key[1]);
	pattern_vectorscan_free(literals->vectorscan);
	free(literals->literals);
	free(literals->states);
	free(literals->table);
	free(literals);
}

size_t
pattern_literals_count(const struct pattern_literals *literals)
{
	return literals->count;
}

size_t
pattern_literals_add(struct pattern_literals *literals, struct text bytes,
	bool ignore_case)
{
	uintptr_t known = (uintptr_t)map_get_text(
	    literals->by_key[ignore_case], bytes);
	struct literal *literal;

	if (known != 0)
		return known - 1;
	if (literals->count == literals->size) {
		literals->size = literals->size == 0 ? 64 :
		    literals->size * 2;
		literals->literals = memory_resize(literals->literals,
		    literals->size, sizeof(*literals->literals));
	}
	literal = &literals->literals[literals->count++];
	*literal = (struct literal){ .bytes = memory_text(bytes),
		.ignore_case = ignore_case, .next = NONE };
	(void)map_put_text(literals->by_key[ignore_case], literal->bytes,
	    (void *)(uintptr_t)literals->count);
	return literals->count - 1;
}

/* ---- making the automaton ---- */

/* A column for each byte that occurs, 0 for all others. */
static void
make_columns(struct pattern_literals *literals)
{
	size_t i, k;
	unsigned char byte;

	literals->columns = 1;
	for (i = 0; i < literals->count; i++)
		for (k = 0; k < literals->literals[i].bytes.len; k++) {
			byte = (unsigned char)text_lower_byte(
			    literals->literals[i].bytes.data[k]);
			if (literals->column[byte] == 0)
				literals->column[byte] =
				    (unsigned char)literals->columns++;
		}
	for (byte = 'A'; byte <= 'Z'; byte++)
		literals->column[byte] = literals->column[
		    (unsigned char)text_lower_byte((char)byte)];
}

static uint32_t *
cell(const struct pattern_literals *literals, uint32_t state, char byte)
{
	return &literals->table[state * literals->columns +
	    literals->column[(unsigned char)byte]];
}

static void
make_path(struct pattern_literals *literals, uint32_t number)
{
	struct literal *literal = &literals->literals[number];
	uint32_t state = 0, *next;
	size_t i;

	for (i = 0; i < literal->bytes.len; i++) {
		next = cell(literals, state, literal->bytes.data[i]);
		if (*next == 0) {
			literals->states[literals->state_count].literal =
			    NONE;
			*next = literals->state_count++;
		}
		state = *next;
	}
	literal->next = literals->states[state].literal;
	literals->states[state].literal = number;
}

static void
link_state(struct pattern_literals *literals, uint32_t state, uint32_t fail)
{
	struct state *states = literals->states;

	states[state].fail = fail;
	states[state].suffix = states[fail].literal != NONE ? fail :
	    states[fail].suffix;
}

/* Breadth first; a missing step is that of the longest suffix. */
static void
make_links(struct pattern_literals *literals)
{
	uint32_t *queue = memory_array(literals->state_count,
	    sizeof(*queue));
	uint32_t from = 0, to = 0, state, *next, fallen;
	size_t column;

	queue[to++] = 0;
	while (from < to) {
		state = queue[from++];
		for (column = 0; column < literals->columns; column++) {
			next = &literals->table[state * literals->columns +
			    column];
			fallen = state == 0 ? 0 : literals->table[literals->
			    states[state].fail * literals->columns + column];
			if (*next == 0) {
				*next = fallen;
				continue;
			}
			link_state(literals, *next, fallen);
			queue[to++] = *next;
		}
	}
	free(queue);
}

/* Where literals end, a step says so by its highest bit. */
#define HAS_HIT 0x80000000u

static void
mark_hits(struct pattern_literals *literals)
{
	size_t i;

	for (i = 0; i < literals->state_count * literals->columns; i++) {
		const struct state *state = &literals->states[literals->
		    table[i]];
		uint32_t row = literals->table[i] *
		    (uint32_t)literals->columns;

		literals->table[i] = state->literal != NONE ||
		    state->suffix != 0 ? row | HAS_HIT : row;
	}
}

/* Literals that it does not take, with NUL, are left to the automaton. */
static void
make_vectorscan(struct pattern_literals *literals)
{
	size_t i;

	literals->vectorscan = pattern_vectorscan_new();
	for (i = 0; i < literals->count; i++)
		pattern_vectorscan_add(literals->vectorscan,
		    literals->literals[i].bytes,
		    literals->literals[i].ignore_case);
	if (pattern_vectorscan_compile(literals->vectorscan) == 0)
		return;
	pattern_vectorscan_free(literals->vectorscan);
	literals->vectorscan = NULL;
}

int
pattern_literals_compile(struct pattern_literals *literals,
	bool use_vectorscan, struct reason *why)
{
	size_t most = 1, i;
	uint32_t number;

	for (i = 0; i < literals->count; i++)
		most += literals->literals[i].bytes.len;
	if (most > STATES_MAX) {
		reason_set(why, "the literals of all patterns together have "
		    "more than %u bytes", STATES_MAX);
		return ERROR_LIMIT;
	}
	make_columns(literals);
	literals->states = memory_array(most, sizeof(*literals->states));
	literals->table = memory_array(most * literals->columns,
	    sizeof(*literals->table));
	literals->states[0].literal = NONE;
	literals->state_count = 1;
	for (number = 0; number < literals->count; number++)
		make_path(literals, number);
	make_links(literals);
	mark_hits(literals);
	if (use_vectorscan && literals->count > 0)
		make_vectorscan(literals);
	return 0;
}

/* ---- searching ---- */

/* Whether a literal with case really stands there. */
static bool
is_there(const struct literal *literal, struct text subject, size_t end)
{
	return literal->ignore_case || (literal->bytes.len <= end &&
	    memcmp(subject.data + end - literal->bytes.len,
	    literal->bytes.data, literal->bytes.len) == 0);
}

static void
tell(const struct pattern_literals *literals, uint32_t row,
	struct text subject, size_t end, pattern_literals_hit *hit,
	void *context)
{
	uint32_t state = row / (uint32_t)literals->columns, number;

	for (; state != 0; state = literals->states[state].suffix)
		for (number = literals->states[state].literal;
		    number != NONE; number = literals->literals[number].next)
			if (is_there(&literals->literals[number], subject,
			    end))
				hit(context, number, end);
}

/* U+017F and U+212A at the beginning of rest: the letter, and their bytes. */
static char
folded(struct text rest, size_t *len)
{
	static const struct text long_s = TEXT_INIT("\xc5\xbf");
	static const struct text kelvin = TEXT_INIT("\xe2\x84\xaa");

	*len = 1;
	if (((unsigned char)rest.data[0] & 0x80) == 0)
		return rest.data[0];
	if (text_starts(rest, long_s)) {
		*len = long_s.len;
		return 's';
	}
	if (text_starts(rest, kelvin)) {
		*len = kelvin.len;
		return 'k';
	}
	return rest.data[0];
}

static void
scan_folding(const struct pattern_literals *literals, struct text subject,
	pattern_literals_hit *hit, void *context)
{
	uint32_t row = 0;
	size_t at = 0, len;

	while (at < subject.len) {
		char byte = folded(text_skip(subject, at), &len);

		row = literals->table[(row & ~HAS_HIT) + literals->column[
		    (unsigned char)byte]];
		at += len;
		if ((row & HAS_HIT) != 0)
			tell(literals, row & ~HAS_HIT, subject, at, hit,
			    context);
	}
}

static void
scan_plain(const struct pattern_literals *literals, struct text subject,
	pattern_literals_hit *hit, void *context)
{
	const unsigned char *bytes = (const unsigned char *)subject.data;
	const unsigned char *column = literals->column;
	const uint32_t *table = literals->table;
	uint32_t row = 0;
	size_t at;

	for (at = 0; at < subject.len; at++) {
		row = table[row + column[bytes[at]]];
		if ((row & HAS_HIT) == 0)
			continue;
		row &= ~HAS_HIT;
		tell(literals, row, subject, at + 1, hit, context);
	}
}

void
pattern_literals_scan(const struct pattern_literals *literals,
	struct text subject, bool has_folding, pattern_literals_hit *hit,
	void *context)
{
	if (literals->count == 0)
		return;
	/* Literals with case may hold those two characters themselves. */
	if (has_folding)
		scan_folding(literals, subject, hit, context);
	if (literals->vectorscan != NULL)
		pattern_vectorscan_scan(literals->vectorscan, subject, hit,
		    context);
	else
		scan_plain(literals, subject, hit, context);
}
