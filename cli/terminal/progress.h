/*
 * cli/terminal/progress.h - one line on standard error that tells a person how far long work is.
 *
 *   import  45% [=========>           ] 1,234,567 records  120,000/s  0:35 left
 *
 * Drawn only when standard error is a terminal that can wipe a line, and this program is in its foreground; at most ten
 * times a second; wiped at the end. Otherwise every call here does nothing. A Progress that is all zero may be ended.
 */
#ifndef CLI_TERMINAL_PROGRESS_H
#define CLI_TERMINAL_PROGRESS_H

#include <stdint.h>

typedef enum ProgressUnit { PROGRESS_RECORDS, PROGRESS_BYTES, PROGRESS_OPERATIONS, PROGRESS_NANOSECONDS } ProgressUnit;

typedef struct Progress {
    const char *what; /* a word or two: the verb */
    uint64_t total;   /* 0: unknown */
    ProgressUnit unit;
    int is_shown; /* the line is on the screen now */
    uint64_t done;
    uint64_t next_done; /* no look at the clock before so much is done */
    uint64_t begin_ns, look_ns, draw_ns;
    uint64_t look_done;
    uint64_t rate_ns, rate_done; /* where the rate was last smoothed */
    double rate;                 /* units a second; 0: not known yet */
} Progress;

/*
 * Begins to tell of work in `total` units (0: unknown). `what` lives until progress_end. A verb that prints its rows to
 * a terminal does not begin: two would write on one screen.
 */
void progress_begin(Progress *self, const char *what, uint64_t total, ProgressUnit unit);

/* Looks at the clock, and draws when it is time; progress_update calls it. */
void progress_look(Progress *self);

/* So much is done, since the beginning. Cheap enough for a loop over records: mostly one comparison. */
static inline void progress_update(Progress *self, uint64_t done)
{
    self->done = done;
    if (done >= self->next_done)
        progress_look(self);
}

/* Wipes the line, before something else is printed on the terminal; the next update draws it again. */
void progress_hide(Progress *self);

/* Wipes the line for good. */
void progress_end(Progress *self);

#endif
