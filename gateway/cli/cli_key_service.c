/*
 * "postern key-service make-key FILE": a master key for the vault.
 */
#include <stdio.h>
#include <sys/random.h>

#include "gateway/base/hex.h"
#include "gateway/base/memory.h"
#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_private.h"

#define KEY_LEN 32

int
cli_run_make_key(const struct cli_options *options,
    const struct command_call *call, struct buffer *out)
{
	char line[HEX_SIZE(KEY_LEN) + 1];
	struct reason why = { 0 };
	uint8_t key[KEY_LEN];
	int status = COMMAND_FAILED;

	(void)options;
	(void)out;
	/* Whole or not at all for so few bytes (getrandom(2)). */
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		fatal_errno("getrandom");
	hex_encode(key, sizeof(key), line);
	line[2 * KEY_LEN] = '\n';
	if (cli_file_make(call->arguments[0], text_of(line, 2 * KEY_LEN + 1),
	    &why) == 0)
		status = COMMAND_OK;
	else
		fprintf(stderr, "postern: %s\n", why.text);
	memory_wipe(key, sizeof(key));
	memory_wipe(line, sizeof(line));
	return status;
}
