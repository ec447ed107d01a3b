/*
 * One message: every move of its states, changes, saving and restoring.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "queue/queue_message.h"

/* The states in the order of enum message_state; x may move to y. */
static const char moves[MESSAGE_STATES][MESSAGE_STATES + 1] = {
	[MESSAGE_RECEIVED] = ".x.x.xx",
	[MESSAGE_JUDGING] = "..xx.xx",
	[MESSAGE_PROTECTING] = "...x.xx",
	[MESSAGE_READY] = "..x.xxx",
	[MESSAGE_SENDING] = "..xx.xx",
	[MESSAGE_HELD] = ".xxx..x",
	[MESSAGE_DONE] = ".......",
};

static struct queue_message *
make(size_t count)
{
	struct envelope_recipient recipients[8] = { 0 };
	struct envelope envelope = {
		.mid = 77,
		.sender = TEXT("a@example.org"),
		.recipients = recipients,
		.recipient_count = count,
		.received_us = 1000,
		.size = 10,
	};
	struct queue_message *message = NULL;
	struct buffer encoded;

	for (size_t i = 0; i < count; i++) {
		recipients[i].rid = (uint32_t)i * 2 + 1;
		recipients[i].address = TEXT("b@example.com");
	}
	buffer_init(&encoded, 65536);
	assert_int_equal(record_encode(&envelope_shape, &envelope, &encoded),
	    0);
	assert_int_equal(queue_message_new(&envelope, buffer_text(&encoded),
	    &message), 0);
	buffer_clear(&encoded);
	return message;
}

/* A child does it: 0 if it lived. */
static int
signal_of_move(enum message_state from, enum message_state to,
    enum message_state believed)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct queue_message *message = make(1);

		log_set_stderr(false);
		signal(SIGABRT, SIG_DFL);
		message->state = (uint8_t)from;
		queue_message_move(message, believed, to);
		_exit(message->state == to ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void
test_all_moves(void **state)
{
	(void)state;
	for (unsigned int from = 0; from < MESSAGE_STATES; from++)
		for (unsigned int to = 0; to < MESSAGE_STATES; to++) {
			bool may = moves[from][to] == 'x';

			assert_int_equal(queue_message_may_move(from, to),
			    may);
			assert_int_equal(signal_of_move(from, to, from),
			    may ? 0 : SIGABRT);
		}
	/* Whoever is wrong about the old state is stopped too. */
	assert_int_equal(signal_of_move(MESSAGE_READY, MESSAGE_HELD,
	    MESSAGE_SENDING), SIGABRT);
}

static void
test_envelopes_refused(void **state)
{
	struct envelope_recipient recipients[2] = { { .rid = 2 },
		{ .rid = 2 } };
	struct envelope envelope = { .mid = 1, .recipients = recipients };
	struct queue_message *message = NULL;

	(void)state;
	assert_int_equal(queue_message_new(&envelope, TEXT_EMPTY, &message),
	    ERROR_MALFORMED);
	envelope.recipient_count = 2;
	assert_int_equal(queue_message_new(&envelope, TEXT_EMPTY, &message),
	    ERROR_MALFORMED);
	envelope.recipient_count = 1;
	envelope.mid = 0;
	assert_int_equal(queue_message_new(&envelope, TEXT_EMPTY, &message),
	    ERROR_MALFORMED);
	assert_null(message);
}

static void
test_recipients_by_rid(void **state)
{
	struct queue_message *message = make(8);

	(void)state;
	for (uint32_t rid = 0; rid < 20; rid++) {
		struct queue_recipient *recipient =
		    queue_message_recipient(message, rid);

		if (rid % 2 == 0 || rid > 15)
			assert_null(recipient);
		else
			assert_int_equal(recipient->rid, rid);
	}
	queue_message_free(message);
}

static void
test_twice_is_once(void **state)
{
	struct queue_message *message = make(3);
	struct queue_recipient_change changes[2] = {
		{ .rid = 1, .state = RECIPIENT_DELIVERED, .attempts = 1 },
		{ .rid = 3, .attempts = 2, .next_try_us = 99,
		  .status = TEXT("4.2.1"), .reason = TEXT("later"),
		  .host = TEXT("mx") },
	};
	struct queue_change change = {
		.set = QUEUE_SET_CRASHES | QUEUE_SET_HOLD_REASON,
		.crashes = 1,
		.hold_reason = TEXT("why"),
		.recipients = changes,
		.recipient_count = 2,
	};
	struct queue_recipient_change saved;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		queue_message_apply(message, &change);
		assert_int_equal(message->live, 2);
		assert_int_equal(message->crashes, 1);
		assert_string_equal(message->hold_reason, "why");
		queue_recipient_save(&message->recipients[1], &saved);
		assert_int_equal(saved.attempts, 2);
		assert_true(text_equal(saved.reason, TEXT("later")));
	}
	/* What was delivered stays so. */
	changes[0].state = RECIPIENT_FAILED;
	queue_message_apply(message, &change);
	assert_int_equal(message->recipients[0].state, RECIPIENT_DELIVERED);
	assert_int_equal(message->live, 2);
	/* A recipient's own words survive being given back to it. */
	queue_recipient_save(&message->recipients[1], &changes[0]);
	changes[0].next_try_us = 5;
	change.recipient_count = 1;
	queue_message_apply(message, &change);
	queue_recipient_save(&message->recipients[1], &saved);
	assert_true(text_equal(saved.reason, TEXT("later")));
	assert_int_equal(saved.next_try_us, 5);
	queue_message_free(message);
}

