/*
 * The segments of an open log, oldest first, and their open descriptors.
 */
#ifndef GATEWAY_STORE_SEGMENT_LIST_H
#define GATEWAY_STORE_SEGMENT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/store/segment_directory.h"
#include "gateway/store/segment_header.h"

struct segment_entry {
	uint32_t number;	/* from the file's name */
	struct segment_header header;
	int header_error;	/* of its decoding; 0: good */
	bool damaged;		/* kept for people when it leaves */
	int descriptor;		/* -1: closed */
	uint64_t used;		/* when the descriptor was, in uses */
};

struct segment_list {
	struct segment_entry *entries;
	size_t count;
	size_t capacity;
	size_t opened;
	uint64_t uses;
};

void segment_list_clear(struct segment_list *list);
/* Behind the last; number above all others.  Valid until the next add. */
struct segment_entry *segment_list_add(struct segment_list *list,
	uint32_t number);
/* NULL where there is none. */
struct segment_entry *segment_list_find(const struct segment_list *list,
	uint32_t number);
struct segment_entry *segment_list_last(const struct segment_list *list);
void segment_list_remove(struct segment_list *list,
	struct segment_entry *entry);

/* The entry's descriptor from now on; closes the one it had. */
void segment_list_set_descriptor(struct segment_list *list,
	struct segment_entry *entry, int descriptor);
/*
 * The entry's descriptor, opened if need be; at most SEGMENT_OPEN_MAX are
 * open at a time.  ERROR_SYSTEM.
 */
#define SEGMENT_OPEN_MAX 64
int segment_list_descriptor(struct segment_list *list,
	const struct segment_directory *directory,
	struct segment_entry *entry) MUST_CHECK;

#endif
