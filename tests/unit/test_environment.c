/* test_environment.c - the seam to the machine: what a stack takes from its environment, and what the trace hook tells.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "storage_testutil/allocator.h"
#include "storage_testutil/clock.h"

enum { EVENT_COUNT_MAX = 64 };

typedef struct Trace {
    size_t event_count;
    struct {
        char operation[32], layer[16], organization[16], error_text[64];
        StorageStatus status;
        uint64_t start_ns, duration_ns, revision;
    } events[EVENT_COUNT_MAX];
} Trace;

static Trace trace;
static TestutilClock *test_clock;
static StorageEnvironment environment;
static Probe probe;
static StorageBackend *backend;

static void copy_text(char *buffer, size_t buffer_size, StorageSlice text)
{
    size_t size = text.size < buffer_size ? text.size : buffer_size - 1;
    if (size > 0)
        memcpy(buffer, text.data, size);
    buffer[size] = '\0';
}

static void record(void *user_data, const StorageTraceEvent *event)
{
    Trace *self = user_data;
    ck_assert_uint_lt(self->event_count, EVENT_COUNT_MAX);
    size_t index = self->event_count++;
    copy_text(self->events[index].operation, sizeof(self->events[index].operation), storage_string(event->operation));
    copy_text(self->events[index].layer, sizeof(self->events[index].layer), storage_string(event->layer));
    copy_text(self->events[index].organization, sizeof(self->events[index].organization), event->organization);
    copy_text(self->events[index].error_text, sizeof(self->events[index].error_text),
              storage_string(event->error_text));
    self->events[index].status = event->status;
    self->events[index].start_ns = event->start_ns;
    self->events[index].duration_ns = event->duration_ns;
    self->events[index].revision = event->revision;
}

static void set_up(void)
{
    memset(&trace, 0, sizeof(trace));
    test_clock = testutil_clock_new(1);
    environment = *testutil_clock_environment(test_clock);
    environment.trace = record;
    environment.trace_user_data = &trace;
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, PROBE_ALL_CAPABILITIES, &environment, &backend), STORAGE_OK);
}

static void tear_down(void)
{
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    testutil_clock_free(test_clock);
    probe_done(&probe);
}

/* ---- the trace hook ---- */

