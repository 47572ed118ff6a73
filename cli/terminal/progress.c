/*
 * cli/terminal/progress.c - one line on standard error that tells a person how far long work is.
 *
 * 1. Nothing is drawn before DRAW_FIRST_NS, so that short work leaves no trace, and then at most every DRAW_NS.
 * 2. The clock is read about every LOOK_NS: how many units that are is learnt from those before.
 * 3. The line is shorter than the terminal is wide and plain ASCII, so that wiping one line wipes all of it.
 */
#include "terminal/progress.h"

#include "terminal/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS_NS UINT64_C(1000000)
#define SECOND_NS UINT64_C(1000000000)
#define DRAW_FIRST_NS (300 * MS_NS)
#define DRAW_NS (100 * MS_NS)
#define LOOK_NS (20 * MS_NS)
#define SMOOTH_SECONDS 3.0 /* a rate counts less the longer ago it was; after this time half */

#define WIDTH_MAX 160 /* a longer line is not easier to read */
#define BAR_WIDTH_MIN 12
#define BAR_WIDTH_MAX 42

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* ---- texts ---- */

/* 1234567 as "1,234,567". */
static const char *format_number(uint64_t number, char buffer[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, number), size = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buffer[size++] = ',';
        buffer[size++] = digits[i];
    }
    buffer[size] = '\0';
    return buffer;
}

