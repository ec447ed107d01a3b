/*
 * The protect process: wires the jobs to queue, keys and the supervisor.
 */
#ifndef CRYPTO_PROTECT_PROTECT_PROCESS_H
#define CRYPTO_PROTECT_PROTECT_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process protect_process;

#endif
