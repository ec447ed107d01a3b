/*
 * Bytes in and out of one segment file, by pread(2) and pwrite(2) only: a
 * mapping would turn an error of the disk into a signal.
 */
#ifndef GATEWAY_STORE_SEGMENT_FILE_H
#define GATEWAY_STORE_SEGMENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Exactly len bytes. ERROR_MISMATCH: the file is shorter; ERROR_SYSTEM. */
int segment_file_read(int descriptor, uint32_t offset, void *out, size_t len)
	MUST_CHECK;
/*
 * The first size bytes, whatever the disk gives: blocks that cannot be read
 * and what is behind the end of the file become zero, so that they fail
 * their checksums.  *unreadable tells whether there were such blocks.
 */
void segment_file_read_all(int descriptor, char *out, uint32_t size,
	bool *unreadable);
/* All of the bytes. ERROR_SYSTEM. */
int segment_file_write(int descriptor, uint32_t offset, struct text bytes)
	MUST_CHECK;
/* Write size zero bytes from the start and make them durable. */
int segment_file_fill(int descriptor, uint32_t size) MUST_CHECK;
/* Bytes in the file, or 0 if that cannot be told. */
uint64_t segment_file_size(int descriptor);

#endif
