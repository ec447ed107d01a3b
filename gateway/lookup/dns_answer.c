/*
 * DNS messages (RFC 1035 4.1): part of the lookup process.  A pure parser.
 */
#include "gateway/lookup/dns_answer.h"

#include <string.h>

#define DNS_HEADER_SIZE 12
#define DNS_FIXED_SIZE 10	/* type, class, TTL, length of the data */
#define DNS_CLASS_IN 1
#define DNS_FLAG_RESPONSE 0x80u
#define DNS_LABEL_MAX 63

/* One record of the answer section, its data still in the packet. */
struct dns_wire_record {
	char owner[DNS_NAME_TEXT_MAX];
	size_t owner_len;
	bool owner_is_strange;
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;
	size_t data;
	size_t data_len;
};

static uint8_t
dns_byte(struct text packet, size_t at)
{
	return (uint8_t)packet.data[at];
}

static uint16_t
dns_u16(struct text packet, size_t at)
{
	return (uint16_t)(dns_byte(packet, at) << 8 |
	    dns_byte(packet, at + 1));
}

static bool
dns_is_host_byte(char c)
{
	return text_is_alnum(c) || c == '-' || c == '_';
}

/* Append a label; ERROR_MALFORMED where the name gets too long. */
static int
dns_name_add_label(struct text label, char *out, size_t *len, bool *strange)
{
	size_t i;

	if (*len + label.len + (*len > 0 ? 1 : 0) > DNS_NAME_TEXT_MAX - 1)
		return ERROR_MALFORMED;
	if (*len > 0)
		out[(*len)++] = '.';
	for (i = 0; i < label.len; i++) {
		if (!dns_is_host_byte(label.data[i]))
			*strange = true;
		out[(*len)++] = text_lower_byte(label.data[i]);
	}
	return 0;
}

int
dns_answer_name(struct text packet, size_t *offset, char *out, size_t *len)
{
	size_t at = *offset, lowest = *offset, behind = 0;
	bool strange = false;
	uint8_t head;

	*len = 0;
	for (;;) {
		if (at >= packet.len)
			return ERROR_MALFORMED;
		head = dns_byte(packet, at);
		if (head == 0)
			break;
		if ((head & 0xc0) == 0xc0) {
			if (at + 2 > packet.len)
				return ERROR_MALFORMED;
			if (behind == 0)
				behind = at + 2;
			/* RFC 1035 4.1.4: a prior occurrence.  Each jump goes
			 * below all that was read, so there is an end. */
			at = dns_u16(packet, at) & 0x3fffu;
			if (at >= lowest)
				return ERROR_MALFORMED;
			lowest = at;
			continue;
		}
		if (head > DNS_LABEL_MAX || at + 1 + head > packet.len)
			return ERROR_MALFORMED;
		if (dns_name_add_label(text_slice(packet, at + 1, head), out,
		    len, &strange) < 0)
			return ERROR_MALFORMED;
		at += 1u + head;
	}
	*offset = behind != 0 ? behind : at + 1;
	return strange ? ERROR_REFUSED : 0;
}

static int
dns_record_read(struct text packet, size_t *offset,
	struct dns_wire_record *record)
{
	size_t at;
	int error;

	error = dns_answer_name(packet, offset, record->owner,
	    &record->owner_len);
	if (error < 0 && error != ERROR_REFUSED)
		return error;
	record->owner_is_strange = error == ERROR_REFUSED;
	at = *offset;
	if (packet.len - at < DNS_FIXED_SIZE)
		return ERROR_MALFORMED;
	record->type = dns_u16(packet, at);
	record->class = dns_u16(packet, at + 2);
	record->ttl_s = (uint32_t)dns_u16(packet, at + 4) << 16 |
	    dns_u16(packet, at + 6);
	/* RFC 2181 8: the top bit set means zero. */
	if (record->ttl_s > INT32_MAX)
		record->ttl_s = 0;
	record->data_len = dns_u16(packet, at + 8);
	record->data = at + DNS_FIXED_SIZE;
	if (packet.len - record->data < record->data_len)
		return ERROR_MALFORMED;
	*offset = record->data + record->data_len;
	return 0;
}

