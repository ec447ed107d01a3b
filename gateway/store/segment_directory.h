/*
 * The folder of a log: its files by kind and number, the lock, and making
 * names durable.
 *
 *   lock          held by the process that has the log open
 *   seg-%08u      a segment of the log
 *   pool-N        a zero-filled or used file, ready to become a segment
 *   damaged-N     segment N, out of the log, kept for people
 *   fill-N        being zero-filled; removed at start
 *   drop-N        to be removed
 */
#ifndef GATEWAY_STORE_SEGMENT_DIRECTORY_H
#define GATEWAY_STORE_SEGMENT_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/base/error.h"

enum segment_kind {
	SEGMENT_LOG,
	SEGMENT_POOL,
	SEGMENT_DAMAGED,
	SEGMENT_FILL,
	SEGMENT_DROP,
	SEGMENT_KINDS,
};

struct segment_name {
	enum segment_kind kind;
	uint32_t number;
};

struct segment_directory {
	int descriptor;
	int lock;
};

/*
 * Make the folder if missing (0700, durable) and lock it.  ERROR_STATE:
 * another process has it; ERROR_SYSTEM.
 */
int segment_directory_open(struct segment_directory *directory,
	const char *path, struct reason *why) MUST_CHECK;
void segment_directory_close(struct segment_directory *directory);

/*
 * All files whose names are ours, by kind and rising number; free(*names).
 * ERROR_SYSTEM.
 */
int segment_directory_list(const struct segment_directory *directory,
	struct segment_name **names, size_t *count) MUST_CHECK;

#define SEGMENT_PATH_SIZE 32
/* The file name. */
void segment_name_print(struct segment_name name,
	char out[SEGMENT_PATH_SIZE]);
/* ERROR_MALFORMED: not one of ours, or not as we write it. */
int segment_name_parse(const char *string, struct segment_name *out)
	MUST_CHECK;

/* A descriptor, or ERROR_SYSTEM.  flags as in open(2); close on exec. */
int segment_directory_open_file(const struct segment_directory *directory,
	struct segment_name name, int flags) MUST_CHECK;
/* Rename, replacing what is there.  ERROR_SYSTEM. */
int segment_directory_rename(const struct segment_directory *directory,
	struct segment_name from, struct segment_name to) MUST_CHECK;
/* A second name for the same file, kept if it is there. ERROR_SYSTEM. */
int segment_directory_link(const struct segment_directory *directory,
	struct segment_name from, struct segment_name to) MUST_CHECK;
/* ERROR_SYSTEM; a missing file is no error. */
int segment_directory_remove(const struct segment_directory *directory,
	struct segment_name name) MUST_CHECK;
/* Make names durable; failing is fatal(). */
void segment_directory_sync(const struct segment_directory *directory);
uint64_t segment_directory_free_bytes(
	const struct segment_directory *directory);

#endif
