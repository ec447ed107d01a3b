/*
 * Dispositions that make messages, put together for tests.
 */
#ifndef T_UNIT_QUEUE_FIXTURE_DISPOSE_H
#define T_UNIT_QUEUE_FIXTURE_DISPOSE_H

#include "t/unit/queue_fixture_worker.h"

static const struct rig_mail rig_three = {
	.sender = "alice@example.org",
	.to = { "bob@one.example", "carol@two.example", "dave@three.example" },
	.size = 400,
};

static inline struct queue_message *
rig_child(struct rig *rig, uint64_t mid, size_t nth)
{
	struct list *link, *after;

	LIST_EACH(&rig->queue->table.all, link, after) {
		struct queue_message *message =
		    LIST_OWNER(link, struct queue_message, all);

		if (message->parent_mid == mid && nth-- == 0)
			return message;
	}
	return NULL;
}

static inline size_t
rig_count_children(struct rig *rig, uint64_t mid)
{
	size_t count = 0;

	while (rig_child(rig, mid, count) != NULL)
		count++;
	return count;
}

static inline const char *
rig_first_address(const struct queue_message *message)
{
	static char address[256];
	struct arena *arena = arena_new(1u << 20);
	struct envelope envelope;

	assert_int_equal(queue_message_envelope(message, arena, &envelope),
	    0);
	rig_text(envelope.recipients[0].address, address, sizeof(address));
	arena_free(arena);
	return address;
}

/* Bodies are "1111...", "2222...": one memfd, or inline. */
static inline void
rig_dispose_many(struct rig_ask *ask, struct frame_splinter *splinters, size_t count,
    struct frame_made *made, size_t made_count, const size_t *sizes,
    size_t bodies)
{
	struct frame_body described[16] = { 0 };
	struct message_body *whole = message_body_new();
	struct frame_disposition answer = {
		.mid = ask->mid,
		.attempt = ask->attempt,
		.config_version = 42,
		.splinters = splinters,
		.splinter_count = count,
		.made = made,
		.made_count = made_count,
		.bodies = described,
		.body_count = bodies,
	};
	int descriptor = -1;

	for (size_t i = 0; i < bodies; i++) {
		char *bytes = memory_new(sizes[i] + 1);
		struct text body = text_of(bytes, sizes[i]);

		memset(bytes, '1' + (int)i, sizes[i]);
		described[i].size = sizes[i];
		body_digest(body, described[i].sha256);
		assert_int_equal(message_body_append(whole, body), 0);
		free(bytes);
	}
	assert_int_equal(message_body_finish(whole), 0);
	answer.body = message_body_frame(whole, &descriptor);
	ask->answered = true;
	frame_send(ask->peer->ipc, FRAME_DISPOSITION, &answer, descriptor);
	message_body_release(&whole);
}

static inline uint64_t
rig_accept_three(struct rig *rig)
{
	size_t asks = rig->ask_count;
	uint64_t mid = rig_accept(rig, &rig_three);

	rig_run_asks(rig, asks + 1);
	return mid;
}

static inline struct rig_ask *
rig_last_ask(struct rig *rig)
{
	return &rig->asks[rig->ask_count - 1];
}

static inline bool
rig_is_judged(struct rig *rig)
{
	return rig->queue->errands.counts[QUEUE_DESK_JUDGE] == 0 &&
	    queue_log_is_synced(rig->queue);
}

static inline void
rig_restart_checked(struct rig *rig, bool without_index)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/queue.db", rig->directory);
	rig_kill(rig);
	rig->epoch++;
	if (without_index)
		assert_int_equal(database_remove(path), 0);
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	rig_check_ledger(rig);
}

static inline struct rig_job *
rig_job_to(struct rig *rig, const char *address)
{
	for (size_t i = 0; i < rig->job_count; i++)
		if (strcmp(rig->jobs[i].first, address) == 0)
			return &rig->jobs[i];
	fail_msg("no job to %s", address);
	return NULL;
}

static inline int
rig_setup_dispose(void **state)
{
	static struct config_bounce_profile profiles[4];
	struct rig *rig = rig_new_with_filters();

	for (size_t i = 0; i < 4; i++)
		profiles[i] = rig->profile;
	profiles[1].name = TEXT("silent");
	profiles[1].send_bounces = 0;
	profiles[2].name = TEXT("quick");
	profiles[2].retry_initial_ms = 1000;
	profiles[3].name = TEXT("expired");
	profiles[3].retry_initial_ms = 100;
	profiles[3].retry_max_ms = 100;
	profiles[3].lifetime_ms = 100;
	rig->config.bounce_profiles = profiles;
	rig->config.bounce_profile_count = 4;
	*state = rig;
	rig_start(rig);
	rig_connect_all(rig);
	rig_connect_workers(rig);
	return 0;
}

#endif
