/*
 * The name of a file for the field Content-Disposition (RFC 6266, RFC 8187).
 */
#ifndef WEBUI_SERVER_PORTAL_FILENAME_H
#define WEBUI_SERVER_PORTAL_FILENAME_H

#include "gateway/base/buffer.h"

/* Bytes of a name that are printed; a longer one is cut. */
#define PORTAL_FILENAME_MAX 200

/*
 * Append "attachment; filename=...; filename*=...", whatever the name holds;
 * out has room for 4096 bytes.
 */
void portal_filename_print(struct text name, struct buffer *out);

#endif
