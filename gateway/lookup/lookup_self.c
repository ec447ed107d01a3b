/*
 * Own addresses: part of the lookup process.
 */
#include "gateway/lookup/lookup_self.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/log.h"
#include "gateway/base/memory.h"
#include "gateway/lookup/lookup_address.h"

#define LOOKUP_SELF_MAX 1024

struct lookup_self {
	struct frame_address *interfaces;
	size_t interface_count;
	struct frame_address *listeners;
	size_t listener_count;
	bool all_ipv4;		/* a listener on 0.0.0.0 (or ::) */
	bool all_ipv6;		/* a listener on :: */
};

static bool
lookup_self_convert(const struct sockaddr *from, struct frame_address *out)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	memset(out, 0, sizeof(*out));
	if (from == NULL)
		return false;
	if (from->sa_family == AF_INET) {
		memcpy(&ipv4, from, sizeof(ipv4));
		out->family = 4;
		memcpy(out->bytes, &ipv4.sin_addr, 4);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		memcpy(&ipv6, from, sizeof(ipv6));
		out->family = 6;
		memcpy(out->bytes, &ipv6.sin6_addr, 16);
		return true;
	}
	return false;
}

struct lookup_self *
lookup_self_new(void)
{
	struct lookup_self *self = memory_new(sizeof(*self));
	struct ifaddrs *all = NULL, *each;

	self->interfaces = memory_array(LOOKUP_SELF_MAX,
	    sizeof(*self->interfaces));
	if (getifaddrs(&all) < 0) {
		log_note(LOG_WARNING_LEVEL,
		    "the addresses of this machine cannot be read");
		return self;
	}
	for (each = all; each != NULL; each = each->ifa_next)
		if (self->interface_count < LOOKUP_SELF_MAX &&
		    lookup_self_convert(each->ifa_addr,
		    &self->interfaces[self->interface_count]))
			self->interface_count++;
	freeifaddrs(all);
	return self;
}

void
lookup_self_free(struct lookup_self *self)
{
	if (self == NULL)
		return;
	free(self->interfaces);
	free(self->listeners);
	free(self);
}

static bool
lookup_self_is_any(const struct frame_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

void
lookup_self_configure(struct lookup_self *self, const struct config *config)
{
	struct frame_address address;
	size_t i;

	free(self->listeners);
	self->listeners = memory_array(config->listener_count + 1,
	    sizeof(*self->listeners));
	self->listener_count = 0;
	self->all_ipv4 = self->all_ipv6 = false;
	for (i = 0; i < config->listener_count; i++) {
		if (lookup_address_parse(config->listeners[i].address,
		    &address) < 0)
			continue;
		if (lookup_self_is_any(&address)) {
			self->all_ipv4 = true;
			if (address.family == 6)
				self->all_ipv6 = true;
		} else {
			self->listeners[self->listener_count++] = address;
		}
	}
}

static bool
lookup_self_has(const struct frame_address *list, size_t count,
	const struct frame_address *address)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (lookup_address_equal(&list[i], address))
			return true;
	return false;
}

bool
lookup_self_is(const struct lookup_self *self,
	const struct frame_address *address)
{
	if (lookup_self_has(self->listeners, self->listener_count, address))
		return true;
	if (!(address->family == 4 ? self->all_ipv4 : self->all_ipv6))
		return false;
	return lookup_self_has(self->interfaces, self->interface_count,
	    address);
}
