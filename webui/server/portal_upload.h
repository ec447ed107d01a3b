/*
 * Envelopes that people uploaded to have them opened here: ciphertext only,
 * in memory (a memfd each), bounded in all and per client, for 15 minutes.
 */
#ifndef WEBUI_SERVER_PORTAL_UPLOAD_H
#define WEBUI_SERVER_PORTAL_UPLOAD_H

#include <stdint.h>

#include "gateway/base/buffer.h"
#include "gateway/base/hex.h"
#include "gateway/base/loop.h"
#include "webui/server/portal_route.h"

#define PORTAL_UPLOAD_MAX (90u * 1024 * 1024)	/* one payload */
#define PORTAL_UPLOAD_LIFETIME_MS (15 * 60 * 1000)
#define PORTAL_UPLOADS_MAX 1000
#define PORTAL_UPLOAD_SECRET_LEN 32
#define PORTAL_UPLOAD_HEADER_MAX 16384	/* base64; frame_unseal.h */
#define PORTAL_UPLOAD_SHARE_MAX 64

struct portal_uploads;

struct portal_upload {
	uint8_t token[PORTAL_ID_LEN];	/* in links */
	/* In a cookie. */
	char secret[HEX_SIZE(PORTAL_UPLOAD_SECRET_LEN)];
	uint8_t envelope_id[PORTAL_ID_LEN];
	uint8_t key_id[PORTAL_ID_LEN];
	struct buffer header;		/* base64 without white space */
	struct buffer share;
	int descriptor;			/* the payload */
	uint64_t size;
	/* of the store */
	struct portal_uploads *uploads;
	char *client;
	int64_t until_ms;
	bool is_kept;
};

struct portal_uploads *portal_uploads_new(struct loop *loop);
void portal_uploads_free(struct portal_uploads *uploads);	/* NULL too */
/* Bytes for all; one client gets half of it at most. */
void portal_uploads_set_budget(struct portal_uploads *uploads,
	uint64_t bytes);
size_t portal_uploads_count(const struct portal_uploads *uploads);
uint64_t portal_uploads_used(const struct portal_uploads *uploads);

/*
 * Begin one, which is the caller's until it is kept.  client: its network.
 * ERROR_LIMIT: too many; ERROR_SYSTEM: no memfd.
 */
int portal_upload_new(struct portal_uploads *uploads, struct text client,
	struct portal_upload **out) MUST_CHECK;
/* Not kept, or kept no longer; NULL is allowed. */
void portal_upload_free(struct portal_upload *upload);
/* ERROR_LIMIT: over the budget or PORTAL_UPLOAD_MAX; ERROR_SYSTEM. */
int portal_upload_append(struct portal_upload *upload, struct text piece)
	MUST_CHECK;
/* Seal it and keep it for its time; the store owns it now. */
int portal_upload_keep(struct portal_upload *upload) MUST_CHECK;

/* NULL: none of that token, or its time is over. */
struct portal_upload *portal_uploads_find(struct portal_uploads *uploads,
	const uint8_t token[PORTAL_ID_LEN]);

#endif
