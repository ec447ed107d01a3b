/*
 * Faces of the command table: help, manual page, shell completion.
 */
#include "gateway/protocol/command.h"

#define OPTIONS_HELP_COLUMN 24

static int
print_options(const struct command *command, struct buffer *out)
{
	int r = 0;

	for (unsigned int i = 0; i < OPTIONS && r == 0; i++) {
		const struct command_option *option = &command_options[i];

		if ((command->options & (1u << i)) == 0)
			continue;
		r = buffer_printf(out, "  %s%s%-*s %s\n", option->name,
		    option->value == NULL ? "" : " ",
		    OPTIONS_HELP_COLUMN - (int)text_from(option->name).len,
		    option->value == NULL ? "" : option->value,
		    option->help);
	}
	return r;
}

static int
print_one(const struct command *command, struct buffer *out)
{
	int r;

	r = buffer_printf(out, "postern %s%s%s%s\n    %s\n\n%s\n",
	    command->words, command->arguments[0] == '\0' ? "" : " ",
	    command->arguments, command->options == 0 ? "" : " [OPTIONS]",
	    command->summary, command->detail);
	if (r == 0 && command->options != 0)
		r = buffer_printf(out, "\n");
	if (r == 0)
		r = print_options(command, out);
	return r;
}

int
command_print_help(const struct command *command, struct buffer *out)
{
	int r;

	if (command != NULL)
		return print_one(command, out);
	r = buffer_printf(out, "usage: postern [--json] [--socket PATH] "
	    "COMMAND [ARGUMENTS]\n\n");
	for (unsigned int i = 0; i < COMMANDS && r == 0; i++)
		r = buffer_printf(out, "  %-21s %s\n", command_table[i].words,
		    command_table[i].summary);
	if (r == 0)
		r = buffer_printf(out, "\n--json prints JSON for programs. "
		    "\"postern help COMMAND\" explains one.\n"
		    "Exit status: 0 done, 1 refused or not found, 2 usage, "
		    "3 no gateway answers.\n");
	return r;
}

/* mdoc wants each sentence on a line of its own. */
static int
print_sentences(const char *words, struct buffer *out)
{
	struct text rest = text_from(words);
	size_t end = text_find(rest, TEXT(". "));
	int r = 0;

	while (r == 0 && end < rest.len) {
		r = buffer_printf(out, "%.*s.\n",
		    TEXT_ARG(text_slice(rest, 0, end)));
		rest = text_skip(rest, end + 2);
		end = text_find(rest, TEXT(". "));
	}
	return r == 0 ? buffer_printf(out, "%.*s\n", TEXT_ARG(rest)) : r;
}

static int
print_manual_command(const struct command *command, struct buffer *out)
{
	int r = buffer_printf(out, ".It Ic %s %s\n", command->words,
	    command->arguments);

	if (r == 0)
		r = print_sentences(command->detail, out);
	if (r == 0 && command->options != 0)
		r = buffer_printf(out, ".Bl -tag -width Ds -compact\n");
	for (unsigned int i = 0; i < OPTIONS && r == 0; i++) {
		const struct command_option *option = &command_options[i];

		if ((command->options & (1u << i)) != 0)
			r = buffer_printf(out, ".It Fl \\-%s %s%s\n%s\n",
			    option->name + 2, option->value == NULL ? "" :
			    "Ar ", option->value == NULL ? "" :
			    option->value, option->help);
	}
	if (r == 0 && command->options != 0)
		r = buffer_printf(out, ".El\n");
	return r;
}

int
command_print_manual(struct buffer *out)
{
	int r = buffer_printf(out, ".Dd $Mdocdate$\n.Dt POSTERN 1\n.Os\n"
	    ".Sh NAME\n.Nm postern\n.Nd administer a Postern mail gateway\n"
	    ".Sh SYNOPSIS\n.Nm\n.Op Fl \\-json\n.Op Fl \\-socket Ar path\n"
	    ".Ar command\n.Op Ar arguments\n.Sh DESCRIPTION\nSends a command "
	    "to the running gateway over its control socket and prints the "
	    "answer.\n.Bl -tag -width Ds\n.It Fl \\-json\nPrint JSON.\n"
	    ".It Fl \\-socket Ar path\nThe control socket; by default the\n"
	    ".Ev POSTERN_SOCKET\nof the environment, then\n"
	    ".Pa /run/postern/control .\n.El\n.Sh COMMANDS\n"
	    ".Bl -tag -width Ds\n");

	for (unsigned int i = 0; i < COMMANDS && r == 0; i++)
		r = print_manual_command(&command_table[i], out);
	if (r == 0)
		r = buffer_printf(out, ".El\n.Sh EXIT STATUS\n0 when done, 1 "
		    "when refused or not found, 2 on wrong usage, 3 when no "
		    "gateway answers.\n.Sh SEE ALSO\n.Xr postern.yaml 5 ,\n"
		    ".Xr postern-supervisor 8\n");
	return r;
}

static int
print_option_names(const struct command *command, struct buffer *out)
{
	int r = 0;

	for (unsigned int i = 0; i < OPTIONS && r == 0; i++)
		if ((command->options & (1u << i)) != 0)
			r = buffer_printf(out, "%s ",
			    command_options[i].name);
	return r;
}

/* "FILE" or "[FILE]" */
static bool
takes_file(const struct command *command)
{
	struct text arguments = text_from(command->arguments);
	size_t at = text_find(arguments, TEXT("FILE"));

	return at <= 1 && at < arguments.len;
}

/* One case per command: what may follow its words. */
static int
print_cases(struct buffer *out)
{
	int r = 0;

	for (unsigned int i = 0; i < COMMANDS && r == 0; i++) {
		r = buffer_printf(out, "\t\"%s \"*) words=\"",
		    command_table[i].words);
		if (r == 0)
			r = print_option_names(&command_table[i], out);
		if (r == 0)
			r = buffer_printf(out, "--help\"; files=%d ;;\n",
			    takes_file(&command_table[i]));
	}
	return r;
}

static int
print_words(struct buffer *out)
{
	struct text last = TEXT_EMPTY;
	int r = buffer_printf(out, "\t*) words=\"--json --socket ");

	for (unsigned int i = 0; i < COMMANDS && r == 0; i++) {
		struct text rest = text_from(command_table[i].words);

		while (r == 0 && text_split(&rest, ' ', &last))
			r = buffer_printf(out, "%.*s ", TEXT_ARG(last));
	}
	return r == 0 ? buffer_printf(out, "\" ;;\n") : r;
}

int
command_print_completion(struct text shell, struct buffer *out)
{
	int r = 0;

	if (!text_equal(shell, TEXT("bash")) &&
	    !text_equal(shell, TEXT("zsh")))
		return ERROR_NOT_FOUND;
	if (text_equal(shell, TEXT("zsh")))
		r = buffer_printf(out,
		    "autoload -U +X bashcompinit && bashcompinit\n");
	if (r == 0)
		r = buffer_printf(out, "_postern() {\n"
		    "\tlocal line words files=0 current\n"
		    "\tcurrent=${COMP_WORDS[COMP_CWORD]}\n"
		    "\tline=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
		    "\tline=${line#--json }\n"
		    "\tcase \"$line\" in\n");
	if (r == 0)
		r = print_cases(out);
	if (r == 0)
		r = print_words(out);
	if (r == 0)
		r = buffer_printf(out, "\tesac\n"
		    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
		    "\tif [ $files = 1 ]; then\n"
		    "\t\tCOMPREPLY+=($(compgen -f -- \"$current\"))\n"
		    "\tfi\n"
		    "}\ncomplete -F _postern postern\n");
	return r;
}
