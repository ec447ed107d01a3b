/*
 * The nearest name, by the number of letters that were left out, added,
 * changed or swapped (optimal string alignment), whatever their case.
 */
#include "gateway/config/config_suggest.h"

#define WORD_MAX 40
#define DISTANCE_MAX 3

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
cell(struct text a, struct text b, size_t i, size_t j,
	size_t rows[3][WORD_MAX + 1])
{
	const size_t *before = rows[(i + 2) % 3], *far = rows[(i + 1) % 3];
	char x = text_lower_byte(a.data[i - 1]);
	char y = text_lower_byte(b.data[j - 1]);
	size_t best = before[j - 1] + (x != y);

	best = least(best, before[j] + 1);
	best = least(best, rows[i % 3][j - 1] + 1);
	if (i > 1 && j > 1 && x == text_lower_byte(b.data[j - 2]) &&
	    y == text_lower_byte(a.data[i - 2]))
		best = least(best, far[j - 2] + 1);
	return best;
}

static size_t
distance_of(struct text a, struct text b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (i = 1; i <= a.len; i++) {
		rows[i % 3][0] = i;
		for (j = 1; j <= b.len; j++)
			rows[i % 3][j] = cell(a, b, i, j, rows);
	}
	return rows[a.len % 3][b.len];
}

void
config_suggest_init(struct config_suggest *suggest, struct text wanted)
{
	*suggest = (struct config_suggest){ .wanted = wanted,
		.best = TEXT_EMPTY,
		.distance = least(DISTANCE_MAX, 1 + wanted.len / 4) + 1 };
}

void
config_suggest_offer(struct config_suggest *suggest, struct text name)
{
	size_t distance;

	if (name.len > WORD_MAX || suggest->wanted.len > WORD_MAX)
		return;
	distance = distance_of(suggest->wanted, name);
	if (distance < suggest->distance) {
		suggest->distance = distance;
		suggest->best = name;
	}
}
