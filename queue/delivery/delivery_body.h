/*
 * The body on its way out: first looked at in slices (hash, size, bytes over
 * 127), then encoded into a stream piece by piece.  Never changed.
 */
#ifndef QUEUE_DELIVERY_DELIVERY_BODY_H
#define QUEUE_DELIVERY_DELIVERY_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "gateway/base/error.h"
#include "gateway/base/stream.h"
#include "gateway/mail/data_encode.h"
#include "gateway/mail/header_scan.h"
#include "gateway/protocol/message_body.h"

/* Bytes looked at in one turn of the loop. */
#define DELIVERY_BODY_SLICE (512u * 1024u)
/* Bytes of encoded body that wait for the socket. */
#define DELIVERY_BODY_AHEAD (192u * 1024u)
#define DELIVERY_BODY_READ 32768

struct delivery_findings {
	bool has_8bit;		/* anywhere */
	bool has_8bit_header;	/* looked for only where asked */
};

/* One look at one body. */
struct delivery_check {
	struct message_body *body;	/* borrowed */
	struct digest *digest;	/* borrowed; between two messages */
	uint64_t offset;
	struct delivery_findings findings;
	struct header_scan scan;
	bool scan_header;
};

/* scan_header: look for 8-bit bytes in the header section, too. */
void delivery_check_begin(struct delivery_check *check,
	struct message_body *body, struct digest *digest, bool scan_header);
/*
 * Go on for one slice.  ERROR_AGAIN: there is more; 0: the body is of this
 * size and hash; ERROR_MISMATCH: it is not; ERROR_SYSTEM: unreadable.
 */
int delivery_check_step(struct delivery_check *check, uint64_t size,
	const uint8_t sha256[DIGEST_SIZE]) MUST_CHECK;

/* One sending of one body. */
struct delivery_feed {
	struct message_body *body;	/* borrowed */
	uint64_t offset;
	struct data_encode encode;
	bool is_over;		/* the final dot is in the stream */
};

void delivery_feed_begin(struct delivery_feed *feed,
	struct message_body *body);
/*
 * Write until the stream holds DELIVERY_BODY_AHEAD bytes (ERROR_AGAIN) or
 * all has been written with its final dot (0).  ERROR_MALFORMED: a bare CR
 * or LF, the connection must end without the dot; ERROR_SYSTEM.
 */
int delivery_feed_step(struct delivery_feed *feed, struct stream *stream)
	MUST_CHECK;

#endif
