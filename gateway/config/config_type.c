/*
 * The type table, and access to the members that rows describe.
 */
#include "gateway/config/config_type.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/config/config_syntax.h"
#include "gateway/config/config_unit.h"

#define QUOTE_MAX 60

typedef int number_parse(const struct config_row *row, struct text in,
	uint64_t *out);
typedef int number_print(const struct config_row *row, uint64_t number,
	struct buffer *out);

struct config_type {
	const char *title;
	const char *expected;		/* of texts */
	const char *pattern;
	size_t max;			/* bytes, of texts */
	bool (*is_valid)(struct text);	/* of texts */
	number_parse *parse;		/* of numbers */
	number_print *print;
};

static int
boolean_parse(const struct config_row *row, struct text in, uint64_t *out)
{
	(void)row;
	*out = text_equal(in, TEXT("true"));
	return *out || text_equal(in, TEXT("false")) ? 0 : ERROR_MALFORMED;
}

static int
boolean_print(const struct config_row *row, uint64_t number,
	struct buffer *out)
{
	(void)row;
	return buffer_printf(out, "%s", number ? "true" : "false");
}

static int
whole_parse(const struct config_row *row, struct text in, uint64_t *out)
{
	(void)row;
	return config_whole_parse(in, out);
}

static int
whole_print(const struct config_row *row, uint64_t number, struct buffer *out)
{
	(void)row;
	return buffer_printf(out, "%" PRIu64, number);
}

static int
size_parse(const struct config_row *row, struct text in, uint64_t *out)
{
	(void)row;
	return config_unit_parse(config_size_units, in, out);
}

static int
size_print(const struct config_row *row, uint64_t number, struct buffer *out)
{
	(void)row;
	return config_unit_print(config_size_units, number, out);
}

static int
duration_parse(const struct config_row *row, struct text in, uint64_t *out)
{
	(void)row;
	return config_unit_parse(config_duration_units, in, out);
}

static int
duration_print(const struct config_row *row, uint64_t number,
	struct buffer *out)
{
	(void)row;
	return config_unit_print(config_duration_units, number, out);
}

static int
enum_parse(const struct config_row *row, struct text in, uint64_t *out)
{
	const struct config_word *word;

	for (word = row->words; word->name != NULL; word++)
		if (text_equal(text_from(word->name), in)) {
			*out = word->value;
			return 0;
		}
	return ERROR_MALFORMED;
}

static int
enum_print(const struct config_row *row, uint64_t number, struct buffer *out)
{
	const struct config_word *word;

	for (word = row->words; word->name != NULL; word++)
		if (word->value == number)
			return buffer_printf(out, "%s", word->name);
	return ERROR_NOT_FOUND;
}

#define SIZE_PATTERN "^(0|[1-9][0-9]* ?(B|KB|MB|GB))$"
#define DURATION_PATTERN "^(0|[1-9][0-9]* ?(ms|s|min|h|d))$"
#define NAME_PATTERN "^[A-Za-z0-9][A-Za-z0-9_-]*$"

