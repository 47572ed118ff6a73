/*
 * test_registry.c - types of callers: what a registry takes, everything that it refuses, tables that were compiled
 * against older and newer headers, and that what was added opens.
 */
#include "config_test.h"

#include "storage/config.h"
#include "storage/memory.h"
#include "storage/read_only.h"
#include "storage/registry.h"

enum { LIBRARY_TYPE_COUNT = 3 }; /* memory, ledger, read_only */

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- a type that is in order ---- */

typedef struct ShelfOptions {
    uint32_t struct_size, flags;
    uint64_t width, height;
    StorageRate rate;
    const char *label;
    uint32_t is_open, wood;
} ShelfOptions;

/* What the last open was called with. */
static ShelfOptions opened;
static char opened_label[32];
static const StorageConfigType *opened_self;

static StorageStatus open_shelf(const StorageConfigType *self, const void *options,
                                const StorageEnvironment *environment, StorageBackend **ret_backend,
                                StorageContext *ctx)
{
    (void)environment;
    memcpy(&opened, options, sizeof(opened));
    (void)snprintf(opened_label, sizeof(opened_label), "%s", opened.label != NULL ? opened.label : "(none)");
    opened_self = self;
    return storage_memory_open(NULL, ret_backend, ctx);
}

static StorageStatus wrap_shelf(const StorageConfigType *self, StorageBackend *inner, const void *options,
                                StorageBackend **ret_backend, StorageContext *ctx)
{
    (void)self;
    (void)options;
    return storage_read_only_wrap(inner, NULL, ret_backend, ctx);
}

static const char *const woods[] = {"oak", "beech", NULL};

static StorageConfigField good_field(const char *name, StorageFieldKind kind, size_t offset)
{
    return (StorageConfigField){.name = name, .kind = kind, .offset = offset, .doc = "Something."};
}

/* A type with one option of each kind but size and duration, which a test spoils. */
typedef struct Table {
    StorageConfigType type;
    StorageConfigField fields[5];
    StorageOrderRule rules[1];
} Table;

static void table_init(Table *self)
{
    memset(self, 0, sizeof(*self));
    self->fields[0] = good_field("width", STORAGE_FIELD_COUNT, offsetof(ShelfOptions, width));
    self->fields[1] = good_field("rate", STORAGE_FIELD_RATE, offsetof(ShelfOptions, rate));
    self->fields[2] = good_field("label", STORAGE_FIELD_STRING, offsetof(ShelfOptions, label));
    self->fields[3] = good_field("open", STORAGE_FIELD_BOOL, offsetof(ShelfOptions, is_open));
    self->fields[4] = good_field("wood", STORAGE_FIELD_CHOICE, offsetof(ShelfOptions, wood));
    self->fields[4].choices = woods;
    self->rules[0] = (StorageOrderRule){STORAGE_ORDER_ONCE, STORAGE_ORDER_REFUSED, NULL, "one is enough"};
    self->type = (StorageConfigType){.struct_size = sizeof(StorageConfigType),
                                     .role = STORAGE_ROLE_LAYER,
                                     .name = "shelf",
                                     .doc = "A shelf.",
                                     .fields = self->fields,
                                     .field_count = COUNT_OF(self->fields),
                                     .field_size = sizeof(StorageConfigField),
                                     .options_size = sizeof(ShelfOptions),
                                     .rules = self->rules,
                                     .rule_count = 1,
                                     .rule_size = sizeof(StorageOrderRule),
                                     .wrap = wrap_shelf};
}

static StorageStatus add(StorageRegistry *registry, const StorageConfigType *type, char errors[ERRORS_SIZE])
{
    StorageContext *ctx = storage_context_new();
    StorageStatus status = storage_registry_add(registry, type, ctx);
    (void)errors_of(ctx, errors);
    ck_assert_int_eq(status == STORAGE_OK, errors[0] == '\0');
    storage_context_free(ctx);
    return status;
}

