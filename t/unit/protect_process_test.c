/*
 * The whole protect process as the supervisor sees it: started, configured,
 * wired to queue and keys, in its jail, told to stop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_session.c"

#include "crypto/protect/protect_process.h"
#include "gateway/config/config_load.h"
#include "gateway/protocol/build_id.h"
#include "gateway/protocol/frame.h"
#include "gateway/protocol/frame_supervisor.h"
#include "t/unit/protect_fixture.h"

#define SUPERVISOR_DESCRIPTOR 3
#define VERSION 1

static pid_t child;
static struct ipc *supervisor;
static struct ipc *queue;
static struct arena *frames;
static unsigned int seen[FRAME_TYPES];
static bool ended_supervisor;
static struct frame_protected answer;
static char answer_reason[REASON_TEXT_MAX];

/* ---- what the process says ---- */

static void
on_supervisor_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	(void)context;
	(void)payload;
	require(descriptor == -1 && type < FRAME_TYPES);
	seen[type]++;
}

static void
on_supervisor_end(void *context, int error)
{
	(void)context;
	(void)error;
	ended_supervisor = true;
	ipc_free(supervisor);
	supervisor = NULL;
}

static void
on_queue_frame(void *context, uint16_t type, struct text payload,
	int descriptor)
{
	(void)context;
	arena_reset(frames);
	require(frame_decode(PROCESS_PROTECT, PROCESS_QUEUE, type, payload,
		frames, &answer) == 0);
	(void)snprintf(answer_reason, sizeof(answer_reason), "%.*s",
		TEXT_ARG(answer.reason));
	if (descriptor != -1)
		(void)close(descriptor);
	seen[type]++;
}

static void
on_queue_end(void *context, int error)
{
	(void)context;
	(void)error;
	ipc_free(queue);
	queue = NULL;
}

static bool
is_ready(void)
{
	return seen[FRAME_SNAPSHOT_READY] + seen[FRAME_SNAPSHOT_REJECT] > 0;
}

static bool
is_running(void)
{
	return seen[FRAME_RUNNING] > 0;
}

static bool
has_answered(void)
{
	return seen[FRAME_PROTECTED] > 0;
}

static bool
has_ended(void)
{
	return ended_supervisor;
}

/* ---- starting it ---- */

static struct ipc_identity
identity_of(enum process_kind kind)
{
	struct ipc_identity identity = { .protocol = IPC_PROTOCOL,
		.kind = kind, .epoch = 1 };

	(void)snprintf(identity.build, sizeof(identity.build), "%s",
		build_id);
	return identity;
}

static void
run_child(int descriptor)
{
	char *arguments[] = { (char *)(uintptr_t)"postern-protect",
		(char *)(uintptr_t)"-e", (char *)(uintptr_t)"1", NULL };

	require(dup2(descriptor, SUPERVISOR_DESCRIPTOR) ==
		SUPERVISOR_DESCRIPTOR);
	_exit(process_main(3, arguments, &protect_process));
}

static void
start_child(void)
{
	static const struct ipc_events events = {
		.frame = on_supervisor_frame,
		.ended = on_supervisor_end,
	};
	const struct ipc_identity self = identity_of(PROCESS_SUPERVISOR);
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
		SOCK_NONBLOCK, 0, pair) == 0);
	child = fork();
	require(child >= 0);
	if (child == 0)
		run_child(pair[1]);
	(void)close(pair[1]);
	supervisor = ipc_new(loop, pair[0], &self, &events, NULL);
}

static void
give_channel(enum process_kind kind, int descriptor)
{
	const struct frame_channel frame = { .kind = kind };

	frame_send(supervisor, FRAME_CHANNEL, &frame, descriptor);
}

static void
connect_queue(void)
{
	static const struct ipc_events events = {
		.frame = on_queue_frame,
		.ended = on_queue_end,
	};
	const struct ipc_identity self = identity_of(PROCESS_QUEUE);
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
		SOCK_NONBLOCK, 0, pair) == 0);
	queue = ipc_new(loop, pair[0], &self, &events, NULL);
	give_channel(PROCESS_QUEUE, pair[1]);
}

static void
connect_keys(void)
{
	int pair[2];
	pid_t pid;

	require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)
	    == 0);
	pid = fork();
	require(pid >= 0);
	if (pid == 0) {
		(void)close(pair[0]);
		serve_client_keys(pair[1], "rsa");
	}
	(void)close(pair[1]);
	kill_client_keys();
	client_keys_pid = pid;
	give_channel(PROCESS_KEYS, pair[0]);
}

/* ---- its configuration ---- */

static void
write_file(const char *name, struct text content)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	require(file != NULL);
	require(fwrite(content.data, 1, content.len, file) == content.len);
	require(fclose(file) == 0);
}

