/*
 * Codes, challenges, sessions, pauses: tries, time, use, and who can push
 * out whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/vault/vault_challenge.h"
#include "crypto/vault/vault_network.h"
#include "crypto/vault/vault_rate.h"
#include "crypto/vault/vault_session.h"

#define MINUTE INT64_C(60000)

static const uint8_t envelope_id[16] = { 1, 2, 3 };

struct asked {
	uint8_t challenge[FRAME_TICKET_LEN];
	char code[VAULT_CODE_DIGITS + 1];
};

static struct asked
ask(struct vault_challenge_set *set, int64_t now_ms, bool is_decoy)
{
	const struct vault_challenge_order order = {
		.address = TEXT("bob@partner.example"),
		.envelope_id = envelope_id,
		.is_decoy = is_decoy,
		.now_ms = now_ms,
		.lifetime_ms = 15 * MINUTE,
	};
	struct asked asked;

	vault_challenge_add(set, &order, asked.challenge, asked.code);
	return asked;
}

static enum frame_code_outcome
try(struct vault_challenge_set *set, const struct asked *asked,
    const char *typed, int64_t now_ms, uint32_t *left)
{
	struct vault_proof proof = { 0 };
	enum frame_code_outcome outcome = vault_challenge_try(set,
	    asked->challenge, text_from(typed), now_ms, left, &proof);

	if (outcome == FRAME_CODE_OK) {
		assert_true(text_equal(proof.address,
		    TEXT("bob@partner.example")));
		assert_memory_equal(proof.envelope_id, envelope_id, 16);
	} else
		assert_null(proof.address.data);
	vault_proof_clear(&proof);
	return outcome;
}

/* Another code than that one. */
static const char *
wrong(const struct asked *asked)
{
	static char code[VAULT_CODE_DIGITS + 1];

	memcpy(code, asked->code, sizeof(code));
	code[3] = code[3] == '5' ? '6' : '5';
	return code;
}

static void
proves_once(void **state)
{
	struct vault_challenge_set *set = vault_challenge_set_new();
	struct asked asked = ask(set, 0, false);
	char typed[32];
	uint32_t left;

	(void)state;
	snprintf(typed, sizeof(typed), " %.4s-%.4s ", asked.code,
	    asked.code + 4);
	assert_int_equal(try(set, &asked, typed, 1, &left), FRAME_CODE_OK);
	assert_int_equal(try(set, &asked, typed, 2, &left),
	    FRAME_CODE_EXPIRED);
	assert_int_equal(vault_challenge_count(set), 0);
	vault_challenge_set_free(set);
}

static void
binds_codes_to_challenges(void **state)
{
	struct vault_challenge_set *set = vault_challenge_set_new();
	struct asked one = ask(set, 0, false);
	struct asked other = ask(set, 0, false);
	uint32_t left;

	(void)state;
	/* One in a hundred million is the same. */
	if (strcmp(one.code, other.code) == 0)
		other = ask(set, 0, false);
	assert_int_equal(try(set, &other, one.code, 1, &left),
	    FRAME_CODE_WRONG);
	assert_int_equal(try(set, &one, one.code, 1, &left), FRAME_CODE_OK);
	vault_challenge_set_free(set);
}

static void
dies_after_five_tries(void **state)
{
	struct vault_challenge_set *set = vault_challenge_set_new();
	struct asked asked = ask(set, 0, false);
	uint32_t left;

	(void)state;
	for (uint32_t i = 1; i < VAULT_TRIES; i++) {
		assert_int_equal(try(set, &asked, wrong(&asked), 1, &left),
		    FRAME_CODE_WRONG);
		assert_int_equal(left, VAULT_TRIES - i);
		/* What is no code costs nothing. */
		assert_int_equal(try(set, &asked, "1234567", 1, &left),
		    FRAME_CODE_WRONG);
		assert_int_equal(left, VAULT_TRIES - i);
	}
	assert_int_equal(try(set, &asked, wrong(&asked), 1, &left),
	    FRAME_CODE_EXHAUSTED);
	assert_int_equal(try(set, &asked, asked.code, 1, &left),
	    FRAME_CODE_EXHAUSTED);
	/* Another challenge of the same person lives on. */
	asked = ask(set, 1, false);
	assert_int_equal(try(set, &asked, asked.code, 1, &left),
	    FRAME_CODE_OK);
	vault_challenge_set_free(set);
}

