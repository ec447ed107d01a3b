/*
 * Operators' questions and acts.  vault process.
 */
#include "crypto/vault/vault_admin.h"

#include <string.h>

#include "crypto/vault/vault.h"
#include "gateway/base/clock.h"
#include "gateway/base/hex.h"
#include "gateway/base/log.h"

/* Readers in one answer, at most: a list says no more than fits. */
#define READERS_MAX 4000

/* ---- which envelopes ----------------------------------------------------- */

/* By id in hex, or by reference. */
static int
find_named(struct vault *vault, struct text key, struct vault_envelope **out,
    size_t *count)
{
	char reference[SECURE_ENVELOPE_REFERENCE_SIZE];
	uint8_t id[SECURE_ENVELOPE_ID_LEN];
	int r;

	*count = 0;
	if (hex_decode(key, id, sizeof(id)) == 0) {
		*out = arena_array(vault->arena, 1, sizeof(**out));
		if (*out == NULL)
			return ERROR_LIMIT;
		r = vault_store_find(vault->store, id, vault->arena, *out);
		*count = r == 0 ? 1 : 0;
		return r;
	}
	if (secure_envelope_reference_parse(key, reference) != 0)
		return ERROR_MALFORMED;
	r = vault_store_find_reference(vault->store, text_from(reference),
	    vault->arena, out, count);
	return r == 0 && *count == 0 ? ERROR_NOT_FOUND : r;
}

/* An act is for one envelope, never for whatever shares a reference. */
static int
find_one(struct vault *vault, const struct frame_vault_act_ask *ask,
    struct vault_envelope **out, struct frame_vault_act *answer)
{
	size_t count = 0;
	int r = find_named(vault, ask->key, out, &count);

	if (r == ERROR_MALFORMED)
		answer->reason = TEXT("neither an envelope id nor a "
		    "reference");
	else if (r != 0)
		answer->reason = TEXT("no such envelope");
	else if (count > 1)
		answer->reason = TEXT("more than one envelope has this "
		    "reference; use the id");
	return r == 0 && count > 1 ? ERROR_STATE : r;
}

/* ---- rows ---------------------------------------------------------------- */

static void
fill_readers(struct vault *vault, const struct vault_envelope *envelope,
    size_t *room, struct frame_vault_row *row)
{
	struct vault_recipient *found = NULL;
	size_t count = 0;

	if (*room == 0 || vault_store_recipients(vault->store, envelope->id,
	    vault->arena, &found, &count) != 0)
		return;
	if (count > *room)
		count = *room;
	row->readers = arena_array(vault->arena, count + 1,
	    sizeof(*row->readers));
	if (row->readers == NULL)
		return;
	row->reader_count = count;
	*room -= count;
	for (size_t i = 0; i < count; i++)
		row->readers[i] = (struct frame_vault_reader){
			.address = found[i].address,
			.first_opened_us = found[i].first_opened_us,
			.opened = found[i].opened,
		};
}

static void
fill_rows(struct vault *vault, const struct vault_envelope *found,
    size_t count, struct frame_vault_act *out)
{
	char digits[HEX_SIZE(SECURE_ENVELOPE_ID_LEN)];
	size_t room = READERS_MAX;

	out->rows = arena_array(vault->arena, count + 1, sizeof(*out->rows));
	if (out->rows == NULL) {
		out->reason = TEXT("too many envelopes for one answer");
		return;
	}
	out->row_count = count;
	for (size_t i = 0; i < count; i++) {
		struct frame_vault_row *row = &out->rows[i];

		hex_encode(found[i].id, sizeof(found[i].id), digits);
		row->envelope_id = arena_printf(vault->arena, "%s", digits);
		row->reference = found[i].reference;
		row->mid = found[i].mid;
		row->gateway = found[i].gateway;
		row->sender = found[i].sender;
		row->sent_us = found[i].sent_us;
		row->expires_us = found[i].expires_us;
		row->is_locked = found[i].is_locked;
		fill_readers(vault, &found[i], &room, row);
	}
}

/* ---- acts ---------------------------------------------------------------- */

static void
list(struct vault *vault, const struct frame_vault_act_ask *ask,
    struct frame_vault_act *out)
{
	struct vault_envelope *found = NULL;
	size_t count = 0;
	uint32_t limit = ask->limit == 0 || ask->limit > FRAME_VAULT_ROWS_MAX ?
	    FRAME_VAULT_ROWS_MAX : ask->limit;

	if (vault_store_list(vault->store, limit, vault->arena, &found,
	    &count) == 0)
		fill_rows(vault, found, count, out);
	else
		out->reason = TEXT("too many envelopes for one answer");
}

static void
show(struct vault *vault, const struct frame_vault_act_ask *ask,
    struct frame_vault_act *out)
{
	struct vault_envelope *found = NULL;
	size_t count = 0;
	int r = find_named(vault, ask->key, &found, &count);

	if (r == 0)
		fill_rows(vault, found, count, out);
	else
		out->reason = r == ERROR_MALFORMED ?
		    TEXT("neither an envelope id nor a reference") :
		    TEXT("no such envelope");
}

static int
lock(struct vault *vault, const struct frame_vault_act_ask *ask,
    const struct vault_envelope *envelope)
{
	return vault_store_lock(vault->store, envelope->id,
	    ask->action == FRAME_VAULT_LOCK, ask->actor);
}

static int
expire(struct vault *vault, const struct frame_vault_act_ask *ask,
    const struct vault_envelope *envelope)
{
	return vault_store_expire(vault->store, envelope->id,
	    ask->expires_us, ask->actor);
}

static int (*const changes[])(struct vault *vault,
    const struct frame_vault_act_ask *ask,
    const struct vault_envelope *envelope) = {
	[FRAME_VAULT_LOCK] = lock,
	[FRAME_VAULT_UNLOCK] = lock,
	[FRAME_VAULT_EXPIRE] = expire,
};

static void
change(struct vault *vault, const struct frame_vault_act_ask *ask,
    struct frame_vault_act *out)
{
	struct vault_envelope *found = NULL;

	if (ask->action == FRAME_VAULT_EXPIRE && ask->expires_us < 0) {
		out->reason = TEXT("not a time");
		return;
	}
	if (find_one(vault, ask, &found, out) != 0)
		return;
	if (changes[ask->action](vault, ask, found) != 0 ||
	    vault_store_find(vault->store, found->id, vault->arena, found) !=
	    0) {
		out->reason = TEXT("no such envelope");
		return;
	}
	fill_rows(vault, found, 1, out);
}

static void (*const acts[])(struct vault *vault,
    const struct frame_vault_act_ask *ask, struct frame_vault_act *out) = {
	[FRAME_VAULT_LIST] = list,
	[FRAME_VAULT_SHOW] = show,
	[FRAME_VAULT_LOCK] = change,
	[FRAME_VAULT_UNLOCK] = change,
	[FRAME_VAULT_EXPIRE] = change,
};

void
vault_admin_act(struct vault *vault, const struct frame_vault_act_ask *ask,
    struct frame_vault_act *out)
{
	*out = (struct frame_vault_act){ .id = ask->id };
	if (ask->action >= sizeof(acts) / sizeof(acts[0])) {
		out->reason = TEXT("no such act");
		return;
	}
	acts[ask->action](vault, ask, out);
}
