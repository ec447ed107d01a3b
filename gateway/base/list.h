/*
 * An intrusive doubly linked ring.  A struct list in an owner is the head;
 * a struct list in an element is its link.
 */
#ifndef GATEWAY_BASE_LIST_H
#define GATEWAY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_OWNER(link, type, member) \
	((type *)(void *)((char *)(link) - offsetof(type, member)))

/* Safe against removal of the element at hand. */
#define LIST_EACH(head, link, after) \
	for ((link) = (head)->next, (after) = (link)->next; \
	    (link) != (head); (link) = (after), (after) = (link)->next)

static inline void
list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool
list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void
list_add_before(struct list *place, struct list *link)
{
	link->prev = place->prev;
	link->next = place;
	place->prev->next = link;
	place->prev = link;
}

/* At the back of the ring. */
static inline void
list_append(struct list *head, struct list *link)
{
	list_add_before(head, link);
}

/* At the front of the ring. */
static inline void
list_prepend(struct list *head, struct list *link)
{
	list_add_before(head->next, link);
}

/* Take out; the link becomes a ring of its own, so twice is harmless. */
static inline void
list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

#endif
