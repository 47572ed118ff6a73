/* core/capabilities.c - what capabilities and weakenings are called: one list of each, in the order of their bits. */
#include "core/capabilities.h"

#include "core/json_writer.h"

static const char *const capability_names[] = {"transactions", "serializable", "savepoints",   "tables",
                                               "compare",      "clear_range",  "multi_write",  "expiry",
                                               "watch",        "idempotency",  "reverse_scan", "durable"};
static const char *const weakening_names[] = {"writes_refused", "scan_live"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *capability_name(unsigned int bit_index)
{
    return bit_index < COUNT_OF(capability_names) ? capability_names[bit_index] : NULL;
}

const char *weakening_name(unsigned int bit_index)
{
    return bit_index < COUNT_OF(weakening_names) ? weakening_names[bit_index] : NULL;
}

static void write_names(StorageJson *json, const char *member, uint64_t bits, const char *(*name_of)(unsigned int))
{
    json_open_array(json, member);
    for (unsigned int i = 0; name_of(i) != NULL; i++)
        if ((bits >> i & 1) != 0)
            storage_json_string(json, NULL, name_of(i));
    storage_json_close(json);
}

void json_capability_names(StorageJson *json, const char *member, uint64_t capabilities)
{
    write_names(json, member, capabilities, capability_name);
}

void json_weakening_names(StorageJson *json, const char *member, uint32_t weakenings)
{
    write_names(json, member, weakenings, weakening_name);
}
