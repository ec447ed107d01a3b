/*
 * The filter language's lexer.
 */
#include "policy/filter_lexer.h"

#include "gateway/mail/utf8.h"

#define KILO UINT64_C(1024)

struct filter_sign {
	struct text sign;
	enum filter_token_kind kind;
};

/* Longer signs before those that they begin with. */
static const struct filter_sign signs[] = {
	{ TEXT_INIT("=="), FILTER_TOKEN_EQUAL },
	{ TEXT_INIT("!="), FILTER_TOKEN_NOT_EQUAL },
	{ TEXT_INIT("<="), FILTER_TOKEN_LESS_EQUAL },
	{ TEXT_INIT(">="), FILTER_TOKEN_GREATER_EQUAL },
	{ TEXT_INIT("<"), FILTER_TOKEN_LESS },
	{ TEXT_INIT(">"), FILTER_TOKEN_GREATER },
	{ TEXT_INIT("("), FILTER_TOKEN_PAREN_OPEN },
	{ TEXT_INIT(")"), FILTER_TOKEN_PAREN_CLOSE },
	{ TEXT_INIT("{"), FILTER_TOKEN_BRACE_OPEN },
	{ TEXT_INIT("}"), FILTER_TOKEN_BRACE_CLOSE },
	{ TEXT_INIT(","), FILTER_TOKEN_COMMA },
	{ TEXT_INIT(";"), FILTER_TOKEN_SEMICOLON },
	{ TEXT_INIT(":"), FILTER_TOKEN_COLON },
	{ TEXT_INIT("!"), FILTER_TOKEN_EXCLAMATION },
};

static const struct filter_sign keywords[] = {
	{ TEXT_INIT("and"), FILTER_TOKEN_AND },
	{ TEXT_INIT("or"), FILTER_TOKEN_OR },
	{ TEXT_INIT("not"), FILTER_TOKEN_NOT },
	{ TEXT_INIT("if"), FILTER_TOKEN_IF },
	{ TEXT_INIT("else"), FILTER_TOKEN_ELSE },
};

bool
filter_token_is_keyword(enum filter_token_kind kind)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (keywords[i].kind == kind)
			return true;
	return false;
}

void
filter_lexer_init(struct filter_lexer *lexer, struct text source,
	struct arena *arena)
{
	*lexer = (struct filter_lexer){ .source = source, .arena = arena };
}

static bool
is_name_byte(char c)
{
	return text_is_alnum(c) || c == '_' || c == '-';
}

/* To the next word, over white space and comments. */
static struct text
skip_to_word(struct filter_lexer *lexer)
{
	const struct text *source = &lexer->source;
	bool is_comment = false;

	for (; lexer->at < source->len; lexer->at++) {
		char c = source->data[lexer->at];

		if (c == '\n')
			is_comment = false;
		else if (c == '#')
			is_comment = true;
		else if (!is_comment && c != ' ' && c != '\t' && c != '\r')
			break;
	}
	return text_skip(*source, lexer->at);
}

static int
fail(struct filter_mistake *mistake, size_t offset, const char *words)
{
	mistake->offset = offset;
	reason_set(&mistake->why, "%s", words);
	return ERROR_MALFORMED;
}

static void
take_name(struct text rest, struct filter_token *out)
{
	size_t i, len = 0;

	while (len < rest.len && is_name_byte(rest.data[len]))
		len++;
	out->kind = FILTER_TOKEN_NAME;
	out->bytes = text_slice(rest, 0, len);
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (text_equal_nocase(out->bytes, keywords[i].sign))
			out->kind = keywords[i].kind;
}

static int
take_number(struct text rest, struct filter_token *out,
	struct filter_mistake *mistake)
{
	uint64_t unit = 1;
	size_t len = 0;

	while (len < rest.len && text_is_digit(rest.data[len]))
		len++;
	if (text_parse_u64(text_slice(rest, 0, len), UINT64_MAX / KILO / KILO,
	    &out->number) != 0)
		return fail(mistake, out->offset, "the number is too large");
	if (len < rest.len && text_lower_byte(rest.data[len]) == 'k')
		unit = KILO;
	else if (len < rest.len && text_lower_byte(rest.data[len]) == 'm')
		unit = KILO * KILO;
	if (unit > 1)
		len++;
	if (len < rest.len && (is_name_byte(rest.data[len]) ||
	    rest.data[len] == '.'))
		return fail(mistake, out->offset + len,
		    "a number is digits, with K or M behind them for units "
		    "of 1024 or 1048576");
	out->kind = FILTER_TOKEN_NUMBER;
	out->bytes = text_slice(rest, 0, len);
	out->number *= unit;
	return 0;
}

