/*
 * cli/bench.c - bench: loads records, runs workloads on them, says what was measured, and deletes them again.
 *
 * Refuses to touch keys that are not of a benchmark (cli/bench/store.c). Whatever ends it early, a signal, the time
 * limit or a failure, it prints what was measured and deletes its records first. The workloads run one after the other
 * on the same records; what d and e insert is there for the next one.
 */
#include "arguments.h"
#include "bench/report.h"
#include "bench/store.h"
#include "terminal/interrupt.h"
#include "terminal/progress.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORKLOAD_COUNT_MAX 32
#define SECOND_NS UINT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)

static const Option options[] = {
    {.name = "--workload", .value_name = "NAMES", .doc = "a (default), b, c, d, e, f, read, write, scan: \"a,b,scan\""},
    {.name = "--threads", .value_name = "N", .doc = "so many at the same time (1)"},
    {.name = "--seconds", .value_name = "N", .doc = "of each workload (10)"},
    {.name = "--operations", .value_name = "N", .doc = "of each workload, in place of --seconds"},
    {.name = "--records", .value_name = "N", .doc = "to load before (100000)"},
    {.name = "--value-size", .value_name = "SIZE", .doc = "of each value, such as 1KiB (1000B)"},
    {.name = "--distribution",
     .value_name = "NAME",
     .doc = "uniform, zipfian or latest (the workload's own)",
     .choices = BENCH_DISTRIBUTIONS},
    {.name = "--rate", .value_name = "RATE", .doc = "operations of all threads, such as 5000/s (as fast as it goes)"},
    {.name = "--batch", .value_name = "N", .doc = "records in a commit of the load (100)"},
    {.name = "--seed", .value_name = "N", .doc = "of what is drawn at random (1)"},
    {.name = "--key-prefix", .value_name = "PREFIX", .doc = "of every key (bench/)", .flags = OPTION_BYTES},
    {.name = "--no-load", .doc = "run on the records that are there, and leave them"},
    {.name = "--reuse", .doc = "load over the records of an earlier benchmark"},
    {.name = "--keep", .doc = "leave the records there"},
    {0},
};

/* What was asked for, and where the run is. */
typedef struct Bench {
    Session *session;
    const BenchWorkload *workloads[WORKLOAD_COUNT_MAX];
    size_t workload_count;
    uint64_t record_count, operation_count, duration_ns;
    uint64_t end_ns;     /* monotonic: of the time limit; UINT64_MAX: none */
    int has_deadline;    /* it was reached */
    size_t distribution; /* SIZE_MAX: each workload's own */
    int loads, reuses, keeps;
    BenchRun run;
    BenchReport report;
    Progress progress;
} Bench;

/* ---- options ---- */

static int parse_workloads(Bench *self, StorageSlice names)
{
    const char *text = names.data;
    for (size_t at = 0; at <= names.size;) {
        const char *comma = memchr(text + at, ',', names.size - at);
        size_t len = comma != NULL ? (size_t)(comma - (text + at)) : names.size - at;
        const BenchWorkload *workload = bench_workload_find(storage_bytes(text + at, len));
        if (workload == NULL)
            return session_usage_error(self->session,
                                       "--workload takes a, b, c, d, e, f, read, write and scan, with commas between; "
                                       "\"%.*s\" is none of them",
                                       (int)(len < 40 ? len : 40), text + at);
        if (self->workload_count == WORKLOAD_COUNT_MAX)
            return session_usage_error(self->session, "--workload takes at most %d names", WORKLOAD_COUNT_MAX);
        self->workloads[self->workload_count++] = workload;
        at += len + 1;
    }
    return EXIT_DONE;
}

static int parse_rate(Bench *self, const StorageSlice *text)
{
    const char *problem = storage_parse_rate(*text, &self->run.rate);
    if (problem != NULL)
        return session_usage_error(self->session, "--rate: \"%.*s\" %s", (int)(text->size < 40 ? text->size : 40),
                                   (const char *)text->data, problem);
    if (self->run.rate.period_ns > DAY_NS)
        return session_usage_error(self->session, "--rate takes a period of at most a day");
    return EXIT_DONE;
}

