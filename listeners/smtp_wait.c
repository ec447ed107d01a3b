/*
 * Waiting for other processes.  smtp process.
 */
#include "listeners/smtp_wait.h"

#include <string.h>

void
smtp_wait_init(struct smtp_wait *wait, smtp_wait_done done, void *context)
{
	memset(wait, 0, sizeof(*wait));
	wait->done = done;
	wait->context = context;
}

bool
smtp_wait_is_set(const struct smtp_wait *wait)
{
	return wait->asked != NULL;
}

void
smtp_wait_begin(struct smtp_wait *wait, struct map *asked, uint64_t id)
{
	require(wait->asked == NULL);
	wait->asked = asked;
	wait->id = id;
	require(map_put(asked, id, wait) == NULL);
}

void
smtp_wait_cancel(struct smtp_wait *wait)
{
	if (wait->asked != NULL)
		(void)map_remove(wait->asked, wait->id);
	wait->asked = NULL;
}

void
smtp_wait_end(struct smtp_wait *wait, int error, const struct reason *why)
{
	smtp_wait_cancel(wait);
	wait->done(wait->context, error, why);
}

void
smtp_wait_end_all(struct map **asked, int error, const struct reason *why)
{
	struct map *old = *asked;
	struct smtp_wait *wait;
	size_t cursor = 0;

	if (map_count(old) == 0)
		return;
	*asked = map_new();
	while (map_count(old) > 0) {
		wait = map_next(old, &cursor);
		if (wait != NULL)
			smtp_wait_end(wait, error, why);
		else
			cursor = 0;
	}
	map_free(old);
}
