/*
 * The command table and its parser.
 */
#include "gateway/protocol/command.h"

#include <string.h>

#define OF(option) (1u << OPTION_##option)
#define CHANGE (OF(CONFIG) | OF(LOAD))
#define FILTERS (OF(SENDER) | OF(RECIPIENT) | OF(DESTINATION))

const struct command_option command_options[OPTIONS] = {
	[OPTION_SENDER] = { "--sender", "TEXT",
	    "only messages whose sender contains TEXT" },
	[OPTION_RECIPIENT] = { "--recipient", "TEXT",
	    "only messages with a waiting recipient that contains TEXT" },
	[OPTION_DESTINATION] = { "--destination", "TEXT",
	    "only messages for a destination that contains TEXT" },
	[OPTION_HELD] = { "--held", NULL, "only held messages" },
	[OPTION_ENCRYPTION] = { "--encryption", NULL,
	    "only the encryption queue: messages that wait to be enveloped" },
	[OPTION_LIMIT] = { "--limit", "N",
	    "at most N of them (default 1000, 0 for all)" },
	[OPTION_ALL] = { "--all", NULL, "every message in the queue" },
	[OPTION_COUNT] = { "--count", NULL,
	    "print only how many messages and recipients there are" },
	[OPTION_MANUAL] = { "--manual", NULL,
	    "print the manual page postern.yaml(5) instead" },
	[OPTION_SHARE] = { "--share", "HEX",
	    "the key service's share of the key, 64 hexadecimal digits" },
	[OPTION_OUTPUT] = { "--output", "FILE",
	    "write to a new FILE instead of the terminal" },
	[OPTION_CONFIG] = { "--config", "FILE",
	    "use the configuration in FILE" },
	[OPTION_FROM] = { "--from", "ADDRESS",
	    "the envelope sender (default: that of the From field)" },
	[OPTION_TO] = { "--to", "LIST",
	    "the envelope recipients, with commas between them (default: "
	    "those of To and Cc)" },
	[OPTION_CLIENT] = { "--client", "ADDRESS",
	    "the client's IP address (default 127.0.0.1)" },
	[OPTION_LISTENER] = { "--listener", "NAME",
	    "the listener that it comes to (default: the first)" },
	[OPTION_HELO] = { "--helo", "NAME",
	    "what the client calls itself" },
	[OPTION_FACTS] = { "--facts", "FILE",
	    "what lists and directories have answered, a line each" },
	[OPTION_FILE] = { "--file", "FILE",
	    "read from FILE instead of standard input" },
	[OPTION_LOAD] = { "--load", NULL,
	    "make the change active, as \"postern config load\" does" },
};

