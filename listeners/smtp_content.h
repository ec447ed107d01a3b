/*
 * The content of one message while it comes in: our trace header, then the
 * bytes of DATA or BDAT as they are, with size, hash and header counts over
 * all of it.
 *
 * Once anything is wrong the content is refused: the first reason stays,
 * what was stored is freed, and the rest is read without storing.
 */
#ifndef LISTENERS_SMTP_CONTENT_H
#define LISTENERS_SMTP_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "gateway/base/error.h"
#include "gateway/config/config.h"
#include "gateway/mail/data_stream.h"
#include "gateway/mail/header_scan.h"
#include "gateway/protocol/message_body.h"

/* Portions in which memory for large bodies is asked for. */
#define SMTP_CONTENT_PORTION (1024u * 1024u)

struct smtp_content {
	struct data_stream stream;
	struct header_scan scan;
	struct message_body *body;	/* NULL: refused, or not begun */
	struct digest *digest;		/* kept from message to message */
	bool is_digesting;		/* it has begun and not ended */
	uint64_t size_max;		/* of what the client sends */
	uint64_t declared;		/* SIZE=, 0: none */
	uint32_t received_max;
	/* Memory that queue has granted for the whole body. */
	uint64_t budget;
	uint64_t budget_asked;		/* the question under way */
	uint64_t budget_generation;
	struct reason failure;		/* reply is 0 while all is well */
};

/*
 * Begin with our header; size_max and declared stand already.  The host
 * name of config is borrowed.  Where memory fails the content is refused
 * with 452.
 */
void smtp_content_begin(struct smtp_content *content,
	enum data_stream_kind kind, const struct config *config,
	struct text header);

/*
 * Take bytes off *input.  ERROR_AGAIN: not before more memory is granted
 * (smtp_content_wanted()); nothing was taken then.  Input behind the end of
 * DATA stays.
 */
int smtp_content_feed(struct smtp_content *content, struct text *input)
	MUST_CHECK;
/* How much more memory to ask for, to take len bytes. */
uint64_t smtp_content_wanted(const struct smtp_content *content, size_t len);

/* Refuse; keeps an earlier reason. */
void smtp_content_refuse(struct smtp_content *content,
	const struct reason *why);
bool smtp_content_is_refused(const struct smtp_content *content);

/* The message has ended: last checks, seal, and the hash over all of it. */
void smtp_content_finish(struct smtp_content *content,
	uint8_t sha256[DIGEST_SIZE]);

/* Forget everything but the digest; budget must have been returned. */
void smtp_content_reset(struct smtp_content *content);

#endif
