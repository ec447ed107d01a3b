/*
 * The only place that asks for the time.  Stored time is 64-bit
 * microseconds UTC; timers are monotonic.
 *
 * In test builds (POSTERN_TEST) both clocks are moved by an offset read
 * from the eight-byte file that the environment names in POSTERN_CLOCK
 * (signed microseconds, little endian, mapped shared and read at each
 * call), so that a test of 72 hours takes milliseconds.  Where the file has
 * sixteen bytes, the second number moves the wall clock alone.
 */
#ifndef GATEWAY_BASE_CLOCK_H
#define GATEWAY_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND_US INT64_C(1000000)

/* Called once at start, before the jail; maps the test offset if any. */
void clock_open(void);

/* Microseconds since 1970, UTC. */
int64_t clock_now_us(void);
/* Milliseconds since some point; never runs backwards. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* Nanoseconds of CPU that this process has used. */
int64_t clock_cpu_ns(void);

/* "2026-11-21T22:11:53.123456Z"; out holds CLOCK_ISO_SIZE bytes. */
#define CLOCK_ISO_SIZE 28
void clock_print_iso(int64_t time_us, char *out, size_t size);
/*
 * RFC 5322 3.3 date-time in UTC, "Sat, 21 Nov 2026 22:11:53 +0000"; out
 * holds CLOCK_RFC5322_SIZE bytes.
 */
#define CLOCK_RFC5322_SIZE 40
void clock_print_rfc5322(int64_t time_us, char *out, size_t size);

#endif
