/*
 * The portal as a process of the gateway: postern-portal(8).
 */
#ifndef WEBUI_SERVER_PORTAL_PROCESS_H
#define WEBUI_SERVER_PORTAL_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process portal_process;

#endif
