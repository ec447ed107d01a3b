/*
 * Facts as text, one a line, for traces and for tests of policies:
 *
 *	KIND SOURCE SUBJECT = VALUE, VALUE
 *	KIND SOURCE SUBJECT = unknown
 *	KIND SOURCE SUBJECT = unknown REASON
 *
 * A word that is empty or holds more than letters, digits and signs as in
 * addresses stands in double quotes, with \" \\ and \xNN in them.  Nothing
 * behind "=" is a known "none".
 */
#ifndef POLICY_FACT_TEXT_H
#define POLICY_FACT_TEXT_H

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/protocol/frame_fact.h"

/* Bytes of a line. */
#define FACT_LINE_MAX ((size_t)512 * 1024)

/*
 * Read a line, without its end; the texts live in the arena.
 * ERROR_MALFORMED or ERROR_LIMIT with words in why.
 */
int fact_parse(struct text line, struct arena *arena, struct frame_fact *out,
	struct reason *why) MUST_CHECK;
/*
 * Append it in that form, without an end of line; one that is not answered
 * counts as unknown.  ERROR_LIMIT when out is full; out is then as before.
 */
int fact_print(const struct frame_fact *fact, struct buffer *out) MUST_CHECK;

#endif
