/*
 * Commands on the queue, on quarantines and on envelopes: what admin asks of
 * queue and vault, and how it prints their answers, in words and as JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"
#include "gateway/base/memory.h"

#define SENT_US INT64_C(1789000000000000)

/* ---- the way to the CLI and to the peers -------------------------------- */

static struct {
	struct admin_request request;
	struct command_call call;
	struct text words[16];
	struct buffer out;
	struct buffer errors;
	enum process_kind asked;
	enum frame_type type;
	union {
		struct frame_queue_list_ask list;
		struct frame_queue_act_ask act;
		struct frame_queue_mid mid;
		struct frame_vault_act_ask vault;
	} ask;
	unsigned int ask_count;
	int status;	/* -1: not done */
	uint64_t history;
} world;

static void PRINTF_LIKE(2, 0)
print(struct buffer *out, const char *format, va_list args)
{
	require(buffer_vprintf(out, format, args) == 0);
}

void
admin_print(struct admin_request *request, const char *format, ...)
{
	va_list args;

	(void)request;
	va_start(args, format);
	print(&world.out, format, args);
	va_end(args);
}

void
admin_error(struct admin_request *request, const char *format, ...)
{
	va_list args;

	(void)request;
	va_start(args, format);
	print(&world.errors, format, args);
	va_end(args);
}

void
admin_print_json(struct admin_request *request, json_t *root)
{
	char *dump = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);

	(void)request;
	require(dump != NULL);
	require(buffer_add_text(&world.out, text_from(dump)) == 0);
	free(dump);
	json_decref(root);
}

void
admin_done(struct admin_request *request, enum command_status status)
{
	(void)request;
	world.status = (int)status;
}

bool
admin_peer_ask(struct admin_request *request, enum process_kind kind,
	enum frame_type type, const void *value)
{
	static const struct {
		enum frame_type type;
		size_t size;
	} sizes[] = {
		{ FRAME_QUEUE_LIST_ASK, sizeof(world.ask.list) },
		{ FRAME_QUEUE_ACT_ASK, sizeof(world.ask.act) },
		{ FRAME_QUEUE_MESSAGE_ASK, sizeof(world.ask.mid) },
		{ FRAME_VAULT_ACT_ASK, sizeof(world.ask.vault) },
	};
	size_t i;

	(void)request;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i].type == type)
			memcpy(&world.ask, value, sizes[i].size);
	world.asked = kind;
	world.type = type;
	world.ask_count++;
	return true;
}

void
admin_history_start(struct admin_request *request, uint64_t mid,
	void (*done)(struct admin_request *request))
{
	world.history = mid;
	done(request);
}

size_t
ipc_backlog(const struct ipc *ipc)
{
	(void)ipc;
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	buffer_init(&world.out, 1 << 20);
	buffer_init(&world.errors, 1 << 20);
	world.request.arena = arena_new(1 << 20);
	world.request.call = &world.call;
	world.request.id = 7;
	world.status = -1;
	memcpy(world.request.actor, "root", sizeof("root"));
	clock_open();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(world.request.json_root);
	arena_free(world.request.arena);
	buffer_clear(&world.out);
	buffer_clear(&world.errors);
	return 0;
}

/* Parse a line and begin with it. */
static void
begin(const char *line, void (*run)(struct admin_request *request))
{
	struct text rest = text_from(line), part;
	struct reason why = { 0 };
	size_t count = 0;

	while (text_split(&rest, ' ', &part)) {
		if (text_equal(part, TEXT("--json")))
			world.request.json = true;
		else
			world.words[count++] = part;
	}
	if (command_parse(world.words, count, &world.call, &why) != 0)
		fail_msg("%s", why.text);
	run(&world.request);
}

static void
answer(enum frame_type type, const void *value)
{
	world.request.answered(&world.request, (uint16_t)type, value);
}

static void
expect_in(struct buffer *buffer, const char *words)
{
	struct text t = buffer_text(buffer);

	if (text_find(t, text_from(words)) == t.len)
		fail_msg("no \"%s\" in:\n%.*s", words, TEXT_ARG(t));
}

static void
expect_text(struct text t, const char *wanted)
{
	if (!text_equal(t, text_from(wanted)))
		fail_msg("\"%.*s\" is not \"%s\"", TEXT_ARG(t), wanted);
}

/* ---- lists -------------------------------------------------------------- */

