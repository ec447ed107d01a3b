/*
 * Rich text by LZ77 over a ring of 4096 bytes that begins with what most
 * such texts begin with (MS-OXRTFCP 2.1 and 3.1).
 */
#include "gateway/mail/tnef_rtf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gateway/mail/fill_private.h"

#define HEADER 16
#define RING 4096u
#define SHORTEST 2u	/* of a repeat */

/* 2.1.3.1.4: what the ring holds at first. */
static const char beginning[] =
	"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}"
	"{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
	"MS Sans SerifSymbolArialTimes New RomanCourier"
	"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
	"\\b\\i\\u\\tab\\tx";
_Static_assert(sizeof(beginning) - 1 == 207, "as it is specified");

struct unpacker {
	struct text rest;
	struct buffer *out;
	char ring[RING];
	uint32_t at;		/* where the ring is written next */
	bool is_over;
};

static int
put(struct unpacker *unpacker, char c)
{
	unpacker->ring[unpacker->at] = c;
	unpacker->at = (unpacker->at + 1) % RING;
	return fill_add(unpacker->out, text_of(&c, 1));
}

/* 12 bits of place, 4 of length; the place of writing itself is the end. */
static int
repeat(struct unpacker *unpacker)
{
	const unsigned char *pair =
		(const unsigned char *)unpacker->rest.data;
	uint32_t from;
	uint32_t len;
	int error = 0;

	if (unpacker->rest.len < 2) {
		unpacker->is_over = true;
		return 0;
	}
	from = (uint32_t)pair[0] << 4 | pair[1] >> 4;
	len = (pair[1] & 15u) + SHORTEST;
	unpacker->rest = text_skip(unpacker->rest, 2);
	unpacker->is_over = from == unpacker->at;
	for (; len > 0 && error == 0 && !unpacker->is_over; len--) {
		error = put(unpacker, unpacker->ring[from]);
		from = (from + 1) % RING;
	}
	return error;
}

/* A byte of eight bits, each for a repeat or a byte that stands as it is. */
static int
run(struct unpacker *unpacker)
{
	unsigned char control = (unsigned char)unpacker->rest.data[0];
	int error = 0;

	unpacker->rest = text_skip(unpacker->rest, 1);
	for (unsigned int bit = 1; bit < 256 && error == 0 &&
	    !unpacker->is_over && unpacker->rest.len > 0; bit <<= 1) {
		if ((control & bit) != 0) {
			error = repeat(unpacker);
			continue;
		}
		error = put(unpacker, unpacker->rest.data[0]);
		unpacker->rest = text_skip(unpacker->rest, 1);
	}
	return error;
}

int
tnef_rtf(struct text t, struct buffer *out)
{
	struct text form = text_slice(t, 8, 4);
	struct unpacker unpacker = { .rest = text_skip(t, HEADER),
		.out = out, .at = sizeof(beginning) - 1 };
	int error = 0;

	if (t.len < HEADER)
		return ERROR_MALFORMED;
	if (text_equal(form, TEXT("MELA")))
		return fill_add(out, unpacker.rest);
	if (!text_equal(form, TEXT("LZFu")))
		return ERROR_MALFORMED;
	memcpy(unpacker.ring, beginning, sizeof(beginning) - 1);
	while (error == 0 && !unpacker.is_over && unpacker.rest.len > 0)
		error = run(&unpacker);
	return error;
}
