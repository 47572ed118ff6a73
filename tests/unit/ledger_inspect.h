/* ledger_inspect.h - looks at every page of a ledger file that nobody has open, for tests that reopen. */
#ifndef LEDGER_INSPECT_H
#define LEDGER_INSPECT_H

/* Fails the test unless every tree of the newer slot is good to the last page, and a page is allocated exactly when a
 * tree reaches it or it is a fixed place. */
void ledger_inspect(const char *path);

/* A path in a new directory of its own, in memory where the system has that; the directory's end is the caller's
 * (ledger_temporary_remove). */
void ledger_temporary_make(char *path, unsigned path_size);
void ledger_temporary_remove(const char *path);

#endif
