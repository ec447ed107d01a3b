/*
 * DNS lists (RFC 5782): the name that asks about an address, and what an
 * answer says.  No I/O here.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_LIST_H
#define GATEWAY_LOOKUP_LOOKUP_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/lookup/lookup_name.h"
#include "gateway/protocol/frame_lookup.h"

/*
 * The name below zone that stands for an address (RFC 5782 2.1, 2.4): its
 * bytes, or nibbles, from last to first.  ERROR_MALFORMED: the zone is no
 * domain name, or the whole gets too long; words in why.
 */
int lookup_list_name(const struct frame_address *address, struct text zone,
	struct lookup_name *out, struct reason *why) MUST_CHECK;

enum lookup_list_meaning {
	LOOKUP_LIST_NOTHING,	/* no answer of a list: it does not count */
	LOOKUP_LIST_LISTED,
	LOOKUP_LIST_REFUSED,	/* the list does not answer us */
};
/*
 * What an A record of a list means.  Only 127.0.0.0/8 counts (RFC 5782 2.1);
 * lists tell by 127.255.255.0/24 that they did not answer the question.
 */
enum lookup_list_meaning lookup_list_meaning(const uint8_t address[4]);

#endif
