/*
 * The plausible readings of a message: from each, one choice after the other
 * is turned, until nothing new comes up.
 */
#include "gateway/mail/mime_reading.h"

static bool
is_known(const struct mime_message *readings, size_t count, uint32_t reading)
{
	for (size_t i = 0; i < count; i++)
		if (readings[i].reading == reading)
			return true;
	return false;
}

/* Those that part from one reading at a single choice. */
static int
add_neighbours(const struct mime_limits *limits, struct arena *arena,
	size_t from, struct mime_message *out, size_t *count)
{
	uint32_t left = out[from].choices;
	int error = 0;

	while (error == 0 && left != 0) {
		uint32_t choice = left & -left;
		uint32_t reading = out[from].reading ^ choice;
		left &= ~choice;
		if (is_known(out, *count, reading))
			continue;
		if (*count == MIME_READINGS_MAX) {
			out[0].flags |= MIME_TOO_AMBIGUOUS;
			return 0;
		}
		error = mime_message_read(out[0].bytes, limits, reading,
			arena, &out[*count]);
		if (error == 0)
			(*count)++;
	}
	return error;
}

int
mime_readings(struct text bytes, const struct mime_limits *limits,
	struct arena *arena, struct mime_message *out, size_t *count)
{
	int error = mime_message_parse(bytes, limits, arena, &out[0]);

	*count = error == 0 ? 1 : 0;
	for (size_t i = 0; error == 0 && i < *count; i++)
		error = add_neighbours(limits, arena, i, out, count);
	for (size_t i = 1; i < *count; i++)
		out[0].flags |= out[i].flags & MIME_TOO_AMBIGUOUS;
	return error;
}
