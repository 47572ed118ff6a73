/*
 * format_fixture.h - records as text for the tests of the formats: written to memory, read from memory or from a pipe.
 */
#ifndef FORMAT_FIXTURE_H
#define FORMAT_FIXTURE_H

#include "records/record.h"

/* What the writer makes of `entries`; to be freed. */
StorageSlice format_write(const RecordWriter *like, const StorageEntry *entries, size_t entry_count);

/* Reads all of `text` and asserts that it holds `entries`, with their expiries where `has_expiry`. */
void format_check(RecordFormat format, StorageSlice text, const StorageEntry *entries, size_t entry_count,
                  int has_expiry);

/* Writes `entries` in every format, variant and way of reading, and asserts that they come back. */
void format_check_round_trips(const StorageEntry *entries, size_t entry_count);

/* A row that never expires. */
StorageEntry format_entry(StorageSlice key, StorageSlice value);

#endif
