/*
 * Challenges and their codes.  vault process.
 */
#include "crypto/vault/vault_challenge.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

#define SECRET_LEN 32

struct vault_challenge {
	struct list link;	/* in its kind, oldest first */
	uint8_t name[FRAME_TICKET_LEN];
	uint8_t code[DIGEST_SIZE];	/* hash of secret, name and code */
	uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN];
	struct text address;
	int64_t ends_ms;
	uint32_t tries_left;
	bool is_decoy;
};

struct vault_challenge_set {
	struct map *all;
	struct list order[2];	/* [is_decoy] */
	size_t count[2];
	struct digest *digest;
	uint8_t secret[SECRET_LEN];
};

struct vault_challenge_set *
vault_challenge_set_new(void)
{
	struct vault_challenge_set *set = memory_new(sizeof(*set));

	set->all = map_new();
	list_init(&set->order[0]);
	list_init(&set->order[1]);
	set->digest = digest_new();
	vault_random_bytes(set->secret, sizeof(set->secret));
	return set;
}

static struct text
name_text(const uint8_t *name)
{
	return text_of(name, FRAME_TICKET_LEN);
}

static struct vault_challenge *
challenge_of(struct list *link)
{
	return LIST_OWNER(link, struct vault_challenge, link);
}

static void
challenge_free(struct vault_challenge_set *set,
    struct vault_challenge *challenge)
{
	(void)map_remove_text(set->all, name_text(challenge->name));
	list_remove(&challenge->link);
	set->count[challenge->is_decoy]--;
	free((void *)(uintptr_t)challenge->address.data);
	memory_wipe(challenge, sizeof(*challenge));
	free(challenge);
}

void
vault_challenge_set_free(struct vault_challenge_set *set)
{
	struct list *link, *after;

	if (set == NULL)
		return;
	for (size_t kind = 0; kind < 2; kind++)
		LIST_EACH(&set->order[kind], link, after)
			challenge_free(set, challenge_of(link));
	map_free(set->all);
	digest_free(set->digest);
	memory_wipe(set->secret, sizeof(set->secret));
	free(set);
}

static void
hash_code(struct vault_challenge_set *set, const uint8_t *name,
    const char *code, uint8_t out[DIGEST_SIZE])
{
	digest_add(set->digest, text_of(set->secret, sizeof(set->secret)));
	digest_add(set->digest, name_text(name));
	digest_add(set->digest, text_of(code, VAULT_CODE_DIGITS));
	digest_finish(set->digest, out);
}

/* Room for one more of that kind: the oldest goes, over or not. */
static void
make_room(struct vault_challenge_set *set, bool is_decoy, int64_t now_ms)
{
	struct list *order = &set->order[is_decoy];

	while (!list_is_empty(order) &&
	    (challenge_of(order->next)->ends_ms <= now_ms ||
	    set->count[is_decoy] >= VAULT_CHALLENGES_MAX))
		challenge_free(set, challenge_of(order->next));
}

void
vault_challenge_add(struct vault_challenge_set *set,
    const struct vault_challenge_order *order,
    uint8_t challenge[FRAME_TICKET_LEN], char code[VAULT_CODE_DIGITS + 1])
{
	struct vault_challenge *one = memory_new(sizeof(*one));

	make_room(set, order->is_decoy, order->now_ms);
	vault_random_bytes(one->name, sizeof(one->name));
	vault_random_code(code);
	hash_code(set, one->name, code, one->code);
	memcpy(one->envelope_id, order->envelope_id,
	    sizeof(one->envelope_id));
	one->address = memory_text(order->address);
	one->ends_ms = order->now_ms + order->lifetime_ms;
	one->tries_left = VAULT_TRIES;
	one->is_decoy = order->is_decoy;
	list_append(&set->order[one->is_decoy], &one->link);
	set->count[one->is_decoy]++;
	(void)map_put_text(set->all, name_text(one->name), one);
	memcpy(challenge, one->name, sizeof(one->name));
}

/* Without spaces and dashes; false: not eight digits. */
static bool
clean_code(struct text typed, char out[VAULT_CODE_DIGITS])
{
	size_t len = 0;

	for (size_t i = 0; i < typed.len; i++) {
		char c = typed.data[i];

		if (c == ' ' || c == '-' || c == '\t')
			continue;
		if (!text_is_digit(c) || len == VAULT_CODE_DIGITS)
			return false;
		out[len++] = c;
	}
	return len == VAULT_CODE_DIGITS;
}

enum frame_code_outcome
vault_challenge_try(struct vault_challenge_set *set,
    const uint8_t challenge[FRAME_TICKET_LEN], struct text typed,
    int64_t now_ms, uint32_t *tries_left, struct vault_proof *proof)
{
	struct vault_challenge *one = map_get_text(set->all,
	    name_text(challenge));
	uint8_t hash[DIGEST_SIZE];
	char code[VAULT_CODE_DIGITS] = { 0 };
	bool is_right;

	*tries_left = 0;
	if (one == NULL || one->ends_ms <= now_ms)
		return FRAME_CODE_EXPIRED;
	if (one->tries_left == 0)
		return FRAME_CODE_EXHAUSTED;
	*tries_left = one->tries_left;
	if (!clean_code(typed, code))
		return FRAME_CODE_WRONG;
	hash_code(set, one->name, code, hash);
	memory_wipe(code, sizeof(code));
	/* A decoy compares as well and fails all the same. */
	is_right = text_equal_secret(text_of(hash, sizeof(hash)),
	    text_of(one->code, sizeof(one->code)));
	if (!is_right || one->is_decoy) {
		*tries_left = --one->tries_left;
		return one->tries_left == 0 ? FRAME_CODE_EXHAUSTED :
		    FRAME_CODE_WRONG;
	}
	memcpy(proof->envelope_id, one->envelope_id,
	    sizeof(proof->envelope_id));
	proof->address = one->address;
	one->address = TEXT_EMPTY;
	one->address.data = NULL;
	challenge_free(set, one);
	return FRAME_CODE_OK;
}

void
vault_proof_clear(struct vault_proof *proof)
{
	free((void *)(uintptr_t)proof->address.data);
	memset(proof, 0, sizeof(*proof));
}

size_t
vault_challenge_count(const struct vault_challenge_set *set)
{
	return map_count(set->all);
}
