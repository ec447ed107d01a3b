/*
 * SMTP commands: one line, without its CRLF, to a verb and an argument, and
 * the arguments of those verbs that have some (RFC 5321 4.1.1, RFC 3030 2).
 * Parameters of MAIL and RCPT are read by smtp_parameter.
 */
#ifndef GATEWAY_MAIL_SMTP_COMMAND_H
#define GATEWAY_MAIL_SMTP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/mail/address.h"

/*
 * Bytes of a line without CRLF that a reader must be able to hold: MAIL and
 * RCPT with all their parameters.  Each verb has its own, lower or equal
 * maximum (RFC 5321 4.5.3.1.4: 512 with CRLF), which smtp_command_parse()
 * checks.
 */
#define SMTP_COMMAND_LINE_MAX 2048

enum smtp_verb {
	SMTP_VERB_UNKNOWN,
	SMTP_VERB_HELO,
	SMTP_VERB_EHLO,
	SMTP_VERB_MAIL,
	SMTP_VERB_RCPT,
	SMTP_VERB_DATA,
	SMTP_VERB_BDAT,
	SMTP_VERB_RSET,
	SMTP_VERB_NOOP,
	SMTP_VERB_VRFY,
	SMTP_VERB_EXPN,
	SMTP_VERB_HELP,
	SMTP_VERB_QUIT,
	SMTP_VERB_STARTTLS,
	SMTP_VERB_AUTH,
	SMTP_VERB_ETRN,
	SMTP_VERB_COUNT,
};

struct smtp_command {
	enum smtp_verb verb;
	struct text argument;	/* without spaces at both ends */
};

/*
 * Split a line.  An unknown verb is no error: 0 and SMTP_VERB_UNKNOWN, and
 * the caller says 500.  Checked here: the length for the verb, control
 * bytes, UTF-8 (well-formed, and only in MAIL, RCPT, VRFY and EXPN), a
 * missing argument, one where none belongs.  In each case out->verb is set
 * as far as it was recognised.
 *
 * ERROR_MALFORMED (500 or 501) or ERROR_LIMIT (500 5.5.2, line too long).
 */
int smtp_command_parse(struct text line, struct smtp_command *out,
	struct reason *why) MUST_CHECK;

/* In capitals; "" for SMTP_VERB_UNKNOWN. */
const char *smtp_verb_name(enum smtp_verb verb);

/*
 * The argument of HELO or EHLO: one word of 1 to 255 printable ASCII bytes
 * without ()<>",;@ and backslash.  Names that are no domain pass: RFC 5321
 * 4.1.4 wants no refusal for the name alone, and received_print() makes it
 * harmless.  ERROR_MALFORMED with 501 5.5.4.
 */
int smtp_command_check_helo(struct text argument, struct reason *why)
	MUST_CHECK;

/* The argument of MAIL or RCPT. */
struct smtp_command_path {
	struct address address;
	struct text parameters;	/* for smtp_parameter, maybe empty */
};

/*
 * "FROM:<reverse-path> parameters".  Spaces behind the colon are taken
 * though RFC 5321 3.3 has none, because many clients send one.  A UTF-8
 * address passes here: whether SMTPUTF8 allows it stands in the parameters,
 * and smtp_parameter_parse_mail() checks it.
 * Errors as address_parse_path().
 */
int smtp_command_parse_mail(struct text argument,
	struct smtp_command_path *out, struct reason *why) MUST_CHECK;
/*
 * "TO:<forward-path> parameters"; "postmaster" without a domain is taken.
 * utf8: the transaction asked for SMTPUTF8.
 */
int smtp_command_parse_rcpt(struct text argument, bool utf8,
	struct smtp_command_path *out, struct reason *why) MUST_CHECK;

/*
 * "size" or "size LAST".  Any error means that the number of octets which
 * follow is unknown: answer, and close the connection.
 * ERROR_MALFORMED or ERROR_LIMIT (over 64 bits or 20 digits), 501 5.5.4.
 */
int smtp_command_parse_bdat(struct text argument, uint64_t *size,
	bool *is_last, struct reason *why) MUST_CHECK;

#endif
