/*
 * Dates: those of mail, but with two digits for the day and another zone.
 */
#include "webui/http/http_date.h"

#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/base/text.h"

#define DAY_AT 5	/* behind "Sat, " */

void
http_date_print(int64_t time_us, char *out, size_t size)
{
	char mail[CLOCK_RFC5322_SIZE];
	struct text rest, day;

	require(size >= HTTP_DATE_SIZE);
	clock_print_rfc5322(time_us, mail, sizeof(mail));
	rest = text_skip(text_from(mail), DAY_AT);
	require(text_split(&rest, ' ', &day));
	rest = text_slice(rest, 0, rest.len - (sizeof("+0000") - 1));
	(void)snprintf(out, size, "%.*s%s%.*s %.*sGMT", DAY_AT, mail,
	    day.len == 1 ? "0" : "", TEXT_ARG(day), TEXT_ARG(rest));
}
