/*
 * Texts.  A text with NULL data is an empty one; memcmp() and memcpy() are
 * never given NULL.
 */
#include "gateway/base/text.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>

int
text_int_len(struct text t)
{
	return t.len > INT_MAX ? INT_MAX : (int)t.len;
}

struct text
text_from(const char *string)
{
	if (string == NULL)
		return TEXT_EMPTY;
	return text_of(string, strlen(string));
}

struct text
text_of(const void *data, size_t len)
{
	return (struct text){ data, len };
}

bool
text_is_empty(struct text t)
{
	return t.len == 0;
}

bool
text_equal(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}

char
text_lower_byte(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
text_is_alpha(char c)
{
	c = text_lower_byte(c);
	return c >= 'a' && c <= 'z';
}

bool
text_is_alnum(char c)
{
	return text_is_alpha(c) || text_is_digit(c);
}

bool
text_equal_nocase(struct text a, struct text b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (text_lower_byte(a.data[i]) != text_lower_byte(b.data[i]))
			return false;
	return true;
}

bool
text_starts(struct text t, struct text prefix)
{
	return t.len >= prefix.len &&
	    text_equal(text_slice(t, 0, prefix.len), prefix);
}

bool
text_starts_nocase(struct text t, struct text prefix)
{
	return t.len >= prefix.len &&
	    text_equal_nocase(text_slice(t, 0, prefix.len), prefix);
}

bool
text_ends_nocase(struct text t, struct text suffix)
{
	return t.len >= suffix.len &&
	    text_equal_nocase(text_skip(t, t.len - suffix.len), suffix);
}

int
text_compare(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

size_t
text_find_byte(struct text t, char byte)
{
	const char *at;

	if (t.len == 0)
		return 0;
	at = memchr(t.data, (unsigned char)byte, t.len);
	return at == NULL ? t.len : (size_t)(at - t.data);
}

size_t
text_find(struct text t, struct text needle)
{
	const char *at;

	if (t.len == 0 || needle.len == 0)
		return needle.len == 0 ? 0 : t.len;
	at = memmem(t.data, t.len, needle.data, needle.len);
	return at == NULL ? t.len : (size_t)(at - t.data);
}

struct text
text_slice(struct text t, size_t from, size_t len)
{
	t = text_skip(t, from);
	if (len < t.len)
		t.len = len;
	return t;
}

struct text
text_skip(struct text t, size_t count)
{
	if (count > t.len)
		count = t.len;
	if (count > 0) {
		t.data += count;
		t.len -= count;
	}
	return t;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct text
text_trim(struct text t)
{
	while (t.len > 0 && is_blank(t.data[0]))
		t = text_skip(t, 1);
	while (t.len > 0 && is_blank(t.data[t.len - 1]))
		t.len--;
	return t;
}

bool
text_split(struct text *rest, char separator, struct text *part)
{
	size_t at;

	if (rest->data == NULL)
		return false;
	at = text_find_byte(*rest, separator);
	*part = text_slice(*rest, 0, at);
	if (at == rest->len)
		*rest = (struct text){ NULL, 0 };
	else
		*rest = text_skip(*rest, at + 1);
	return true;
}

int
text_parse_u64(struct text t, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	uint64_t digit;
	size_t i;
	bool over = false;

	if (t.len == 0)
		return ERROR_MALFORMED;
	for (i = 0; i < t.len; i++) {
		if (!text_is_digit(t.data[i]))
			return ERROR_MALFORMED;
		digit = (uint64_t)(t.data[i] - '0');
		over = over || value > (UINT64_MAX - digit) / 10;
		value = value * 10 + digit;
	}
	if (over || value > max)
		return ERROR_LIMIT;
	*out = value;
	return 0;
}

struct text
text_put(char **at, struct text t)
{
	struct text copy = text_of(*at, t.len);

	if (t.len > 0)
		memcpy(*at, t.data, t.len);
	*at += t.len;
	return copy;
}

int
text_to_string(struct text t, char *out, size_t size)
{
	if (t.len >= size)
		return ERROR_LIMIT;
	if (text_find_byte(t, '\0') != t.len)
		return ERROR_MALFORMED;
	if (t.len > 0)
		memcpy(out, t.data, t.len);
	out[t.len] = '\0';
	return 0;
}

bool
text_equal_secret(struct text a, struct text b)
{
	volatile unsigned char difference = 0;
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		difference |= (unsigned char)(a.data[i] ^ b.data[i]);
	return difference == 0;
}

/*
 * The hash is SipHash-1-3 under a random key of the process: whoever does
 * not know the key cannot choose texts that collide.
 */
struct sip {
	uint64_t v[4];
};

static const uint64_t *
hash_key(void)
{
	static uint64_t key[2];
	static bool known;

	while (!known) {
		if (getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key))
			known = true;
		else if (errno != EINTR)
			fatal_errno("getrandom");
	}
	return key;
}

static uint64_t
rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(struct sip *s)
{
	s->v[0] += s->v[1];
	s->v[1] = rotate(s->v[1], 13) ^ s->v[0];
	s->v[0] = rotate(s->v[0], 32);
	s->v[2] += s->v[3];
	s->v[3] = rotate(s->v[3], 16) ^ s->v[2];
	s->v[0] += s->v[3];
	s->v[3] = rotate(s->v[3], 21) ^ s->v[0];
	s->v[2] += s->v[1];
	s->v[1] = rotate(s->v[1], 17) ^ s->v[2];
	s->v[2] = rotate(s->v[2], 32);
}

static void
sip_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	sip_round(s);
	s->v[0] ^= word;
}

/* Set bit 5 of the bytes that are 'A' to 'Z', eight at a time. */
static uint64_t
fold_word(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t low = word & (ones * 0x7f);
	uint64_t from_a = low + ones * (0x80 - 'A');
	uint64_t over_z = low + ones * (0x80 - 'Z' - 1);

	return word | ((from_a & ~over_z & ~word & (ones * 0x80)) >> 2);
}

static uint64_t
hash(struct text t, bool fold)
{
	const uint64_t *key = hash_key();
	struct sip s = { {
	    key[0] ^ UINT64_C(0x736f6d6570736575),
	    key[1] ^ UINT64_C(0x646f72616e646f6d),
	    key[0] ^ UINT64_C(0x6c7967656e657261),
	    key[1] ^ UINT64_C(0x7465646279746573) } };
	uint64_t len = t.len;
	uint64_t word;

	for (; t.len >= sizeof(word); t = text_skip(t, sizeof(word))) {
		memcpy(&word, t.data, sizeof(word));
		word = le64toh(word);
		sip_word(&s, fold ? fold_word(word) : word);
	}
	word = 0;
	if (t.len > 0)
		memcpy(&word, t.data, t.len);
	word = le64toh(word);
	sip_word(&s, (fold ? fold_word(word) : word) | len << 56);
	s.v[2] ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

uint64_t
text_hash(struct text t)
{
	return hash(t, false);
}

uint64_t
text_hash_nocase(struct text t)
{
	return hash(t, true);
}
