/*
 * A log in a folder of its own, for the tests of segment logs, which include
 * segment_log_fixture.c.
 */
#ifndef T_UNIT_SEGMENT_LOG_FIXTURE_H
#define T_UNIT_SEGMENT_LOG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/store/segment_log.h"

#define SIZE SEGMENT_SIZE_MIN
#define TYPE_MAIL 7
#define SEEN_MAX 40000

struct seen {
	uint64_t lsn, mid;
	uint16_t type;
	bool damaged;
	bool whole;	/* the body is the one that make_body() makes */
	struct segment_place place;
};

struct fixture {
	char path[64];
	struct segment_log *log;
	struct seen *seen;
	size_t count;
	uint64_t counter;	/* what the counters say */
	uint64_t counters_asked;
};

/* For cmocka: an open log, and its removal. */
int setup(void **state);
int teardown(void **state);

int open_again(struct fixture *f, struct reason *why);
/* Open if need be, then replay. */
void start_from(struct fixture *f, const struct segment_position *from);
void stop(struct fixture *f);
void restart(struct fixture *f);
/* What replay calls: fills in seen. */
void visit(void *context, const struct segment_record *record,
	const struct segment_place *place);

/* A mail whose body tells from mid and len whether it is whole. */
struct segment_place append(struct fixture *f, uint64_t mid, size_t len);
/* *same: whether body and envelope are those that append() made. */
int read_back(struct fixture *f, struct segment_place place, uint64_t mid,
	bool *same);
void assert_reads(struct fixture *f, struct segment_place place, uint64_t mid);

/* Of the last replay. */
size_t mails(const struct fixture *f);
const struct seen *find_mail(const struct fixture *f, uint64_t mid);
/* All mails from 1 to last are there once, whole and in order. */
void assert_mails(const struct fixture *f, uint64_t last);

/* The files, behind the log's back. */
void poke(const struct fixture *f, uint32_t segment, uint32_t offset,
	const void *data, size_t len);
void peek(const struct fixture *f, uint32_t segment, uint32_t offset,
	void *data, size_t len);
void flip(const struct fixture *f, uint32_t segment, uint32_t offset);
size_t count_files(const struct fixture *f, const char *prefix);
ino_t inode_of(const struct fixture *f, uint32_t segment);

#endif
