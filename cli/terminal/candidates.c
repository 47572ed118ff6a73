/*
 * cli/terminal/candidates.c - names that go on from what was typed.
 *
 * 1. `shared` holds for all names, also for those that are not kept to be shown: for keys it is what the first and the
 *    last one in order share, however many lie between them.
 * 2. A look at the store reads at most CANDIDATE_NAMES_MAX + 2 rows, without values, and ends after KEYS_TIME_NS.
 */
#include "terminal/candidates.h"

#include "output.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define KEYS_TIME_NS UINT64_C(250000000)

void candidates_init(Candidates *self, StorageSlice typed)
{
    memset(self, 0, sizeof(*self));
    self->typed = typed;
}

void candidates_done(Candidates *self)
{
    for (size_t i = 0; i < self->name_count; i++)
        free(self->names[i]);
    free(self->shared);
    memset(self, 0, sizeof(*self));
}

static size_t shared_size(StorageSlice a, StorageSlice b)
{
    const char *bytes_a = a.data, *bytes_b = b.data;
    size_t size = 0;
    while (size < a.size && size < b.size && bytes_a[size] == bytes_b[size])
        size++;
    return size;
}

static int starts_with_typed(const Candidates *self, StorageSlice name)
{
    return shared_size(self->typed, name) == self->typed.size;
}

/* Narrows `shared` to what `name` has too. Returns 0 when out of memory. */
static int share(Candidates *self, StorageSlice name)
{
    if (self->shared != NULL) {
        self->shared_size = shared_size(name, storage_bytes(self->shared, self->shared_size));
        return 1;
    }
    self->shared = malloc(name.size + 1);
    if (self->shared == NULL)
        return 0;
    if (name.size > 0)
        memcpy(self->shared, name.data, name.size);
    self->shared_size = name.size;
    return 1;
}

static void keep_name(Candidates *self, StorageSlice name)
{
    char *text = NULL;
    size_t size;
    FILE *stream = self->name_count < CANDIDATE_NAMES_MAX ? open_memstream(&text, &size) : NULL;
    if (stream == NULL)
        return;
    output_escaped(stream, name);
    if (fclose(stream) == 0)
        self->names[self->name_count++] = text;
    else
        free(text);
}

void candidates_add(Candidates *self, StorageSlice name, int kind)
{
    if (!starts_with_typed(self, name) || !share(self, name))
        return;
    self->is_whole = ++self->count == 1 && kind == CANDIDATE_WHOLE;
    keep_name(self, name);
}

void candidates_add_words(Candidates *self, const char *text, const char *separators)
{
    while (*text != '\0') {
        size_t len = strcspn(text, separators);
        if (len > 0)
            candidates_add(self, storage_bytes(text, len), CANDIDATE_WHOLE);
        text += len + (text[len] != '\0');
    }
}

/* ---- files ---- */

static void add_file(Candidates *self, const char *directory, const char *name)
{
    struct stat info;
    char *path = NULL;
    int size = asprintf(&path, "%s%s/", directory, name), is_directory;
    if (size < 0)
        return;
    path[size - 1] = '\0';
    is_directory = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (is_directory)
        path[size - 1] = '/';
    candidates_add(self, storage_bytes(path, (size_t)size - !is_directory),
                   is_directory ? CANDIDATE_BEGINNING : CANDIDATE_WHOLE);
    free(path);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void candidates_add_files(Candidates *self)
{
    const char *typed = self->typed.data;
    size_t size = self->typed.size;
    char *directory;
    struct dirent *entry;
    DIR *listing;
    while (size > 0 && typed[size - 1] != '/')
        size--;
    directory = strndup(size > 0 ? typed : "", size);
    listing = directory != NULL ? opendir(size > 0 ? directory : ".") : NULL;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        int is_hidden = entry->d_name[0] == '.', wants_hidden = self->typed.size > size && typed[size] == '.';
        if (is_hidden == wants_hidden && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add_file(self, directory, entry->d_name);
    }
    if (listing != NULL)
        (void)closedir(listing);
    qsort(self->names, self->name_count, sizeof(self->names[0]), compare_names);
    free(directory);
}

/* ---- keys ---- */

typedef struct KeyLook {
    StorageBackend *backend;
    StorageTransaction *txn;
    StorageContext *ctx;
    StorageRange range;
} KeyLook;

static StorageCursor *open_cursor(const KeyLook *self, uint32_t flags)
{
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor = NULL;
    StorageStatus status;
    options.flags = flags | STORAGE_SCAN_KEYS_ONLY;
    options.limit = CANDIDATE_NAMES_MAX + 1;
    if (self->txn != NULL)
        status = storage_transaction_scan(self->txn, &self->range, &options, &cursor, self->ctx);
    else
        status = storage_scan(self->backend, &self->range, &options, &cursor, self->ctx);
    return status == STORAGE_OK ? cursor : NULL;
}

/* Shares the first key, or the last one with REVERSE. Returns 0 when there is none. */
static int share_end(Candidates *self, const KeyLook *look, uint32_t flags, size_t *ret_key_size)
{
    StorageCursor *cursor = open_cursor(look, flags);
    const StorageEntry *entry;
    int is_found =
        cursor != NULL && storage_cursor_next(cursor, &entry, look->ctx) == STORAGE_OK && share(self, entry->key);
    if (is_found)
        *ret_key_size = entry->key.size;
    storage_cursor_close(cursor);
    return is_found;
}

/* How much of the key is shown: up to the first separator behind what all keys share. */
static size_t level_size(const Candidates *self, StorageSlice key)
{
    const char *bytes = key.data;
    for (size_t i = self->shared_size; i < key.size; i++)
        if (bytes[i] == '/' || bytes[i] == ':')
            return i + 1;
    return key.size;
}

/* Keeps the name of a level and moves the cursor behind all keys on it. Returns 0 when that fails. */
static int keep_level(Candidates *self, const KeyLook *look, StorageCursor *cursor, StorageSlice key)
{
    size_t size = level_size(self, key);
    char *next;
    int is_moved;
    keep_name(self, storage_bytes(key.data, size));
    if (size == key.size)
        return 1;
    next = malloc(size);
    if (next == NULL)
        return 0;
    memcpy(next, key.data, size);
    next[size - 1]++; /* of a slash or a colon: the first key that does not start with it */
    is_moved = storage_cursor_seek(cursor, storage_bytes(next, size), look->ctx) == STORAGE_OK;
    free(next);
    return is_moved;
}

static void keep_levels(Candidates *self, const KeyLook *look)
{
    StorageCursor *cursor = open_cursor(look, 0);
    const StorageEntry *entry;
    while (cursor != NULL && storage_cursor_next(cursor, &entry, look->ctx) == STORAGE_OK) {
        self->count++;
        if (!keep_level(self, look, cursor, entry->key))
            break;
    }
    storage_cursor_close(cursor);
}

void candidates_add_keys(Candidates *self, StorageBackend *backend, StorageTransaction *txn)
{
    KeyLook look = {backend, txn, storage_context_new(), storage_range_prefix(self->typed)};
    struct timespec now = {0};
    size_t first_size, last_size;
    if (look.ctx == NULL)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    storage_context_set_deadline(look.ctx, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + KEYS_TIME_NS);
    if (share_end(self, &look, 0, &first_size) && share_end(self, &look, STORAGE_SCAN_REVERSE, &last_size)) {
        int is_one = first_size == self->shared_size && last_size == self->shared_size;
        if (is_one) {
            self->count = 1;
            self->is_whole = 1;
        } else {
            keep_levels(self, &look);
        }
    }
    storage_context_free(look.ctx);
}
