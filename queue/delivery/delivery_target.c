/*
 * Targets of the deliver process: plain data, no I/O.
 */
#include "queue/delivery/delivery_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/memory.h"

#define DELIVERY_TARGETS_ARENA_MAX (512u * 1024u)

static int
delivery_address_parse(struct text t, struct frame_address *out)
{
	char string[INET6_ADDRSTRLEN + 1];

	memset(out, 0, sizeof(*out));
	if (text_to_string(t, string, sizeof(string)) < 0)
		return ERROR_MALFORMED;
	if (inet_pton(AF_INET, string, out->bytes) == 1) {
		out->family = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, string, out->bytes) == 1) {
		out->family = 6;
		return 0;
	}
	return ERROR_MALFORMED;
}

static int
delivery_port_parse(struct text t, uint16_t *out)
{
	uint64_t port;

	if (text_parse_u64(t, UINT16_MAX, &port) < 0 || port == 0)
		return ERROR_MALFORMED;
	*out = (uint16_t)port;
	return 0;
}

/* "[::1]" or "[::1]:25": brackets around an address, nothing else. */
static int
delivery_route_host_parse_bracketed(struct text t,
	struct delivery_route_host *out)
{
	size_t end = text_find_byte(t, ']');
	struct text rest;

	if (end == t.len)
		return ERROR_MALFORMED;
	out->host = text_slice(t, 1, end - 1);
	out->is_address = true;
	if (delivery_address_parse(out->host, &out->ip) < 0)
		return ERROR_MALFORMED;
	rest = text_skip(t, end + 1);
	if (rest.len == 0)
		return 0;
	if (rest.data[0] != ':')
		return ERROR_MALFORMED;
	return delivery_port_parse(text_skip(rest, 1), &out->port);
}

int
delivery_route_host_parse(struct text t, struct delivery_route_host *out)
{
	size_t colon;

	memset(out, 0, sizeof(*out));
	out->port = DELIVERY_PORT;
	if (t.len == 0)
		return ERROR_MALFORMED;
	if (t.data[0] == '[')
		return delivery_route_host_parse_bracketed(t, out);
	/* A bare IPv6 address has colons of its own. */
	if (delivery_address_parse(t, &out->ip) == 0) {
		out->host = t;
		out->is_address = true;
		return 0;
	}
	colon = text_find_byte(t, ':');
	out->host = text_slice(t, 0, colon);
	if (out->host.len == 0)
		return ERROR_MALFORMED;
	out->is_address = delivery_address_parse(out->host, &out->ip) == 0;
	if (colon == t.len)
		return 0;
	return delivery_port_parse(text_skip(t, colon + 1), &out->port);
}

struct delivery_targets *
delivery_targets_new(void)
{
	struct delivery_targets *targets = memory_new(sizeof(*targets));

	targets->references = 1;
	targets->arena = arena_new(DELIVERY_TARGETS_ARENA_MAX);
	return targets;
}

struct delivery_targets *
delivery_targets_ref(struct delivery_targets *targets)
{
	targets->references++;
	return targets;
}

void
delivery_targets_release(struct delivery_targets **pointer)
{
	struct delivery_targets *targets = *pointer;

	*pointer = NULL;
	if (targets == NULL || --targets->references > 0)
		return;
	arena_free(targets->arena);
	free(targets->items);
	free(targets);
}

static struct delivery_target *
delivery_targets_place(struct delivery_targets *targets)
{
	if (targets->count == DELIVERY_TARGETS_MAX)
		return NULL;
	if (targets->count == targets->room) {
		targets->room = targets->room * 2 + 4;
		targets->items = memory_resize(targets->items, targets->room,
		    sizeof(*targets->items));
	}
	return &targets->items[targets->count];
}

void
delivery_targets_add(struct delivery_targets *targets, struct text host,
	bool is_named, const struct frame_address *ip, uint16_t port)
{
	char printed[INET6_ADDRSTRLEN];
	struct delivery_target *target = delivery_targets_place(targets);

	if (target == NULL)
		targets->is_partial = true;
	if (target == NULL || inet_ntop(ip->family == 4 ? AF_INET : AF_INET6,
	    ip->bytes, printed, sizeof(printed)) == NULL)
		return;
	if (arena_copy(targets->arena, text_from(printed),
	    &target->address) < 0 ||
	    arena_copy(targets->arena, is_named ? host : target->address,
	    &target->host) < 0)
		return;
	target->ip = *ip;
	target->port = port;
	target->is_named = is_named;
	target->label = arena_printf(targets->arena, "%.*s%s[%s]:%u",
	    is_named ? text_int_len(host) : 0, host.data,
	    is_named ? " " : "", printed, (unsigned int)port);
	targets->count++;
}

socklen_t
delivery_target_sockaddr(const struct delivery_target *target,
	struct sockaddr_storage *out)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

	memset(out, 0, sizeof(*out));
	if (target->ip.family == 4) {
		ipv4.sin_port = htons(target->port);
		memcpy(&ipv4.sin_addr, target->ip.bytes, 4);
		memcpy(out, &ipv4, sizeof(ipv4));
		return sizeof(ipv4);
	}
	ipv6.sin6_port = htons(target->port);
	memcpy(&ipv6.sin6_addr, target->ip.bytes, 16);
	memcpy(out, &ipv6, sizeof(ipv6));
	return sizeof(ipv6);
}
