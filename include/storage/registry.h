/*
 * storage/registry.h - the types that a configuration can name, and how to add your own.
 *
 * A type is one table: its name, its options, what it needs of the stack below it, what it adds and weakens, and where
 * it may stand. From it come the parser, the JSON Schema, the explanation and the reference page. The types of the
 * library are such tables too. A registry keeps a copy of a table, of its fields and its rules; names, texts and
 * choices are constant and must outlive every registry that they were added to.
 */
#ifndef STORAGE_REGISTRY_H
#define STORAGE_REGISTRY_H

#include "storage/backend.h"
#include "storage/units.h"

STORAGE_BEGIN_DECLS

/* What an option is, in JSON and in the option struct. */
typedef uint32_t StorageFieldKind;
enum {
    STORAGE_FIELD_SIZE = 1,     /* "64MiB" into a uint64_t, bytes */
    STORAGE_FIELD_DURATION = 2, /* "1m30s" into a uint64_t, nanoseconds */
    STORAGE_FIELD_RATE = 3,     /* "50000/s" into a StorageRate */
    STORAGE_FIELD_COUNT = 4,    /* a whole number into a uint64_t */
    STORAGE_FIELD_STRING = 5,   /* into a const char *, which lives as long as the call of open or wrap */
    STORAGE_FIELD_BOOL = 6,     /* true or false into a uint32_t */
    STORAGE_FIELD_CHOICE = 7    /* one of `choices` into a uint32_t: its index; the first is the default */
};

enum {
    STORAGE_FIELD_REQUIRED = 1u << 0,
    STORAGE_FIELD_SECRET = 1u << 1, /* a string that no output shows */
    STORAGE_FIELD_PATH = 1u << 2,   /* a string that names a file: relative to the directory of the configuration */
    /* Other options change the default; `default_text` is what holds without them, and `doc` says how. */
    STORAGE_FIELD_DEFAULT_VARIES = 1u << 3,
    /* Of a BOOL: the option struct holds the opposite (`"create": false` sets `no_create`), so that the default, 0, is
     * true. */
    STORAGE_FIELD_INVERTED = 1u << 4
};

typedef struct StorageConfigField {
    /* In JSON: that of the C field without its unit suffix; up to 40 lower case letters, digits and underscores, a
     * letter first. */
    const char *name;
    StorageFieldKind kind;
    uint32_t flags;
    size_t offset;    /* in the option struct */
    uint64_t minimum; /* of a number (of a rate: the count), or of the length of a string in bytes */
    uint64_t maximum; /* likewise; 0: whatever fits */
    /* What holds when the key is left out, as a document would give it, without quotes ("64MiB", "1000"); NULL: none.
     * The parser does not apply it: 0 in the option struct means the default. So that of a CHOICE is its first choice,
     * that of a BOOL is false, or true when it is INVERTED, and a number with another one than 0 has a minimum from 1
     * on. That of a PATH begins with / or :. */
    const char *default_text;
    const char *doc;            /* one or two sentences for the reference page */
    const char *const *choices; /* of a CHOICE; ends with NULL; up to 40 letters, digits and _ - . + */
} StorageConfigField;

/* Where a layer may stand. `other` is the name of a type; a rule about a type that is not in the stack says nothing. */
typedef uint32_t StorageOrderRelation;
enum {
    STORAGE_ORDER_ABOVE = 1,   /* above every layer of the type `other` */
    STORAGE_ORDER_BELOW = 2,   /* below every layer of the type `other` */
    STORAGE_ORDER_WITHOUT = 3, /* never in one stack with `other` */
    STORAGE_ORDER_ONCE = 4     /* at most once in a stack; `other` is NULL */
};

enum { STORAGE_ORDER_REFUSED = 0, STORAGE_ORDER_WARNED = 1 };

typedef struct StorageOrderRule {
    StorageOrderRelation relation;
    uint32_t severity; /* of breaking it: REFUSED or WARNED */
    const char *other;
    const char *reason; /* fit to stand after a colon: "a hit in the cache would pass no limit" */
} StorageOrderRule;

