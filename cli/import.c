/*
 * cli/import.c - import [FILE]: records into the store, in the order of the input.
 *
 * What is committed is always the input up to some line; what ends it early says up to which. With --atomic, and inside
 * a transaction of the shell, it is all or nothing.
 */
#include "arguments.h"
#include "output.h"
#include "records/import_group.h"
#include "terminal/interrupt.h"
#include "terminal/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FORMAT_NAMES "jsonl tsv dump" /* in the order of RecordFormat */

static const char *const format_names[] = {"jsonl", "tsv", "dump", "unknown"};

static const Option options[] = {
    {.name = "--format",
     .value_name = "FORMAT",
     .doc = "jsonl, tsv or dump; else the first bytes tell",
     .choices = FORMAT_NAMES},
    {.name = "--on-error",
     .value_name = "WHAT",
     .doc = "at a wrong line: stop (the default) or skip it",
     .choices = "stop skip"},
    {.name = "--atomic", .doc = "all of it in one transaction, or nothing"},
    {0},
};

typedef struct Import {
    Session *session;
    const char *source; /* for messages */
    RecordReader reader;
    ImportGroup group;
    Progress progress;
    StorageTransaction *txn; /* of --atomic */
    uint64_t skipped_count;
    int skips_wrong_lines;
    int has_been_told; /* the user, of the record that stopped it */
    int is_file;       /* and its size is known */
} Import;

/* ---- messages ---- */

/* What there is in the store now, for the end of a message about what went wrong. */
static const char *outcome_text(const Import *self, char buffer[160])
{
    if (self->txn != NULL)
        (void)snprintf(buffer, 160, "nothing was imported");
    else if (self->session->txn != NULL)
        (void)snprintf(buffer, 160, "%" PRIu64 " record%s in the transaction, which is still open",
                       self->group.imported_count, self->group.imported_count == 1 ? " is" : "s are");
    else if (self->group.imported_count == 0)
        (void)snprintf(buffer, 160, "nothing was imported");
    else
        (void)snprintf(buffer, 160, "%" PRIu64 " record%s imported, up to line %" PRIu64, self->group.imported_count,
                       self->group.imported_count == 1 ? " was" : "s were", self->group.imported_line_no);
    return buffer;
}

/* A wrong line. Returns EXIT_DONE when it is to be skipped. */
static int report_line(Import *self, int exit_code, uint64_t line_no, const char *problem)
{
    char outcome[160];
    progress_hide(&self->progress);
    if (self->skips_wrong_lines) {
        self->skipped_count++;
        session_note(self->session, "%s: line %" PRIu64 ": %s; skipped", self->source, line_no, problem);
        return EXIT_DONE;
    }
    return session_error(self->session, exit_code,
                         "%s: line %" PRIu64 ": %s; %s; mend the line, or skip such lines with --on-error skip",
                         self->source, line_no, problem, outcome_text(self, outcome));
}

/* What the last call said. */
static const char *error_text(const Import *self, StorageStatus status)
{
    const char *text = storage_context_error_text(self->session->ctx, 0);
    return text[0] != '\0' ? text : storage_status_text(status);
}

/* The store does not take a record. */
static int refused(void *user_data, uint64_t line_no, StorageStatus status)
{
    Import *self = user_data;
    char problem[256];
    (void)snprintf(problem, sizeof(problem), "%s (%s)", error_text(self, status), storage_status_name(status));
    self->has_been_told = report_line(self, session_exit_code(status), line_no, problem) != EXIT_DONE;
    return !self->has_been_told;
}

/* A call failed, and not for one record's sake. */
static int report_status(Import *self, StorageStatus status)
{
    const char *text = error_text(self, status);
    char outcome[160];
    progress_hide(&self->progress);
    if (self->has_been_told)
        return session_exit_code(status);
    if (interrupt_requested())
        return session_error(self->session, session_exit_code(status), "%s: stopped by a signal; %s", self->source,
                             outcome_text(self, outcome));
    (void)outcome_text(self, outcome);
    if (status == STORAGE_INDETERMINATE && self->txn != NULL)
        return session_error(self->session, session_exit_code(status),
                             "%s (%s); all records were imported or none: look before you run it again", text,
                             storage_status_name(status));
    if (status == STORAGE_INDETERMINATE)
        return session_error(self->session, session_exit_code(status),
                             "%s (%s); %s, and perhaps up to %d after them; run the import again", text,
                             storage_status_name(status), outcome, IMPORT_GROUP_COUNT_MAX);
    return session_error(self->session, session_exit_code(status), "%s (%s); %s", text, storage_status_name(status),
                         outcome);
}