START_TEST(a_new_registry_has_the_types_of_the_library)
{
    StorageRegistry *registry = storage_registry_new();
    ck_assert_uint_eq(storage_registry_count(registry), LIBRARY_TYPE_COUNT);
    ck_assert_str_eq(storage_registry_type(registry, 0)->name, "memory");
    ck_assert_str_eq(storage_registry_type(registry, 1)->name, "ledger");
    ck_assert_str_eq(storage_registry_type(registry, 2)->name, "read_only");
    ck_assert_ptr_null(storage_registry_type(registry, LIBRARY_TYPE_COUNT));
    ck_assert_ptr_eq(storage_registry_find(registry, "memory"), storage_registry_type(registry, 0));
    ck_assert_ptr_null(storage_registry_find(registry, "Memory"));
    ck_assert_ptr_null(storage_registry_find(registry, ""));
    ck_assert_ptr_null(storage_registry_find(registry, NULL));
    storage_registry_free(registry);
    storage_registry_free(NULL);
}
END_TEST

START_TEST(no_registry_is_that_of_the_library)
{
    ck_assert_uint_eq(storage_registry_count(NULL), LIBRARY_TYPE_COUNT);
    ck_assert_str_eq(storage_registry_type(NULL, 2)->name, "read_only");
    ck_assert_ptr_null(storage_registry_type(NULL, LIBRARY_TYPE_COUNT));
    ck_assert_ptr_eq(storage_registry_find(NULL, "memory"), storage_registry_type(NULL, 0));
}
END_TEST