static struct frame_queue_row
row_of(uint64_t mid)
{
	return (struct frame_queue_row){ .mid = mid,
		.state = MESSAGE_PROTECTING, .received_us = SENT_US,
		.size = 1234, .sender = TEXT("a@a.test"),
		.recipient = TEXT("b@b.test"), .recipient_count = 2,
		.attempts = 3, .reason = TEXT("the key \x1b[1mservice"),
		.profile = TEXT("Standard"), .quarantine = TEXT("Policy") };
}

static void
test_encryption_queue(void **state)
{
	struct frame_queue_row row = row_of(12);
	struct frame_queue_list list = { .rows = &row, .row_count = 1 };

	(void)state;
	begin("queue --encryption --sender a", admin_run_list);
	assert_int_equal(world.asked, PROCESS_QUEUE);
	assert_int_equal(world.type, FRAME_QUEUE_LIST_ASK);
	assert_int_equal(world.ask.list.encryption_only, 1);
	assert_int_equal(world.ask.list.quarantined_only, 0);
	expect_text(world.ask.list.sender, "a");
	answer(FRAME_QUEUE_LIST, &list);
	assert_int_equal(world.status, COMMAND_OK);
	expect_in(&world.out, "MID        PROFILE              AGE TRY");
	expect_in(&world.out, "12         Standard  ");
	expect_in(&world.out, "a@a.test -> b@b.test and 1 more\n");
	expect_in(&world.out, "the key \\x1b[1mservice\n");
}

static void
test_list_as_json(void **state)
{
	struct frame_queue_row row = row_of(12);
	struct frame_queue_list list = { .rows = &row, .row_count = 1 };

	(void)state;
	begin("queue --encryption --json", admin_run_list);
	answer(FRAME_QUEUE_LIST, &list);
	expect_in(&world.out, "\"profile\":\"Standard\"");
	expect_in(&world.out, "\"quarantine\":\"Policy\"");
	expect_in(&world.out, "\"state\":\"protecting\"");
}

static void
test_quarantine_list(void **state)
{
	struct frame_queue_row row = row_of(12);
	struct frame_queue_list list = { .rows = &row, .row_count = 1,
		.more = 1 }, empty = { .row_count = 0 };

	(void)state;
	begin("quarantine list Policy --limit 2", admin_run_list);
	assert_int_equal(world.ask.list.quarantined_only, 1);
	assert_int_equal(world.ask.list.limit, 2);
	expect_text(world.ask.list.quarantine, "Policy");
	answer(FRAME_QUEUE_LIST, &list);
	assert_int_equal(world.ask.list.after_mid, 12);
	assert_int_equal(world.ask.list.limit, 1);
	answer(FRAME_QUEUE_LIST, &empty);
	assert_int_equal(world.status, COMMAND_OK);
	expect_in(&world.out, "MID        QUARANTINE ");
	expect_in(&world.out, "12         Policy ");
}

static void
test_quarantine_is_empty(void **state)
{
	struct frame_queue_list empty = { .row_count = 0 };

	(void)state;
	begin("quarantine list", admin_run_list);
	expect_text(world.ask.list.quarantine, "");
	answer(FRAME_QUEUE_LIST, &empty);
	expect_in(&world.out, "No such message lies in quarantine.");
}

/* ---- acts --------------------------------------------------------------- */

static void
test_abort(void **state)
{
	struct frame_queue_act act = { .affected = 1, .recipients = 2 };

	(void)state;
	begin("abort 12", admin_run_act);
	assert_int_equal(world.ask.act.action, FRAME_QUEUE_ABORT);
	assert_int_equal(world.ask.act.mid, 12);
	expect_text(world.ask.act.actor, "root");
	answer(FRAME_QUEUE_ACT, &act);
	assert_int_equal(world.status, COMMAND_OK);
	expect_in(&world.out, "1 messages (2 recipients) given up\n");
}

static void
find_answer(uint64_t mid, struct text quarantine)
{
	struct frame_queue_message message = { .found = 1,
		.envelope = { .mid = mid }, .quarantine = quarantine };

	assert_int_equal(world.type, FRAME_QUEUE_MESSAGE_ASK);
	assert_int_equal(world.ask.mid.mid, mid);
	answer(FRAME_QUEUE_MESSAGE, &message);
}

