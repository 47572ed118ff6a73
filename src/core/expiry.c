/* core/expiry.c - expiries and preconditions as values; absolute times saturate. */
#include "storage/types.h"

StorageExpiry storage_expiry_never(void)
{
    return (StorageExpiry){0, STORAGE_EXPIRY_NEVER};
}

StorageExpiry storage_expiry_after(int64_t duration_ns)
{
    return (StorageExpiry){duration_ns, STORAGE_EXPIRY_AFTER};
}

StorageExpiry storage_expiry_at(int64_t unix_ns)
{
    return (StorageExpiry){unix_ns, STORAGE_EXPIRY_AT};
}

StorageExpiry storage_expiry_keep(void)
{
    return (StorageExpiry){0, STORAGE_EXPIRY_KEEP};
}

int64_t storage_expiry_resolve(StorageExpiry expiry, int64_t now_ns, int64_t kept_ns)
{
    switch (expiry.kind) {
    case STORAGE_EXPIRY_AFTER:
        if (expiry.ns <= 0)
            return now_ns;
        return now_ns > STORAGE_NEVER - expiry.ns ? STORAGE_NEVER : now_ns + expiry.ns;
    case STORAGE_EXPIRY_AT:
        return expiry.ns;
    case STORAGE_EXPIRY_KEEP:
        return kept_ns;
    default:
        return STORAGE_NEVER;
    }
}

StorageExpected storage_expect_absent(void)
{
    return (StorageExpected){{NULL, 0}, 0, STORAGE_EXPECT_ABSENT};
}

StorageExpected storage_expect_value(StorageSlice value)
{
    return (StorageExpected){value, 0, STORAGE_EXPECT_VALUE};
}

StorageExpected storage_expect_revision(uint64_t revision)
{
    return (StorageExpected){{NULL, 0}, revision, STORAGE_EXPECT_REVISION};
}
