/*
 * HTTPS requests of our own (libcurl; its only includer): to the key
 * service.  Only https, no redirects, no proxy from the environment, the
 * certificate's name and chain verified against the caller's own trust,
 * answers bounded; several at a time in one loop.
 */
#ifndef GATEWAY_BASE_HTTPS_FETCH_H
#define GATEWAY_BASE_HTTPS_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"

#define HTTPS_FETCH_ANSWER_MAX 65536	/* bytes; more is ERROR_LIMIT */

struct https_fetch_pool;
struct https_fetch;

struct https_hosts;

struct https_fetch_settings {
	/* Borrowed as long as the pool; addresses are used, never names. */
	const struct https_hosts *hosts;
	struct text trust_pem;		/* authorities; empty: none */
	/*
	 * Finish a fresh SSL_CTX of libcurl's (client certificate, key):
	 * crypto's tls_context_equip_client().  May be NULL.
	 */
	int (*equip)(void *ssl_context, void *context);
	void *context;
	int64_t connect_timeout_ms;
	int64_t timeout_ms;		/* all in all */
};

struct https_fetch_answer {
	int error;		/* 0: an answer came; else an enum error */
	unsigned int status;	/* HTTP status, 0 where none */
	struct text body;
	const char *words;	/* what went wrong, for people; "" */
	bool unconnected;	/* nobody was reached at all */
};
typedef void (*https_fetch_done)(void *context,
	const struct https_fetch_answer *answer);

/* Before the jail, once: libcurl reads what it must; more calls do nothing. */
void https_fetch_prepare(void);

/* Settings are copied.  A pool keeps its connections open for more. */
struct https_fetch_pool *https_fetch_pool_new(struct loop *loop,
	const struct https_fetch_settings *settings);
/* Ends what is under way without telling; not from within done. */
void https_fetch_pool_free(struct https_fetch_pool *pool);
/* Requests under way. */
size_t https_fetch_pool_count(const struct https_fetch_pool *pool);

/*
 * POST body (copied, and wiped in the end) of that type to an https URL; done
 * is told once, never from within this call, and the fetch is gone then.
 * ERROR_MALFORMED: not an https URL; ERROR_NOT_FOUND: the host's address is
 * not known; ERROR_REFUSED: there are no authorities to verify anybody by.
 */
int https_fetch_post(struct https_fetch_pool *pool, struct text url,
	struct text type, struct text body, https_fetch_done done,
	void *context, struct https_fetch **out, struct reason *why)
	MUST_CHECK;
/* End it without telling. */
void https_fetch_cancel(struct https_fetch *fetch);

#endif