static const struct config_type types[CONFIG_KIND_COUNT] = {
	[CONFIG_KIND_TEXT] = { "text", "one line of printable ASCII",
	    "^[ -~]*$", CONFIG_TEXT_MAX, .is_valid = config_text_is_ascii },
	[CONFIG_KIND_LINE] = { "line", "one line of text", NULL,
	    CONFIG_LINE_MAX, .is_valid = config_text_is_printable },
	[CONFIG_KIND_LINES] = { "lines", "text in UTF-8", NULL,
	    CONFIG_LINES_MAX, .is_valid = config_text_is_lines },
	[CONFIG_KIND_NAME] = { "name",
	    "a name of letters, digits, \"-\" and \"_\"", NAME_PATTERN,
	    CONFIG_NAME_MAX, .is_valid = config_name_is_valid },
	[CONFIG_KIND_USER] = { "user name",
	    "the name of a user (small letters, digits, \"-\" and \"_\") or "
	    "a number", "^([a-z_][a-z0-9_-]*|0|[1-9][0-9]*)$",
	    CONFIG_USER_MAX, .is_valid = config_user_is_valid },
	[CONFIG_KIND_HOSTNAME] = { "host name",
	    "a fully qualified host name, such as mail.example.org", NULL,
	    CONFIG_DOMAIN_MAX, .is_valid = config_hostname_is_valid },
	[CONFIG_KIND_DOMAIN] = { "domain name",
	    "a domain name, such as example.org", NULL, CONFIG_DOMAIN_MAX,
	    .is_valid = config_domain_is_valid },
	[CONFIG_KIND_ADDRESS] = { "IP address", "an IPv4 or IPv6 address",
	    NULL, CONFIG_ADDRESS_MAX, .is_valid = config_address_is_valid },
	[CONFIG_KIND_NETWORK] = { "network",
	    "an IP address, a network such as 192.0.2.0/24, or all", NULL,
	    CONFIG_ADDRESS_MAX, .is_valid = config_address_range_is_valid },
	[CONFIG_KIND_RESOLVER] = { "resolver",
	    "an IP address, or address@port", NULL, CONFIG_ADDRESS_MAX,
	    .is_valid = config_resolver_is_valid },
	[CONFIG_KIND_DOMAIN_PATTERN] = { "domain pattern",
	    "a domain, .domain for all below it, or all", NULL,
	    CONFIG_DOMAIN_MAX, .is_valid = config_domain_pattern_is_valid },
	[CONFIG_KIND_MAIL_PATTERN] = { "recipient pattern",
	    "user@domain, user@, domain, .domain, or all", NULL,
	    CONFIG_MAIL_MAX, .is_valid = config_mail_pattern_is_valid },
	[CONFIG_KIND_PARTY_PATTERN] = { "sender or recipient pattern",
	    "user@domain, user@, @domain, domain, .domain, or all", NULL,
	    CONFIG_MAIL_MAX, .is_valid = config_party_pattern_is_valid },
	[CONFIG_KIND_HOST_PORT] = { "host",
	    "a host, host:port, or [IPv6]:port", NULL,
	    CONFIG_DOMAIN_MAX + 8, .is_valid = config_host_port_is_valid },
	[CONFIG_KIND_URL] = { "URL",
	    "an address such as https://msg.example.com, without a path",
	    "^https://[^/?#]+$", CONFIG_URL_MAX,
	    .is_valid = config_url_is_valid },
	[CONFIG_KIND_LDAP_URL] = { "LDAP URL",
	    "a server such as ldaps://directory.example.com:636, without a "
	    "path", "^ldaps?://[^/?#]+$", CONFIG_URL_MAX,
	    .is_valid = config_ldap_url_is_valid },
	[CONFIG_KIND_FILE] = { "path", "the path of a file", NULL,
	    CONFIG_FILE_MAX, .is_valid = config_text_is_printable },
	[CONFIG_KIND_BOOLEAN] = { "boolean", .parse = boolean_parse,
	    .print = boolean_print },
	[CONFIG_KIND_NUMBER] = { "number", .parse = whole_parse,
	    .print = whole_print },
	[CONFIG_KIND_SIZE] = { "size", .pattern = SIZE_PATTERN,
	    .parse = size_parse, .print = size_print },
	[CONFIG_KIND_DURATION] = { "duration", .pattern = DURATION_PATTERN,
	    .parse = duration_parse, .print = duration_print },
	[CONFIG_KIND_ENUM] = { "word", .parse = enum_parse,
	    .print = enum_print },
	[CONFIG_KIND_SECTION] = { .title = "section" },
	[CONFIG_KIND_MAP] = { "sections by name", .pattern = NAME_PATTERN },
	[CONFIG_KIND_SECTIONS] = { .title = "list of sections" },
};

bool
config_kind_is_text(enum config_kind kind)
{
	return types[kind].is_valid != NULL;
}

bool
config_kind_is_number(enum config_kind kind)
{
	return types[kind].parse != NULL;
}

bool
config_kind_is_struct(enum config_kind kind)
{
	return !config_kind_is_text(kind) && !config_kind_is_number(kind);
}

const char *
config_kind_title(enum config_kind kind)
{
	return types[kind].title;
}

const char *
config_kind_pattern(enum config_kind kind)
{
	return types[kind].pattern;
}

size_t
config_row_text_max(const struct config_row *row)
{
	if (!row->is_list && row->most > 0)
		return (size_t)row->most;
	return types[row->kind].max;
}

static bool
row_allows_empty(const struct config_row *row)
{
	return !row->is_list && !row->is_required && row->fallback != NULL &&
	    (row->kind == CONFIG_KIND_TEXT ||
	    row->kind == CONFIG_KIND_LINE ||
	    row->kind == CONFIG_KIND_LINES || row->fallback[0] == '\0');
}

static bool
row_has_range(const struct config_row *row)
{
	return row->kind == CONFIG_KIND_NUMBER ||
	    row->kind == CONFIG_KIND_SIZE ||
	    row->kind == CONFIG_KIND_DURATION;
}

