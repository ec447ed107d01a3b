/*
 * postern-deliver: outbound sessions and their TLS rules; never changes a
 * byte of content.
 */
#ifndef QUEUE_DELIVERY_DELIVER_PROCESS_H
#define QUEUE_DELIVERY_DELIVER_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process deliver_process;

#endif
