/*
 * postern-scan: judges messages by the content filters; pure, without
 * network and disk.
 */
#ifndef POLICY_SCAN_SCAN_PROCESS_H
#define POLICY_SCAN_SCAN_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process scan_process;

#endif
