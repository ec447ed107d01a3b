/*
 * Which build this binary is of: processes of different builds do not talk
 * to each other.
 */
#ifndef GATEWAY_PROTOCOL_BUILD_ID_H
#define GATEWAY_PROTOCOL_BUILD_ID_H

/* "0.1.0-1a2b3c4d", at most 31 bytes. */
extern const char build_id[];
/* "0.1.0" */
extern const char build_version[];

#endif