/* Options that say the same twice, or nothing. */
static int check_combination(Bench *self, const Arguments *arguments)
{
    static const char *const excluding[][2] = {{"--seconds", "--operations"},
                                               {"--no-load", "--records"},
                                               {"--no-load", "--batch"},
                                               {"--no-load", "--reuse"},
                                               {"--no-load", "--keep"}};
    for (size_t i = 0; i < sizeof(excluding) / sizeof(excluding[0]); i++)
        if (arguments_option(arguments, excluding[i][0]) != NULL &&
            arguments_option(arguments, excluding[i][1]) != NULL)
            return session_usage_error(self->session,
                                       "%s and %s exclude each other; \"storagectl help bench\" tells "
                                       "what they do",
                                       excluding[i][0], excluding[i][1]);
    if (self->session->txn != NULL)
        return session_usage_error(self->session, "a transaction is open; commit it or roll it back first");
    return EXIT_DONE;
}

/* "--seconds 10" says it all; "--seconds 500ms" and "--seconds 1m" are understood too. */
static int parse_duration(Bench *self, const Arguments *arguments)
{
    const StorageSlice *text = arguments_option(arguments, "--seconds");
    uint64_t seconds = 10;
    int exit_code;
    if (text != NULL && text->size > 0 && isalpha(((const unsigned char *)text->data)[text->size - 1])) {
        exit_code = arguments_duration_option(self->session, arguments, "--seconds", &self->duration_ns);
        if (exit_code == EXIT_DONE && (self->duration_ns == 0 || self->duration_ns > 365 * DAY_NS))
            exit_code = session_usage_error(self->session, "--seconds takes more than 0s and at most 365d");
        return exit_code;
    }
    exit_code = arguments_number_option(self->session, arguments, "--seconds", 1, 365 * 86400, &seconds);
    self->duration_ns = seconds * SECOND_NS;
    return exit_code;
}

static int parse_numbers(Bench *self, const Arguments *arguments)
{
    struct {
        const char *name;
        uint64_t minimum, maximum, value;
    } numbers[] = {
        {"--threads", 1, BENCH_THREAD_COUNT_MAX, 1},
        {"--operations", 1, UINT64_MAX / 2, 0},
        {"--records", 1, BENCH_RECORD_COUNT_MAX / 2, 100000},
        {"--batch", 1, BENCH_BATCH_SIZE_MAX, 100},
        {"--seed", 0, UINT64_MAX, 1},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int exit_code = arguments_number_option(self->session, arguments, numbers[i].name, numbers[i].minimum,
                                                numbers[i].maximum, &numbers[i].value);
        if (exit_code != EXIT_DONE)
            return exit_code;
    }
    self->run.thread_count = (uint32_t)numbers[0].value;
    self->operation_count = numbers[1].value;
    self->record_count = numbers[2].value;
    self->run.batch_size = numbers[3].value;
    self->run.seed = numbers[4].value;
    return EXIT_DONE;
}

static int parse_sizes(Bench *self, const Arguments *arguments)
{
    const StorageSlice *prefix = arguments_option(arguments, "--key-prefix");
    int exit_code;
    self->run.value_size = 1000;
    exit_code = arguments_size_option(self->session, arguments, "--value-size", &self->run.value_size);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (self->run.value_size >= UINT64_C(1) << 30)
        return session_usage_error(self->session, "--value-size takes less than 1GiB");
    self->run.prefix = prefix != NULL ? *prefix : storage_string("bench/");
    if (self->run.prefix.size > BENCH_PREFIX_SIZE_MAX)
        return session_usage_error(self->session, "--key-prefix takes at most %d bytes", BENCH_PREFIX_SIZE_MAX);
    return EXIT_DONE;
}

static int parse(Bench *self, const Arguments *arguments)
{
    const StorageSlice *workloads = arguments_option(arguments, "--workload");
    const StorageSlice *rate = arguments_option(arguments, "--rate");
    int exit_code = check_combination(self, arguments);
    if (exit_code == EXIT_DONE)
        exit_code = parse_workloads(self, workloads != NULL ? *workloads : storage_string("a"));
    if (exit_code == EXIT_DONE)
        exit_code = parse_duration(self, arguments);
    if (exit_code == EXIT_DONE)
        exit_code = parse_numbers(self, arguments);
    if (self->operation_count > 0)
        self->duration_ns = 0;
    if (exit_code == EXIT_DONE)
        exit_code = parse_sizes(self, arguments);
    if (exit_code == EXIT_DONE && rate != NULL)
        exit_code = parse_rate(self, rate);
    self->distribution = arguments_choice(arguments, "--distribution", SIZE_MAX);
    self->loads = arguments_option(arguments, "--no-load") == NULL;
    self->reuses = arguments_option(arguments, "--reuse") != NULL;
    self->keeps = !self->loads || arguments_option(arguments, "--keep") != NULL;
    self->report.is_json = arguments->preferences.wants_json;
    return exit_code;
}