static void
ends_with_its_time(void **state)
{
	struct vault_challenge_set *set = vault_challenge_set_new();
	struct asked early = ask(set, 0, false);
	struct asked late = ask(set, 0, false);
	uint32_t left;

	(void)state;
	assert_int_equal(try(set, &early, early.code, 15 * MINUTE - 1,
	    &left), FRAME_CODE_OK);
	assert_int_equal(try(set, &late, late.code, 15 * MINUTE, &left),
	    FRAME_CODE_EXPIRED);
	vault_challenge_set_free(set);
}

static void
decoys_prove_nothing(void **state)
{
	struct vault_challenge_set *set = vault_challenge_set_new();
	struct asked decoy = ask(set, 0, true);
	uint32_t left;

	(void)state;
	for (uint32_t i = 1; i < VAULT_TRIES; i++) {
		assert_int_equal(try(set, &decoy, decoy.code, 1, &left),
		    FRAME_CODE_WRONG);
		assert_int_equal(left, VAULT_TRIES - i);
	}
	assert_int_equal(try(set, &decoy, decoy.code, 1, &left),
	    FRAME_CODE_EXHAUSTED);
	vault_challenge_set_free(set);
}

static void
decoys_push_out_decoys(void **state)
{
	struct vault_challenge_set *set = vault_challenge_set_new();
	struct asked rightful = ask(set, 0, false);
	struct asked first = ask(set, 0, true);
	uint32_t left;

	(void)state;
	for (size_t i = 0; i < VAULT_CHALLENGES_MAX; i++)
		(void)ask(set, 1, true);
	assert_int_equal(vault_challenge_count(set),
	    VAULT_CHALLENGES_MAX + 1);
	assert_int_equal(try(set, &first, first.code, 2, &left),
	    FRAME_CODE_EXPIRED);
	assert_int_equal(try(set, &rightful, rightful.code, 2, &left),
	    FRAME_CODE_OK);
	/* What is over makes room by itself. */
	(void)ask(set, 16 * MINUTE, true);
	assert_int_equal(vault_challenge_count(set), 1);
	vault_challenge_set_free(set);
}

static void
codes_are_even(void **state)
{
	unsigned int counts[VAULT_CODE_DIGITS][10] = { { 0 } };
	char code[VAULT_CODE_DIGITS + 1];

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		vault_random_code(code);
		assert_int_equal(strspn(code, "0123456789"), 8);
		for (size_t at = 0; at < VAULT_CODE_DIGITS; at++)
			counts[at][code[at] - '0']++;
	}
	/* 2000 each; ten standard deviations are 420. */
	for (size_t at = 0; at < VAULT_CODE_DIGITS; at++)
		for (size_t digit = 0; digit < 10; digit++)
			assert_in_range(counts[at][digit], 1580, 2420);
}

/* ---- sessions ------------------------------------------------------------ */

static void
sessions_end(void **state)
{
	struct vault_session_set *set = vault_session_set_new();
	uint8_t one[FRAME_TOKEN_LEN], other[FRAME_TOKEN_LEN];
	struct text address;

	(void)state;
	vault_session_add(set, TEXT("bob@x.example"), 0, MINUTE, one);
	vault_session_add(set, TEXT("eve@x.example"), 0, 2 * MINUTE, other);
	assert_memory_not_equal(one, other, sizeof(one));
	assert_int_equal(vault_session_find(set, one, MINUTE - 1, &address),
	    0);
	assert_true(text_equal(address, TEXT("bob@x.example")));
	assert_int_equal(vault_session_find(set, one, MINUTE, &address),
	    ERROR_NOT_FOUND);
	assert_int_equal(vault_session_find(set, other, MINUTE, &address),
	    0);
	other[7] ^= 1;
	assert_int_equal(vault_session_find(set, other, MINUTE, &address),
	    ERROR_NOT_FOUND);
	vault_session_set_free(set);
}