static void
test_quarantine_release(void **state)
{
	struct frame_queue_act act = { .affected = 1, .recipients = 1 };

	(void)state;
	begin("quarantine release 12 13", admin_run_quarantine_act);
	find_answer(12, TEXT("Policy"));
	assert_int_equal(world.ask.act.action, FRAME_QUEUE_RELEASE);
	assert_int_equal(world.ask.act.mid, 12);
	expect_text(world.ask.act.quarantine, "Policy");
	answer(FRAME_QUEUE_ACT, &act);
	/* 13 waits in the queue: it is none of quarantine's business. */
	find_answer(13, TEXT_EMPTY);
	assert_int_equal(world.ask_count, 3);
	assert_int_equal(world.status, COMMAND_FAILED);
	expect_in(&world.errors,
	    "postern: message 13: it lies in no quarantine\n");
	expect_in(&world.out, "1 messages (1 recipients) released\n");
}

static void
test_quarantine_delete(void **state)
{
	struct frame_queue_act act = { .reason = TEXT("it has just gone") };

	(void)state;
	begin("quarantine delete 12", admin_run_quarantine_act);
	find_answer(12, TEXT("Policy"));
	assert_int_equal(world.ask.act.action, FRAME_QUEUE_DELETE);
	answer(FRAME_QUEUE_ACT, &act);
	assert_int_equal(world.status, COMMAND_FAILED);
	expect_in(&world.errors, "message 12: it has just gone");
}

static void
test_no_mid(void **state)
{
	(void)state;
	begin("quarantine delete x", admin_run_quarantine_act);
	assert_int_equal(world.status, COMMAND_USAGE);
	assert_int_equal(world.ask_count, 0);
}

/* ---- one message -------------------------------------------------------- */

static const struct frame_queue_message protected_message = {
	.found = 1, .state = MESSAGE_HELD,
	.envelope = { .mid = 12, .sender = TEXT_INIT("a@a.test") },
	.quarantine = TEXT_INIT("Policy"), .disposition = TEXT_INIT("x"),
	.protection = { .form = PROTECTION_TLS_OR_ENVELOPE,
		.profile = TEXT_INIT("Standard"),
		.subject = TEXT_INIT("S") },
	.is_protected = 1, .reference = TEXT_INIT("K7QD-24MF"),
	.parent_mid = 11 };

static void
test_message(void **state)
{
	(void)state;
	begin("quarantine show 12", admin_run_message);
	answer(FRAME_QUEUE_MESSAGE, &protected_message);
	assert_int_equal(world.status, COMMAND_OK);
	assert_int_equal(world.history, 12);
	expect_in(&world.out, "quarantine: Policy\nprotection: "
	    "tls-or-envelope, profile Standard, done\n"
	    "reference: K7QD-24MF\nsplit from: MID 11\n");
}

static void
test_message_as_json(void **state)
{
	(void)state;
	begin("message 12 --json", admin_run_message);
	answer(FRAME_QUEUE_MESSAGE, &protected_message);
	expect_in(&world.out, "\"protection\":{\"done\":true,"
	    "\"form\":\"tls-or-envelope\",\"profile\":\"Standard\","
	    "\"subject\":\"S\"}");
	expect_in(&world.out, "\"parent\":11");
	expect_in(&world.out, "\"quarantine\":\"Policy\"");
	expect_in(&world.out, "\"reference\":\"K7QD-24MF\"");
}

static void
test_message_needs_nothing(void **state)
{
	struct frame_queue_message message = { .found = 1,
		.envelope = { .mid = 12 } };

	(void)state;
	begin("message 12 --json", admin_run_message);
	answer(FRAME_QUEUE_MESSAGE, &message);
	expect_in(&world.out, "\"protection\":null");
	expect_in(&world.out, "\"sender\":\"\"");
	expect_in(&world.out, "\"parent\":null");
	expect_in(&world.out, "\"reference\":null");
}

static void
test_show_wants_quarantine(void **state)
{
	struct frame_queue_message message = { .found = 1,
		.envelope = { .mid = 12 } };

	(void)state;
	begin("quarantine show 12", admin_run_message);
	answer(FRAME_QUEUE_MESSAGE, &message);
	assert_int_equal(world.status, COMMAND_FAILED);
	assert_int_equal(world.history, 0);
	expect_in(&world.errors, "lies in no quarantine");
}

/* ---- envelopes ---------------------------------------------------------- */

static struct frame_vault_reader readers[] = {
	{ .address = TEXT_INIT("b@b.test"), .first_opened_us = SENT_US + 1,
		.opened = 3 },
	{ .address = TEXT_INIT("c@b.test") },
};

