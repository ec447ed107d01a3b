/*
 * The table of status codes.
 */
#include "webui/http/http_status.h"

#include <stddef.h>

struct status_row {
	unsigned int status;
	const char *phrase;
	const char *words;
};

static const struct status_row rows[] = {
	{ 100, "Continue", "" },
	{ 200, "OK", "" },
	{ 201, "Created", "" },
	{ 204, "No Content", "" },
	{ 303, "See Other", "" },
	{ 304, "Not Modified", "" },
	{ 400, "Bad Request", "This request is not well-formed." },
	{ 401, "Unauthorized", "Who asks must be known first." },
	{ 403, "Forbidden", "This is not allowed." },
	{ 404, "Not Found", "There is nothing here." },
	{ 405, "Method Not Allowed",
	    "This address does not take requests of that kind." },
	{ 408, "Request Timeout", "The request took too long to arrive." },
	{ 409, "Conflict", "This conflicts with what is known already." },
	{ 411, "Length Required", "The request does not say its length." },
	{ 413, "Content Too Large", "The request is too large." },
	{ 414, "URI Too Long", "The address is too long." },
	{ 415, "Unsupported Media Type",
	    "Content of this type is not taken here." },
	{ 417, "Expectation Failed", "The expectation cannot be met." },
	{ 422, "Unprocessable Content", "The content cannot be used." },
	{ 429, "Too Many Requests", "Too many requests, try again later." },
	{ 431, "Request Header Fields Too Large",
	    "The request has too many or too long fields." },
	{ 500, "Internal Server Error", "Something went wrong here." },
	{ 501, "Not Implemented",
	    "Requests of this kind are not understood." },
	{ 503, "Service Unavailable", "Try again in a few minutes." },
	{ 505, "HTTP Version Not Supported",
	    "Only HTTP/1.1 and HTTP/1.0 are spoken here." },
};

static const struct status_row *
find_row(unsigned int status)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			return &rows[i];
	return NULL;
}

const char *
http_status_phrase(unsigned int status)
{
	const struct status_row *row = find_row(status);

	return row == NULL ? "Status" : row->phrase;
}

const char *
http_status_words(unsigned int status)
{
	const struct status_row *row = find_row(status);

	return row == NULL ? "" : row->words;
}

bool
http_status_is_bodiless(unsigned int status)
{
	return status < 200 || status == 204 || status == 304;
}
