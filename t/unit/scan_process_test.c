/*
 * F04: the scan process in its jail, patterns compiled before it, asked as queue asks it: small and large
 * messages, order, changed bodies, bodies that cannot be read, and its end
 * with a new configuration.
 */
#include "t/unit/filter_fixture.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "gateway/config/config_load.h"
#include "policy/scan/scan_process.c"

#define ANSWERS_MAX 100
#define LARGE ((size_t)3 * 1024 * 1024)

/* ---- instead of gateway/protocol/process.c ---- */

static struct loop *test_loop;
static struct ipc_identity test_identity = { .build = "test",
	.protocol = IPC_PROTOCOL, .epoch = 1 };
static bool test_is_stopped;

struct loop *
process_loop(void)
{
	return test_loop;
}

const struct ipc_identity *
process_identity(void)
{
	return &test_identity;
}

void
process_in_hand(uint64_t mid)
{
	(void)mid;
}

void
process_stopped(void)
{
	test_is_stopped = true;
	loop_stop(test_loop);
}

static const struct text test_yaml = TEXT_INIT("hostname: gw.example.org\n"
    "listeners:\n  public: { address: 192.0.2.1, port: 25 }\n"
    "mail_flow_policies:\n  incoming: { action: accept }\n"
    "sender_groups:\n"
    "  - { name: world, addresses: [ all ], "
    "mail_flow_policy: incoming }\n"
    "quarantines:\n  Policy: {}\n");

/* What a snapshot must hold besides the fixture's filters. */
static void
complete_config(struct filter_fixture *fixture, uint64_t message_size)
{
	struct config_content_filters filters =
	    fixture->config.content_filters;
	struct config_errors *errors = memory_new(sizeof(*errors));

	assert_int_equal(config_load_text(test_yaml, TEXT("test"),
	    fixture->arena, &fixture->config, errors), 0);
	fixture->config.content_filters = filters;
	fixture->config.limits.message_size = message_size;
	free(errors);
}

/* ---- scan, in a child ---- */

static struct config_snapshot *
make_snapshot(const struct config *config)
{
	struct config_snapshot *snapshot = NULL;
	struct reason why = { 0 };
	int descriptor = -1;

	if (config_snapshot_seal(config, 5, &descriptor, &why) != 0 ||
	    config_snapshot_open(descriptor, &snapshot, &why) != 0)
		fatal("%s", why.text);
	(void)close(descriptor);
	return snapshot;
}

static void
test_parent_gone(void *context, int error)
{
	scan_queue_ended(context, error);
	loop_stop(test_loop);
}

static void
run_scan(const struct config *config, int descriptor)
{
	static struct ipc_events events;
	struct config_snapshot *snapshot = make_snapshot(config);

	test_identity.kind = PROCESS_SCAN;
	test_loop = loop_new();
	scan_activate(snapshot);
	scan_prepare();
	jail_restrict();
	jail_enter(scan_process.jail);
	events = scan_queue_events;
	events.ended = test_parent_gone;
	scan.queue = ipc_new(test_loop, descriptor, &test_identity, &events,
	    NULL);
	loop_run(test_loop);
	_exit(0);
}

/* ---- queue ---- */

struct queue {
	struct ipc *ipc;
	struct arena *arena;
	struct frame_disposition answers[ANSWERS_MAX];
	struct text bodies[ANSWERS_MAX];
	size_t count;
	size_t wanted;
	pid_t child;
};

static void
queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	struct queue *queue = context;
	struct frame_disposition *out = &queue->answers[queue->count];
	struct message_body *body = NULL;
	struct text kept;
	struct buffer bytes;

	assert_true(queue->count < ANSWERS_MAX);
	assert_int_equal(arena_copy(queue->arena, payload, &kept), 0);
	assert_int_equal(frame_decode(PROCESS_SCAN, PROCESS_QUEUE, type, kept,
	    queue->arena, out), 0);
	if (out->body_count > 0) {
		assert_int_equal(message_body_receive(out->body, descriptor,
		    out->bodies[0].size, &body), 0);
		assert_int_equal(scan_read_body(body, &bytes, &kept), 0);
		assert_int_equal(arena_copy(queue->arena, kept,
		    &queue->bodies[queue->count]), 0);
		buffer_clear(&bytes);
		message_body_release(&body);
	}
	if (++queue->count == queue->wanted)
		loop_stop(test_loop);
}

