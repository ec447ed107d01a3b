/*
 * Replies of a next hop (RFC 5321 4.2), read as if from an enemy: lines of
 * at most SMTP_REPLY_LINE_MAX bytes, at most SMTP_REPLY_LINES_MAX of them,
 * one code in all.  What is kept of the text is printable ASCII and cut at
 * SMTP_REPLY_TEXT_MAX.
 *
 * A line may end in LF alone; nothing follows from where a reply's line
 * ends.
 */
#ifndef GATEWAY_MAIL_SMTP_REPLY_H
#define GATEWAY_MAIL_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define SMTP_REPLY_LINE_MAX 512		/* with CRLF, RFC 5321 4.5.3.1.5 */
#define SMTP_REPLY_LINES_MAX 100
#define SMTP_REPLY_TEXT_MAX 4096

struct smtp_reply {
	uint16_t code;		/* 200 to 599 */
	uint16_t status[3];	/* RFC 3463; all 0 where none was given or its
				   class differs from the code's */
	uint16_t line_count;	/* so far */
	bool is_complete;
	bool is_cut;		/* text holds less than was said */
	uint16_t text_len;
	char text[SMTP_REPLY_TEXT_MAX];	/* lines without codes and statuses,
					   '\n' between them */
};

/* Before each reply. */
void smtp_reply_init(struct smtp_reply *reply);

/*
 * Take complete lines off the beginning of input; *used says how many bytes
 * to consume in any case.  0 when the reply is complete (what follows
 * belongs to the next); ERROR_AGAIN: more input, and call again with what
 * is unused; ERROR_MALFORMED or ERROR_LIMIT: this peer speaks no SMTP, end
 * the connection and treat it as a temporary failure.
 */
int smtp_reply_feed(struct smtp_reply *reply, struct text input,
	size_t *used) MUST_CHECK;

/* code / 100: 2 to 5.  RFC 5321 4.2.1: act on the first digit. */
unsigned int smtp_reply_class(const struct smtp_reply *reply);

/* Walk the lines: *cursor starts at 0; false at the end. */
bool smtp_reply_next_line(const struct smtp_reply *reply, size_t *cursor,
	struct text *line);

/*
 * "550 5.1.1 text text" on one line, NUL ended, cut to size.  Printable
 * ASCII only.  For log, queue and DSN; SMTP_REPLY_PRINT_SIZE is enough for
 * people.
 */
#define SMTP_REPLY_PRINT_SIZE 512
void smtp_reply_print(const struct smtp_reply *reply, char *out, size_t size);

/*
 * What a complete reply to EHLO offers: a set of enum smtp_extension.
 * *size_max: the parameter of SIZE, 0 where there is none or no limit.
 */
unsigned int smtp_reply_extensions(const struct smtp_reply *reply,
	uint64_t *size_max);

#endif