/* Whether a record belongs to name, of our class. */
static bool
dns_record_is_for(const struct dns_wire_record *record, struct text name)
{
	return record->class == DNS_CLASS_IN && !record->owner_is_strange &&
	    text_equal_nocase(text_of(record->owner, record->owner_len), name);
}

static int
dns_read_address(struct text packet, const struct dns_wire_record *wire,
	size_t size, struct dns_record *out)
{
	if (wire->data_len != size)
		return ERROR_MALFORMED;
	memcpy(out->address, packet.data + wire->data, size);
	return 0;
}

static int
dns_read_a(struct text packet, const struct dns_wire_record *wire,
	struct arena *arena, struct dns_record *out)
{
	(void)arena;
	return dns_read_address(packet, wire, 4, out);
}

static int
dns_read_aaaa(struct text packet, const struct dns_wire_record *wire,
	struct arena *arena, struct dns_record *out)
{
	(void)arena;
	return dns_read_address(packet, wire, 16, out);
}

/* A name that reaches to the end of the data. */
static int
dns_read_target(struct text packet, const struct dns_wire_record *wire,
	size_t offset, struct arena *arena, struct dns_record *out)
{
	char name[DNS_NAME_TEXT_MAX];
	size_t len;
	int error;

	error = dns_answer_name(packet, &offset, name, &len);
	if (error < 0 && error != ERROR_REFUSED)
		return error;
	if (offset != wire->data + wire->data_len)
		return ERROR_MALFORMED;
	out->is_strange = error == ERROR_REFUSED;
	if (out->is_strange)
		len = 0;
	return arena_copy(arena, text_of(name, len), &out->name);
}

static int
dns_read_mx(struct text packet, const struct dns_wire_record *wire,
	struct arena *arena, struct dns_record *out)
{
	if (wire->data_len < 3)
		return ERROR_MALFORMED;
	out->preference = dns_u16(packet, wire->data);
	return dns_read_target(packet, wire, wire->data + 2, arena, out);
}

static int
dns_read_ptr(struct text packet, const struct dns_wire_record *wire,
	struct arena *arena, struct dns_record *out)
{
	return dns_read_target(packet, wire, wire->data, arena, out);
}

static const struct {
	enum dns_type type;
	int (*read)(struct text packet, const struct dns_wire_record *wire,
		struct arena *arena, struct dns_record *out);
} dns_readers[] = {
	{ .type = DNS_TYPE_A, .read = dns_read_a },
	{ .type = DNS_TYPE_AAAA, .read = dns_read_aaaa },
	{ .type = DNS_TYPE_MX, .read = dns_read_mx },
	{ .type = DNS_TYPE_PTR, .read = dns_read_ptr },
};

static size_t
dns_reader_find(enum dns_type type)
{
	size_t count = sizeof(dns_readers) / sizeof(dns_readers[0]), i;

	for (i = 0; i < count && dns_readers[i].type != type; i++)
		;
	require(i < count);
	return i;
}

int
dns_answer_rcode(struct text packet)
{
	if (packet.len < DNS_HEADER_SIZE)
		return DNS_RCODE_SERVFAIL;
	return dns_byte(packet, 3) & 0x0f;
}

/* Header and questions; *offset is then at the answers. */
static int
dns_read_head(struct text packet, size_t *offset, size_t *answers,
	struct dns_answer *out)
{
	char name[DNS_NAME_TEXT_MAX];
	size_t questions, len;
	int error;

