/*
 * The vault process as process_main() runs it.
 */
#ifndef CRYPTO_VAULT_VAULT_PROCESS_H
#define CRYPTO_VAULT_VAULT_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process vault_process;

#endif
