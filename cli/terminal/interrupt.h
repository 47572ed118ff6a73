/*
 * cli/terminal/interrupt.h - SIGINT (Ctrl-C), SIGTERM and SIGHUP end the work cleanly instead of the process.
 *
 * The first signal cancels the context of the running call and is remembered; the verb sees CANCELLED, or asks
 * interrupt_requested between two steps, stops, and says what was done. The store is closed, and then main ends the
 * process by that signal (interrupt_raise), so that the caller's shell sees why it ended. A Ctrl-C after the first
 * signal ends the process at once. A signal that was ignored when the program started (nohup, a job in the background
 * of a script) stays ignored.
 */
#ifndef CLI_TERMINAL_INTERRUPT_H
#define CLI_TERMINAL_INTERRUPT_H

#include <storage/storage.h>

#include <sys/types.h>

/*
 * From now on a signal cancels `ctx`, and one that is remembered from before does so at once. Each begin has its end;
 * an inner pair, which a shell makes for a command, leaves the context of the outer one. Returns 0, or an errno number:
 * then signals act as they did before, and interrupt_end is to be called all the same.
 */
int interrupt_begin(StorageContext *ctx);

/* From now on no context is cancelled, so that closing the store takes its time; signals are still remembered. */
void interrupt_end(void);

/* The number of the signal that asked to stop, 0 when none did. Cheap enough for a loop over records. */
int interrupt_requested(void);

/* The same, and forgets it: the shell goes on after Ctrl-C. The context is to be reset afterwards. */
int interrupt_take(void);

/*
 * As read(2), except that it waits neither for input nor for a slow device when a signal asks to stop, however early
 * it came: it then fails with EINTR. For input that may be a terminal or a pipe.
 */
ssize_t interrupt_read(int fd, void *buffer, size_t size);

/*
 * From now on a write that Ctrl-C finds waiting goes on instead of failing with EINTR: for a shell, whose output does
 * not end with the command. After interrupt_begin. Waiting in poll(2) ends all the same.
 */
void interrupt_keep_output(void);

/* Whether a second Ctrl-C ends the process. It does, except where nothing runs that could take long: at a prompt. */
void interrupt_set_patience(int is_patient);

/* Readable as long as a signal is remembered, for poll(); -1 before the first interrupt_begin. */
int interrupt_fd(void);

/* Ends the process by the signal that was remembered; returns when there was none. */
void interrupt_raise(void);

#endif