const struct command command_table[COMMANDS] = {
	[COMMAND_STATUS] = {
		.words = "status",
		.arguments = "",
		.summary = "show the processes and what they count",
		.detail = "Shows the configuration version, how long the "
		    "gateway has been up, each process with its state, pid "
		    "and restarts, and the counters it reports every two "
		    "seconds.",
	},
	[COMMAND_QUEUE] = {
		.words = "queue",
		.arguments = "",
		.options = FILTERS | OF(HELD) | OF(ENCRYPTION) | OF(LIMIT) |
		    OF(COUNT),
		.summary = "list the messages that wait in the queue",
		.detail = "One line a message, by MID: MID, state, age, "
		    "size, sender, waiting recipients, attempts, next try and "
		    "the last reason. With --encryption the encryption "
		    "profile stands in place of state and size.",
	},
	[COMMAND_MESSAGE] = {
		.words = "message",
		.arguments = "MID",
		.least = 1,
		.most = 1,
		.summary = "tell the story of one message",
		.detail = "Shows where the message is now, recipient by "
		    "recipient, the protection that it needs, the quarantine "
		    "that it lies in, the mail policy, next hop and bounce "
		    "profile of its disposition, the messages that it comes "
		    "from and that came from it, and "
		    "every line of the event log about it (kept for "
		    "retention.event_log, 7 days by default).",
	},
	[COMMAND_RETRY] = {
		.words = "retry",
		.arguments = "[MID ...]",
		.most = COMMAND_ARGUMENTS_MAX,
		.options = FILTERS | OF(ALL),
		.summary = "try messages again now",
		.detail = "Makes the named messages, those that the filters "
		    "match, or with --all every deferred message due at once, "
		    "and forgets that their destination did not answer.",
	},
	[COMMAND_HOLD] = {
		.words = "hold",
		.arguments = "[MID ...]",
		.most = COMMAND_ARGUMENTS_MAX,
		.options = FILTERS | OF(ALL),
		.summary = "keep messages back until they are released",
		.detail = "Held messages are not tried and do not expire. A "
		    "transaction that is under way is finished first.",
	},
	[COMMAND_RELEASE] = {
		.words = "release",
		.arguments = "[MID ...]",
		.most = COMMAND_ARGUMENTS_MAX,
		.options = FILTERS | OF(ALL),
		.summary = "let held messages go on",
		.detail = "Also for messages that were set aside after two "
		    "crashes: the count starts anew.",
	},
	[COMMAND_DELETE] = {
		.words = "delete",
		.arguments = "[MID ...]",
		.most = COMMAND_ARGUMENTS_MAX,
		.options = FILTERS | OF(ALL),
		.summary = "remove messages from the queue",
		.detail = "The sender is not told. The ledger counts their "
		    "recipients as deleted.",
	},
	[COMMAND_ABORT] = {
		.words = "abort",
		.arguments = "MID ...",
		.least = 1,
		.most = COMMAND_ARGUMENTS_MAX,
		.summary = "give messages up and tell their senders",
		.detail = "For messages of the encryption queue and others "
		    "that wait: what has not been delivered fails at once, as "
		    "it would at the end of its time. Nothing leaves "
		    "unprotected.",
	},
	[COMMAND_QUARANTINE_LIST] = {
		.words = "quarantine list",
		.arguments = "[NAME]",
		.most = 1,
		.options = FILTERS | OF(LIMIT) | OF(COUNT),
		.summary = "list the messages in quarantine",
		.detail = "Those in the quarantine NAME, or in any.",
	},
	[COMMAND_QUARANTINE_SHOW] = {
		.words = "quarantine show",
		.arguments = "MID",
		.least = 1,
		.most = 1,
		.summary = "tell the story of a message in quarantine",
		.detail = "As \"postern message\" does; exit status 1 for a "
		    "message that lies in none.",
	},
	[COMMAND_QUARANTINE_RELEASE] = {
		.words = "quarantine release",
		.arguments = "MID ...",
		.least = 1,
		.most = COMMAND_ARGUMENTS_MAX,
		.summary = "let messages out of quarantine",
		.detail = "They go on as they were judged: what must be "
		    "protected still is. Messages that lie in no quarantine "
		    "are left alone.",
	},
	[COMMAND_QUARANTINE_DELETE] = {
		.words = "quarantine delete",
		.arguments = "MID ...",
		.least = 1,
		.most = COMMAND_ARGUMENTS_MAX,
		.summary = "remove messages that lie in quarantine",
		.detail = "The sender is not told. Messages that lie in no "
		    "quarantine are left alone.",
	},
	[COMMAND_ENVELOPE_LIST] = {
		.words = "envelope list",
		.arguments = "",
		.options = OF(LIMIT),
		.summary = "list the envelopes of the key service",
		.detail = "Newest first, at most 1000: reference, MID, age, "
		    "when it expires, whether it is locked, how many of its "
		    "readers have opened it, sender and first reader.",
	},
	[COMMAND_ENVELOPE_SHOW] = {
		.words = "envelope show",
		.arguments = "KEY",
		.least = 1,
		.most = 1,
		.summary = "show one envelope and who opened it",
		.detail = "KEY is the reference that people see, such as "
		    "K7QD-24MF, or the identity of 32 hexadecimal digits. "
		    "Neither the key nor the message is shown.",
	},
	[COMMAND_ENVELOPE_LOCK] = {
		.words = "envelope lock",
		.arguments = "KEY",
		.least = 1,
		.most = 1,
		.summary = "keep an envelope from being opened",
		.detail = "From now on the key service releases its key to "
		    "nobody. What somebody has opened and kept stays open.",
	},
	[COMMAND_ENVELOPE_UNLOCK] = {
		.words = "envelope unlock",
		.arguments = "KEY",
		.least = 1,
		.most = 1,
		.summary = "let a locked envelope be opened again",
		.detail = "Undoes \"postern envelope lock\".",
	},
	[COMMAND_ENVELOPE_EXPIRE] = {
		.words = "envelope expire",
		.arguments = "KEY TIME",
		.least = 2,
		.most = 2,
		.summary = "change when an envelope stops opening",
		.detail = "TIME is a day such as 2026-12-31 (its first moment, "
		    "UTC), a time such as 2026-12-31T18:00:00Z, \"now\" or "
		    "\"never\".",
	},
	[COMMAND_ENVELOPE_OPEN] = {
		.words = "envelope open",
		.arguments = "FILE",
		.least = 1,
		.most = 1,
		.options = OF(SHARE) | OF(OUTPUT),
		.local = true,
		.summary = "open an envelope's file with both halves of its key",
		.detail = "FILE is the securedoc.html of a mail, \"-\" for "
		    "standard input. With --share the message inside is "
		    "written byte for byte; without it only what the envelope "
		    "says about itself in clear. A share on the command line "
		    "is seen by other users of the machine: with \"--share -\" "
		    "it is read from standard input.",
	},
	[COMMAND_KEY_SERVICE_MAKE_KEY] = {
		.words = "key-service make-key",
		.arguments = "FILE",
		.least = 1,
		.most = 1,
		.local = true,
		.summary = "make a master key for the key service",
		.detail = "Writes 32 random bytes as hexadecimal digits to a "
		    "new file that only its owner can read. Never overwrites. "
		    "Keep a copy at another place: without the master key no "
		    "envelope can be opened any more.",
	},
	[COMMAND_LEDGER_VERIFY] = {
		.words = "ledger verify",
		.arguments = "",
		.summary = "check that every recipient is accounted for",
		.detail = "accepted + generated = delivered + failed + "
		    "dropped + deleted + expired + live, counted in "
		    "recipients, and the live ones counted again one by one "
		    "in memory and in the index. Exit status 1 when it does "
		    "not balance.",
	},
	[COMMAND_TRACE] = {
		.words = "trace",
		.arguments = "FILE",
		.least = 1,
		.most = 1,
		.options = OF(CONFIG) | OF(FROM) | OF(TO) | OF(CLIENT) |
		    OF(LISTENER) | OF(HELO) | OF(FACTS),
		.local = true,
		.summary = "try a message through the policy, changing "
		    "nothing",
		.detail = "FILE is a message with its header, \"-\" for "
		    "standard input. It goes through the running "
		    "configuration, or with --config through that of a file: "
		    "sender group and mail flow policy, recipients, message "
		    "filters, mail policies, content filters, with each rule's "
		    "value, what it found and the time it took, then what "
		    "would become of the message. Nothing is sent or kept. "
		    "Facts that the policy needs (DNS lists, groups of a "
		    "directory) are named where they are missing; give them "
		    "in a file with --facts.",
	},
	[COMMAND_POLICY_TEST] = {
		.words = "policy test",
		.arguments = "[CASES]",
		.most = 1,
		.options = OF(CONFIG),
		.local = true,
		.summary = "run your own tests of the policy",
		.detail = "CASES is a file of cases "
		    "(postern-policy-tests(5)); by default the one that "
		    "management.policy_tests names, which is also run "
		    "whenever a configuration is loaded. Without --config the "
		    "configuration is /etc/postern/postern.yaml. Exit status "
		    "1 when a case fails.",
	},
	[COMMAND_DICTIONARY_LIST] = {
		.words = "dictionary list",
		.arguments = "",
		.options = OF(CONFIG),
		.local = true,
		.summary = "list the dictionaries of a configuration",
		.detail = "Name, number of terms, whether case counts and "
		    "only whole words are found, description. Reads the "
		    "files; the running gateway is not asked.",
	},
	[COMMAND_DICTIONARY_SHOW] = {
		.words = "dictionary show",
		.arguments = "NAME",
		.least = 1,
		.most = 1,
		.options = OF(CONFIG),
		.local = true,
		.summary = "show a dictionary and its terms",
		.detail = "Its settings, then a term on each line, with its "
		    "weight where that is not 1.",
	},
	[COMMAND_DICTIONARY_IMPORT] = {
		.words = "dictionary import",
		.arguments = "NAME FILE",
		.least = 2,
		.most = 2,
		.options = OF(CONFIG),
		.local = true,
		.summary = "replace the terms of a dictionary",
		.detail = "Checks FILE (\"-\" for standard input), a term on "
		    "each line as postern-filters(5) describes them, and "
		    "writes it over the file that the dictionary names, all "
		    "or nothing. \"postern config load\" makes it active.",
	},
	[COMMAND_DICTIONARY_EXPORT] = {
		.words = "dictionary export",
		.arguments = "NAME [FILE]",
		.least = 1,
		.most = 2,
		.options = OF(CONFIG),
		.local = true,
		.summary = "write the terms of a dictionary",
		.detail = "To a new FILE or the terminal, in the form that "
		    "\"postern dictionary import\" reads, without comments.",
	},
	[COMMAND_DICTIONARY_TEST] = {
		.words = "dictionary test",
		.arguments = "NAME FILE",
		.least = 2,
		.most = 2,
		.options = OF(CONFIG),
		.local = true,
		.summary = "score a file by a dictionary",
		.detail = "FILE (\"-\" for standard input) is text in UTF-8, "
		    "or a message, of which the text of body and attachments "
		    "is scored. Shows the score, a match, and how often each "
		    "term was found.",
	},
	[COMMAND_CONFIG_CHECK] = {
		.words = "config check",
		.arguments = "[FILE]",
		.most = 1,
		.local = true,
		.summary = "check a configuration file",
		.detail = "Reads the file (default "
		    "/etc/postern/postern.yaml) whole and prints every "
		    "mistake with file, line, column, path and what was "
		    "expected. Needs no running gateway and changes nothing.",
	},
	[COMMAND_CONFIG_LOAD] = {
		.words = "config load",
		.arguments = "[FILE]",
		.most = 1,
		.summary = "make a configuration the running one",
		.detail = "Loads FILE, or the file the gateway was started "
		    "with again. Every process checks it before any uses it; "
		    "on a refusal the gateway goes on with what it had. No "
		    "session is dropped.",
	},
	[COMMAND_CONFIG_SHOW] = {
		.words = "config show",
		.arguments = "[PATH]",
		.most = 1,
		.summary = "print the running configuration",
		.detail = "As YAML with every default filled in, or one part "
		    "of it such as limits.message_size.",
	},
	[COMMAND_CONFIG_SCHEMA] = {
		.words = "config schema",
		.arguments = "",
		.options = OF(MANUAL),
		.local = true,
		.summary = "print the JSON Schema of the configuration",
		.detail = "JSON Schema 2020-12, made from the same table that "
		    "reads the file.",
	},
	[COMMAND_FILTERS_LIST] = {
		.words = "filters list",
		.arguments = "[WHICH]",
		.most = 1,
		.options = OF(CONFIG),
		.local = true,
		.summary = "list the message filters",
		.detail = "Number, whether it is active, whether all that it "
		    "names is there, and name, from the file that "
		    "message_filters of the configuration names. WHICH is a "
		    "number, a range such as 2-5, a name, or all.",
	},
	[COMMAND_FILTERS_DETAIL] = {
		.words = "filters detail",
		.arguments = "[WHICH]",
		.most = 1,
		.options = OF(CONFIG),
		.local = true,
		.summary = "show message filters as they are written",
		.detail = "With the comment lines right above each.",
	},
	[COMMAND_FILTERS_NEW] = {
		.words = "filters new",
		.arguments = "[WHERE]",
		.most = 1,
		.options = CHANGE | OF(FILE),
		.local = true,
		.summary = "add message filters",
		.detail = "Reads one or more from standard input, in the "
		    "language of postern-filters(5). WHERE is the number that "
		    "the first of them gets, the name of the filter in front "
		    "of which they come, or last, which is meant without it. "
		    "As every change it is checked with the whole "
		    "configuration first, and the file is replaced at once or "
		    "not at all. It is active from the next \"postern config "
		    "load\" on; with --load that is done too, and its answer "
		    "is what --json prints.",
	},
	[COMMAND_FILTERS_DELETE] = {
		.words = "filters delete",
		.arguments = "WHICH",
		.least = 1,
		.most = 1,
		.options = CHANGE,
		.local = true,
		.summary = "remove message filters",
		.detail = "With the comment lines right above each; comments "
		    "that a blank line parts from a filter stay.",
	},
	[COMMAND_FILTERS_MOVE] = {
		.words = "filters move",
		.arguments = "WHICH WHERE",
		.least = 2,
		.most = 2,
		.options = CHANGE,
		.local = true,
		.summary = "change the order of message filters",
		.detail = "A range keeps its order. WHERE is the number that "
		    "the first of them has afterwards, the name of the filter "
		    "in front of which they come, or last.",
	},
	[COMMAND_FILTERS_SET] = {
		.words = "filters set",
		.arguments = "WHICH active|inactive",
		.least = 2,
		.most = 2,
		.options = CHANGE,
		.local = true,
		.summary = "switch message filters on or off",
		.detail = "An inactive filter is checked, and never asked.",
	},
	[COMMAND_FILTERS_IMPORT] = {
		.words = "filters import",
		.arguments = "FILE",
		.least = 1,
		.most = 1,
		.options = CHANGE,
		.local = true,
		.summary = "replace all message filters by those of a file",
		.detail = "\"-\" is standard input. What is not good as a "
		    "whole changes nothing.",
	},
	[COMMAND_FILTERS_EXPORT] = {
		.words = "filters export",
		.arguments = "[FILE]",
		.most = 1,
		.options = OF(CONFIG),
		.local = true,
		.summary = "write all message filters to a file",
		.detail = "Byte for byte, to a new FILE or the terminal.",
	},
	[COMMAND_FILTERS_COVERAGE] = {
		.words = "filters coverage",
		.arguments = "",
		.local = true,
		.summary = "list the rules and actions of the filter language",
		.detail = "Where each may stand, or what it needs that this "
		    "gateway does not have yet.",
	},
	[COMMAND_FILTERS_USED] = {
		.words = "filters used",
		.arguments = "",
		.options = OF(CONFIG),
		.local = true,
		.summary = "list content filters and the policies that use them",
		.detail = "Direction, name, whether it is active, and the "
		    "mail policies that apply it.",
	},
	[COMMAND_COMPLETION] = {
		.words = "completion",
		.arguments = "bash|zsh",
		.least = 1,
		.most = 1,
		.local = true,
		.summary = "print shell completion",
		.detail = "For bash: postern completion bash > "
		    "/etc/bash_completion.d/postern",
	},
	[COMMAND_HELP] = {
		.words = "help",
		.arguments = "[COMMAND ...]",
		.most = 4,
		.options = OF(MANUAL),
		.local = true,
		.summary = "explain a command",
		.detail = "With --manual, prints the manual page postern(1) "
		    "instead.",
	},
	[COMMAND_VERSION] = {
		.words = "version",
		.arguments = "",
		.local = true,
		.summary = "print the version",
		.detail = "Version and build of this program.",
	},
};

