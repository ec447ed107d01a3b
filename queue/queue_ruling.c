/*
 * Rulings, each in one piece of memory.
 */
#include "queue/queue_ruling.h"

#include "gateway/base/memory.h"

static size_t
text_bytes(const struct queue_ruling *ruling)
{
	return ruling->policy.len + ruling->next_hop.len +
	    ruling->bounce_profile.len;
}

struct queue_ruling *
queue_ruling_keep(const struct queue_ruling *from)
{
	struct queue_ruling *kept;
	char *at;

	if (text_bytes(from) == 0)
		return NULL;
	kept = memory_new(sizeof(*kept) + text_bytes(from));
	at = (char *)(kept + 1);
	kept->policy = text_put(&at, from->policy);
	kept->next_hop = text_put(&at, from->next_hop);
	kept->bounce_profile = text_put(&at, from->bounce_profile);
	return kept;
}

struct queue_ruling
queue_ruling_value(const struct queue_ruling *kept)
{
	return kept == NULL ? (struct queue_ruling){ 0 } : *kept;
}

size_t
queue_ruling_memory(const struct queue_ruling *kept)
{
	return kept == NULL ? 0 : sizeof(*kept) + text_bytes(kept);
}
