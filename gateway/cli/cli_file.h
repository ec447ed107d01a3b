/*
 * Files that local commands read and make, by name or "-".
 */
#ifndef GATEWAY_CLI_CLI_FILE_H
#define GATEWAY_CLI_CLI_FILE_H

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

/*
 * Append the whole file to out, whose limit bounds it; "-" is standard
 * input.  ERROR_SYSTEM or ERROR_LIMIT, with words.
 */
int cli_file_read(struct text name, struct buffer *out, struct reason *why)
	MUST_CHECK;
/*
 * Make a new file of these bytes, readable by its owner only, and make it
 * durable.  An existing one is never touched.  What could not be written
 * whole is removed again.  ERROR_SYSTEM, with words.
 */
int cli_file_make(struct text name, struct text bytes, struct reason *why)
	MUST_CHECK;


/*
 * Keep a file from other commands that change it: a lock on its folder, held
 * until *lock is closed.  Waits for it.  ERROR_SYSTEM, with words.
 */
int cli_file_lock(const char *path, int *lock, struct reason *why) MUST_CHECK;
/*
 * Give a file other bytes, all at once or not at all, and make them durable.
 * It keeps its mode and owner; one that is new gets those of the file like,
 * without the right to be run.  ERROR_SYSTEM, with words.
 */
int cli_file_replace(const char *path, struct text bytes, const char *like,
	struct reason *why) MUST_CHECK;

#endif
