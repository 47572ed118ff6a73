/*
 * cli/terminal/complete.h - what could stand where a person is typing: verbs, options, values, files, keys.
 *
 * All of it from the tables of the verbs. Keys come from a look at the store that is bounded in rows and in time, and
 * that leaves no trace, as a read in a transaction that is validated for what it has read would.
 */
#ifndef CLI_TERMINAL_COMPLETE_H
#define CLI_TERMINAL_COMPLETE_H

#include "terminal/candidates.h"
#include "verbs.h"

typedef struct Completion {
    char *text;   /* to be put in place of the bytes from `start` on; NULL: there is nothing to add */
    size_t start; /* in the line */
    Candidates candidates;
} Completion;

/* Completes a line that ends where the cursor is. Failures are no completion. completion_done in any case. */
void complete_line(Session *session, StorageSlice line, Completion *ret_completion);
void completion_done(Completion *completion);

#endif
