/* random_run.h - one run of a sequence on a stack and on the model; private to testutil. */
#ifndef STORAGE_TESTUTIL_RANDOM_RUN_H
#define STORAGE_TESTUTIL_RANDOM_RUN_H

#include "random_step.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/factory.h"
#include "storage_testutil/model.h"

typedef struct RandomCursor {
    StorageCursor *cursor;
    TestutilModelCursor *model;
    int is_of_transaction;
    size_t transaction_slot;
    int has_ended; /* its transaction has */
} RandomCursor;

typedef struct RandomSavepoint {
    uint32_t number, model_number;
} RandomSavepoint;

typedef struct RandomTransaction {
    StorageTransaction *txn;
    TestutilModelTransaction *model;
    int has_ended;
    RandomSavepoint savepoints[RANDOM_SAVEPOINT_COUNT];
    size_t savepoint_count;
    TestutilText payload; /* what a token of its commit stands for */
} RandomTransaction;

/* A token that a commit was made with. */
typedef struct RandomCommitToken {
    int is_used;
    TestutilText payload;
    uint64_t revision;
} RandomCommitToken;

/* A watch, and how far it has come in the changes of the model. */
typedef struct RandomWatch {
    StorageWatch *watch;
    StorageRange range;
    size_t change_index;
    uint64_t from_revision;
    uint64_t expired_revisions[RANDOM_KEY_COUNT]; /* the write of each key whose EXPIRED was seen last */
} RandomWatch;

/* What was done under a token, and the answer. */
typedef struct RandomToken {
    StorageOperation operations[RANDOM_OPERATION_COUNT];
    StorageResult results[RANDOM_OPERATION_COUNT];
    size_t count;
    uint32_t mode;
    StorageStatus status;
    uint64_t revision;
} RandomToken;

typedef struct RandomRun {
    const TestutilFactory *factory;
    TestutilAllocator *allocator; /* NULL: no allocation fails */
    uint64_t failure_count;       /* of the allocator, before the step */
    TestutilClock *clock;
    StorageBackend *backend;
    StorageContext *ctx;
    TestutilModel *model;
    uint64_t capabilities;
    uint32_t weakenings;
    int64_t start_ns;
    int64_t attempt_ns; /* database time of the latest write, whatever became of it */
    RandomCursor cursors[RANDOM_CURSOR_COUNT];
    RandomTransaction transactions[RANDOM_TRANSACTION_COUNT];
    RandomWatch watches[RANDOM_WATCH_COUNT];
    RandomToken tokens[RANDOM_TOKEN_COUNT];
    RandomCommitToken commit_tokens[RANDOM_TOKEN_COUNT];
    RandomOutcome *outcome;
} RandomRun;

/* Runs a sequence; the outcome is released with testutil_text_done(&outcome->difference). */
void testutil_trial_run(const TestutilFactory *factory, TestutilAllocator *allocator, const RandomSequence *sequence,
                        RandomOutcome *ret_outcome);

/* Whether the answer is NO_MEMORY because an allocation of the step was made to fail. Then the call had no effect. */
int testutil_trial_was_refused(RandomRun *self, StorageStatus status);

/* Each compares, and notes the first difference; they return 1 when there is none. */
int testutil_trial_expect_number(RandomRun *self, const char *what, int64_t expected, int64_t actual);
int testutil_trial_expect_status(RandomRun *self, const char *what, StorageStatus expected, StorageStatus actual);
int testutil_trial_expect_bytes(RandomRun *self, const char *what, StorageSlice expected, StorageSlice actual);
int testutil_trial_expect_value(RandomRun *self, StorageStatus expected_status, const TestutilModelRow *expected,
                                StorageStatus actual_status, const StorageValue *actual);
int testutil_trial_expect_entry(RandomRun *self, const TestutilModelRow *expected, const StorageEntry *actual);
/* What the context says after the call. */
int testutil_trial_expect_revision(RandomRun *self, uint64_t expected);

/* An operation as it is handed to the stack. `current` is the row that conditions are about, or NULL. */
StorageOperation testutil_trial_resolve(const RandomRun *self, const RandomOperation *operation,
                                        const TestutilModelRow *current);
StorageRange testutil_trial_resolve_range(const RandomRange *range);
int testutil_trial_is_same_range(const StorageRange *a, const StorageRange *b);

/* A write is about to be tried. */
void testutil_trial_note_attempt(RandomRun *self);

/* Steps, by what they are about. */
void testutil_trial_step_write(RandomRun *self, const RandomStep *step);
void testutil_trial_step_write_several(RandomRun *self, const RandomStep *step);
void testutil_trial_step_replay(RandomRun *self, const RandomStep *step);
void testutil_trial_step_cursor(RandomRun *self, const RandomStep *step);
void testutil_trial_step_transaction(RandomRun *self, const RandomStep *step);
void testutil_trial_step_watch(RandomRun *self, const RandomStep *step);
void testutil_trial_close_cursor(RandomCursor *cursor);
void testutil_trial_close_transaction(RandomRun *self, size_t slot);
void testutil_trial_close_watch(RandomWatch *watch);
void testutil_trial_forget_token(RandomToken *token);

#endif
