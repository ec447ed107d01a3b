/*
 * libunbound's events on our loop, by its pluggable interface: sockets
 * become watches, time-outs timers.  Nothing else of libevent is seen
 * outside of base.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_EVENT_H
#define GATEWAY_LOOKUP_LOOKUP_EVENT_H

#include "gateway/base/loop.h"

struct lookup_event_base;
struct ub_event_base;

/* Never NULL; must outlive the context that uses it. */
struct lookup_event_base *lookup_event_base_new(struct loop *loop);
/* What ub_ctx_create_ub_event() wants; lives as long as the base. */
struct ub_event_base *lookup_event_base_face(struct lookup_event_base *base);
void lookup_event_base_free(struct lookup_event_base *base);

#endif
