/*
 * Hosts and the verdict over them: part of the lookup process, no I/O.
 */
#include "gateway/lookup/lookup_host_list.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/lookup/lookup_address.h"

#define LOOKUP_HOST_LIST_FIRST 8

/*
 * Exchangers are few in nearly every answer, and a record of one is large:
 * while there are too many the worst gives way.
 */
static struct lookup_host *
lookup_host_list_place(struct lookup_host_list *list, uint16_t preference)
{
	struct lookup_host *worst;
	size_t i;

	if (list->count < FRAME_HOSTS_MAX)
		return &list->hosts[list->count++];
	worst = &list->hosts[0];
	for (i = 1; i < list->count; i++)
		if (list->hosts[i].preference > worst->preference)
			worst = &list->hosts[i];
	return worst->preference > preference ? worst : NULL;
}

static bool
lookup_host_list_grow(struct lookup_host_list *list, struct arena *arena)
{
	size_t room = list->room == 0 ? LOOKUP_HOST_LIST_FIRST :
	    list->room * 2;
	struct lookup_host *hosts;

	if (list->count < list->room || list->room >= FRAME_HOSTS_MAX)
		return true;
	if (room > FRAME_HOSTS_MAX)
		room = FRAME_HOSTS_MAX;
	hosts = arena_array(arena, room, sizeof(*hosts));
	if (hosts == NULL)
		return false;
	if (list->count > 0)
		memcpy(hosts, list->hosts, list->count * sizeof(*hosts));
	list->hosts = hosts;
	list->room = room;
	return true;
}

struct lookup_host *
lookup_host_list_add(struct lookup_host_list *list, struct arena *arena,
	struct text name, uint16_t preference, bool is_secure)
{
	struct lookup_host *host;
	struct text copy;

	if (!lookup_host_list_grow(list, arena) ||
	    arena_copy(arena, name, &copy) < 0)
		return NULL;
	host = lookup_host_list_place(list, preference);
	if (host == NULL)
		return NULL;
	memset(host, 0, sizeof(*host));
	host->name = copy;
	host->preference = preference;
	host->is_secure = is_secure;
	return host;
}

static int
lookup_host_compare(const void *a, const void *b)
{
	const struct lookup_host *left = a, *right = b;

	return left->preference < right->preference ? -1 :
	    left->preference > right->preference;
}

/* RFC 5321 5.1: equal preferences are spread at random. */
static void
lookup_host_list_shuffle(struct lookup_host_list *list)
{
	struct lookup_host moved;
	size_t i, other;

	for (i = list->count; i > 1; i--) {
		other = arc4random_uniform((uint32_t)i);
		moved = list->hosts[i - 1];
		list->hosts[i - 1] = list->hosts[other];
		list->hosts[other] = moved;
	}
}

/* Insertion keeps the shuffled order among equals; at most 100 hosts. */
static void
lookup_host_list_sort(struct lookup_host_list *list)
{
	struct lookup_host moved;
	size_t i, at;

	for (i = 1; i < list->count; i++) {
		moved = list->hosts[i];
		for (at = i; at > 0 && lookup_host_compare(
		    &list->hosts[at - 1], &moved) > 0; at--)
			list->hosts[at] = list->hosts[at - 1];
		list->hosts[at] = moved;
	}
}

/*
 * RFC 5321 5.1: where we are among the hosts, only strictly better ones are
 * asked: anything else is a loop.
 */
static void
lookup_host_list_cut_self(struct lookup_host_list *list)
{
	size_t i, keep;

	for (i = 0; i < list->count && !list->hosts[i].is_self; i++)
		;
	if (i == list->count)
		return;
	for (keep = 0; list->hosts[keep].preference <
	    list->hosts[i].preference; keep++)
		;
	list->count = keep;
	if (keep == 0)
		list->is_self_best = true;
}

