/*
 * Mail addresses as SMTP writes them (RFC 5321 4.1.2 and 4.1.3, RFC 6531
 * 3.3): paths in angle brackets and mailboxes without.
 *
 * Everything given out is borrowed from the input.  Local parts keep their
 * case and quotes, for only the final host may read them.  Refused whatever
 * the flags: control bytes, NUL, CR, LF, broken UTF-8, unbalanced quotes,
 * empty labels, a dot at the end of the domain, a domain whose last label
 * is digits only (it would read as an IP address).
 */
#ifndef GATEWAY_MAIL_ADDRESS_H
#define GATEWAY_MAIL_ADDRESS_H

#include <stdbool.h>

#include "gateway/base/buffer.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define ADDRESS_LOCAL_MAX 256	/* RFC 5321 4.5.3.1.1: at least 64 */
#define ADDRESS_DOMAIN_MAX 255	/* RFC 5321 4.5.3.1.2 */
#define ADDRESS_LABEL_MAX 63	/* characters; RFC 1035 2.3.4 */

enum address_allow {
	/*
	 * A reverse-path: "<>" is allowed, and refusals say 5.1.7 (sender);
	 * without it they say 5.1.3 (recipient).
	 */
	ADDRESS_REVERSE_PATH = 1,
	ADDRESS_ALLOW_UTF8 = 2,		/* else 553 5.6.7 */
	/* RFC 5321 4.5.1: "postmaster" in any case without a domain. */
	ADDRESS_ALLOW_POSTMASTER = 4,
};

struct address {
	struct text whole;	/* local@domain, without a source route; empty
				   for the null path */
	struct text local;	/* as given, with its quotes */
	struct text domain;	/* as given; with brackets for a literal; empty
				   for "postmaster" alone */
	bool is_null;		/* "<>" */
	bool is_literal;	/* [192.0.2.1] or [IPv6:2001:db8::1] */
	bool is_utf8;		/* has a byte over 127 */
};

/*
 * Parse "<path>" at the beginning of line.  *rest is what follows, without
 * the spaces before it: the parameters.  A source route is checked and left
 * out (RFC 5321 4.1.1.3, appendix C).  Between ">" and the rest at least
 * one space stands.  allow: a set of enum address_allow.
 *
 * ERROR_MALFORMED, ERROR_LIMIT (a part too long) or ERROR_REFUSED (UTF-8
 * that is not allowed), each with a reply code and status in why.
 */
int address_parse_path(struct text line, unsigned int allow,
	struct address *out, struct text *rest, struct reason *why) MUST_CHECK;

/* The same for a whole text without angle brackets, such as "a@b.example". */
int address_parse(struct text mailbox, unsigned int allow,
	struct address *out, struct reason *why) MUST_CHECK;

/* A domain name or an address literal, by the same rules. */
int address_check_domain(struct text domain, unsigned int allow) MUST_CHECK;

/*
 * Parts of an address that was parsed once, "local@domain" (quoted local
 * parts may hold "@").  The domain is empty where there is none.
 */
struct text address_domain(struct text whole);
struct text address_local(struct text whole);

/*
 * Append the domain with ASCII letters in lower case, for comparing and
 * looking up.  U-labels stay as they are.  ERROR_LIMIT when out is full.
 */
int address_canonical_domain(struct text domain, struct buffer *out)
	MUST_CHECK;
/* local@domain with the domain so; the local part keeps its case. */
int address_canonical(struct text whole, struct buffer *out) MUST_CHECK;

/* Append "<whole>"; "<>" for the empty one. */
int address_print_path(struct text whole, struct buffer *out) MUST_CHECK;

#endif
