/*
 * Days and times.
 */
#include "gateway/base/calendar.h"

#include <stddef.h>

#include "gateway/base/clock.h"

/* So many digits in front of t, behind which it goes on. */
static bool
read_digits(struct text *t, size_t count, unsigned int *out)
{
	uint64_t number;

	if (t->len < count ||
	    text_parse_u64(text_slice(*t, 0, count), 9999, &number) != 0)
		return false;
	*out = (unsigned int)number;
	*t = text_skip(*t, count);
	return true;
}

static bool
read_byte(struct text *t, char byte)
{
	if (t->len == 0 || t->data[0] != byte)
		return false;
	*t = text_skip(*t, 1);
	return true;
}

bool
calendar_read(struct text *t, const char *form, struct calendar *out)
{
	const struct {
		char letter;
		size_t digits;
		unsigned int *member;
	} members[] = {
		{ 'Y', 4, &out->year }, { 'M', 2, &out->month },
		{ 'D', 2, &out->day }, { 'h', 2, &out->hour },
		{ 'm', 2, &out->minute }, { 's', 2, &out->second },
	};
	const size_t count = sizeof(members) / sizeof(members[0]);
	bool is_there = true;
	size_t i;

	for (; *form != '\0' && is_there; form++) {
		for (i = 0; i < count && members[i].letter != *form; i++)
			continue;
		is_there = i == count ? read_byte(t, *form) :
		    read_digits(t, members[i].digits, members[i].member);
	}
	return is_there;
}

static bool
is_leap(unsigned int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned int
days_in(unsigned int year, unsigned int month)
{
	static const unsigned int days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

bool
calendar_is_possible(const struct calendar *calendar)
{
	return calendar->year >= 1970 && calendar->month >= 1 &&
	    calendar->month <= 12 && calendar->day >= 1 &&
	    calendar->day <= days_in(calendar->year, calendar->month) &&
	    calendar->hour < 24 && calendar->minute < 60 &&
	    calendar->second < 60;
}

int64_t
calendar_us(const struct calendar *calendar)
{
	int64_t days = (int64_t)calendar->day - 1, hours;

	for (unsigned int year = 1970; year < calendar->year; year++)
		days += is_leap(year) ? 366 : 365;
	for (unsigned int month = 1; month < calendar->month; month++)
		days += days_in(calendar->year, month);
	hours = days * 24 + calendar->hour;
	return ((hours * 60 + calendar->minute) * 60 + calendar->second) *
	    CLOCK_SECOND_US;
}