/* A backslash before a quote or another backslash only protects it. */
static bool
is_protected(struct text t, size_t at)
{
	return t.data[at] == '\\' && at + 1 < t.len &&
	    (t.data[at + 1] == '\\' || t.data[at + 1] == '"' ||
	    t.data[at + 1] == '\'');
}

static int
unescape(struct arena *arena, struct text raw, struct text *out)
{
	char *copy;
	size_t i, len = 0;

	*out = raw;
	if (text_find_byte(raw, '\\') == raw.len)
		return 0;
	copy = arena_alloc(arena, raw.len);
	if (copy == NULL)
		return ERROR_LIMIT;
	for (i = 0; i < raw.len; i++) {
		if (is_protected(raw, i))
			i++;
		copy[len++] = raw.data[i];
	}
	*out = text_of(copy, len);
	return 0;
}

/* The place of the first byte that no string may hold; len: none. */
static size_t
find_forbidden(struct text raw)
{
	uint32_t point = 0;
	size_t at = 0, len;

	while (at < raw.len) {
		len = utf8_next(text_skip(raw, at), &point);
		if (len == 0 || (point < ' ' && point != '\t') ||
		    point == 0x7f)
			return at;
		at += len;
	}
	return at;
}

static int
take_string(struct filter_lexer *lexer, struct text rest,
	struct filter_token *out, struct filter_mistake *mistake)
{
	char quote = rest.data[0];
	struct text raw;
	size_t len = 1, bad;

	while (len < rest.len && rest.data[len] != quote &&
	    rest.data[len] != '\n')
		len += is_protected(rest, len) ? 2 : 1;
	if (len >= rest.len || rest.data[len] != quote)
		return fail(mistake, out->offset,
		    "the closing quote is missing");
	raw = text_slice(rest, 1, len - 1);
	bad = find_forbidden(raw);
	if (bad < raw.len)
		return fail(mistake, out->offset + 1 + bad, "a control byte, "
		    "or bytes that are not UTF-8");
	out->kind = FILTER_TOKEN_STRING;
	out->bytes = text_slice(rest, 0, len + 1);
	return unescape(lexer->arena, raw, &out->string);
}

static int
take_sign(struct text rest, struct filter_token *out,
	struct filter_mistake *mistake)
{
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (!text_starts(rest, signs[i].sign))
			continue;
		out->kind = signs[i].kind;
		out->bytes = text_slice(rest, 0, signs[i].sign.len);
		return 0;
	}
	if (rest.data[0] == '=')
		return fail(mistake, out->offset,
		    "\"=\" compares nothing; write \"==\"");
	return fail(mistake, out->offset, "no word begins like this");
}

int
filter_lexer_next(struct filter_lexer *lexer, struct filter_token *out,
	struct filter_mistake *mistake)
{
	struct text rest = skip_to_word(lexer);
	int error = 0;

	*out = (struct filter_token){ .kind = FILTER_TOKEN_END,
		.offset = lexer->at, .bytes = TEXT_EMPTY,
		.string = TEXT_EMPTY };
	if (rest.len == 0)
		return 0;
	if (text_is_alpha(rest.data[0]) || rest.data[0] == '_')
		take_name(rest, out);
	else if (text_is_digit(rest.data[0]))
		error = take_number(rest, out, mistake);
	else if (rest.data[0] == '"' || rest.data[0] == '\'')
		error = take_string(lexer, rest, out, mistake);
	else
		error = take_sign(rest, out, mistake);
	if (error == 0)
		lexer->at += out->bytes.len;
	return error;
}

int
filter_lexer_print_string(struct text t, struct buffer *out)
{
	size_t i;
	int error = buffer_add_byte(out, '"');

	for (i = 0; i < t.len && error == 0; i++) {
		if (t.data[i] == '"' || t.data[i] == '\\')
			error = buffer_add_byte(out, '\\');
		if (error == 0)
			error = buffer_add_byte(out, t.data[i]);
	}
	return error == 0 ? buffer_add_byte(out, '"') : error;
}
