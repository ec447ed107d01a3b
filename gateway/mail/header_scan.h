/*
 * A look at a message as it streams by: counts over its header section (RFC
 * 5322 2.2), loop detection (RFC 5321 6.3), and whether 8-bit bytes occur.
 * Works on pieces of any size, keeps no text, changes nothing.
 *
 * Lines end in LF here; whether CR stands before each is data_stream's
 * business.
 */
#ifndef GATEWAY_MAIL_HEADER_SCAN_H
#define GATEWAY_MAIL_HEADER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* 0: no limit. */
struct header_scan_limits {
	uint32_t fields;	/* header fields */
	uint32_t section_bytes;	/* the header section with its line ends */
	uint32_t field_bytes;	/* one field with its folded lines */
};

struct header_scan {
	/* What was found so far. */
	uint32_t field_count;
	uint32_t section_bytes;	/* up to and with the empty line */
	uint32_t longest_line;	/* of the header section, without CRLF */
	uint32_t received_count;	/* Received fields */
	uint32_t own_count;	/* of them: "by" our own host name */
	bool is_over;		/* the header section has ended */
	bool has_8bit_header;
	bool has_8bit_body;
	bool has_mbox_line;	/* first line is "From " (mbox) */
	bool has_bad_line;	/* first line starts with white space, or a
				   line of the section has no field name */

	/* Our own. */
	struct header_scan_limits limits;
	struct text hostname;
	uint32_t line_bytes;	/* of the current line so far */
	uint32_t field_bytes;	/* of the current field so far */
	uint32_t word_len;	/* of the current word in Received */
	uint8_t state;		/* enum header_scan_state */
	uint8_t name_match;	/* what the field name still may be */
	uint8_t comment_depth;
	bool is_received;	/* the current field is Received */
	bool is_limit_passed;
	bool may_be_by;
	bool may_be_host;
	bool was_by;		/* the word before was "by" */
	bool is_mbox_possible;
	bool is_quoted;		/* the byte before was a backslash */
	bool is_cr_last;	/* the byte before was CR */
};

/*
 * hostname: our own name for loop detection, borrowed while the scan lasts;
 * empty: none.  limits may be NULL.
 */
void header_scan_init(struct header_scan *scan, struct text hostname,
	const struct header_scan_limits *limits);

/*
 * Go on over the next piece.  ERROR_LIMIT once a limit is passed, and at
 * every call from then on; counts go on nevertheless.
 */
int header_scan_feed(struct header_scan *scan, struct text piece) MUST_CHECK;

/* The message is over; the last line may have had no end. */
void header_scan_finish(struct header_scan *scan);

/* Words for a passed limit: 552 5.3.4. */
void header_scan_explain(const struct header_scan *scan, struct reason *why);

#endif
