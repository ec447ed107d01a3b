/*
 * The policy table, and the shapes of what TLS signs.  A TLS 1.2 message
 * begins with bytes that a client chooses, so shape alone does not keep two
 * uses of one key apart: the role does.
 */
#include "crypto/keys/keys_policy.h"

#include <string.h>

#include "gateway/base/text.h"

typedef bool (*shape_check)(struct text message);
typedef bool (*scheme_check)(const struct signature_scheme *scheme);

struct policy_row {
	enum process_kind caller;
	enum keys_role role;
	enum remote_key_operation operation;
	scheme_check scheme;	/* NULL: there is none */
	shape_check shape;	/* NULL: there is no message */
};

/* ---- RFC 8446 4.4.3: CertificateVerify ---- */

#define PADDING_LEN 64

static bool
is_tls13_scheme(const struct signature_scheme *scheme)
{
	return scheme->key != SIGNATURE_KEY_RSA || scheme->pss;
}

static bool
is_tls13(struct text message, struct text context)
{
	struct text hash;
	size_t i;

	for (i = 0; i < PADDING_LEN; i++) {
		if (i >= message.len || message.data[i] != ' ')
			return false;
	}
	message = text_skip(message, PADDING_LEN);
	if (!text_starts(message, context))
		return false;
	hash = text_skip(message, context.len);
	/* The transcript's hash: SHA-256 or SHA-384, by the cipher suite. */
	return hash.len == 32 || hash.len == 48;
}

static bool
is_tls13_server(struct text message)
{
	return is_tls13(message, TEXT("TLS 1.3, server CertificateVerify\0"));
}

static bool
is_tls13_client(struct text message)
{
	return is_tls13(message, TEXT("TLS 1.3, client CertificateVerify\0"));
}

/* ---- RFC 5246 7.4.3, RFC 8422 5.4: ServerKeyExchange with ECDHE ---- */

#define RANDOMS_LEN 64
#define CURVE_HEADER_LEN 4
#define NAMED_CURVE 3
#define UNCOMPRESSED 4

static const struct {
	unsigned int group;	/* RFC 8422 5.1.1 */
	size_t point_len;
	bool prefixed;		/* RFC 8422 5.4.1: uncompressed form */
} curves[] = {
	{ .group = 23, .point_len = 65, .prefixed = true },
	{ .group = 24, .point_len = 97, .prefixed = true },
	{ .group = 29, .point_len = 32 },
};

static bool
is_any_scheme(const struct signature_scheme *scheme)
{
	(void)scheme;
	return true;
}

static bool
is_point(unsigned int group, struct text point)
{
	size_t i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].group != group)
			continue;
		return point.len == curves[i].point_len &&
		    (!curves[i].prefixed || point.data[0] == UNCOMPRESSED);
	}
	return false;
}

static bool
is_tls12_server(struct text message)
{
	struct text params = text_skip(message, RANDOMS_LEN);
	struct text point = text_skip(params, CURVE_HEADER_LEN);
	unsigned char header[CURVE_HEADER_LEN];

	if (point.len == 0)
		return false;
	memcpy(header, params.data, sizeof(header));
	return header[0] == NAMED_CURVE && header[3] == point.len &&
	    is_point((unsigned int)header[1] << 8 | header[2], point);
}

/* ---- the table ---- */

#define SERVER_ROWS(kind) \
	{ .caller = (kind), .role = KEYS_ROLE_TLS_SERVER, \
	    .operation = REMOTE_KEY_PUBLIC }, \
	{ .caller = (kind), .role = KEYS_ROLE_TLS_SERVER, \
	    .operation = REMOTE_KEY_SIGN, .scheme = is_tls13_scheme, \
	    .shape = is_tls13_server }, \
	{ .caller = (kind), .role = KEYS_ROLE_TLS_SERVER, \
	    .operation = REMOTE_KEY_SIGN, .scheme = is_any_scheme, \
	    .shape = is_tls12_server }

/*
 * A client has no row of TLS 1.2: what it signs there is the transcript,
 * and that can look like anything.
 */
static const struct policy_row rows[] = {
	SERVER_ROWS(PROCESS_SMTP),
	SERVER_ROWS(PROCESS_VAULT),
	SERVER_ROWS(PROCESS_PORTAL),
	{ .caller = PROCESS_PROTECT, .role = KEYS_ROLE_TLS_CLIENT,
	    .operation = REMOTE_KEY_PUBLIC },
	{ .caller = PROCESS_PROTECT, .role = KEYS_ROLE_TLS_CLIENT,
	    .operation = REMOTE_KEY_SIGN, .scheme = is_tls13_scheme,
	    .shape = is_tls13_client },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

bool
keys_policy_serves(enum process_kind caller)
{
	size_t i;

	for (i = 0; i < ROW_COUNT; i++) {
		if (rows[i].caller == caller)
			return true;
	}
	return false;
}

static bool
scheme_allowed(const struct policy_row *row, const struct keys_key *key,
	uint16_t code)
{
	const struct signature_scheme *scheme = signature_scheme_find(code);

	if (row->scheme == NULL)
		return code == 0;
	return scheme != NULL && scheme->key == keys_key_kind(key) &&
	    row->scheme(scheme);
}

static bool
shape_allowed(const struct policy_row *row, struct text message)
{
	if (row->shape == NULL)
		return message.len == 0;
	return row->shape(message);
}

int
keys_policy_check(enum process_kind caller, const struct keys_key *key,
	const struct remote_key_request *request, struct reason *why)
{
	const char *problem = "this caller may not do this with this key";
	const struct policy_row *row;

	for (row = rows; row < rows + ROW_COUNT; row++) {
		if (row->caller != caller || row->role != keys_key_role(key) ||
		    row->operation != request->operation)
			continue;
		if (!scheme_allowed(row, key, request->scheme))
			problem = "the scheme does not fit key and use";
		else if (!shape_allowed(row, request->message))
			problem = "the message is none that this key signs";
		else
			return 0;
	}
	reason_set(why, "%s", problem);
	return ERROR_REFUSED;
}
