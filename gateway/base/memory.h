/*
 * Heap memory that cannot fail: on exhaustion the process ends by fatal()
 * and the supervisor starts a new one (nothing acknowledged is lost).
 */
#ifndef GATEWAY_BASE_MEMORY_H
#define GATEWAY_BASE_MEMORY_H

#include <stddef.h>

#include "gateway/base/error.h"
#include "gateway/base/text.h"

/* Zeroed; freed with free(). */
void *memory_new(size_t size) MUST_CHECK;
void *memory_array(size_t count, size_t size) MUST_CHECK;
void *memory_resize(void *old, size_t count, size_t size) MUST_CHECK;
/* A NUL-ended copy, freed with free(). */
char *memory_string(struct text t) MUST_CHECK;
/* A copy of the bytes as a text; free((void *)t.data). */
struct text memory_text(struct text t) MUST_CHECK;
/* Overwrite in a way that the compiler keeps. */
void memory_wipe(void *data, size_t len);

#endif
