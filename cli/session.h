/*
 * cli/session.h - what the verbs share: the store, the transaction that is open, where errors are reported.
 *
 * storagectl uses the public headers only: it is also the first user of the library.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <storage/storage.h>

#include "encoding.h"

/* What the process ends with. Scripts depend on them: numbers are never reused. */
enum {
    EXIT_DONE = 0,
    EXIT_NOT_FOUND = 1,
    EXIT_USAGE = 2,         /* the command line, a script or the configuration asks for what cannot be */
    EXIT_CONFLICT = 3,      /* somebody else changed it */
    EXIT_UNAVAILABLE = 4,   /* busy, timed out, not reachable: later it may work */
    EXIT_DAMAGED = 5,       /* corrupt or incompatible data */
    EXIT_LIMIT = 6,         /* too large, too many */
    EXIT_IO = 7,            /* input, output or space */
    EXIT_INDETERMINATE = 8, /* nobody knows whether the write took effect */
    EXIT_INTERNAL = 9
};

/* How keys and values are read and printed; a command may choose otherwise than the program was told. */
typedef struct Preferences {
    Encoding encoding;
    int wants_json;
} Preferences;

typedef struct Session {
    StorageBackend *backend;
    StorageTransaction *txn; /* the one that `begin` opened, or NULL */
    StorageContext *ctx;
    const char *config_path; /* given with -c, or NULL */
    int uses_memory;         /* --memory */
    uint64_t timeout_ns;     /* of each command; UINT64_MAX: none */
    Preferences preferences;
    const char *verb_name;  /* of the running command, for errors; NULL for none */
    uint32_t txn_isolation; /* of txn */
    size_t begin_line_no;   /* where it did */
    size_t line_no;         /* of the script; 0: not in the shell, or the shell on a terminal */
    int in_shell;
    int is_interactive; /* a person types and reads */
    int is_ending;      /* the shell is to stop */
} Session;

/*
 * Finds the configuration and opens the store that it describes. `may_be_memory`: without a configuration an empty
 * store in memory will do. Returns an exit code and reports.
 */
int session_open(Session *self, int may_be_memory);

/* The path of the configuration, to be freed; NULL when there is none. Returns an exit code and reports. */
int session_find_config(Session *self, char **ret_path);

/* The calls from now on get `duration_ns`, 0 too; UINT64_MAX: all the time there is. */
void session_set_deadline(Session *self, uint64_t duration_ns);

/* Rolls an open transaction back and closes the store. Returns an exit code and reports. */
int session_close(Session *self);

/* The exit code that stands for a status. */
int session_exit_code(StorageStatus status);

/* Reports what the last call left in the context, in one line. Returns the exit code. */
int session_fail(Session *self, StorageStatus status);

/* Reports every error text that the last call left in the context, one line each. Returns the exit code. */
int session_fail_all(Session *self, StorageStatus status);

/* Reports that `key` is not there. Returns EXIT_NOT_FOUND. */
int session_not_found(Session *self, StorageSlice key);

/* Says which revision the last call wrote: as JSON, or to a person; a script hears nothing. */
void session_tell_revision(const Session *self, const Preferences *preferences, uint64_t revision);

/* Reports a mistake of the user's in one line: what is wrong and what to do. Returns EXIT_USAGE. */
int session_usage_error(Session *self, const char *format, ...) STORAGE_PRINTF(2, 3);

/* Reports another failure in one line. Returns `exit_code`. */
int session_error(Session *self, int exit_code, const char *format, ...) STORAGE_PRINTF(3, 4);

/* Says something on standard error that is no failure. */
void session_note(Session *self, const char *format, ...) STORAGE_PRINTF(2, 3);

#endif
