/*
 * Recipients that To and Cc show.  Sorted once and searched for each address
 * there: both lists may be long.
 */
#include "crypto/secure_envelope_named.h"

#include <stdlib.h>

#include "crypto/secure_envelope.h"
#include "gateway/base/memory.h"
#include "gateway/mail/address.h"
#include "gateway/mail/address_list.h"

struct entry {
	struct text address;
	bool is_named;
};

static int
compare_nocase(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < len; i++) {
		char left = text_lower_byte(a.data[i]);
		char right = text_lower_byte(b.data[i]);
		if (left != right)
			return left < right ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

/* RFC 5321 2.4: only the domain is without case. */
static int
by_address(const void *a, const void *b)
{
	struct text left = ((const struct entry *)a)->address;
	struct text right = ((const struct entry *)b)->address;
	int order = text_compare(address_local(left), address_local(right));

	return order != 0 ? order : compare_nocase(address_domain(left),
		address_domain(right));
}

static void
mark(struct entry *entries, size_t count, struct text address)
{
	struct entry key = { .address = address };
	struct entry *found = bsearch(&key, entries, count, sizeof(*entries),
		by_address);

	if (found != NULL)
		found->is_named = true;
}

static void
mark_field(struct entry *entries, size_t count, const struct mime_part *root,
	const char *name)
{
	const struct mime_field *field = mime_part_field(root, name);
	struct address_list list;
	struct text address;

	if (field == NULL)
		return;
	address_list_init(&list, field->value);
	while (address_list_next(&list, &address))
		mark(entries, count, address);
}

void
secure_envelope_named(const struct mime_part *root,
	const struct text *recipients, size_t count, uint8_t out[32])
{
	struct entry *entries = memory_array(count + 1, sizeof(*entries));
	struct text *named = memory_array(count + 1, sizeof(*named));
	size_t named_count = 0;

	for (size_t i = 0; i < count; i++)
		entries[i].address = recipients[i];
	if (count > 1)
		qsort(entries, count, sizeof(*entries), by_address);
	mark_field(entries, count, root, "To");
	mark_field(entries, count, root, "Cc");
	for (size_t i = 0; i < count; i++)
		if (entries[i].is_named)
			named[named_count++] = entries[i].address;
	secure_envelope_recipients(named, named_count, out);
	free(entries);
	free(named);
}
