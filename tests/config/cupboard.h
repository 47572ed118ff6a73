/*
 * cupboard.h - a backend type with an option of each kind, what a document makes of it, files and variables that are
 * not the machine's.
 */
#ifndef CUPBOARD_H
#define CUPBOARD_H

#include "config_test.h"

#include "config/load.h"
#include "storage/registry.h"

#include <errno.h>
#include <stddef.h>

typedef struct CupboardOptions {
    uint32_t struct_size, flags;
    uint64_t room_bytes, door_count, patience_ns;
    StorageRate visits;
    const char *label, *secret, *path;
    uint32_t is_locked, wood;
} CupboardOptions;

static const char *const cupboard_woods[] = {"oak", "beech", "walnut", NULL};

static const StorageConfigField cupboard_fields[] = {
    {.name = "room",
     .kind = STORAGE_FIELD_SIZE,
     .offset = offsetof(CupboardOptions, room_bytes),
     .minimum = 1024,
     .maximum = 1 << 20,
     .default_text = "64KiB",
     .doc = "How much goes in."},
    {.name = "door_count",
     .kind = STORAGE_FIELD_COUNT,
     .offset = offsetof(CupboardOptions, door_count),
     .minimum = 1,
     .default_text = "2",
     .doc = "How many doors it has."},
    {.name = "patience",
     .kind = STORAGE_FIELD_DURATION,
     .offset = offsetof(CupboardOptions, patience_ns),
     .minimum = 1000,
     .default_text = "1s",
     .doc = "For how long a door may be open."},
    {.name = "visits",
     .kind = STORAGE_FIELD_RATE,
     .offset = offsetof(CupboardOptions, visits),
     .minimum = 2,
     .maximum = 100,
     .doc = "How often it may be opened."},
    {.name = "label",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_REQUIRED,
     .offset = offsetof(CupboardOptions, label),
     .minimum = 1,
     .maximum = 8,
     .doc = "What stands on it."},
    {.name = "secret",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_SECRET,
     .offset = offsetof(CupboardOptions, secret),
     .maximum = 8,
     .doc = "What opens it."},
    {.name = "path",
     .kind = STORAGE_FIELD_STRING,
     .flags = STORAGE_FIELD_PATH,
     .offset = offsetof(CupboardOptions, path),
     .doc = "Where it stands."},
    {.name = "locked",
     .kind = STORAGE_FIELD_BOOL,
     .offset = offsetof(CupboardOptions, is_locked),
     .doc = "Whether it is locked."},
    {.name = "wood",
     .kind = STORAGE_FIELD_CHOICE,
     .offset = offsetof(CupboardOptions, wood),
     .default_text = "oak",
     .doc = "What it is made of.",
     .choices = cupboard_woods},
};

static inline const char *check_cupboard(const StorageConfigType *self, const void *options)
{
    const CupboardOptions *cupboard = options;
    (void)self;
    return cupboard->is_locked && cupboard->secret == NULL ? "what is locked needs a secret; give one" : NULL;
}

static inline StorageStatus open_cupboard(const StorageConfigType *self, const void *options,
                                          const StorageEnvironment *environment, StorageBackend **ret_backend,
                                          StorageContext *ctx)
{
    (void)self, (void)options, (void)environment, (void)ret_backend;
    return storage_fail(ctx, STORAGE_UNSUPPORTED, "nothing goes into a cupboard of a test");
}

static const StorageConfigType cupboard_type = {
    .struct_size = sizeof(StorageConfigType),
    .role = STORAGE_ROLE_BACKEND,
    .name = "cupboard",
    .doc = "A cupboard.",
    .fields = cupboard_fields,
    .field_count = sizeof(cupboard_fields) / sizeof(cupboard_fields[0]),
    .field_size = sizeof(StorageConfigField),
    .options_size = sizeof(CupboardOptions),
    .check = check_cupboard,
    .open = open_cupboard,
};

/* ---- files and variables ---- */

/* A file, or a variable. NULL text: it is not there. */
typedef struct Thing {
    const char *name, *text;
    size_t size; /* 0: that of the text */
    int open_error;
} Thing;

typedef struct House {
    const Thing *files, *variables; /* end with a NULL name */
    int open_count;                 /* files that were opened and not closed */
} House;

