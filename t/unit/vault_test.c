/*
 * The vault: who finds an envelope, who opens it, and what strangers learn.
 */
#include "t/unit/vault_fixture.h"

/* A point of P-256. */
#define POINT "04" \
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static void
expect_later_tick(struct rig *rig)
{
	assert_true(rig->answered_ms / VAULT_DELAY_TICK_MS >
	    rig->asked_ms / VAULT_DELAY_TICK_MS);
}

static void
finds_and_masks(void **state)
{
	struct rig *rig = *state;
	struct frame_vault_find_ask frame = { .id = 1 };

	register_envelope(rig, 1);
	memset(frame.envelope_id, 1, sizeof(frame.envelope_id));
	ask(rig, &rig->portal, FRAME_VAULT_FIND_ASK, &frame);
	assert_int_equal(rig->find.state, FRAME_ENVELOPE_OPEN);
	assert_int_equal(rig->find.recipient_count, 2);
	assert_true(text_equal(rig->find.recipients[0],
	    TEXT("B***@partner.example")));
	assert_true(text_equal(rig->find.recipients[1],
	    TEXT("c***@partner.example")));
	assert_int_equal(rig->find.hides_some, 1);
	assert_true(text_equal(rig->find.sender, TEXT("anna@example.com")));
	assert_int_equal(rig->find.reference.len, 9);
	frame.envelope_id[3] ^= 1;
	ask(rig, &rig->portal, FRAME_VAULT_FIND_ASK, &frame);
	assert_int_equal(rig->find.state, FRAME_ENVELOPE_UNKNOWN);
	assert_int_equal(rig->find.sender.len, 0);
}

static void
opens_for_a_recipient(void **state)
{
	struct rig *rig = *state;
	struct mail *mail = &rig->mails[0];
	char code[9];
	uint8_t share[32];

	register_envelope(rig, 1);
	ask_code(rig, 1, 1, "", CLIENT);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->code.lifetime_s, 900);
	assert_int_equal(rig->mail_count, 1);
	assert_string_equal(mail->to, "Bob@partner.example");
	assert_int_equal(mail->class, ENVELOPE_CLASS_SERVICE);
	assert_false(mail->has_sender);
	assert_true(mail->mid == 5000);
	assert_true(text_find(mail->body, TEXT("Subject: Code for your "
	    "message from")) < mail->body.len);
	assert_true(text_find(mail->body, TEXT("From: <codes@example.com>"
	    "\r\n")) < mail->body.len);
	read_code(rig, code);
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_OK);
	assert_int_equal(rig->verify.lifetime_s, 1800);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
	run_until(rig, has_unseal_key);
	memset(share, 0x41, sizeof(share));
	assert_memory_equal(rig->unseal_key.share, share, sizeof(share));
	assert_int_equal(rig->unseal_key.ticket[0], 0x77);
	assert_true(text_equal(rig->release.address,
	    TEXT("Bob@partner.example")));
	/* The code is used up, the session is not. */
	verify(rig, code);
	assert_int_equal(rig->verify.outcome, FRAME_CODE_EXPIRED);
}

static void
wraps_for_browsers(void **state)
{
	struct rig *rig = *state;
	uint8_t point[65] = { 0 };
	struct text key = text_of(point, sizeof(point));

	assert_int_equal(hex_decode(TEXT(POINT), point, sizeof(point)), 0);
	register_envelope(rig, 1);
	prove(rig, 1, "carol@partner.example");
	assert_int_equal(release(rig, 1, key), FRAME_RELEASE_OK);
	assert_true(rig->release.wrapped.len >= 32 + 16);
	point[64] ^= 1;
	assert_int_equal(release(rig, 1, key), FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(rig->release.wrapped.len, 0);
	point[0] = 2;
	assert_int_equal(release(rig, 1, key), FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(release(rig, 1, text_slice(key, 0, 33)),
	    FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(rig->unseal_keys, 0);
}

static void
refuses_others(void **state)
{
	static struct text only[] = { TEXT_INIT("dave@partner.example") };
	struct rig *rig = *state;
	struct key_service_envelope other = an_envelope(2);
	struct key_service_result result;

	register_envelope(rig, 1);
	other.recipients = only;
	other.recipient_count = 1;
	vault_store_register(rig->vault->store, TEXT("gw"), &other, 1,
	    &result);
	prove(rig, 1, "bob@PARTNER.example");
	/* K05: somebody else's, and one that is not there: one answer. */
	assert_int_equal(release(rig, 2, TEXT_EMPTY),
	    FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(release(rig, 3, TEXT_EMPTY),
	    FRAME_RELEASE_NOT_YOURS);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
	rig->verify.token[0] ^= 1;
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_NO_SESSION);
	rig->verify.token[0] ^= 1;
	move_clock(1801);
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_NO_SESSION);
}

static void
obeys_locks_and_time(void **state)
{
	struct rig *rig = *state;
	char digits[HEX_SIZE(16)];
	uint8_t id[16];

	memset(id, 1, sizeof(id));
	hex_encode(id, sizeof(id), digits);
	register_envelope(rig, 1);
	prove(rig, 1, "bob@partner.example");
	act(rig, FRAME_VAULT_LOCK, digits, 0);
	assert_int_equal(rig->act.row_count, 1);
	assert_int_equal(rig->act.rows[0].is_locked, 1);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_LOCKED);
	act(rig, FRAME_VAULT_UNLOCK, digits, 0);
	act(rig, FRAME_VAULT_EXPIRE, digits, clock_now_us() - 1);
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_EXPIRED);
	act(rig, FRAME_VAULT_EXPIRE, digits, 0);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
	act(rig, FRAME_VAULT_SHOW, digits, 0);
	assert_int_equal(rig->act.rows[0].reader_count, 3);
	assert_int_equal(rig->act.rows[0].readers[0].opened, 1);
	assert_int_equal(rig->act.rows[0].readers[1].opened, 0);
	/* By reference, and what is neither. */
	act(rig, FRAME_VAULT_SHOW, "", 0);
	assert_true(rig->act.reason.len > 0);
	act(rig, FRAME_VAULT_LIST, "", 0);
	assert_int_equal(rig->act.row_count, 1);
	/* A code is not mailed for what cannot be opened. */
	act(rig, FRAME_VAULT_LOCK, digits, 0);
	rig->mail_count = 1;
	ask_code(rig, 1, 0, "carol@partner.example", "198.51.100.1");
	assert_int_equal(rig->mail_count, 1);
	assert_int_equal(rig->code.outcome, FRAME_CODE_OK);
}