static const char *format_bytes(double bytes, char buffer[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t i = 0;
    for (; bytes >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
        bytes /= 1024;
    (void)snprintf(buffer, 32, i > 0 && bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, units[i]);
    return buffer;
}

/* Seconds as "0:35" or "2:03:04". */
static const char *format_time(double seconds, char buffer[32])
{
    uint64_t whole = seconds < 359999 ? (uint64_t)(seconds + 0.5) : 359999;
    if (whole < 3600)
        (void)snprintf(buffer, 32, "%" PRIu64 ":%02" PRIu64, whole / 60, whole % 60);
    else
        (void)snprintf(buffer, 32, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / 3600, whole / 60 % 60, whole % 60);
    return buffer;
}

static void amount_text(const Progress *self, char buffer[64])
{
    char number[32];
    buffer[0] = '\0';
    if (self->unit == PROGRESS_BYTES)
        (void)snprintf(buffer, 64, " %s", format_bytes((double)self->done, number));
    else if (self->unit != PROGRESS_NANOSECONDS)
        (void)snprintf(buffer, 64, " %s %s", format_number(self->done, number),
                       self->unit == PROGRESS_RECORDS ? "records" : "operations");
}

static void rate_text(const Progress *self, char buffer[64])
{
    char number[32];
    buffer[0] = '\0';
    if (self->rate <= 0 || self->unit == PROGRESS_NANOSECONDS)
        return;
    (void)snprintf(buffer, 64, "  %s/s",
                   self->unit == PROGRESS_BYTES ? format_bytes(self->rate, number)
                                                : format_number((uint64_t)self->rate, number));
}

/* Time left when the end is known, else the time since the beginning. */
static void time_text(const Progress *self, uint64_t now, char buffer[64])
{
    char time[32];
    uint64_t left = self->total > self->done ? self->total - self->done : 0;
    double rate = self->unit == PROGRESS_NANOSECONDS ? (double)SECOND_NS : self->rate;
    buffer[0] = '\0';
    if (self->total == 0)
        (void)snprintf(buffer, 64, "  %s", format_time((double)(now - self->begin_ns) / (double)SECOND_NS, time));
    else if (rate > 0)
        (void)snprintf(buffer, 64, "  %s left", format_time((double)left / rate, time));
}

/* ---- drawing ---- */

static double share_done(const Progress *self)
{
    return self->done < self->total ? (double)self->done / (double)self->total : 1;
}

/* " [=====>    ]", exactly `width` columns, into `line`; returns how many bytes. */
static size_t put_bar(const Progress *self, size_t width, char *line)
{
    const char *color = terminal_has_color(STDERR_FILENO) ? "\033[32m" : "";
    const char *plain = color[0] != '\0' ? "\033[0m" : "";
    size_t inside = width - 3, filled = (size_t)(share_done(self) * (double)inside), size;
    size = (size_t)sprintf(line, " [%s", color);
    memset(line + size, '=', filled);
    size += filled;
    if (filled < inside)
        line[size++] = '>';
    size += (size_t)sprintf(line + size, "%s%*s]", plain, (int)(filled < inside ? inside - filled - 1 : 0), "");
    return size;
}

/* Parts that a narrow terminal does not hold are left out: first the rate, then the amount, then the time. */
static void draw(Progress *self, uint64_t now)
{
    char head[64], amount[64], rate[64], time[64], line[WIDTH_MAX + 64] = "\r";
    size_t width = (size_t)terminal_width(STDERR_FILENO) - 1, size, left;
    width = width < WIDTH_MAX ? width : WIDTH_MAX;
    if (self->total > 0)
        (void)snprintf(head, sizeof(head), "%.20s %3d%%", self->what, (int)(share_done(self) * 100));
    else
        (void)snprintf(head, sizeof(head), "%.20s", self->what);
    amount_text(self, amount);
    rate_text(self, rate);
    time_text(self, now, time);
    if (strlen(head) + strlen(amount) + strlen(rate) + strlen(time) > width)
        rate[0] = '\0';
    if (strlen(head) + strlen(amount) + strlen(time) > width)
        amount[0] = '\0';
    if (strlen(head) + strlen(time) > width)
        time[0] = '\0';
    if (strlen(head) > width)
        return;
    left = width - strlen(head) - strlen(amount) - strlen(rate) - strlen(time);
    size = 1 + (size_t)sprintf(line + 1, "%s", head);
    if (self->total > 0 && left >= BAR_WIDTH_MIN)
        size += put_bar(self, left < BAR_WIDTH_MAX ? left : BAR_WIDTH_MAX, line + size);
    (void)sprintf(line + size, "%s%s%s\033[K", amount, rate, time);
    (void)fputs(line, stderr);
    self->is_shown = 1;
    self->draw_ns = now;
}

/* ---- the clock ---- */

static void smooth_rate(Progress *self, uint64_t now)
{
    double seconds = (double)(now - self->rate_ns) / (double)SECOND_NS;
    double newest, weight = seconds / (seconds + SMOOTH_SECONDS);
    if (seconds <= 0)
        return;
    newest = (double)(self->done - self->rate_done) / seconds;
    self->rate = self->rate > 0 ? self->rate + weight * (newest - self->rate) : newest;
    self->rate_ns = now;
    self->rate_done = self->done;
}

void progress_begin(Progress *self, const char *what, uint64_t total, ProgressUnit unit)
{
    memset(self, 0, sizeof(*self));
    self->what = what;
    self->total = total;
    self->unit = unit;
    self->next_done = UINT64_MAX;
    if (!terminal_can_wipe(STDERR_FILENO))
        return;
    self->next_done = 1;
    self->begin_ns = self->look_ns = self->draw_ns = self->rate_ns = now_ns();
}

void progress_look(Progress *self)
{
    uint64_t now, passed_ns, done, step;
    if (self->begin_ns == 0) /* not on a terminal, and so much is done that no larger number is left */
        return;
    now = now_ns();
    passed_ns = now - self->look_ns;
    done = self->done - self->look_done;
    /* So many units were LOOK_NS; never much more than were just seen, for the next ones may be slower. */
    step = passed_ns >= LOOK_NS / 2 ? (uint64_t)((double)done * ((double)LOOK_NS / (double)passed_ns)) : 2 * done;
    self->next_done = step < UINT64_MAX - self->done ? self->done + (step > 0 ? step : 1) : UINT64_MAX;
    self->look_ns = now;
    self->look_done = self->done;
    if (now - self->draw_ns < DRAW_NS || now - self->begin_ns < DRAW_FIRST_NS)
        return;
    smooth_rate(self, now);
    if (terminal_is_ours(STDERR_FILENO))
        draw(self, now);
}

void progress_hide(Progress *self)
{
    if (self->is_shown)
        (void)fputs("\r\033[K", stderr);
    self->is_shown = 0;
}

void progress_end(Progress *self)
{
    progress_hide(self);
    self->next_done = UINT64_MAX;
    self->begin_ns = 0;
}
