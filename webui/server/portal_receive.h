/*
 * Taking an envelope in: the form of the file itself (fields header, share
 * and payload, in this order), or the whole file as one field.
 *
 * As soon as the header is there vault is asked about its envelope; nothing
 * is kept of one that is unknown, expired or locked.
 */
#ifndef WEBUI_SERVER_PORTAL_RECEIVE_H
#define WEBUI_SERVER_PORTAL_RECEIVE_H

#include "webui/server/portal_visit.h"

/* In the server's head event: answers, or takes the body over. */
void portal_receive_begin(struct portal_visit *visit);
void portal_receive_free(struct portal_receive *receive);	/* NULL too */

#endif
