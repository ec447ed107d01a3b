/*
 * postern-lookup: what we know of the world, so far the DNS and the rates
 * that the smtp processes share.
 */
#ifndef GATEWAY_LOOKUP_LOOKUP_PROCESS_H
#define GATEWAY_LOOKUP_LOOKUP_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process lookup_process;

#endif