typedef uint32_t StorageRole;
enum { STORAGE_ROLE_BACKEND = 1, STORAGE_ROLE_LAYER = 2 };

typedef struct StorageConfigType StorageConfigType;
struct StorageConfigType {
    uint32_t struct_size; /* sizeof(StorageConfigType) */
    StorageRole role;
    const char *name; /* up to 40 lower case letters, digits and underscores, a letter first */
    const char *doc;  /* one or two sentences for the reference page */
    const StorageConfigField *fields;
    size_t field_count;
    uint32_t field_size;   /* sizeof(StorageConfigField); 0 when there are no fields */
    uint32_t options_size; /* of the option struct, which starts with its uint32_t struct_size */

    /* Capabilities and weakenings (storage/backend.h) as a stack of this type has them at most: what the backend then
     * really has is known when it is open. */
    uint64_t needs;   /* of a layer: what the stack below must have */
    uint64_t adds;    /* what the stack has because of it; of a backend: what it has */
    uint64_t removes; /* of a layer: what the stack has no longer */
    uint32_t weakens; /* rules of the contract that it weakens */
    uint32_t forbids; /* of a layer: weakenings that the stack below must not have */
    const StorageOrderRule *rules;
    size_t rule_count;
    uint32_t rule_size; /* sizeof(StorageOrderRule); 0 when there are no rules */
    uint32_t reserved;

    void *user_data; /* for the functions below */
    /*
     * Looks at what a table cannot say, such as one option that must be larger than another. Returns NULL, or a string
     * that lives for ever and says what is wrong and how to mend it. NULL: nothing to check.
     */
    const char *(*check)(const StorageConfigType *self, const void *options);
    /*
     * A backend has `open`, a layer has `wrap`, with the outcomes and the ownership of storage_memory_open and of
     * storage_read_only_wrap. `options` is the filled option struct; its strings end with the call.
     */
    StorageStatus (*open)(const StorageConfigType *self, const void *options, const StorageEnvironment *environment,
                          StorageBackend **ret_backend, StorageContext *ctx);
    StorageStatus (*wrap)(const StorageConfigType *self, StorageBackend *inner, const void *options,
                          StorageBackend **ret_backend, StorageContext *ctx);
};

typedef struct StorageRegistry StorageRegistry;

/* A registry that knows the types of the library. Returns NULL when out of memory. Free it with storage_registry_free.
 */
STORAGE_API STORAGE_MUST_USE StorageRegistry *storage_registry_new(void);

/* Frees a registry that no call uses; stacks that were opened with it stay. NULL does nothing. */
STORAGE_API void storage_registry_free(StorageRegistry *registry);

/*
 * Adds a type. The table is looked through first: each mistake in it is one error text.
 * Returns OK; INVALID_ARGUMENT for a table that is not as this header says (no name, a name twice, no open, a field
 * that does not fit into the option struct, a default that its own parser refuses, ...) or whose name is taken;
 * UNSUPPORTED for a struct_size that is larger than known with something in its tail; NO_MEMORY.
 * The functions of the type get the registry's copy of the table; what is theirs they reach by `user_data`.
 * Not while another thread uses the registry.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_registry_add(StorageRegistry *registry,
                                                                const StorageConfigType *type, StorageContext *ctx);

/*
 * How many types there are, and the one at `index`, in the order in which they were added; NULL beyond the last.
 * Without a registry (NULL) those of the library. Any thread.
 */
STORAGE_API size_t storage_registry_count(const StorageRegistry *registry);
STORAGE_API const StorageConfigType *storage_registry_type(const StorageRegistry *registry, size_t index);

/* The type of that name, NULL when there is none; without a registry (NULL) one of the library. Any thread. */
STORAGE_API const StorageConfigType *storage_registry_find(const StorageRegistry *registry, const char *name);

STORAGE_END_DECLS

#endif