START_TEST(each_call_of_the_caller_is_one_event)
{
    StorageValue value;
    StorageCursor *cursor;
    StorageTransaction *txn;
    const StorageEntry *entry;
    static const char *const expected[] = {"get",         "set",   "delete",          "scan",
                                           "cursor_next", "begin", "transaction_set", "transaction_commit"};
    set_up();
    unit_assert_status(storage_get(backend, storage_string("k"), &value, NULL), STORAGE_OK);
    storage_value_release(&value);
    unit_assert_status(storage_set(backend, storage_string("k"), storage_string("v"), NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_delete(backend, storage_string("k"), NULL), STORAGE_OK);
    unit_assert_status(storage_scan(backend, NULL, NULL, &cursor, NULL), STORAGE_OK);
    unit_assert_status(storage_cursor_next(cursor, &entry, NULL), STORAGE_OK);
    unit_assert_status(storage_begin(backend, NULL, &txn, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_set(txn, storage_string("k"), storage_string("v"), NULL, NULL), STORAGE_OK);
    unit_assert_status(storage_transaction_commit(txn, NULL, NULL), STORAGE_OK);
    ck_assert_uint_eq(trace.event_count, sizeof(expected) / sizeof(expected[0]));
    for (size_t index = 0; index < trace.event_count; index++) {
        ck_assert_str_eq(trace.events[index].operation, expected[index]);
        ck_assert_str_eq(trace.events[index].layer, "probe");
        unit_assert_status(trace.events[index].status, STORAGE_OK);
    }
    storage_cursor_close(cursor);
    storage_transaction_close(txn);
    tear_down();
}
END_TEST

START_TEST(an_event_says_who_asked_what_was_written_and_what_went_wrong)
{
    set_up();
    StorageContext *ctx = storage_context_new();
    unit_assert_status(storage_context_set_organization(ctx, storage_string("acme")), STORAGE_OK);
    unit_assert_status(storage_delete(backend, storage_string("k"), ctx), STORAGE_OK);
    probe.answer = STORAGE_NO_SPACE;
    unit_assert_status(storage_delete(backend, storage_string("k"), ctx), STORAGE_NO_SPACE);
    ck_assert_uint_eq(trace.event_count, 2);
    ck_assert_str_eq(trace.events[0].organization, "acme");
    ck_assert_uint_eq(trace.events[0].revision, PROBE_REVISION);
    ck_assert_str_eq(trace.events[0].error_text, "");
    unit_assert_status(trace.events[1].status, STORAGE_NO_SPACE);
    ck_assert_uint_eq(trace.events[1].revision, 0);
    ck_assert_str_eq(trace.events[1].error_text, "the probe was told to fail");
    storage_context_free(ctx);
    tear_down();
}
END_TEST

START_TEST(a_call_that_did_not_reach_the_store_is_an_event_too)
{
    set_up();
    StorageContext *ctx = storage_context_new();
    storage_context_set_deadline(ctx, 1);
    unit_assert_status(storage_sync(backend, ctx), STORAGE_TIMEOUT);
    ck_assert_uint_eq(trace.event_count, 1);
    unit_assert_status(trace.events[0].status, STORAGE_TIMEOUT);
    storage_context_free(ctx);
    tear_down();
}
END_TEST

static void *get_in_gate(void *status)
{
    StorageValue value;
    *(StorageStatus *)status = storage_get(backend, storage_string("k"), &value, NULL);
    storage_value_release(&value);
    return NULL;
}

START_TEST(an_event_is_timed_by_the_injected_clock)
{
    pthread_t thread;
    StorageStatus status = STORAGE_INTERNAL;
    set_up();
    probe.is_gated = 1;
    uint64_t start_ns = testutil_clock_monotonic_ns(test_clock);
    ck_assert_int_eq(pthread_create(&thread, NULL, get_in_gate, &status), 0);
    probe_await_waiting(&probe, 1);
    testutil_clock_advance(test_clock, 1234);
    probe_open_gate(&probe);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    unit_assert_status(status, STORAGE_OK);
    ck_assert_uint_eq(trace.event_count, 1);
    ck_assert_uint_eq(trace.events[0].start_ns, start_ns);
    ck_assert_uint_eq(trace.events[0].duration_ns, 1234);
    tear_down();
}
END_TEST

/* ---- a part that is missing, a part that is broken ---- */

static StorageStatus open_with(const StorageEnvironment *given)
{
    StorageStatus status = probe_open(&probe, 0, given, &backend);
    if (status == STORAGE_OK)
        unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    return status;
}

START_TEST(every_part_that_is_missing_is_the_systems)
{
    StorageEnvironment given = STORAGE_ENVIRONMENT_INIT;
    unsigned char bytes[16] = {0};
    const unsigned char zeros[16] = {0};
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, 0, &given, &backend), STORAGE_OK);
    ck_assert_ptr_nonnull(backend->environment->clock);
    ck_assert_ptr_nonnull(backend->environment->random);
    ck_assert_ptr_nonnull(backend->environment->files);
    uint64_t before_ns = storage_monotonic_ns(backend);
    ck_assert_uint_ge(storage_monotonic_ns(backend), before_ns);
    ck_assert_int_gt(storage_wall_ns(backend), TESTUTIL_CLOCK_WALL_START_NS); /* 2023; it is later than that */
    unit_assert_status(storage_random_fill(backend, bytes, sizeof(bytes)), STORAGE_OK);
    ck_assert_mem_ne(bytes, zeros, sizeof(zeros));
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    probe_done(&probe);
}
END_TEST

