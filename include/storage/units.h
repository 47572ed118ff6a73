/*
 * storage/units.h - sizes, durations and rates as people write them: "64MiB", "1m30s", "50000/s".
 *
 * The unit is never guessed: a bare number is refused, "MB" is a million bytes and "MiB" is 1,048,576. A number that
 * does not fit is refused, not cut. Fractions and exponents are refused: every accepted text names one whole number.
 * All functions are pure: any thread, no memory.
 */
#ifndef STORAGE_UNITS_H
#define STORAGE_UNITS_H

#include "storage/types.h"

STORAGE_BEGIN_DECLS

/* So many in so long: "50000/s" is {50000, 1000000000}. All zero: not given. */
typedef struct StorageRate {
    uint64_t count;
    uint64_t period_ns;
} StorageRate;

#define STORAGE_UNITS_TEXT_SIZE 64 /* room for what storage_format_... write */

/*
 * A size in bytes: a whole number and a unit: B; kB (or KB), MB, GB, TB for powers of 1000; KiB, MiB, GiB, TiB for
 * powers of 1024. One space may stand between them.
 * Returns NULL and sets `*ret_bytes`; or a string that lives for ever and says what is wrong with the text and how to
 * write it, fit to stand after the text ("is not a size; write ..."), and leaves `*ret_bytes` alone.
 */
STORAGE_API STORAGE_MUST_USE const char *storage_parse_size(StorageSlice text, uint64_t *ret_bytes);

/*
 * A duration in nanoseconds, at most INT64_MAX: whole numbers and units (d, h, m, s, ms, us, ns), each unit once, the
 * largest first: "1h30m". Returns as storage_parse_size.
 */
STORAGE_API STORAGE_MUST_USE const char *storage_parse_duration(StorageSlice text, uint64_t *ret_ns);

/*
 * A rate: a whole number from 1 on, a slash, and a period: one of the units d, h, m, s, ms, us, ns ("50000/s"), or a
 * duration ("10/30s"). Returns as storage_parse_size.
 */
STORAGE_API STORAGE_MUST_USE const char *storage_parse_rate(StorageSlice text, StorageRate *ret_rate);

/* An exact text, in the unit that makes the number smallest; storage_parse_... takes it back. Returns `buffer`. */
STORAGE_API const char *storage_format_size(uint64_t bytes, char buffer[STORAGE_UNITS_TEXT_SIZE]);
STORAGE_API const char *storage_format_duration(uint64_t ns, char buffer[STORAGE_UNITS_TEXT_SIZE]);
STORAGE_API const char *storage_format_rate(StorageRate rate, char buffer[STORAGE_UNITS_TEXT_SIZE]);

STORAGE_END_DECLS

#endif
