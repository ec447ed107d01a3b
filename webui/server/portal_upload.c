/*
 * Uploaded envelopes.  portal process.
 */
#include "webui/server/portal_upload.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/descriptor.h"
#include "gateway/base/map.h"
#include "gateway/base/memory.h"
#include "webui/server/portal_secret.h"

#define SWEEP_MS 10000
#define CLIENT_PART 2	/* of the budget: one half */
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* What one client has in memory; lives while it has uploads. */
struct client_share {
	char *client;		/* the map borrows it */
	uint64_t bytes;
	size_t uploads;
};

struct portal_uploads {
	struct loop *loop;
	struct map *kept;	/* by token */
	struct map *clients;
	struct loop_timer *sweep;
	uint64_t budget;
	uint64_t used;
	size_t count;		/* those not kept yet, too */
};

static struct text
token_text(const struct portal_upload *upload)
{
	return text_of(upload->token, sizeof(upload->token));
}

/* ---- the store ---- */

static void
on_sweep(void *context)
{
	struct portal_uploads *uploads = context;
	int64_t now_ms = clock_monotonic_ms();
	struct portal_upload *upload;
	size_t cursor = 0;

	while ((upload = map_next(uploads->kept, &cursor)) != NULL)
		if (upload->until_ms <= now_ms)
			portal_upload_free(upload);
	if (map_count(uploads->kept) > 0)
		loop_timer_set(uploads->sweep, SWEEP_MS);
}

struct portal_uploads *
portal_uploads_new(struct loop *loop)
{
	struct portal_uploads *uploads = memory_new(sizeof(*uploads));

	uploads->loop = loop;
	uploads->kept = map_new();
	uploads->clients = map_new();
	uploads->sweep = loop_timer_new(loop, on_sweep, uploads);
	return uploads;
}

void
portal_uploads_free(struct portal_uploads *uploads)
{
	struct portal_upload *upload;
	size_t cursor = 0;

	if (uploads == NULL)
		return;
	while ((upload = map_next(uploads->kept, &cursor)) != NULL)
		portal_upload_free(upload);
	require(uploads->count == 0);
	loop_timer_free(uploads->sweep);
	map_free(uploads->kept);
	map_free(uploads->clients);
	free(uploads);
}

void
portal_uploads_set_budget(struct portal_uploads *uploads, uint64_t bytes)
{
	uploads->budget = bytes;
}

size_t
portal_uploads_count(const struct portal_uploads *uploads)
{
	return uploads->count;
}

uint64_t
portal_uploads_used(const struct portal_uploads *uploads)
{
	return uploads->used;
}

struct portal_upload *
portal_uploads_find(struct portal_uploads *uploads,
	const uint8_t token[PORTAL_ID_LEN])
{
	struct portal_upload *upload = map_get_text(uploads->kept,
	    text_of(token, PORTAL_ID_LEN));

	if (upload != NULL && upload->until_ms <= clock_monotonic_ms())
		return NULL;
	return upload;
}

/* ---- shares of clients ---- */

static struct client_share *
find_share(struct portal_uploads *uploads, struct text client)
{
	struct client_share *share = map_get_text(uploads->clients, client);

	if (share == NULL) {
		share = memory_new(sizeof(*share));
		share->client = memory_string(client);
		(void)map_put_text(uploads->clients,
		    text_from(share->client), share);
	}
	return share;
}

static void
give_back(struct portal_upload *upload)
{
	struct portal_uploads *uploads = upload->uploads;
	struct client_share *share = find_share(uploads,
	    text_from(upload->client));

	uploads->used -= upload->size;
	uploads->count--;
	share->bytes -= upload->size;
	if (--share->uploads > 0)
		return;
	(void)map_remove_text(uploads->clients, text_from(share->client));
	free(share->client);
	free(share);
}

/* ---- one ---- */

int
portal_upload_new(struct portal_uploads *uploads, struct text client,
	struct portal_upload **out)
{
	struct portal_upload *upload;
	uint8_t secret[PORTAL_UPLOAD_SECRET_LEN];
	int descriptor;

	if (uploads->count >= PORTAL_UPLOADS_MAX)
		return ERROR_LIMIT;
	descriptor = memfd_create("upload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (descriptor == -1)
		return ERROR_SYSTEM;
	upload = memory_new(sizeof(*upload));
	upload->uploads = uploads;
	upload->descriptor = descriptor;
	upload->client = memory_string(client);
	portal_secret_random(upload->token, sizeof(upload->token));
	portal_secret_random(secret, sizeof(secret));
	hex_encode(secret, sizeof(secret), upload->secret);
	memory_wipe(secret, sizeof(secret));
	buffer_init(&upload->header, PORTAL_UPLOAD_HEADER_MAX);
	buffer_init(&upload->share, PORTAL_UPLOAD_SHARE_MAX);
	uploads->count++;
	find_share(uploads, client)->uploads++;
	*out = upload;
	return 0;
}

void
portal_upload_free(struct portal_upload *upload)
{
	if (upload == NULL)
		return;
	if (upload->is_kept)
		(void)map_remove_text(upload->uploads->kept,
		    token_text(upload));
	give_back(upload);
	(void)close(upload->descriptor);
	buffer_wipe(&upload->header);
	buffer_wipe(&upload->share);
	free(upload->client);
	memory_wipe(upload, sizeof(*upload));
	free(upload);
}

int
portal_upload_append(struct portal_upload *upload, struct text piece)
{
	struct portal_uploads *uploads = upload->uploads;
	struct client_share *share = find_share(uploads,
	    text_from(upload->client));

	if (piece.len > PORTAL_UPLOAD_MAX - upload->size ||
	    uploads->used + piece.len > uploads->budget ||
	    share->bytes + piece.len > uploads->budget / CLIENT_PART)
		return ERROR_LIMIT;
	if (descriptor_write(upload->descriptor, piece) < 0)
		return ERROR_SYSTEM;
	upload->size += piece.len;
	share->bytes += piece.len;
	uploads->used += piece.len;
	return 0;
}

int
portal_upload_keep(struct portal_upload *upload)
{
	struct portal_uploads *uploads = upload->uploads;

	if (fcntl(upload->descriptor, F_ADD_SEALS, SEALS) == -1)
		return ERROR_SYSTEM;
	upload->until_ms = clock_monotonic_ms() + PORTAL_UPLOAD_LIFETIME_MS;
	upload->is_kept = true;
	(void)map_put_text(uploads->kept, token_text(upload), upload);
	if (!loop_timer_is_set(uploads->sweep))
		loop_timer_set(uploads->sweep, SWEEP_MS);
	return 0;
}
