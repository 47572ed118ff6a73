/* cli/terminal/candidates.h - names that go on from what was typed: some to show, and what all share. */
#ifndef CLI_TERMINAL_CANDIDATES_H
#define CLI_TERMINAL_CANDIDATES_H

#include <storage/storage.h>

#define CANDIDATE_NAMES_MAX 100

typedef struct Candidates {
    StorageSlice typed; /* what a name has to start with */
    char *shared;       /* bytes that all names start with, `typed` at least */
    size_t shared_size;
    size_t count;
    int is_whole;                     /* there is one, and nothing comes behind it: a space may */
    char *names[CANDIDATE_NAMES_MAX]; /* the first ones, printable, to be shown */
    size_t name_count;
} Candidates;

enum { CANDIDATE_WHOLE = 0, CANDIDATE_BEGINNING = 1 /* such as a directory: more is to be typed behind it */ };

void candidates_init(Candidates *self, StorageSlice typed);
void candidates_done(Candidates *self);

/* Adds a name, if it starts with what was typed. Out of memory it is left out. */
void candidates_add(Candidates *self, StorageSlice name, int kind);

/* Adds each of the words of `text`, which are separated by one of `separators`. */
void candidates_add_words(Candidates *self, const char *text, const char *separators);

/* Adds the files whose path starts with what was typed; a directory ends with a slash. */
void candidates_add_files(Candidates *self);

/*
 * Adds the keys that start with what was typed: of `txn`, or of `backend` when it is NULL. A key is cut behind the
 * first slash or colon after what all of them share, so that keys that are made like paths are shown one level at a
 * time.
 */
void candidates_add_keys(Candidates *self, StorageBackend *backend, StorageTransaction *txn);

#endif
