/*
 * cli/terminal/interrupt.c - SIGINT, SIGTERM and SIGHUP end the work cleanly instead of the process.
 *
 * A signal handler may hardly call anything, and not storage_context_cancel, which takes a lock. So it remembers the
 * signal, makes `wake_fd` readable, and wakes a thread that cancels the context.
 *
 * 1. `requested` is set by the handler and cleared by interrupt_take alone. Under `lock` the thread looks at it and
 *    cancels, and interrupt_take clears it: a context that was reset after interrupt_take is not cancelled by the old
 *    signal.
 * 2. `wake_fd` is written after `requested` was set, and stays readable as long as it is set.
 * 3. The handlers stay once they are there. System calls of the main thread are not restarted (no SA_RESTART), so that
 *    one that waits fails with EINTR; the thread blocks all signals, so that the main thread gets them.
 */
#include "terminal/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static int requested;  /* a signal number or 0; read and written atomically */
static int is_patient; /* likewise */
static int wake_fd = -1;
static sem_t wake;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t canceller;
static StorageContext *cancelled_ctx; /* of the outermost begin; the thread ends when it is NULL */
static int depth;                     /* begins without their ends */
static int has_canceller;

static void make_readable(void)
{
    static const uint64_t one = 1;
    while (write(wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void on_signal(int signal_no)
{
    int kept_errno = errno, earlier = interrupt_requested();
    int is_second = signal_no == SIGINT && earlier != 0 && !__atomic_load_n(&is_patient, __ATOMIC_SEQ_CST);
    if (is_second) { /* whoever presses Ctrl-C twice does not want to wait */
        (void)signal(SIGINT, SIG_DFL);
        (void)raise(SIGINT);
        return;
    }
    if (earlier == 0 || earlier == SIGINT) /* a shell goes on after SIGINT: the others must not be lost to it */
        __atomic_store_n(&requested, signal_no, __ATOMIC_SEQ_CST);
    make_readable();
    (void)sem_post(&wake);
    errno = kept_errno;
}

static void *cancel_when_asked(void *unused)
{
    int is_running = 1;
    (void)unused;
    while (is_running) {
        while (sem_wait(&wake) != 0) {
        }
        (void)pthread_mutex_lock(&lock);
        is_running = cancelled_ctx != NULL;
        if (is_running && interrupt_requested() != 0)
            storage_context_cancel(cancelled_ctx);
        (void)pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* Returns 0 or an errno number. */
static int install_handlers(void)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    if (wake_fd >= 0)
        return 0;
    if (sem_init(&wake, 0, 0) != 0)
        return errno;
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0)
        return errno;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
    return 0;
}

static int start_canceller(void)
{
    sigset_t all, kept;
    int error;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &kept);
    error = pthread_create(&canceller, NULL, cancel_when_asked, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
    has_canceller = error == 0;
    return error;
}

int interrupt_begin(StorageContext *ctx)
{
    int error = 0;
    if (depth++ == 0) {
        cancelled_ctx = ctx;
        error = install_handlers();
        if (error == 0)
            error = start_canceller();
    }
    if (interrupt_requested() != 0)
        (void)sem_post(&wake);
    return error;
}

void interrupt_end(void)
{
    if (--depth > 0)
        return;
    (void)pthread_mutex_lock(&lock);
    cancelled_ctx = NULL;
    (void)pthread_mutex_unlock(&lock);
    if (!has_canceller)
        return;
    (void)sem_post(&wake);
    (void)pthread_join(canceller, NULL);
    has_canceller = 0;
}

int interrupt_requested(void)
{
    return __atomic_load_n(&requested, __ATOMIC_SEQ_CST);
}

int interrupt_take(void)
{
    uint64_t count;
    int taken;
    (void)pthread_mutex_lock(&lock);
    taken = __atomic_exchange_n(&requested, 0, __ATOMIC_SEQ_CST);
    while (taken != 0 && read(wake_fd, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
    if (interrupt_requested() != 0) /* one more came meanwhile */
        make_readable();
    (void)pthread_mutex_unlock(&lock);
    return taken;
}

void interrupt_keep_output(void)
{
    struct sigaction action;
    if (sigaction(SIGINT, NULL, &action) != 0 || action.sa_handler != on_signal)
        return;
    action.sa_flags |= SA_RESTART;
    (void)sigaction(SIGINT, &action, NULL);
}

void interrupt_set_patience(int new_is_patient)
{
    __atomic_store_n(&is_patient, new_is_patient, __ATOMIC_SEQ_CST);
}

int interrupt_fd(void)
{
    return wake_fd;
}

ssize_t interrupt_read(int fd, void *buffer, size_t size)
{
    struct pollfd polled[2] = {{.fd = fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
    /* A signal that comes here makes poll fail with EINTR; one that came before makes wake_fd readable. */
    while (interrupt_requested() == 0 && poll(polled, 2, -1) < 0)
        if (errno != EINTR)
            return -1;
    if (interrupt_requested() != 0) {
        errno = EINTR;
        return -1;
    }
    return read(fd, buffer, size);
}

void interrupt_raise(void)
{
    int signal_no = interrupt_requested();
    if (signal_no == 0)
        return;
    (void)signal(signal_no, SIG_DFL);
    (void)raise(signal_no);
}
