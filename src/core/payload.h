/* core/payload.h - what an idempotency token stands for: SHA-256 of the write as the caller gave it. */
#ifndef CORE_PAYLOAD_H
#define CORE_PAYLOAD_H

#include "storage/backend.h"

enum { PAYLOAD_HASH_SIZE = 32 };

typedef struct StoragePayload StoragePayload;

/* Adds one operation, or another step of a transaction; NULL `*payload` makes a new one. OK or NO_MEMORY. */
StorageStatus payload_add_operation(StoragePayload **payload, const StorageOperation *operation);
StorageStatus payload_add_number(StoragePayload **payload, uint64_t number);

/* The hash of all that was added; NULL is a payload of nothing. OK, NO_MEMORY or INTERNAL. */
StorageStatus payload_finish(StoragePayload *payload, uint8_t ret_hash[PAYLOAD_HASH_SIZE]);
void payload_free(StoragePayload *payload);

#endif