static void
check_protection(const struct queue_protection *found,
    const struct queue_protection *expected)
{
	assert_non_null(found);
	assert_int_equal(found->form, expected->form);
	assert_true(text_equal(found->profile, expected->profile));
	assert_true(text_equal(found->subject, expected->subject));
	assert_memory_equal(found->envelope_id, expected->envelope_id, 16);
	assert_int_equal(found->since_us, expected->since_us);
	assert_int_equal(found->attempts, expected->attempts);
	assert_int_equal(found->next_try_us, expected->next_try_us);
	assert_true(text_equal(found->reason, expected->reason));
	assert_int_equal(found->met_us, expected->met_us);
	assert_memory_equal(found->met_sha256, expected->met_sha256, 32);
	assert_true(text_equal(found->reference, expected->reference));
}

/* Another body: size and hash in the envelope, pieces of its own. */
static void
test_new_body(void **state)
{
	struct queue_message *message = make(3);
	struct segment_place piece = { 4, 4096, 10, 99 };
	struct queue_change change = {
		.set = QUEUE_SET_BODY,
		.size = 99,
		.sha256 = { 7 },
		.pieces = &piece,
		.piece_count = 1,
	};
	struct arena *arena = arena_new(1u << 20);
	struct envelope envelope;

	(void)state;
	message->pieces_mid = 5;
	message->damaged = true;
	queue_message_apply(message, &change);
	assert_int_equal(queue_message_envelope(message, arena, &envelope),
	    0);
	assert_int_equal(envelope.size, 99);
	assert_int_equal(envelope.sha256[0], 7);
	assert_int_equal(envelope.recipient_count, 3);
	assert_int_equal(message->size, 99);
	assert_int_equal(message->piece_count, 1);
	assert_int_equal(message->pieces_mid, message->mid);
	assert_false(message->damaged);
	arena_free(arena);
	queue_message_free(message);
}

/* Only the very body that was made, or TLS where that would do. */
static void
test_may_send(void **state)
{
	static const uint8_t made[32] = { 1 }, other[32] = { 2 };
	struct queue_protection protection = { 0 };
	uint8_t form;

	(void)state;
	assert_true(queue_protection_may_send(NULL, made,
	    CONFIG_DESTINATION_TLS_NONE));
	assert_true(queue_protection_may_send(&protection, made,
	    CONFIG_DESTINATION_TLS_NONE));
	/* A form that nobody knows is the strictest. */
	for (form = PROTECTION_ENVELOPE; form < PROTECTION_FORMS + 2; form++) {
		bool tls = form == PROTECTION_TLS_OR_ENVELOPE;

		protection = (struct queue_protection){ .form = form };
		assert_false(queue_protection_may_send(&protection, made,
		    CONFIG_DESTINATION_TLS_NONE));
		assert_false(queue_protection_may_send(&protection, made,
		    CONFIG_DESTINATION_TLS_PREFERRED));
		assert_int_equal(queue_protection_may_send(&protection, made,
		    CONFIG_DESTINATION_TLS_REQUIRED), tls);
		assert_int_equal(queue_protection_may_send(&protection, made,
		    CONFIG_DESTINATION_TLS_VERIFIED), tls);
		assert_int_equal(queue_protection_needs_tls(&protection),
		    tls);
		assert_int_equal(
		    queue_protection_needs_envelope(&protection), !tls);
		protection.met_us = 1;
		memcpy(protection.met_sha256, made, 32);
		assert_true(queue_protection_may_send(&protection, made,
		    CONFIG_DESTINATION_TLS_NONE));
		assert_false(queue_protection_may_send(&protection, other,
		    CONFIG_DESTINATION_TLS_VERIFIED));
	}
}

