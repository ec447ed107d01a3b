/*
 * Opening one envelope.  unseal process, in the child.
 */
#include "crypto/unseal/unseal_open.h"

#include <string.h>

#include "crypto/secure_envelope_mail.h"
#include "crypto/unseal/unseal_manifest.h"
#include "crypto/unseal/unseal_page.h"
#include "gateway/base/memory.h"
#include "gateway/mail/base64.h"

#define HEADER_MAX 16384u
#define PACKAGE_MAX (SECURE_ENVELOPE_MESSAGE_MAX + 20u * 1024 * 1024)

void
unseal_opening_init(struct unseal_opening *opening)
{
	opening->arena = arena_new(UNSEAL_ARENA_MAX);
	buffer_init(&opening->package, PACKAGE_MAX);
	buffer_init(&opening->out, UNSEAL_OUTPUT_MAX);
}

void
unseal_opening_clear(struct unseal_opening *opening)
{
	arena_free(opening->arena);
	buffer_wipe(&opening->package);
	buffer_wipe(&opening->out);
}

static int
decode_shares(const struct unseal_order *order,
    struct secure_envelope_shares *out)
{
	struct buffer share;
	int r;

	memcpy(out->service, order->key_share, sizeof(out->service));
	buffer_init(&share, sizeof(out->envelope) + 1);
	r = base64_decode(order->share, &share);
	if (r == 0 && buffer_len(&share) != sizeof(out->envelope))
		r = ERROR_MALFORMED;
	if (r == 0)
		memcpy(out->envelope, buffer_text(&share).data,
		    sizeof(out->envelope));
	buffer_wipe(&share);
	return r;
}

/* The package, decrypted and authenticated, into the opening. */
static int
decrypt(struct unseal_opening *opening, const struct unseal_order *order)
{
	struct secure_envelope_shares shares = { 0 };
	struct buffer header, payload;
	char *place;
	int r;

	buffer_init(&header, HEADER_MAX);
	buffer_init(&payload, PACKAGE_MAX);
	r = decode_shares(order, &shares);
	if (r == 0)
		r = base64_decode(order->header, &header);
	/* Reserved at once: a buffer that doubles would take twice as much. */
	if (r == 0)
		r = buffer_reserve(&payload, order->payload.len / 4 * 3 + 3,
		    &place);
	if (r == 0)
		r = base64_decode(order->payload, &payload);
	if (r == 0)
		r = secure_envelope_open(buffer_text(&header), &shares,
		    buffer_text(&payload), &opening->package);
	memory_wipe(&shares, sizeof(shares));
	buffer_clear(&header);
	buffer_clear(&payload);
	return r;
}

static int
make_page(struct unseal_opening *opening, const struct unseal_order *order,
    const struct unseal_manifest *manifest, struct unseal_answer *out)
{
	int r = unseal_page_write(manifest, order->parts_path, &opening->out);

	out->body = buffer_text(&opening->out);
	return r;
}

static int
make_file(struct unseal_opening *opening, const struct unseal_order *order,
    const struct unseal_manifest *manifest, struct unseal_answer *out)
{
	const struct unseal_part *part = unseal_manifest_file(manifest,
	    order->part);
	int r = part == NULL ? ERROR_NOT_FOUND :
	    unseal_part_decode(part, &opening->out);

	if (r == 0) {
		out->body = buffer_text(&opening->out);
		out->filename = part->name;
	}
	return r;
}

int
unseal_open(struct unseal_opening *opening, const struct unseal_order *order,
    struct unseal_answer *out)
{
	struct unseal_manifest manifest;
	struct text json, message;
	int r = decrypt(opening, order);

	*out = (struct unseal_answer){ .body = TEXT_EMPTY,
		.filename = TEXT_EMPTY };
	if (r == 0)
		r = secure_envelope_unpack(buffer_text(&opening->package),
		    &json, &message);
	if (r == 0 && order->part == FRAME_UNSEAL_MESSAGE) {
		out->body = message;
		out->filename = TEXT("message.eml");
		return 0;
	}
	if (r == 0)
		r = unseal_manifest_read(json, message, opening->arena,
		    &manifest);
	if (r == 0)
		r = order->part == FRAME_UNSEAL_PAGE ?
		    make_page(opening, order, &manifest, out) :
		    make_file(opening, order, &manifest, out);
	return r == 0 ? 0 : ERROR_MISMATCH;
}
