/*
 * The clocks.  Dates are computed here and not by gmtime(), which opens
 * the zone file: no jailed process may.
 */
#include "gateway/base/clock.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/error.h"

#define DAY_SECONDS INT64_C(86400)

#ifdef POSTERN_TEST

/* For both clocks, and for the wall clock alone. */
static const volatile int64_t *offset;
static const volatile int64_t *wall_offset;

static void
open_offset(void)
{
	const char *path = getenv("POSTERN_CLOCK");
	struct stat info;
	size_t size = sizeof(*offset);
	void *map;
	int descriptor;

	if (path == NULL || offset != NULL)
		return;
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0 || fstat(descriptor, &info) != 0)
		fatal_errno("%s", path);
	if (info.st_size < (off_t)sizeof(*offset))
		fatal("%s: shorter than eight bytes", path);
	if (info.st_size >= (off_t)(2 * size))
		size *= 2;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
	if (map == MAP_FAILED)
		fatal_errno("%s", path);
	(void)close(descriptor);
	offset = map;
	if (size > sizeof(*offset))
		wall_offset = offset + 1;
}

static int64_t
moved(int64_t time_us)
{
	if (offset == NULL)
		return time_us;
	return time_us + (int64_t)le64toh((uint64_t)*offset);
}

static int64_t
moved_wall(int64_t time_us)
{
	time_us = moved(time_us);
	if (wall_offset == NULL)
		return time_us;
	return time_us + (int64_t)le64toh((uint64_t)*wall_offset);
}

/* A test may move the offset back; the monotonic clock then stands. */
static int64_t
moved_monotonic(int64_t time_us)
{
	static int64_t latest;

	time_us = moved(time_us);
	if (time_us > latest)
		latest = time_us;
	return latest;
}

#else

static void
open_offset(void)
{
}

static int64_t
moved_wall(int64_t time_us)
{
	return time_us;
}

static int64_t
moved_monotonic(int64_t time_us)
{
	return time_us;
}

#endif

void
clock_open(void)
{
	/*
	 * Libraries print and compare times by the C library, which reads
	 * the zone's file at the first call: here, not in the jail.
	 */
	if (setenv("TZ", "UTC0", 1) != 0)
		fatal_errno("cannot set the time zone");
	tzset();
	open_offset();
}

static int64_t
read_us(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) != 0)
		fatal_errno("clock_gettime");
	return (int64_t)now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
	return moved_wall(read_us(CLOCK_REALTIME));
}

int64_t
clock_monotonic_us(void)
{
	return moved_monotonic(read_us(CLOCK_MONOTONIC));
}

int64_t
clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

struct date {
	int64_t year;
	int month;	/* 1 to 12 */
	int day;	/* 1 to 31 */
	int weekday;	/* Sunday is 0 */
	int hour;
	int minute;
	int second;
	int us;
};

/* Division that rounds down, with the rest that stays positive. */
static int64_t
divide(int64_t value, int64_t by, int64_t *rest)
{
	int64_t quotient = value / by;

	*rest = value % by;
	if (*rest < 0) {
		*rest += by;
		quotient--;
	}
	return quotient;
}

/*
 * The proleptic Gregorian calendar.  Years are counted from March, so that
 * the leap day is the last of its year, in cycles of 400 years.
 */
static void
date_of_days(int64_t days, struct date *date)
{
	int64_t day_of_cycle;
	int64_t day_of_year;
	int64_t year;
	int64_t month;
	int64_t rest;
	int64_t cycle;

	(void)divide(days + 4, 7, &rest);
	date->weekday = (int)rest;
	/* Day 0 becomes 1 March of the year 0. */
	cycle = divide(days + 719468, 146097, &day_of_cycle);
	year = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 -
	    day_of_cycle / 146096) / 365;
	day_of_year = day_of_cycle -
	    (365 * year + year / 4 - year / 100);
	month = (5 * day_of_year + 2) / 153;
	date->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	date->month = (int)(month < 10 ? month + 3 : month - 9);
	date->year = cycle * 400 + year + (date->month <= 2 ? 1 : 0);
}

static void
date_of(int64_t time_us, struct date *date)
{
	int64_t us;
	int64_t second;
	int64_t seconds = divide(time_us, CLOCK_SECOND_US, &us);

	date_of_days(divide(seconds, DAY_SECONDS, &second), date);
	date->hour = (int)(second / 3600);
	date->minute = (int)(second / 60 % 60);
	date->second = (int)(second % 60);
	date->us = (int)us;
}

static char *
put_digits(char *at, int64_t value, int width)
{
	int i;

	for (i = width - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + width;
}

static char *
put_byte(char *at, char byte)
{
	*at = byte;
	return at + 1;
}

static char *
put_time(char *at, const struct date *date)
{
	at = put_digits(at, date->hour, 2);
	at = put_byte(at, ':');
	at = put_digits(at, date->minute, 2);
	at = put_byte(at, ':');
	return put_digits(at, date->second, 2);
}

/* Four digits: what lies outside is shown as the nearest year. */
static int64_t
year_shown(const struct date *date)
{
	if (date->year < 0)
		return 0;
	return date->year > 9999 ? 9999 : date->year;
}

int64_t
clock_cpu_ns(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
		fatal_errno("the processor's clock cannot be read");
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void
clock_print_iso(int64_t time_us, char *out, size_t size)
{
	struct date date;
	char *at = out;

	require(size >= CLOCK_ISO_SIZE);
	date_of(time_us, &date);
	at = put_digits(at, year_shown(&date), 4);
	at = put_byte(at, '-');
	at = put_digits(at, date.month, 2);
	at = put_byte(at, '-');
	at = put_digits(at, date.day, 2);
	at = put_byte(at, 'T');
	at = put_time(at, &date);
	at = put_byte(at, '.');
	at = put_digits(at, date.us, 6);
	at = put_byte(at, 'Z');
	*at = '\0';
}

void
clock_print_rfc5322(int64_t time_us, char *out, size_t size)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date date;
	int len;

	require(size >= CLOCK_RFC5322_SIZE);
	date_of(time_us, &date);
	len = snprintf(out, size, "%.3s, %d %.3s %04d %02d:%02d:%02d +0000",
		days + 3 * date.weekday, date.day,
		months + 3 * (date.month - 1), (int)year_shown(&date),
		date.hour, date.minute, date.second);
	require(len > 0 && (size_t)len < size);
}
