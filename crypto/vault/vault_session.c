/*
 * Sessions.  vault process.
 */
#include "crypto/vault/vault_session.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/vault/vault_random.h"
#include "gateway/base/list.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"

struct vault_session {
	struct list link;	/* oldest first */
	uint8_t hash[DIGEST_SIZE];
	struct text address;
	int64_t ends_ms;
	uint8_t opened[FRAME_ENVELOPE_ID_LEN];	/* the last; zeros: none */
};

struct vault_session_set {
	struct map *all;
	struct list order;
	struct digest *digest;
};

struct vault_session_set *
vault_session_set_new(void)
{
	struct vault_session_set *set = memory_new(sizeof(*set));

	set->all = map_new();
	list_init(&set->order);
	set->digest = digest_new();
	return set;
}

static struct text
hash_text(const uint8_t *hash)
{
	return text_of(hash, DIGEST_SIZE);
}

static void
session_free(struct vault_session_set *set, struct vault_session *session)
{
	(void)map_remove_text(set->all, hash_text(session->hash));
	list_remove(&session->link);
	free((void *)(uintptr_t)session->address.data);
	free(session);
}

void
vault_session_set_free(struct vault_session_set *set)
{
	struct list *link, *after;

	if (set == NULL)
		return;
	LIST_EACH(&set->order, link, after)
		session_free(set, LIST_OWNER(link, struct vault_session,
		    link));
	map_free(set->all);
	digest_free(set->digest);
	free(set);
}

static void
hash_token(struct vault_session_set *set, const uint8_t *token,
    uint8_t out[DIGEST_SIZE])
{
	digest_add(set->digest, text_of(token, FRAME_TOKEN_LEN));
	digest_finish(set->digest, out);
}

static void
make_room(struct vault_session_set *set, int64_t now_ms)
{
	struct vault_session *oldest;

	while (!list_is_empty(&set->order)) {
		oldest = LIST_OWNER(set->order.next, struct vault_session,
		    link);
		if (oldest->ends_ms > now_ms &&
		    map_count(set->all) < VAULT_SESSIONS_MAX)
			return;
		session_free(set, oldest);
	}
}

void
vault_session_add(struct vault_session_set *set, struct text address,
    int64_t now_ms, int64_t lifetime_ms, uint8_t token[FRAME_TOKEN_LEN])
{
	struct vault_session *session = memory_new(sizeof(*session));

	make_room(set, now_ms);
	vault_random_bytes(token, FRAME_TOKEN_LEN);
	hash_token(set, token, session->hash);
	session->address = memory_text(address);
	session->ends_ms = now_ms + lifetime_ms;
	list_append(&set->order, &session->link);
	(void)map_put_text(set->all, hash_text(session->hash), session);
}

static struct vault_session *
find(struct vault_session_set *set, const uint8_t *token)
{
	uint8_t hash[DIGEST_SIZE];

	hash_token(set, token, hash);
	return map_get_text(set->all, hash_text(hash));
}

int
vault_session_find(struct vault_session_set *set,
    const uint8_t token[FRAME_TOKEN_LEN], int64_t now_ms,
    struct text *address)
{
	struct vault_session *session = find(set, token);

	if (session == NULL)
		return ERROR_NOT_FOUND;
	if (session->ends_ms <= now_ms) {
		session_free(set, session);
		return ERROR_NOT_FOUND;
	}
	*address = session->address;
	return 0;
}

bool
vault_session_opens(struct vault_session_set *set,
    const uint8_t token[FRAME_TOKEN_LEN],
    const uint8_t envelope_id[FRAME_ENVELOPE_ID_LEN])
{
	struct vault_session *session = find(set, token);

	if (session == NULL || memcmp(session->opened, envelope_id,
	    sizeof(session->opened)) == 0)
		return false;
	memcpy(session->opened, envelope_id, sizeof(session->opened));
	return true;
}

size_t
vault_session_count(const struct vault_session_set *set)
{
	return map_count(set->all);
}
