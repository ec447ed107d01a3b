/*
 * Whole writes to file descriptors that block.
 */
#ifndef GATEWAY_BASE_DESCRIPTOR_H
#define GATEWAY_BASE_DESCRIPTOR_H

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Write all of it.  ERROR_SYSTEM (errno tells); part may be written. */
int descriptor_write(int descriptor, struct text bytes) MUST_CHECK;

#endif
