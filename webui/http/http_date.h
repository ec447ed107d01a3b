/*
 * The time in an HTTP field: IMF-fixdate (RFC 9110 5.6.7).
 */
#ifndef WEBUI_HTTP_HTTP_DATE_H
#define WEBUI_HTTP_HTTP_DATE_H

#include <stddef.h>
#include <stdint.h>

/* "Sat, 21 Nov 2026 22:11:53 GMT"; out holds HTTP_DATE_SIZE bytes. */
#define HTTP_DATE_SIZE 40
void http_date_print(int64_t time_us, char *out, size_t size);

#endif