static int
seal_config(const char *url)
{
	struct arena *arena = arena_new(CONFIG_LOAD_ARENA_MAX);
	static struct config_errors errors;
	static struct config loaded;
	struct buffer words;
	struct text yaml;
	int descriptor = -1;

	write_file("trust.pem", authority.pem);
	write_file("rsa.pem", leaves[KEY_RSA].pem);
	yaml = arena_printf(arena, "hostname: gw.example.org\n"
		"listeners: { in: { address: 192.0.2.1, port: 25 } }\n"
		"mail_flow_policies: { in: { action: accept } }\n"
		"sender_groups:\n  - { name: world, addresses: [ all ], "
		"mail_flow_policy: in }\n"
		"tls: { certificates: { rsa: { certificate: %s/rsa.pem, "
		"key: %s } } }\n"
		"logs: { stderr: false }\n"
		"processes: { run_directory: %s, "
		"users: { protect: nobody } }\n"
		"encryption:\n  global: { client_certificate: rsa, "
		"trust: %s/trust.pem }\n"
		"  profiles:\n    strong: { key_service_url: \"%s\", "
		"portal_url: \"https://msg.example.org\" }\n",
		folder, paths[KEY_RSA], folder, folder, url);
	if (config_load_text(yaml, TEXT("test.yaml"), arena, &loaded,
	    &errors) != 0) {
		buffer_init(&words, 1 << 20);
		require(config_errors_print(&errors, &words) == 0);
		fail_msg("%.*s", TEXT_ARG(buffer_text(&words)));
	}
	require(config_snapshot_seal(&loaded, VERSION, &descriptor, NULL) ==
		0);
	arena_free(arena);
	return descriptor;
}

static void
configure_child(const char *url)
{
	const struct frame_version frame = { .version = VERSION };

	frame_send(supervisor, FRAME_SNAPSHOT, &frame, seal_config(url));
	run_until(is_ready);
	assert_int_equal(seen[FRAME_SNAPSHOT_READY], 1);
	frame_send(supervisor, FRAME_ACTIVATE, &frame, -1);
}

/* ---- the test ---- */

static void
send_job(uint64_t mid, struct text message)
{
	struct envelope_recipient recipient = { .rid = 1,
		.address = TEXT("bob@example.net") };
	struct frame_protect frame = { .mid = mid, .attempt = 2,
		.envelope = { .mid = mid, .sender = TEXT("alice@example.org"),
		    .recipients = &recipient, .recipient_count = 1,
		    .received_us = SENT_US, .size = message.len },
		.profile = TEXT("strong"),
		.envelope_id = { 9, 8, 7 } };
	struct message_body *body = message_body_new();
	struct digest *digest = digest_new();
	int descriptor;

	digest_add(digest, message);
	digest_finish(digest, frame.envelope.sha256);
	digest_free(digest);
	require(message_body_append(body, message) == 0);
	require(message_body_finish(body) == 0);
	frame.body = message_body_frame(body, &descriptor);
	frame_send(queue, FRAME_PROTECT, &frame, descriptor);
	message_body_release(&body);
}

static void
expect_protected(uint64_t mid, struct text message)
{
	seen[FRAME_PROTECTED] = 0;
	send_job(mid, message);
	run_until(has_answered);
	assert_string_equal(answer_reason, "");
	assert_int_equal(answer.outcome, FRAME_PROTECT_DONE);
	assert_int_equal(answer.mid, mid);
	assert_int_equal(answer.attempt, 2);
	assert_true(answer.size > message.len);
}

/* Too large for a frame, in a charset that needs a converter. */
static struct text
large_message(void)
{
	static char bytes[300000];
	struct text header = TEXT("From: a@example.org\r\n"
		"Subject: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=shift_jis\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\n");
	size_t i;

	memcpy(bytes, header.data, header.len);
	for (i = header.len; i < sizeof(bytes); i++)
		bytes[i] = "\x83\x65\x83\x58\x83\x67\r\n"[(i - header.len) % 8];
	return text_of(bytes, sizeof(bytes));
}

static void
lives_as_a_process(void **state)
{
	struct server service = server_start(&(struct manners){
		.script = service_register, .client_authority = &authority });
	const struct frame_empty nothing = { 0 };
	char named[64];
	int status = 0;

	(void)state;
	(void)snprintf(named, sizeof(named), "https://localhost:%u",
		service.port);
	start_child();
	configure_child(named);
	connect_keys();
	connect_queue();
	frame_send(supervisor, FRAME_RUN, &nothing, -1);
	run_until(is_running);
	expect_protected(7, TEXT(MESSAGE));
	expect_protected(8, large_message());
	assert_int_equal(record->count, 2);
	frame_send(supervisor, FRAME_STOP, &nothing, -1);
	run_until(has_ended);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	ipc_free(queue);
	server_stop(&service);
}

/* Where it is started as root, it ends up in there. */
static void
empty_root(char *out, size_t size)
{
	(void)snprintf(out, size, "%s/empty", folder);
}

static int
process_set_up(void **state)
{
	char path[128];

	frames = arena_new(IPC_PAYLOAD_MAX);
	if (protect_set_up(state) != 0)
		return -1;
	empty_root(path, sizeof(path));
	return mkdir(path, 0755);
}

static int
process_tear_down(void **state)
{
	static const char *const names[] = { "trust.pem", "rsa.pem" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	empty_root(path, sizeof(path));
	(void)rmdir(path);
	arena_free(frames);
	return protect_tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_as_a_process),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, process_set_up,
		process_tear_down);
}
