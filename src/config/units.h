/*
 * config/units.h - sizes and durations as people write them: "64MiB", "1m30s".
 *
 * The unit is never guessed: a bare number is refused, "MB" is a million bytes and "MiB" is 1,048,576. A number that
 * does not fit is refused, not cut.
 */
#ifndef CONFIG_UNITS_H
#define CONFIG_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_TEXT_SIZE 64 /* room for what units_format_... write */

/* Bytes. Returns NULL, or what is wrong with `text` and how to write it; then `*ret_bytes` is untouched. */
const char *units_parse_size(const char *text, uint64_t *ret_bytes);

/* Nanoseconds, at most INT64_MAX. Several parts, the largest unit first: "1h30m". Returns as units_parse_size. */
const char *units_parse_duration(const char *text, uint64_t *ret_ns);

/* The shortest exact way to write the number so that the parser above gives it back. */
void units_format_size(uint64_t bytes, char buffer[UNITS_TEXT_SIZE]);
void units_format_duration(uint64_t ns, char buffer[UNITS_TEXT_SIZE]);

#endif