/* ---- reading ---- */

/* What is no record: returns EXIT_DONE to go on, `*ret_is_over` at the end. */
static int handle_outcome(Import *self, RecordOutcome outcome, int *ret_is_over)
{
    char result[160];
    *ret_is_over = outcome == RECORD_END;
    if (outcome == RECORD_WAITING || outcome == RECORD_END)
        return EXIT_DONE;
    progress_hide(&self->progress);
    if (outcome == RECORD_BAD && self->skips_wrong_lines)
        return report_line(self, EXIT_USAGE, self->reader.line_no, self->reader.problem);
    /* What came before it is kept, and said to be: so it is committed first. */
    if (outcome != RECORD_NO_MEMORY && self->group.count > 0) {
        StorageStatus status = import_group_commit(&self->group);
        if (status != STORAGE_OK)
            return report_status(self, status);
    }
    (void)outcome_text(self, result);
    if (outcome == RECORD_BAD)
        return report_line(self, EXIT_USAGE, self->reader.line_no, self->reader.problem);
    if (outcome == RECORD_BROKEN)
        return session_error(self->session, EXIT_USAGE, "%s: line %" PRIu64 ": %s; %s", self->source,
                             self->reader.line_no, self->reader.problem, result);
    if (outcome == RECORD_NO_MEMORY)
        return session_error(self->session, EXIT_UNAVAILABLE, "%s: line %" PRIu64 ": out of memory; %s", self->source,
                             self->reader.line_no, result);
    return session_error(self->session, EXIT_IO, "%s cannot be read: %s; %s", self->source,
                         strerror(self->reader.lines.error), result);
}

static int import_records(Import *self)
{
    int is_over = 0, exit_code = EXIT_DONE;
    while (!is_over && exit_code == EXIT_DONE) {
        StorageStatus status = STORAGE_OK;
        Record record;
        RecordOutcome outcome = record_reader_next(&self->reader, import_group_wait_ms(&self->group), &record);
        if (interrupt_requested())
            return report_status(self, STORAGE_CANCELLED);
        if (outcome == RECORD_READ)
            status = import_group_add(&self->group, &record, self->reader.line_no);
        else if ((exit_code = handle_outcome(self, outcome, &is_over)) == EXIT_DONE &&
                 (is_over || import_group_wait_ms(&self->group) == 0))
            status = import_group_commit(&self->group);
        if (status != STORAGE_OK)
            return report_status(self, status);
        progress_update(&self->progress,
                        self->is_file ? self->reader.lines.read_count : self->group.imported_count + self->group.count);
    }
    return exit_code;
}

/* ---- the whole ---- */

static int import_atomically(Import *self)
{
    StorageStatus status = storage_begin(self->session->backend, NULL, &self->txn, self->session->ctx);
    uint64_t revision;
    int exit_code;
    if (status != STORAGE_OK)
        return report_status(self, status);
    self->group.txn = self->txn;
    exit_code = import_records(self);
    if (exit_code == EXIT_DONE) {
        status = storage_transaction_commit(self->txn, &revision, self->session->ctx);
        self->group.commit_count = 1;
        if (status != STORAGE_OK)
            exit_code = report_status(self, status);
    }
    storage_transaction_close(self->txn);
    self->txn = NULL;
    return exit_code;
}

