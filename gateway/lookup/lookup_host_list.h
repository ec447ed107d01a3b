/*
 * The hosts of one question while their addresses come in, and the verdict
 * over all of them.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_HOST_LIST_H
#define GATEWAY_LOOKUP_LOOKUP_HOST_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/protocol/frame_lookup.h"

enum lookup_family {
	LOOKUP_FAMILY_IPV6,
	LOOKUP_FAMILY_IPV4,
	LOOKUP_FAMILIES
};

#define LOOKUP_FAMILY_ADDRESSES_MAX (FRAME_ADDRESSES_MAX / LOOKUP_FAMILIES)

struct lookup_query;
struct lookup_hosts;

struct lookup_host_family {
	struct lookup_query *query;	/* open, or NULL */
	struct frame_address addresses[LOOKUP_FAMILY_ADDRESSES_MAX];
	size_t count;
};

struct lookup_host {
	struct lookup_hosts *owner;
	struct text name;
	uint16_t preference;
	bool is_secure;
	bool is_temporary;	/* a query failed */
	bool is_bogus;
	bool is_self;		/* this gateway, by name or address */
	unsigned int open;	/* queries without an answer */
	struct lookup_host_family families[LOOKUP_FAMILIES];
};

struct lookup_host_list {
	struct lookup_host *hosts;
	size_t count;
	size_t room;
	uint32_t ttl_s;
	bool has_ttl;
	bool came_by_mx;
	bool is_self_best;	/* the best exchanger was this gateway */
};

/*
 * Add a host; the name is copied into the arena.  NULL when the arena is
 * full, which no answer of 64 KB can bring about.  Earlier pointers into
 * the list are void.
 */
struct lookup_host *lookup_host_list_add(struct lookup_host_list *list,
	struct arena *arena, struct text name, uint16_t preference,
	bool is_secure);
/*
 * Lowest preference first, equal ones in random order, own_name and
 * everything not better than it taken out, at most FRAME_HOSTS_MAX left
 * (RFC 5321 5.1).
 */
void lookup_host_list_order(struct lookup_host_list *list,
	struct text own_name);
/* Add an address; duplicates and those beyond the limit are left out. */
void lookup_host_add(struct lookup_host *host, enum lookup_family family,
	const struct frame_address *address);

void lookup_host_list_lower_ttl(struct lookup_host_list *list,
	uint32_t ttl_s);
/* The least of all, or otherwise where none was told. */
uint32_t lookup_host_list_ttl(const struct lookup_host_list *list,
	uint32_t otherwise);

/*
 * The outcome once all is known; hosts and host_count of answer are filled
 * in from the arena for FRAME_HOSTS_FOUND, why for all others.
 */
enum frame_hosts_outcome lookup_host_list_judge(
	struct lookup_host_list *list, struct arena *arena,
	struct frame_hosts *answer, struct reason *why);

#endif