/* How many of the words name this command; 0 where they do not. */
static size_t
words_match(const char *command, const struct text *words, size_t count)
{
	struct text rest = text_from(command), part;
	size_t matched = 0;

	while (text_split(&rest, ' ', &part)) {
		if (matched == count || !text_equal(part, words[matched]))
			return 0;
		matched++;
	}
	return matched;
}

static int
find_command(const struct text *words, size_t count, size_t *used,
    enum command_id *id)
{
	size_t best = 0;

	for (unsigned int i = 0; i < COMMANDS; i++) {
		size_t n = words_match(command_table[i].words, words, count);

		if (n > best) {
			best = n;
			*id = (enum command_id)i;
		}
	}
	*used = best;
	return best == 0 ? ERROR_NOT_FOUND : 0;
}

const struct command *
command_find(const struct text *words, size_t count)
{
	enum command_id id;
	size_t used;

	if (find_command(words, count, &used, &id) != 0)
		return NULL;
	return &command_table[id];
}

/* "--name value" or "--name=value"; at moves behind what was used. */
static int
parse_option(const struct text *words, size_t count, size_t *at,
    struct command_call *call, struct reason *why)
{
	struct text word = words[(*at)++];
	size_t equals = text_find_byte(word, '=');
	struct text name = text_slice(word, 0, equals);