static void
sessions_count_openings(void **state)
{
	struct vault_session_set *set = vault_session_set_new();
	uint8_t token[FRAME_TOKEN_LEN];
	const uint8_t second[16] = { 2 };

	(void)state;
	vault_session_add(set, TEXT("bob@x.example"), 0, MINUTE, token);
	assert_true(vault_session_opens(set, token, envelope_id));
	assert_false(vault_session_opens(set, token, envelope_id));
	assert_true(vault_session_opens(set, token, second));
	assert_true(vault_session_opens(set, token, envelope_id));
	for (size_t i = 0; i < VAULT_SESSIONS_MAX + 10; i++)
		vault_session_add(set, TEXT("a@x.example"), 0, MINUTE,
		    token);
	assert_int_equal(vault_session_count(set), VAULT_SESSIONS_MAX);
	vault_session_set_free(set);
}

/* ---- how often ----------------------------------------------------------- */

static void
pauses_double(void **state)
{
	struct vault_rate *rate = vault_rate_new(100);
	const int64_t pauses[] = { 30, 60, 120, 240, 480, 900, 900 };
	int64_t now_ms = 1000;
	bool is_first;

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_int_equal(vault_rate_pause(rate, TEXT("a"), now_ms,
		    &is_first), 0);
		assert_int_equal(is_first, i == 0);
		assert_int_equal(vault_rate_pause(rate, TEXT("a"),
		    now_ms + 1, &is_first), pauses[i] * 1000 - 1);
		/* Somebody else does not wait. */
		if (i == 0)
			assert_int_equal(vault_rate_pause(rate, TEXT("b"),
			    now_ms, &is_first), 0);
		now_ms += pauses[i] * 1000;
	}
	now_ms += VAULT_RATE_WINDOW_MS;
	assert_int_equal(vault_rate_pause(rate, TEXT("a"), now_ms,
	    &is_first), 0);
	assert_true(is_first);
	assert_int_equal(vault_rate_pause(rate, TEXT("a"), now_ms,
	    &is_first), 30000);
	vault_rate_free(rate);
}

static void
counts_by_the_hour(void **state)
{
	struct vault_rate *rate = vault_rate_new(100);

	(void)state;
	for (int64_t i = 0; i < 20; i++)
		assert_int_equal(vault_rate_count(rate, TEXT("a"), 20, i),
		    0);
	assert_int_equal(vault_rate_count(rate, TEXT("a"), 20, 100),
	    VAULT_RATE_WINDOW_MS - 100);
	assert_int_equal(vault_rate_count(rate, TEXT("a"), 100, 100), 0);
	assert_int_equal(vault_rate_count(rate, TEXT("a"), 20,
	    VAULT_RATE_WINDOW_MS), 0);
	for (size_t i = 0; i < 500; i++)
		(void)vault_rate_count(rate, text_of(&i, sizeof(i)), 1, 0);
	assert_int_equal(vault_rate_entries(rate), 100);
	vault_rate_free(rate);
}

static bool
same_network(const char *a, const char *b)
{
	struct vault_network one = vault_network_of(text_from(a));
	struct vault_network other = vault_network_of(text_from(b));

	return text_equal(vault_network_text(&one),
	    vault_network_text(&other));
}

static void
knows_networks(void **state)
{
	(void)state;
	assert_true(same_network("192.0.2.1", "192.0.2.254"));
	assert_false(same_network("192.0.2.1", "192.0.3.1"));
	assert_true(same_network("192.0.2.1", "::ffff:192.0.2.77"));
	assert_true(same_network("2001:db8:1:2::1", "2001:db8:1:2:ffff::"));
	assert_false(same_network("2001:db8:1:2::1", "2001:db8:1:3::1"));
	assert_false(same_network("::1", "127.0.0.1"));
	assert_true(same_network("nonsense", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proves_once),
		cmocka_unit_test(binds_codes_to_challenges),
		cmocka_unit_test(dies_after_five_tries),
		cmocka_unit_test(ends_with_its_time),
		cmocka_unit_test(decoys_prove_nothing),
		cmocka_unit_test(decoys_push_out_decoys),
		cmocka_unit_test(codes_are_even),
		cmocka_unit_test(sessions_end),
		cmocka_unit_test(sessions_count_openings),
		cmocka_unit_test(pauses_double),
		cmocka_unit_test(counts_by_the_hour),
		cmocka_unit_test(knows_networks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
