/*
 * core/payload.c - the payload hash of writes and transactions.
 *
 * A transaction learns at its commit whether it has a token, so its operations are noted as they come. The encoding
 * goes to a small buffer; SHA-256 (FIPS 180-4) starts only when that is full, so that a small transaction without a
 * token costs a copy and never a hash.
 *
 * Encoding, injective: kind (8 bytes), then the fields of that kind, each number in 8 bytes little-endian, each slice
 * as its size and its bytes.
 */
#include "core/payload.h"

#include <openssl/evp.h>
#include <string.h>

enum { PAYLOAD_BUFFER_SIZE = 4000 };

struct StoragePayload {
    EVP_MD_CTX *digest; /* NULL until the buffer was full once */
    size_t used;
    uint8_t buffer[PAYLOAD_BUFFER_SIZE];
};

static StorageStatus flush(StoragePayload *self)
{
    if (self->digest == NULL) {
        self->digest = EVP_MD_CTX_new();
        if (self->digest == NULL || EVP_DigestInit_ex(self->digest, EVP_sha256(), NULL) != 1)
            return STORAGE_NO_MEMORY;
    }
    if (EVP_DigestUpdate(self->digest, self->buffer, self->used) != 1)
        return STORAGE_INTERNAL;
    self->used = 0;
    return STORAGE_OK;
}

static StorageStatus add_bytes(StoragePayload **payload, const void *data, size_t size)
{
    StoragePayload *self = *payload;
    StorageStatus status = STORAGE_OK;
    if (self == NULL) {
        self = *payload = storage_allocate(sizeof(*self));
        if (self == NULL)
            return STORAGE_NO_MEMORY;
        self->digest = NULL;
        self->used = 0;
    }
    if (size > PAYLOAD_BUFFER_SIZE - self->used)
        status = flush(self);
    if (status != STORAGE_OK)
        return status;
    if (size > PAYLOAD_BUFFER_SIZE)
        return EVP_DigestUpdate(self->digest, data, size) == 1 ? STORAGE_OK : STORAGE_INTERNAL;
    if (size > 0)
        memcpy(self->buffer + self->used, data, size);
    self->used += size;
    return STORAGE_OK;
}

StorageStatus payload_add_number(StoragePayload **payload, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    return add_bytes(payload, bytes, sizeof(bytes));
}

static StorageStatus add_slice(StoragePayload **payload, StorageSlice slice)
{
    StorageStatus status = payload_add_number(payload, slice.size);
    return status != STORAGE_OK ? status : add_bytes(payload, slice.data, slice.size);
}

static StorageStatus add_bound(StoragePayload **payload, const StorageBound *bound)
{
    StorageStatus status = payload_add_number(payload, bound->kind);
    if (status != STORAGE_OK || bound->kind == STORAGE_BOUND_OPEN)
        return status;
    return add_slice(payload, bound->key);
}

static StorageStatus add_expiry(StoragePayload **payload, StorageExpiry expiry)
{
    StorageStatus status = payload_add_number(payload, expiry.kind);
    return status != STORAGE_OK ? status : payload_add_number(payload, (uint64_t)expiry.ns);
}

static StorageStatus add_expected(StoragePayload **payload, const StorageExpected *expected)
{
    StorageStatus status = payload_add_number(payload, expected->kind);
    if (status == STORAGE_OK)
        status = payload_add_number(payload, expected->kind == STORAGE_EXPECT_REVISION ? expected->revision : 0);
    if (status == STORAGE_OK && expected->kind == STORAGE_EXPECT_VALUE)
        status = add_slice(payload, expected->value);
    return status;
}

StorageStatus payload_add_operation(StoragePayload **payload, const StorageOperation *operation)
{
    StorageStatus status = payload_add_number(payload, operation->kind);
    if (status != STORAGE_OK)
        return status;
    if (operation->kind == STORAGE_OPERATION_CLEAR_RANGE) {
        status = add_bound(payload, &operation->range.start);
        return status != STORAGE_OK ? status : add_bound(payload, &operation->range.end);
    }
    status = add_slice(payload, operation->key);
    switch (operation->kind) {
    case STORAGE_OPERATION_COMPARE_AND_SET:
    case STORAGE_OPERATION_COMPARE_AND_DELETE:
        if (status == STORAGE_OK)
            status = add_expected(payload, &operation->expected);
        if (operation->kind == STORAGE_OPERATION_COMPARE_AND_DELETE)
            break;
        /* fall through */
    case STORAGE_OPERATION_SET:
        if (status == STORAGE_OK)
            status = add_slice(payload, operation->value);
        /* fall through */
    case STORAGE_OPERATION_TOUCH:
        if (status == STORAGE_OK)
            status = add_expiry(payload, operation->expiry);
        break;
    default:
        break;
    }
    return status;
}

StorageStatus payload_finish(StoragePayload *payload, uint8_t ret_hash[PAYLOAD_HASH_SIZE])
{
    unsigned int size = PAYLOAD_HASH_SIZE;
    if (payload == NULL)
        return EVP_Digest("", 0, ret_hash, &size, EVP_sha256(), NULL) == 1 ? STORAGE_OK : STORAGE_NO_MEMORY;
    if (payload->digest == NULL)
        return EVP_Digest(payload->buffer, payload->used, ret_hash, &size, EVP_sha256(), NULL) == 1 ? STORAGE_OK
                                                                                                    : STORAGE_NO_MEMORY;
    if (EVP_DigestUpdate(payload->digest, payload->buffer, payload->used) != 1 ||
        EVP_DigestFinal_ex(payload->digest, ret_hash, &size) != 1)
        return STORAGE_INTERNAL;
    return STORAGE_OK;
}

void payload_free(StoragePayload *payload)
{
    if (payload == NULL)
        return;
    EVP_MD_CTX_free(payload->digest);
    storage_release(payload);
}