START_TEST(a_type_that_was_added_is_found)
{
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE], names[40][16];
    Table table;
    table_init(&table);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(names[i], sizeof(names[i]), "shelf%zu", i);
        table.type.name = names[i];
        assert_status(add(registry, &table.type, errors), STORAGE_OK);
    }
    ck_assert_uint_eq(storage_registry_count(registry), LIBRARY_TYPE_COUNT + COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const StorageConfigType *type = storage_registry_find(registry, names[i]);
        ck_assert_ptr_eq(type, storage_registry_type(registry, LIBRARY_TYPE_COUNT + i));
        ck_assert_uint_eq(type->field_count, COUNT_OF(table.fields));
        ck_assert_str_eq(type->fields[4].name, "wood");
        ck_assert_str_eq(type->rules[0].reason, "one is enough");
    }
    ck_assert_uint_eq(storage_registry_count(NULL), LIBRARY_TYPE_COUNT);
    storage_registry_free(registry);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    Table table;
    table_init(&table);
    assert_status(add(NULL, &table.type, errors), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(errors, "registry is NULL\n");
    assert_status(add(registry, NULL, errors), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(errors, "type is NULL\n");
    assert_status(storage_registry_add(registry, &table.type, NULL), STORAGE_OK);
    assert_status(storage_registry_add(registry, &table.type, NULL), STORAGE_INVALID_ARGUMENT);
    storage_registry_free(registry);
}
END_TEST

/* ---- what is wrong with a table ---- */

static const char *const no_choices[] = {NULL};
static const char *const odd_choices[] = {"oak", "Red Beech", "oak", NULL};

static void no_name(Table *t)
{
    t->type.name = NULL;
}
static void odd_name(Table *t)
{
    t->type.name = "Shelf\n";
}
static void long_name(Table *t)
{
    t->type.name = "a_name_of_forty_one_letters_is_one_too_many";
}
static void taken_name(Table *t)
{
    t->type.name = "memory";
}
static void no_role(Table *t)
{
    t->type.role = 0;
}
static void no_doc(Table *t)
{
    t->type.doc = NULL;
}
static void no_wrap(Table *t)
{
    t->type.wrap = NULL;
}
static void open_too(Table *t)
{
    t->type.open = open_shelf;
}
static void backend_that_wraps(Table *t)
{
    t->type.role = STORAGE_ROLE_BACKEND;
    t->type.rule_count = 0;
}
static void backend_that_needs(Table *t)
{
    backend_that_wraps(t);
    t->type.wrap = NULL;
    t->type.open = open_shelf;
    t->type.needs = STORAGE_CAPABILITY_WATCH;
}
static void backend_with_rules(Table *t)
{
    backend_that_needs(t);
    t->type.needs = 0;
    t->type.rule_count = 1;
}
static void no_options_size(Table *t)
{
    t->type.options_size = 3;
    t->type.field_count = 0;
}
static void reserved_is_used(Table *t)
{
    t->type.reserved = 1;
}
static void unknown_bits(Table *t)
{
    t->type.adds = UINT64_C(1) << 63;
    t->type.forbids = 1u << 31;
}
static void adds_and_removes(Table *t)
{
    t->type.adds = t->type.removes = STORAGE_CAPABILITY_WATCH;
}
static void no_fields(Table *t)
{
    t->type.fields = NULL;
}
static void no_field_size(Table *t)
{
    t->type.field_size = 0;
}
static void too_many_fields(Table *t)
{
    t->type.field_count = 257;
}
static void no_rule_size(Table *t)
{
    t->type.rule_size = 8;
}
static void field_without_name(Table *t)
{
    t->fields[0].name = NULL;
}
static void field_with_odd_name(Table *t)
{
    t->fields[0].name = "9lives";
}
static void field_called_type(Table *t)
{
    t->fields[0].name = "type";
}
static void field_twice(Table *t)
{
    t->fields[1].name = "width";
}
static void field_without_doc(Table *t)
{
    t->fields[0].doc = "";
}
static void unknown_kind(Table *t)
{
    t->fields[0].kind = 8;
}
static void kind_zero(Table *t)
{
    t->fields[0].kind = 0;
}
static void beside_the_struct(Table *t)
{
    t->fields[0].offset = sizeof(ShelfOptions) - 4;
}
static void far_beside_the_struct(Table *t)
{
    t->fields[0].offset = SIZE_MAX - 3;
}
static void on_the_struct_size(Table *t)
{
    t->fields[3].offset = 0;
}
static void misaligned(Table *t)
{
    t->fields[0].offset = offsetof(ShelfOptions, width) + 4;
}
static void overlapping(Table *t)
{
    t->fields[1].offset = offsetof(ShelfOptions, width);
}
static void unknown_flag(Table *t)
{
    t->fields[2].flags = 1u << 7;
}
static void secret_number(Table *t)
{
    t->fields[0].flags = STORAGE_FIELD_SECRET;
}
static void path_bool(Table *t)
{
    t->fields[3].flags = STORAGE_FIELD_PATH;
}
static void required_with_default(Table *t)
{
    t->fields[2].flags = STORAGE_FIELD_REQUIRED;
    t->fields[2].default_text = "x";
}
static void secret_with_default(Table *t)
{
    t->fields[2].flags = STORAGE_FIELD_SECRET;
    t->fields[2].default_text = "x";
}
static void no_default_that_varies(Table *t)
{
    t->fields[0].flags = STORAGE_FIELD_DEFAULT_VARIES;
}
static void choice_without_choices(Table *t)
{
    t->fields[4].choices = NULL;
}
static void choices_of_a_bool(Table *t)
{
    t->fields[3].choices = woods;
}
static void empty_choices(Table *t)
{
    t->fields[4].choices = no_choices;
}
static void wrong_choices(Table *t)
{
    t->fields[4].choices = odd_choices;
}
static void inverted_limits(Table *t)
{
    t->fields[0].minimum = 5;
    t->fields[0].maximum = 4;
}
static void maximum_beyond_2_53(Table *t)
{
    t->fields[0].maximum = UINT64_C(1) << 53;
}
static void minimum_beyond_2_53(Table *t)
{
    t->fields[0].minimum = UINT64_C(1) << 53;
}
static void limits_of_a_bool(Table *t)
{
    t->fields[3].maximum = 1;
}
static void wrong_default(Table *t)
{
    t->fields[0].default_text = "many";
}
static void default_beyond_limits(Table *t)
{
    t->fields[0].minimum = 10;
    t->fields[0].default_text = "9";
}
static void default_of_zero_is_another(Table *t)
{
    t->fields[0].default_text = "9";
}
static void default_true(Table *t)
{
    t->fields[3].default_text = "true";
}
static void inverted_default_false(Table *t)
{
    t->fields[3].flags = STORAGE_FIELD_INVERTED;
    t->fields[3].default_text = "false";
}
static void inverted_count(Table *t)
{
    t->fields[0].flags = STORAGE_FIELD_INVERTED;
}
static void relative_default(Table *t)
{
    t->fields[2].flags = STORAGE_FIELD_PATH;
    t->fields[2].default_text = "data";
}
static void default_second_choice(Table *t)
{
    t->fields[4].default_text = "beech";
}
static void default_no_choice(Table *t)
{
    t->fields[4].default_text = "steel";
}
static void unknown_relation(Table *t)
{
    t->rules[0].relation = 5;
}
static void unknown_severity(Table *t)
{
    t->rules[0].severity = 2;
}
static void no_reason(Table *t)
{
    t->rules[0].reason = NULL;
}
static void once_with_other(Table *t)
{
    t->rules[0].other = "memory";
}
static void above_nobody(Table *t)
{
    t->rules[0].relation = STORAGE_ORDER_ABOVE;
}
static void without_itself(Table *t)
{
    t->rules[0].relation = STORAGE_ORDER_WITHOUT;
    t->rules[0].other = "shelf";
}
static void several(Table *t)
{
    no_doc(t);
    field_without_doc(t);
    default_true(t);
    no_reason(t);
}

typedef struct Mistake {
    void (*spoil)(Table *table);
    const char *errors;
} Mistake;

#define NAME_FORM "the name must be 1 to 40 lower case letters, digits and underscores, a letter first\n"
#define BESIDE "bytes lie beside the 56 bytes of the option struct, or on its struct_size\n"
#define WIDTH "type \"shelf\": option 0 \"width\": "

static const Mistake mistakes[] = {
    {no_name, "type \"\": " NAME_FORM},
    {odd_name, "type \"Shelf \": " NAME_FORM},
    {long_name, "type \"a_name_of_forty_one_letters_is_one_too_many\": " NAME_FORM},
    {taken_name, "type \"memory\": the registry has a type of this name\n"},
    {no_role, "type \"shelf\": unknown role 0\n"},
    {no_doc, "type \"shelf\": doc is missing; say in a sentence or two what it does\n"},
    {no_wrap, "type \"shelf\": a layer has `wrap` and not the other\n"},
    {open_too, "type \"shelf\": a layer has `wrap` and not the other\n"},
    {backend_that_wraps, "type \"shelf\": a backend has `open` and not the other\n"},
    {backend_that_needs, "type \"shelf\": nothing is below a backend that it could need, remove or forbid\n"},
    {backend_with_rules, "type \"shelf\": rule 0: a backend stands at the bottom; its rules can only be WITHOUT\n"},
    {no_options_size, "type \"shelf\": options_size is 3; it must be the size of an option struct, which starts with "
                      "its struct_size\n"},
    {reserved_is_used, "type \"shelf\": reserved must be 0\n"},
    {unknown_bits, "type \"shelf\": adds: unknown bit 63\ntype \"shelf\": forbids: unknown bit 31\n"},
    {adds_and_removes, "type \"shelf\": what it adds it cannot remove\n"},
    {no_fields, "type: fields are counted, but where they are or field_size is not given\n"},
    {no_field_size, "type: fields are counted, but where they are or field_size is not given\n"},
    {too_many_fields, "type: more than 256 fields\n"},
    {no_rule_size, "type: rules are counted, but where they are or rule_size is not given\n"},
    {field_without_name, "type \"shelf\": option 0 \"\": " NAME_FORM},
    {field_with_odd_name, "type \"shelf\": option 0 \"9lives\": " NAME_FORM},
    {field_called_type,
     "type \"shelf\": option 0 \"type\": the name is that of the type in a document; take another\n"},
    {field_twice, "type \"shelf\": option 1 \"width\": the name is that of an option before\n"},
    {field_without_doc, WIDTH "doc is missing; say in a sentence or two what it does\n"},
    {unknown_kind, WIDTH "unknown kind 8\n"},
    {kind_zero, WIDTH "unknown kind 0\n"},
    {beside_the_struct, WIDTH "offset 52 and its 8 " BESIDE "type \"shelf\": option 4 \"wood\": the bytes at offset 52 "
                              "belong to an option before\n"},
    {far_beside_the_struct, WIDTH "offset 18446744073709551612 and its 8 " BESIDE},
    {on_the_struct_size, "type \"shelf\": option 3 \"open\": offset 0 and its 4 " BESIDE},
    {misaligned, WIDTH "offset 12 is no multiple of 8\n"},
    {overlapping, "type \"shelf\": option 1 \"rate\": the bytes at offset 8 belong to an option before\n"},
    {unknown_flag, "type \"shelf\": option 2 \"label\": unknown flags 0x80\n"},
    {secret_number, WIDTH "SECRET and PATH are for strings\n"},
    {path_bool, "type \"shelf\": option 3 \"open\": SECRET and PATH are for strings\n"},
    {required_with_default, "type \"shelf\": option 2 \"label\": what is REQUIRED has no default\n"},
    {secret_with_default, "type \"shelf\": option 2 \"label\": a SECRET has no default\n"},
    {no_default_that_varies, WIDTH "a default that varies is what DEFAULT_VARIES is about; give it\n"},
    {choice_without_choices, "type \"shelf\": option 4 \"wood\": choices are what a CHOICE has, and no other kind\n"},
    {choices_of_a_bool, "type \"shelf\": option 3 \"open\": choices are what a CHOICE has, and no other kind\n"},
    {empty_choices, "type \"shelf\": option 4 \"wood\": no choices\n"},
    {wrong_choices, "type \"shelf\": option 4 \"wood\": choice 1 must be 1 to 40 letters, digits or one of _ - . +\n"
                    "type \"shelf\": option 4 \"wood\": choice 2 is choice 0 again\n"},
    {inverted_limits, WIDTH "the minimum is larger than the maximum\n"},
    {maximum_beyond_2_53, WIDTH "the maximum is larger than the largest number of this kind\n"},
    {minimum_beyond_2_53, WIDTH "the minimum is larger than the maximum\n"},
    {limits_of_a_bool, "type \"shelf\": option 3 \"open\": minimum and maximum are for numbers and strings\n"},
    {wrong_default, WIDTH "the default \"many\" is not a whole number; write digits alone, such as 1000\n"},
    {default_beyond_limits, WIDTH "the default \"9\" is beyond the limits: must be a whole number from 10 to "
                                  "9007199254740991; the default is 9\n"},
    {default_of_zero_is_another, WIDTH "0 means the default (9), so the minimum must be at least 1\n"},
    {default_true, "type \"shelf\": option 3 \"open\": the default must be false, which is stored as 0; for "
                   "the other one add INVERTED\n"},
    {inverted_default_false, "type \"shelf\": option 3 \"open\": the default must be true, which is stored as 0; for "
                             "the other one remove INVERTED\n"},
    {inverted_count, WIDTH "INVERTED is for a BOOL\n"},
    {relative_default, "type \"shelf\": option 2 \"label\": the default of a PATH must begin with / or :, because "
                       "where a relative one starts depends on the document\n"},
    {default_second_choice, "type \"shelf\": option 4 \"wood\": the default must be the first choice, which is stored "
                            "as 0; else a document could not say it\n"},
    {default_no_choice, "type \"shelf\": option 4 \"wood\": the default \"steel\" is none of \"oak\", \"beech\"\n"},
    {unknown_relation, "type \"shelf\": rule 0: unknown relation 5\n"},
    {unknown_severity, "type \"shelf\": rule 0: unknown severity 2\n"},
    {no_reason, "type \"shelf\": rule 0: reason is missing; say what would go wrong\n"},
    {once_with_other, "type \"shelf\": rule 0: ONCE is about the type itself; `other` must be NULL\n"},
    {above_nobody, "type \"shelf\": rule 0: `other` is not the name of a type\n"},
    {without_itself, "type \"shelf\": rule 0: `other` is the type itself; write ONCE\n"},
    {several, "type \"shelf\": doc is missing; say in a sentence or two what it does\n" WIDTH
              "doc is missing; say in a sentence or two what it does\n"
              "type \"shelf\": option 3 \"open\": the default must be false, which is stored as 0; for the other one "
              "add INVERTED\n"
              "type \"shelf\": rule 0: reason is missing; say what would go wrong\n"},
};

START_TEST(a_table_with_a_mistake_is_refused)
{
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    Table table;
    table_init(&table);
    mistakes[_i].spoil(&table);
    assert_status(add(registry, &table.type, errors), STORAGE_INVALID_ARGUMENT);
    ck_assert_str_eq(errors, mistakes[_i].errors);
    ck_assert_uint_eq(storage_registry_count(registry), LIBRARY_TYPE_COUNT);
    storage_registry_free(registry);
}
END_TEST

/* ---- tables of other headers ---- */

/* As if an older header ended the struct after its doc; and something of the caller's that must not be read follows. */
typedef struct OlderField {
    const char *name;
    StorageFieldKind kind;
    uint32_t flags;
    size_t offset;
    uint64_t minimum, maximum;
    const char *default_text, *doc;
    uint64_t guard;
} OlderField;

typedef struct NewerField {
    StorageConfigField known;
    uint64_t added;
} NewerField;

typedef struct NewerType {
    StorageConfigType known;
    uint64_t added;
} NewerType;

static void open_with(const StorageRegistry *registry, const char *json)
{
    StorageConfigOptions options = STORAGE_CONFIG_OPTIONS_INIT;
    StorageContext *ctx = storage_context_new();
    StorageBackend *store = NULL;
    char errors[ERRORS_SIZE];
    options.registry = registry;
    if (storage_config_open(json, &options, &store, ctx) != STORAGE_OK)
        ck_abort_msg("%s", errors_of(ctx, errors));
    assert_status(storage_close(store, NULL), STORAGE_OK);
    storage_context_free(ctx);
}

static StorageConfigType shelf_backend(const void *fields, size_t field_count, uint32_t field_size)
{
    return (StorageConfigType){.struct_size = sizeof(StorageConfigType),
                               .role = STORAGE_ROLE_BACKEND,
                               .name = "shelf",
                               .doc = "A shelf.",
                               .fields = fields,
                               .field_count = field_count,
                               .field_size = field_size,
                               .options_size = sizeof(ShelfOptions),
                               .user_data = &opened,
                               .open = open_shelf};
}

#define SHELF_DOCUMENT "{\"backend\": {\"type\": \"shelf\", \"width\": 3, \"height\": 4, \"label\": \"jam\"}}"

static void assert_opened(void)
{
    ck_assert_uint_eq(opened.struct_size, sizeof(opened));
    ck_assert_uint_eq(opened.width, 3);
    ck_assert_uint_eq(opened.height, 4);
    ck_assert_str_eq(opened_label, "jam");
    ck_assert_ptr_eq(opened_self->user_data, &opened);
}

START_TEST(a_table_of_shorter_fields_is_read_with_its_own_stride)
{
    const OlderField fields[] = {
        {"width", STORAGE_FIELD_COUNT, 0, offsetof(ShelfOptions, width), 1, 9, "2", "Width.", UINT64_MAX},
        {"height", STORAGE_FIELD_COUNT, 0, offsetof(ShelfOptions, height), 1, 9, "2", "Height.", UINT64_MAX},
        {"label", STORAGE_FIELD_STRING, 0, offsetof(ShelfOptions, label), 0, 0, NULL, "Label.", UINT64_MAX},
    };
    StorageConfigType type = shelf_backend(fields, 3, sizeof(OlderField));
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    /* The guard stands where the choices are now, so with this stride it counts for them. */
    assert_status(add(registry, &type, errors), STORAGE_INVALID_ARGUMENT);
    type.field_size = offsetof(OlderField, guard);
    {
        unsigned char packed[3 * offsetof(OlderField, guard)];
        for (size_t i = 0; i < 3; i++)
            memcpy(packed + i * type.field_size, &fields[i], type.field_size);
        type.fields = (const StorageConfigField *)(const void *)packed;
        assert_status(add(registry, &type, errors), STORAGE_OK);
    }
    open_with(registry, SHELF_DOCUMENT);
    assert_opened();
    storage_registry_free(registry);
}
END_TEST

START_TEST(a_table_of_longer_fields_is_read_with_its_own_stride)
{
    NewerField fields[3] = {
        {.known = good_field("width", STORAGE_FIELD_COUNT, offsetof(ShelfOptions, width))},
        {.known = good_field("height", STORAGE_FIELD_COUNT, offsetof(ShelfOptions, height))},
        {.known = good_field("label", STORAGE_FIELD_STRING, offsetof(ShelfOptions, label))},
    };
    StorageConfigType type = shelf_backend(fields, 3, sizeof(NewerField));
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    fields[2].added = 1;
    assert_status(add(registry, &type, errors), STORAGE_UNSUPPORTED);
    ck_assert_str_eq(errors, "type: field 2 sets something that this library does not know; use a newer library\n");
    fields[2].added = 0;
    assert_status(add(registry, &type, errors), STORAGE_OK);
    open_with(registry, SHELF_DOCUMENT);
    assert_opened();
    storage_registry_free(registry);
}
END_TEST

typedef struct NewerRule {
    StorageOrderRule known;
    uint64_t added;
} NewerRule;

START_TEST(a_table_of_longer_rules_is_read_with_its_own_stride)
{
    NewerRule rules[2] = {
        {.known = {STORAGE_ORDER_WITHOUT, STORAGE_ORDER_REFUSED, "memory", "first"}},
        {.known = {STORAGE_ORDER_WITHOUT, STORAGE_ORDER_WARNED, "read_only", "second"}},
    };
    StorageConfigType type = shelf_backend(NULL, 0, 0);
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    type.rules = &rules[0].known;
    type.rule_count = 2;
    type.rule_size = sizeof(NewerRule);
    rules[1].added = 1;
    assert_status(add(registry, &type, errors), STORAGE_UNSUPPORTED);
    ck_assert_str_eq(errors, "type: rule 1 sets something that this library does not know; use a newer library\n");
    rules[1].added = 0;
    assert_status(add(registry, &type, errors), STORAGE_OK);
    ck_assert_str_eq(storage_registry_find(registry, "shelf")->rules[1].other, "read_only");
    ck_assert_str_eq(storage_registry_find(registry, "shelf")->rules[1].reason, "second");
    storage_registry_free(registry);
}
END_TEST

START_TEST(a_longer_type_is_taken_when_its_tail_is_empty)
{
    NewerType newer = {.added = 1};
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    newer.known = shelf_backend(NULL, 0, 0);
    newer.known.struct_size = sizeof(newer);
    assert_status(add(registry, &newer.known, errors), STORAGE_UNSUPPORTED);
    newer.added = 0;
    assert_status(add(registry, &newer.known, errors), STORAGE_OK);
    open_with(registry, "{\"backend\": {\"type\": \"shelf\"}}");
    ck_assert_uint_eq(opened_self->struct_size, sizeof(StorageConfigType));
    storage_registry_free(registry);
}
END_TEST

START_TEST(a_type_without_its_size_is_refused)
{
    StorageConfigType type = shelf_backend(NULL, 0, 0);
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    type.struct_size = 0;
    assert_status(add(registry, &type, errors), STORAGE_INVALID_ARGUMENT);
    storage_registry_free(registry);
}
END_TEST

START_TEST(the_table_is_copied_when_it_is_added)
{
    StorageConfigField field = good_field("width", STORAGE_FIELD_COUNT, offsetof(ShelfOptions, width));
    StorageConfigType type = shelf_backend(&field, 1, sizeof(field));
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    assert_status(add(registry, &type, errors), STORAGE_OK);
    memset(&field, 0, sizeof(field));
    memset(&type, 0, sizeof(type));
    open_with(registry, "{\"backend\": {\"type\": \"shelf\", \"width\": 7}}");
    ck_assert_uint_eq(opened.width, 7);
    storage_registry_free(registry);
}
END_TEST

/* is_open holds the opposite of the option "closed": 0 is the default, and true. */
START_TEST(an_inverted_truth_is_true_by_default)
{
    StorageConfigField field = good_field("closed", STORAGE_FIELD_BOOL, offsetof(ShelfOptions, is_open));
    StorageConfigType type = shelf_backend(&field, 1, sizeof(field));
    StorageRegistry *registry = storage_registry_new();
    char errors[ERRORS_SIZE];
    field.flags = STORAGE_FIELD_INVERTED;
    field.default_text = "true";
    assert_status(add(registry, &type, errors), STORAGE_OK);
    open_with(registry, "{\"backend\": {\"type\": \"shelf\"}}");
    ck_assert_uint_eq(opened.is_open, 0);
    open_with(registry, "{\"backend\": {\"type\": \"shelf\", \"closed\": true}}");
    ck_assert_uint_eq(opened.is_open, 0);
    open_with(registry, "{\"backend\": {\"type\": \"shelf\", \"closed\": false}}");
    ck_assert_uint_eq(opened.is_open, 1);
    open_with(registry, "{\"backend\": {\"type\": \"shelf\", \"closed\": \"${STORAGE_TEST_NOTHING:-false}\"}}");
    ck_assert_uint_eq(opened.is_open, 1);
    storage_registry_free(registry);
}
END_TEST

int main(void)
{
    const ConfigTest tests[] = {
        ONCE(a_new_registry_has_the_types_of_the_library),
        ONCE(no_registry_is_that_of_the_library),
        ONCE(a_type_that_was_added_is_found),
        ONCE(wrong_arguments_are_refused),
        FOR_EACH(a_table_with_a_mistake_is_refused, mistakes),
        ONCE(a_table_of_shorter_fields_is_read_with_its_own_stride),
        ONCE(a_table_of_longer_fields_is_read_with_its_own_stride),
        ONCE(a_table_of_longer_rules_is_read_with_its_own_stride),
        ONCE(a_longer_type_is_taken_when_its_tail_is_empty),
        ONCE(a_type_without_its_size_is_refused),
        ONCE(the_table_is_copied_when_it_is_added),
        ONCE(an_inverted_truth_is_true_by_default),
    };
    return run_tests("registry", tests, sizeof(tests) / sizeof(tests[0]));
}
