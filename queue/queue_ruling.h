/*
 * What the disposition of a message says of its way: the mail policy that it
 * went by, another next hop, another bounce profile.  Many messages have none
 * of it.
 */
#ifndef QUEUE_QUEUE_RULING_H
#define QUEUE_QUEUE_RULING_H

#include <stddef.h>

#include "gateway/base/text.h"

/* Part of STATE, OUTCOME, RELOC and DISPOSE records; each may be empty. */
struct queue_ruling {
	struct text policy;	/* name of the mail policy */
	struct text next_hop;	/* host or [address], perhaps :port */
	struct text bounce_profile;
};

/* A copy on the heap, texts included, freed with free(); NULL: empty. */
struct queue_ruling *queue_ruling_keep(const struct queue_ruling *from);
/* The texts, borrowed; empty ones where kept is NULL. */
struct queue_ruling queue_ruling_value(const struct queue_ruling *kept);
/* Bytes of memory. */
size_t queue_ruling_memory(const struct queue_ruling *kept);

#endif
