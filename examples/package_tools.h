/*
 * package_tools.h - what package_catalog.c needs besides the store: surprises, keys, random numbers, aligned output,
 * and the text form of a package.
 */
#ifndef PACKAGE_TOOLS_H
#define PACKAGE_TOOLS_H

#include <storage/storage.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_SIZE 512

/* ---- surprises ---- */

static inline _Noreturn STORAGE_PRINTF(1, 2) void surprise(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "package_catalog: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

/* Goes on when `status` is the expected one. */
static inline void expect(StorageStatus expected, StorageStatus status, const StorageContext *ctx, const char *what)
{
    if (status != expected)
        surprise("%s: %s, not %s: %s", what, storage_status_name(status), storage_status_name(expected),
                 storage_context_error_text(ctx, 0));
}

static inline void check(StorageStatus status, const StorageContext *ctx, const char *what)
{
    expect(STORAGE_OK, status, ctx, what);
}

static inline void require(int truth, const char *claim)
{
    if (!truth)
        surprise("this should hold and does not: %s", claim);
}

static inline void *allocate(size_t size)
{
    void *block = calloc(1, size);
    if (block == NULL)
        surprise("out of memory");
    return block;
}

static inline char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(allocate(size), text, size);
}

static inline STORAGE_PRINTF(2, 3) StorageSlice make_key(char buffer[KEY_SIZE], const char *format, ...)
{
    va_list arguments;
    int size;
    va_start(arguments, format);
    size = vsnprintf(buffer, KEY_SIZE, format, arguments);
    va_end(arguments);
    if (size < 0 || size >= KEY_SIZE)
        surprise("a key is too long: %s", buffer);
    return storage_bytes(buffer, (size_t)size);
}

static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* xorshift64*: the same look-ups for the same seed. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* ---- output ---- */

static inline void print_chapter(const char *title)
{
    printf("\n%s\n", title);
}

/* "1,234,567" */
static inline const char *with_commas(uint64_t number, char buffer[32])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number), used = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}

static inline void print_count(const char *what, uint64_t count)
{
    char buffer[32];
    printf("  %-52s %14s\n", what, with_commas(count, buffer));
}

/* Returns the rate. */
static inline double print_rate(const char *what, uint64_t count, double seconds)
{
    char count_text[32], rate_text[32];
    double rate = seconds > 0 ? (double)count / seconds : 0;
    printf("  %-52s %14s %14s/s\n", what, with_commas(count, count_text), with_commas((uint64_t)rate, rate_text));
    return rate;
}

/* JSON on lines of bearable width, broken after commas. */
static inline void print_json(const char *what, StorageSlice json)
{
    const char *text = json.data;
    size_t column = (size_t)printf("  %s: ", what);
    for (size_t i = 0; i < json.size; i++) {
        putchar(text[i]);
        column++;
        if (text[i] == ',' && column > 80)
            column = (size_t)printf("\n    ") - 1;
    }
    putchar('\n');
}

/* ---- records ---- */

typedef struct Package {
    char text[65536]; /* the record; the fields point into it */
    char *version, *section, *dependencies;
    uint64_t size_kib;
    uint64_t revision;
} Package;

/* Cuts `*text` at the next tab and returns the field before it. */
static inline char *next_field(char **text)
{
    char *field = strsep(text, "\t");
    return field != NULL ? field : "";
}

static inline void parse_package(Package *package, const StorageValue *value)
{
    char *rest = package->text;
    require(value->size < sizeof(package->text), "a record fits its buffer");
    memcpy(package->text, value->data, value->size);
    package->text[value->size] = '\0';
    package->version = next_field(&rest);
    package->section = next_field(&rest);
    package->size_kib = strtoull(next_field(&rest), NULL, 10);
    package->dependencies = next_field(&rest);
    package->revision = value->revision;
}

/* A record as text, to be freed. */
static inline char *format_package(const char *version, const char *section, uint64_t size_kib,
                                   const char *dependencies)
{
    size_t size = strlen(version) + strlen(section) + strlen(dependencies) + 32;
    char *text = allocate(size);
    snprintf(text, size, "%s\t%s\t%" PRIu64 "\t%s", version, section, size_kib, dependencies);
    return text;
}

/* 1 when the comma-separated names from `list` to `end` hold the one of `len` bytes at `name`. */
static inline int is_listed(const char *list, const char *end, const char *name, size_t len)
{
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        size_t item_len = (size_t)((comma != NULL ? comma : end) - list);
        if (item_len == len && memcmp(list, name, len) == 0)
            return 1;
        list += item_len + 1;
    }
    return 0;
}

/*
 * "libc6 (>= 2.34), default-mta | mail-agent, libc6 (<< 3)" becomes "libc6,default-mta": names only, each once, of
 * alternatives the first.
 */
static inline void simplify_dependencies(char *text)
{
    char *to = text, *rest = text, *item;
    while ((item = strsep(&rest, ",")) != NULL) {
        size_t len;
        item += strspn(item, " ");
        len = strcspn(item, " (|:");
        if (len == 0 || is_listed(text, to, item, len))
            continue;
        if (to != text)
            *to++ = ',';
        memmove(to, item, len);
        to += len;
    }
    *to = '\0';
}

#endif
