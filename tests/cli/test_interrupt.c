/* test_interrupt.c - what SIGINT, SIGTERM and SIGHUP do to the running call, to waiting input, and to the process. */
#include "unit.h"

#include "terminal/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Fixture {
    StorageBackend *backend;
    StorageWatch *watch;
    StorageContext *ctx;
} Fixture;

static void fixture_init(Fixture *self)
{
    self->ctx = storage_context_new();
    unit_assert_status(storage_memory_open(NULL, &self->backend, self->ctx), STORAGE_OK);
    unit_assert_status(storage_watch(self->backend, NULL, 0, &self->watch, self->ctx), STORAGE_OK);
}

static void fixture_done(Fixture *self)
{
    storage_watch_close(self->watch);
    unit_assert_status(storage_close(self->backend, NULL), STORAGE_OK);
    storage_context_free(self->ctx);
}

/* Waits for a change that never comes: until the context is cancelled. */
static StorageStatus wait_for_change(Fixture *self)
{
    const StorageChange *change;
    return storage_watch_next(self->watch, &change, self->ctx);
}

static StorageStatus poll_for_change(Fixture *self)
{
    storage_context_set_deadline(self->ctx, 1);
    return wait_for_change(self);
}

static void *send_signal(void *signal_no)
{
    (void)kill(getpid(), (int)(intptr_t)signal_no);
    return NULL;
}

/* Sends the signal from another thread, at any moment from now on. */
static pthread_t start_signal(int signal_no)
{
    pthread_t sender;
    ck_assert_int_eq(pthread_create(&sender, NULL, send_signal, (void *)(intptr_t)signal_no), 0);
    return sender;
}

static int is_readable(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

START_TEST(each_signal_cancels_the_waiting_call)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    Fixture fixture;
    fixture_init(&fixture);
    for (size_t i = 0; i < 3; i++) {
        pthread_t sender;
        ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
        ck_assert_int_eq(interrupt_requested(), 0);
        sender = start_signal(signals[i]);
        unit_assert_status(wait_for_change(&fixture), STORAGE_CANCELLED);
        ck_assert_int_eq(interrupt_requested(), signals[i]);
        ck_assert(is_readable(interrupt_fd()));
        ck_assert_int_eq(interrupt_take(), signals[i]);
        ck_assert_int_eq(interrupt_take(), 0);
        ck_assert(!is_readable(interrupt_fd()));
        interrupt_end();
        (void)pthread_join(sender, NULL);
        storage_context_reset(fixture.ctx);
    }
    fixture_done(&fixture);
}
END_TEST

START_TEST(what_was_taken_does_not_cancel_the_next_call)
{
    Fixture fixture;
    fixture_init(&fixture);
    ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
    for (size_t i = 0; i < 1000; i++) {
        (void)raise(SIGINT);
        ck_assert_int_eq(interrupt_take(), SIGINT);
        storage_context_reset(fixture.ctx);
        unit_assert_status(poll_for_change(&fixture), STORAGE_TIMEOUT);
    }
    interrupt_end();
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_signal_from_before_cancels_at_once_also_in_an_inner_pair)
{
    Fixture fixture;
    fixture_init(&fixture);
    ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
    (void)raise(SIGTERM);
    unit_assert_status(wait_for_change(&fixture), STORAGE_CANCELLED);
    storage_context_reset(fixture.ctx);
    ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
    unit_assert_status(wait_for_change(&fixture), STORAGE_CANCELLED);
    interrupt_end();
    interrupt_end();
    storage_context_reset(fixture.ctx);
    ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
    unit_assert_status(wait_for_change(&fixture), STORAGE_CANCELLED);
    interrupt_end();
    fixture_done(&fixture);
}
END_TEST

START_TEST(after_the_end_a_signal_is_remembered_and_cancels_nothing)
{
    Fixture fixture;
    fixture_init(&fixture);
    ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
    interrupt_end();
    (void)raise(SIGTERM);
    ck_assert_int_eq(interrupt_requested(), SIGTERM);
    unit_assert_status(poll_for_change(&fixture), STORAGE_TIMEOUT);
    fixture_done(&fixture);
}
END_TEST

START_TEST(a_signal_that_was_ignored_stays_ignored)
{
    Fixture fixture;
    fixture_init(&fixture);
    (void)signal(SIGHUP, SIG_IGN);
    ck_assert_int_eq(interrupt_begin(fixture.ctx), 0);
    (void)raise(SIGHUP);
    ck_assert_int_eq(interrupt_requested(), 0);
    (void)raise(SIGTERM);
    ck_assert_int_eq(interrupt_requested(), SIGTERM);
    interrupt_end();
    fixture_done(&fixture);
}
END_TEST

