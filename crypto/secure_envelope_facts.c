/* Who, when, where: of one envelope. */
#include "crypto/secure_envelope_facts.h"

#include <string.h>
#include <time.h>

#include "crypto/secure_envelope_words.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/mail/utf8.h"

/* Characters of an address or a name that are shown. */
#define SHOWN_MAX 100
#define FACT_MAX 4096

static const char *const months[12] = {
	"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December",
};

static struct text
day_and_time(int64_t time_us, struct arena *arena)
{
	time_t seconds = (time_t)(time_us / CLOCK_SECOND_US);
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL)
		return TEXT("?");
	return arena_printf(arena, "%d %s %d, %02d:%02d UTC", parts.tm_mday,
		months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
		parts.tm_min);
}

static struct text
shown(struct text t, struct arena *arena)
{
	struct text rest = t;
	uint32_t point;

	for (size_t i = 0; i < SHOWN_MAX && rest.len > 0; i++)
		rest = text_skip(rest, utf8_next(rest, &point));
	if (rest.len == 0)
		return t;
	t.len -= rest.len;
	return arena_printf(arena, "%.*s...", TEXT_ARG(t));
}

/* Scheme, host and port. */
static struct text
origin(struct text url)
{
	size_t host = text_find(url, TEXT("://")) + 3;

	return text_slice(url, 0, host + text_find_byte(text_skip(url, host),
		'/'));
}

static void
add(struct secure_envelope_facts *facts, const char *name, struct text text)
{
	require(facts->count < SECURE_ENVELOPE_FACTS);
	facts->values[facts->count++] = (struct secure_envelope_value){
		.name = name,
		.text = text,
	};
}

/* A word, filled with the facts so far. */
static int
add_word(struct secure_envelope_facts *facts, const char *name,
	const char *word, struct arena *arena)
{
	struct secure_envelope_template fill = {
		.values = facts->values,
		.count = facts->count,
	};
	struct text pattern = TEXT_EMPTY;
	struct text copy = TEXT_EMPTY;
	struct buffer text;
	int error;

	require(secure_envelope_word(text_from(word), &pattern));
	buffer_init(&text, FACT_MAX);
	error = secure_envelope_template_text(&fill, pattern, &text);
	if (error == 0)
		error = arena_copy(arena, buffer_text(&text), &copy);
	buffer_clear(&text);
	if (error == 0)
		add(facts, name, copy);
	return error;
}

int
secure_envelope_facts_make(const struct secure_envelope_header *header,
	struct arena *arena, struct secure_envelope_facts *out)
{
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	char id[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];
	struct text nobody = TEXT_EMPTY;
	int error;

	memset(out, 0, sizeof(*out));
	secure_envelope_reference(header->id, reference);
	hex_encode(header->id, sizeof(header->id), id);
	require(secure_envelope_word(TEXT("nobody"), &nobody));
	add(out, "sender", header->sender.len == 0 ? nobody :
		shown(header->sender, arena));
	add(out, "organisation", shown(header->organisation, arena));
	add(out, "portal", header->portal_url);
	add(out, "origin", origin(header->portal_url));
	add(out, "link", arena_printf(arena, "%.*s/m/%s",
		TEXT_ARG(header->portal_url), id));
	add(out, "reference", arena_printf(arena, "%s", reference));
	add(out, "sent", day_and_time(header->created_us, arena));
	add(out, "expires", day_and_time(header->expires_us, arena));
	error = add_word(out, "until", header->expires_us == 0 ?
		"until_never" : "until_date", arena);
	if (error == 0)
		error = add_word(out, "lead", header->organisation.len == 0 ?
			"lead_alone" : "lead_organisation", arena);
	return error;
}
