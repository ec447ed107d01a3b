/*
 * The smtp process: its half of the wiring.
 */
#ifndef LISTENERS_SMTP_PROCESS_H
#define LISTENERS_SMTP_PROCESS_H

#include "gateway/protocol/process.h"

extern const struct process smtp_process;

#endif
