/*
 * Days and times as people write them, in UTC.
 */
#ifndef GATEWAY_BASE_CALENDAR_H
#define GATEWAY_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/text.h"

struct calendar {
	unsigned int year;
	unsigned int month;	/* 1 to 12 */
	unsigned int day;
	unsigned int hour;
	unsigned int minute;
	unsigned int second;
};

/*
 * Read off the beginning of *t what the form says: Y stands for four digits,
 * M D h m s for two, any other byte for itself.  Members that the form does
 * not name stay as they are.  False: it is not there, *t and *out hold
 * anything.
 */
bool calendar_read(struct text *t, const char *form, struct calendar *out);

/* A day that there is, from 1970 on, and a time of it. */
bool calendar_is_possible(const struct calendar *calendar);
/* Microseconds since 1970; of a possible one. */
int64_t calendar_us(const struct calendar *calendar);

#endif
