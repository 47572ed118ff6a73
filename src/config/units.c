/*
 * config/units.c - sizes and durations as people write them.
 *
 * It refuses fractions and exponents: every accepted text names one whole number of bytes or nanoseconds.
 */
#include "config/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct Unit {
    const char *name;
    uint64_t factor;
} Unit;

/* Largest first: formatting takes the first that divides, and the parts of a duration must come in this order. */
static const Unit size_units[] = {
    {"TiB", UINT64_C(1) << 40}, {"TB", UINT64_C(1000000000000)},
    {"GiB", UINT64_C(1) << 30}, {"GB", UINT64_C(1000000000)},
    {"MiB", UINT64_C(1) << 20}, {"MB", UINT64_C(1000000)},
    {"KiB", UINT64_C(1) << 10}, {"kB", UINT64_C(1000)},
    {"KB", UINT64_C(1000)},     {"B", 1},
};

static const Unit duration_units[] = {
    {"d", UINT64_C(86400000000000)},
    {"h", UINT64_C(3600000000000)},
    {"m", UINT64_C(60000000000)},
    {"s", UINT64_C(1000000000)},
    {"ms", UINT64_C(1000000)},
    {"us", UINT64_C(1000)},
    {"ns", UINT64_C(1)},
};

#define UNIT_COUNT(units) (sizeof(units) / sizeof((units)[0]))

static const char size_form[] = "is not a size; write a whole number and a unit (B, kB, MB, GB, TB for powers of 1000, "
                                "KiB, MiB, GiB, TiB for powers of 1024), such as \"64MiB\"";
static const char duration_form[] = "is not a duration; write whole numbers and units (d, h, m, s, ms, us, ns), the "
                                    "largest first, such as \"30s\" or \"1m30s\"";

/* Reads digits at `*position` and moves it past them. Returns 0 when there are none; `*ret_fits` says whether the
 * number fits, otherwise it is of no use. */
static int take_number(const char **position, uint64_t *ret_number, int *ret_fits)
{
    const char *start = *position;
    uint64_t number = 0;
    *ret_fits = 1;
    while (isdigit((unsigned char)**position)) {
        uint64_t digit = (uint64_t)(**position - '0');
        *ret_fits = *ret_fits && number <= (UINT64_MAX - digit) / 10;
        number = number * 10 + digit; /* wraps when it does not fit */
        (*position)++;
    }
    *ret_number = number;
    return *position > start;
}

/* The index of the unit that stands at `*position`, which is moved past it; `unit_count` when there is none. */
static size_t take_unit(const char **position, const Unit *units, size_t unit_count)
{
    size_t len = 0, i;
    while (isalpha((unsigned char)(*position)[len]))
        len++;
    for (i = 0; i < unit_count; i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, *position, len) == 0)
            break;
    *position += len;
    return i;
}

const char *units_parse_size(const char *text, uint64_t *ret_bytes)
{
    const char *position = text;
    uint64_t number;
    size_t unit_index;
    int fits;
    if (!take_number(&position, &number, &fits))
        return size_form;
    if (*position == ' ')
        position++;
    unit_index = take_unit(&position, size_units, UNIT_COUNT(size_units));
    if (unit_index == UNIT_COUNT(size_units) || *position != '\0')
        return size_form;
    if (!fits || number > UINT64_MAX / size_units[unit_index].factor)
        return "is too large; the largest size is 18446744073709551615B";
    *ret_bytes = number * size_units[unit_index].factor;
    return NULL;
}

const char *units_parse_duration(const char *text, uint64_t *ret_ns)
{
    const char *position = text;
    uint64_t total = 0;
    size_t units_used = 0;
    do {
        uint64_t number, factor;
        size_t unit_index;
        int fits;
        if (!take_number(&position, &number, &fits))
            return duration_form;
        unit_index = take_unit(&position, duration_units, UNIT_COUNT(duration_units));
        if (unit_index == UNIT_COUNT(duration_units) || unit_index < units_used)
            return duration_form;
        units_used = unit_index + 1;
        factor = duration_units[unit_index].factor;
        if (!fits || number > ((uint64_t)INT64_MAX - total) / factor)
            return "is too long; the longest duration is 9223372036854775807ns (292 years)";
        total += number * factor;
    } while (*position != '\0');
    *ret_ns = total;
    return NULL;
}

static void format_number(uint64_t number, const Unit *units, size_t unit_count, char buffer[UNITS_TEXT_SIZE])
{
    const Unit *unit = &units[unit_count - 1];
    /* Powers of 1024 and of 1000 are both exact now and then (1024000B); fewer digits read better. */
    for (size_t i = 0; number > 0 && i < unit_count; i++)
        if (number % units[i].factor == 0 && number / units[i].factor < number / unit->factor)
            unit = &units[i];
    (void)snprintf(buffer, UNITS_TEXT_SIZE, "%" PRIu64 "%s", number / unit->factor, unit->name);
}

void units_format_size(uint64_t bytes, char buffer[UNITS_TEXT_SIZE])
{
    format_number(bytes, size_units, UNIT_COUNT(size_units), buffer);
}

void units_format_duration(uint64_t ns, char buffer[UNITS_TEXT_SIZE])
{
    format_number(ns, duration_units, UNIT_COUNT(duration_units), buffer);
}
