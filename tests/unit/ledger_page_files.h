/*
 * ledger_page_files.h - files that fail when they are told to, and that note what was done to them.
 *
 * A layer over other files (memory_files_new). Calls that may fail are counted. What changes the files is recorded in
 * order, so that a test can make the images that a power cut leaves: see ledger_page_image.
 */
#ifndef LEDGER_PAGE_FILES_H
#define LEDGER_PAGE_FILES_H

#include "storage/environment.h"

typedef enum PageFilesKind {
    PAGE_FILES_WRITE,
    PAGE_FILES_LENGTH, /* the file got longer or shorter: `size` */
    PAGE_FILES_SYNC,
    PAGE_FILES_PUBLISH,
    PAGE_FILES_SYNC_DIRECTORY,
    PAGE_FILES_MARK /* the test's: `offset` is what it wants to remember */
} PageFilesKind;

typedef struct PageFilesEvent {
    PageFilesKind kind;
    uint64_t offset, size;
    unsigned char *bytes; /* of a write */
} PageFilesEvent;

typedef struct PageFiles {
    StorageFiles interface; /* give this to the environment */
    const StorageFiles *inner;
    uint64_t call_count;
    uint64_t fail_at; /* the call with this number fails, from 1; 0: none */
    int is_sticky;    /* and all after it */
    int error;        /* errno number */
    int has_failed;
    int is_recording;
    PageFilesEvent *events;
    size_t event_count, event_capacity;
} PageFiles;

void page_files_init(PageFiles *self, const StorageFiles *inner);
void page_files_done(PageFiles *self);

/* Call `number` from now on fails with `error`; 0: none. */
void page_files_fail(PageFiles *self, uint64_t number, int is_sticky, int error);

/* Notes a moment among the events. */
void page_files_mark(PageFiles *self, uint64_t number);

#endif
