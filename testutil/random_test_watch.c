/*
 * random_test_watch.c - watches of a random test.
 *
 * SET, DELETED and CLEARED must be exactly the model's, in its order. When a key that has expired is removed is the
 * store's own business, so EXPIRED changes are held against three rules instead:
 *   1. the last change of the key before it was a SET whose expiry has come;
 *   2. it comes once for each such SET;
 *   3. after a sweep it has come for every such SET that the watch could see.
 * A CLEARED change may also come when its range and the watch's only touch at their bounds, without a key in both.
 */
#include "random_run.h"

#include <string.h>

void testutil_trial_close_watch(RandomWatch *watch)
{
    storage_watch_close(watch->watch);
    memset(watch, 0, sizeof(*watch));
}

/* A history that could not grow has forgotten; that is allowed only where allocations fail, and the watch is over. */
static int has_fallen_behind(RandomRun *self, StorageStatus status, RandomWatch *watch)
{
    if (status != STORAGE_COMPACTED || self->allocator == NULL)
        return 0;
    testutil_trial_close_watch(watch);
    return 1;
}

static void step_watch(RandomRun *self, const RandomStep *step, RandomWatch *watch)
{
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);

    testutil_trial_close_watch(watch);
    watch->range = testutil_trial_resolve_range(&step->range);
    watch->change_index = count;
    /* Odd flags: from a revision of the recent past on, which is inclusive. */
    if ((step->flags & 1) && count > 0) {
        size_t back = (size_t)step->amount * 2 < count ? (size_t)step->amount * 2 : count;
        watch->from_revision = changes[count - back].revision;
        while (watch->change_index > 0 && changes[watch->change_index - 1].revision >= watch->from_revision)
            watch->change_index--;
    }
    StorageStatus status = storage_watch(self->backend, &watch->range, watch->from_revision, &watch->watch, self->ctx);
    if (has_fallen_behind(self, status, watch) || testutil_trial_was_refused(self, status))
        return;
    (void)testutil_trial_expect_status(self, "watch", STORAGE_OK, status);
    if (watch->from_revision == 0)
        watch->from_revision = testutil_model_revision(self->model) + 1;
}

static int is_of_watch(const RandomWatch *watch, const StorageChange *change)
{
    if (change->kind == STORAGE_CHANGE_CLEARED)
        return testutil_model_ranges_meet(&watch->range, &change->range);
    return testutil_model_range_contains(&watch->range, change->key);
}

/*
 * The last change of `key` before `revision` that is no EXPIRED one, or NULL. A clear does not count for a key that had
 * expired before it: it leaves such a key to the sweep.
 */
static const StorageChange *last_change_of(const RandomRun *self, StorageSlice key, uint64_t revision)
{
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count), *cleared = NULL;

    for (size_t i = count; i > 0; i--) {
        const StorageChange *change = &changes[i - 1];
        if (change->revision >= revision || change->kind == STORAGE_CHANGE_EXPIRED)
            continue;
        if (change->kind == STORAGE_CHANGE_CLEARED) {
            if (testutil_model_range_contains(&change->range, key))
                cleared = change; /* the earliest one after the change of the key that is looked for */
        } else if (testutil_model_compare(change->key, key) == 0) {
            int had_expired = cleared != NULL && change->expires_at_ns <= cleared->expires_at_ns;
            return cleared == NULL || had_expired ? change : cleared;
        }
    }
    return cleared;
}

/* Rules 1 and 2. */
static void expect_expired(RandomRun *self, RandomWatch *watch, const StorageChange *change)
{
    const StorageChange *last = last_change_of(self, change->key, change->revision);
    size_t key_no = testutil_trial_key_number(change->key);

    if (!testutil_trial_expect_number(self, "EXPIRED of a key that was not set before", 1,
                                      last != NULL && last->kind == STORAGE_CHANGE_SET && key_no < RANDOM_KEY_COUNT))
        return;
    (void)testutil_trial_expect_number(self, "EXPIRED of a key whose expiry has not come", 1,
                                       last->expires_at_ns <= testutil_model_now(self->model));
    (void)testutil_trial_expect_number(self, "EXPIRED once more for one SET", 1,
                                       watch->expired_revisions[key_no] < last->revision);
    watch->expired_revisions[key_no] = last->revision;
}

