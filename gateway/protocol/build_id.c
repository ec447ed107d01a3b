/*
 * The build id; the Makefile gives the two names to this file alone, so
 * that a new commit compiles nothing else again.
 */
#include "gateway/protocol/build_id.h"

#ifndef POSTERN_VERSION
#define POSTERN_VERSION "0"
#endif
#ifndef POSTERN_REVISION
#define POSTERN_REVISION "unknown"
#endif

const char build_version[] = POSTERN_VERSION;
const char build_id[] = POSTERN_VERSION "-" POSTERN_REVISION;

_Static_assert(sizeof(build_id) <= 32, "the build id fits into a hello");
