/*
 * Messages that filters make.
 */
#include "policy/filter_made.h"

#include "policy/filter_action_private.h"
#include "policy/filter_bodies.h"
#include "policy/filter_protection.h"

#define NAME_SHOWN_MAX 900	/* bytes of a filter's name in a key */
/* No body has this number: queue refuses what was never settled. */
#define UNWRITTEN UINT32_MAX

/* disposition->made is the first member. */
struct made_list {
	struct frame_made made[FRAME_MADE_MAX];
	const struct filter_notice *notices[FRAME_MADE_MAX];
};

static struct made_list *
list_of(struct filter_judge *judge)
{
	struct frame_disposition *out = judge->disposition;
	struct made_list *list = (struct made_list *)(void *)out->made;

	if (list == NULL) {
		list = arena_alloc(judge->arena, sizeof(*list));
		out->made = list == NULL ? NULL : list->made;
	}
	return list;
}

int
filter_made_add_notice(struct filter_judge *judge,
	const struct filter_call *call, const struct frame_made *made,
	const struct filter_notice *notice)
{
	struct frame_disposition *out = judge->disposition;
	struct made_list *list = list_of(judge);
	size_t at = out->made_count;

	if (list == NULL)
		return filter_action_too_large(judge);
	if (at == FRAME_MADE_MAX) {
		reason_set(&judge->why, "filters made more than %d messages "
		    "about it", FRAME_MADE_MAX);
		return ERROR_LIMIT;
	}
	list->made[at] = *made;
	list->made[at].key = arena_printf(judge->arena, "%.*s/%zu",
	    TEXT_ARG(text_slice(judge->filter_name, 0, NAME_SHOWN_MAX)),
	    call->number);
	list->notices[at] = notice;
	if (notice != NULL)
		list->made[at].body = UNWRITTEN;
	out->made_count++;
	return 0;
}

int
filter_made_add(struct filter_judge *judge, const struct filter_call *call,
	const struct frame_made *made)
{
	return filter_made_add_notice(judge, call, made, NULL);
}

static int
write_notice(struct filter_judge *judge, struct made_list *list, size_t at,
	bool is_protected)
{
	struct frame_made *made = &list->made[at];
	struct buffer written;
	int error;

	buffer_init(&written, judge->bodies->bytes->max);
	error = filter_notice_write(list->notices[at], made, at + 1,
	    is_protected, &written);
	if (error == 0)
		error = filter_bodies_add(judge->bodies,
		    buffer_text(&written), &made->body);
	buffer_clear(&written);
	if (error != 0)
		reason_set(&judge->why, "notices about it are too large");
	return error;
}

int
filter_made_settle(struct filter_judge *judge, size_t from, size_t to,
	const struct frame_protection *protection)
{
	struct made_list *list;
	size_t i;
	int error = 0;

	require(to <= judge->disposition->made_count);
	if (from >= to)
		return 0;
	list = list_of(judge);
	for (i = from; i < to && error == 0; i++)
		if (list->notices[i] == NULL)
			filter_protection_raise(&list->made[i].protection,
			    protection);
		else
			error = write_notice(judge, list, i,
			    protection->form != PROTECTION_NONE);
	return error;
}