static void expect_change(RandomRun *self, const StorageChange *expected, const StorageChange *actual)
{
    if (!testutil_trial_expect_number(self, "kind of the change", expected->kind, actual->kind) ||
        !testutil_trial_expect_number(self, "revision of the change", (int64_t)expected->revision,
                                      (int64_t)actual->revision))
        return;
    if (expected->kind == STORAGE_CHANGE_CLEARED) {
        (void)testutil_trial_expect_number(self, "start of the cleared range", expected->range.start.kind,
                                           actual->range.start.kind);
        (void)testutil_trial_expect_number(self, "end of the cleared range", expected->range.end.kind,
                                           actual->range.end.kind);
        (void)testutil_trial_expect_bytes(self, "start of the cleared range", expected->range.start.key,
                                          actual->range.start.key);
        (void)testutil_trial_expect_bytes(self, "end of the cleared range", expected->range.end.key,
                                          actual->range.end.key);
        return;
    }
    (void)testutil_trial_expect_bytes(self, "key of the change", expected->key, actual->key);
    if (expected->kind == STORAGE_CHANGE_SET) {
        (void)testutil_trial_expect_bytes(self, "value of the change", expected->value, actual->value);
        (void)testutil_trial_expect_number(self, "expiry of the change", expected->expires_at_ns,
                                           actual->expires_at_ns);
    }
}

/* Whether a clear covers the key of `later`, so that the store may have removed it then. */
static int was_cleared_between(const RandomRun *self, const StorageChange *earlier, const StorageChange *later)
{
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);

    for (size_t i = 0; i < count; i++) {
        if (changes[i].kind == STORAGE_CHANGE_CLEARED && changes[i].revision >= earlier->revision &&
            changes[i].revision < later->revision && testutil_model_range_contains(&changes[i].range, later->key))
            return 1;
    }
    return 0;
}

/* Rule 3, for an EXPIRED change of the model's sweep. */
static void expect_was_expired(RandomRun *self, const RandomWatch *watch, const StorageChange *change)
{
    const StorageChange *last = last_change_of(self, change->key, change->revision);
    size_t key_no = testutil_trial_key_number(change->key);

    if (last == NULL || last->revision < watch->from_revision || was_cleared_between(self, last, change))
        return;
    (void)testutil_trial_expect_number(self, "EXPIRED after a sweep", 1,
                                       watch->expired_revisions[key_no] >= last->revision);
}

/* The next change of the model that the watch is to see in just this form; NULL when there is none. */
static const StorageChange *next_expected(RandomRun *self, RandomWatch *watch)
{
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);

    while (watch->change_index < count) {
        const StorageChange *change = &changes[watch->change_index++];
        if (change->kind != STORAGE_CHANGE_EXPIRED && is_of_watch(watch, change))
            return change;
    }
    return NULL;
}

/* Whether it is a clear that the model has too, at the edge of what the watch is about. */
static int is_at_the_edge(const RandomRun *self, const RandomWatch *watch, const StorageChange *actual)
{
    size_t count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);

    for (size_t i = count; i > 0 && actual->kind == STORAGE_CHANGE_CLEARED; i--) {
        const StorageChange *change = &changes[i - 1];
        if (change->kind == STORAGE_CHANGE_CLEARED && change->revision == actual->revision &&
            testutil_trial_is_same_range(&change->range, &actual->range) && !is_of_watch(watch, change) &&
            testutil_model_ranges_may_meet(&change->range, &watch->range))
            return 1;
    }
    return 0;
}

static void step_drain(RandomRun *self, RandomWatch *watch)
{
    size_t first = watch->change_index, count;
    const StorageChange *changes = testutil_model_changes(self->model, &count);
    StorageStatus status = STORAGE_OK;

    testutil_trial_note_attempt(self); /* a store may sweep here too, so that EXPIRED changes do not wait for a write */
    storage_context_set_deadline(self->ctx, 1);
    while (status == STORAGE_OK && !self->outcome->has_difference) {
        const StorageChange *actual = NULL;
        status = storage_watch_next(watch->watch, &actual, self->ctx);
        if (has_fallen_behind(self, status, watch) || testutil_trial_was_refused(self, status))
            break;
        if (status == STORAGE_OK && actual->kind == STORAGE_CHANGE_EXPIRED) {
            expect_expired(self, watch, actual);
            continue;
        }
        if (status == STORAGE_OK && is_at_the_edge(self, watch, actual))
            continue;
        const StorageChange *expected = next_expected(self, watch);
        if (testutil_trial_expect_status(self, "watch_next", expected == NULL ? STORAGE_TIMEOUT : STORAGE_OK, status) &&
            expected != NULL)
            expect_change(self, expected, actual);
    }
    storage_context_set_deadline(self->ctx, 0);
    for (size_t i = first; i < count && status == STORAGE_TIMEOUT && !self->outcome->has_difference; i++) {
        if (changes[i].kind == STORAGE_CHANGE_EXPIRED && is_of_watch(watch, &changes[i]))
            expect_was_expired(self, watch, &changes[i]);
    }
}

void testutil_trial_step_watch(RandomRun *self, const RandomStep *step)
{
    RandomWatch *watch = &self->watches[step->slot % RANDOM_WATCH_COUNT];

    if (step->kind == RANDOM_WATCH)
        step_watch(self, step, watch);
    else if (watch->watch != NULL && step->kind == RANDOM_DRAIN)
        step_drain(self, watch);
    else if (watch->watch != NULL)
        testutil_trial_close_watch(watch);
}