/* K02: the same answer in text, and at the ticks of one grid. */
static void
answers_strangers_alike(void **state)
{
	static const struct {
		uint8_t number;
		uint32_t choice;
		const char *address;
	} strangers[] = {
		{ 1, 0, "eve@elsewhere.example" },
		{ 9, 0, "bob@partner.example" },
		{ 9, 1, "" },
		{ 1, 77, "" },
		{ 1, 3, "" },	/* not named: not in the list */
		{ 1, 0, "" },
	};
	struct rig *rig = *state;
	struct frame_vault_code rightful;
	char client[32];

	register_envelope(rig, 1);
	ask_code(rig, 1, 1, "", CLIENT);
	assert_int_equal(rig->mail_count, 1);
	expect_later_tick(rig);
	rightful = rig->code;
	for (uint32_t i = 0; i < sizeof(strangers) / sizeof(*strangers);
	    i++) {
		snprintf(client, sizeof(client), "198.51.%u.1", i);
		ask_code(rig, strangers[i].number, strangers[i].choice,
		    strangers[i].address, client);
		expect_later_tick(rig);
		assert_int_equal(rig->mail_count, 1);
		assert_memory_not_equal(rig->code.challenge,
		    rightful.challenge, FRAME_TICKET_LEN);
		memcpy(rig->code.challenge, rightful.challenge,
		    FRAME_TICKET_LEN);
		assert_memory_equal(&rig->code, &rightful,
		    sizeof(rightful));
	}
}

static void
needs_unseal_for_a_ticket(void **state)
{
	struct rig *rig = *state;

	register_envelope(rig, 1);
	prove(rig, 1, "bob@partner.example");
	ipc_free(rig->unseal.ipc);
	rig->unseal.ipc = NULL;
	run_until(rig, has_no_unseal);
	assert_int_equal(release(rig, 1, TEXT_EMPTY),
	    FRAME_RELEASE_TRY_LATER);
	connect_peer(rig, &rig->unseal, PROCESS_UNSEAL);
	assert_int_equal(release(rig, 1, TEXT_EMPTY), FRAME_RELEASE_OK);
}

/* The database is opened, and everything answered, in the jail. */
static void
works_in_its_jail(void **state)
{
	struct arena *arena;
	void *inside = NULL;
	pid_t pid;
	int status = 0;

	(void)state;
	arena = arena_new(1024 * 1024);
	ready_snapshot = make_snapshot(arena);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		jail_restrict();
		jail_enter(JAIL_LOOP | JAIL_ACCEPT | JAIL_FILES);
		(void)setup(&inside);
		opens_for_a_recipient(&inside);
		(void)teardown(&inside);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	config_snapshot_release(&ready_snapshot);
	arena_free(arena);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_and_masks),
		TEST(opens_for_a_recipient),
		TEST(wraps_for_browsers),
		TEST(refuses_others),
		TEST(obeys_locks_and_time),
		TEST(answers_strangers_alike),
		TEST(needs_unseal_for_a_ticket),
		cmocka_unit_test(works_in_its_jail),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_set_stderr(false);
	return cmocka_run_group_tests(tests, map_clock, NULL);
}
