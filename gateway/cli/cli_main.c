/*
 * postern: the command line.  It parses by the command table, runs what
 * needs no gateway, and hands everything else to admin.  See postern(1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/cli/cli_private.h"
#include "gateway/config/config_load.h"
#include "policy/policy_test.h"

#define DEFAULT_SOCKET "/run/postern/control"

/* Options before the command; gives the index of its first word. */
static int
read_options(int argc, char **argv, struct cli_options *options)
{
	const char *socket = getenv("POSTERN_SOCKET");
	int i = 1;

	options->socket = socket != NULL && socket[0] != '\0' ? socket :
	    DEFAULT_SOCKET;
	for (; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			options->json = true;
		else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
			options->socket = argv[++i];
		else if (strncmp(argv[i], "--socket=", 9) == 0)
			options->socket = argv[i] + 9;
		else
			break;
	}
	return i;
}

/* "--json" may also stand behind the command, as people write it. */
static size_t
collect_words(int argc, char **argv, int first, struct text *words,
    struct cli_options *options)
{
	size_t count = 0;

	for (int i = first; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			options->json = true;
		else
			words[count++] = text_from(argv[i]);
	}
	return count;
}

static int
print_help(const struct command_call *call)
{
	struct buffer out;

	buffer_init(&out, 65536);
	require(command_print_help(call == NULL ? NULL :
	    &command_table[call->id], &out) == 0);
	fwrite(buffer_text(&out).data, 1, buffer_len(&out), stdout);
	buffer_clear(&out);
	return COMMAND_OK;
}

int
main(int argc, char **argv)
{
	static struct command_call call;
	struct cli_options options = { 0 };
	struct reason why = { 0 };
	int first = read_options(argc, argv, &options);
	struct text *words = memory_array((size_t)argc, sizeof(*words));
	size_t count = collect_words(argc, argv, first, words, &options);
	int status;

	config_load_set_check(policy_test_check);
	log_set_process("postern");
	log_set_stderr(true);
	log_set_level(LOG_ERROR_LEVEL);
	clock_open();
	if (count == 0 || text_equal(words[0], TEXT("--help")) ||
	    text_equal(words[0], TEXT("-h")))
		status = print_help(NULL);
	else if (command_parse(words, count, &call, &why) != 0) {
		fprintf(stderr, "postern: %s\n", why.text);
		status = COMMAND_USAGE;
	} else if (call.help)
		status = print_help(&call);
	else if (command_table[call.id].local)
		status = cli_local_run(&options, &call);
	else
		status = cli_remote_run(&options, &call, words, count);
	free(words);
	return status;
}
