/*
 * DNS messages.  Differential: a name that we read is read alike by the C
 * library.  Round trip: an answer written out again reads the same.
 *
 * Input: byte 0 chooses the type, the rest is the packet.
 */
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/arena.h"
#include "gateway/base/buffer.h"
#include "gateway/lookup/dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(struct text packet, size_t at)
{
	char ours[DNS_NAME_TEXT_MAX], theirs[NS_MAXDNAME];
	const unsigned char *bytes = (const unsigned char *)packet.data;
	size_t offset = at, len = 0;
	int used;

	if (dns_answer_name(packet, &offset, ours, &len) != 0)
		return;
	require(offset > at && offset <= packet.len && len < sizeof(ours));
	used = dn_expand(bytes, bytes + packet.len, bytes + at, theirs,
	    sizeof(theirs));
	require(used > 0 && (size_t)used == offset - at);
	require(text_equal_nocase(text_of(ours, len), text_from(theirs)));
}

static void
put_u16(struct buffer *out, size_t value)
{
	require(buffer_add_byte(out, (char)(value >> 8)) == 0);
	require(buffer_add_byte(out, (char)value) == 0);
}

static void
put_name(struct buffer *out, struct text name)
{
	struct text rest = name, label;

	while (name.len > 0 && text_split(&rest, '.', &label)) {
		require(buffer_add_byte(out, (char)label.len) == 0);
		require(buffer_add_text(out, label) == 0);
	}
	require(buffer_add_byte(out, 0) == 0);
}

static void
put_data(struct buffer *out, const struct dns_record *record,
	enum dns_type type)
{
	size_t name_len = record->name.len == 0 ? 1 : record->name.len + 2;

	if (type != DNS_TYPE_MX) {
		size_t len = type == DNS_TYPE_A ? 4 : 16;

		put_u16(out, len);
		require(buffer_add(out, record->address, len) == 0);
		return;
	}
	if (record->is_strange) {
		put_u16(out, 5);
		put_u16(out, record->preference);
		require(buffer_add(out, "\1 ", 3) == 0);
		return;
	}
	put_u16(out, 2 + name_len);
	put_u16(out, record->preference);
	put_name(out, record->name);
}

static void
put_answer(struct buffer *out, const struct dns_answer *answer,
	enum dns_type type)
{
	size_t i;

	put_u16(out, 1);
	put_u16(out, 0x8000u | answer->rcode);
	put_u16(out, 0);
	put_u16(out, answer->count);
	put_u16(out, 0);
	put_u16(out, 0);
	for (i = 0; i < answer->count; i++) {
		put_name(out, answer->name);
		put_u16(out, type);
		put_u16(out, 1);
		put_u16(out, answer->records[i].ttl_s >> 16);
		put_u16(out, answer->records[i].ttl_s & 0xffff);
		put_data(out, &answer->records[i], type);
	}
}

static void
check_same(const struct dns_answer *a, const struct dns_answer *b)
{
	size_t i;

	require(a->rcode == b->rcode && a->count == b->count);
	for (i = 0; i < a->count; i++) {
		const struct dns_record *x = &a->records[i];
		const struct dns_record *y = &b->records[i];

		require(x->ttl_s == y->ttl_s && x->ttl_s >= a->ttl_s);
		require(x->preference == y->preference);
		require(memcmp(x->address, y->address, 16) == 0);
		require(x->is_strange == y->is_strange);
		require(text_equal(x->name, y->name));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_TYPE_A, DNS_TYPE_AAAA,
		DNS_TYPE_MX };
	struct arena *arena = arena_new(1024 * 1024);
	struct dns_answer answer, again;
	struct text packet;
	struct buffer out;
	enum dns_type type;
	size_t i;

	if (size < 1 || size > 65536) {
		arena_free(arena);
		return 0;
	}
	type = types[data[0] % 3];
	packet = text_of(data + 1, size - 1);
	for (i = 0; i < packet.len && i < 256; i++)
		check_name(packet, i);
	if (dns_answer_parse(packet, TEXT("a.b"), type, 1000, arena,
	    &answer) == 0 && answer.name.len > 0) {
		require(answer.count <= 1000);
		buffer_init(&out, 4 * 1024 * 1024);
		put_answer(&out, &answer, type);
		require(dns_answer_parse(buffer_text(&out), answer.name,
		    type, 1000, arena, &again) == 0);
		check_same(&answer, &again);
		buffer_clear(&out);
	}
	arena_free(arena);
	return 0;
}
