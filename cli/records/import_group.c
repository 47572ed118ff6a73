/*
 * cli/records/import_group.c - records into commits.
 *
 * A commit that is refused for its size is halved until it goes through or is a single record, which is then at fault;
 * a stack that takes one operation a write gets them one by one in the same way. Halves are committed first to last.
 *
 * 1. `bytes` is never moved: the operations point into it. A record that does not fit is written by itself, from where
 *    the reader has it, after what was waiting.
 */
#include "records/import_group.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_NS UINT64_C(1000000)

static uint64_t system_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * MS_NS + (uint64_t)now.tv_nsec;
}

int import_group_init(ImportGroup *self)
{
    if (self->now_ns == NULL)
        self->now_ns = system_now_ns;
    self->operations = calloc(IMPORT_GROUP_COUNT_MAX, sizeof(*self->operations));
    self->line_numbers = calloc(IMPORT_GROUP_COUNT_MAX, sizeof(*self->line_numbers));
    self->bytes = malloc(IMPORT_GROUP_SIZE_MAX);
    return self->operations != NULL && self->line_numbers != NULL && self->bytes != NULL;
}

void import_group_done(ImportGroup *self)
{
    free(self->operations);
    free(self->line_numbers);
    free(self->bytes);
    memset(self, 0, sizeof(*self));
}

static StorageOperation operation_of(const Record *record)
{
    return (StorageOperation){
        .kind = STORAGE_OPERATION_SET, .key = record->key, .value = record->value, .expiry = record->expiry};
}

static void note_imported(ImportGroup *self, size_t count, uint64_t last_line_no)
{
    self->imported_count += count;
    self->imported_line_no = last_line_no;
}

/* Commits `count` operations, in parts where the whole is refused. */
static StorageStatus commit_part(ImportGroup *self, const StorageOperation *operations, const uint64_t *line_numbers,
                                 size_t count)
{
    StorageStatus status = storage_write(self->backend, operations, count, STORAGE_WRITE_ATOMIC, NULL, self->ctx);
    size_t half = count / 2;
    if (status == STORAGE_OK) {
        note_imported(self, count, line_numbers[count - 1]);
        self->commit_count++;
        return status;
    }
    if (count == 1) {
        if (status == STORAGE_SIZE_LIMIT_EXCEEDED && self->refused(self->user_data, line_numbers[0], status))
            return STORAGE_OK;
        return status;
    }
    if (status != STORAGE_SIZE_LIMIT_EXCEEDED && status != STORAGE_UNSUPPORTED)
        return status;
    status = commit_part(self, operations, line_numbers, half);
    return status == STORAGE_OK ? commit_part(self, operations + half, line_numbers + half, count - half) : status;
}

StorageStatus import_group_commit(ImportGroup *self)
{
    size_t count = self->count;
    self->count = 0;
    self->size = 0;
    return count > 0 ? commit_part(self, self->operations, self->line_numbers, count) : STORAGE_OK;
}

static StorageStatus add_to_transaction(ImportGroup *self, const Record *record, uint64_t line_no)
{
    StorageSetOptions options = STORAGE_SET_OPTIONS_INIT;
    StorageStatus status;
    options.expiry = record->expiry;
    status = storage_transaction_set(self->txn, record->key, record->value, &options, self->ctx);
    if (status == STORAGE_OK)
        note_imported(self, 1, line_no);
    else if (status == STORAGE_SIZE_LIMIT_EXCEEDED && self->refused(self->user_data, line_no, status))
        status = STORAGE_OK;
    return status;
}

static StorageSlice keep(ImportGroup *self, StorageSlice bytes)
{
    char *copy = self->bytes + self->size;
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    self->size += bytes.size;
    return storage_bytes(copy, bytes.size);
}

static int fits(const ImportGroup *self, const Record *record)
{
    size_t room = IMPORT_GROUP_SIZE_MAX - self->size;
    return record->key.size <= room && record->value.size <= room - record->key.size;
}

StorageStatus import_group_add(ImportGroup *self, const Record *record, uint64_t line_no)
{
    StorageOperation operation = operation_of(record);
    StorageStatus status = STORAGE_OK;
    if (self->txn != NULL)
        return add_to_transaction(self, record, line_no);
    if (!fits(self, record))
        status = import_group_commit(self);
    if (status != STORAGE_OK)
        return status;
    if (!fits(self, record))
        return commit_part(self, &operation, &line_no, 1);
    if (self->count == 0)
        self->begin_ns = self->now_ns();
    operation.key = keep(self, record->key);
    operation.value = keep(self, record->value);
    self->operations[self->count] = operation;
    self->line_numbers[self->count++] = line_no;
    if (self->count == IMPORT_GROUP_COUNT_MAX || import_group_wait_ms(self) == 0)
        return import_group_commit(self);
    return STORAGE_OK;
}

int import_group_wait_ms(const ImportGroup *self)
{
    uint64_t age_ns;
    if (self->count == 0)
        return -1;
    age_ns = self->now_ns() - self->begin_ns;
    if (age_ns >= IMPORT_GROUP_AGE_MS * MS_NS)
        return 0;
    return (int)((IMPORT_GROUP_AGE_MS * MS_NS - age_ns + MS_NS - 1) / MS_NS);
}
