/*
 * The schema as the manual page postern.yaml(5), in mdoc(7).
 */
#include "gateway/config/config_load.h"

#include "gateway/config/config_schema.h"
#include "gateway/config/config_type.h"

#define PATH_MAX_BYTES 512

struct config_manual {
	struct buffer *out;
	int error;
};

static const char opening[] =
	".Dd November 21, 2026\n"
	".Dt POSTERN.YAML 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm postern.yaml\n"
	".Nd configuration of the Postern mail gateway\n"
	".Sh DESCRIPTION\n"
	"One file holds the whole configuration.\n"
	"It is read, checked and made active by\n"
	".Ql postern config load ;\n"
	".Ql postern config check\n"
	"tells what is wrong with it without touching a running gateway.\n"
	"A file with any error is refused as a whole, and the gateway goes on\n"
	"with the configuration that it has.\n"
	".Pp\n"
	"The file is YAML in UTF-8, of at most 16 megabytes, one document.\n"
	"Anchors, aliases, tags, merge keys, keys that occur twice, and tabs\n"
	"in the indentation are refused.\n"
	"Values are typed by the setting alone, never by their look: quotes\n"
	"make no difference.\n"
	"Where a value is empty, it is written as\n"
	".Ql \\(dq\\(dq .\n"
	".Ss Values\n"
	".Bl -tag -width domain_pattern\n"
	".It boolean\n"
	".Cm true\n"
	"or\n"
	".Cm false ,\n"
	"nothing else.\n"
	".It number\n"
	"A whole number in decimal digits.\n"
	".It size\n"
	"A whole number with a unit,\n"
	".Cm B , KB , MB\n"
	"or\n"
	".Cm GB ,\n"
	"each 1024 times the one before, such as\n"
	".Ql 50 MB .\n"
	"Only 0 may stand without one.\n"
	".It duration\n"
	"A whole number with a unit,\n"
	".Cm ms , s , min , h\n"
	"or\n"
	".Cm d ,\n"
	"such as\n"
	".Ql 5 min .\n"
	"Only 0 may stand without one.\n"
	".It lines\n"
	"Text of several lines, best as a literal block, which begins with\n"
	".Ql | .\n"
	".It name\n"
	"Letters, digits,\n"
	".Sq -\n"
	"and\n"
	".Sq _ ,\n"
	"at most 64 of them.\n"
	".It network\n"
	"An IPv4 or IPv6 address, a network such as\n"
	".Ql 192.0.2.0/24\n"
	"without bits behind the prefix, or\n"
	".Cm all .\n"
	".It domain pattern\n"
	"A domain, a domain with a dot in front for all domains below it, or\n"
	".Cm all .\n"
	"Domains outside ASCII are written in their A-label form.\n"
	".It recipient pattern\n"
	"A domain pattern, a whole address, or\n"
	".Ql user@\n"
	"for that local part in every domain.\n"
	".It host\n"
	"A name or address, with or without a port behind a colon; IPv6\n"
	"addresses are in brackets, such as\n"
	".Ql [2001:db8::1]:25 .\n"
	".It resolver\n"
	"An address, with or without a port, such as\n"
	".Ql 192.0.2.53@5353 .\n"
	".It path\n"
	"A file or folder, relative to the folder of the configuration.\n"
	".El\n"
	".Pp\n"
	"Errors name file, line, column and the path of the setting; entries\n"
	"of lists are counted from 1, as in\n"
	".Ql sender_groups[2].addresses[1] .\n"
	".Ss When a change holds\n"
	"A\n"
	".Em live\n"
	"setting holds for the next session, message or attempt.\n"
	"A\n"
	".Em reload\n"
	"setting is taken over as soon as the new version is active, without\n"
	"dropping a session.\n"
	"A\n"
	".Em restart\n"
	"setting waits for the next start of the gateway.\n"
	".Sh SETTINGS\n";

static const char closing[] =
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa /etc/postern/postern.yaml\n"
	"The configuration, where no other file is named.\n"
	".El\n"
	".Sh EXAMPLES\n"
	"A gateway that takes mail for one domain from everybody, relays for\n"
	"its own network, and hands incoming mail to one server:\n"
	".Bd -literal -offset indent\n"
	"hostname: gateway.example.org\n"
	"listeners:\n"
	"  public:\n"
	"    address: 0.0.0.0\n"
	"    port: 25\n"
	"mail_flow_policies:\n"
	"  incoming: { action: accept }\n"
	"  outgoing: { action: relay }\n"
	"sender_groups:\n"
	"  - name: inside\n"
	"    addresses: [ 192.0.2.0/24 ]\n"
	"    mail_flow_policy: outgoing\n"
	"  - name: everybody\n"
	"    addresses: [ all ]\n"
	"    mail_flow_policy: incoming\n"
	"recipient_access:\n"
	"  - patterns: [ example.org ]\n"
	"    action: accept\n"
	"smtp_routes:\n"
	"  - domains: [ example.org ]\n"
	"    hosts: [ mail.example.org ]\n"
	".Ed\n"
	".Sh SEE ALSO\n"
	".Xr postern 1\n";

