/*
 * The content of a message as it comes in: DATA (RFC 5321 4.1.1.4, 4.5.2)
 * and BDAT (RFC 3030).  The one definition of the end of a message is
 * CRLF "." CRLF; at the very beginning "." CRLF ends an empty one.
 *
 * Nothing is ever repaired.  A bare CR or LF (RFC 5321 2.3.8), a NUL where
 * that is not allowed, or a line too long is a fault: no more content comes
 * out, the rest is read up to the true end, and the message must be
 * refused.
 */
#ifndef GATEWAY_MAIL_DATA_STREAM_H
#define GATEWAY_MAIL_DATA_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define DATA_STREAM_LINE_MAX 65536	/* bytes without CRLF */

enum data_stream_kind {
	DATA_STREAM_DOTS,	/* DATA: dot-stuffed, ends with CRLF.CRLF */
	DATA_STREAM_CHUNKS,	/* BDAT: as it is, ends where it is said */
};

/* A set. */
enum data_stream_fault {
	DATA_STREAM_BARE_CR = 1,
	DATA_STREAM_BARE_LF = 2,
	DATA_STREAM_NUL = 4,
	DATA_STREAM_LONG_LINE = 8,
};

struct data_stream {
	uint64_t size;		/* bytes given out so far */
	uint32_t faults;	/* set of enum data_stream_fault */
	bool is_ended;		/* CRLF.CRLF has been read */

	/* Our own. */
	uint32_t line_max;
	uint32_t line_len;	/* of the current line so far */
	uint8_t kind;		/* enum data_stream_kind */
	uint8_t state;
	bool nul_allowed;
};

/* line_max: bytes of a line without CRLF, at most DATA_STREAM_LINE_MAX. */
void data_stream_init(struct data_stream *stream,
	enum data_stream_kind kind, uint32_t line_max, bool nul_allowed);

/*
 * Take bytes off the beginning of *input and give a piece of content, which
 * is a part of what was taken (nothing is copied).  False when *input is used
 * up or the message has ended (is_ended): *input then holds what follows.
 *
 *   while (data_stream_next(&stream, &input, &piece))
 *       keep(piece);
 *
 * For BDAT give at most the octets of the chunk.  When a fault occurs, what
 * came out before is to be thrown away.
 */
bool data_stream_next(struct data_stream *stream, struct text *input,
	struct text *piece);

/* BDAT LAST was read to its end: a CR as the last byte is a fault too. */
void data_stream_finish(struct data_stream *stream);

/* Words for the worst of the faults: 550 5.6.0.  faults must not be 0. */
void data_stream_explain(const struct data_stream *stream,
	struct reason *why);

#endif