int
config_value_parse(const struct config_row *row, struct text in,
	struct config_value *out)
{
	const struct config_type *type = &types[row->kind];
	int rc;

	require(!config_kind_is_struct(row->kind));
	*out = (struct config_value){ .text = in };
	if (type->parse != NULL) {
		rc = type->parse(row, in, &out->number);
		if (rc == 0 && row_has_range(row) &&
		    (out->number < row->least || out->number > row->most))
			rc = ERROR_LIMIT;
		return rc;
	}
	if (text_is_empty(in))
		return row_allows_empty(row) ? 0 : ERROR_MALFORMED;
	if (in.len > config_row_text_max(row))
		return ERROR_LIMIT;
	return type->is_valid(in) ? 0 : ERROR_MALFORMED;
}

static int
words_expect(const struct config_row *row, struct buffer *out)
{
	const struct config_word *word;
	int rc = 0;

	for (word = row->words; word->name != NULL && rc == 0; word++)
		rc = buffer_printf(out, "%s%s", word == row->words ? "" :
		    word[1].name == NULL ? " or " : ", ", word->name);
	return rc;
}

static int
range_expect(const struct config_row *row, struct buffer *out)
{
	static const char *const forms[CONFIG_KIND_COUNT][2] = {
		[CONFIG_KIND_NUMBER] = { "a whole number", "" },
		[CONFIG_KIND_SIZE] = { "a size", " (B, KB, MB, GB)" },
		[CONFIG_KIND_DURATION] = { "a time", " (ms, s, min, h, d)" },
	};
	int rc;

	rc = buffer_printf(out, "%s from ", forms[row->kind][0]);
	if (rc == 0)
		rc = config_number_print(row, row->least, out);
	if (rc == 0)
		rc = buffer_printf(out, " to ");
	if (rc == 0)
		rc = config_number_print(row, row->most, out);
	if (rc == 0)
		rc = buffer_printf(out, "%s", forms[row->kind][1]);
	return rc;
}

int
config_value_expect(const struct config_row *row, struct buffer *out)
{
	if (row->kind == CONFIG_KIND_BOOLEAN)
		return buffer_printf(out, "true or false");
	if (row->kind == CONFIG_KIND_ENUM)
		return words_expect(row, out);
	if (row_has_range(row))
		return range_expect(row, out);
	return buffer_printf(out, "%s, at most %zu bytes",
	    types[row->kind].expected, config_row_text_max(row));
}

int
config_number_print(const struct config_row *row, uint64_t number,
	struct buffer *out)
{
	require(types[row->kind].print != NULL);
	return types[row->kind].print(row, number, out);
}

uint64_t
config_number_get(const struct config_row *row, const void *base)
{
	const char *member = (const char *)base + row->offset;
	uint64_t number = 0;

	/* Little endian, as everything that Postern runs on. */
	require(row->width <= sizeof(number));
	memcpy(&number, member, row->width);
	return number;
}

void
config_number_put(const struct config_row *row, void *base, uint64_t number)
{
	require(row->width == sizeof(number) ||
	    (row->width < sizeof(number) && number >> 8 * row->width == 0));
	memcpy((char *)base + row->offset, &number, row->width);
}

struct text *
config_text_at(const struct config_row *row, const void *base)
{
	require(config_kind_is_text(row->kind) && !row->is_list);
	return (struct text *)(void *)((char *)(uintptr_t)base + row->offset);
}

const void *
config_array_get(const struct config_row *row, const void *base,
	size_t *count)
{
	const void *array;

	memcpy(&array, (const char *)base + row->offset, sizeof(array));
	memcpy(count, (const char *)base + row->count_offset, sizeof(*count));
	return array;
}

void
config_array_put(const struct config_row *row, void *base, void *array,
	size_t count)
{
	memcpy((char *)base + row->offset, &array, sizeof(array));
	memcpy((char *)base + row->count_offset, &count, sizeof(count));
}

int
config_quote(struct text t, struct buffer *out)
{
	struct text head = text_slice(t, 0, QUOTE_MAX);
	size_t i;
	int rc = 0;

	for (i = 0; i < head.len && rc == 0; i++)
		rc = buffer_add_byte(out, head.data[i] < 0x20 ||
		    head.data[i] > 0x7e ? '?' : head.data[i]);
	if (rc == 0 && head.len < t.len)
		rc = buffer_printf(out, "...");
	return rc;
}
