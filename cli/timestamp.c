/*
 * cli/timestamp.c - RFC 3339 times and nanoseconds since 1970 UTC.
 *
 * An accepted text names one instant: no time without an offset, no 30 February, no second 60, which has no Unix time,
 * nothing finer than a nanosecond, and nothing that 64 bits do not hold (years 1677 to 2262).
 */
#include "timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

static const char not_a_time[] = "is not a time; write RFC 3339 with an offset, such as 2026-11-20T14:37:31.25Z or "
                                 "2026-11-20T15:37:31+01:00";
static const char no_such_time[] = "is a time that there is not; check day, hour, minute and second";
static const char out_of_range[] = "is outside of the years 1677 to 2262; leave it out for never";

typedef struct Scanner {
    const char *position, *end;
} Scanner;

/* Takes exactly `digit_count` digits. Returns 0 when they are not there. */
static int take_number(Scanner *self, int digit_count, int *ret_number)
{
    int number = 0;
    if (self->end - self->position < digit_count)
        return 0;
    for (int i = 0; i < digit_count; i++) {
        char digit = *self->position++;
        if (digit < '0' || digit > '9')
            return 0;
        number = number * 10 + (digit - '0');
    }
    *ret_number = number;
    return 1;
}

/* Takes one of `characters`. Returns it, or 0. */
static char take_character(Scanner *self, const char *characters)
{
    if (self->position == self->end || *self->position == '\0' || strchr(characters, *self->position) == NULL)
        return 0;
    return *self->position++;
}

/* Takes ".25", if there is something like it. */
static int take_fraction(Scanner *self, int64_t *ret_ns)
{
    int64_t ns = 0, unit = SECOND_NS / 10;
    int digit;
    *ret_ns = 0;
    if (!take_character(self, "."))
        return 1;
    if (!take_number(self, 1, &digit))
        return 0;
    for (;;) {
        if (unit == 0)
            return 0;
        ns += digit * unit;
        unit /= 10;
        if (self->position == self->end || *self->position < '0' || *self->position > '9') {
            *ret_ns = ns;
            return 1;
        }
        digit = *self->position++ - '0';
    }
}

/* Takes "Z" or "+01:00", in seconds east of Greenwich. */
static int take_offset(Scanner *self, int *ret_seconds)
{
    int hours, minutes;
    char sign;
    *ret_seconds = 0;
    if (take_character(self, "Zz"))
        return 1;
    sign = take_character(self, "+-");
    if (!sign || !take_number(self, 2, &hours) || !take_character(self, ":") || !take_number(self, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return 0;
    *ret_seconds = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return 1;
}

/* Takes "2026-11-20T14:37:31". */
static int take_date_and_time(Scanner *self, struct tm *ret_parts)
{
    struct tm parts = {0};
    int has_all =
        take_number(self, 4, &parts.tm_year) && take_character(self, "-") && take_number(self, 2, &parts.tm_mon) &&
        take_character(self, "-") && take_number(self, 2, &parts.tm_mday) && take_character(self, "Tt ") &&
        take_number(self, 2, &parts.tm_hour) && take_character(self, ":") && take_number(self, 2, &parts.tm_min) &&
        take_character(self, ":") && take_number(self, 2, &parts.tm_sec);
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    *ret_parts = parts;
    return has_all;
}

/* Seconds since 1970 of parts in UTC. Returns 0 when there is no such day or time. */
static int seconds_of(const struct tm *parts, int64_t *ret_seconds)
{
    struct tm normalized = *parts;
    *ret_seconds = timegm(&normalized); /* carries 30 February on to March, and 24:00 on to 0:00 */
    return normalized.tm_mon == parts->tm_mon && normalized.tm_hour == parts->tm_hour &&
           normalized.tm_min == parts->tm_min && normalized.tm_sec == parts->tm_sec;
}

const char *timestamp_parse(StorageSlice text, int64_t *ret_unix_ns)
{
    Scanner scanner = {.position = text.data, .end = (const char *)text.data + text.size};
    struct tm parts;
    int64_t fraction_ns, seconds, unix_ns;
    int offset_seconds;
    if (text.size == 0 || !take_date_and_time(&scanner, &parts) || !take_fraction(&scanner, &fraction_ns) ||
        !take_offset(&scanner, &offset_seconds) || scanner.position != scanner.end)
        return not_a_time;
    if (!seconds_of(&parts, &seconds))
        return no_such_time;
    seconds -= offset_seconds;
    /* The smallest time is a negative second with a positive fraction: sum up in an order that does not overflow. */
    if (seconds < 0 && fraction_ns > 0) {
        seconds += 1;
        fraction_ns -= SECOND_NS;
    }
    if (__builtin_mul_overflow(seconds, SECOND_NS, &unix_ns) ||
        __builtin_add_overflow(unix_ns, fraction_ns, &unix_ns) || unix_ns == STORAGE_NEVER)
        return out_of_range;
    *ret_unix_ns = unix_ns;
    return NULL;
}

const char *timestamp_format(int64_t unix_ns, char buffer[TIMESTAMP_TEXT_SIZE])
{
    int64_t ns = unix_ns % SECOND_NS;
    time_t seconds = unix_ns / SECOND_NS;
    struct tm parts;
    size_t len;
    if (ns < 0) {
        ns += SECOND_NS;
        seconds -= 1;
    }
    (void)gmtime_r(&seconds, &parts); /* years of 64-bit nanoseconds have four digits */
    len = strftime(buffer, TIMESTAMP_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(buffer + len, TIMESTAMP_TEXT_SIZE - len, ".%09dZ", (int)ns);
    return buffer;
}
