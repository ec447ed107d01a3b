/*
 * A question to another process that a session waits for: it lies in the
 * session, and in a map of what was asked by the id of the question.  A
 * session that has gone is found by no answer.
 */
#ifndef LISTENERS_SMTP_WAIT_H
#define LISTENERS_SMTP_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/map.h"

/*
 * The answer.  0: granted or committed; else an enum error with reply,
 * status and words in why.  Called once, with the wait unset already.
 */
typedef void (*smtp_wait_done)(void *context, int error,
	const struct reason *why);

struct smtp_wait {
	struct map *asked;	/* NULL: nothing is waited for */
	uint64_t id;
	smtp_wait_done done;
	void *context;
};

void smtp_wait_init(struct smtp_wait *wait, smtp_wait_done done,
	void *context);
bool smtp_wait_is_set(const struct smtp_wait *wait);
/* Wait for the answer to question id; must not be set. */
void smtp_wait_begin(struct smtp_wait *wait, struct map *asked, uint64_t id);
/* The answer is of no interest any more; harmless when unset. */
void smtp_wait_cancel(struct smtp_wait *wait);

/* Take the question out and tell its session. */
void smtp_wait_end(struct smtp_wait *wait, int error,
	const struct reason *why);
/*
 * Tell all who wait in *asked; a new, empty map takes its place first, so
 * that they may ask again at once.
 */
void smtp_wait_end_all(struct map **asked, int error,
	const struct reason *why);

#endif
