/*
 * Status codes that are used here (RFC 9110 15), with their phrases and
 * words for people.
 */
#ifndef WEBUI_HTTP_HTTP_STATUS_H
#define WEBUI_HTTP_HTTP_STATUS_H

#include <stdbool.h>

/* "Not Found"; "Status" for a code that is not in the table. */
const char *http_status_phrase(unsigned int status);
/* One sentence, for the page that the server makes itself. */
const char *http_status_words(unsigned int status);
/* Whether an answer of this status never has a body (1xx, 204, 304). */
bool http_status_is_bodiless(unsigned int status);

#endif
