/*
 * The bodies of a disposition.
 */
#include "policy/filter_bodies.h"

#include <string.h>

#include "crypto/digest.h"

void
filter_bodies_init(struct filter_bodies *bodies, struct buffer *bytes,
	struct arena *arena)
{
	*bodies = (struct filter_bodies){ .bytes = bytes, .arena = arena };
}

static void
describe(struct text body, struct frame_body *out)
{
	struct digest *digest = digest_new();

	digest_add(digest, body);
	digest_finish(digest, out->sha256);
	digest_free(digest);
	out->size = body.len;
}

int
filter_bodies_add(struct filter_bodies *bodies, struct text body,
	uint32_t *number)
{
	struct frame_body one = { 0 };
	size_t i;

	describe(body, &one);
	for (i = 0; i < bodies->count; i++) {
		*number = (uint32_t)i + 1;
		if (bodies->list[i].size == one.size &&
		    memcmp(bodies->list[i].sha256, one.sha256,
		    sizeof(one.sha256)) == 0)
			return 0;
	}
	if (bodies->list == NULL)
		bodies->list = arena_array(bodies->arena, FRAME_BODIES_MAX,
		    sizeof(bodies->list[0]));
	if (bodies->list == NULL || bodies->count == FRAME_BODIES_MAX ||
	    buffer_add_text(bodies->bytes, body) != 0)
		return ERROR_LIMIT;
	bodies->list[bodies->count++] = one;
	*number = (uint32_t)bodies->count;
	return 0;
}

int
filter_bodies_add_message(struct filter_bodies *bodies,
	const struct filter_message *message, struct text original,
	uint32_t *number)
{
	struct buffer written;
	int error;

	*number = 0;
	if (!message->is_changed)
		return 0;
	buffer_init(&written, bodies->bytes->max);
	error = filter_message_write(message, &written);
	/* A change and its reverse are none. */
	if (error == 0 && !text_equal(buffer_text(&written), original))
		error = filter_bodies_add(bodies, buffer_text(&written),
		    number);
	buffer_clear(&written);
	return error;
}