	if (packet.len < DNS_HEADER_SIZE ||
	    (dns_byte(packet, 2) & DNS_FLAG_RESPONSE) == 0)
		return ERROR_MALFORMED;
	out->rcode = (uint8_t)dns_answer_rcode(packet);
	questions = dns_u16(packet, 4);
	*answers = dns_u16(packet, 6);
	*offset = DNS_HEADER_SIZE;
	if (questions > 1)
		return ERROR_MALFORMED;
	if (questions == 1) {
		error = dns_answer_name(packet, offset, name, &len);
		if (error < 0 && error != ERROR_REFUSED)
			return error;
		if (packet.len - *offset < 4)
			return ERROR_MALFORMED;
		*offset += 4;
	}
	return 0;
}

static void
dns_answer_lower_ttl(struct dns_answer *answer, bool *any, uint32_t ttl_s)
{
	if (!*any || ttl_s < answer->ttl_s)
		answer->ttl_s = ttl_s;
	*any = true;
}

/*
 * Look for an alias of the present name; ERROR_NOT_FOUND where there is
 * none.  A response holds them in any order, so each step reads all.
 */
static int
dns_follow_alias(struct text packet, size_t start, size_t answers,
	struct arena *arena, struct dns_answer *out, bool *any)
{
	struct dns_wire_record record;
	char target[DNS_NAME_TEXT_MAX];
	size_t i, len, offset = start, data;
	int error;

	for (i = 0; i < answers; i++) {
		if ((error = dns_record_read(packet, &offset, &record)) < 0)
			return error;
		if (record.type != DNS_TYPE_CNAME ||
		    !dns_record_is_for(&record, out->name))
			continue;
		data = record.data;
		if (dns_answer_name(packet, &data, target, &len) < 0 ||
		    data != record.data + record.data_len)
			return ERROR_MALFORMED;
		dns_answer_lower_ttl(out, any, record.ttl_s);
		return arena_copy(arena, text_of(target, len), &out->name);
	}
	return ERROR_NOT_FOUND;
}

static int
dns_follow_aliases(struct text packet, size_t start, size_t answers,
	struct arena *arena, struct dns_answer *out, bool *any)
{
	unsigned int i;
	int error;

	for (i = 0; i < DNS_ALIASES_MAX; i++) {
		error = dns_follow_alias(packet, start, answers, arena, out,
		    any);
		if (error == ERROR_NOT_FOUND)
			return 0;
		if (error < 0)
			return error;
	}
	return ERROR_LIMIT;
}

static int
dns_collect(struct text packet, size_t start, size_t answers, size_t reader,
	size_t records_max, struct arena *arena, struct dns_answer *out,
	bool *any)
{
	struct dns_wire_record wire;
	struct dns_record *record;
	size_t i, offset = start;
	int error;

	for (i = 0; i < answers; i++) {
		if ((error = dns_record_read(packet, &offset, &wire)) < 0)
			return error;
		if (wire.type != dns_readers[reader].type ||
		    !dns_record_is_for(&wire, out->name))
			continue;
		if (out->count == records_max) {
			out->is_cut = true;
			continue;
		}
		record = &out->records[out->count];
		error = dns_readers[reader].read(packet, &wire, arena, record);
		if (error < 0)
			return error;
		record->ttl_s = wire.ttl_s;
		dns_answer_lower_ttl(out, any, wire.ttl_s);
		out->count++;
	}
	return 0;
}

int
dns_answer_parse(struct text packet, struct text name, enum dns_type type,
	size_t records_max, struct arena *arena, struct dns_answer *out)
{
	size_t start, answers, reader = dns_reader_find(type), room;
	bool any = false;
	int error;

	memset(out, 0, sizeof(*out));
	error = dns_read_head(packet, &start, &answers, out);
	if (error < 0)
		return error;
	if ((error = arena_copy(arena, name, &out->name)) < 0)
		return error;
	error = dns_follow_aliases(packet, start, answers, arena, out, &any);
	if (error < 0)
		return error;
	room = answers < records_max ? answers : records_max;
	if (room == 0)
		return 0;
	out->records = arena_array(arena, room, sizeof(*out->records));
	if (out->records == NULL)
		return ERROR_LIMIT;
	return dns_collect(packet, start, answers, reader, records_max, arena,
	    out, &any);
}