static inline const Thing *find_thing(const Thing *things, const char *name)
{
    for (; things != NULL && things->name != NULL; things++)
        if (strcmp(things->name, name) == 0)
            return things;
    return NULL;
}

static inline int house_open_read(void *user_data, const char *path, StorageFile **ret_file)
{
    House *self = user_data;
    const Thing *file = find_thing(self->files, path);
    if (file == NULL || file->open_error != 0)
        return file == NULL ? ENOENT : file->open_error;
    self->open_count++;
    *ret_file = (StorageFile *)(uintptr_t)file;
    return 0;
}

static inline int house_size(void *user_data, StorageFile *file, uint64_t *ret_size)
{
    const Thing *thing = (const Thing *)file;
    (void)user_data;
    *ret_size = thing->size != 0 ? thing->size : strlen(thing->text);
    return 0;
}

static inline int house_read_at(void *user_data, StorageFile *file, uint64_t offset, void *buffer, size_t size,
                                size_t *ret_read)
{
    uint64_t file_size;
    ck_assert_int_eq(house_size(user_data, file, &file_size), 0);
    ck_assert_uint_eq(offset, 0);
    *ret_read = size < file_size ? size : (size_t)file_size;
    memcpy(buffer, ((const Thing *)file)->text, *ret_read);
    return 0;
}

static inline void house_close(void *user_data, StorageFile *file)
{
    (void)file;
    ((House *)user_data)->open_count--;
}

static inline const char *house_variable(void *user_data, const char *name)
{
    const Thing *variable = find_thing(((House *)user_data)->variables, name);
    return variable != NULL ? variable->text : NULL;
}

/* ---- a document ---- */

/* A plan over a registry that has the cupboard. Everything that it points to lives in it. */
typedef struct Loaded {
    House house;
    StorageFiles files;
    StorageEnvironment environment;
    StorageRegistry *registry;
    ConfigSource source;
    ConfigPlan plan;
    StorageStatus status;
    char errors[ERRORS_SIZE];
} Loaded;

/* Loads `json`, or the file `path` when that is given, and says what was wrong. Ended by loaded_done. */
static inline void load_in(Loaded *self, const char *json, const char *path, const Thing *files, const Thing *variables,
                           const char *directory)
{
    StorageContext *ctx = storage_context_new();
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    memset(self, 0, sizeof(*self));
    self->house = (House){files, variables, 0};
    self->files = (StorageFiles){.struct_size = sizeof(self->files),
                                 .user_data = &self->house,
                                 .open_read = house_open_read,
                                 .read_at = house_read_at,
                                 .size = house_size,
                                 .close = house_close};
    self->environment = (StorageEnvironment)STORAGE_ENVIRONMENT_INIT;
    self->environment.files = &self->files;
    self->registry = storage_registry_new();
    assert_status(storage_registry_add(self->registry, &cupboard_type, ctx), STORAGE_OK);
    options.environment = &self->environment;
    options.registry = self->registry;
    options.variable = house_variable;
    options.user_data = &self->house;
    options.directory = directory;
    self->status = path != NULL ? config_source_file(&self->source, path, &options, ctx)
                                : config_source_text(&self->source, json, &options, ctx);
    if (self->status == STORAGE_OK)
        self->status = config_load(&self->source, &self->plan, ctx);
    (void)errors_of(ctx, self->errors);
    ck_assert_int_eq(self->status == STORAGE_OK, self->errors[0] == '\0');
    ck_assert_int_eq(self->house.open_count, 0);
    storage_context_free(ctx);
}

/* Loads a cupboard with these members, besides its type. */
static inline void load_cupboard(Loaded *self, const char *members, const Thing *files, const Thing *variables)
{
    char json[8192] = "";
    append(json, sizeof(json), "{\"backend\": {\"type\": \"cupboard\"%s%s}}", members[0] != '\0' ? ", " : "", members);
    load_in(self, json, NULL, files, variables, NULL);
}

static inline const CupboardOptions *loaded_cupboard(const Loaded *self)
{
    ck_assert_str_eq(self->errors, "");
    return self->plan.backend.options;
}

static inline void loaded_done(Loaded *self)
{
    if (self->status == STORAGE_OK)
        config_plan_done(&self->plan);
    storage_registry_free(self->registry);
}

#endif
