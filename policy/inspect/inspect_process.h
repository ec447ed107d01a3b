/*
 * The inspect process: answers queue's questions to directories, one at a
 * time.
 */
#ifndef POLICY_INSPECT_INSPECT_PROCESS_H
#define POLICY_INSPECT_INSPECT_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process inspect_process;

#endif
