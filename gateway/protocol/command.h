/*
 * The command table: every command of the CLI once, with its arguments,
 * options and help.  From it come the parser, --help, the manual page and
 * shell completion; admin binds each to what it does (admin_command.c), the
 * CLI those that work without a gateway (cli_local.c).
 */
#ifndef GATEWAY_PROTOCOL_COMMAND_H
#define GATEWAY_PROTOCOL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

enum command_id {
	COMMAND_STATUS,
	COMMAND_QUEUE,
	COMMAND_MESSAGE,
	COMMAND_RETRY,
	COMMAND_HOLD,
	COMMAND_RELEASE,
	COMMAND_DELETE,
	COMMAND_ABORT,
	COMMAND_QUARANTINE_LIST,
	COMMAND_QUARANTINE_SHOW,
	COMMAND_QUARANTINE_RELEASE,
	COMMAND_QUARANTINE_DELETE,
	COMMAND_ENVELOPE_LIST,
	COMMAND_ENVELOPE_SHOW,
	COMMAND_ENVELOPE_LOCK,
	COMMAND_ENVELOPE_UNLOCK,
	COMMAND_ENVELOPE_EXPIRE,
	COMMAND_ENVELOPE_OPEN,
	COMMAND_KEY_SERVICE_MAKE_KEY,
	COMMAND_LEDGER_VERIFY,
	COMMAND_TRACE,
	COMMAND_POLICY_TEST,
	COMMAND_DICTIONARY_LIST,
	COMMAND_DICTIONARY_SHOW,
	COMMAND_DICTIONARY_IMPORT,
	COMMAND_DICTIONARY_EXPORT,
	COMMAND_DICTIONARY_TEST,
	COMMAND_CONFIG_CHECK,
	COMMAND_CONFIG_LOAD,
	COMMAND_CONFIG_SHOW,
	COMMAND_CONFIG_SCHEMA,
	COMMAND_FILTERS_LIST,
	COMMAND_FILTERS_DETAIL,
	COMMAND_FILTERS_NEW,
	COMMAND_FILTERS_DELETE,
	COMMAND_FILTERS_MOVE,
	COMMAND_FILTERS_SET,
	COMMAND_FILTERS_IMPORT,
	COMMAND_FILTERS_EXPORT,
	COMMAND_FILTERS_COVERAGE,
	COMMAND_FILTERS_USED,
	COMMAND_COMPLETION,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMANDS
};

enum command_option_id {
	OPTION_SENDER,
	OPTION_RECIPIENT,
	OPTION_DESTINATION,
	OPTION_HELD,
	OPTION_ENCRYPTION,
	OPTION_LIMIT,
	OPTION_ALL,
	OPTION_COUNT,
	OPTION_MANUAL,
	OPTION_SHARE,
	OPTION_OUTPUT,
	OPTION_CONFIG,
	OPTION_FROM,
	OPTION_TO,
	OPTION_CLIENT,
	OPTION_LISTENER,
	OPTION_HELO,
	OPTION_FACTS,
	OPTION_FILE,
	OPTION_LOAD,
	OPTIONS
};

struct command_option {
	const char *name;	/* "--sender" */
	const char *value;	/* "TEXT", NULL for a flag */
	const char *help;
};

extern const struct command_option command_options[OPTIONS];

struct command {
	const char *words;	/* "config check" */
	const char *arguments;	/* "[FILE]", for help */
	unsigned int least;	/* arguments */
	unsigned int most;
	unsigned int options;	/* set of 1 << enum command_option_id */
	bool local;		/* works without a running gateway */
	const char *summary;	/* one line */
	const char *detail;	/* sentences for help and the manual */
};

extern const struct command command_table[COMMANDS];

#define COMMAND_ARGUMENTS_MAX 1000

/* A command line, parsed; texts are borrowed from the words. */
struct command_call {
	enum command_id id;
	const struct text *arguments;
	size_t argument_count;
	bool given[OPTIONS];
	struct text values[OPTIONS];
	bool help;		/* --help or -h */
	struct text storage[COMMAND_ARGUMENTS_MAX];
};

/* The command that the first words name, or NULL. */
const struct command *command_find(const struct text *words, size_t count);

/*
 * Parse words (without the program's name and global options).
 * ERROR_MALFORMED with words on what was expected.
 */
int command_parse(const struct text *words, size_t count,
	struct command_call *out, struct reason *why) MUST_CHECK;

/* Help on one command, or the list of all for NULL. */
int command_print_help(const struct command *command, struct buffer *out)
	MUST_CHECK;
/* postern(1) in mdoc; completion for "bash" or "zsh" (ERROR_NOT_FOUND). */
int command_print_manual(struct buffer *out) MUST_CHECK;
int command_print_completion(struct text shell, struct buffer *out)
	MUST_CHECK;

/* Exit statuses of the CLI. */
enum command_status {
	COMMAND_OK = 0,
	COMMAND_FAILED = 1,	/* refused, not found, does not balance */
	COMMAND_USAGE = 2,
	COMMAND_UNREACHABLE = 3,	/* no gateway answers */
};

#endif
