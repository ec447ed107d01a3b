/*
 * Points in time as an administrator types them (RFC 3339, UTC only).
 */
#include "gateway/admin/admin_private.h"
#include "gateway/base/clock.h"

struct admin_moment {
	unsigned int year;
	unsigned int month;	/* 1 to 12 */
	unsigned int day;
	unsigned int hour;
	unsigned int minute;
	unsigned int second;
};

/* So many digits in front of t, behind which it goes on. */
static bool
read_digits(struct text *t, size_t count, unsigned int *out)
{
	uint64_t number;

	for (size_t i = 0; i < count; i++)
		if (i >= t->len || !text_is_digit(t->data[i]))
			return false;
	if (text_parse_u64(text_slice(*t, 0, count), 9999, &number) != 0)
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

static bool
read_day(struct text *t, struct admin_moment *m)
{
	return read_digits(t, 4, &m->year) && read_byte(t, '-') &&
	    read_digits(t, 2, &m->month) && read_byte(t, '-') &&
	    read_digits(t, 2, &m->day);
}

static bool
read_hours(struct text *t, struct admin_moment *m)
{
	return read_byte(t, 'T') && read_digits(t, 2, &m->hour) &&
	    read_byte(t, ':') && read_digits(t, 2, &m->minute) &&
	    read_byte(t, ':') && read_digits(t, 2, &m->second) &&
	    read_byte(t, 'Z');
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

static bool
is_possible(const struct admin_moment *m)
{
	return m->year >= 1970 && m->month >= 1 && m->month <= 12 &&
	    m->day >= 1 && m->day <= days_in(m->year, m->month) &&
	    m->hour < 24 && m->minute < 60 && m->second < 60;
}

static int64_t
moment_us(const struct admin_moment *m)
{
	int64_t days = (int64_t)m->day - 1;

	for (unsigned int year = 1970; year < m->year; year++)
		days += is_leap(year) ? 366 : 365;
	for (unsigned int month = 1; month < m->month; month++)
		days += days_in(m->year, month);
	return (((days * 24 + m->hour) * 60 + m->minute) * 60 + m->second) *
	    CLOCK_SECOND_US;
}

int
admin_time_parse(struct text t, int64_t now_us, int64_t *out)
{
	struct admin_moment moment = { .year = 0 };

	if (text_equal(t, TEXT("now"))) {
		*out = now_us;
		return 0;
	}
	if (text_equal(t, TEXT("never"))) {
		*out = 0;
		return 0;
	}
	if (!read_day(&t, &moment) ||
	    (t.len > 0 && !read_hours(&t, &moment)) || t.len > 0 ||
	    !is_possible(&moment))
		return ERROR_MALFORMED;
	*out = moment_us(&moment);
	/* 0 is "never". */
	if (*out == 0)
		*out = 1;
	return 0;
}
