/*
 * The queue as a process: the callbacks that process_main() calls.
 */
#ifndef QUEUE_QUEUE_PROCESS_H
#define QUEUE_QUEUE_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process queue_process;

#endif
