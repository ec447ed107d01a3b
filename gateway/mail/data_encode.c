/*
 * The content of a message as it goes out by DATA.
 *
 * A CR as the last byte of a piece is held back until its LF is seen, so
 * that not even the beginning of a raw CR reaches the wire.
 */
#include "gateway/mail/data_encode.h"

#include "gateway/mail/data_line_private.h"

enum state {
	LINE_START,
	IN_LINE,
	CR_HELD,
	BROKEN,
};

void
data_encode_init(struct data_encode *encode)
{
	encode->state = LINE_START;
}

/*
 * Lines from the beginning of body up to one that starts with a dot.  Their
 * length; state moves to the place behind them.
 */
static size_t
read_run(struct data_encode *encode, struct text body)
{
	size_t at = 0;

	do {
		struct data_line line = data_line_find(body.data + at,
			body.len - at);
		at += line.len;
		if (line.has_bare_cr || (line.has_lf && !line.has_cr)) {
			encode->state = BROKEN;
			return 0;
		}
		if (line.has_lf)
			encode->state = LINE_START;
		else
			encode->state = line.has_cr ? CR_HELD : IN_LINE;
	} while (at < body.len &&
	    !(encode->state == LINE_START && body.data[at] == '.'));
	return at;
}

static int
next_run(struct data_encode *encode, struct text *body, struct text *piece)
{
	size_t len = read_run(encode, *body);

	if (encode->state == BROKEN)
		return ERROR_MALFORMED;
	*piece = text_slice(*body, 0,
		encode->state == CR_HELD ? len - 1 : len);
	*body = text_skip(*body, len);
	return piece->len > 0 ? 0 : ERROR_AGAIN;
}

int
data_encode_next(struct data_encode *encode, struct text *body,
	struct text *piece)
{
	if (encode->state == BROKEN)
		return ERROR_MALFORMED;
	if (body->len == 0)
		return ERROR_AGAIN;
	if (encode->state == CR_HELD) {
		if (body->data[0] != '\n') {
			encode->state = BROKEN;
			return ERROR_MALFORMED;
		}
		*body = text_skip(*body, 1);
		*piece = TEXT("\r\n");
		encode->state = LINE_START;
		return 0;
	}
	if (encode->state == LINE_START && body->data[0] == '.') {
		/* RFC 5321 4.5.2: one more dot, then the line as it is. */
		*piece = TEXT(".");
		encode->state = IN_LINE;
		return 0;
	}
	return next_run(encode, body, piece);
}

int
data_encode_finish(struct data_encode *encode, struct text *piece)
{
	if (encode->state == BROKEN || encode->state == CR_HELD)
		return ERROR_MALFORMED;
	*piece = encode->state == LINE_START ? TEXT(".\r\n") :
		TEXT("\r\n.\r\n");
	return 0;
}
