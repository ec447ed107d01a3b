/*
 * The vault's mails and its bounds: pauses by network, mails an hour, a lost
 * queue, the end of retention.
 */
#include "t/unit/vault_fixture.h"

/* K01, and that a stranger locks nobody out. */
static void
pauses_by_network(void **state)
{
	struct rig *rig = *state;

	register_envelope(rig, 1);
	ask_code(rig, 1, 1, "", "203.0.113.5");
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	ask_code(rig, 1, 1, "", "203.0.113.99");
	assert_int_equal(rig->code.outcome, FRAME_CODE_PAUSED);
	assert_in_range(rig->code.wait_s, 28, 30);
	assert_int_equal(rig->mail_count, 1);
	for (uint32_t i = 0; i < 40; i++) {
		move_clock(901);
		ask_code(rig, 1, 1, "", "203.0.113.5");
	}
	/* The owner, elsewhere. */
	prove(rig, 1, "bob@partner.example");
}

static void
bounds_mails(void **state)
{
	struct rig *rig = *state;
	char client[32];
	uint8_t number;

	/* One network, many envelopes. */
	for (number = 1; number <= 60; number++) {
		register_envelope(rig, number);
		snprintf(client, sizeof(client), "203.0.113.%u", number);
		ask_code(rig, number, 1, "", client);
		assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
		move_clock(1);
		ask_code(rig, number, 1, "", client);
		assert_int_equal(rig->code.outcome, FRAME_CODE_PAUSED);
	}
	assert_int_equal(rig->mail_count, 60);
	move_clock(61);
	/* Asked again from where it was asked before: at most 20 an hour. */
	ask_code(rig, 1, 1, "", "203.0.113.1");
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->mail_count, 60);
	/* From where nobody asked yet. */
	ask_code(rig, 1, 1, "", "198.51.100.1");
	assert_int_equal(rig->mail_count, 61);
}

static void
mails_links(void **state)
{
	struct rig *rig = *state;
	struct frame_vault_link_ask frame = { .id = 4,
		.address = TEXT("BOB@partner.example"),
		.client = TEXT(CLIENT) };
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	uint8_t id[16];

	memset(id, 1, sizeof(id));
	secure_envelope_reference(id, reference);
	register_envelope(rig, 1);
	frame.reference = text_from(reference);
	ask(rig, &rig->portal, FRAME_VAULT_LINK_ASK, &frame);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->mail_count, 1);
	assert_true(text_find(rig->mails[0].body, TEXT("\r\n"
	    "https://msg.example.com/m/01010101010101010101010101010101"
	    "\r\n")) < rig->mails[0].body.len);
	frame.address = TEXT("eve@elsewhere.example");
	frame.client = TEXT("198.51.100.1");
	ask(rig, &rig->portal, FRAME_VAULT_LINK_ASK, &frame);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	frame.reference = TEXT("nonsense");
	ask(rig, &rig->portal, FRAME_VAULT_LINK_ASK, &frame);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->mail_count, 1);
}

static void
survives_a_lost_queue(void **state)
{
	struct rig *rig = *state;
	struct ipc *old = rig->queue.ipc;
	struct frame_vault_code_ask frame = { .id = 9, .choice = 1,
		.client = TEXT(CLIENT) };
	char code[9];

	register_envelope(rig, 1);
	memset(frame.envelope_id, 1, sizeof(frame.envelope_id));
	ipc_free(old);
	rig->type = 0;
	frame_send(rig->portal.ipc, FRAME_VAULT_CODE_ASK, &frame, -1);
	run_until(rig, is_answered);
	assert_int_equal(vault_outbox_waiting(rig->vault->outbox), 1);
	connect_peer(rig, &rig->queue, PROCESS_QUEUE);
	run_until(rig, is_mailed);
	assert_int_equal(rig->mail_count, 1);
	read_code(rig, code);
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_OK);
}

static void
purges_behind_retention(void **state)
{
	struct rig *rig = *state;

	register_envelope(rig, 1);
	assert_false(vault_purge(rig->vault));
	assert_int_equal(vault_store_count(rig->vault->store), 1);
	move_clock(86400 + 3601);
	assert_false(vault_purge(rig->vault));
	assert_int_equal(vault_store_count(rig->vault->store), 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pauses_by_network),
		TEST(bounds_mails),
		TEST(mails_links),
		TEST(survives_a_lost_queue),
		TEST(purges_behind_retention),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, map_clock, NULL);
}
