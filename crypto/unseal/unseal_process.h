/*
 * The unseal process as process_main() runs it.
 */
#ifndef CRYPTO_UNSEAL_UNSEAL_PROCESS_H
#define CRYPTO_UNSEAL_UNSEAL_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process unseal_process;

#endif
