/* quick_start.c - the first steps with libstorage: open a store, write, read, scan, and change in a transaction. */
#include <storage/storage.h>

#include <stdio.h>
#include <stdlib.h>

static void check(StorageStatus status, const char *step)
{
    if (status != STORAGE_OK) {
        fprintf(stderr, "%s: %s\n", step, storage_status_text(status));
        exit(EXIT_FAILURE);
    }
}

/* Moves a key, all or nothing. storage_update runs it again when another writer was faster. */
static StorageStatus rename_user(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, storage_string("user/1"), &value, ctx);
    (void)user_data;
    if (status == STORAGE_OK)
        status = storage_transaction_set(txn, storage_string("user/7"), storage_value_slice(&value), NULL, ctx);
    if (status == STORAGE_OK)
        status = storage_transaction_delete(txn, storage_string("user/1"), ctx);
    storage_value_release(&value);
    return status;
}

int main(void)
{
    StorageSetOptions ten_seconds = STORAGE_SET_OPTIONS_INIT;
    StorageRange users = storage_range_prefix(storage_string("user/"));
    StorageBackend *store;
    StorageCursor *cursor;
    const StorageEntry *row;
    StorageStatus status;

    check(storage_config_open("{\"backend\": {\"type\": \"memory\"}}", NULL, &store, NULL), "open");

    ten_seconds.expiry = storage_expiry_after(10 * INT64_C(1000000000));
    check(storage_set(store, storage_string("user/1"), storage_string("Ada"), NULL, NULL), "set");
    check(storage_set(store, storage_string("user/2"), storage_string("Edsger"), NULL, NULL), "set");
    check(storage_set(store, storage_string("session/1"), storage_string("token"), &ten_seconds, NULL), "set");
    check(storage_update(store, NULL, rename_user, NULL, NULL), "rename");

    check(storage_scan(store, &users, NULL, &cursor, NULL), "scan");
    while ((status = storage_cursor_next(cursor, &row, NULL)) == STORAGE_OK)
        printf("%.*s = %.*s\n", (int)row->key.size, (const char *)row->key.data, (int)row->value.size,
               (const char *)row->value.data);
    storage_cursor_close(cursor);
    if (status != STORAGE_END)
        check(status, "scan");

    check(storage_close(store, NULL), "close");
    return EXIT_SUCCESS;
}