START_TEST(termination_is_not_lost_to_an_earlier_interrupt)
{
    ck_assert_int_eq(interrupt_begin(NULL), 0);
    (void)raise(SIGINT);
    (void)raise(SIGTERM);
    (void)raise(SIGTERM);
    (void)raise(SIGHUP);
    ck_assert_int_eq(interrupt_requested(), SIGTERM);
    interrupt_end();
}
END_TEST

START_TEST(reading_gives_what_is_there_and_the_end)
{
    int ends[2];
    char buffer[8];
    ck_assert_int_eq(interrupt_begin(NULL), 0);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "abc", 3), 3);
    ck_assert_int_eq(interrupt_read(ends[0], buffer, sizeof(buffer)), 3);
    (void)close(ends[1]);
    ck_assert_int_eq(interrupt_read(ends[0], buffer, sizeof(buffer)), 0);
    (void)close(ends[0]);
    ck_assert_int_eq(interrupt_read(ends[0], buffer, sizeof(buffer)), -1);
    ck_assert_int_eq(errno, EBADF);
    interrupt_end();
}
END_TEST

START_TEST(reading_ends_with_a_signal_before_and_while_it_waits)
{
    int ends[2];
    char buffer[8];
    pthread_t sender;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(interrupt_begin(NULL), 0);
    (void)raise(SIGINT);
    ck_assert_int_eq(interrupt_read(ends[0], buffer, sizeof(buffer)), -1);
    ck_assert_int_eq(errno, EINTR);
    ck_assert_int_eq(interrupt_take(), SIGINT);
    sender = start_signal(SIGINT);
    ck_assert_int_eq(interrupt_read(ends[0], buffer, sizeof(buffer)), -1);
    ck_assert_int_eq(errno, EINTR);
    (void)pthread_join(sender, NULL);
    interrupt_end();
}
END_TEST

/* The signal that ends a child which does `work`; 0 when it ends by itself. */
static int signal_that_ends(void (*work)(void))
{
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        work();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void press_ctrl_c_twice(void)
{
    (void)interrupt_begin(NULL);
    (void)raise(SIGINT);
    (void)raise(SIGINT);
}

static void ask_and_interrupt(void)
{
    (void)interrupt_begin(NULL);
    (void)raise(SIGTERM);
    (void)raise(SIGINT);
}

static void raise_what_was_remembered(void)
{
    (void)interrupt_begin(NULL);
    (void)raise(SIGHUP);
    interrupt_end();
    interrupt_raise();
}

static void raise_nothing(void)
{
    (void)interrupt_begin(NULL);
    (void)raise(SIGINT);
    (void)interrupt_take();
    interrupt_end();
    interrupt_raise();
}

START_TEST(a_second_interrupt_ends_the_process)
{
    ck_assert_int_eq(signal_that_ends(press_ctrl_c_twice), SIGINT);
    ck_assert_int_eq(signal_that_ends(ask_and_interrupt), SIGINT);
}
END_TEST

static void press_ctrl_c_twice_at_a_prompt(void)
{
    (void)interrupt_begin(NULL);
    interrupt_set_patience(1);
    (void)raise(SIGINT);
    (void)raise(SIGINT);
    (void)interrupt_take();
    interrupt_set_patience(0);
    (void)raise(SIGINT);
    interrupt_end();
}

START_TEST(a_second_interrupt_at_a_prompt_does_not)
{
    ck_assert_int_eq(signal_that_ends(press_ctrl_c_twice_at_a_prompt), 0);
}
END_TEST

START_TEST(the_process_ends_by_the_signal_that_was_remembered)
{
    ck_assert_int_eq(signal_that_ends(raise_what_was_remembered), SIGHUP);
    ck_assert_int_eq(signal_that_ends(raise_nothing), 0);
}
END_TEST

UNIT_MAIN("interrupt", each_signal_cancels_the_waiting_call, what_was_taken_does_not_cancel_the_next_call,
          a_signal_from_before_cancels_at_once_also_in_an_inner_pair,
          after_the_end_a_signal_is_remembered_and_cancels_nothing, a_signal_that_was_ignored_stays_ignored,
          termination_is_not_lost_to_an_earlier_interrupt, reading_gives_what_is_there_and_the_end,
          reading_ends_with_a_signal_before_and_while_it_waits, a_second_interrupt_ends_the_process,
          a_second_interrupt_at_a_prompt_does_not, the_process_ends_by_the_signal_that_was_remembered)
