/*
 * Points in time as an administrator types them (RFC 3339, UTC only).
 */
#include "gateway/admin/admin_private.h"
#include "gateway/base/calendar.h"

int
admin_time_parse(struct text t, int64_t now_us, int64_t *out)
{
	struct calendar moment = { .year = 0 };

	if (text_equal(t, TEXT("now"))) {
		*out = now_us;
		return 0;
	}
	if (text_equal(t, TEXT("never"))) {
		*out = 0;
		return 0;
	}
	if (!calendar_read(&t, "Y-M-D", &moment) ||
	    (t.len > 0 && !calendar_read(&t, "Th:m:sZ", &moment)) ||
	    t.len > 0 || !calendar_is_possible(&moment))
		return ERROR_MALFORMED;
	*out = calendar_us(&moment);
	/* 0 is "never". */
	if (*out == 0)
		*out = 1;
	return 0;
}