/* ---- the run ---- */

/* What is there before the first write; with --no-load it is what the workloads run on. */
static int look_around(Bench *self)
{
    BenchInventory inventory;
    int exit_code;
    if (self->loads && !self->reuses)
        return bench_store_check_empty(self->session, self->run.prefix);
    exit_code = bench_store_count(self->session, self->run.prefix, &inventory);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (!self->loads && inventory.found_count == 0)
        return session_usage_error(self->session, "there are no records to run on; load them with a run with --keep");
    if (!self->loads && inventory.found_count < inventory.record_count)
        session_note(self->session,
                     "%" PRIu64 " of the first %" PRIu64 " records are missing; reads of them are answered NOT_FOUND",
                     inventory.record_count - inventory.found_count, inventory.record_count);
    if (!self->loads || inventory.record_count > self->record_count)
        self->record_count = inventory.record_count;
    return EXIT_DONE;
}

/* Memory that all phases share. Returns 0 when there is none. */
static int allocate(Bench *self)
{
    BenchRandom random;
    size_t size = self->run.value_size + BENCH_VALUE_OFFSET_COUNT;
    char *source = malloc(size);
    self->run.value_source = source;
    self->run.records = aligned_alloc(_Alignof(BenchRecords), sizeof(*self->run.records));
    if (source == NULL || self->run.records == NULL)
        return 0;
    bench_random_init(&random, self->run.seed, UINT64_MAX);
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t bytes = bench_random_next(&random);
        memcpy(source + i, &bytes, size - i < sizeof(bytes) ? size - i : sizeof(bytes));
    }
    bench_records_init(self->run.records, self->record_count, self->run.thread_count);
    return 1;
}

static int tick(void *user_data, uint64_t elapsed_ns, uint64_t done_count)
{
    Bench *self = user_data;
    progress_update(&self->progress, self->progress.unit == PROGRESS_NANOSECONDS ? elapsed_ns : done_count);
    self->has_deadline = bench_now_ns() >= self->end_ns;
    return interrupt_requested() != 0 || self->has_deadline;
}

static int report_failure(Bench *self, const BenchPhase *phase)
{
    int is_load = phase->workload == &bench_workload_load;
    const char *advice = "";
    if (phase->failure == STORAGE_READ_ONLY)
        advice = "; only the workloads c, read and scan, with --no-load, can do without writing";
    else if (phase->failure == STORAGE_UNSUPPORTED && is_load)
        advice = "; --batch 1 loads record by record";
    return session_error(self->session, session_exit_code(phase->failure), "%s%s: %s (%s)%s",
                         is_load ? "" : "workload ", phase->workload->name, phase->failure_text,
                         storage_status_name(phase->failure), advice);
}

/* A phase in which nothing worked at all is a failure too, although each answer by itself was only counted. */
static int check_some_done(Bench *self, const BenchPhase *phase)
{
    size_t most_kind = 0, most = 0;
    for (BenchKind kind = 0; kind < BENCH_KIND_COUNT; kind++) {
        if (phase->tally.latency[kind] != NULL && phase->tally.latency[kind]->count > 0)
            return EXIT_DONE;
        for (size_t i = 0; i < BENCH_STATUS_COUNT; i++)
            if (phase->tally.answers[kind][i] > phase->tally.answers[most_kind][most]) {
                most_kind = kind;
                most = i;
            }
    }
    if (phase->tally.answers[most_kind][most] == 0)
        return EXIT_DONE;
    return session_error(self->session, session_exit_code(bench_statuses[most]),
                         "workload %s: no operation was done, most were answered %s: %s", phase->workload->name,
                         storage_status_name(bench_statuses[most]), storage_status_text(bench_statuses[most]));
}

/* Runs and reports one phase. `*ret_stops` is set when there is to be no other. Returns an exit code. */
static int run_phase(Bench *self, BenchPhase *phase, int *ret_stops)
{
    int by_time = phase->duration_ns > 0, exit_code = EXIT_DONE;
    StorageStatus status;
    phase->run = &self->run;
    phase->tick = tick;
    phase->user_data = self;
    progress_begin(&self->progress, phase->workload->name, by_time ? phase->duration_ns : phase->operation_count,
                   by_time ? PROGRESS_NANOSECONDS : PROGRESS_OPERATIONS);
    status = bench_phase_run(phase);
    progress_end(&self->progress);
    bench_report_phase(&self->report, phase);
    if (status != STORAGE_OK)
        exit_code = report_failure(self, phase);
    else if (phase->was_stopped && self->has_deadline)
        exit_code = session_error(self->session, EXIT_UNAVAILABLE,
                                  "the time limit was reached; give a longer --timeout or fewer --seconds");
    else if (!phase->was_stopped)
        exit_code = check_some_done(self, phase);
    *ret_stops = exit_code != EXIT_DONE || phase->was_stopped;
    bench_phase_done(phase);
    return exit_code;
}