	for (unsigned int i = 0; i < OPTIONS; i++) {
		const struct command_option *option = &command_options[i];

		if (!text_equal(name, text_from(option->name)) ||
		    (command_table[call->id].options & (1u << i)) == 0)
			continue;
		call->given[i] = true;
		if (option->value == NULL && equals == word.len)
			return 0;
		if (option->value != NULL && equals < word.len)
			call->values[i] = text_skip(word, equals + 1);
		else if (option->value != NULL && *at < count)
			call->values[i] = words[(*at)++];
		else
			break;
		return 0;
	}
	reason_set(why, "\"%s\" does not take %.*s; see \"postern help %s\"",
	    command_table[call->id].words, TEXT_ARG(word),
	    command_table[call->id].words);
	return ERROR_MALFORMED;
}

static bool
is_help(struct text word)
{
	return text_equal(word, TEXT("--help")) ||
	    text_equal(word, TEXT("-h"));
}

static int
check_count(const struct command_call *call, struct reason *why)
{
	const struct command *command = &command_table[call->id];

	if (call->help || (call->argument_count >= command->least &&
	    call->argument_count <= command->most))
		return 0;
	reason_set(why, "usage: postern %s %s", command->words,
	    command->arguments);
	return ERROR_MALFORMED;
}

int
command_parse(const struct text *words, size_t count,
    struct command_call *out, struct reason *why)
{
	size_t at;
	int r;

	memset(out, 0, sizeof(*out));
	if (count == 0 || find_command(words, count, &at, &out->id) != 0) {
		reason_set(why, count == 0 ? "a command is missing%.*s; see "
		    "\"postern help\"" : "there is no command \"%.*s\"; see "
		    "\"postern help\"", TEXT_ARG(count == 0 ? TEXT_EMPTY :
		    words[0]));
		return ERROR_MALFORMED;
	}
	while (at < count) {
		if (is_help(words[at])) {
			out->help = true;
			at++;
		} else if (text_starts(words[at], TEXT("--"))) {
			r = parse_option(words, count, &at, out, why);
			if (r != 0)
				return r;
		} else if (out->argument_count == COMMAND_ARGUMENTS_MAX) {
			reason_set(why, "too many arguments");
			return ERROR_LIMIT;
		} else
			out->storage[out->argument_count++] = words[at++];
	}
	out->arguments = out->storage;
	return check_count(out, why);
}
