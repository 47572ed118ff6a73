/*
 * config/units.c - sizes, durations and rates as people write them.
 *
 * It refuses fractions and exponents: every accepted text names one whole number. A text is read once, from its start
 * to its end; there is no byte, a zero byte included, that it skips.
 */
#include "storage/units.h"

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
static const char rate_form[] = "is not a rate; write a whole number from 1 on, a slash and a period (d, h, m, s, ms, "
                                "us, ns, or a duration), such as \"50000/s\" or \"10/30s\"";

/* What is left of a text. */
typedef struct Rest {
    const char *position, *end;
} Rest;

static Rest rest_of(StorageSlice text)
{
    return (Rest){text.data, text.size == 0 ? text.data : (const char *)text.data + text.size};
}

/* Moves past `byte` when it is the next one. Returns whether it was. */
static int take_byte(Rest *rest, char byte)
{
    if (rest->position == rest->end || *rest->position != byte)
        return 0;
    rest->position++;
    return 1;
}

/* Moves past digits. Returns 0 when there are none; `*ret_fits` says whether the number fits, otherwise it is of no
 * use. */
static int take_number(Rest *rest, uint64_t *ret_number, int *ret_fits)
{
    const char *start = rest->position;
    uint64_t number = 0;
    *ret_fits = 1;
    for (; rest->position < rest->end && *rest->position >= '0' && *rest->position <= '9'; rest->position++) {
        uint64_t digit = (uint64_t)(*rest->position - '0');
        *ret_fits = *ret_fits && number <= (UINT64_MAX - digit) / 10;
        number = number * 10 + digit; /* wraps when it does not fit */
    }
    *ret_number = number;
    return rest->position > start;
}

static int is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Moves past letters. Returns the index of the unit that they name; `unit_count` when they name none. */
static size_t take_unit(Rest *rest, const Unit *units, size_t unit_count)
{
    const char *start = rest->position;
    size_t len, i;
    while (rest->position < rest->end && is_letter(*rest->position))
        rest->position++;
    len = (size_t)(rest->position - start);
    for (i = 0; i < unit_count; i++)
        if (strlen(units[i].name) == len && memcmp(units[i].name, start, len) == 0)
            break;
    return i;
}

const char *storage_parse_size(StorageSlice text, uint64_t *ret_bytes)
{
    Rest rest = rest_of(text);
    uint64_t number;
    size_t unit_index;
    int fits;
    if (!take_number(&rest, &number, &fits))
        return size_form;
    (void)take_byte(&rest, ' ');
    unit_index = take_unit(&rest, size_units, UNIT_COUNT(size_units));
    if (unit_index == UNIT_COUNT(size_units) || rest.position < rest.end)
        return size_form;
    if (!fits || number > UINT64_MAX / size_units[unit_index].factor)
        return "is too large; the largest size is 18446744073709551615B";
    *ret_bytes = number * size_units[unit_index].factor;
    return NULL;
}

/* The whole rest as a duration. `form` says how to write it. */
static const char *parse_duration(Rest rest, const char *form, uint64_t *ret_ns)
{
    uint64_t total = 0;
    size_t units_used = 0;
    do {
        uint64_t number, factor;
        size_t unit_index;
        int fits;
        if (!take_number(&rest, &number, &fits))
            return form;
        unit_index = take_unit(&rest, duration_units, UNIT_COUNT(duration_units));
        if (unit_index == UNIT_COUNT(duration_units) || unit_index < units_used)
            return form;
        units_used = unit_index + 1;
        factor = duration_units[unit_index].factor;
        if (!fits || number > ((uint64_t)INT64_MAX - total) / factor)
            return "is too long; the longest duration is 9223372036854775807ns (292 years)";
        total += number * factor;
    } while (rest.position < rest.end);
    *ret_ns = total;
    return NULL;
}

const char *storage_parse_duration(StorageSlice text, uint64_t *ret_ns)
{
    return parse_duration(rest_of(text), duration_form, ret_ns);
}

/* What stands after the slash. */
static const char *parse_period(Rest rest, uint64_t *ret_ns)
{
    size_t unit_index;
    if (rest.position == rest.end || !is_letter(*rest.position))
        return parse_duration(rest, rate_form, ret_ns);
    unit_index = take_unit(&rest, duration_units, UNIT_COUNT(duration_units));
    if (unit_index == UNIT_COUNT(duration_units) || rest.position < rest.end)
        return rate_form;
    *ret_ns = duration_units[unit_index].factor;
    return NULL;
}

const char *storage_parse_rate(StorageSlice text, StorageRate *ret_rate)
{
    Rest rest = rest_of(text);
    StorageRate rate;
    const char *problem;
    int fits;
    if (!take_number(&rest, &rate.count, &fits) || !take_byte(&rest, '/'))
        return rate_form;
    problem = parse_period(rest, &rate.period_ns);
    if (problem != NULL)
        return problem;
    if (!fits)
        return "is too fast; the largest number of a rate is 18446744073709551615";
    if (rate.count == 0 || rate.period_ns == 0)
        return rate_form;
    *ret_rate = rate;
    return NULL;
}

/* The unit in which the number has the fewest digits and is exact. Powers of 1024 and of 1000 both are now and then
 * (1024000B). */
static const Unit *best_unit(uint64_t number, const Unit *units, size_t unit_count)
{
    const Unit *unit = &units[unit_count - 1];
    for (size_t i = 0; number > 0 && i < unit_count; i++)
        if (number % units[i].factor == 0 && number / units[i].factor < number / unit->factor)
            unit = &units[i];
    return unit;
}

const char *storage_format_size(uint64_t bytes, char buffer[STORAGE_UNITS_TEXT_SIZE])
{
    const Unit *unit = best_unit(bytes, size_units, UNIT_COUNT(size_units));
    (void)snprintf(buffer, STORAGE_UNITS_TEXT_SIZE, "%" PRIu64 "%s", bytes / unit->factor, unit->name);
    return buffer;
}

const char *storage_format_duration(uint64_t ns, char buffer[STORAGE_UNITS_TEXT_SIZE])
{
    const Unit *unit = best_unit(ns, duration_units, UNIT_COUNT(duration_units));
    (void)snprintf(buffer, STORAGE_UNITS_TEXT_SIZE, "%" PRIu64 "%s", ns / unit->factor, unit->name);
    return buffer;
}

const char *storage_format_rate(StorageRate rate, char buffer[STORAGE_UNITS_TEXT_SIZE])
{
    const Unit *unit = best_unit(rate.period_ns, duration_units, UNIT_COUNT(duration_units));
    if (rate.period_ns == unit->factor)
        (void)snprintf(buffer, STORAGE_UNITS_TEXT_SIZE, "%" PRIu64 "/%s", rate.count, unit->name);
    else
        (void)snprintf(buffer, STORAGE_UNITS_TEXT_SIZE, "%" PRIu64 "/%" PRIu64 "%s", rate.count,
                       rate.period_ns / unit->factor, unit->name);
    return buffer;
}
