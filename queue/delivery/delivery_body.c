/*
 * Bodies in the deliver process.
 */
#include "queue/delivery/delivery_body.h"

#include <string.h>

void
delivery_check_begin(struct delivery_check *check, struct message_body *body,
	struct digest *digest, bool scan_header)
{
	memset(check, 0, sizeof(*check));
	check->body = body;
	check->digest = digest;
	check->scan_header = scan_header;
	if (scan_header)
		header_scan_init(&check->scan, TEXT_EMPTY, NULL);
}

/* Eight bytes at a time; memcpy because of alignment. */
static bool
delivery_has_8bit(struct text piece)
{
	uint64_t all = 0, word;
	size_t i = 0;

	for (; i + sizeof(word) <= piece.len; i += sizeof(word)) {
		memcpy(&word, piece.data + i, sizeof(word));
		all |= word;
	}
	for (; i < piece.len; i++)
		all |= (uint64_t)(unsigned char)piece.data[i];
	return (all & UINT64_C(0x8080808080808080)) != 0;
}

static void
delivery_check_piece(struct delivery_check *check, struct text piece)
{
	digest_add(check->digest, piece);
	if (!check->findings.has_8bit)
		check->findings.has_8bit = delivery_has_8bit(piece);
	if (!check->scan_header || check->scan.is_over)
		return;
	/* Without limits there is nothing that could be passed. */
	require(header_scan_feed(&check->scan, piece) == 0);
	check->findings.has_8bit_header = check->scan.has_8bit_header;
}

static int
delivery_check_finish(struct delivery_check *check, uint64_t size,
	const uint8_t sha256[DIGEST_SIZE])
{
	uint8_t found[DIGEST_SIZE];

	digest_finish(check->digest, found);
	if (check->offset != size || memcmp(found, sha256,
	    sizeof(found)) != 0)
		return ERROR_MISMATCH;
	return 0;
}

int
delivery_check_step(struct delivery_check *check, uint64_t size,
	const uint8_t sha256[DIGEST_SIZE])
{
	char scratch[DELIVERY_BODY_READ];
	uint64_t until = check->offset + DELIVERY_BODY_SLICE;
	struct text piece;

	while (check->offset < until) {
		if (message_body_read(check->body, check->offset,
		    sizeof(scratch), scratch, &piece) < 0)
			return ERROR_SYSTEM;
		if (piece.len == 0)
			return delivery_check_finish(check, size, sha256);
		delivery_check_piece(check, piece);
		check->offset += piece.len;
	}
	return ERROR_AGAIN;
}

void
delivery_feed_begin(struct delivery_feed *feed, struct message_body *body)
{
	memset(feed, 0, sizeof(*feed));
	feed->body = body;
	data_encode_init(&feed->encode);
}

static int
delivery_feed_piece(struct delivery_feed *feed, struct text bytes,
	struct stream *stream)
{
	struct text piece;
	int error;

	while ((error = data_encode_next(&feed->encode, &bytes, &piece)) == 0)
		if (stream_write(stream, piece) < 0)
			return ERROR_LIMIT;
	return error == ERROR_AGAIN ? 0 : error;
}

int
delivery_feed_step(struct delivery_feed *feed, struct stream *stream)
{
	char scratch[DELIVERY_BODY_READ];
	struct text bytes;
	int error;

	while (stream_output_len(stream) < DELIVERY_BODY_AHEAD) {
		if (message_body_read(feed->body, feed->offset,
		    sizeof(scratch), scratch, &bytes) < 0)
			return ERROR_SYSTEM;
		if (bytes.len == 0) {
			error = data_encode_finish(&feed->encode, &bytes);
			if (error < 0)
				return error;
			feed->is_over = true;
			return stream_write(stream, bytes);
		}
		feed->offset += bytes.len;
		error = delivery_feed_piece(feed, bytes, stream);
		if (error < 0)
			return error;
	}
	return ERROR_AGAIN;
}