static void
queue_ended(void *context, int error)
{
	(void)context;
	fail_msg("scan ended: %s", error_name(error));
}

static const struct ipc_events queue_events = {
	.frame = queue_frame,
	.ended = queue_ended,
};

static void
queue_open(struct queue *queue, const struct config *config)
{
	int ends[2];

	memset(queue, 0, sizeof(*queue));
	queue->arena = arena_new((size_t)64 * 1024 * 1024);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends), 0);
	queue->child = fork();
	assert_true(queue->child >= 0);
	if (queue->child == 0) {
		(void)close(ends[0]);
		run_scan(config, ends[1]);
	}
	(void)close(ends[1]);
	test_identity.kind = PROCESS_QUEUE;
	test_loop = loop_new();
	queue->ipc = ipc_new(test_loop, ends[0], &test_identity,
	    &queue_events, queue);
}

/* Ends the child; it must end by itself, not by a signal. */
static void
queue_close(struct queue *queue)
{
	int status = 0;

	ipc_free(queue->ipc);
	assert_int_equal(waitpid(queue->child, &status, 0), queue->child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	loop_free(test_loop);
	arena_free(queue->arena);
}

static void
queue_ask(struct queue *queue, const struct envelope *envelope, uint64_t mid,
	struct text message, uint64_t size)
{
	struct frame_judge frame = { .mid = mid, .attempt = 2,
		.envelope = *envelope };
	struct message_body *body = message_body_new();
	int descriptor = -1;

	frame.envelope.mid = mid;
	frame.envelope.size = size;
	assert_int_equal(message_body_append(body, message), 0);
	assert_int_equal(message_body_finish(body), 0);
	frame.body = message_body_frame(body, &descriptor);
	frame_send(queue->ipc, FRAME_JUDGE, &frame, descriptor);
	message_body_release(&body);
	queue->wanted++;
}

static struct text
large_message(struct arena *arena)
{
	static const char start[] = "Subject: large\r\n\r\n";
	char *bytes = arena_alloc(arena, LARGE);

	assert_non_null(bytes);
	memset(bytes, 'a', LARGE);
	memcpy(bytes, start, sizeof(start) - 1);
	memcpy(bytes + LARGE - 10, "\r\nneedle\r\n", 10);
	return text_of(bytes, LARGE);
}

static void
test_judges_in_its_jail(void **unused)
{
	struct filter_fixture fixture;
	struct queue queue;
	struct text large;
	size_t i;

	(void)unused;
	fixture_init(&fixture);
	large = large_message(fixture.arena);
	(void)fixture_filter(&fixture, "large", "body-contains('needle')",
	    "insert-header('X-Found', '$MatchedContent')",
	    "tag-message('found')", "deliver()");
	(void)fixture_filter(&fixture, "bad", "body-contains('(x+x+)+z')",
	    "drop()", NULL, NULL);
	(void)fixture_filter(&fixture, "small", "subject == 'SECURE'",
	    "insert-header('X-Small', 'yes')", "quarantine('Policy')", NULL);
	complete_config(&fixture, LARGE);
	queue_open(&queue, &fixture.config);
	for (i = 0; i < 70; i++)
		queue_ask(&queue, &fixture.envelope, 100 + i,
		    fixture.message, fixture.message.len);
	queue_ask(&queue, &fixture.envelope, 200, large, large.len);
	queue_ask(&queue, &fixture.envelope, 201, fixture.message, 7);
	loop_run(test_loop);
	for (i = 0; i < 70; i++) {
		assert_int_equal(queue.answers[i].mid, 100 + i);
		assert_int_equal(queue.answers[i].attempt, 2);
		assert_int_equal(queue.answers[i].config_version, 5);
		assert_int_equal(queue.answers[i].splinters[0].verdict,
		    FRAME_VERDICT_QUARANTINE);
		assert_text(queue.answers[i].splinters[0].quarantine, "Policy");
		assert_int_equal(queue.bodies[i].len, fixture.message.len +
		    strlen("X-Small: yes\r\n"));
	}
	assert_int_equal(queue.answers[70].mid, 200);
	assert_int_equal(queue.answers[70].splinters[0].verdict, FRAME_VERDICT_DELIVER);
	assert_text(queue.answers[70].splinters[0].tags[0], "found");
	assert_int_equal(queue.bodies[70].len, LARGE +
	    strlen("X-Found: needle\r\n"));
	assert_int_equal(queue.answers[71].mid, 201);
	assert_int_equal(queue.answers[71].judgement, FRAME_SET_ASIDE);
	assert_text(queue.answers[71].reason, "its body could not be read");
	queue_close(&queue);
	fixture_clear(&fixture);
}

/* Fail closed above the largest size. */
static void
test_too_large(void **unused)
{
	struct filter_fixture fixture;
	struct queue queue;
	struct text large;

	(void)unused;
	fixture_init(&fixture);
	large = large_message(fixture.arena);
	(void)fixture_filter(&fixture, "one", NULL, "deliver()", NULL, NULL);
	complete_config(&fixture, 1024 * 1024);
	queue_open(&queue, &fixture.config);
	queue_ask(&queue, &fixture.envelope, 1, large, large.len);
	loop_run(test_loop);
	assert_int_equal(queue.answers[0].judgement, FRAME_SET_ASIDE);
	assert_text(queue.answers[0].reason,
	    "it is larger than limits.message_size");
	queue_close(&queue);
	fixture_clear(&fixture);
}

/* The test hook kills it, and only it. */
static void
test_crash_hook(void **unused)
{
	static const struct text hook = TEXT_INIT("Subject: x\r\n"
	    "X-Postern-Test: crash-scan\r\n\r\nbody\r\n");
	static const struct text none = TEXT_INIT("Subject: x\r\n\r\n"
	    "\r\nX-Postern-Test: crash-scan\r\n\r\n");
	pid_t child;
	int status = 0;

	(void)unused;
	scan_test_hook(none);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		jail_restrict();
		jail_enter(scan_process.jail);
		scan_test_hook(hook);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* A new configuration ends it; one with mistakes is refused before. */
static void
test_new_configuration(void **unused)
{
	struct filter_fixture fixture;
	struct config_snapshot *snapshot;
	struct reason why = { 0 };
	const char *path = "";

	(void)unused;
	fixture_init(&fixture);
	(void)fixture_filter(&fixture, "one", "subject == '('", "drop()",
	    NULL, NULL);
	assert_int_equal(scan_check(&fixture.config, &path, &why),
	    ERROR_MALFORMED);
	assert_string_equal(path, "content_filters");
	assert_non_null(strstr(why.text, "conditions[1]: column 12: "));
	fixture.conditions[0][0] = TEXT("subject");
	assert_int_equal(scan_check(&fixture.config, &path, &why), 0);
	complete_config(&fixture, 1024 * 1024);
	snapshot = make_snapshot(&fixture.config);
	test_loop = loop_new();
	scan_activate(snapshot);
	assert_false(test_is_stopped);
	scan_activate(snapshot);
	assert_true(test_is_stopped);
	config_snapshot_release(&snapshot);
	config_snapshot_release(&scan.snapshot);
	filter_set_free(scan.filters);
	arena_free(scan.arena);
	arena_free(scan.frame_arena);
	loop_free(test_loop);
	memset(&scan, 0, sizeof(scan));
	fixture_clear(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judges_in_its_jail),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_crash_hook),
		cmocka_unit_test(test_new_configuration),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