void
lookup_host_list_order(struct lookup_host_list *list, struct text own_name)
{
	size_t i;

	lookup_host_list_shuffle(list);
	lookup_host_list_sort(list);
	for (i = 0; i < list->count; i++)
		if (own_name.len > 0 &&
		    text_equal_nocase(list->hosts[i].name, own_name))
			list->hosts[i].is_self = true;
	lookup_host_list_cut_self(list);
}

void
lookup_host_add(struct lookup_host *host, enum lookup_family family,
	const struct frame_address *address)
{
	struct lookup_host_family *place = &host->families[family];
	size_t i;

	for (i = 0; i < place->count; i++)
		if (lookup_address_equal(&place->addresses[i], address))
			return;
	if (place->count < LOOKUP_FAMILY_ADDRESSES_MAX)
		place->addresses[place->count++] = *address;
}

void
lookup_host_list_lower_ttl(struct lookup_host_list *list, uint32_t ttl_s)
{
	if (!list->has_ttl || ttl_s < list->ttl_s)
		list->ttl_s = ttl_s;
	list->has_ttl = true;
}

uint32_t
lookup_host_list_ttl(const struct lookup_host_list *list, uint32_t otherwise)
{
	return list->has_ttl ? list->ttl_s : otherwise;
}

/* IPv6 and IPv4 by turns: a path that is broken costs one try, not all. */
static bool
lookup_host_print(const struct lookup_host *host, struct arena *arena,
	struct frame_host *out)
{
	size_t total = 0, i, family;

	for (family = 0; family < LOOKUP_FAMILIES; family++)
		total += host->families[family].count;
	memset(out, 0, sizeof(*out));
	out->name = host->name;
	out->preference = host->preference;
	out->secure = host->is_secure;
	out->temporary = host->is_temporary || host->is_bogus;
	if (total == 0)
		return true;
	out->addresses = arena_array(arena, total, sizeof(*out->addresses));
	if (out->addresses == NULL)
		return false;
	for (i = 0; i < LOOKUP_FAMILY_ADDRESSES_MAX; i++)
		for (family = 0; family < LOOKUP_FAMILIES; family++)
			if (i < host->families[family].count)
				out->addresses[out->address_count++] =
				    host->families[family].addresses[i];
	return true;
}

static enum frame_hosts_outcome
lookup_host_list_absence(const struct lookup_host_list *list,
	struct reason *why)
{
	size_t i;

	if (list->is_self_best) {
		reason_set(why, "the best mail exchanger is this gateway");
		return FRAME_HOSTS_SELF;
	}
	for (i = 0; i < list->count; i++)
		if (list->hosts[i].is_bogus) {
			reason_set(why, "the DNS answers fail validation");
			return FRAME_HOSTS_BOGUS;
		}
	for (i = 0; i < list->count; i++)
		if (list->hosts[i].is_temporary) {
			reason_set(why, "no address can be looked up now");
			return FRAME_HOSTS_TEMPORARY;
		}
	reason_set(why, list->came_by_mx ?
	    "no mail exchanger has a usable address" :
	    "there is neither a mail exchanger nor a usable address");
	return FRAME_HOSTS_NO_ADDRESS;
}

enum frame_hosts_outcome
lookup_host_list_judge(struct lookup_host_list *list, struct arena *arena,
	struct frame_hosts *answer, struct reason *why)
{
	size_t i, addresses = 0;

	lookup_host_list_cut_self(list);
	answer->hosts = arena_array(arena, list->count + 1,
	    sizeof(*answer->hosts));
	if (answer->hosts == NULL) {
		reason_set(why, "out of room");
		return FRAME_HOSTS_TEMPORARY;
	}
	for (i = 0; i < list->count; i++) {
		if (!lookup_host_print(&list->hosts[i], arena,
		    &answer->hosts[i])) {
			reason_set(why, "out of room");
			return FRAME_HOSTS_TEMPORARY;
		}
		addresses += answer->hosts[i].address_count;
	}
	answer->host_count = list->count;
	if (addresses > 0)
		return FRAME_HOSTS_FOUND;
	return lookup_host_list_absence(list, why);
}
