/*
 * Parameters of MAIL and RCPT (RFC 5321 4.1.2): SIZE (RFC 1870), BODY (RFC
 * 6152), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY, ORCPT (RFC 3461 4), AUTH
 * (RFC 4954 5; checked and forgotten, no client is trusted so far).
 *
 * Each may stand once (else 501 5.5.4).  An unknown one, or one whose
 * extension is not offered, is 555 5.5.4.  Texts in the results are borrowed
 * from the parameters: copy what outlives the line.
 */
#ifndef GATEWAY_MAIL_SMTP_PARAMETER_H
#define GATEWAY_MAIL_SMTP_PARAMETER_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"
#include "gateway/mail/envelope.h"
#include "gateway/mail/smtp_command.h"
#include "gateway/mail/smtp_extension.h"

#define SMTP_PARAMETER_ENVID_MAX 100	/* RFC 3461 4.4 */
#define SMTP_PARAMETER_ORCPT_MAX 500	/* RFC 3461 4.2 */

/*
 * MAIL: fills in sender, body, smtputf8, ret and envid of out, and nothing
 * else.  *size is the declared size, 0 where none is; one that no 64 bits
 * hold is UINT64_MAX.  The caller compares it with its limit (552 5.3.4).
 *   offered   set of enum smtp_extension; 0 after HELO: no parameter at all
 * A UTF-8 sender without SMTPUTF8 is 553 5.6.7 (RFC 6531 3.5).
 * ERROR_MALFORMED (501), ERROR_REFUSED (553, 555), ERROR_LIMIT (501).  out is
 * unchanged then.
 */
int smtp_parameter_parse_mail(const struct smtp_command_path *path,
	unsigned int offered, struct envelope *out, uint64_t *size,
	struct reason *why) MUST_CHECK;

/*
 * RCPT: fills in address, notify and orcpt of out.  Whether raw UTF-8 may
 * stand in ORCPT follows from smtputf8 of the envelope (RFC 6533 3).
 * Errors as above.
 */
int smtp_parameter_parse_rcpt(const struct smtp_command_path *path,
	unsigned int offered, const struct envelope *envelope,
	struct envelope_recipient *out, struct reason *why) MUST_CHECK;

/*
 * "type;address" of ORCPT by RFC 3461 4.2 and RFC 6533 3; utf8: raw UTF-8 is
 * allowed.  ERROR_MALFORMED or ERROR_LIMIT.
 */
int smtp_parameter_check_orcpt(struct text value, bool utf8) MUST_CHECK;

#endif
