/*
 * Runs of bytes.
 */
#include "policy/pattern_run.h"

void
pattern_run_init(struct pattern_run *run, const struct pattern_class *set)
{
	unsigned int byte;

	for (byte = 0; byte <= 0xff; byte++)
		run->has[byte] = pattern_class_has(set, (unsigned char)byte);
}

size_t
pattern_run_start(const struct pattern_run *run, struct text subject,
	size_t end, size_t floor)
{
	while (end > floor && run->has[(unsigned char)subject.data[end - 1]])
		end--;
	return end;
}

bool
pattern_run_next(const struct pattern_run *run, struct text subject,
	size_t from, size_t least, size_t *start, size_t *end)
{
	const unsigned char *bytes = (const unsigned char *)subject.data;
	size_t at;

	while (subject.len >= least && from <= subject.len - least) {
		at = from + least - 1;
		while (at < subject.len && !run->has[bytes[at]])
			at += least;
		if (at >= subject.len)
			return false;
		*start = pattern_run_start(run, subject, at,
		    at + 1 - least > from ? at + 1 - least : from);
		while (at < subject.len && run->has[bytes[at]])
			at++;
		*end = at;
		if (*end - *start >= least)
			return true;
		from = *end;
	}
	return false;
}
