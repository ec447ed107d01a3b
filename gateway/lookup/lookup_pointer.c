/*
 * Verified names of an address: what its PTR records say, as far as the
 * names have the address (RFC 8601 2.7.3, "iprev").  Part of the lookup
 * process.
 */
#include <string.h>

#include "gateway/lookup/dns_answer.h"
#include "gateway/lookup/lookup_address.h"
#include "gateway/lookup/lookup_fact_private.h"
#include "gateway/lookup/lookup_list.h"

/* Addresses of one name that are looked at. */
#define LOOKUP_POINTER_ADDRESSES_MAX 64

/*
 * All names were looked at: those that hold are the answer.  One that could
 * not be looked at might be the one that a rule is about.
 */
static void
lookup_pointer_settle(struct lookup_fact *fact)
{
	if (fact->open > 0)
		return;
	if (fact->has_failed)
		lookup_fact_fail(fact, "a name of the client cannot be "
		    "looked up", TEXT_EMPTY);
	else
		lookup_fact_finish(fact);
}

/* ---- forward ---- */

static bool
lookup_pointer_has_address(const struct lookup_fact *fact,
	const struct dns_answer *answer)
{
	size_t size = fact->address.family == 4 ? 4 : 16, i;

	for (i = 0; i < answer->count; i++)
		if (memcmp(answer->records[i].address, fact->address.bytes,
		    size) == 0)
			return true;
	return false;
}

static enum dns_type
lookup_pointer_type(const struct lookup_fact *fact)
{
	return fact->address.family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
}

static void
lookup_pointer_read(struct lookup_pointer *pointer, struct text packet)
{
	struct lookup_fact *fact = pointer->fact;
	struct dns_answer answer;

	if (dns_answer_parse(packet, pointer->name,
	    lookup_pointer_type(fact), LOOKUP_POINTER_ADDRESSES_MAX,
	    fact->arena, &answer) < 0)
		fact->has_failed = true;
	else if (lookup_pointer_has_address(fact, &answer))
		fact->has_failed = fact->has_failed ||
		    lookup_fact_add(fact, pointer->name) < 0;
	else if (answer.is_cut)
		fact->has_failed = true;
}

static void
lookup_pointer_confirmed(void *context, const struct lookup_result *result)
{
	struct lookup_pointer *pointer = context;
	struct lookup_fact *fact = pointer->fact;

	pointer->query = NULL;
	fact->open--;
	if (result->outcome == LOOKUP_ANSWERED)
		lookup_pointer_read(pointer, result->packet);
	else if (result->outcome != LOOKUP_NO_NAME)
		fact->has_failed = true;
	lookup_pointer_settle(fact);
}

/* ---- reverse ---- */

static void
lookup_pointer_use(struct lookup_fact *fact, const struct dns_answer *answer)
{
	size_t i;

	for (i = 0; i < answer->count; i++) {
		struct lookup_pointer *pointer =
		    &fact->pointers[fact->pointer_count];
		struct text name = answer->records[i].name;

		if (answer->records[i].is_strange ||
		    !lookup_name_is_host(name))
			continue;
		*pointer = (struct lookup_pointer){ .fact = fact,
			.name = name };
		fact->pointer_count++;
		fact->open++;
		pointer->query = lookup_resolver_ask(fact->setting.resolver,
		    name, (int)lookup_pointer_type(fact),
		    lookup_pointer_confirmed, pointer);
	}
	lookup_pointer_settle(fact);
}

static void
lookup_pointer_answered(void *context, const struct lookup_result *result)
{
	struct lookup_fact *fact = context;
	struct dns_answer answer;

	fact->query = NULL;
	if (result->outcome == LOOKUP_NO_NAME)
		lookup_fact_finish(fact);
	else if (result->outcome != LOOKUP_ANSWERED)
		lookup_fact_fail(fact, result->outcome == LOOKUP_BOGUS ?
		    "the DNS answers fail validation" :
		    "the names of the client cannot be looked up",
		    result->reason);
	else if (dns_answer_parse(result->packet,
	    lookup_name_text(&fact->name), DNS_TYPE_PTR, LOOKUP_POINTERS_MAX,
	    fact->arena, &answer) < 0)
		lookup_fact_fail(fact, "the answer about the names of the "
		    "client cannot be read", TEXT_EMPTY);
	else if (answer.is_cut)
		lookup_fact_fail(fact, "the client has more names than are "
		    "looked at", TEXT_EMPTY);
	else
		lookup_pointer_use(fact, &answer);
}

int
lookup_pointer_begin(struct lookup_fact *fact, struct reason *why)
{
	static const struct text zones[2] = { TEXT_INIT("in-addr.arpa"),
		TEXT_INIT("ip6.arpa") };
	/* The same order as in lists (RFC 1035 3.5, RFC 3596 2.5). */
	int error = lookup_list_name(&fact->address,
	    zones[fact->address.family != 4], &fact->name, why);

	if (error == 0)
		fact->query = lookup_resolver_ask(fact->setting.resolver,
		    lookup_name_text(&fact->name), DNS_TYPE_PTR,
		    lookup_pointer_answered, fact);
	return error;
}