START_TEST(the_parts_that_are_given_are_used)
{
    unsigned char first[8], second[8];
    TestutilClock *same = testutil_clock_new(1);
    set_up();
    ck_assert_int_eq(storage_wall_ns(backend), TESTUTIL_CLOCK_WALL_START_NS);
    testutil_clock_step_wall(test_clock, -5);
    ck_assert_int_eq(storage_wall_ns(backend), TESTUTIL_CLOCK_WALL_START_NS - 5);
    testutil_clock_advance(test_clock, 9);
    ck_assert_uint_eq(storage_monotonic_ns(backend), TESTUTIL_CLOCK_MONOTONIC_START_NS + 9);
    unit_assert_status(storage_random_fill(backend, first, sizeof(first)), STORAGE_OK);
    const StorageRandom *random = testutil_clock_environment(same)->random;
    unit_assert_status(random->fill(random->user_data, second, sizeof(second)), STORAGE_OK);
    ck_assert_mem_eq(first, second, sizeof(first));
    testutil_clock_free(same);
    tear_down();
}
END_TEST

START_TEST(an_environment_that_is_not_whole_is_refused)
{
    const StorageClock no_functions = {.struct_size = sizeof(no_functions)};
    const StorageRandom no_fill = {.struct_size = sizeof(no_fill)};
    const StorageFiles no_open = {.struct_size = sizeof(no_open)};
    const StorageClock no_size = {0};
    StorageEnvironment given = {0};
    probe_init(&probe);
    unit_assert_status(open_with(&given), STORAGE_INVALID_ARGUMENT);
    given = (StorageEnvironment)STORAGE_ENVIRONMENT_INIT;
    given.clock = &no_functions;
    unit_assert_status(open_with(&given), STORAGE_INVALID_ARGUMENT);
    given.clock = &no_size;
    unit_assert_status(open_with(&given), STORAGE_INVALID_ARGUMENT);
    given = (StorageEnvironment)STORAGE_ENVIRONMENT_INIT;
    given.random = &no_fill;
    unit_assert_status(open_with(&given), STORAGE_INVALID_ARGUMENT);
    given = (StorageEnvironment)STORAGE_ENVIRONMENT_INIT;
    given.files = &no_open;
    unit_assert_status(open_with(&given), STORAGE_INVALID_ARGUMENT);
    given = (StorageEnvironment)STORAGE_ENVIRONMENT_INIT;
    unit_assert_status(open_with(&given), STORAGE_OK);
    probe_done(&probe);
}
END_TEST

START_TEST(an_environment_of_an_older_program_is_taken)
{
    StorageEnvironment given = STORAGE_ENVIRONMENT_INIT;
    given.struct_size = offsetof(StorageEnvironment, trace);
    given.trace = record; /* beyond the size that the program knew: not looked at */
    probe_init(&probe);
    memset(&trace, 0, sizeof(trace));
    unit_assert_status(probe_open(&probe, 0, &given, &backend), STORAGE_OK);
    unit_assert_status(storage_sync(backend, NULL), STORAGE_OK);
    ck_assert_uint_eq(trace.event_count, 0);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    probe_done(&probe);
}
END_TEST

/* ---- the allocator ---- */

START_TEST(everything_in_the_library_goes_through_the_allocator_that_was_set)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    TestutilAllocatorFigures figures;
    unit_assert_status(storage_set_allocator(testutil_allocator_interface(allocator)), STORAGE_OK);
    void *block = storage_allocate(10);
    unsigned char *zeroed = storage_allocate_zero(10);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 2);
    for (size_t index = 0; index < 10; index++)
        ck_assert_uint_eq(zeroed[index], 0);
    block = storage_reallocate(block, 1000);
    ck_assert_ptr_nonnull(block);
    storage_release(block);
    storage_release(zeroed);
    storage_release(NULL);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 0);
    unit_assert_status(storage_set_allocator(NULL), STORAGE_OK);
    block = storage_allocate(10);
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.outstanding_blocks, 0);
    storage_release(block);
    testutil_allocator_free(allocator);
}
END_TEST

