/*
 * A DNS message as we read it (RFC 1035 4): the answer section of one
 * question, aliases followed, mail exchangers and addresses taken out.
 *
 * The resolver has looked at the bytes before us; we do not rely on it.
 * Every length and every compression pointer is checked, and the work is
 * bounded by the size of the packet.
 */
#ifndef GATEWAY_LOOKUP_DNS_ANSWER_H
#define GATEWAY_LOOKUP_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/arena.h"
#include "gateway/base/error.h"
#include "gateway/base/text.h"

#define DNS_NAME_WIRE_MAX 255	/* RFC 1035 2.3.4, length bytes included */
#define DNS_NAME_TEXT_MAX 254
#define DNS_ALIASES_MAX 16	/* CNAME after CNAME */

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_AAAA = 28,
};

enum dns_rcode {
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
};

struct dns_record {
	uint32_t ttl_s;
	uint16_t preference;	/* MX */
	uint8_t address[16];	/* A: the first four; AAAA */
	struct text name;	/* MX, PTR: lower case, no dot behind; empty for the
				   root; "" with is_strange otherwise */
	bool is_strange;	/* MX, PTR: not written in host name characters */
};

struct dns_answer {
	uint8_t rcode;		/* enum dns_rcode and others */
	struct text name;	/* the last one of the aliases */
	uint32_t ttl_s;		/* least of all used; 0 where none was */
	struct dns_record *records;
	size_t count;
	bool is_cut;		/* there were more than wanted */
};

/* The code in the header; SERVFAIL where the packet has none. */
int dns_answer_rcode(struct text packet);

/*
 * Read a response to a question for name and type.
 *   name         as asked, without a dot behind; compared without case
 *   type         DNS_TYPE_A, _AAAA, _MX or _PTR
 *   records_max  further records of the type are left out (is_cut)
 * Records and texts live in the arena.  ERROR_MALFORMED: not such a response,
 * or aliases in a circle; ERROR_LIMIT: too many aliases, or the arena is
 * full.
 */
int dns_answer_parse(struct text packet, struct text name,
	enum dns_type type, size_t records_max, struct arena *arena,
	struct dns_answer *out) MUST_CHECK;

/*
 * Read a name at *offset of packet as text: lower case, dots between the
 * labels, none behind; the root is empty.
 *   out      DNS_NAME_TEXT_MAX bytes, no NUL behind
 *   *offset  behind the name afterwards (behind the pointer, where one is)
 * ERROR_MALFORMED: runs out of the packet, a pointer that does not lead
 * back, an unknown label type or a name too long.  ERROR_REFUSED: well-formed
 * but with bytes other than letters, digits, "-" and "_"; *offset is good.
 */
int dns_answer_name(struct text packet, size_t *offset, char *out,
	size_t *len) MUST_CHECK;

#endif