static struct frame_vault_row envelope = {
	.envelope_id = TEXT_INIT("000102030405060708090a0b0c0d0e0f"),
	.reference = TEXT_INIT("K7QD-24MF"), .mid = 12,
	.gateway = TEXT_INIT("gw.test"), .sender = TEXT_INIT("a@a.test"),
	.sent_us = SENT_US, .expires_us = SENT_US * 4,
	.readers = readers, .reader_count = 2 };

static void
test_envelope_list(void **state)
{
	struct frame_vault_act act = { .rows = &envelope, .row_count = 1 };

	(void)state;
	begin("envelope list --limit 0", admin_run_envelope_list);
	assert_int_equal(world.asked, PROCESS_VAULT);
	assert_int_equal(world.ask.vault.action, FRAME_VAULT_LIST);
	assert_int_equal(world.ask.vault.limit, FRAME_VAULT_ROWS_MAX);
	answer(FRAME_VAULT_ACT, &act);
	assert_int_equal(world.status, COMMAND_OK);
	expect_in(&world.out, "K7QD-24MF  12 ");
	expect_in(&world.out, "1/2   a@a.test -> b@b.test and 1 more\n");
}

static void
test_envelope_show(void **state)
{
	struct frame_vault_act act = { .rows = &envelope, .row_count = 1 };

	(void)state;
	begin("envelope show k7qd24mx", admin_run_envelope_show);
	assert_int_equal(world.ask.vault.action, FRAME_VAULT_SHOW);
	expect_text(world.ask.vault.key, "k7qd24mx");
	answer(FRAME_VAULT_ACT, &act);
	expect_in(&world.out, "K7QD-24MF: open\n");
	expect_in(&world.out, "  b@b.test: opened 3 times, first at 20");
	expect_in(&world.out, "  c@b.test: not opened\n");
}

static void
test_envelope_lock(void **state)
{
	struct frame_vault_row locked = envelope;
	struct frame_vault_act act = { .rows = &locked, .row_count = 1 };

	(void)state;
	locked.is_locked = 1;
	begin("envelope lock K7QD-24MF --json", admin_run_envelope_act);
	assert_int_equal(world.ask.vault.action, FRAME_VAULT_LOCK);
	expect_text(world.ask.vault.actor, "root");
	answer(FRAME_VAULT_ACT, &act);
	assert_int_equal(world.status, COMMAND_OK);
	expect_in(&world.out, "\"locked\":true");
	expect_in(&world.out, "\"ok\":true");
}

static void
test_envelope_unknown(void **state)
{
	struct frame_vault_act act = { .reason = TEXT("nothing like it") };

	(void)state;
	begin("envelope unlock K7QD-24MF", admin_run_envelope_act);
	assert_int_equal(world.ask.vault.action, FRAME_VAULT_UNLOCK);
	answer(FRAME_VAULT_ACT, &act);
	assert_int_equal(world.status, COMMAND_FAILED);
	expect_in(&world.errors, "postern: nothing like it\n");
	assert_int_equal(buffer_len(&world.out), 0);
}

static void
test_envelope_expire(void **state)
{
	(void)state;
	begin("envelope expire K7QD-24MF 2026-12-31", admin_run_envelope_act);
	assert_int_equal(world.ask.vault.action, FRAME_VAULT_EXPIRE);
	assert_int_equal(world.ask.vault.expires_us,
	    INT64_C(1798675200) * CLOCK_SECOND_US);
	begin("envelope expire K7QD-24MF never", admin_run_envelope_act);
	assert_int_equal(world.ask.vault.expires_us, 0);
	begin("envelope expire K7QD-24MF soon", admin_run_envelope_act);
	assert_int_equal(world.status, COMMAND_USAGE);
	assert_int_equal(world.ask_count, 2);
}

static void
test_envelope_key_too_long(void **state)
{
	(void)state;
	begin("envelope show 00000000000000000000000000000000000000000000000"
	    "000000000000000000", admin_run_envelope_show);
	assert_int_equal(world.status, COMMAND_USAGE);
	assert_int_equal(world.ask_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_encryption_queue),
		TEST(test_list_as_json),
		TEST(test_quarantine_list),
		TEST(test_quarantine_is_empty),
		TEST(test_abort),
		TEST(test_quarantine_release),
		TEST(test_quarantine_delete),
		TEST(test_no_mid),
		TEST(test_message),
		TEST(test_message_as_json),
		TEST(test_message_needs_nothing),
		TEST(test_show_wants_quarantine),
		TEST(test_envelope_list),
		TEST(test_envelope_show),
		TEST(test_envelope_lock),
		TEST(test_envelope_unknown),
		TEST(test_envelope_expire),
		TEST(test_envelope_key_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
