/* core/json_writer.h - JSON text, written member by member; the part that layers use is in storage/backend.h. */
#ifndef CORE_JSON_WRITER_H
#define CORE_JSON_WRITER_H

#include "storage/backend.h"

enum { JSON_DEPTH_MAX = 32 };

struct StorageJson {
    char *text;
    size_t size, capacity;
    uint32_t depth;
    uint32_t has_members; /* one bit a level */
    uint32_t is_array;    /* one bit a level */
    int has_failed;       /* memory ran out, or something was nested too deeply */
};

/* Starts with the outermost object open. */
void json_init(StorageJson *json);
void json_done(StorageJson *json);

/* An array as a member; its elements are written with a NULL name. */
void json_open_array(StorageJson *json, const char *name);

/* Closes everything that is open and hands the text out. Returns OK or NO_MEMORY; `json` is done either way. */
StorageStatus json_finish(StorageJson *json, StorageValue *ret_text);

#endif