static void report_summary(Import *self, const Arguments *arguments, uint64_t duration_ms)
{
    const char *doubt = record_reader_doubt(&self->reader);
    progress_end(&self->progress);
    if (doubt != NULL)
        session_note(self->session, "%s: %s", self->source, doubt);
    if (arguments->preferences.wants_json)
        output_format("{\"records\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"commits\":%" PRIu64
                      ",\"format\":\"%s\",\"bytes\":%" PRIu64 ",\"seconds\":%" PRIu64 ".%03u}\n",
                      self->group.imported_count, self->skipped_count, self->group.commit_count,
                      format_names[self->reader.format], self->reader.lines.read_count, duration_ms / 1000,
                      (unsigned)(duration_ms % 1000));
    else if (self->skipped_count > 0 || isatty(STDERR_FILENO))
        session_note(self->session, "records imported: %" PRIu64 ", lines skipped: %" PRIu64 ", in %" PRIu64 ".%03u s",
                     self->group.imported_count, self->skipped_count, duration_ms / 1000,
                     (unsigned)(duration_ms % 1000));
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int import_from(Import *self, const Arguments *arguments, int fd)
{
    uint64_t begin_ms = now_ms();
    struct stat information;
    int exit_code;
    record_reader_init(&self->reader, (RecordFormat)arguments_choice(arguments, "--format", RECORD_GUESS), fd);
    self->reader.lines.wake_fd = interrupt_fd();
    self->is_file = fstat(fd, &information) == 0 && S_ISREG(information.st_mode);
    progress_begin(&self->progress, "import", self->is_file ? (uint64_t)information.st_size : 0,
                   self->is_file ? PROGRESS_BYTES : PROGRESS_RECORDS);
    if (!import_group_init(&self->group))
        exit_code = session_error(self->session, EXIT_UNAVAILABLE, "out of memory");
    else if (arguments_option(arguments, "--atomic") != NULL && self->session->txn == NULL)
        exit_code = import_atomically(self);
    else
        exit_code = import_records(self);
    progress_end(&self->progress);
    if (exit_code == EXIT_DONE)
        report_summary(self, arguments, now_ms() - begin_ms);
    import_group_done(&self->group);
    record_reader_done(&self->reader);
    return exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    Import import = {.session = session, .source = "standard input"};
    const char *path = arguments->count > 0 ? arguments->words[0].data : "-";
    int fd = STDIN_FILENO, exit_code;
    import.skips_wrong_lines = arguments_choice(arguments, "--on-error", 0) == 1;
    import.group = (ImportGroup){.backend = session->backend,
                                 .txn = session->txn,
                                 .ctx = session->ctx,
                                 .refused = refused,
                                 .user_data = &import};
    if (strcmp(path, "-") == 0 && session->in_shell)
        return session_usage_error(session, "needs FILE in the shell, which reads its commands from standard input");
    if (strcmp(path, "-") != 0) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* no waiting for the writer of a pipe but in poll */
        import.source = path;
    } else if (isatty(fd)) {
        session_note(session, "reading records from the terminal; Ctrl-D at the start of a line ends them");
    }
    if (fd < 0)
        return session_error(session, errno == ENOENT ? EXIT_USAGE : EXIT_IO, "%s: %s%s", path, strerror(errno),
                             errno == ENOENT ? "; correct the path" : "");
    exit_code = import_from(&import, arguments, fd);
    if (fd != STDIN_FILENO)
        (void)close(fd);
    return exit_code;
}

const Verb import_verb = {
    .name = "import",
    .usage = "[FILE]",
    .summary = "set keys to values that are read from a file or a pipe",
    .details = "Reads FILE, or standard input, one record after the other:\n"
               "\n"
               "  jsonl  a line of JSON each: {\"key\":\"a\",\"value\":\"1\"}; key_base64 and\n"
               "         value_base64 for bytes that are no text; expires_at (RFC 3339) or\n"
               "         ttl (\"1h30m\") for an expiry\n"
               "  tsv    a line each: the key, a tab, the value; \\t \\n \\r \\\\ \\xHH\n"
               "  dump   what mdb_dump (LMDB) and db_dump (Berkeley DB) write, one database\n"
               "\n"
               "Earlier values are replaced. Records are committed in their order, every 1,000,\n"
               "8 MiB or 100 ms: after a failure or Ctrl-C the store has the input up to some\n"
               "line, which is said. A wrong line is one that is no record, or that the store\n"
               "takes for too large.\n",
    .example = "storagectl import users.jsonl\n"
               "mdb_dump old.lmdb | storagectl import --atomic\n",
    .options = options,
    .argument_max = 1,
    .flags = VERB_NEEDS_STORE | VERB_WRITES | VERB_HAS_JSON,
    .run = run,
};
