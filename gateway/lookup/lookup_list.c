/*
 * Asking DNS lists: part of the lookup process.
 */
#include "gateway/lookup/lookup_list.h"

#include <stdio.h>

#include "gateway/base/buffer.h"
#include "gateway/lookup/dns_answer.h"
#include "gateway/lookup/lookup_fact_private.h"

#define LOOKUP_LIST_ADDRESS_MAX 16	/* "127.255.255.255" */

static int
lookup_list_add_ipv4(const struct frame_address *address, struct buffer *out)
{
	const uint8_t *bytes = address->bytes;

	return buffer_printf(out, "%u.%u.%u.%u.", bytes[3], bytes[2],
	    bytes[1], bytes[0]);
}

static int
lookup_list_add_ipv6(const struct frame_address *address, struct buffer *out)
{
	size_t i;
	int error = 0;

	for (i = sizeof(address->bytes); i > 0 && error == 0; i--)
		error = buffer_printf(out, "%x.%x.",
		    address->bytes[i - 1] & 0x0fu, address->bytes[i - 1] >> 4);
	return error;
}

int
lookup_list_name(const struct frame_address *address, struct text zone,
	struct lookup_name *out, struct reason *why)
{
	struct lookup_name parsed;
	struct buffer name;
	int error = lookup_name_parse(zone, &parsed, why);

	if (error < 0)
		return error;
	buffer_init(&name, LOOKUP_NAME_MAX);
	error = address->family == 4 ?
	    lookup_list_add_ipv4(address, &name) :
	    lookup_list_add_ipv6(address, &name);
	if (error == 0)
		error = buffer_add_text(&name, lookup_name_text(&parsed));
	if (error == 0)
		error = lookup_name_parse(buffer_text(&name), out, why);
	else
		reason_set(why, "the domain name is too long");
	buffer_clear(&name);
	return error == 0 ? 0 : ERROR_MALFORMED;
}

enum lookup_list_meaning
lookup_list_meaning(const uint8_t address[4])
{
	if (address[0] != 127)
		return LOOKUP_LIST_NOTHING;
	return address[1] == 255 && address[2] == 255 ?
	    LOOKUP_LIST_REFUSED : LOOKUP_LIST_LISTED;
}

/* ---- the question ---- */

/* Listed by one record is listed; refused by one, and by none, unknown. */
static void
lookup_list_read(struct lookup_fact *fact, const struct dns_answer *answer)
{
	char printed[LOOKUP_LIST_ADDRESS_MAX];
	bool is_refused = false;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		const uint8_t *bytes = answer->records[i].address;
		enum lookup_list_meaning meaning = lookup_list_meaning(bytes);

		(void)snprintf(printed, sizeof(printed), "%u.%u.%u.%u",
		    bytes[0], bytes[1], bytes[2], bytes[3]);
		if (meaning == LOOKUP_LIST_REFUSED)
			is_refused = true;
		if (meaning == LOOKUP_LIST_LISTED &&
		    lookup_fact_add(fact, text_from(printed)) < 0)
			break;
	}
	if (is_refused && fact->answer.value_count == 0)
		lookup_fact_fail(fact, "the list refuses to answer",
		    TEXT_EMPTY);
	else
		lookup_fact_finish(fact);
}

static void
lookup_list_answered(void *context, const struct lookup_result *result)
{
	struct lookup_fact *fact = context;
	struct dns_answer answer;

	fact->query = NULL;
	if (result->outcome == LOOKUP_NO_NAME) {
		lookup_fact_finish(fact);
		return;
	}
	if (result->outcome != LOOKUP_ANSWERED) {
		lookup_fact_fail(fact, result->outcome == LOOKUP_BOGUS ?
		    "the DNS answers fail validation" :
		    "the list cannot be asked", result->reason);
		return;
	}
	if (dns_answer_parse(result->packet, lookup_name_text(&fact->name),
	    DNS_TYPE_A, FACT_VALUES_MAX, fact->arena, &answer) < 0)
		lookup_fact_fail(fact, "the answer of the list cannot be "
		    "read", TEXT_EMPTY);
	else
		lookup_list_read(fact, &answer);
}

int
lookup_list_begin(struct lookup_fact *fact, struct reason *why)
{
	int error = lookup_list_name(&fact->address, fact->answer.source,
	    &fact->name, why);

	if (error == 0)
		fact->query = lookup_resolver_ask(fact->setting.resolver,
		    lookup_name_text(&fact->name), DNS_TYPE_A,
		    lookup_list_answered, fact);
	return error;
}