static const struct queue_protection full = {
	.form = PROTECTION_TLS_OR_ENVELOPE,
	.profile = TEXT_INIT("default"),
	.subject = TEXT_INIT("A secured message"),
	.envelope_id = { 1, 2, 3 },
	.since_us = 17,
	.attempts = 3,
	.next_try_us = 18,
	.reason = TEXT_INIT("away"),
	.met_us = 19,
	.met_sha256 = { 9 },
	.reference = TEXT_INIT("K7QD-24MF"),
};

static void
test_save_and_restore(void **state)
{
	struct queue_message *message = make(4), *other = make(4);
	struct segment_place pieces[2] = { { 1, 4096, 10, 20 },
		{ 2, 4096, 10, 30 } };
	struct queue_recipient_change one = { .rid = 3,
		.state = RECIPIENT_EXPIRED, .attempts = 9 };
	struct queue_change change = {
		.set = QUEUE_SET_DISPOSITION | QUEUE_SET_QUARANTINE |
		    QUEUE_SET_PROTECTION,
		.disposition = TEXT("no policy"),
		.disposition_version = 4,
		.tags = TEXT("one, two"),
		.quarantine = TEXT("outbreak"),
		.protection = full,
		.recipients = &one,
		.recipient_count = 1,
		.ruling = { TEXT("staff"), TEXT("[::1]:25"), TEXT("quick") },
	};
	size_t before = queue_message_memory(message);
	struct arena *arena = arena_new(1u << 20);
	struct queue_saved saved, read;
	struct buffer bytes;

	(void)state;
	queue_message_apply(message, &change);
	queue_message_set_pieces(message, pieces, 2);
	message->pieces_mid = 5;
	message->parent_mid = 6;
	message->passes = 2;
	assert_true(queue_message_memory(message) > before + 18);
	message->state = MESSAGE_SENDING;
	assert_int_equal(queue_message_save(message, arena, &saved), 0);
	buffer_init(&bytes, 1u << 20);
	assert_int_equal(record_encode(&queue_saved_shape, &saved, &bytes),
	    0);
	assert_int_equal(record_decode(&queue_saved_shape,
	    buffer_text(&bytes), arena, &read), 0);
	queue_message_restore(other, &read.state);
	assert_int_equal(other->state, MESSAGE_READY);
	assert_int_equal(other->live, 3);
	assert_string_equal(other->disposition, "no policy");
	assert_int_equal(other->config_version, 4);
	assert_string_equal(other->tags, "one, two");
	assert_string_equal(other->quarantine, "outbreak");
	assert_int_equal(read.pieces_mid, 5);
	assert_int_equal(read.parent_mid, 6);
	assert_int_equal(read.passes, 2);
	assert_true(text_equal(other->ruling->policy, TEXT("staff")));
	assert_true(text_equal(other->ruling->next_hop, TEXT("[::1]:25")));
	assert_true(text_equal(other->ruling->bounce_profile,
	    TEXT("quick")));
	check_protection(other->protection, &full);
	assert_int_equal(read.piece_count, 2);
	assert_int_equal(read.pieces[1].body_len, 30);
	assert_true(text_equal(read.envelope, other->envelope));
	buffer_clear(&bytes);
	arena_free(arena);
	queue_message_free(message);
	queue_message_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_moves),
		cmocka_unit_test(test_envelopes_refused),
		cmocka_unit_test(test_recipients_by_rid),
		cmocka_unit_test(test_twice_is_once),
		cmocka_unit_test(test_save_and_restore),
		cmocka_unit_test(test_new_body),
		cmocka_unit_test(test_may_send),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