static void section_print(struct config_manual *manual,
	const struct config_section *section, struct text path);

static void put(struct config_manual *manual, const char *format, ...)
	PRINTF_LIKE(2, 3);

static void
put(struct config_manual *manual, const char *format, ...)
{
	va_list args;

	if (manual->error != 0)
		return;
	va_start(args, format);
	manual->error = buffer_vprintf(manual->out, format, args);
	va_end(args);
}

/* mdoc gives a meaning to words of punctuation and to backslashes. */
static void
put_literal(struct config_manual *manual, const char *words)
{
	for (; *words != '\0'; words++)
		put(manual, *words == '\\' ? "\\e" :
		    *words == '"' ? "\\(dq" : "%c", *words);
}

static void
range_print(struct config_manual *manual, const struct config_row *row)
{
	int rc = manual->error;

	if (row->kind != CONFIG_KIND_NUMBER && row->kind != CONFIG_KIND_SIZE &&
	    row->kind != CONFIG_KIND_DURATION)
		return;
	put(manual, ", ");
	if (rc == 0)
		rc = config_number_print(row, row->least, manual->out);
	put(manual, " to ");
	if (rc == 0)
		rc = config_number_print(row, row->most, manual->out);
	if (manual->error == 0)
		manual->error = rc;
}

static void
words_print(struct config_manual *manual, const struct config_row *row)
{
	const struct config_word *word;

	for (word = row->words; word->name != NULL; word++)
		put(manual, "%s%s", word == row->words ? "" : ", ",
		    word->name);
}

static void
type_print(struct config_manual *manual, const struct config_row *row)
{
	if (row->is_list)
		put(manual, "list of values: ");
	if (row->kind == CONFIG_KIND_ENUM)
		words_print(manual, row);
	else
		put(manual, "%s", config_kind_title(row->kind));
	range_print(manual, row);
	if (row->is_required)
		put(manual, "; required");
	else if (row->fallback != NULL && row->fallback[0] != '\0') {
		put(manual, "; default ");
		put_literal(manual, row->fallback);
	} else if (!config_kind_is_struct(row->kind)) {
		put(manual, "; default empty");
	}
}

static void
row_print(struct config_manual *manual, const struct config_row *row)
{
	static const char *const effects[CONFIG_EFFECT_COUNT] = {
		[CONFIG_EFFECT_LIVE] = "live",
		[CONFIG_EFFECT_RELOAD] = "reload",
		[CONFIG_EFFECT_RESTART] = "restart",
	};

	put(manual, ".It Cm %s\n", row->name);
	put_literal(manual, row->help);
	put(manual, "\n.br\nValue: ");
	type_print(manual, row);
	put(manual, ".\nEffect: %s.\n", effects[row->effect]);
}

/* The head of a section below: "listeners.NAME", "destinations[N]". */
static void
below_print(struct config_manual *manual, const struct config_row *row,
	struct text path)
{
	static const char *const ends[CONFIG_KIND_COUNT] = {
		[CONFIG_KIND_SECTION] = "",
		[CONFIG_KIND_MAP] = ".NAME",
		[CONFIG_KIND_SECTIONS] = "[N]",
	};
	struct buffer below;

	if (!config_kind_is_struct(row->kind))
		return;
	buffer_init(&below, PATH_MAX_BYTES);
	if (manual->error == 0)
		manual->error = buffer_printf(&below, "%.*s%s%s%s",
		    TEXT_ARG(path), text_is_empty(path) ? "" : ".",
		    row->name, ends[row->kind]);
	section_print(manual, row->section, buffer_text(&below));
	buffer_clear(&below);
}

static void
section_print(struct config_manual *manual,
	const struct config_section *section, struct text path)
{
	size_t i;

	put(manual, ".Ss %.*s\n", TEXT_ARG(text_is_empty(path) ?
	    TEXT("The top level") : path));
	put_literal(manual, section->help);
	put(manual, "\n.Bl -tag -width Ds\n");
	for (i = 0; i < section->count; i++)
		row_print(manual, &section->rows[i]);
	put(manual, ".El\n");
	for (i = 0; i < section->count; i++)
		below_print(manual, &section->rows[i], path);
}

int
config_schema_print_manual(struct buffer *out)
{
	struct config_manual manual = { .out = out };
	size_t before = buffer_len(out);

	put(&manual, "%s", opening);
	section_print(&manual, &config_schema, TEXT_EMPTY);
	put(&manual, "%s", closing);
	if (manual.error != 0)
		buffer_truncate(out, before);
	return manual.error;
}