START_TEST(no_bytes_are_a_block_too)
{
    void *block = storage_allocate(0);
    ck_assert_ptr_nonnull(block);
    block = storage_reallocate(block, 0);
    ck_assert_ptr_nonnull(block);
    storage_release(block);
    block = storage_reallocate(NULL, 5);
    ck_assert_ptr_nonnull(block);
    storage_release(block);
}
END_TEST

START_TEST(an_allocator_without_its_functions_or_size_is_refused_and_changes_nothing)
{
    TestutilAllocator *allocator = testutil_allocator_new();
    StorageAllocator broken = *testutil_allocator_interface(allocator);
    broken.struct_size = 0;
    unit_assert_status(storage_set_allocator(&broken), STORAGE_INVALID_ARGUMENT);
    broken = *testutil_allocator_interface(allocator);
    broken.allocate = NULL;
    unit_assert_status(storage_set_allocator(&broken), STORAGE_INVALID_ARGUMENT);
    broken = *testutil_allocator_interface(allocator);
    broken.reallocate = NULL;
    unit_assert_status(storage_set_allocator(&broken), STORAGE_INVALID_ARGUMENT);
    broken = *testutil_allocator_interface(allocator);
    broken.release = NULL;
    unit_assert_status(storage_set_allocator(&broken), STORAGE_INVALID_ARGUMENT);
    TestutilAllocatorFigures figures;
    storage_release(storage_allocate(1));
    testutil_allocator_figures(allocator, &figures);
    ck_assert_uint_eq(figures.attempt_count, 0);
    testutil_allocator_free(allocator);
}
END_TEST

/* ---- files ---- */

START_TEST(files_of_the_system_are_read_at_any_offset)
{
    char path[64];
    char buffer[16] = {0};
    StorageFile *file = NULL;
    uint64_t size = 0;
    size_t read_size = 0;
    probe_init(&probe);
    unit_assert_status(probe_open(&probe, 0, NULL, &backend), STORAGE_OK);
    const StorageFiles *files = backend->environment->files;

    (void)snprintf(path, sizeof(path), "test_environment.%ld", (long)getpid());
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, "0123456789", 10), 10);
    close(descriptor);
    ck_assert_int_eq(files->open_read(files->user_data, path, &file), 0);
    ck_assert_int_eq(files->size(files->user_data, file, &size), 0);
    ck_assert_uint_eq(size, 10);
    ck_assert_int_eq(files->read_at(files->user_data, file, 4, buffer, 3, &read_size), 0);
    ck_assert_uint_eq(read_size, 3);
    ck_assert_mem_eq(buffer, "456", 3);
    ck_assert_int_eq(files->read_at(files->user_data, file, 8, buffer, 16, &read_size), 0);
    ck_assert_uint_eq(read_size, 2);
    ck_assert_int_eq(files->read_at(files->user_data, file, 100, buffer, 16, &read_size), 0);
    ck_assert_uint_eq(read_size, 0);
    files->close(files->user_data, file);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(files->open_read(files->user_data, path, &file), ENOENT);
    unit_assert_status(storage_close(backend, NULL), STORAGE_OK);
    probe_done(&probe);
}
END_TEST

UNIT_MAIN("environment", each_call_of_the_caller_is_one_event,
          an_event_says_who_asked_what_was_written_and_what_went_wrong,
          a_call_that_did_not_reach_the_store_is_an_event_too, an_event_is_timed_by_the_injected_clock,
          every_part_that_is_missing_is_the_systems, the_parts_that_are_given_are_used,
          an_environment_that_is_not_whole_is_refused, an_environment_of_an_older_program_is_taken,
          everything_in_the_library_goes_through_the_allocator_that_was_set, no_bytes_are_a_block_too,
          an_allocator_without_its_functions_or_size_is_refused_and_changes_nothing,
          files_of_the_system_are_read_at_any_offset)
