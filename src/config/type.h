/*
 * config/type.h - what a configuration can name: one table for each type of backend and layer.
 *
 * A table says everything about a type that a person or a program may want to know: the reader fills the option struct
 * from it, and the reference page is checked against it.
 */
#ifndef CONFIG_TYPE_H
#define CONFIG_TYPE_H

#include "storage/operations.h"

typedef enum ConfigKind {
    CONFIG_SIZE,     /* "64MiB" into a uint64_t, bytes */
    CONFIG_DURATION, /* "1m30s" into a uint64_t, nanoseconds */
    CONFIG_COUNT,    /* a whole number into a uint64_t */
    CONFIG_STRING,   /* into a const char *, which lives as long as the document */
    CONFIG_BOOL      /* true or false into a uint32_t */
} ConfigKind;

typedef struct ConfigField {
    const char *name; /* in JSON: that of the C field without its unit suffix */
    ConfigKind kind;
    int required;
    size_t offset;            /* in the option struct */
    uint64_t minimum;         /* of a number, or of the length of a string */
    uint64_t maximum;         /* likewise; 0: whatever fits */
    const char *default_text; /* what holds when the key is left out, for people */
    const char *doc;
} ConfigField;

typedef enum ConfigRole { CONFIG_BACKEND, CONFIG_LAYER } ConfigRole;

typedef struct ConfigType {
    const char *name;
    ConfigRole role;
    const char *doc;
    const ConfigField *fields;
    size_t field_count;
    uint32_t options_size; /* the option struct starts with its uint32_t struct_size */
    /* A backend has `open`, a layer has `wrap`. `options` is the filled option struct. */
    StorageStatus (*open)(const void *options, const StorageEnvironment *environment, StorageBackend **ret_backend,
                          StorageContext *ctx);
    StorageStatus (*wrap)(StorageBackend *inner, const void *options, StorageBackend **ret_backend,
                          StorageContext *ctx);
} ConfigType;

extern const ConfigType config_memory_type;
extern const ConfigType config_read_only_type;

/* Every type, in the order of the reference page; ends with NULL. */
extern const ConfigType *const config_types[];

/* The type of that name, NULL when there is none. */
const ConfigType *config_type_find(const char *name);

#endif