static int run_load(Bench *self, int *ret_stops)
{
    BenchPhase phase = {.workload = &bench_workload_load, .load_count = self->record_count};
    phase.operation_count = (self->record_count + self->run.batch_size - 1) / self->run.batch_size;
    return run_phase(self, &phase, ret_stops);
}

static int run_phases(Bench *self)
{
    int stops = 0, exit_code = EXIT_DONE;
    bench_report_begin(&self->report, &self->run, self->record_count);
    if (self->loads)
        exit_code = run_load(self, &stops);
    for (size_t i = 0; i < self->workload_count && !stops; i++) {
        BenchPhase phase = {.workload = self->workloads[i],
                            .distribution = self->workloads[i]->distribution,
                            .operation_count = self->operation_count,
                            .duration_ns = self->duration_ns};
        if (self->distribution != SIZE_MAX)
            phase.distribution = (BenchDistribution)self->distribution;
        exit_code = run_phase(self, &phase, &stops);
    }
    bench_report_end(&self->report, !stops);
    return exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    Bench self = {.session = session, .end_ns = UINT64_MAX};
    int exit_code = parse(&self, arguments), clear_code;
    if (exit_code == EXIT_DONE)
        exit_code = look_around(&self);
    if (exit_code != EXIT_DONE)
        return exit_code;
    self.run.backend = session->backend;
    if (session->timeout_ns < UINT64_MAX - bench_now_ns())
        self.end_ns = bench_now_ns() + session->timeout_ns;
    if (allocate(&self)) {
        exit_code = run_phases(&self);
        clear_code = self.keeps ? EXIT_DONE : bench_store_clear(session, self.run.prefix);
        if (exit_code == EXIT_DONE)
            exit_code = clear_code;
    } else {
        exit_code = session_error(session, EXIT_UNAVAILABLE, "out of memory; choose a smaller --value-size");
    }
    free((void *)(uintptr_t)self.run.value_source);
    free(self.run.records);
    return exit_code;
}

const Verb bench_verb = {
    .name = "bench",
    .usage = "",
    .summary = "measure the store with a mix of reads and writes",
    .details = "Loads records, runs each workload on them, and deletes them again (--keep leaves\n"
               "them, for a run with --no-load). All its keys begin with the prefix, below which\n"
               "there must be nothing else.\n"
               "\n"
               "  a   50% read, 50% update             zipfian\n"
               "  b   95% read, 5% update              zipfian\n"
               "  c   100% read                        zipfian\n"
               "  d   95% read, 5% insert              latest\n"
               "  e   95% scan, 5% insert              zipfian\n"
               "  f   50% read, 50% read_modify_write  zipfian\n"
               "  read, write (update), scan: 100%     uniform\n"
               "\n"
               "a to f are those of YCSB. A scan reads 1 to 100 rows. A read_modify_write is a get\n"
               "and a compare-and-set on the revision that it gave; a conflict is not tried again.\n"
               "zipfian takes few records often (theta 0.99), latest the newest ones. Values are\n"
               "random bytes, which do not compress; a value that was read is not looked at.\n"
               "\n"
               "Durations are those of the calls, to three digits; reading the clock, twice an\n"
               "operation, is a part of them. With --rate an operation is measured from when it was\n"
               "due, so that a stall shows in every operation that it held up. Failures that come\n"
               "and go (CONFLICT, RATE_LIMITED, ...) are counted by status, without a duration; any\n"
               "other one ends the run with its exit code. The load tries again. One thread,\n"
               "--operations and the same --seed do the same operations again.\n",
    .example = "storagectl --memory bench --workload a,c --threads 4 --seconds 5\n"
               "storagectl bench --records 1000000 --value-size 100B --keep\n"
               "storagectl bench --no-load --workload read --rate 20000/s --json\n",
    .options = options,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES | VERB_HAS_JSON | VERB_MAY_BE_MEMORY,
    .run = run,
};
