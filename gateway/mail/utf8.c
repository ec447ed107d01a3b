/*
 * UTF-8 for mail addresses and commands (RFC 3629 4).
 */
#include <string.h>

#include "gateway/mail/utf8.h"

/*
 * By first byte: how many bytes follow, the bits it brings, and the smallest
 * code point that may be written so (shortest form).
 */
struct lead {
	uint8_t mask;
	uint8_t value;
	uint8_t more;
	uint32_t least;
};

static const struct lead leads[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

struct range {
	uint32_t first;
	uint32_t last;
};

static const struct range unsafe[] = {
	{ 0x0000, 0x001f },
	{ 0x007f, 0x00a0 },	/* DEL, C1, no-break space */
	{ 0x00ad, 0x00ad },	/* soft hyphen */
	{ 0x061c, 0x061c },	/* direction */
	{ 0x180e, 0x180e },
	{ 0x2000, 0x200b },	/* spaces; joiners 200c and 200d are letters'
				   business */
	{ 0x200e, 0x200f },
	{ 0x2028, 0x202f },	/* separators, direction */
	{ 0x205f, 0x206f },
	{ 0x3000, 0x3000 },
	{ 0xd800, 0xdfff },
	{ 0xfdd0, 0xfdef },	/* non-characters */
	{ 0xfeff, 0xfeff },
	{ 0xfff0, 0xffff },
	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },	/* tags */
};

size_t
utf8_next(struct text t, uint32_t *point)
{
	*point = 0;
	for (size_t i = 0; t.len > 0 && i < sizeof(leads) / sizeof(*leads);
	    i++) {
		const struct lead *lead = &leads[i];
		uint8_t first = (uint8_t)t.data[0];
		if ((first & lead->mask) != lead->value)
			continue;
		if (t.len <= lead->more)
			return 0;
		uint32_t value = first & (uint8_t)~lead->mask;
		for (size_t at = 1; at <= lead->more; at++) {
			uint8_t byte = (uint8_t)t.data[at];
			if ((byte & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (byte & 0x3f);
		}
		if (value < lead->least || value > 0x10ffff ||
		    (value >= 0xd800 && value <= 0xdfff))
			return 0;
		*point = value;
		return (size_t)lead->more + 1;
	}
	return 0;
}

bool
utf8_is_valid(struct text t)
{
	while (t.len > 0) {
		uint32_t point;
		size_t len = utf8_next(t, &point);
		if (len == 0)
			return false;
		t = text_skip(t, len);
	}
	return true;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

bool
utf8_is_ascii(struct text t)
{
	const char *at = t.data;
	size_t left = t.len;

	for (uint64_t words[4]; left >= sizeof(words);
	    at += sizeof(words), left -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		if (((words[0] | words[1] | words[2] | words[3]) &
		    HIGH_BITS) != 0)
			return false;
	}
	unsigned int all = 0;
	for (; left > 0; at++, left--)
		all |= (unsigned char)*at;
	return all < 0x80;
}

bool
utf8_is_unsafe(uint32_t point)
{
	if ((point & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++)
		if (point >= unsafe[i].first && point <= unsafe[i].last)
			return true;
	return false;
}
